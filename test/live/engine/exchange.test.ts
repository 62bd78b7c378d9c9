import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { answering, speak, startRawMember, type RawMember } from '../../rigs/raw-http.ts';

const body = randomBytes(20 * 1_048_576);
const digest = createHash('sha256').update(body).digest('hex');

/** What the member does is chosen by the path. */
function serve(): Promise<RawMember> {
  const echoed = new WeakMap<object, number>();
  return startRawMember((socket, said) => {
    const path = /^[A-Z]+ (\S+) /.exec(said)?.[1] ?? '';
    if (!said.includes('\r\n\r\n')) return;
    if (path === '/big') {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    } else if (path === '/until-close') {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.end(body);
    } else if (path === '/chunks') {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      socket.write('5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n');
    } else if (path === '/drip') {
      const text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
      let at = 0;
      const timer = setInterval(() => {
        socket.write(text.charAt(at++));
        if (at === text.length) clearInterval(timer);
      }, 1);
    } else if (path === '/socket') {
      if (!said.endsWith('\r\n\r\n') || echoed.has(socket)) socket.write(`<${said.split('\r\n\r\n')[1] ?? ''}>`);
      else socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      echoed.set(socket, 1);
    } else if (path === '/continue') {
      if (said.endsWith('abc')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone');
      else socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    } else if (path === '/early') {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    } else if (path === '/head') {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
    } else if (path.startsWith('/n/')) {
      const done = echoed.get(socket) ?? 0;
      const heads = said.split('\r\n\r\n').slice(0, -1);
      for (const head of heads.slice(done)) {
        const number = /\/n\/(\d+)/.exec(head)?.[1] ?? '';
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${number.length}\r\n\r\n${number}`);
      }
      echoed.set(socket, heads.length);
    } else answering('ok')(socket, said);
  });
}

let member: RawMember;
let engine: TestEngine;
let port = 0;

beforeAll(async () => {
  member = await serve();
  engine = await openEngine({
    version: 1,
    virtualServers: [
      {
        name: 'web',
        listen: ['127.0.0.1:0'],
        pool: 'app',
        routes: [{ pathPrefix: '/n/', pool: 'kept' }],
        http: { maxBodyBytes: 30_000_000 },
      },
    ],
    pools: [
      // One connection per request: the member reads what it has to do from the start of what it hears.
      { name: 'app', members: [{ name: 'a', address: '127.0.0.1', port: member.port }], keepAlive: { maxIdle: 0 } },
      { name: 'kept', members: [{ name: 'a', address: '127.0.0.1', port: member.port }] },
    ],
  });
  port = engine.port('web');
});

afterAll(async () => {
  await engine.stop();
  await member.close();
});

function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
}

describe('an exchange', () => {
  it('keeps pipelined requests in order', async () => {
    const requests = Array.from({ length: 200 }, (_, index) => get(`/n/${index}`)).join('');
    const { text } = await speak(port, requests, { until: /\r\n\r\n199$/ });
    const bodies = text
      .split('\r\n\r\n')
      .slice(1)
      .map((part) => /^\d+/.exec(part)?.[0]);
    expect(bodies).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
  });

  it.each(['/big', '/until-close'])('carries a large body whole to a client that reads slowly (%s)', async (path) => {
    const hash = createHash('sha256');
    let length = 0;
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(get(path)));
      let head = Buffer.alloc(0);
      let isBody = false;
      socket.on('data', (bytes: Buffer) => {
        let part = bytes;
        if (!isBody) {
          head = Buffer.concat([head, bytes]);
          const end = head.indexOf('\r\n\r\n');
          if (end < 0) return;
          isBody = true;
          part = head.subarray(end + 4);
        }
        hash.update(part);
        length += part.length;
        if (length >= body.length) socket.destroy();
        else if (length % 7 === 0) {
          socket.pause();
          setTimeout(() => socket.resume(), 2);
        }
      });
      socket.on('close', () => {
        resolve();
      });
      socket.on('error', reject);
    });
    expect([length, hash.digest('hex')]).toEqual([body.length, digest]);
  });

  it('carries a response that comes byte by byte', async () => {
    expect((await speak(port, get('/drip'), { until: 'hello' })).text).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhello$/,
    );
  });

  it('passes chunks and trailers through to HTTP/1.1, and data alone to HTTP/1.0', async () => {
    const modern = await speak(port, get('/chunks'), { until: 'X-Sum: 1\r\n\r\n' });
    expect(modern.text).toContain('\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n');
    const old = await speak(port, 'GET /chunks HTTP/1.0\r\n\r\n');
    expect(old.ending).toBe('end');
    expect(old.text).toMatch(/\r\n\r\nhello world$/);
    expect(old.text).not.toMatch(/chunked/i);
  });

  it('forwards 100 Continue and 103, and the response after them', async () => {
    const asked = 'POST /continue HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n';
    const { text } = await speak(port, asked, { until: '100 Continue\r\n\r\n' });
    expect(text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect((await speak(port, `${asked}abc`, { until: 'done' })).text).toMatch(/200 OK[^]*done$/);
    expect((await speak(port, get('/early'), { until: /ok$/ })).text).toMatch(/^HTTP\/1\.1 103 [^]*HTTP\/1\.1 200 OK/);
  });

  it('does not wait for a body after HEAD', async () => {
    const { text } = await speak(port, `HEAD /head HTTP/1.1\r\nHost: x\r\n\r\n${get('/n/7')}`, { until: /\r\n\r\n7$/ });
    expect(text).toContain('Content-Length: 1000');
  });

  it('becomes a tunnel after 101', async () => {
    const upgrade = get('/socket', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
    const text = await new Promise<string>((resolve) => {
      let got = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(upgrade));
      socket.on('data', (bytes: Buffer) => {
        const isFirst = got === '';
        got += bytes.toString('latin1');
        if (isFirst) socket.write('ping');
        if (got.includes('>')) {
          socket.destroy();
          resolve(got);
        }
      });
    });
    expect(text).toMatch(/^HTTP\/1\.1 101 [^]*Upgrade: websocket\r\n\r\n<ping>$/);
  });

  it('does not pass an upgrade to h2c', async () => {
    await speak(port, get('/h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n'), {
      until: 'ok',
    });
    const heard = member.heard.find((each) => each.includes('/h2c')) ?? '';
    expect(heard).not.toMatch(/upgrade|http2-settings/i);
  });

  it('names the client and keeps who came before', async () => {
    await speak(port, get('/who', 'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nConnection: close\r\n'));
    const heard = member.heard.find((each) => each.includes('/who')) ?? '';
    expect(heard).toContain(
      'X-Forwarded-For: 1.2.3.4, 5.6.7.8, 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: x\r\n',
    );
    expect(heard).not.toMatch(/connection/i);
  });

  it('takes host and path from a target in absolute form', async () => {
    await speak(port, 'GET http://real.example/abs?x=1 HTTP/1.1\r\nHost: other\r\n\r\n', { until: 'ok' });
    const heard = member.heard.find((each) => each.includes('/abs')) ?? '';
    expect(heard).toMatch(/^GET \/abs\?x=1 HTTP\/1\.1\r\nHost: real\.example\r\n/m);
    expect(heard).not.toContain('other');
  });

  it('refuses a body over the limit', async () => {
    const announced = await speak(port, 'POST /much HTTP/1.1\r\nHost: x\r\nContent-Length: 30000001\r\n\r\n');
    expect(announced).toMatchObject({ text: expect.stringMatching(/^HTTP\/1\.1 413 /) as unknown, ending: 'end' });
    expect(member.heard.some((each) => each.includes('/much'))).toBe(false);
  });

  it.each([
    [
      'both lengths',
      'POST /evil HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a folded line', 'GET /evil HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n', 400],
    ['a bare line feed', 'GET /evil HTTP/1.1\r\nHost: x\nA: b\r\n\r\n', 400],
    ['CONNECT', 'CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n', 501],
  ])('never forwards %s', async (_, text, status) => {
    const spoken = await speak(port, text);
    expect(spoken.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(spoken.ending).toBe('end');
    expect(member.heard.some((each) => each.includes('evil'))).toBe(false);
  });

  it('ends a request whose chunks are broken without an answer from the member', async () => {
    const { text } = await speak(
      port,
      'POST /bad-chunk HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('serves a client that has half-closed', async () => {
    expect((await speak(port, get('/n/5'), { ends: true })).text).toMatch(/\r\n\r\n5$/);
  });
});
