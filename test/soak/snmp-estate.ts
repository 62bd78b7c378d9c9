import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress } from '../../src-main/contract/address.ts';
import { AppError } from '../../src-main/contract/errors.ts';
import { PollSchedule } from '../../src-main/core/schedule.ts';
import { seededChance } from '../../src-main/engine/runtime/chance.ts';
import { openSnmp } from '../../src-main/transports/snmp-session.ts';
import { drivers } from '../../src-main/vendors/registry.ts';
import { bigIpRows, startFleet } from '../rigs/snmp-fleet.ts';

/**
 * Sixty BIG-IPs polled each second, of which ten behave: others are dead, slow, lie (repeat themselves without end), answer with changed or
 * cut bytes, or stand behind a way of 80 ms that loses one datagram of twenty. No good one misses a poll or fails once, none waits for the bad;
 * what the bad bring is an error with a code of ours. SEED repeats a run.
 */
const scale = Number(process.env['STEELYARD_SCALE'] ?? 1);
const seed = Number(process.env['SEED'] ?? Date.now() % 4_294_967_296);
const chance = seededChance(seed, 0);
const wantedPolls = Math.max(10, Math.round(1200 * scale));
const intervalMs = 1000;
const each = 10;
const kinds = ['good', 'dead', 'slow', 'lying', 'fuzzed', 'far'] as const;
const members = 40;

function pick(below: number): number {
  return Math.floor(chance() * below);
}
function fuzzed(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  if (pick(3) === 0) return copy.subarray(0, pick(copy.length));
  for (let turn = 0; turn <= pick(8); turn += 1) copy[pick(copy.length)] = pick(256);
  return copy;
}
/** The same answer under the number of each later question: it never goes forward. */
let repeated: Buffer | undefined;
function lying(answer: Buffer): Buffer {
  repeated ??= answer;
  return pick(2) === 0 ? answer : repeated;
}

const fleet = await startFleet(
  kinds.length * each,
  bigIpRows(members),
  (place, answer) => {
    const kind = kinds[Math.floor(place / each)] ?? 'good';
    switch (kind) {
      case 'dead':
        return [];
      case 'slow':
        return [1500];
      case 'lying':
        return [lying(answer)];
      case 'fuzzed':
        return [fuzzed(answer)];
      case 'far':
        return pick(20) === 0 ? [] : [80];
      case 'good':
        return [0];
    }
  },
  4000,
);
const driver = drivers.find(({ id }) => id === 'f5');
if (driver === undefined) throw new Error('no driver');
const schedule = new PollSchedule({
  clock: {
    now: Date.now,
    setTimer: (ms, action) => {
      const timer = setTimeout(action, ms);
      return () => {
        clearTimeout(timer);
      };
    },
  },
  chance: Math.random,
});
const polls = fleet.ports.map(() => ({ good: 0, failed: 0, codes: new Set<string>() }));
const problems: string[] = [];
const sessions = fleet.ports.map((port, place) => {
  const snmp = openSnmp({ host: '127.0.0.1', port, security: { version: 2, community: 'orchard' } });
  const device = driver.open({ kind: 'snmp', snmp }, parseAddress(`f5+snmp://orchard@127.0.0.1:${port}`), {
    now: () => new Date(),
    sleep: (milliseconds) => sleep(milliseconds),
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    certificate: () => undefined,
  });
  const count = polls[place];
  schedule.start(`lb-${place}`, intervalMs, async (signal) => {
    if (count === undefined) return;
    try {
      const sample = await device.poll(signal);
      count.good += 1;
      const found = sample.pools.flatMap((pool) => pool.members).length;
      if (place < each && found !== members) problems.push(`A good device told ${found} members.`);
    } catch (error) {
      count.failed += 1;
      count.codes.add(error instanceof AppError ? error.code : `not ours: ${String(error)}`);
      throw error;
    }
  });
  return snmp;
});

const startedAt = performance.now();
const good = polls.slice(0, each);
// A machine that is busy with other things polls later, not less: the bound is generous, the counts are not.
const boundMs = 3 * wantedPolls * intervalMs + 60_000;
while (good.some((one) => one.good < wantedPolls) && performance.now() - startedAt < boundMs) await sleep(100);
schedule.close();
for (const session of sessions) session.close();
fleet.stop();

for (const [place, one] of good.entries()) {
  if (one.good < wantedPolls) problems.push(`The good device ${place} was polled ${one.good} times of ${wantedPolls}.`);
  if (one.failed > 0) problems.push(`The good device ${place} failed ${one.failed} times: ${[...one.codes].join()}.`);
}
const codes = new Set(polls.flatMap((one) => [...one.codes]));
for (const code of codes)
  if (code === 'INTERNAL' || code.startsWith('not ours')) problems.push(`A bad device brought ${code}.`);
const dead = polls.slice(each, 2 * each);
if (dead.some((one) => one.good > 0)) problems.push('A dead device answered.');
const far = polls.slice(5 * each);
if (far.every((one) => one.good === 0)) problems.push('No device behind the lossy way was read.');

const sums = kinds.map((kind, at) => {
  const own = polls.slice(at * each, at * each + each);
  return `${kind} ${own.reduce((sum, one) => sum + one.good, 0)} read, ${own.reduce((sum, one) => sum + one.failed, 0)} failed`;
});
process.stdout.write(`seed ${seed}: ${sums.join('; ')}; codes ${[...codes].sort().join(', ')}\n`);
for (const problem of problems) process.stdout.write(`PROBLEM ${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);
