import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';
import { sendRequests, startBackends, type Backends } from '../../rigs/backends.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { eventually, greetAndEcho, openClient, startTcpMember } from '../../rigs/tcp.ts';

type Line = Readonly<Record<string, unknown>>;

let directory = '';
let backends: Backends;
let engine: TestEngine | undefined;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'steelyard-log-'));
  backends = await startBackends(['a', 'b']);
});

afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  await backends.close();
  rmSync(directory, { recursive: true, force: true });
});

function configOf(more: Partial<EngineConfig> = {}): EngineConfig {
  const [a = 0, b = 0] = backends.ports;
  const members = [
    { name: 'a', address: '127.0.0.1', port: a },
    { name: 'b', address: '127.0.0.1', port: b },
  ];
  return {
    version: 1,
    virtualServers: [
      { name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { http2: false, headerTimeoutMs: 300 } },
    ],
    pools: [{ name: 'app', members }],
    log: { access: 'json', file: join(directory, 'access.log') },
    ...more,
  };
}

function linesIn(name: string): Line[] {
  const text = readFileSync(join(directory, name), 'utf8');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line); // each line is an object
}

/** The lines when so many are there. */
async function linesOf(name: string, count: number): Promise<Line[]> {
  for (let turn = 0; turn < 400; turn++) {
    const lines = linesIn(name);
    if (lines.length >= count) return lines;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`There are ${linesIn(name).length} lines of ${count}`);
}

/** Sends bytes and waits until the other side has closed. */
function say(port: number, text: string, hangUpAfterMs?: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let heard = '';
    socket.on('data', (bytes) => (heard += bytes.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(heard);
    });
    if (hangUpAfterMs !== undefined) setTimeout(() => socket.resetAndDestroy(), hangUpAfterMs);
  });
}

describe('the access log', () => {
  it("has exactly one line for each request of many workers and clients, with the clients' own figures", async () => {
    engine = await openEngine(configOf(), 2);
    const counts = await sendRequests(engine.port('web'), 600, {
      concurrency: 16,
      path: (index) => `/n/${index}?bytes=${index % 7 === 0 ? 100_000 : 10}&secret=x`,
      headers: { host: 'shop.test' },
    });
    await engine.stop();
    const lines = linesIn('access.log');
    engine = undefined;
    expect(lines.length).toBe(600);
    const byMember: Record<string, number> = {};
    for (const line of lines) byMember[String(line['member'])] = (byMember[String(line['member'])] ?? 0) + 1;
    expect(byMember).toEqual(counts.byBackend);
    expect(new Set(lines.map((line) => line['path']))).toEqual(
      new Set(Array.from({ length: 600 }, (_, index) => `/n/${index}`)),
    );
    expect(JSON.stringify(lines)).not.toContain('secret');
    for (const line of lines) {
      const isLarge = Number(String(line['path']).slice(3)) % 7 === 0;
      expect(line).toMatchObject({
        client: '127.0.0.1',
        virtualServer: 'web',
        pool: 'app',
        httpVersion: '1.1',
        method: 'GET',
        host: 'shop.test',
        status: 200,
        retries: 0,
        cause: 'complete',
      });
      expect(line['bytesOut']).toBeGreaterThan(isLarge ? 100_000 : 10);
      expect(line['bytesOut']).toBeLessThan(isLarge ? 100_600 : 610);
      expect(line['bytesIn']).toBeGreaterThan(60);
      expect(line['durationMs']).toBeGreaterThanOrEqual(Number(line['responseMs']));
    }
  });

  it('agrees with the statistics to the byte', async () => {
    engine = await openEngine(configOf());
    await sendRequests(engine.port('web'), 100, { method: 'POST', body: 'x'.repeat(5000), path: '/?bytes=20000' });
    const lines = await linesOf('access.log', 100);
    const [server] = (await engine.stats()).virtualServers;
    expect(lines.reduce((sum, line) => sum + Number(line['bytesIn']), 0)).toBe(server?.bytesIn);
    expect(lines.reduce((sum, line) => sum + Number(line['bytesOut']), 0)).toBe(server?.bytesOut);
    expect((await engine.stats()).accessLog).toEqual({ lines: 100, lost: 0 });
  });

  it('says why each exchange ended', async () => {
    engine = await openEngine(configOf());
    const port = engine.port('web');
    await say(port, 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n');
    await linesOf('access.log', 1);
    await say(port, 'GET /slow HTTP/1.1\r\nHost: x');
    await linesOf('access.log', 2);
    for (const name of ['a', 'b']) backends.setDelay(name, 60_000);
    await say(port, 'GET /gone HTTP/1.0\r\n\r\n', 200);
    await linesOf('access.log', 3);
    for (const name of ['a', 'b']) {
      backends.setDelay(name, 0);
      await backends.setFault(name, 'refuse');
    }
    await say(port, 'GET /refused HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const lines = await linesOf('access.log', 4);
    expect(lines.map(({ path, status, cause, retries }) => ({ path, status, cause, retries }))).toEqual([
      { path: '', status: 400, cause: 'bad-request', retries: 0 },
      { path: '', status: 408, cause: 'header-timeout', retries: 0 },
      { path: '/gone', status: 0, cause: 'client-abort', retries: 0 },
      { path: '/refused', status: 502, cause: 'member-failure', retries: 1 },
    ]);
    expect(lines[2]).toMatchObject({ httpVersion: '1.0', method: 'GET' });
    expect(lines[2]).not.toHaveProperty('responseMs');
  });

  it('goes on in a new file after a reload, and loses no line by it', async () => {
    engine = await openEngine(configOf());
    const port = engine.port('web');
    await sendRequests(port, 50);
    const running = sendRequests(port, 300);
    renameSync(join(directory, 'access.log'), join(directory, 'access.log.1'));
    await engine.reload();
    await running;
    await sendRequests(port, 1, { path: '/last' });
    await engine.stop();
    engine = undefined;
    expect(linesIn('access.log').at(-1)).toMatchObject({ path: '/last' });
    expect(linesIn('access.log').length + linesIn('access.log.1').length).toBe(351);
  });

  it('has a line for each client that the cache answers, and none for what the engine fetches itself', async () => {
    const [web] = configOf().virtualServers ?? [];
    if (web === undefined) throw new Error('no virtual server');
    engine = await openEngine(configOf({ virtualServers: [{ ...web, cache: { defaultTtlMs: 60_000 } }] }));
    await sendRequests(engine.port('web'), 40, { concurrency: 4, path: '/same?bytes=2000' });
    const lines = await linesOf('access.log', 40);
    await engine.stop();
    engine = undefined;
    expect(linesIn('access.log').length).toBe(40);
    for (const line of lines) {
      expect(line).toMatchObject({ status: 200, cause: 'complete' });
      expect(line['bytesOut']).toBeGreaterThan(2000);
    }
  });

  it('is off by default, and refuses what it cannot open without a change', async () => {
    const { log, ...off } = configOf();
    engine = await openEngine(off);
    await sendRequests(engine.port('web'), 5);
    expect(await engine.stats()).not.toHaveProperty('accessLog');
    engine.write({ ...off, log: { ...log, file: join(directory, 'none', 'access.log') } });
    await expect(engine.reload()).rejects.toThrow('cannot be opened (ENOENT)');
    engine.write(configOf());
    await engine.reload();
    await sendRequests(engine.port('web'), 5);
    await linesOf('access.log', 5);
  });
});

describe('the access log of a tcp virtual server', () => {
  const open: { close: () => Promise<void> }[] = [];

  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });

  /** Its pool's first member refuses, so each connection is tried twice. */
  async function start(log: Partial<EngineConfig['log']> = {}): Promise<number> {
    const [echo, gone] = [await startTcpMember(greetAndEcho('echo')), await startTcpMember(() => undefined)];
    open.push(echo);
    await gone.close();
    const members = [
      { name: 'gone', address: '127.0.0.1', port: gone.port },
      { name: 'echo', address: '127.0.0.1', port: echo.port },
    ];
    const common = { listen: ['127.0.0.1:0'], protocol: 'tcp' as const, tcp: { idleTimeoutMs: 300 } };
    engine = await openEngine({
      version: 1,
      virtualServers: [
        { ...common, name: 'raw', pool: 'p', tcp: { idleTimeoutMs: 60_000 } },
        { ...common, name: 'silent', pool: 'p' },
        { ...common, name: 'dead', pool: 'none' },
      ],
      pools: [{ name: 'p', algorithm: 'first-available', passive: { maxFails: 0 }, members }, { name: 'none' }],
      log: { access: 'json', file: join(directory, 'access.log'), ...log },
    });
    return engine.port('raw');
  }

  async function talk(port: number, text: string): Promise<string> {
    const client = openClient(port);
    client.socket.end(text);
    expect(await client.ending).toBe('end');
    return client.received().toString();
  }

  it('has one line for each connection at its end, with the bytes that the statistics have', async () => {
    const port = await start();
    const client = openClient(port);
    await client.until('echo\n');
    client.socket.write('hello');
    await client.until('hello');
    const { localPort } = client.socket;
    expect(linesIn('access.log')).toEqual([]);
    client.socket.end();
    await client.ending;
    const [first] = await linesOf('access.log', 1);
    expect(first).toEqual({
      at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      client: '127.0.0.1',
      clientPort: localPort,
      virtualServer: 'raw',
      pool: 'p',
      member: 'echo',
      protocol: 'tcp',
      bytesIn: 5,
      bytesOut: 10,
      durationMs: expect.any(Number) as number,
      responseMs: expect.any(Number) as number,
      retries: 1,
      cause: 'complete',
    });
    expect(first?.['durationMs']).toBeGreaterThanOrEqual(Number(first?.['responseMs']));
    const texts = Array.from({ length: 40 }, (_, index) => 'x'.repeat(index * 1000));
    expect(await Promise.all(texts.map((text) => talk(port, text)))).toEqual(texts.map((text) => `echo\n${text}`));
    const lines = await linesOf('access.log', 41);
    const server = (await engine?.stats())?.virtualServers[0];
    expect(lines.reduce((sum, line) => sum + Number(line['bytesIn']), 0)).toBe(server?.bytesIn);
    expect(lines.reduce((sum, line) => sum + Number(line['bytesOut']), 0)).toBe(server?.bytesOut);
    expect(lines.map(({ cause }) => cause)).toEqual(lines.map(() => 'complete'));
  });

  it('says how each connection ended', async () => {
    const port = await start();
    const rude = openClient(port);
    await rude.until('echo\n');
    rude.socket.resetAndDestroy();
    await linesOf('access.log', 1);
    await openClient(engine?.port('dead') ?? 0).ending;
    await linesOf('access.log', 2);
    // The member has spoken last: it is the client that is silent.
    expect(await openClient(engine?.port('silent') ?? 0).ending).toBe('reset');
    await linesOf('access.log', 3);
    const cut = openClient(port);
    await cut.until('echo\n');
    expect((await engine?.admin('DELETE', '/v1/pools/p/members/echo?force'))?.status).toBeLessThan(300);
    expect(await cut.ending).toBe('reset');
    const lines = await linesOf('access.log', 4);
    expect(lines.map(({ virtualServer, member, cause }) => ({ virtualServer, member, cause }))).toEqual([
      { virtualServer: 'raw', member: 'echo', cause: 'client-abort' },
      { virtualServer: 'dead', member: undefined, cause: 'no-member' },
      { virtualServer: 'silent', member: 'echo', cause: 'client-timeout' },
      { virtualServer: 'raw', member: 'echo', cause: 'cut' },
    ]);
  });

  it('writes the share that is wanted, and nothing of what is not logged', async () => {
    const port = await start({ sample: 0.25 });
    for (let turn = 0; turn < 60; turn++) await talk(port, 'x');
    await engine?.stop();
    engine = undefined;
    const share = linesIn('access.log').length;
    expect(share).toBeGreaterThan(4);
    expect(share).toBeLessThan(30);
    const other = await start({ access: 'none', file: join(directory, 'none.log') });
    await talk(other, 'x');
    await eventually('it is over', async () => (await engine?.stats())?.virtualServers[0]?.currentConnections === 0);
    expect(existsSync(join(directory, 'none.log'))).toBe(false);
  });
});
