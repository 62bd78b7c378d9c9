import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { ask, startOrigin, type CacheOrigin } from '../../rigs/cache-origin.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'steelyard-disk-'));
  open.push({
    close: () => {
      rmSync(path, { recursive: true, force: true });
      return Promise.resolve();
    },
  });
  return path;
}

async function startEngine(origin: CacheOrigin, cache: EngineVirtualServer['cache']): Promise<TestEngine> {
  const engine = await openEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', cache }],
    pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: origin.port }] }],
  });
  open.push({ close: () => engine.stop() });
  return engine;
}

async function startMember(): Promise<CacheOrigin> {
  const origin = await startOrigin();
  open.push(origin);
  return origin;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it never came to that');
}

async function cacheOf(engine: TestEngine) {
  return (await engine.stats()).virtualServers[0]?.cache;
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const headers = { 'cache-control': 'max-age=3600', 'surrogate-key': 'all', 'x-host': 'independent' };
const host = { host: 'files.example' };

describe('the cache on disk', () => {
  it('takes what the memory has no room for, serves it and its parts, and forgets it when purged', async () => {
    const [origin, diskPath] = [await startMember(), folder()];
    const engine = await startEngine(origin, { maxBytes: 1_000_000, diskPath, diskMaxBytes: 50_000_000 });
    const bodies = Array.from({ length: 30 }, () => randomBytes(60_000));
    for (const [index, body] of bodies.entries()) {
      origin.serve(`/${index}`, (_request, response) => response.writeHead(200, headers).end(body));
      await ask(engine.port('web'), `/${index}`, { headers: host });
    }
    await until(async () => ((await cacheOf(engine))?.diskObjects ?? 0) >= 14);
    for (const [index, body] of bodies.entries()) {
      const answer = await ask(engine.port('web'), `/${index}`, { headers: host });
      expect(digest(answer.body)).toBe(digest(body));
      expect(answer.headers['cache-status']).toMatch(/hit/);
      const part = await ask(engine.port('web'), `/${index}`, { headers: { ...host, range: 'bytes=10000-10009' } });
      expect(part.body.equals(body.subarray(10_000, 10_010))).toBe(true);
      expect(origin.heard(`/${index}`)).toHaveLength(1);
    }
    expect((await engine.admin('DELETE', '/v1/cache?tag=all')).body).toMatchObject({ status: 'purged' });
    await until(async () => (await cacheOf(engine))?.diskObjects === 0);
    await ask(engine.port('web'), '/0', { headers: host });
    expect(origin.heard('/0')).toHaveLength(2);
  });

  it('carries large files from disk to many readers at once, and over a restart', async () => {
    const [origin, diskPath] = [await startMember(), folder()];
    const cache = { maxBytes: 20_000_000, diskPath, diskMaxBytes: 50_000_000 };
    const body = randomBytes(5_000_000);
    origin.serve('/big', (_request, response) =>
      response.writeHead(200, { ...headers, 'content-length': body.length }).end(body),
    );
    const first = await startEngine(origin, cache);
    await ask(first.port('web'), '/big', { headers: host });
    await until(async () => (await cacheOf(first))?.diskObjects === 1);
    expect((await cacheOf(first))?.bytes).toBeLessThan(10_000);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => ask(first.port('web'), '/big', { headers: host })),
    );
    expect(new Set(answers.map((each) => digest(each.body)))).toEqual(new Set([digest(body)]));
    const part = await ask(first.port('web'), '/big', { headers: { ...host, range: 'bytes=4999990-' } });
    expect(part.body.equals(body.subarray(4_999_990))).toBe(true);
    await first.stop();
    const second = await startEngine(origin, cache);
    await until(async () => (await cacheOf(second))?.diskObjects === 1);
    const again = await ask(second.port('web'), '/big', { headers: host });
    expect(digest(again.body)).toBe(digest(body));
    expect(Number(again.headers.age)).toBeGreaterThanOrEqual(0);
    expect(origin.heard('/big')).toHaveLength(1);
  });

  it('takes a damaged file for a miss, and never serves it', async () => {
    const [origin, diskPath] = [await startMember(), folder()];
    const cache = { maxBytes: 1_000_000, diskPath, diskMaxBytes: 50_000_000 };
    const body = randomBytes(200_000);
    for (const path of ['/body', '/head', '/short']) {
      origin.serve(path, (_request, response) => response.writeHead(200, headers).end(body));
    }
    const first = await startEngine(origin, cache);
    for (const path of ['/body', '/head', '/short']) await ask(first.port('web'), path, { headers: host });
    await until(async () => (await cacheOf(first))?.diskObjects === 3);
    await first.stop();
    const files = join(diskPath, 'web', '0');
    for (const name of readdirSync(files)) {
      const path = join(files, name);
      const bytes = readFileSync(path);
      const text = bytes.toString('latin1', 0, 400);
      if (text.includes('/short')) writeFileSync(path, bytes.subarray(0, -1));
      else {
        const at = text.includes('/head') ? 30 : bytes.length - 100_000;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        writeFileSync(path, bytes);
      }
    }
    writeFileSync(join(files, 'half.tmp'), 'left by a killed engine');
    const second = await startEngine(origin, cache);
    // Of the three only the one whose head and length are right is known again.
    await until(async () => (await cacheOf(second))?.diskObjects === 1 && !readdirSync(files).includes('half.tmp'));
    for (const path of ['/body', '/head', '/short']) {
      expect(digest((await ask(second.port('web'), path, { headers: host })).body)).toBe(digest(body));
      expect(origin.heard(path)).toHaveLength(2);
    }
  });

  it('begins and ends with a reload', async () => {
    const [origin, diskPath] = [await startMember(), folder()];
    const engine = await startEngine(origin, { maxBytes: 160_000 });
    const config = (await engine.admin('GET', '/v1/config')).body as { virtualServers: { cache: object }[] };
    async function run(cache: object): Promise<void> {
      const [server] = config.virtualServers;
      if (server !== undefined) server.cache = cache;
      expect((await engine.admin('PUT', '/v1/config', config)).status).toBe(200);
    }
    for (const path of ['/1', '/2', '/3']) {
      origin.serve(path, (_request, response) => response.writeHead(200, headers).end(Buffer.alloc(100_000)));
    }
    await run({ maxBytes: 160_000, diskPath, diskMaxBytes: 500_000 });
    for (const path of ['/1', '/2', '/3']) await ask(engine.port('web'), path, { headers: host });
    await until(async () => ((await cacheOf(engine))?.diskObjects ?? 0) > 0);
    await run({ maxBytes: 160_000 });
    expect((await cacheOf(engine))?.diskObjects).toBe(0);
    expect((await ask(engine.port('web'), '/1', { headers: host })).status).toBe(200);
  });

  it('keeps within diskMaxBytes, and says what is wrong with its settings', async () => {
    const [origin, diskPath] = [await startMember(), folder()];
    const engine = await startEngine(origin, { maxBytes: 160_000, diskPath, diskMaxBytes: 500_000 });
    for (let index = 0; index < 20; index++) {
      origin.serve(`/${index}`, (_request, response) =>
        response.writeHead(200, headers).end(Buffer.alloc(100_000, index)),
      );
      await ask(engine.port('web'), `/${index}`, { headers: host });
    }
    await until(async () => ((await cacheOf(engine))?.diskObjects ?? 0) >= 4);
    expect((await cacheOf(engine))?.diskBytes).toBeLessThanOrEqual(500_000);
    await until(() => Promise.resolve(readdirSync(join(diskPath, 'web', '0')).length <= 5));
    const config = (await engine.admin('GET', '/v1/config')).body as { virtualServers: { cache: object }[] };
    const [server] = config.virtualServers;
    if (server !== undefined) server.cache = { diskPath };
    const refused = await engine.admin('PUT', '/v1/config', config);
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([422, expect.stringContaining('diskMaxBytes')]);
  });
});
