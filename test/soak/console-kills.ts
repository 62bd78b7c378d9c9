import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { useKeyFile } from '../../src-main/console/key-chain.ts';
import { seededChance } from '../../src-main/engine/runtime/chance.ts';
import { openStore, type Store } from '../../src-main/store/open.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { openEngine } from '../rigs/engine-process.ts';
import { answering, startRawMember } from '../rigs/raw-http.ts';

/**
 * The console is killed (SIGKILL) a hundred times, each time at random in the middle of its work: it polls an engine every 100 ms, pushes
 * changes to it, sets a setting, seals passwords. After each kill everything that it had promised is there and whole: settings, secrets,
 * inventory, journal, versions; samples that were on the disk stay there. In the end a last console puts right what was left, and the
 * engine runs the newest version. SEED repeats a run; KILLS makes it another number of them.
 */
const scale = Number(process.env['STEELYARD_SCALE'] ?? 1);
const kills = Number(process.env['KILLS'] ?? Math.max(2, Math.round(100 * scale)));
const seed = Number(process.env['SEED'] ?? Date.now() % 4_294_967_296);
const chance = seededChance(seed, 0);
const mostWorkMs = 2500;
const startedMs = Date.now();

interface Promised {
  count: number;
  readonly secrets: Map<string, string>;
  readonly kept: Set<string>;
}

const dataDir = mkdtempSync(join(tmpdir(), 'steelyard-kills-'));
const member = await startRawMember(answering('a'));
const engine = await openEngine({
  version: 1,
  virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
  pools: [{ name: 'app', members: [{ name: 'a', address: '127.0.0.1', port: member.port, weight: 1 }] }],
});
const address = `engine+unix:${join(dirname(engine.file), 'admin.sock')}`;
const promised: Promised = { count: 0, secrets: new Map(), kept: new Set() };
const problems: string[] = [];
let samplesBefore = await writeHistory();
for (let kill = 0; kill < kills; kill += 1) {
  await workAndDie();
  await checkAll(`after kill ${kill + 1}`);
  if (problems.length > 0) break;
}
if (problems.length === 0) await putRight();
await engine.stop();
await member.close();
rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
process.stdout.write(
  `${kills} kills, seed ${seed}: ${promised.count} settings, ${promised.secrets.size} secrets, ${promised.kept.size} pushes kept, ${samplesBefore} samples on the disk\n`,
);
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Half an hour of samples, on the disk before the first kill: no later one may take any of them. Answers how many. */
async function writeHistory(): Promise<number> {
  const store = await openStore(dataDir);
  const polls = 180;
  const [everyMs, endMs] = [10_000, startedMs - 60_000];
  for (let poll = polls; poll > 0; poll -= 1) {
    const rows = [{ pool: 'app', member: 'a', values: { weight: 1 } }];
    await store.samples.write({ device: 'edge', atMs: endMs - poll * everyMs, intervalMs: everyMs, everyMs, rows });
  }
  await store.close();
  return polls;
}

/** Starts a console, lets it work for a random time, and kills it in the middle. */
async function workAndDie(): Promise<void> {
  const entry = fileURLToPath(new URL('../rigs/busy-console.entry.ts', import.meta.url));
  const child = spawn(process.execPath, [entry, dataDir, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'close');
  const reading = readPromises(child);
  await Promise.race([reading.open, gone]);
  await sleep(chance() * mostWorkMs);
  if (child.exitCode !== null) problems.push(`the console ended by itself with ${child.exitCode}`);
  child.kill('SIGKILL');
  await gone;
  await reading.all;
}

function readPromises(child: ChildProcess): { readonly open: Promise<unknown>; readonly all: Promise<void> } {
  const opened = Promise.withResolvers<undefined>();
  async function read(): Promise<void> {
    if (!child.stdout) return;
    for await (const line of createInterface({ input: child.stdout })) {
      const [word = '', what = '', more = ''] = line.split(' ');
      if (word === 'open') opened.resolve(undefined);
      if (word === 'set') promised.count = Number(what);
      if (word === 'secret') promised.secrets.set(what, more);
      if (word === 'leaving') promised.secrets.delete(what);
      if (word === 'kept') promised.kept.add(what);
    }
  }
  return { open: opened.promise, all: read() };
}

async function checkAll(when: string): Promise<void> {
  const store = await openStore(dataDir);
  try {
    await useKeyFile(store.secrets, join(dataDir, 'key'));
    const found = [
      ...store.damagedFiles().map((file) => `${file} is damaged`),
      ...(await wrongSettings(store)),
      ...(await wrongSecrets(store)),
      ...(await wrongJournal(store)),
      ...(await wrongVersions(store)),
      ...(await wrongSamples(store)),
    ];
    problems.push(...found.map((problem) => `${when}: ${problem}`));
  } finally {
    await store.close();
  }
}

async function wrongSettings(store: Store): Promise<readonly string[]> {
  const count = Number((await store.settings.get('count')) ?? 0);
  // The one that the kill met may be there as well.
  return count === promised.count || count === promised.count + 1
    ? []
    : [`the setting is ${count}, not ${promised.count}`];
}

async function wrongSecrets(store: Store): Promise<readonly string[]> {
  const devices = new Set((await store.inventory.list()).map(({ name }) => name));
  const wrong: string[] = [];
  for (const [name, secret] of promised.secrets) {
    if (!devices.has(name)) wrong.push(`device ${name} is gone`);
    if ((await store.secrets.get(`device/${name}/password`)) !== secret)
      wrong.push(`the password of ${name} is another`);
  }
  return wrong;
}

async function wrongJournal(store: Store): Promise<readonly string[]> {
  const pushes = new Map((await store.journal.list(100_000)).map((push) => [push.id, push]));
  const open = await store.journal.open();
  return [
    ...[...promised.kept].filter((id) => pushes.get(id)?.outcome !== 'kept').map((id) => `push ${id} is not kept`),
    ...(open.length > 1 ? [`${open.length} pushes are open`] : []),
  ];
}

async function wrongVersions(store: Store): Promise<readonly string[]> {
  const versions = await store.versions.list('edge');
  // The newest ten: all of them each time would be most of the run.
  for (const { id } of versions.slice(0, 10)) {
    const { files } = await store.versions.get('edge', id);
    if (files.length === 0) return [`version ${id} has no files`];
  }
  return [];
}

/** Samples of the last minute may be lost with the process; what was on the disk once stays for its hour. */
async function wrongSamples(store: Store): Promise<readonly string[]> {
  const nowMs = Date.now();
  const query = {
    device: 'edge',
    pool: 'app',
    metric: 'weight',
    fromMs: startedMs - 2_000_000,
    toMs: nowMs,
    maxPixels: 8000,
  } as const;
  const { lines } = await store.samples.series(query);
  const times = lines[0]?.times ?? [];
  const before = samplesBefore;
  samplesBefore = times.length;
  const isOrdered = times.every((time, index) => time > (times[index - 1] ?? -Infinity));
  return [
    ...(times.length < Math.min(before, query.maxPixels) ? [`${before} samples became ${times.length}`] : []),
    ...(isOrdered ? [] : ['samples are out of order']),
  ];
}

/** A last console ends the push that was left open; then the engine runs what the newest version says. */
async function putRight(): Promise<void> {
  const called = await openCalledConsole(dataDir);
  try {
    for (;;) {
      const running = (await called.call('push.list', {})).find(
        ({ phase }) => phase === 'stuck' || phase === 'waiting' || phase.endsWith('ing'),
      );
      if (running === undefined) break;
      if (running.phase === 'stuck') {
        problems.push(`push ${running.id} is stuck: ${running.problem?.detail ?? ''}`);
        return;
      }
      await sleep(100);
    }
    const { fingerprint } = await called.call('devices.read', { device: 'edge' });
    const plan = await called.call('plan.make', {
      device: 'edge',
      desired: { pools: [{ name: 'app', members: [{ name: 'a', weight: 200 }] }] },
    });
    if (plan.basedOn !== fingerprint) problems.push('the engine changed by itself');
    const [newest] = await called.call('history.list', { device: 'edge' });
    if (newest?.fingerprint !== fingerprint) problems.push('the newest version is not what the engine runs');
  } finally {
    await called.console.close();
  }
}
