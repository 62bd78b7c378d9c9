import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join, dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendRequests, startBackends, type Backends } from '../../rigs/backends.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';

interface Told {
  readonly id?: number;
  readonly event: string;
  readonly [key: string]: unknown;
}

let backends: Backends;
let engine: TestEngine;

beforeEach(async () => {
  backends = await startBackends(['a', 'b']);
  const [a = 0, b = 0] = backends.ports;
  engine = await openEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', connectionLimit: 2 }],
    pools: [
      {
        name: 'app',
        passive: { maxFails: 1, failTimeoutMs: 3000 },
        members: [
          { name: 'a', address: '127.0.0.1', port: a },
          { name: 'b', address: '127.0.0.1', port: b },
        ],
      },
    ],
  });
});

afterEach(async () => {
  await engine.stop();
  await backends.close();
});

/** Reads `/v1/events` until `isEnough`. */
function read(lastId: string | undefined, isEnough: (events: readonly Told[]) => boolean): Promise<readonly Told[]> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath: join(dirname(engine.file), 'admin.sock'),
      path: '/v1/events',
      agent: false,
      headers: lastId === undefined ? {} : { 'last-event-id': lastId },
    });
    let text = '';
    outgoing.on('response', (response) => {
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const events = [...text.matchAll(/^data: (.*)\n\n/gm)].map(([, data = '']) => JSON.parse(data) as Told);
        if (!isEnough(events)) return;
        outgoing.destroy();
        resolve(events);
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function until(what: string, find: (event: Told) => boolean): Promise<Told> {
  for (let turn = 0; turn < 800; turn++) {
    const found = engine.events.find((event) => find(event as Told)); // what the engine writes
    if (found !== undefined) return found as Told;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`There was no event of ${what}: ${JSON.stringify(engine.events)}`);
}

describe('events', () => {
  it('are numbered, and a reader that comes back misses none', async () => {
    for (const weight of [2, 3, 4]) await engine.admin('PATCH', '/v1/pools/app/members/a', { weight });
    const all = await read('0', (events) => events.filter((event) => event.event === 'member').length === 3);
    expect(all.map((event) => event.id)).toEqual(all.map((_, index) => index + 1));
    const second = all.filter((event) => event.event === 'member')[1];
    const rest = await read(String(second?.id), (events) => events.some((event) => event['weight'] === 4));
    expect(rest[0]?.id).toBe(Number(second?.id) + 1);
    expect(rest.filter((event) => event.event === 'member').map((event) => event['weight'])).toEqual([4]);
  });

  it('say how many are not kept any more', async () => {
    for (let turn = 0; turn < 520; turn++) await engine.admin('PATCH', '/v1/pools/app/members/a', { weight: turn % 9 });
    const [first, second] = await read('1', (events) => events.length > 1);
    expect(first).toMatchObject({ event: 'missed' });
    expect(second?.id).toBe(Number(first?.['count']) + 2);
  });

  it('tell of a drain that is over, of a member put aside and back, and of a limit', async () => {
    await engine.admin('PATCH', '/v1/pools/app/members/b', { adminState: 'draining' });
    await until('a drain', (event) => event['change'] === 'drained' && event['member'] === 'b');
    await engine.admin('PATCH', '/v1/pools/app/members/b', { adminState: 'enabled' });
    await backends.setFault('a', '5xx');
    await sendRequests(engine.port('web'), 10, { concurrency: 1 });
    await until('an ejection', (event) => event['change'] === 'ejected' && event['member'] === 'a');
    await backends.setFault('a', 'none');
    await until('a return', (event) => event['change'] === 'returned' && event['member'] === 'a');
    const sockets: Socket[] = Array.from({ length: 5 }, () =>
      connect(engine.port('web'), '127.0.0.1').on('error', () => undefined),
    );
    const limit = await until('a limit', (event) => event.event === 'limit');
    expect(limit).toMatchObject({ virtualServer: 'web', limit: 'connection-limit' });
    for (const socket of sockets) socket.destroy();
  });
});
