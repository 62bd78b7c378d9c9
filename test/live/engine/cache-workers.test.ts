import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { ask, startOrigin, type Answer, type CacheOrigin } from '../../rigs/cache-origin.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';

const open: { close: () => unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

interface Rig {
  readonly origin: CacheOrigin;
  readonly engine: TestEngine;
  readonly port: number;
}

async function rig(cache: EngineVirtualServer['cache'] = {}): Promise<Rig> {
  const origin = await startOrigin();
  open.push(origin);
  const engine = await openEngine(
    {
      version: 1,
      workerTimeoutMs: 0, // a case stops one
      virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', cache }],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: origin.port }] }],
    },
    2,
  );
  open.push({ close: () => engine.stop() });
  return { origin, engine, port: engine.port('web') };
}

/** So many that the kernel gives some to each worker: one path is asked for by both. */
function flood(port: number, path: string, count = 200, headers: Readonly<Record<string, string>> = {}) {
  return Array.from({ length: count }, () => ask(port, path, { headers }));
}

function digests(answers: readonly Answer[]): string[] {
  return [...new Set(answers.map(({ body }) => digest(body)))];
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it never came to that');
}

const hour = { 'cache-control': 'max-age=3600' };
/** Whatever worker a key belongs to: among eight, both have some. */
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const later = names.map((name) => `later-${name}`);

describe('the caches of two workers', () => {
  it('fetch each file of a flood once for both', async () => {
    const { origin, engine, port } = await rig();
    const bodies = names.map((_, index) => randomBytes(index % 2 === 0 ? 100_000 : 20));
    for (const [index, name] of names.entries())
      origin.serve(`/${name}`, (_request, response) => response.writeHead(200, hour).end(bodies[index]));
    const answers = await Promise.all(names.map((name) => Promise.all(flood(port, `/${name}`, 40))));
    expect(answers.map(digests)).toEqual(bodies.map((body) => [digest(body)]));
    expect(names.map((name) => origin.heard(`/${name}`).length)).toEqual(names.map(() => 1));
    const [server] = (await engine.stats()).virtualServers;
    // Clients count once, whoever fetched; both workers hold each file.
    expect((server?.cache?.hits ?? 0) + (server?.cache?.misses ?? 0)).toBe(320);
    expect(server?.cache).toMatchObject({ objects: 16, bytesServed: 40 * (4 * 100_000 + 4 * 20) });
    expect(server?.responses['2xx']).toBe(320);
  });

  it('stream to everyone what has arrived, its head unchanged, and serve ranges of it', async () => {
    const { origin, port } = await rig();
    const body = randomBytes(1_000_000);
    let answer: ServerResponse | undefined;
    origin.serve('/slow', (_request, response) => {
      answer = response.writeHead(200, { ...hour, etag: '"1"', 'content-length': body.length });
      response.write(body.subarray(0, 300_000));
    });
    const clients = flood(port, '/slow', 200);
    const parts = flood(port, '/slow', 40, { range: 'bytes=1000-1999' });
    await until(() => answer !== undefined);
    // All parts lie in what is there already.
    const partial = await Promise.all(parts);
    expect(new Set(partial.map(({ status }) => status))).toEqual(new Set([206]));
    expect(digests(partial)).toEqual([digest(body.subarray(1000, 2000))]);
    answer?.end(body.subarray(300_000));
    const answers = await Promise.all(clients);
    expect(digests(answers)).toEqual([digest(body)]);
    for (const { headers } of answers) expect(headers['cache-status']).toMatch(/^Steelyard; [^,]*$/);
    expect(origin.heard('/slow')).toHaveLength(1);
  });

  it('fetch once what lies on the disk of one of them', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'steelyard-cache-'));
    open.push({
      close: () => {
        rmSync(directory, { recursive: true, force: true });
      },
    });
    const { origin, engine, port } = await rig({ maxBytes: 4_000_000, diskPath: directory, diskMaxBytes: 40_000_000 });
    const body = randomBytes(600_000);
    origin.serve('/disk', (_request, response) => response.writeHead(200, hour).end(body));
    for (let round = 0; round < 3; round++) {
      expect(digests(await Promise.all(flood(port, '/disk', 30)))).toEqual([digest(body)]);
      await until(async () => ((await engine.stats()).virtualServers[0]?.cache?.diskObjects ?? 0) === 2);
    }
    expect(origin.heard('/disk')).toHaveLength(1);
  });

  it('let everyone ask for what is not to be stored, framed as the member framed it', async () => {
    const { origin, port } = await rig();
    for (const name of names)
      origin.serve(`/${name}`, (_request, response, turn) => {
        response.writeHead(200, { 'cache-control': 'no-store', ...(name > 'd' ? { connection: 'close' } : {}) });
        response.write(`${name}${turn};`);
        response.end(Buffer.alloc(100_000, name));
      });
    for (const name of names) {
      const answers = await Promise.all(flood(port, `/${name}`, 20));
      const own = answers.map(({ body }) => body.toString('latin1').split(';', 1)[0]);
      expect(new Set(own).size).toBe(20);
      expect(new Set(answers.map(({ body }) => body.length - body.indexOf(';')))).toEqual(new Set([100_001]));
    }
  });

  it('lose nothing when the worker that fetches is killed: what is left comes from the member', async () => {
    const { origin, engine, port } = await rig();
    const body = randomBytes(600_000);
    const held: ServerResponse[] = [];
    let isKilled = false;
    for (const name of names)
      origin.serve(`/${name}`, (_request, response) => {
        response.writeHead(200, { ...hour, etag: '"1"', 'content-length': body.length });
        if (isKilled) response.end(body);
        else {
          response.write(body.subarray(0, 200_000));
          held.push(response);
        }
      });
    let begun = 0;
    function onHead(): void {
      begun++;
    }
    const asked = names.flatMap((name) => Array.from({ length: 12 }, () => ask(port, `/${name}`, { onHead })));
    const settled = Promise.allSettled(asked);
    await until(() => begun === asked.length);
    expect(held).toHaveLength(names.length);
    isKilled = true;
    process.kill(engine.ready.workers[0] ?? 0, 'SIGKILL');
    for (const response of held) response.end(body.subarray(200_000));
    const answers = await settled;
    const whole = answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(digests(whole)).toEqual([digest(body)]);
    for (const name of names) expect(origin.heard(`/${name}`).length).toBeLessThanOrEqual(2);
    // Only clients of the killed worker were cut; whom the other one serves has the whole.
    const [server] = (await engine.stats()).virtualServers;
    expect(server?.drops['member-failure']).toBe(0);
    expect(whole.length).toBeLessThan(answers.length);
    expect(names.reduce((sum, name) => sum + origin.heard(`/${name}`).length, 0)).toBeGreaterThan(names.length);
  });

  it('wait for no worker that hangs: members are asked until it runs again', { timeout: 120_000 }, async () => {
    const { origin, engine, port } = await rig();
    for (const name of ['warm', ...names, ...later])
      origin.serve(`/${name}`, (_request, response) => response.writeHead(200, hour).end(`it is ${name}`));
    // Connections that stay: the workers have about as many each.
    const clients = Array.from({ length: 16 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    function askAll(all: readonly string[]): Promise<string[]>[] {
      return clients.map(async (agent) => {
        const texts = [];
        for (const name of all) texts.push((await ask(port, `/${name}`, { agent })).body.toString());
        return texts;
      });
    }
    await Promise.all(askAll(['warm']));
    const [stopped = 0] = engine.ready.workers;
    let whole = 0;
    process.kill(stopped, 'SIGSTOP');
    try {
      const asked = askAll(names);
      // What fails is judged below.
      for (const each of asked) void each.then(() => whole++, Boolean);
      await until(() => whole > 0);
      expect(names.map((name) => origin.heard(`/${name}`).length)).toEqual(names.map(() => 1));
      expect(whole).toBeLessThan(clients.length);
      process.kill(stopped, 'SIGCONT');
      expect(await Promise.all(asked)).toEqual(clients.map(() => names.map((name) => `it is ${name}`)));
      // What belongs to it is fetched by it for both once more.
      await Promise.all(askAll(later));
      expect(later.map((name) => origin.heard(`/${name}`).length)).toEqual(later.map(() => 1));
    } finally {
      process.kill(stopped, 'SIGCONT');
      for (const agent of clients) agent.destroy();
    }
  });

  it('forget together: by a purge of a URL or a tag, and after an unsafe request', async () => {
    const { origin, engine, port } = await rig();
    for (const name of names)
      origin.serve(`/${name}`, (request, response, turn) => {
        if (request.method === 'POST') response.writeHead(204).end();
        else response.writeHead(200, { ...hour, 'surrogate-key': 'all' }).end(`${turn}`);
      });
    async function texts(name: string): Promise<string[]> {
      const answers = await Promise.all(flood(port, `/${name}`, 16));
      return [...new Set(answers.map(({ body }) => body.toString()))];
    }
    for (const name of names) {
      expect(await texts(name)).toEqual(['1']);
      const url = `http://127.0.0.1:${port}/${name}`;
      expect((await engine.admin('DELETE', `/v1/cache?url=${url}`)).body).toMatchObject({ purged: 2 });
      expect(await texts(name)).toEqual(['2']);
      await ask(port, `/${name}`, { method: 'POST', body: 'x' });
      // The worker that carried it knows at once, the other a message later.
      await until(async () => (await texts(name)).every((turn) => Number(turn) > 3));
    }
    const before = names.map((name) => origin.heard(`/${name}`).length);
    await engine.admin('DELETE', '/v1/cache?tag=all');
    for (const [index, name] of names.entries()) expect(await texts(name)).toEqual([`${(before[index] ?? 0) + 1}`]);
  });
});
