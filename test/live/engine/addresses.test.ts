import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { EngineMember, EnginePool, EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { eventually, greetAndEcho, openClient, startTcpMember, type TcpMember } from '../../rigs/tcp.ts';
import { openUdpPeer } from '../../rigs/udp.ts';

const directory = mkdtempSync(join(tmpdir(), 'steelyard-addresses-'));
const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Says what it hears, as an HTTP response whose body is the request's head, and who it came from. */
async function member(host: string): Promise<TcpMember & { readonly from: string[] }> {
  const from: string[] = [];
  const started = await startTcpMember((socket) => {
    from.push(socket.remoteAddress ?? '');
    socket.on('data', (bytes: Buffer) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`);
      socket.write(bytes);
    });
  }, host);
  open.push(started);
  return Object.assign(started, { from });
}

async function engine(
  server: Partial<EngineVirtualServer>,
  of: EngineMember,
  pool: Partial<EnginePool> = {},
): Promise<TestEngine> {
  const started = await openEngine({
    version: 1,
    virtualServers: [{ name: 'v', listen: ['127.0.0.1:0'], pool: 'p', ...server }],
    pools: [{ name: 'p', members: [of], ...pool }],
    monitors: [
      { name: 'h', type: 'http', intervalMs: 20, rise: 1 },
      { name: 't', type: 'tcp', intervalMs: 20, rise: 1 },
    ],
  });
  open.push({ close: () => started.stop() });
  return started;
}

function get(at: { host: string; port: number } | { socketPath: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...at, path: '/', agent: false, headers: { Host: 'x' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        resolve(text);
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('a Unix socket', () => {
  it('listens for HTTP and leads to a member on another', async () => {
    const path = join(directory, 'member.sock');
    await member(path);
    const listen = join(directory, 'listen.sock');
    const started = await engine({ listen: [`unix:${listen}`] }, { address: `unix:${path}` }, { monitors: ['h', 't'] });
    expect(await get({ socketPath: listen })).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
    await eventually('it is checked there', async () => (await started.stats()).pools[0]?.health === 'up');
  });

  it('listens for TCP and leads to a member on another, whose client is UNKNOWN to the PROXY protocol', async () => {
    const path = join(directory, 'tcp-member.sock');
    open.push(await startTcpMember(greetAndEcho('unix'), path));
    const listen = join(directory, 'tcp-listen.sock');
    const pool = { sendProxyProtocol: 'v1' } as const;
    await engine({ listen: [`unix:${listen}`], protocol: 'tcp' }, { address: `unix:${path}` }, pool);
    const client = openClient(listen);
    client.socket.end('hello');
    expect(await client.ending).toBe('end');
    expect(client.received().toString()).toBe('unix\nPROXY UNKNOWN\r\nhello');
  });
});

describe('IPv6', () => {
  it('carries HTTP and TCP from [::1] to [::1]', async () => {
    const six = await member('::1');
    const started = await engine({ listen: ['[::1]:0'] }, { address: '::1', port: six.port });
    expect(await get({ host: '::1', port: started.port('v') })).toContain('X-Forwarded-For: ::1\r\n');
    const echo = await startTcpMember(greetAndEcho('six'), '::1');
    open.push(echo);
    const raw = await engine({ listen: ['[::1]:0'], protocol: 'tcp' }, { address: '::1', port: echo.port });
    const client = openClient(raw.port('v'), { host: '::1' });
    client.socket.end('hello');
    await client.ending;
    expect(client.received().toString()).toBe('six\nhello');
  });

  it('on [::] takes IPv4 as well, and tells such a client by its IPv4 address', async () => {
    const six = await member('::1');
    const started = await engine({ listen: ['[::]:0'] }, { address: '::1', port: six.port });
    expect(await get({ host: '127.0.0.1', port: started.port('v') })).toContain('X-Forwarded-For: 127.0.0.1\r\n');
    expect(await get({ host: '::1', port: started.port('v') })).toContain('X-Forwarded-For: ::1\r\n');
  });
});

describe('sourceAddress', () => {
  it('is where members see HTTP, TCP and UDP come from', async () => {
    const four = await member('127.0.0.1');
    const of = { address: '127.0.0.1', port: four.port };
    const pool = { sourceAddress: '127.0.0.42' };
    const web = await engine({}, of, pool);
    await get({ host: '127.0.0.1', port: web.port('v') });
    const raw = await engine({ protocol: 'tcp' }, of, pool);
    const client = openClient(raw.port('v'));
    client.socket.write('x');
    await client.until('x');
    client.socket.destroy();
    expect(four.from).toEqual(['127.0.0.42', '127.0.0.42']);
    const peer = await openUdpPeer();
    const asking = await openUdpPeer();
    open.push(peer, asking);
    const udp = await engine({ protocol: 'udp' }, { address: '127.0.0.1', port: peer.port }, pool);
    asking.socket.send('x', udp.port('v'), '127.0.0.1');
    await eventually('it arrived', () => peer.heard.length === 1);
    expect(peer.heard[0]?.from).toMatch(/^127\.0\.0\.42:/);
  });
});
