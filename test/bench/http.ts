import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../rigs/need.ts';
import { backendConfig, engineConfig, haproxyConfig, nginxConfig, wrkScript } from './peers.ts';
import { cpuMs, freePort, startPinned, type Pinned } from './processes.ts';

/**
 * The engine beside HAProxy and NGINX in one run: rounds interleaved, medians, processor time per request from the
 * scheduler's accounting. `node test/bench/http.ts [SUITE ...]`; ROUNDS and SECONDS set how long. Ratios are ours to
 * HAProxy's of the same round: under 1 is cheaper.
 */

interface Suite {
  readonly path: string;
  readonly connections: number;
  readonly script: 'small' | 'browser' | 'close';
  /** Bodies count, not requests. */
  readonly isLarge?: boolean;
}

const suites: Readonly<Record<string, Suite>> = {
  small: { path: '/1k', connections: 64, script: 'small' },
  browser: { path: '/1k', connections: 64, script: 'browser' },
  short: { path: '/1k', connections: 64, script: 'close' },
  '64k': { path: '/64k', connections: 32, script: 'small', isLarge: true },
  '10m': { path: '/10m', connections: 8, script: 'small', isLarge: true },
};

interface Figures {
  readonly requests: number;
  readonly durationUs: number;
  readonly bytes: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly errors: number;
}

interface Row extends Figures {
  readonly cpuUsPerRequest: number;
  readonly cpuSPerGib: number;
}

interface Proxy {
  readonly name: string;
  readonly port: number;
  readonly process: Pinned;
}

const run = promisify(execFile);
const rounds = Number(process.env['ROUNDS'] ?? 5);
const seconds = Number(process.env['SECONDS'] ?? 3);
const chosen = process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(suites);

if (['haproxy', 'nginx', 'wrk', 'taskset'].some((name) => findProgram(name) === undefined)) {
  process.stderr.write('haproxy, nginx, wrk and taskset are needed.\n');
  process.exitCode = 1;
} else await main();

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-bench-'));
  const running: Pinned[] = [];
  try {
    const { proxies, started } = await start(directory, running);
    running.push(...started);
    const results: Record<string, Record<string, Row[]>> = {};
    for (const name of chosen) {
      const suite = suites[name];
      if (suite === undefined) throw new Error(`no suite ${name}; there are ${Object.keys(suites).join(', ')}`);
      results[name] = await measure(directory, suite, proxies);
      process.stdout.write(renderTable(name, suite, results[name]));
    }
    mkdirSync('test-results', { recursive: true });
    writeFileSync(
      'test-results/bench-http.json',
      JSON.stringify({ at: new Date(), rounds, seconds, results }, null, 1),
    );
  } finally {
    await Promise.all(running.map((each) => each.stop()));
    rmSync(directory, { recursive: true, force: true });
  }
}

async function start(directory: string, running: Pinned[]): Promise<{ proxies: Proxy[]; started: Pinned[] }> {
  chmodSync(directory, 0o755); // a worker of nginx started by root runs as nobody
  writeFileSync(join(directory, '64k'), randomBytes(65_536));
  writeFileSync(join(directory, '10m'), randomBytes(10_485_760));
  for (const kind of ['small', 'browser', 'close'] as const)
    writeFileSync(join(directory, `${kind}.lua`), wrkScript(kind));
  const backends = [await freePort(), await freePort(), await freePort(), await freePort()];
  function file(name: string, text: string): string {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  }
  running.push(
    startPinned(1, find('nginx'), ['-c', file('backend.conf', backendConfig(directory, backends, directory))]),
  );
  for (const port of backends) await untilListening(port);
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const;
  const engine = new URL('../../src-main/engine/engine.entry.ts', import.meta.url).pathname;
  const proxies: Proxy[] = [
    ['haproxy', ports[0], 'haproxy', ['-db', '-f', file('haproxy.cfg', haproxyConfig(ports[0], backends, 16_384))]],
    [
      'haproxy-256k',
      ports[1],
      'haproxy',
      ['-db', '-f', file('haproxy-big.cfg', haproxyConfig(ports[1], backends, 262_144))],
    ],
    ['nginx', ports[2], 'nginx', ['-c', file('nginx.conf', nginxConfig(directory, ports[2], backends))]],
    [
      'engine',
      ports[3],
      process.execPath,
      [engine, file('engine.json', engineConfig(ports[3], backends)), '1', 'bench'],
    ],
  ].map(([name, port, program, args]) => ({
    name: String(name),
    port: Number(port),
    process: startPinned(0, find(String(program)), args as string[]), // the rows above
  }));
  for (const { port } of proxies) await untilListening(port);
  return { proxies, started: proxies.map((proxy) => proxy.process) };
}

function find(name: string): string {
  return name.includes('/') ? name : (findProgram(name) ?? name);
}

async function measure(directory: string, suite: Suite, all: readonly Proxy[]): Promise<Record<string, Row[]>> {
  const proxies = all.filter((proxy) => proxy.name !== 'haproxy-256k' || suite.isLarge === true);
  const rows: Record<string, Row[]> = {};
  for (let round = -1; round < rounds; round++) {
    for (const proxy of proxies) {
      const before = cpuMs(proxy.process.pid);
      const figures = await load(directory, suite, proxy.port, round < 0 ? 1 : seconds);
      const cpu = cpuMs(proxy.process.pid) - before;
      if (round < 0) continue; // warm-up
      const cpuUsPerRequest = (cpu * 1000) / figures.requests;
      const row = { ...figures, cpuUsPerRequest, cpuSPerGib: cpu / 1000 / (figures.bytes / 2 ** 30) };
      (rows[proxy.name] ??= []).push(row);
    }
  }
  return rows;
}

async function load(directory: string, suite: Suite, port: number, durationS: number): Promise<Figures> {
  const script = join(directory, `${suite.script}.lua`);
  const url = `http://127.0.0.1:${port}${suite.path}`;
  const args = [
    '-c',
    '1',
    'wrk',
    '-t',
    '1',
    '-c',
    String(suite.connections),
    '-d',
    `${durationS}s`,
    '--latency',
    '-s',
    script,
    url,
  ];
  const { stdout } = await run('taskset', args, { timeout: (durationS + 30) * 1000 });
  const json = /JSON(\{.*\})/.exec(stdout)?.[1];
  if (json === undefined) throw new Error(`wrk said: ${stdout}`);
  return JSON.parse(json) as Figures; // the shape that our own script prints
}

function renderTable(name: string, suite: Suite, rows: Readonly<Record<string, Row[]>>): string {
  const unit = suite.isLarge === true ? 'cpuSPerGib' : 'cpuUsPerRequest';
  const base = rows['haproxy'] ?? [];
  const lines = Object.entries(rows).map(([proxy, list]) => {
    const cost = median(list.map((row) => row[unit]));
    const ratio = median(list.map((row, index) => row[unit] / (base[index]?.[unit] ?? Number.NaN)));
    const rate = median(list.map((row) => row.requests / (row.durationUs / 1e6)));
    const errors = list.reduce((sum, row) => sum + row.errors, 0);
    const p99 = median(list.map((row) => row.p99Us)) / 1000;
    return `| ${proxy} | ${cost.toFixed(3)} | ${ratio.toFixed(2)} | ${rate.toFixed(0)} | ${p99.toFixed(1)} | ${errors} |\n`;
  });
  const head = suite.isLarge === true ? 'CPU s/GiB' : 'CPU µs/request';
  return `\n${name}: ${suite.connections} connections, ${rounds} rounds of ${seconds} s\n| proxy | ${head} | x HAProxy | requests/s | p99 ms | errors |\n|---|---|---|---|---|---|\n${lines.join('')}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => {
        resolve(false);
      });
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing listens on port ${port}`);
}
