import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './need.ts';
import { eventually } from './tcp.ts';
import { openUdpPeer } from './udp.ts';
import { resolve } from '../../src-main/engine/discovery/query.ts';

/** A real name server with records that a test writes. */
export interface NameServer {
  /** `127.0.0.1:port`, as `resolver.servers` wants it. */
  readonly address: string;
  /** Lines of dnsmasq.conf in place of those before: `host-record=NAME,ADDRESS,...`, `srv-host=NAME,TARGET,PORT,PRIORITY,WEIGHT`. */
  readonly write: (lines: readonly string[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** dnsmasq alone on a free port: it answers what it is told, knows nothing else, and lets all of it hold for one second. */
export async function startNameServer(lines: readonly string[]): Promise<NameServer> {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-dns-'));
  const file = join(directory, 'dnsmasq.conf');
  const probe = await openUdpPeer();
  const { port } = probe;
  await probe.close();
  let child: ChildProcess | undefined;
  async function end(): Promise<void> {
    if (child === undefined) return;
    const ended = new Promise((done) => child?.on('exit', done));
    child.kill('SIGKILL');
    await ended;
    child = undefined;
  }
  async function start(records: readonly string[]): Promise<void> {
    const own = ['no-resolv', 'no-hosts', 'no-daemon', 'bind-interfaces', 'listen-address=127.0.0.1', `port=${port}`];
    const more = ['local=/test/', 'local-ttl=1', 'host-record=is.up.test,127.0.0.1', 'user=', 'pid-file='];
    writeFileSync(file, [...own, ...more, ...records, ''].join('\n'));
    child = spawn(findProgram('dnsmasq') ?? 'dnsmasq', ['-C', file], { stdio: 'ignore' });
    const server = { servers: [{ host: '127.0.0.1', port }], timeoutMs: 500 };
    await eventually('dnsmasq answers', () =>
      resolve(server, 'is.up.test', 'A', new AbortController().signal).then(
        ({ records: found }) => found.length === 1,
        () => false,
      ),
    );
  }
  await start(lines);
  return {
    address: `127.0.0.1:${port}`,
    write: async (records) => {
      await end();
      await start(records);
    },
    stop: async () => {
      await end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
