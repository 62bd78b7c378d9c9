import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../rigs/need.ts';
import {
  backendConfig,
  caddyConfig,
  engineConfig,
  haproxyConfig,
  hasStream,
  nginxConfig,
  type Protocol,
  type Site,
} from './configurations.ts';
import type { Target } from './loads.ts';
import { freePort } from '../../rigs/free-port.ts';
import { startPinned, untilListening, type Pinned } from './processes.ts';
import type { ProxyName } from './rows.ts';
import { wrkScript } from './wrk-script.ts';

/** Proxies run on core 0, load and back ends on core 1. */
export const proxyCores = '0';
export const loadCores = '1';

/** The back ends and every proxy that was asked for, each started once. */
export class Fleet {
  readonly directory = mkdtempSync(join(tmpdir(), 'steelyard-bench-'));
  readonly #running: Pinned[] = [];
  readonly #proxies = new Map<string, Target>();
  #backends: readonly number[] = [];

  async start(): Promise<void> {
    chmodSync(this.directory, 0o755); // a worker of nginx started by root runs as nobody
    mkdirSync(join(this.directory, 'www'));
    writeFileSync(join(this.directory, 'www', '64k'), randomBytes(65_536));
    writeFileSync(join(this.directory, 'www', '10m'), randomBytes(10_485_760));
    for (const kind of ['small', 'browser', 'close'] as const) this.#file(`${kind}.lua`, wrkScript(kind));
    this.#makeCertificate();
    this.#backends = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const text = backendConfig(this.directory, this.#backends);
    const backend = startPinned(loadCores, program('nginx'), ['-c', this.#file('backend.conf', text)]);
    this.#running.push(backend);
    for (const port of this.#backends) await untilListening(port, backend);
  }

  /** `isFresh`: one that has carried nothing yet, for memory. Throws why it cannot be measured: it is not installed, or does not speak the protocol. */
  async proxy(name: ProxyName, protocol: Protocol, isFresh = false): Promise<Target> {
    const key = `${name}-${protocol}`;
    const known = isFresh ? undefined : this.#proxies.get(key);
    if (known !== undefined) return known;
    const site = { directory: this.directory, port: await freePort(), backends: this.#backends, protocol };
    const started = this.#launch(name, site);
    this.#running.push(started);
    await untilListening(site.port, started);
    const target = { port: site.port, pid: started.pid, protocol };
    this.#proxies.set(key, target);
    return target;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((each) => each.stop()));
    rmSync(this.directory, { recursive: true, force: true });
  }

  #launch(name: ProxyName, site: Site): Pinned {
    const stem = `${name}-${site.port}`;
    switch (name) {
      case 'haproxy':
      case 'haproxy-256k': {
        const text = haproxyConfig(site, name === 'haproxy' ? 16_384 : 262_144);
        return startPinned(proxyCores, program('haproxy'), ['-db', '-f', this.#file(`${stem}.cfg`, text)]);
      }
      case 'nginx':
        if (site.protocol === 'tcp' && !hasStream()) throw new Error('its stream module is not installed');
        return startPinned(proxyCores, program('nginx'), ['-c', this.#file(`${stem}.conf`, nginxConfig(site))]);
      case 'caddy': {
        const file = this.#file(`${stem}.caddy`, caddyConfig(site));
        const env = { GOMAXPROCS: '1', XDG_DATA_HOME: this.directory, XDG_CONFIG_HOME: this.directory };
        return startPinned(proxyCores, program('caddy'), ['run', '--config', file, '--adapter', 'caddyfile'], env);
      }
      case 'http-proxy-3':
      case 'fast-proxy':
      case 'undici': {
        const script = join(import.meta.dirname, '../../../scripts/bench-peer.mjs');
        const words = [script, name, String(site.port), site.backends.join(','), installPeers()];
        return startPinned(proxyCores, process.execPath, words);
      }
      case 'engine':
      case 'engine-2-workers': {
        const file = this.#file(`${stem}.json`, JSON.stringify(engineConfig(site)));
        const entry = join(import.meta.dirname, '../../../src-main/engine/engine.entry.ts');
        return startPinned(proxyCores, process.execPath, [entry, file, name === 'engine' ? '1' : '2', 'bench']);
      }
    }
  }

  #file(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  #makeCertificate(): void {
    const [key, cert] = [join(this.directory, 'key.pem'), join(this.directory, 'cert.pem')];
    const words =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1';
    execFileSync(program('openssl'), [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const both = execFileSync('cat', [cert, key]);
    writeFileSync(join(this.directory, 'both.pem'), both);
    chmodSync(key, 0o644); // of this run alone; caddy and nginx may run as somebody else
  }
}

function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error('it is not installed');
  return path;
}

/**
 * The Node proxies are put into a folder of their own: fast-proxy asks for an undici with known advisories, which must not
 * be in our lock file, and nobody who runs the tests needs any of them.
 */
function installPeers(): string {
  const folder = join(import.meta.dirname, '../../../node_modules/.cache/steelyard-bench');
  const wanted = { 'http-proxy-3': '2.0.1', 'fast-proxy': '2.2.0', undici: '8.13.1' };
  if (Object.keys(wanted).every((name) => existsSync(join(folder, 'node_modules', name)))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: wanted }));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return folder;
}
