import { createHash, randomBytes } from 'node:crypto';
import { createServer, get as httpGet, Agent, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';

const large = randomBytes(1_048_576);
const digest = createHash('sha256').update(large).digest('hex');

interface Member {
  readonly name: string;
  readonly port: number;
  readonly server: Server;
  count: number;
  isHealthy: boolean;
  /** Requests are answered when this is fulfilled. */
  hold: Promise<unknown>;
}

const members: Member[] = [];
let engine: TestEngine | undefined;

beforeAll(async () => {
  for (const name of ['a', 'b', 'c']) {
    const member: Member = {
      name,
      port: 0,
      count: 0,
      isHealthy: true,
      hold: Promise.resolve(),
      server: createServer((request, response) => {
        if (request.url === '/health') {
          response.writeHead(member.isHealthy ? 200 : 503).end();
          return;
        }
        member.count++;
        void member.hold.then(() =>
          response.writeHead(200, { 'x-member': name }).end(request.url === '/large' ? large : name),
        );
      }),
    };
    await new Promise<void>((resolve) => member.server.listen(0, '127.0.0.1', resolve));
    const address = member.server.address();
    members.push(Object.assign(member, { port: address !== null && typeof address === 'object' ? address.port : 0 }));
  }
});

afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  for (const member of members) Object.assign(member, { count: 0, isHealthy: true, hold: Promise.resolve() });
});

afterAll(() => {
  for (const member of members) member.server.close().closeAllConnections();
});

function config(weights: readonly number[], monitors = false): EngineConfig {
  return {
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
    pools: [
      {
        name: 'app',
        members: members.map((member, index) => ({
          name: member.name,
          address: '127.0.0.1',
          port: member.port,
          weight: weights[index] ?? 1,
        })),
        monitors: monitors ? ['m'] : [],
      },
    ],
    monitors: [{ name: 'm', type: 'http', path: '/health', intervalMs: 100, timeoutMs: 1000, rise: 2, fall: 2 }],
  };
}

interface Answer {
  readonly status: number;
  readonly member: string;
  readonly digest: string;
}

function fetchOnce(port: number, path = '/', agent: Agent | false = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpGet({ host: '127.0.0.1', port, path, agent, timeout: 20_000 }, (response) => {
      const hash = createHash('sha256');
      response.on('data', (bytes: Buffer) => hash.update(bytes));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          member: String(response.headers['x-member']),
          digest: hash.digest('hex'),
        });
      });
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error('not answered')));
  });
}

async function sequence(port: number, length: number): Promise<string> {
  const names = [];
  for (let turn = 0; turn < length; turn++) names.push((await fetchOnce(port)).member);
  return names.join(' ');
}

describe('the engine at run time', () => {
  it('gives a a b a c a a for weights 5, 1, 1 and counts what the members count', async () => {
    engine = await openEngine(config([5, 1, 1]));
    expect(await sequence(engine.port('web'), 14)).toBe('a a b a c a a a a b a c a a');
    const { pools, virtualServers } = await engine.stats();
    expect(pools[0]?.members.map((member) => member.requests)).toEqual(members.map((member) => member.count));
    expect(virtualServers[0]).toMatchObject({ requests: 14, responses: { '2xx': 14 }, totalConnections: 14 });
  });

  it('holds the weighted sums over two workers', async () => {
    engine = await openEngine(config([5, 1, 1]), 2);
    const port = engine.port('web');
    for (let turn = 0; turn < 140; turn++) await fetchOnce(port);
    const [a = 0, b = 0, c = 0] = members.map((member) => member.count);
    expect(a + b + c).toBe(140);
    // Each worker is exact in rounds of seven: two of them are off by less than one round each.
    expect(Math.abs(a - 100)).toBeLessThan(8);
    expect((await engine.stats()).pools[0]?.requests).toBe(140);
  });

  it('weighs, drains, disables, adds and removes members, and a reload of the file undoes it', async () => {
    engine = await openEngine(config([1, 1, 1]));
    const port = engine.port('web');
    const path = '/v1/pools/app/members';
    expect((await engine.admin('PATCH', `${path}/a`, { weight: 2 })).status).toBe(200);
    expect((await engine.admin('PATCH', `${path}/b`, { adminState: 'draining' })).status).toBe(200);
    expect((await sequence(port, 6)).split(' ').sort().join('')).toBe('aaaacc');
    expect((await engine.admin('DELETE', `${path}/c`)).status).toBe(200);
    expect(await sequence(port, 3)).toBe('a a a');
    expect((await engine.admin('POST', path, { name: 'd', address: '127.0.0.1', port: members[2]?.port })).status).toBe(
      201,
    );
    expect((await engine.admin('PATCH', `${path}/a`, { adminState: 'disabled' })).status).toBe(200);
    expect(await sequence(port, 2)).toBe('c c');
    await engine.reload();
    expect((await sequence(port, 3)).split(' ').sort().join('')).toBe('abc');
  });

  it.each([
    ['an unknown field', 'PATCH', '/v1/pools/app/members/a', { wait: 1 }, 422, 'wait'],
    ['a weight out of range', 'PATCH', '/v1/pools/app/members/a', { weight: 257 }, 422, 'weight'],
    ['an unknown member', 'PATCH', '/v1/pools/app/members/z', { weight: 1 }, 404, 'z'],
    ['a name that is taken', 'POST', '/v1/pools/app/members', { name: 'a', address: '127.0.0.1', port: 1 }, 409, 'a'],
    ['a member without port', 'POST', '/v1/pools/app/members', { address: '127.0.0.1' }, 422, 'port'],
    ['a configuration that is wrong', 'PUT', '/v1/config', { version: 1, pools: [{}] }, 422, 'pools[0].name'],
    ['an unknown path', 'GET', '/v2', undefined, 404, 'v2'],
  ])('refuses %s with a problem document and changes nothing', async (_, method, path, body, status, named) => {
    engine = await openEngine(config([1, 1, 1]));
    const before = await engine.admin('GET', '/v1/config');
    const answer = await engine.admin(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, title: expect.any(String) as unknown });
    expect(JSON.stringify(answer.body)).toContain(named);
    expect(await engine.admin('GET', '/v1/config')).toEqual(before);
  });

  it('refuses to remove a member that is busy unless forced', async () => {
    engine = await openEngine(config([1, 0, 0]));
    const [busy] = members;
    const held = Promise.withResolvers<undefined>();
    if (busy) busy.hold = held.promise;
    const running = fetchOnce(engine.port('web')).catch(() => 'cut' as const);
    await expect.poll(async () => (await engine?.stats())?.pools[0]?.members[0]?.currentConnections).toBe(1);
    expect((await engine.admin('DELETE', '/v1/pools/app/members/a')).status).toBe(409);
    expect((await engine.admin('DELETE', '/v1/pools/app/members/a?force')).status).toBe(200);
    expect(await running).toBe('cut');
    held.resolve(undefined);
  });

  it('takes a member out when its checks fail and back when they pass', async () => {
    engine = await openEngine(config([1, 1, 1], true));
    const port = engine.port('web');
    await expect
      .poll(async () => (await engine?.stats())?.pools[0]?.members.map((member) => member.health))
      .toEqual(['up', 'up', 'up']);
    const [first] = members;
    if (first) first.isHealthy = false;
    await expect
      .poll(async () => (await engine?.stats())?.pools[0]?.members[0]?.health, { timeout: 10_000 })
      .toBe('down');
    expect((await sequence(port, 4)).split(' ').sort().join('')).toBe('bbcc');
    if (first) first.isHealthy = true;
    await expect
      .poll(async () => (await engine?.stats())?.pools[0]?.members[0]?.health, { timeout: 10_000 })
      .toBe('up');
    expect(engine.events.filter((event) => event['member'] === 'a').map((event) => event['health'])).toEqual([
      'up',
      'down',
      'up',
    ]);
  });

  it('drops nothing in reloads and changes under load, each body whole', async () => {
    engine = await openEngine(config([1, 1, 1]), 2);
    const port = engine.port('web');
    const running = engine;
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    let isOver = false;
    const failures: string[] = [];
    let done = 0;
    const clients = Array.from({ length: 8 }, async (_, index) => {
      while (!isOver) {
        const isLarge = (done + index) % 3 === 0;
        const answer = await fetchOnce(port, isLarge ? '/large' : '/', agent).catch((error: unknown) => String(error));
        done++;
        if (typeof answer === 'string') failures.push(answer);
        else if (answer.status !== 200 || (isLarge && answer.digest !== digest)) failures.push(JSON.stringify(answer));
      }
    });
    for (let round = 0; round < 20; round++) {
      running.write(config([1 + (round % 3), 1, 1 + (round % 2)]));
      await running.reload();
      await running.admin('PATCH', '/v1/pools/app/members/b', { adminState: round % 2 === 0 ? 'draining' : 'enabled' });
    }
    isOver = true;
    await Promise.all(clients);
    agent.destroy();
    expect(failures).toEqual([]);
    expect(done).toBeGreaterThan(50);
    const { requests } = (await running.stats()).virtualServers[0] ?? {};
    expect(requests).toBe(done);
  });

  it('starts a killed worker again with its listeners, and counters never go back', async () => {
    engine = await openEngine(config([1, 1, 1]), 1);
    const port = engine.port('web');
    await sequence(port, 6);
    // Counters are saved once a second: what they are after that is kept.
    await expect.poll(async () => (await engine?.stats())?.virtualServers[0]?.requests).toBe(6);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const [pid = 0] = engine.ready.workers;
    process.kill(pid, 'SIGKILL');
    // The supervisor holds the listening socket: this waits in its queue until the new worker is there.
    expect((await fetchOnce(port)).status).toBe(200);
    expect((await engine.stats()).virtualServers[0]?.requests).toBe(7);
  });

  it('says that a changed admin section needs a restart', async () => {
    engine = await openEngine(config([1, 1, 1]));
    engine.write({ ...config([1, 1, 1]), admin: { socket: 'other.sock' } });
    await expect(engine.reload()).rejects.toThrow(/admin cannot change/);
  });

  it('does not start on an address that is taken', async () => {
    const taken = config([1, 1, 1]);
    const port = members[0]?.port ?? 0;
    const busy = { ...taken, virtualServers: [{ name: 'web', listen: [`127.0.0.1:${port}`], pool: 'app' }] };
    await expect(openEngine(busy)).rejects.toThrow(/another process listens there/);
  });
});
