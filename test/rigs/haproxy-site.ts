import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Accounts, makeAccountsIfRoot } from './accounts.ts';
import { type Backends, startBackends } from './backends.ts';
import { type Haproxy, type HaproxyShape, startHaproxy } from './haproxy.ts';
import { openRelay, type Relay } from './relay.ts';
import { mountDisk, type SmallDisk } from './small-disk.ts';
import { type Sshd, startSshd } from './sshd.ts';

export interface SiteOptions {
  readonly shape?: HaproxyShape;
  /** Lines of `backend app` before its servers; default `balance roundrobin`. */
  readonly pool?: readonly string[];
  /** Words after `server NAME 127.0.0.1:PORT`; default `weight 1`. */
  readonly serverWords?: string;
  readonly members?: number;
  /** Sections after `backend app`. */
  readonly more?: string;
  /** What holds the revert on the host; default `detached`, as other tests may run an atd meanwhile. */
  readonly hold?: string;
  /** Who logs in: the recipes' accounts, root never. Default `pusher`; needs root to make them, else it is who runs the test. */
  readonly account?: 'reader' | 'pusher';
  /** Another HAProxy than the one of this machine. */
  readonly program?: string;
  /** Further lines of sshd_config. */
  readonly sshd?: readonly string[];
  /** Configuration and data directory are small file systems of their own, which can be filled (needs root). */
  readonly hasSmallDisks?: boolean;
}

/** A whole small site on loopback: counting back ends, a real HAProxy before them, a real sshd, and a link to it that can be cut. */
export interface Site {
  readonly backends: Backends;
  readonly haproxy: Haproxy;
  readonly sshd: Sshd;
  readonly accounts: Accounts | undefined;
  readonly relay: Relay;
  /** The address of the device, by the relay, as `devices add` takes it. */
  readonly address: string;
  /** A data directory for consoles; the host key is known there. */
  readonly dataDir: string;
  /** The data directory's own file system, where asked for. */
  readonly dataDisk: SmallDisk | undefined;
  /** SHA-256 of the live configuration file. */
  readonly configHash: () => string;
  /** Weight by server name, from HAProxy's own words. */
  readonly weights: () => Promise<Readonly<Record<string, number>>>;
  readonly close: () => Promise<void>;
}

export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const backends = await startBackends(options.members ?? 2);
  const servers = backends.names.map((name, index) => {
    const words = options.serverWords ?? 'weight 1';
    return `    server ${name} 127.0.0.1:${String(backends.ports[index])} ${words}`;
  });
  const head = (options.pool ?? ['balance roundrobin']).map((line) => `    ${line}`);
  const sections = ['backend app', ...head, ...servers, options.more ?? '', ''].join('\n');
  const accounts = makeAccountsIfRoot();
  const haproxy = await startHaproxy({
    accounts,
    shape: options.shape ?? 'master-cli',
    sections,
    ...(options.program !== undefined && { program: options.program }),
    ...(options.hasSmallDisks === true ? { diskKibibytes: 512 } : {}),
  });
  const sshd = await startSshd({ accounts, config: options.sshd ?? [] });
  const relay = await openRelay({ host: sshd.host, port: sshd.port });
  const dataDir = mkdtempSync(join(tmpdir(), 'steelyard-data-'));
  const dataDisk = options.hasSmallDisks === true ? mountDisk(dataDir, 16_384, 0o700) : undefined;
  const hostKey = sshd.hostKey('ed25519');
  writeFileSync(join(dataDir, 'known_hosts'), `[${relay.host}]:${String(relay.port)} ${hostKey}\n`, { mode: 0o600 });
  const query = new URLSearchParams({ config: haproxy.configFile, key: sshd.keyFile });
  const isReader = options.account === 'reader';
  query.set('socket', isReader ? join(haproxy.directory, 'read.sock') : haproxy.socket);
  query.set('hold', options.hold ?? 'detached');
  const user = (isReader ? accounts?.reader : accounts?.pusher) ?? sshd.user;
  return {
    accounts,
    backends,
    haproxy,
    sshd,
    relay,
    address: `haproxy+ssh://${user}@${relay.host}:${String(relay.port)}?${query.toString()}`,
    dataDir,
    dataDisk,
    configHash: () => createHash('sha256').update(haproxy.readConfig()).digest('hex'),
    weights: async () => readWeights(await haproxy.ask('show stat')),
    close: async () => {
      await relay.close();
      await sshd.close();
      await haproxy.close();
      await backends.close();
      accounts?.close();
      dataDisk?.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function readWeights(csv: string): Record<string, number> {
  const [head = '', ...rows] = csv.trim().replace(/^# /, '').split('\n');
  const columns = head.split(',');
  function at(name: string): number {
    return columns.indexOf(name);
  }
  return Object.fromEntries(
    rows
      .map((row) => row.split(','))
      .filter((row) => row[at('pxname')] === 'app' && row[at('svname')] !== 'BACKEND')
      .map((row) => [row[at('svname')] ?? '', Number(row[at('weight')])]),
  );
}
