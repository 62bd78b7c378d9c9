import { createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineMonitor, EnginePool, EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import type { EngineStatistics } from '../../../src-main/engine/supervisor/stats.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { startBackend } from '../../../src-main/lab/backend.ts';
import { eventually, greetAndEcho, openClient, startTcpMember, type TcpMember } from '../../rigs/tcp.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function member(speak: Parameters<typeof startTcpMember>[0]): Promise<TcpMember> {
  const started = await startTcpMember(speak);
  open.push(started);
  return started;
}

async function deadPort(): Promise<number> {
  const gone = await startTcpMember(() => undefined);
  await gone.close();
  return gone.port;
}

interface Wanted {
  readonly members: readonly Partial<NonNullable<EnginePool['members']>[number]>[];
  readonly pool?: Partial<EnginePool>;
  readonly server?: Partial<EngineVirtualServer>;
  readonly monitors?: EngineMonitor[];
}

function configOf({ members, pool, server, monitors }: Wanted) {
  return {
    version: 1 as const,
    virtualServers: [{ name: 'raw', listen: ['127.0.0.1:0'], protocol: 'tcp' as const, pool: 'p', ...server }],
    pools: [
      {
        name: 'p',
        members: members.map((each, index) => ({ name: `m${index}`, address: '127.0.0.1', port: 1, ...each })),
        ...pool,
      },
    ],
    ...(monitors === undefined ? {} : { monitors }),
  };
}

async function engine(wanted: Wanted, workers = 1): Promise<TestEngine> {
  const started = await openEngine(configOf(wanted), workers);
  open.push({ close: () => started.stop() });
  return started;
}

/** Everything that is not zero, of the member `m0` and of the virtual server. */
function countsOf(stats: EngineStatistics, name = 'm0') {
  const found = stats.pools[0]?.members.find((each) => each.name === name);
  const server = stats.virtualServers[0];
  return {
    errors: positive(found?.errors ?? {}),
    drops: positive(server?.drops ?? {}),
    member: [found?.totalConnections, found?.requests, found?.bytesIn, found?.bytesOut],
    server: [server?.totalConnections, server?.bytesIn, server?.bytesOut],
  };
}

function positive(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** The name with which a member greets a new client, which then leaves. */
async function greeting(port: number, localAddress?: string): Promise<string> {
  const client = openClient(port, localAddress === undefined ? {} : { localAddress });
  await client.until('\n');
  client.socket.end();
  await client.ending;
  return client.received().toString().trim();
}

async function isIdle(started: TestEngine): Promise<boolean> {
  const { virtualServers, pools } = await started.stats();
  return virtualServers[0]?.currentConnections === 0 && pools[0]?.currentConnections === 0;
}

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('a tcp virtual server', () => {
  it('spreads connections by the weights of its pool, and the member may speak first', async () => {
    const members = [await member(greetAndEcho('a')), await member(greetAndEcho('b')), await member(greetAndEcho('c'))];
    const weights = [5, 1, 1];
    const started = await engine({ members: members.map(({ port }, at) => ({ port, weight: weights[at] ?? 1 })) });
    const order = [];
    for (let turn = 0; turn < 7; turn++) order.push(await greeting(started.port('raw')));
    expect(order.join('')).toBe('aabacaa');
  });

  it('carries 12 MiB each way past slow readers byte for byte, hands on each half-close, and counts all of it', async () => {
    const [up, down] = [randomBytes(12_582_912), randomBytes(12_582_912)];
    const heard: Buffer[] = [];
    const slow = await member((socket) => {
      socket.on('data', (bytes: Buffer) => {
        heard.push(bytes);
        if (heard.length % 16 !== 1) return;
        socket.pause();
        setTimeout(() => socket.resume(), 2);
      });
      // Only after the client's end does it answer: a relay that drops the half-close hangs here.
      socket.on('end', () => socket.end(down));
    });
    const started = await engine({ members: [{ port: slow.port }] });
    const client = openClient(started.port('raw'));
    let pieces = 0;
    client.socket.on('data', () => {
      if (++pieces % 16 !== 1) return;
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 2);
    });
    client.socket.end(up);
    expect(await client.ending).toBe('end');
    expect(sha(Buffer.concat(heard))).toBe(sha(up));
    expect(sha(client.received())).toBe(sha(down));
    await eventually('the connection is gone', () => isIdle(started));
    expect(countsOf(await started.stats())).toEqual({
      errors: {},
      drops: {},
      member: [1, 1, up.length, down.length],
      server: [1, up.length, down.length],
    });
  });

  it('lets a member that ends first still hear what its client says afterwards', async () => {
    let heard = '';
    const early = await member((socket) => {
      socket.end('bye');
      socket.on('data', (bytes: Buffer) => {
        heard += bytes.toString();
      });
    });
    const started = await engine({ members: [{ port: early.port }] });
    const client = openClient(started.port('raw'));
    expect(await client.ending).toBe('end');
    client.socket.end('one more thing');
    await eventually('the member heard it', () => heard === 'one more thing');
    await eventually('the connection is gone', () => isIdle(started));
    expect(early.endings).toEqual(['end']);
  });

  it('hands a reset on in either direction', async () => {
    const rude = await member((socket) => {
      socket.once('data', (bytes: Buffer) => {
        socket.write(bytes);
        socket.on('data', () => socket.resetAndDestroy());
      });
    });
    const started = await engine({ members: [{ port: rude.port }] });
    const first = openClient(started.port('raw'));
    first.socket.write('hello');
    await first.until('hello');
    first.socket.write('again');
    expect(await first.ending).toBe('reset');
    const second = openClient(started.port('raw'));
    second.socket.write('hello');
    await second.until('hello');
    second.socket.resetAndDestroy();
    await eventually('the member was reset', () => rude.endings.includes('reset'));
    await eventually('both are gone', () => isIdle(started));
    const { errors, drops } = countsOf(await started.stats());
    expect(errors).toEqual({ 'reset-in-response': 1 });
    expect(drops).toEqual({ 'client-abort': 1, 'member-failure': 1 });
  });

  it('passes over a member that refuses, puts it aside after maxFails, and loses no client by it', async () => {
    const good = await member(greetAndEcho('good'));
    const started = await engine({
      members: [{ port: await deadPort() }, { port: good.port }],
      pool: { passive: { maxFails: 1, failTimeoutMs: 60_000 } },
    });
    for (let turn = 0; turn < 4; turn++) expect(await greeting(started.port('raw'))).toBe('good');
    const stats = await started.stats();
    expect(countsOf(stats).errors).toEqual({ 'connect-error': 1 });
    expect(stats.pools[0]?.retries).toBe(1);
  });

  it('closes its client where no member is left, and says why', async () => {
    const started = await engine({ members: [{ port: await deadPort() }] });
    const client = openClient(started.port('raw'));
    await client.ending;
    expect(client.received()).toHaveLength(0);
    expect(countsOf(await started.stats()).drops).toEqual({ 'member-failure': 1 });
    const empty = await engine({ members: [{ port: 1, adminState: 'disabled' }] });
    await openClient(empty.port('raw')).ending;
    expect(countsOf(await empty.stats()).drops).toEqual({ 'no-member': 1 });
  });

  it('queues whom a full member cannot take, until there is room or the time is over', async () => {
    const only = await member(greetAndEcho('only'));
    const started = await engine({
      members: [{ port: only.port, maxConnections: 1 }],
      pool: { queue: { limit: 1, timeoutMs: 60_000 } },
    });
    const first = openClient(started.port('raw'));
    await first.until('only');
    const second = openClient(started.port('raw'));
    second.socket.write('early');
    await eventually('one waits', async () => (await started.stats()).pools[0]?.queuedRequests === 1);
    await openClient(started.port('raw')).ending;
    expect(only.count()).toBe(1);
    first.socket.end();
    await second.until('early');
    expect(second.received().toString()).toBe('only\nearly');
    expect(countsOf(await started.stats()).drops).toEqual({ 'queue-full': 1 });
    const impatient = configOf({
      members: [{ port: only.port, maxConnections: 1 }],
      pool: { queue: { limit: 1, timeoutMs: 50 } },
    });
    started.write(impatient);
    await started.reload();
    await openClient(started.port('raw')).ending;
    expect(countsOf(await started.stats()).drops).toEqual({ 'queue-full': 1, 'queue-timeout': 1 });
  });

  it('holds a client on its member by source-ip', async () => {
    const members = [await member(greetAndEcho('a')), await member(greetAndEcho('b'))];
    const started = await engine({
      members: members.map(({ port }) => ({ port })),
      pool: { persistence: { method: 'source-ip' } },
    });
    const order = [];
    for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.2', '127.0.0.2', '127.0.0.3']) {
      order.push(await greeting(started.port('raw'), from));
    }
    expect(order).toEqual(['a', 'b', 'a', 'a', 'b']);
  });

  it('ends a connection whose member says nothing for idleTimeoutMs, not one that says a byte now and then', async () => {
    const timers: NodeJS.Timeout[] = [];
    const hung = await member(() => undefined);
    const slow = await member((socket) => {
      let sent = 0;
      timers.push(
        setInterval(() => {
          socket.write('.');
          if (++sent === 12) socket.end();
        }, 100),
      );
    });
    const started = await engine({
      members: [{ port: hung.port }, { port: slow.port }],
      server: { tcp: { idleTimeoutMs: 700 } },
    });
    const first = openClient(started.port('raw'));
    first.socket.write('anybody?');
    const second = openClient(started.port('raw'));
    expect(await first.ending).toBe('reset');
    expect(await second.ending).toBe('end');
    for (const timer of timers) clearInterval(timer);
    expect(second.received()).toHaveLength(12);
    second.socket.end();
    expect(countsOf(await started.stats()).errors).toEqual({ 'response-timeout': 1 });
    await eventually('nothing is left', () => isIdle(started));
  });

  it('takes no more connections than connectionLimit', async () => {
    const only = await member(greetAndEcho('only'));
    const started = await engine({ members: [{ port: only.port }], server: { connectionLimit: 1 } });
    const first = openClient(started.port('raw'));
    await first.until('only');
    await openClient(started.port('raw')).ending;
    first.socket.end();
    await first.ending;
    await eventually('there is room', () => isIdle(started));
    expect(await greeting(started.port('raw'))).toBe('only');
  });

  it('sends no faster than bandwidth allows, and every byte', async () => {
    const sent = randomBytes(400_000);
    const fast = await member((socket) => {
      socket.end(sent);
    });
    const started = await engine({
      members: [{ port: fast.port }],
      server: { bandwidth: { perConnectionBytesPerSecond: 200_000 } },
    });
    const startedAt = performance.now();
    const client = openClient(started.port('raw'));
    expect(await client.ending).toBe('end');
    // A quarter of a second's bytes may come at once: the rest takes its time.
    expect(performance.now() - startedAt).toBeGreaterThan(1500);
    expect(sha(client.received())).toBe(sha(sent));
    client.socket.end();
    await eventually('the connection is gone', () => isIdle(started));
  });

  it('drops nothing by a reload that takes its member away', async () => {
    const members = [await member(greetAndEcho('a')), await member(greetAndEcho('b'))];
    const started = await engine({ members: [{ name: 'a', port: members[0]?.port ?? 0 }] });
    const kept = openClient(started.port('raw'));
    await kept.until('a\n');
    started.write(configOf({ members: [{ name: 'b', port: members[1]?.port ?? 0 }] }));
    await started.reload();
    expect(await greeting(started.port('raw'))).toBe('b');
    kept.socket.write('still here?');
    await kept.until('still here?');
  });
});

describe('a member that the checks find down', () => {
  async function withMode(onMemberDown: 'finish' | 'reset', speak: (socket: Parameters<TcpSpeaker>[0]) => void) {
    const health = await startBackend({ name: 'health' });
    const talker = await member(speak);
    open.push(health);
    const started = await engine({
      members: [{ port: talker.port }],
      pool: { onMemberDown, monitors: ['m'] },
      monitors: [{ name: 'm', type: 'http', port: health.port, intervalMs: 20, timeoutMs: 2000, fall: 1, rise: 1 }],
    });
    const client = openClient(started.port('raw'));
    await client.until('hi');
    await health.setFault('5xx');
    await eventually('the member is down', async () => (await started.stats()).pools[0]?.health === 'down');
    return client;
  }

  it('has its connections cut with onMemberDown: reset', async () => {
    expect(await (await withMode('reset', greetAndEcho('hi'))).ending).toBe('reset');
  });

  it('has them finish with onMemberDown: finish', async () => {
    const client = await withMode('finish', greetAndEcho('hi'));
    client.socket.end('goodbye');
    expect(await client.ending).toBe('end');
    expect(client.received().toString()).toBe('hi\ngoodbye');
  });

  it('loses an HTTP request that it has not answered to another with onMemberDown: reselect', async () => {
    const health = await startBackend({ name: 'health' });
    const hung = await member(() => undefined);
    const good = await startBackend({ name: 'good' });
    open.push(health, good);
    const started = await engine({
      server: { protocol: 'http' },
      members: [{ port: hung.port, monitors: ['m'] }, { port: good.port }],
      pool: { onMemberDown: 'reselect' },
      monitors: [{ name: 'm', type: 'http', port: health.port, intervalMs: 20, timeoutMs: 2000, fall: 1, rise: 1 }],
    });
    const client = openClient(started.port('raw'));
    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually('the request is at the member', () => hung.count() === 1);
    await health.setFault('5xx');
    await client.until('HTTP/1.1 200');
    client.socket.destroy();
  });
});

type TcpSpeaker = Parameters<typeof startTcpMember>[0];
