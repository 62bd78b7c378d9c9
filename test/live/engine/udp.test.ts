import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EnginePool, EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { eventually } from '../../rigs/tcp.ts';
import { openUdpPeer, type UdpPeer } from '../../rigs/udp.ts';
import { freePort } from '../../rigs/free-port.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function peer(...of: Parameters<typeof openUdpPeer>): Promise<UdpPeer> {
  const opened = await openUdpPeer(...of);
  open.push(opened);
  return opened;
}

/** A member that answers `name:text`. */
function namedMember(name: string, address = '127.0.0.1'): Promise<UdpPeer> {
  return peer(address, (text) => `${name}:${text}`);
}

interface Options {
  readonly pool?: Partial<EnginePool>;
  readonly server?: Partial<EngineVirtualServer>;
  readonly workers?: number;
  readonly address?: string;
}

function configOf(ports: readonly number[], { pool, server, address = '127.0.0.1' }: Options) {
  return {
    version: 1 as const,
    virtualServers: [{ name: 'u', listen: ['127.0.0.1:0'], protocol: 'udp' as const, pool: 'p', ...server }],
    pools: [{ name: 'p', members: ports.map((port, at) => ({ name: `m${at}`, address, port })), ...pool }],
  };
}

async function engine(ports: readonly number[], options: Options = {}): Promise<TestEngine> {
  const started = await openEngine(configOf(ports, options), options.workers ?? 1);
  open.push({ close: () => started.stop() });
  return started;
}

/** Sends from a client and waits for the answer. */
async function ask(client: UdpPeer, port: number, text: string, address = '127.0.0.1'): Promise<string> {
  const before = client.heard.length;
  client.socket.send(text, port, address);
  await eventually(`an answer to ${text}`, () => client.heard.length > before);
  return client.heard.at(-1)?.text ?? '';
}

describe('a udp virtual server', () => {
  it('keeps each client on one member, spreads clients by the algorithm, answers from its own address, counts bytes', async () => {
    const members = [await namedMember('a'), await namedMember('b')];
    const started = await engine(members.map(({ port }) => port));
    const port = started.port('u');
    const clients = [await peer(), await peer(), await peer()];
    const order = [];
    for (const turn of ['1', '2']) for (const client of clients) order.push(await ask(client, port, turn));
    expect(order).toEqual(['a:1', 'b:1', 'a:1', 'a:2', 'b:2', 'a:2']);
    for (const { heard } of clients) expect(heard.map(({ from }) => from)).toEqual(Array(2).fill(`127.0.0.1:${port}`));
    const stats = await started.stats();
    expect(stats.pools[0]?.members.map((each) => [each.totalConnections, each.bytesIn, each.bytesOut])).toEqual([
      [2, 4, 12],
      [1, 2, 6],
    ]);
    expect(stats.virtualServers[0]).toMatchObject({
      currentConnections: 3,
      totalConnections: 3,
      bytesIn: 6,
      bytesOut: 18,
    });
  });

  it('passes over a member on whose port nothing listens, with the datagram that it never read', async () => {
    const gone = await peer();
    const deadPort = gone.port;
    await gone.close();
    const good = await namedMember('good');
    const started = await engine([deadPort, good.port], { pool: { passive: { maxFails: 1, failTimeoutMs: 60_000 } } });
    for (let turn = 0; turn < 3; turn++) expect(await ask(await peer(), started.port('u'), 'x')).toBe('good:x');
    const [stats] = (await started.stats()).pools;
    expect(stats?.members[0]?.errors['connect-error']).toBe(1);
    expect(stats?.retries).toBe(1);
  });

  it('moves a client whose member stops listening in the middle', async () => {
    const members = [await namedMember('a'), await namedMember('b')];
    const started = await engine(members.map(({ port }) => port));
    const client = await peer();
    expect(await ask(client, started.port('u'), '1')).toBe('a:1');
    await members[0]?.close();
    expect(await ask(client, started.port('u'), '2')).toBe('b:2');
    expect(await ask(client, started.port('u'), '3')).toBe('b:3');
  });

  it('forgets a session after idleTimeoutMs, and one whose answers have all come', async () => {
    const silent = await peer();
    const started = await engine([silent.port], { server: { udp: { idleTimeoutMs: 150 } } });
    const client = await peer();
    client.socket.send('hello?', started.port('u'), '127.0.0.1');
    await eventually('it arrived', () => silent.heard.length === 1);
    await eventually('it is forgotten', async () => (await started.stats()).pools[0]?.currentConnections === 0);
    expect((await started.stats()).pools[0]?.members[0]?.errors['response-timeout']).toBe(0);
    const quick = await namedMember('q');
    started.write(configOf([quick.port], { server: { udp: { responses: 1, idleTimeoutMs: 60_000 } } }));
    await started.reload();
    expect(await ask(client, started.port('u'), 'x')).toBe('q:x');
    await eventually('it is over', async () => (await started.stats()).virtualServers[0]?.currentConnections === 0);
  });

  it('counts an answer that is owed and does not come as the failure of its member', async () => {
    const silent = await peer();
    const started = await engine([silent.port], { server: { udp: { idleTimeoutMs: 150, responses: 1 } } });
    (await peer()).socket.send('hello?', started.port('u'), '127.0.0.1');
    await eventually('it is counted', async () => {
      const [pool] = (await started.stats()).pools;
      return pool?.members[0]?.errors['response-timeout'] === 1;
    });
  });

  it('holds no more sessions than maxSessions', async () => {
    const member = await namedMember('a');
    const started = await engine([member.port], { server: { udp: { maxSessions: 2 } } });
    const clients = [await peer(), await peer(), await peer()];
    for (const client of clients.slice(0, 2)) await ask(client, started.port('u'), 'x');
    clients[2]?.socket.send('x', started.port('u'), '127.0.0.1');
    await eventually('it is counted', async () => {
      return (await started.stats()).virtualServers[0]?.drops['connection-limit'] === 1;
    });
    expect(member.heard).toHaveLength(2);
  });

  it('holds a client on its member by source-ip, whatever port it comes from', async () => {
    const members = [await namedMember('a'), await namedMember('b')];
    const started = await engine(
      members.map(({ port }) => port),
      { pool: { persistence: { method: 'source-ip' } } },
    );
    const said = [];
    for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.2', '127.0.0.2']) {
      said.push(await ask(await peer(from), started.port('u'), 'x'));
    }
    expect(said).toEqual(['a:x', 'b:x', 'a:x', 'a:x']);
  });

  it('works over IPv6', async () => {
    const member = await namedMember('six', '::1');
    const started = await engine([member.port], { server: { listen: ['[::1]:0'] }, address: '::1' });
    expect(await ask(await peer('::1'), started.port('u'), 'x', '::1')).toBe('six:x');
  });

  it('keeps a client in one session with two workers', async () => {
    const members = [await namedMember('a'), await namedMember('b'), await namedMember('c')];
    const started = await engine(
      members.map(({ port }) => port),
      { workers: 2 },
    );
    for (let each = 0; each < 8; each++) {
      const client = await peer();
      const said = [];
      for (let turn = 0; turn < 4; turn++) said.push(await ask(client, started.port('u'), 'x'));
      expect(new Set(said).size).toBe(1);
    }
    expect((await started.stats()).virtualServers[0]?.totalConnections).toBe(8);
  });

  it('carries on over a reload, and may share its port with TCP', async () => {
    const members = [await namedMember('a'), await namedMember('b')];
    const shared = await freePort();
    const listen = [`127.0.0.1:${shared}`];
    const started = await engine([members[0]?.port ?? 0], { server: { listen } });
    const client = await peer();
    expect(await ask(client, shared, '1')).toBe('a:1');
    const config = configOf([members[0]?.port ?? 0, members[1]?.port ?? 0], { server: { listen } });
    started.write({
      ...config,
      virtualServers: [...config.virtualServers, { name: 't', listen, protocol: 'tcp', pool: 'p' }],
    });
    await started.reload();
    expect(await ask(client, shared, '2')).toBe('a:2');
  });

  it('answers no faster than bandwidth allows, everything and in its order', async () => {
    const member = await peer('127.0.0.1');
    member.socket.on('message', (_bytes, from) => {
      for (let each = 0; each < 5; each++) member.socket.send(String(each).repeat(10_000), from.port, from.address);
    });
    const bandwidth = { perConnectionBytesPerSecond: 40_000 };
    const started = await engine([member.port], { server: { bandwidth } });
    const client = await peer();
    const startedMs = performance.now();
    client.socket.send('x', started.port('u'), '127.0.0.1');
    await eventually('all of it', () => client.heard.length === 5);
    // 50,000 bytes less a quarter of a second's and one datagram.
    expect(performance.now() - startedMs).toBeGreaterThan(700);
    expect(client.heard.map(({ text }) => text)).toEqual(['0', '1', '2', '3', '4'].map((text) => text.repeat(10_000)));
    expect((await started.stats()).virtualServers[0]).toMatchObject({ bytesOut: 50_000, drops: { bandwidth: 0 } });
  });

  it('writes a line of each session to the access log, why it ended too', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'steelyard-log-'));
    const file = join(directory, 'access.log');
    const [member, gone] = [await namedMember('a'), await peer()];
    await gone.close();
    const config = configOf([gone.port, member.port], { server: { udp: { responses: 2 } } });
    const dead = {
      ...config.virtualServers[0],
      name: 'dead',
      listen: ['127.0.0.1:0'],
      protocol: 'udp' as const,
      pool: 'none',
    };
    const started = await openEngine({
      ...config,
      virtualServers: [...config.virtualServers, dead],
      pools: [...config.pools, { name: 'none' }],
      log: { access: 'json', file },
    });
    open.push({ close: () => started.stop() });
    const client = await peer();
    client.socket.send('hello', started.port('u'), '127.0.0.1');
    await eventually('an answer', () => client.heard.length === 1);
    member.socket.send('more', Number(member.heard[0]?.from.split(':')[1]), '127.0.0.1');
    await eventually('the other', () => client.heard.length === 2);
    client.socket.send('x', started.port('dead'), '127.0.0.1');
    function lines(): Record<string, unknown>[] {
      const text = readFileSync(file, 'utf8').trim();
      // Each line is an object.
      return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    }
    await eventually('both are written', () => lines().length === 2);
    const common = { client: '127.0.0.1', clientPort: client.port, protocol: 'udp' };
    expect(lines().find((line) => line['virtualServer'] === 'u')).toMatchObject({
      ...common,
      pool: 'p',
      member: 'm1',
      bytesIn: 5,
      bytesOut: 11,
      retries: 1,
      cause: 'complete',
      responseMs: expect.any(Number) as number,
    });
    const refused = lines().find((line) => line['virtualServer'] === 'dead');
    expect(refused).toMatchObject({ ...common, bytesIn: 1, bytesOut: 0, cause: 'no-member' });
    expect(Object.keys(refused ?? {})).not.toContain('status');
    rmSync(directory, { recursive: true, force: true });
  });
});
