import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { CDPSession } from 'playwright-core';
import { openDatabase } from '../../src-main/store/database.ts';
import { sampleMigrations } from '../../src-main/store/schema.ts';
import { openSamples } from '../../src-main/store/samples.ts';
import { makeAccountsIfRoot } from '../rigs/accounts.ts';
import { startBackends } from '../rigs/backends.ts';
import { openBrowser } from '../rigs/browser.ts';
import { startHaproxy } from '../rigs/haproxy.ts';
import { isMissing } from '../rigs/need.ts';
import { startServed } from '../rigs/served-console.ts';
import { startSshd } from '../rigs/sshd.ts';

/**
 * One real HAProxy with 1,000 servers under light traffic, polled each second over SSH by the built console: the console's CPU beside
 * that of `socat` reading the same socket, the growth of the history, and what the window costs with a pool of 50 members open.
 * Prints a row and JSON; status 1 where a target is missed.
 *
 *     node test/bench/thousand-servers.ts [SECONDS] [TRACE.json]
 *
 * SECONDS with no window (20 unless told), then three minutes with one. The history holds what the window's charts show before it opens,
 * so that its lines are as long as they get. With TRACE.json a profile stands in the trace (for Chromium's Performance panel), and costs
 * CPU itself. A chart update is judged by the CPU that it took: on the clock of the wall, which is told too, other work of the machine
 * lengthens it.
 *
 * Targets: CPU < 10 % of a core, <= 60 MB an hour, a chart update < 16 ms at the 95th percentile, a flat heap: its floor (the lowest
 * after a garbage collection) is the same after a minute.
 */
const seconds = Number(process.argv[2] ?? 20);
const traceFile = process.argv[3];
const minuteMs = 60_000;
const seededMinutes = 6;
/** How much the floor may differ from itself: what a collection leaves is not the same each time. */
const flatPart = 1.03;
const visibleMembers = 50;
const otherPools = 95;
const membersEach = 10;
const requestsPerSecond = 400;
const pollWords = 'show info;show stat;show servers state';
const run = promisify(execFile);
interface Spread {
  readonly median: number;
  readonly p95: number;
  readonly worst: number;
}

if (isMissing('haproxy', 'sshd', 'socat', 'chromium'))
  process.stdout.write('haproxy, sshd, socat or chromium is missing\n');
else await main();

interface Result {
  readonly seconds: number;
  readonly servers: number;
  readonly answerKilobytes: number;
  /** Percent of a core: the whole process, and its first thread alone. */
  readonly consoleCpu: number;
  readonly mainThreadCpu: number;
  readonly socatCpu: number;
  /** The same while a window is open on the pool of 50. */
  readonly consoleCpuWithWindow: number;
  readonly minutes: number;
  readonly megabytesPerHour: number;
  readonly secondsMegabytesPerHour: number;
  readonly rollupMegabytesPerHour: number;
  readonly chartUpdateCpuMs: Spread;
  /** The same on the clock of the wall. */
  readonly chartUpdateMs: Spread;
  /** CPU of everything that the page's main thread did, by tick. */
  readonly taskMsPerTick: number;
  /** The lowest after a garbage collection in the second minute of the window and in its third. */
  readonly heapMegabytes: readonly [number, number];
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-thousand-'));
  const socketPath = join(directory, 'many.sock');
  const backends = await startBackends(1);
  const [port = 0] = backends.ports;
  const accounts = makeAccountsIfRoot();
  const haproxy = await startHaproxy({
    accounts,
    sections: sectionsOf(port, socketPath),
    global: '    maxconn 4000\n',
  });
  const sshd = await startSshd({ accounts });
  const data = join(directory, 'data');
  const stopLoad = startLoad(socketPath, haproxy.port);
  try {
    await addDevice(data, sshd, haproxy);
    const seededUntilMs = seedHistory(data);
    const served = await startServed([], data);
    try {
      const pid = ownerOf(data);
      await sleep(10_000);
      const cpu = await cpuOver(pid, seconds, haproxy.socket);
      process.stderr.write(`${JSON.stringify(cpu)}\n`);
      const page = await pageFigures(served.link, pid);
      process.stderr.write(`${JSON.stringify(page)}\n`);
      const growth = await growthOf(data, directory, seededUntilMs);
      process.stderr.write(`${JSON.stringify(growth)}\n`);
      const result: Result = {
        seconds,
        servers: visibleMembers + otherPools * membersEach,
        answerKilobytes: round((await haproxy.ask(pollWords)).length / 1000),
        ...cpu,
        ...growth,
        ...page,
      };
      report(result);
    } finally {
      await served.close();
    }
  } finally {
    await stopLoad();
    await sshd.close();
    await haproxy.close();
    accounts?.close();
    await backends.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

function sectionsOf(port: number, socketPath: string): string {
  function servers(count: number): string {
    return Array.from(
      { length: count },
      (_, at) => `    server s${at} 127.0.0.1:${port} weight ${1 + (at % 5)}\n`,
    ).join('');
  }
  const others = Array.from(
    { length: otherPools },
    (_, at) => `backend p${at}\n    balance roundrobin\n${servers(membersEach)}`,
  );
  return `frontend many
    bind unix@${socketPath}
    use_backend %[path,field(2,/)]
backend app
    balance roundrobin
${servers(visibleMembers)}
${others.join('\n')}
`;
}

/** Light traffic on every server, so that hardly a column stands still. */
function startLoad(socketPath: string, port: number): () => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  let sent = 0;
  const everyMs = 50;
  const timer = setInterval(() => {
    for (let each = 0; each < (requestsPerSecond * everyMs) / 1000; each += 1) {
      sent += 1;
      const bytes = 200 + ((sent * 7919) % 3000);
      const where =
        sent % 5 === 0
          ? { host: '127.0.0.1', port, path: `/?bytes=${bytes}` }
          : { socketPath, path: `/p${(sent * 31) % otherPools}/?bytes=${bytes}` };
      const call = request({ ...where, agent }, (answer) => answer.resume());
      call.on('error', () => undefined); // the end of the run cuts some
      call.end();
    }
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await sleep(200);
    agent.destroy();
  };
}

async function addDevice(
  data: string,
  sshd: Awaited<ReturnType<typeof startSshd>>,
  haproxy: Awaited<ReturnType<typeof startHaproxy>>,
): Promise<void> {
  const cli = join(import.meta.dirname, '../../out/main/cli.js');
  if (!existsSync(cli)) throw new Error('out/main/cli.js is not there: run npm run build first.');
  const query = new URLSearchParams({ config: haproxy.configFile, key: sshd.keyFile, socket: haproxy.socket });
  const address = `haproxy+ssh://${sshd.user}@${sshd.host}:${String(sshd.port)}?${query.toString()}`;
  await run(process.execPath, [cli, 'devices', 'list', '--data', data]); // makes the directory
  writeFileSync(join(data, 'known_hosts'), `[${sshd.host}]:${String(sshd.port)} ${sshd.hostKey('ed25519')}\n`, {
    mode: 0o600,
  });
  await run(process.execPath, [cli, 'devices', 'add', 'many', address, '--environment', 'lab', '--data', data]);
}

function ownerOf(data: string): number {
  return Number(/"pid":(\d+)/.exec(readFileSync(join(data, 'owner.json'), 'utf8'))?.[1]);
}

/** User and system time of a process or thread in seconds: fields 14 and 15 of proc(5)'s stat, in hundredths. */
function cpuSeconds(path: string): number {
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function cpuOver(pid: number, forSeconds: number, socket: string) {
  const beside = socatCpu(socket, forSeconds);
  const [whole, first] = [`/proc/${pid}/stat`, `/proc/${pid}/task/${pid}/stat`];
  const [wholeBefore, firstBefore, beganMs] = [cpuSeconds(whole), cpuSeconds(first), performance.now()];
  await sleep(forSeconds * 1000);
  const passed = (performance.now() - beganMs) / 1000;
  return {
    consoleCpu: round(((cpuSeconds(whole) - wholeBefore) / passed) * 100),
    mainThreadCpu: round(((cpuSeconds(first) - firstBefore) / passed) * 100),
    socatCpu: round(((await beside) / forSeconds) * 100),
  };
}

/** What a shell that asks the same each second costs, its socats included, by the shell's own `times`. */
async function socatCpu(socket: string, forSeconds: number): Promise<number> {
  const script = `i=0; while [ $i -lt ${forSeconds} ]; do printf '${pollWords}\\n' | socat -T 5 - UNIX:${socket} >/dev/null; i=$((i+1)); sleep 1; done; times`;
  const shell = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const part of shell.stdout) said += String(part);
  return [...said.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  );
}

/** The last minutes of the watched pool, as if the console had run before. Returns where they end. */
function seedHistory(data: string): number {
  const database = openDatabase(join(data, 'samples.db'), {
    migrations: sampleMigrations,
    synchronous: 'NORMAL',
    isChecked: false,
  });
  const samples = openSamples(database);
  const untilMs = Math.floor(Date.now() / minuteMs) * minuteMs;
  for (let atMs = untilMs - seededMinutes * minuteMs; atMs < untilMs; atMs += 1000) {
    const rows = Array.from({ length: visibleMembers }, (_, at) => ({
      pool: 'app',
      member: `s${at}`,
      values: {
        requestsPerSecond: 1 + ((atMs / 1000 + at) % 4),
        currentConnections: at % 3,
        bytesOutPerSecond: 1000 + ((atMs / 1000 + 7 * at) % 3000),
        failuresPerSecond: 0,
        serverErrorsPerSecond: 0,
        weight: 1 + (at % 5),
        inRotation: 1,
        responseTimeAverageMs: 1 + ((atMs / 1000) % 3),
      },
    }));
    samples.write({ device: 'many', atMs, intervalMs: 1000, everyMs: 1000, rows });
  }
  samples.flush();
  database.close();
  return untilMs;
}

/** Of the seconds stored so far, and of what they are rolled up to, taken from a copy. */
async function growthOf(data: string, directory: string, seededUntilMs: number) {
  await sleep(1000);
  const copy = join(directory, 'copy.db');
  for (const ending of ['', '-wal']) {
    if (existsSync(join(data, `samples.db${ending}`)))
      copyFileSync(join(data, `samples.db${ending}`), `${copy}${ending}`);
  }
  const database = openDatabase(copy, { migrations: sampleMigrations, synchronous: 'NORMAL', isChecked: false });
  const seeded = `SELECT id FROM chunk WHERE start_ms < ${seededUntilMs}`;
  database.exec(`DELETE FROM block WHERE id >> 32 IN (${seeded}); DELETE FROM chunk WHERE id IN (${seeded})`);
  const lengths = 'SELECT coalesce(sum(length(data) + 12), 0) AS bytes, count(*) AS n FROM';
  function number(sql: string, column: string): number {
    return Number(database.prepare(sql).get()?.[column]);
  }
  const bytes =
    number(`${lengths} block`, 'bytes') +
    number('SELECT coalesce(sum(length(ticks) + 50), 0) AS bytes FROM chunk', 'bytes');
  const spanMs = number('SELECT max(end_ms) - min(start_ms) AS ms FROM chunk', 'ms');
  function rolledUp(): number {
    Array.from(openSamples(database).maintain(Date.now() + 16 * 60_000));
    return number(`${lengths} rollup`, 'bytes');
  }
  const minutes = number('SELECT count(*) AS n FROM chunk', 'n');
  const all = rolledUp();
  database.exec(
    'DELETE FROM rollup; DELETE FROM span; UPDATE chunk SET is_rolled = 0; DELETE FROM chunk WHERE id > (SELECT min(id) FROM chunk)',
  );
  const ofOne = rolledUp();
  database.close();
  // A quarter of an hour is written at once: what each pool and metric costs once, and what each minute adds.
  const ofQuarter = ofOne + (14 * (all - ofOne)) / Math.max(1, minutes - 1);
  const [secondsPerHour, rollupPerHour] = [(bytes * 3_600_000) / spanMs / 1e6, (4 * ofQuarter) / 1e6];
  return {
    minutes,
    megabytesPerHour: round(secondsPerHour + rollupPerHour),
    secondsMegabytesPerHour: round(secondsPerHour),
    rollupMegabytesPerHour: round(rollupPerHour),
  };
}

async function pageFigures(link: string, pid: number) {
  const browser = await openBrowser();
  try {
    const page = await browser.open(link);
    await page.goto(new URL('#/pool/many/app', page.url()).href);
    await page.locator('main canvas').first().waitFor();
    const session = await browser.context.newCDPSession(page);
    // Of the page's own thread, not of the clock on the wall.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await sleep(minuteMs / 4);
    const [taskBefore, cpuBefore, measuredMs] = [
      await metric(session, 'TaskDuration'),
      cpuSeconds(`/proc/${pid}/stat`),
      performance.now(),
    ];
    const frames = await tracedFrames(session, minuteMs);
    const passed = (performance.now() - measuredMs) / 1000;
    const task = (await metric(session, 'TaskDuration')) - taskBefore;
    const cpu = cpuSeconds(`/proc/${pid}/stat`) - cpuBefore;
    // Collections for the heap's floor would lengthen frames: they come after.
    const heapMegabytes = [await heapFloor(session), await heapFloor(session)] as const;
    return {
      consoleCpuWithWindow: round((cpu / passed) * 100),
      ...frames,
      taskMsPerTick: round((task / passed) * 1000),
      heapMegabytes,
    };
  } finally {
    await browser.close();
  }
}

/** The lowest of nearly a minute: a window reads its history anew each minute. */
async function heapFloor(session: CDPSession): Promise<number> {
  let lowest = Infinity;
  for (let part = 0; part < 5; part += 1) {
    await sleep(minuteMs / 6);
    lowest = Math.min(lowest, await heapOf(session));
  }
  return lowest;
}

/** Charts are drawn in one frame, all of them: the time of its callbacks, by Chromium's own trace. */
async function tracedFrames(session: CDPSession, forMs: number) {
  const profile = traceFile === undefined ? [] : ['v8', 'disabled-by-default-v8.cpu_profiler'];
  const includedCategories = ['devtools.timeline', ...profile];
  await session.send('Tracing.start', { transferMode: 'ReturnAsStream', traceConfig: { includedCategories } });
  await sleep(forMs);
  const trace = await endTrace(session);
  if (traceFile !== undefined) writeFileSync(traceFile, trace);
  const { traceEvents } = JSON.parse(trace) as { readonly traceEvents: readonly TraceEvent[] }; // as Chromium documents it
  const frames = traceEvents.filter(({ name, ph }) => name === 'FireAnimationFrame' && ph === 'X');
  return {
    chartUpdateCpuMs: spreadOf(frames.map(({ tdur = NaN }) => tdur / 1000)),
    chartUpdateMs: spreadOf(frames.map(({ dur = NaN }) => dur / 1000)),
  };
}

/** Durations in µs: by the clock, and of the thread. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly dur?: number;
  readonly tdur?: number;
}

async function endTrace(session: CDPSession): Promise<string> {
  const ended = new Promise<string>((resolve) => {
    session.once('Tracing.tracingComplete', ({ stream }) => {
      resolve(stream ?? '');
    });
  });
  await session.send('Tracing.end');
  const handle = await ended;
  const parts: string[] = [];
  for (let isOver = false; !isOver;) {
    const { data, eof } = await session.send('IO.read', { handle });
    parts.push(data);
    isOver = eof;
  }
  return parts.join('');
}

function spreadOf(durations: readonly number[]): Spread {
  const sorted = durations.toSorted((one, other) => one - other);
  return { median: at(sorted, 0.5), p95: at(sorted, 0.95), worst: at(sorted, 1) };
}

function at(sorted: readonly number[], part: number): number {
  return round(sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? NaN);
}

async function heapOf(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return round((await metric(session, 'JSHeapUsedSize')) / 1e6);
}

async function metric(session: CDPSession, name: string): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find((one) => one.name === name)?.value ?? NaN;
}

function report(result: Result): void {
  const {
    consoleCpu,
    mainThreadCpu,
    socatCpu: socat,
    megabytesPerHour,
    chartUpdateCpuMs,
    chartUpdateMs,
    heapMegabytes,
  } = result;
  const row = [
    `console ${consoleCpu} % (first thread ${mainThreadCpu} %), socat ${socat} % of a core`,
    `${megabytesPerHour} MB an hour`,
    `charts p95 ${chartUpdateCpuMs.p95} ms of CPU, ${chartUpdateMs.p95} ms by the clock`,
    `heap ${heapMegabytes.join(' -> ')} MB`,
  ];
  process.stdout.write(`${row.join(' | ')}\n${JSON.stringify(result)}\n`);
  const [before, after] = heapMegabytes;
  const isMet = consoleCpu < 10 && megabytesPerHour <= 60 && chartUpdateCpuMs.p95 < 16 && after <= before * flatPart;
  process.exitCode = isMet ? 0 : 1;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
