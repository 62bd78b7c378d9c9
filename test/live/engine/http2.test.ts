import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';
import { openAuthority, type Authority, type IssuedCertificate } from '../../rigs/certificates.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { isMissing } from '../../rigs/need.ts';
import { startRawMember, type RawMember } from '../../rigs/raw-http.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** Of RST_STREAM; 0 = none. */
  readonly reset: number;
}

describe.skipIf(isMissing('openssl', 'curl', 'nghttp', 'h2load'))('HTTP/2', () => {
  let authority: Authority;
  let web: IssuedCertificate;
  let member: Server;
  let engine: TestEngine;
  const sessions: ClientHttp2Session[] = [];
  const large = Buffer.alloc(3_000_000, 'steelyard ');
  let aborted = 0;

  beforeAll(async () => {
    authority = openAuthority();
    web = authority.issue({ names: ['www.example.com'] });
    member = startMember();
    await once(member, 'listening');
    engine = await openEngine(config((member.address() as AddressInfo).port)); // a TCP server has an address and port
  });

  afterEach(() => {
    for (const session of sessions.splice(0)) session.destroy();
  });

  afterAll(async () => {
    await engine.stop();
    member.closeAllConnections();
    member.close();
    authority.close();
  });

  function startMember(): Server {
    return createServer((request, response) => {
      request.on('error', () => undefined);
      response.on('close', () => {
        if (!response.writableFinished) aborted++;
      });
      const hash = createHash('sha256');
      request.on('data', (bytes: Buffer) => hash.update(bytes));
      request.on('end', () => {
        if (request.url === '/large') response.end(large);
        else if (request.url === '/never') response.write('first');
        else if (request.url === '/none') response.writeHead(204).end();
        else if (request.url === '/trailers') {
          response.writeHead(200, { trailer: 'grpc-status', 'content-type': 'application/grpc' });
          response.write('part one, ');
          response.write('part two');
          response.addTrailers({ 'grpc-status': '0', 'X-Request-Trailers': JSON.stringify(request.trailers) });
          response.end();
        } else {
          response.setHeader('set-cookie', ['a=1', 'b=2']);
          const { method, url, rawHeaders } = request;
          response.end(JSON.stringify({ method, url, rawHeaders, hash: hash.digest('hex') }));
        }
      });
    }).listen(0, '127.0.0.1');
  }

  function config(port: number, http = {}): EngineConfig {
    return {
      version: 1,
      virtualServers: [
        {
          name: 'web',
          listen: ['127.0.0.1:0'],
          pool: 'app',
          tls: { certificates: [web] },
          http: { http2: true, ...http },
        },
        { name: 'clear', listen: ['127.0.0.1:0'], pool: 'app', http: { http2: true, ...http } },
      ],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port }], retry: { attempts: 0 } }],
    };
  }

  async function open(target = engine): Promise<ClientHttp2Session> {
    const session = connect('https://www.example.com', {
      createConnection: () =>
        connectTls({
          port: target.port('web'),
          host: '127.0.0.1',
          ca: authority.ca,
          servername: 'www.example.com',
          ALPNProtocols: ['h2'],
        }),
    });
    sessions.push(session);
    session.on('error', () => undefined);
    await once(session, 'remoteSettings');
    return session;
  }

  async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
    const parts: Buffer[] = [];
    let headers: Answer['headers'] = {};
    let trailers: Answer['headers'] = {};
    stream.on('error', () => undefined);
    stream.on('response', (found) => {
      headers = found;
    });
    stream.on('trailers', (found: Answer['headers']) => {
      trailers = found;
    });
    stream.on('data', (bytes: Buffer) => parts.push(bytes));
    await new Promise((resolve) => stream.on('close', resolve));
    return { status: Number(headers[':status']), headers, trailers, body: Buffer.concat(parts), reset: stream.rstCode };
  }

  function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: Buffer): Promise<Answer> {
    const stream = session.request(headers, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    return answerOf(stream);
  }

  function run(program: string, ...parameters: string[]): Promise<string> {
    return new Promise((resolve) => {
      execFile(program, parameters, { maxBuffer: 16_000_000 }, (error, stdout, stderr) => {
        resolve(error === null ? stdout : `${stdout}${stderr}`);
      });
    });
  }

  interface Heard {
    readonly method: string;
    readonly url: string;
    readonly rawHeaders: readonly string[];
    readonly hash: string;
  }

  function heard(answer: Answer): Heard {
    return JSON.parse(answer.body.toString()) as Heard; // what the member above writes
  }

  it('is what curl gets by ALPN, and HTTP/1.1 for who does not offer it', async () => {
    const to = ['--cacert', authority.caFile, '--connect-to', `::127.0.0.1:${engine.port('web')}`, '--max-time', '20'];
    const url = 'https://www.example.com/a?b';
    expect(await run('curl', '-sSi', '--http2', ...to, url)).toMatch(/^HTTP\/2 200/);
    expect(await run('curl', '-sSi', '--http1.1', ...to, url)).toMatch(/^HTTP\/1\.1 200/);
  });

  it('is spoken on clear text to who knows beforehand, HTTP/1.1 to who does not', async () => {
    const url = `http://127.0.0.1:${engine.port('clear')}/clear`;
    expect(await run('curl', '-sSi', '--http2-prior-knowledge', '--max-time', '20', url)).toMatch(/^HTTP\/2 200/);
    expect(await run('curl', '-sSi', '--http1.1', '--max-time', '20', url, url)).toMatch(
      /HTTP\/1\.1 200[^]+HTTP\/1\.1 200/,
    );
    expect(await run('nghttp', '-v', url)).toContain(':status: 200');
  });

  it('reaches the member as a well-formed HTTP/1.1 request and comes back as fields', async () => {
    const session = await open();
    const body = Buffer.from('hello');
    const answer = await ask(
      session,
      { ':method': 'POST', ':path': '/p?q=1', cookie: ['a=1', 'b=2'], te: 'trailers', 'x-mixed': 'Ünï' },
      body,
    );
    expect(answer).toMatchObject({ status: 200, headers: { 'set-cookie': ['a=1', 'b=2'] }, reset: 0 });
    expect(answer.headers).not.toHaveProperty('connection');
    const { method, url, rawHeaders, hash } = heard(answer);
    expect([method, url, hash]).toEqual(['POST', '/p?q=1', createHash('sha256').update(body).digest('hex')]);
    const text = rawHeaders.join('\n');
    expect(text).toMatch(/Host\nwww\.example\.com/);
    expect(text).toMatch(/cookie\na=1; b=2/);
    expect(text).toMatch(/X-Forwarded-Proto\nhttps/);
    expect(text).toMatch(/TE\ntrailers/);
    expect(text).toMatch(/transfer-encoding\nchunked/);
  });

  it('knows responses without bodies', async () => {
    const session = await open();
    expect(await ask(session, { ':path': '/none' })).toMatchObject({ status: 204, reset: 0 });
    const answer = await ask(session, { ':method': 'HEAD', ':path': '/large' });
    expect(answer).toMatchObject({ status: 200, reset: 0 });
    expect(answer.body).toHaveLength(0);
  });

  it('carries trailers both ways, as gRPC needs them', async () => {
    const session = await open();
    const stream = session.request(
      { ':method': 'POST', ':path': '/trailers', te: 'trailers' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'x-checksum': '7' });
    });
    stream.end('message');
    const answer = await answerOf(stream);
    expect(answer).toMatchObject({ status: 200, trailers: { 'grpc-status': '0' }, reset: 0 });
    expect(answer.body.toString()).toBe('part one, part two');
    expect(answer.trailers['x-request-trailers']).toContain('"x-checksum":"7"');
  });

  it('carries large bodies whole both ways on many streams at once, past one that is not read', async () => {
    const session = await open();
    const stuck = session.request({ ':path': '/large' });
    stuck.on('error', () => undefined);
    await once(stuck, 'response');
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(session, { ':path': '/large' })));
    for (const { body, reset } of answers) expect([body.equals(large), reset]).toEqual([true, 0]);
    const hash = createHash('sha256').update(large).digest('hex');
    const uploads = await Promise.all([
      ask(session, { ':method': 'POST', ':path': '/up' }, large),
      ask(session, { ':method': 'PUT', ':path': '/up', 'content-length': String(large.length) }, large),
    ]);
    for (const answer of uploads) expect(heard(answer).hash).toBe(hash);
    const late = (await answerOf(stuck)).body;
    expect(late.equals(large)).toBe(true);
  });

  it('counts connections as connections and streams as requests, and aborts at the member what a client resets', async () => {
    const before = (await engine.stats()).virtualServers[0];
    const session = await open();
    await Promise.all(Array.from({ length: 5 }, () => ask(session, { ':path': '/' })));
    const stream = session.request({ ':path': '/never' });
    await once(stream, 'data');
    const abortedBefore = aborted;
    stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => aborted).toBe(abortedBefore + 1);
    await expect.poll(async () => (await engine.stats()).pools[0]?.members[0]?.currentConnections).toBe(0);
    const after = (await engine.stats()).virtualServers[0];
    expect(after?.totalConnections).toBe((before?.totalConnections ?? 0) + 1);
    expect(after?.requests).toBe((before?.requests ?? 0) + 6);
    expect(after?.drops['client-abort']).toBe((before?.drops['client-abort'] ?? 0) + 1);
    expect(await ask(session, { ':path': '/' })).toMatchObject({ status: 200 });
    session.destroy();
    await expect.poll(async () => (await engine.stats()).virtualServers[0]?.currentConnections).toBe(0);
  });

  it('refuses what must not be forwarded with a status, the connection goes on', async () => {
    const session = await open();
    expect((await ask(session, { ':path': '/', ':authority': 'a.example', host: 'b.example' })).status).toBe(400);
    expect((await ask(session, { ':method': 'CONNECT', ':authority': 'x:1' }, undefined)).status).toBe(501);
    expect((await ask(session, { ':path': '/', 'x-large': 'x'.repeat(17_000) })).status).toBe(431);
    expect((await ask(session, { ':path': '/' })).status).toBe(200);
  });

  it('resets a stream whose response breaks off, and the others go on', async () => {
    const broken = await startRawMember((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this');
    });
    const own = await openEngine(config(broken.port));
    const session = await open(own);
    const answer = await ask(session, { ':path': '/' });
    expect(answer.status).toBe(200);
    expect(answer.reset).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(session.destroyed).toBe(false);
    await broken.close();
    expect((await ask(session, { ':path': '/' })).status).toBe(502);
    await own.stop();
  });

  it('ends a body without a length by the end of the stream', async () => {
    const old = await startRawMember((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the end'));
    const own = await openEngine(config(old.port));
    const session = await open(own);
    const answer = await ask(session, { ':path': '/' });
    expect([answer.body.toString(), answer.reset]).toEqual(['until the end', 0]);
    await own.stop();
    await old.close();
  });

  describe('WebSocket (RFC 8441)', () => {
    let echo: RawMember;
    let own: TestEngine;

    beforeAll(async () => {
      const opened = new WeakMap<Socket, number>();
      echo = await startRawMember((socket, said) => {
        const headEnd = said.indexOf('\r\n\r\n') + 4;
        if (headEnd < 4) return;
        const from = opened.get(socket);
        if (from === undefined && said.startsWith('GET /refused')) {
          socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
          return;
        }
        if (from === undefined) {
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\n',
          );
        }
        socket.write(Buffer.from(said.slice(from ?? headEnd), 'latin1'));
        opened.set(socket, said.length);
      });
      own = await openEngine(config(echo.port));
    });

    afterAll(async () => {
      await own.stop();
      await echo.close();
    });

    const upgrade = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', 'sec-websocket-version': '13' };

    it('becomes an upgrade at the member, and bytes pass both ways until one side ends', async () => {
      const session = await open(own);
      const stream = session.request(upgrade);
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      expect(headers).toMatchObject({ ':status': 200, 'sec-websocket-protocol': 'chat' });
      expect(headers).not.toHaveProperty('sec-websocket-accept');
      expect(echo.heard.at(-1)).toMatch(/^GET \/chat HTTP\/1\.1\r\n/);
      expect(echo.heard.at(-1)).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/);
      expect(echo.heard.at(-1)).toMatch(/sec-websocket-key: [A-Za-z0-9+/]{22}==\r\n/);
      stream.write('ping');
      expect(String((await once(stream, 'data'))[0])).toBe('ping');
      stream.write('pong');
      expect(String((await once(stream, 'data'))[0])).toBe('pong');
      const answer = answerOf(stream);
      stream.end();
      expect((await answer).reset).toBe(0);
    });

    it('passes a refusal on', async () => {
      const session = await open(own);
      const answer = await answerOf(session.request({ ...upgrade, ':path': '/refused' }));
      expect([answer.status, answer.body.toString()]).toEqual([403, 'no']);
    });
  });

  it('says GOAWAY when it is to end, and lets streams finish', async () => {
    let finish: (() => void) | undefined;
    const slow = await startRawMember((socket) => {
      finish = () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone');
    });
    const own = await openEngine(config(slow.port));
    const session = await open(own);
    const answer = ask(session, { ':path': '/' });
    await expect.poll(() => finish).toBeDefined();
    const goaway = once(session, 'goaway');
    process.kill(own.ready.pid, 'SIGTERM');
    await goaway;
    finish?.();
    expect((await answer).body.toString()).toBe('done');
    await slow.close();
    await own.stop();
  });

  it('ends a connection that opens streams only to reset them, and no other', async () => {
    const good = await open();
    const parts: Buffer[] = [clientPreface];
    for (let stream = 1; stream < 2000; stream += 2) {
      // GET http://x/ (RFC 7541 appendix A), then CANCEL.
      parts.push(frame(1, 5, stream, Buffer.from([0x82, 0x86, 0x84, 0x41, 1, 120])));
      parts.push(frame(3, 0, stream, Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL])));
    }
    const flood = connectTcp(engine.port('clear'), '127.0.0.1');
    flood.on('error', () => undefined);
    flood.resume();
    flood.write(Buffer.concat(parts));
    await new Promise((resolve) => flood.on('close', resolve));
    expect(await ask(good, { ':path': '/' })).toMatchObject({ status: 200 });
  });

  it('ends a connection that floods it with settings, pings or endless fields', async () => {
    const header = frame(1, 0, 1, Buffer.from([0x82, 0x86, 0x84, 0x41, 1, 120]));
    const floods = {
      settings: repeated(frame(4, 0, 0, Buffer.alloc(6 * 64)), 1),
      pings: repeated(frame(6, 0, 0, Buffer.alloc(8)), 20_000),
      continuation: Buffer.concat([header, repeated(frame(9, 0, 1, Buffer.alloc(8000)), 500)]),
    };
    for (const [name, bytes] of Object.entries(floods)) {
      const socket = connectTcp(engine.port('clear'), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(Buffer.concat([clientPreface, bytes]));
      // Who floods with pings does not read the answers: only then do they pile up.
      if (name !== 'pings') socket.resume();
      else {
        await expect
          .poll(async () => (await engine.stats()).virtualServers[1]?.currentConnections, { timeout: 10_000 })
          .toBe(0);
        socket.destroy();
        continue;
      }
      await new Promise((resolve) => socket.on('close', resolve));
    }
    expect(await ask(await open(), { ':path': '/' })).toMatchObject({ status: 200 });
  });

  it('serves thousands of streams without one failing, and leaves none behind', async () => {
    const text = await run('h2load', '-n', '3000', '-c', '4', '-m', '16', `https://127.0.0.1:${engine.port('web')}/`);
    expect(text).toContain('3000 succeeded, 0 failed, 0 errored');
    await expect
      .poll(async () => (await engine.stats()).virtualServers[0]?.currentConnections, { timeout: 10_000 })
      .toBe(0);
    expect((await engine.stats()).pools[0]?.currentConnections).toBe(0);
  });
});

/** The client's first bytes with empty SETTINGS (RFC 9113 3.4). */
const clientPreface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  frame(4, 0, 0, Buffer.alloc(0)),
]);

/** RFC 9113 4.1. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  return Buffer.concat([bytes, payload]);
}

function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes));
}
