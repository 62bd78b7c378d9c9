import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineConfig, EnginePool } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { answering, speak, startRawMember, type RawMember } from '../../rigs/raw-http.ts';

let engine: TestEngine | undefined;
let member: RawMember | undefined;
const clients: Socket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await engine?.stop();
  await member?.close();
  engine = member = undefined;
});

const request = 'GET / HTTP/1.1\r\nHost: l\r\n\r\n';
const response = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

function config(pool: Partial<EnginePool>, connectionLimit = 0): EngineConfig {
  const own = { name: 'a', address: '127.0.0.1', port: member?.port ?? 0, maxConnections: 0, ...pool.members?.[0] };
  return {
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', connectionLimit }],
    pools: [{ keepAlive: { maxIdle: 0 }, ...pool, name: 'app', members: [own] }],
  };
}

/** A member that answers when it is told to, and knows how many it had at once. */
async function holdingMember(): Promise<{ readonly held: Socket[]; readonly most: () => number }> {
  const held: Socket[] = [];
  let most = 0;
  member = await startRawMember((socket) => {
    held.push(socket);
    most = Math.max(most, held.length);
  });
  return { held, most: () => most };
}

function answerAll(held: Socket[]): void {
  for (const socket of held.splice(0)) socket.end(response);
}

function at(limit: number): Partial<EnginePool>['members'] {
  return [{ name: 'a', address: '127.0.0.1', port: member?.port ?? 0, maxConnections: limit }];
}

describe('limits over two workers', () => {
  it('of a member are reached and never exceeded, whichever worker carries more', async () => {
    const { held, most } = await holdingMember();
    engine = await openEngine(config({ members: at(5) }), 2);
    const port = engine.port('web');
    for (let round = 0; round < 4; round++) {
      const asked = Array.from({ length: 5 }, () => speak(port, request, { until: 'ok' }));
      await expect.poll(() => held.length, { timeout: 20_000 }).toBe(5);
      expect((await speak(port, request, { until: '\r\n\r\n' })).text).toContain('503');
      answerAll(held);
      for (const { text } of await Promise.all(asked)) expect(text).toContain('200 OK');
    }
    expect(most()).toBe(5);
  }, 60_000);

  it('let every client that waits have its turn, one at a time', async () => {
    const { held, most } = await holdingMember();
    engine = await openEngine(config({ members: at(1), queue: { limit: 20, timeoutMs: 50_000 } }), 2);
    const port = engine.port('web');
    let done = 0;
    const asked = Array.from({ length: 12 }, () =>
      speak(port, request, { until: 'ok', timeoutMs: 50_000 }).then(({ text }) => {
        done++;
        return text;
      }),
    );
    while (done < 12) {
      answerAll(held);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const text of await Promise.all(asked)) expect(text).toContain('200 OK');
    expect(most()).toBe(1);
  }, 60_000);

  it('of a queue are reached and never exceeded', async () => {
    const { held } = await holdingMember();
    engine = await openEngine(config({ members: at(1), queue: { limit: 3, timeoutMs: 50_000 } }), 2);
    const port = engine.port('web');
    let refused = 0;
    const asked = Array.from({ length: 10 }, () =>
      speak(port, request, { until: /ok|503/, timeoutMs: 50_000 }).then(({ text }) => {
        if (text.includes('503')) refused++;
      }),
    );
    await expect.poll(() => refused, { timeout: 20_000 }).toBe(6);
    const { pools } = await engine.stats();
    expect([pools[0]?.queuedRequests, held.length]).toEqual([3, 1]);
    const timer = setInterval(() => { answerAll(held); }, 5); // prettier-ignore
    await Promise.all(asked);
    clearInterval(timer);
    expect(refused).toBe(6);
  }, 60_000);

  it('of a virtual server are reached and never exceeded', async () => {
    member = await startRawMember(answering('ok'));
    engine = await openEngine(config({}, 5), 2);
    const port = engine.port('web');
    const texts: string[] = [];
    let ended = 0;
    for (let index = 0; index < 8; index++) {
      const client = connect(port, '127.0.0.1', () => client.write(request));
      clients.push(client);
      client.on('error', () => undefined).on('data', (bytes) => texts.push(bytes.toString('latin1')));
      client.on('close', () => ended++);
      await expect.poll(() => texts.length + ended, { timeout: 20_000 }).toBe(index + 1);
    }
    expect([texts.length, ended]).toEqual([5, 3]);
  }, 60_000);
});

describe('a worker that is killed', () => {
  it('takes its own connections with it and no other, and clients that come meanwhile wait for the next', async () => {
    member = await startRawMember(answering('ok'));
    engine = await openEngine(config({ keepAlive: { maxIdle: 64 } }), 2);
    const { events, stats } = engine;
    const port = engine.port('web');
    const open = new Set<Socket>();
    const answers = new Map<Socket, number>();
    for (let index = 0; index < 24; index++) {
      const client = connect(port, '127.0.0.1', () => client.write(request));
      clients.push(client);
      open.add(client);
      client.on('error', () => undefined).on('close', () => open.delete(client));
      client.on('data', () => answers.set(client, (answers.get(client) ?? 0) + 1));
    }
    await expect.poll(() => answers.size, { timeout: 20_000 }).toBe(24);
    const [first] = (await stats()).workers;
    process.kill(first?.pid ?? 0, 'SIGKILL');
    const late = Array.from({ length: 8 }, () => speak(port, request, { until: 'ok', timeoutMs: 20_000 }));
    for (const { text } of await Promise.all(late)) expect(text).toContain('200 OK');
    await expect.poll(() => events.filter((event) => event['event'] === 'worker').map((event) => event['change']), { timeout: 20_000 }).toEqual(['ended', 'started']); // prettier-ignore
    const survivors = [...open];
    for (const client of survivors) client.write(request);
    await expect.poll(() => survivors.filter((client) => answers.get(client) === 2).length, { timeout: 20_000 }).toBe(survivors.length); // prettier-ignore
    expect([survivors.length > 0, survivors.length < 24, open.size]).toEqual([true, true, survivors.length]);
    expect((await stats()).virtualServers[0]?.currentConnections).toBe(survivors.length);
  }, 60_000);
});

describe('least bandwidth over two workers', () => {
  it('turns away from the member that has sent much in the last second', async () => {
    member = await startRawMember(answering('x'.repeat(200_000)));
    const small = await startRawMember(answering('ok'));
    const members = [
      { name: 'big', address: '127.0.0.1', port: member.port },
      { name: 'small', address: '127.0.0.1', port: small.port },
    ];
    engine = await openEngine(
      {
        version: 1,
        virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
        pools: [{ name: 'app', members, algorithm: 'least-bandwidth', keepAlive: { maxIdle: 0 } }],
      },
      2,
    );
    const closing = 'GET / HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n';
    for (let turn = 0; turn < 60; turn++) await speak(engine.port('web'), closing);
    const [big, other] = (await engine.stats()).pools[0]?.members ?? [];
    await small.close();
    expect([(big?.requests ?? 0) + (other?.requests ?? 0), (big?.requests ?? 60) < 15]).toEqual([60, true]);
  }, 60_000);
});
