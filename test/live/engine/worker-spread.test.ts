import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { answering, startRawMember, type RawMember } from '../../rigs/raw-http.ts';

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

async function open(
  server: Partial<EngineVirtualServer>,
): Promise<{ readonly engine: TestEngine; readonly port: number }> {
  member = await startRawMember(answering('ok'));
  engine = await openEngine(
    {
      version: 1,
      virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', ...server }],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: member.port }] }],
    },
    2,
  );
  return { engine, port: engine.port('web') };
}

/** A client that has been answered and stays. */
function stay(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const client = connect(port, '127.0.0.1', () => client.write(request));
    clients.push(client);
    client.on('error', reject).on('data', () => {
      resolve(client);
    });
  });
}

/** Inode of the engine's end of each connection, by the client's port: /proc/net/tcp, see proc(5). */
function inodes(serverPort: number): ReadonlyMap<number, string> {
  const rows = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  return new Map(
    rows.flatMap((row): [number, string][] => {
      const [, local = '', remote = '', , , , , , , inode = ''] = row.trim().split(/\s+/);
      return portOf(local) === serverPort ? [[portOf(remote), `socket:[${inode}]`]] : [];
    }),
  );
}

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.indexOf(':') + 1), 16);
}

function socketsOf(pid: number): ReadonlySet<string> {
  return new Set(
    readdirSync(`/proc/${pid}/fd`).map((name) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${name}`);
      } catch {
        return ''; // closed meanwhile
      }
    }),
  );
}

describe.skipIf(!existsSync('/proc/self/fd'))('of few connections that stay', () => {
  it('new ones go to the worker that has fewer', async () => {
    const { engine: running, port } = await open({ protocol: 'tcp' });
    const [, second = 0] = running.ready.workers;
    function ofSecond(list: readonly Socket[]): Socket[] {
      const [known, own] = [inodes(port), socketsOf(second)];
      return list.filter(({ localPort = 0 }) => own.has(known.get(localPort) ?? ''));
    }
    const first: Socket[] = [];
    for (let turn = 0; turn < 40; turn++) first.push(await stay(port));
    const left = ofSecond(first);
    for (const client of left) client.destroy();
    async function current(): Promise<number | undefined> {
      return (await running.stats()).virtualServers[0]?.currentConnections;
    }
    await expect.poll(current, { timeout: 20_000 }).toBe(40 - left.length);
    // The workers tell each other every 50 ms how many they have.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const next: Socket[] = [];
    while (next.length < left.length) next.push(await stay(port));
    // The kernel alone would give it half.
    expect(ofSecond(next).length).toBeGreaterThan(0.75 * next.length);
    expect(left.length).toBeGreaterThan(10);
  });

  it('those that are handed over lose nothing of what they said at once, and count where they are', async () => {
    const { engine: running, port } = await open({});
    await Promise.all(Array.from({ length: 16 }, () => stay(port)));
    const [server] = (await running.stats()).virtualServers;
    expect([server?.requests, server?.totalConnections, server?.currentConnections]).toEqual([16, 16, 16]);
  });
});
