import { afterEach, describe, expect, it } from 'vitest';
import type { EngineConfig, EngineMember } from '../../../src-main/contract/engine-config.ts';
import { resolve } from '../../../src-main/engine/discovery/query.ts';
import { startNameServer, type NameServer } from '../../rigs/dnsmasq.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { isMissing } from '../../rigs/need.ts';
import { eventually, greetAndEcho, openClient, startTcpMember } from '../../rigs/tcp.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** Members on 127.0.0.1, .2, .3 that share one port, as machines behind one name do. */
async function members(addresses: readonly string[]): Promise<number> {
  for (let tries = 0; ; tries++) {
    const started = [await startTcpMember(greetAndEcho(addresses[0] ?? ''), addresses[0])];
    const port = started[0]?.port ?? 0;
    try {
      for (const address of addresses.slice(1)) {
        started.push(await startTcpMember(greetAndEcho(address), address, port));
      }
      open.push(...started);
      return port;
    } catch (error) {
      for (const each of started) await each.close();
      if (tries > 20) throw error;
    }
  }
}

async function nameServer(lines: readonly string[]): Promise<NameServer> {
  const server = await startNameServer(lines);
  open.push({ close: () => server.stop() });
  return server;
}

async function engine(server: NameServer, member: EngineMember, more: Partial<EngineConfig> = {}): Promise<TestEngine> {
  const started = await openEngine({
    version: 1,
    resolver: { servers: [server.address], timeoutMs: 500 },
    virtualServers: [{ name: 'raw', listen: ['127.0.0.1:0'], protocol: 'tcp', pool: 'p' }],
    pools: [{ name: 'p', members: [member] }],
    ...more,
  });
  open.push({ close: () => started.stop() });
  return started;
}

/** Who greets so many clients, one after another. */
async function greetings(started: TestEngine, count: number): Promise<string[]> {
  const said = [];
  for (let turn = 0; turn < count; turn++) {
    const client = openClient(started.port('raw'));
    await client.until('\n');
    said.push(client.received().toString().trim());
    client.socket.end();
    await client.ending;
  }
  return said;
}

async function names(started: TestEngine): Promise<string[]> {
  return (await started.stats()).pools[0]?.members.map((each) => each.name) ?? [];
}

describe.skipIf(isMissing('dnsmasq'))('members from a real name server', () => {
  it('are there at the start, come and go with its answers, and a connection to one that went goes on', async () => {
    const port = await members(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
    const server = await nameServer(['host-record=app.test,127.0.0.1', 'host-record=app.test,127.0.0.2']);
    const started = await engine(server, { name: 'app', address: 'app.test', port, discover: 'a' });
    expect(await names(started)).toEqual([`app@127.0.0.1:${port}`, `app@127.0.0.2:${port}`]);
    expect(await greetings(started, 4)).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2']);
    const kept = openClient(started.port('raw'));
    await kept.until('127.0.0.1\n');
    await server.write(['host-record=app.test,127.0.0.2', 'host-record=app.test,127.0.0.3']);
    await eventually('the members are the new ones', async () => {
      return (await names(started)).join() === `app@127.0.0.2:${port},app@127.0.0.3:${port}`;
    });
    expect(new Set(await greetings(started, 4))).toEqual(new Set(['127.0.0.2', '127.0.0.3']));
    kept.socket.write('still here?');
    await kept.until('still here?');
    kept.socket.destroy();
  });

  it('take port, weight and priority from SRV', async () => {
    const ports = [await members(['127.0.0.1']), await members(['127.0.0.1']), await members(['127.0.0.1'])];
    const server = await nameServer([
      'host-record=one.test,127.0.0.1',
      `srv-host=_raw._tcp.app.test,one.test,${ports[0] ?? 0},10,30000`,
      `srv-host=_raw._tcp.app.test,one.test,${ports[1] ?? 0},10,10000`,
      `srv-host=_raw._tcp.app.test,one.test,${ports[2] ?? 0},20,1`,
    ]);
    const started = await engine(server, { name: 'app', address: '_raw._tcp.app.test', discover: 'srv' });
    const [pool] = (await started.stats()).pools;
    const weights = new Map(pool?.members.map((each) => [each.port, each.weight]));
    expect(ports.map((port) => weights.get(port))).toEqual([256, 85, 1]);
    await greetings(started, 8);
    const counts = new Map((await started.stats()).pools[0]?.members.map((each) => [each.port, each.requests]));
    expect(ports.map((port) => counts.get(port))).toEqual([6, 2, 0]);
  });

  it('have the state of the node that they stand on', async () => {
    const port = await members(['127.0.0.1', '127.0.0.2']);
    const server = await nameServer(['host-record=app.test,127.0.0.1', 'host-record=app.test,127.0.0.2']);
    const entry = { name: 'app', address: 'app.test', port, discover: 'a' } as const;
    const nodes = [{ name: 'n', address: '127.0.0.1', adminState: 'disabled' as const }];
    const started = await engine(server, entry, { nodes });
    expect(await greetings(started, 3)).toEqual(['127.0.0.2', '127.0.0.2', '127.0.0.2']);
  });

  it('stay while the name server is silent, or forgets the name', async () => {
    const port = await members(['127.0.0.1']);
    const server = await nameServer(['host-record=app.test,127.0.0.1']);
    const started = await engine(server, { name: 'app', address: 'app.test', port, discover: 'a' });
    await server.write([]);
    await eventually('the failure is told', () =>
      started.events.some((each) => each['event'] === 'discovery' && String(each['problem']).includes('no A or AAAA')),
    );
    expect(await greetings(started, 1)).toEqual(['127.0.0.1']);
    await server.stop();
    expect(await greetings(started, 1)).toEqual(['127.0.0.1']);
  });

  it('are found later where the name is not known at the start', async () => {
    const port = await members(['127.0.0.1']);
    const server = await nameServer([]);
    const started = await engine(server, { name: 'app', address: 'app.test', port, discover: 'a' });
    expect(await names(started)).toEqual([]);
    await server.write(['host-record=app.test,127.0.0.1', 'host-record=app.test,::1']);
    await eventually('they are there', async () => (await names(started)).length === 2);
    expect(await names(started)).toEqual([`app@127.0.0.1:${port}`, `app@[::1]:${port}`]);
  });

  it('come over TCP where an answer is too long for a datagram, and through an alias', async () => {
    const many = Array.from({ length: 120 }, (_, index) => `host-record=many.test,127.1.0.${index + 1}`);
    const server = await nameServer([...many, 'cname=alias.test,many.test']);
    const [host = '', port = ''] = server.address.split(':');
    const servers = { servers: [{ host, port: Number(port) }], timeoutMs: 2000 };
    const { records } = await resolve(servers, 'alias.test', 'A', new AbortController().signal);
    expect(records).toHaveLength(120);
    expect(records[0]).toMatchObject({ ttlS: 1, port: 0 });
  });
});
