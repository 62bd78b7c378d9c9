import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Protocol } from './configurations.ts';
import { cpuMs, residentKib } from './processes.ts';
import type { Load } from './rows.ts';

/** What one load of one proxy gave; latencies are of the answered requests. */
export interface Figures {
  readonly requests: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly errors: number;
  readonly cpuMs: number;
  /** Of idle connections only. */
  readonly kibPerConnection?: number;
}

export interface Target {
  readonly port: number;
  readonly pid: number;
  readonly protocol: Protocol;
}

/** Where the tools run and what they find there. */
export interface LoadSite {
  readonly directory: string;
  readonly cores: string;
}

const run = promisify(execFile);

export async function measure(site: LoadSite, load: Load, target: Target, seconds: number): Promise<Figures> {
  if (load.tool === 'idle') return holdIdle(load.connections, target);
  const before = cpuMs(target.pid);
  const figures = await (load.tool === 'wrk' ? runWrk : runH2load)(site, load as never, target, seconds); // the tool names the load's shape
  if (figures.requests === 0) throw new Error('it answered no request of this kind');
  return { ...figures, cpuMs: cpuMs(target.pid) - before };
}

function url(target: Target, path: string): string {
  return `${target.protocol === 'https' ? 'https' : 'http'}://127.0.0.1:${target.port}${path}`;
}

async function runWrk(site: LoadSite, load: Extract<Load, { tool: 'wrk' }>, target: Target, seconds: number) {
  const script = join(site.directory, `${load.head}.lua`);
  const words = ['-t', '1', '-c', String(load.connections), '-d', `${seconds}s`, '--latency', '-s', script];
  const { stdout } = await run('taskset', ['-c', site.cores, 'wrk', ...words, url(target, load.path)], {
    timeout: (seconds + 30) * 1000,
  });
  const json = /JSON(\{.*\})/.exec(stdout)?.[1];
  if (json === undefined) throw new Error(`wrk said: ${stdout}`);
  const said = JSON.parse(json) as Omit<Figures, 'cpuMs' | 'seconds'> & { durationUs: number }; // what our own script prints
  return { ...said, seconds: said.durationUs / 1e6 };
}

async function runH2load(site: LoadSite, load: Extract<Load, { tool: 'h2load' }>, target: Target, seconds: number) {
  const log = join(site.directory, 'h2load.log');
  rmSync(log, { force: true });
  const words = ['-t1', '-c', String(load.connections), '-m', String(load.streams), '-D', String(seconds)];
  if (load.isHttp1) words.push('--h1');
  if (load.rate !== undefined) words.push('--rps', String(load.rate / load.connections));
  words.push('--log-file', log, url(target, load.path));
  const { stdout } = await run('taskset', ['-c', site.cores, 'h2load', ...words], {
    timeout: (seconds + 30) * 1000,
    maxBuffer: 1e8,
  });
  const counts = /requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored/.exec(
    stdout,
  );
  const bytes = /traffic: \S+ \((\d+)\) total/.exec(stdout);
  if (counts === null) throw new Error(`h2load said: ${stdout}`);
  const latencies = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => Number(line.split('\t')[2]))
    .sort((a, b) => a - b);
  return {
    requests: Number(counts[1]),
    seconds,
    bytes: Number(bytes?.[1] ?? 0),
    p50Us: latencies[Math.floor(latencies.length * 0.5)] ?? Number.NaN,
    p99Us: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    errors: Number(counts[2]) + Number(counts[3]),
  };
}

/** Opens connections, asks once on each, holds them idle, and tells what each costs in memory. */
async function holdIdle(count: number, target: Target): Promise<Figures> {
  await openAll(500, target.port).then(closeAll); // what is allocated once is no cost of a connection
  await untilSteady(target.pid);
  const before = { kib: residentKib(target.pid), cpu: cpuMs(target.pid), at: performance.now() };
  const sockets = await openAll(count, target.port);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const kib = residentKib(target.pid) - before.kib;
  closeAll(sockets);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return {
    requests: count,
    seconds: (performance.now() - before.at) / 1000,
    bytes: count * 1024,
    p50Us: Number.NaN,
    p99Us: Number.NaN,
    errors: 0,
    cpuMs: cpuMs(target.pid) - before.cpu,
    kibPerConnection: kib / Math.max(1, sockets.length),
  };
}

/** What a proxy starts later than itself (the engine's spare worker, 5 s after the start) is no cost of a connection either. */
async function untilSteady(pid: number): Promise<void> {
  let [last, sameForS] = [residentKib(pid), 0];
  for (let waitedS = 0; sameForS < 7 && waitedS < 30; waitedS++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const kib = residentKib(pid);
    sameForS = Math.abs(kib - last) < last / 100 ? sameForS + 1 : 0;
    last = kib;
  }
}

async function openAll(count: number, port: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let opened = 0; opened < count; opened += 50) {
    const some = await Promise.all(Array.from({ length: Math.min(50, count - opened) }, () => openOne(port)));
    sockets.push(...some.filter((socket) => socket !== undefined));
    if (some.includes(undefined)) {
      closeAll(sockets);
      throw new Error(`after ${sockets.length} connections one was not served`);
    }
  }
  return sockets;
}

function openOne(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    let got = 0;
    const request = `GET /1k HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      got += bytes.length;
      if (got <= 1024) return;
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => {
      resolve(undefined);
    });
  });
}

function closeAll(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy();
}
