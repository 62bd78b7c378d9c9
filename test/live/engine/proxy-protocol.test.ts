import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineConfig, EnginePool, EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { findProgram, isMissing } from '../../rigs/need.ts';
import { answering, speak, startRawMember, type RawMember } from '../../rigs/raw-http.ts';
import { eventually, openClient } from '../../rigs/tcp.ts';
import { freePort } from '../../rigs/free-port.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** Answers each request with the head that it got; PROXY headers stand in `heard`. */
async function member(): Promise<RawMember> {
  const started = await startRawMember(answering('ok'));
  open.push(started);
  return started;
}

function configOf(port: number, server: Partial<EngineVirtualServer>, pool: Partial<EnginePool> = {}): EngineConfig {
  return {
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'p', ...server }],
    pools: [{ name: 'p', members: [{ name: 'm0', address: '127.0.0.1', port }], ...pool }],
  };
}

async function engine(...config: Parameters<typeof configOf>): Promise<TestEngine> {
  const started = await openEngine(configOf(...config));
  open.push({ close: () => started.stop() });
  return started;
}

/** A real HAProxy with one TCP listener on `in`, which says `sent` to the server, and takes PROXY headers if `accepts`. */
async function haproxy(port: number, options: { readonly sends: string; readonly accepts: boolean }): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-proxy-'));
  const file = join(directory, 'haproxy.cfg');
  const listen = await freePort();
  writeFileSync(
    file,
    `defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  option forwardfor
listen in
  bind 127.0.0.1:${listen} ${options.accepts ? 'accept-proxy' : ''}
  server s 127.0.0.1:${port} ${options.sends}
`,
  );
  const child = spawn(findProgram('haproxy') ?? 'haproxy', ['-db', '-f', file], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  open.push({
    close: async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  });
  await eventually('haproxy listens', () => isListening(listen));
  return listen;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const told = 'PROXY TCP4 10.1.2.3 10.0.0.1 54321 80\r\n';

describe('a PROXY header from before', () => {
  it('tells HTTP its client: forwarded field, hash and persistence see it', async () => {
    const [a, b] = [await member(), await member()];
    const started = await engine(
      a.port,
      { proxyProtocol: 'either' },
      {
        members: [a, b].map(({ port }, at) => ({ name: `m${at}`, address: '127.0.0.1', port })),
        persistence: { method: 'source-ip' },
      },
    );
    const port = started.port('web');
    for (const client of ['10.1.2.3', '10.1.2.4', '10.1.2.3', '10.1.2.4', '10.1.2.3']) {
      const header = `PROXY TCP4 ${client} 10.0.0.1 54321 80\r\n`;
      expect((await speak(port, header + get, { until: 'ok' })).text).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect([a, b].map(({ heard }) => heard.join('').split('GET / ').length - 1)).toEqual([3, 2]);
    for (const text of a.heard) expect(text).toContain('X-Forwarded-For: 10.1.2.3\r\n');
    for (const text of b.heard) expect(text).toContain('X-Forwarded-For: 10.1.2.4\r\n');
  });

  it('comes in pieces, one byte at a time, with the request right behind', async () => {
    const a = await member();
    const started = await engine(a.port, { proxyProtocol: 'v1' });
    const client = openClient(started.port('web'));
    client.socket.setNoDelay(true);
    for (const byte of told + get) {
      client.socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until('ok');
    expect(a.heard[0]).toContain('X-Forwarded-For: 10.1.2.3\r\n');
    client.socket.destroy();
  });

  it.each([
    ['is missing', get],
    ['is malformed', 'PROXY TCP4 10.1.2.3\r\n'],
    ['does not come in time', 'PROXY TCP4 10.'],
  ])('that %s closes the connection before any member hears of it', async (_, text) => {
    const a = await member();
    const started = await engine(a.port, { proxyProtocol: 'v1', http: { headerTimeoutMs: 200 } });
    expect(await speak(started.port('web'), text)).toMatchObject({
      text: '',
      ending: expect.not.stringMatching('open') as string,
    });
    expect(a.heard).toEqual([]);
    const drops = (await started.stats()).virtualServers[0]?.drops;
    expect((drops?.['bad-request'] ?? 0) + (drops?.['header-timeout'] ?? 0)).toBe(1);
    expect((await started.stats()).virtualServers[0]?.currentConnections).toBe(0);
  });
});

describe('a PROXY header to members', () => {
  it.each(['http', 'tcp'] as const)('stands before the first bytes of %s and tells the client', async (protocol) => {
    const a = await member();
    const started = await engine(a.port, { protocol }, { sendProxyProtocol: 'v1' });
    const client = openClient(started.port('web'), { localAddress: '127.0.0.7' });
    client.socket.write(get);
    await client.until('ok');
    const { localPort } = client.socket;
    expect(a.heard[0]).toMatch(
      new RegExp(`^PROXY TCP4 127.0.0.7 127.0.0.1 ${localPort ?? 0} ${started.port('web')}\r\nGET / HTTP/1.1\r\n`),
    );
    client.socket.destroy();
  });

  it('makes a connection serve one client, again and again, and no other', async () => {
    const a = await member();
    const started = await engine(a.port, {}, { sendProxyProtocol: 'v1' });
    const [first, second] = [openClient(started.port('web')), openClient(started.port('web'))];
    for (const client of [first, second, first, second]) {
      const before = client.received().length;
      client.socket.write(get);
      await eventually(
        'an answer',
        () => client.received().length > before && client.received().toString().endsWith('ok'),
      );
    }
    expect(a.heard.map((text) => text.split('GET / ').length - 1)).toEqual([2, 2]);
    first.socket.destroy();
    second.socket.destroy();
    await eventually(
      'nothing is left',
      async () => (await started.stats()).virtualServers[0]?.currentConnections === 0,
    );
  });
});

describe.skipIf(isMissing('haproxy'))('beside a real HAProxy', () => {
  it.each([
    ['v1', 'send-proxy'],
    ['v2', 'send-proxy-v2'],
    ['either', 'send-proxy-v2 proxy-v2-options crc32c,unique-id'],
  ] as const)('believes what it sends (%s: %s)', async (proxyProtocol, sends) => {
    const a = await member();
    const started = await engine(a.port, { proxyProtocol, protocol: 'tcp' }, { sendProxyProtocol: 'v1' });
    const client = openClient(await haproxy(started.port('web'), { sends, accepts: false }), {
      localAddress: '127.0.0.9',
    });
    client.socket.write(get);
    await client.until('ok');
    expect(a.heard[0]).toMatch(/^PROXY TCP4 127\.0\.0\.9 127\.0\.0\.1 /);
    client.socket.destroy();
  });

  it.each(['v1', 'v2'] as const)('is believed by it (%s), for HTTP and TCP', async (sendProxyProtocol) => {
    const a = await member();
    const port = await haproxy(a.port, { sends: '', accepts: true });
    for (const protocol of ['http', 'tcp'] as const) {
      const started = await engine(port, { protocol }, { sendProxyProtocol });
      const client = openClient(started.port('web'), { localAddress: '127.0.0.9' });
      client.socket.write(get);
      await client.until('ok');
      client.socket.destroy();
    }
    expect(a.heard[0]?.toLowerCase()).toContain('x-forwarded-for: 127.0.0.9\r\n');
    expect(
      a.heard
        .join('')
        .toLowerCase()
        .match(/x-forwarded-for: 127\.0\.0\.9\r\n/g)?.length,
    ).toBeGreaterThanOrEqual(3);
  });
});
