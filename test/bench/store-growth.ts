import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { MetricRow, MetricRows } from '../../src-main/contract/metrics.ts';
import { openDatabase } from '../../src-main/store/database.ts';
import { openSamples } from '../../src-main/store/samples.ts';
import { sampleMigrations } from '../../src-main/store/schema.ts';

/**
 * How big the samples of one device become and what writing them costs, by default 1,000 members with 8 metrics each second for an hour.
 * Time is simulated: an hour takes a minute or so.
 *
 *     node test/bench/store-growth.ts [--pools 100] [--members 10] [--minutes 60]
 */
const { values: options } = parseArgs({
  options: {
    pools: { type: 'string', default: '100' },
    members: { type: 'string', default: '10' },
    minutes: { type: 'string', default: '60' },
  },
});
const [pools, members, minutes] = [Number(options.pools), Number(options.members), Number(options.minutes)];
const startMs = Date.UTC(2026, 10, 22, 10);

let state = 12345;
/** Numerical Recipes' linear congruence: the same run each time. */
function chance(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}
function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
}
/** A count of about `mean`, spread as arrivals are. */
function count(mean: number): number {
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
}

const rate = Array.from({ length: pools * members }, () => 5 + 200 * chance() ** 3);
const open = rate.map((mean) => Math.round(mean / 4));

function row(index: number, intervalMs: number): MetricRow {
  const requests = count(rate[index] ?? 1);
  open[index] = Math.max(0, (open[index] ?? 0) + Math.round(normal() * 2));
  const perSecond = 1000 / intervalMs;
  return {
    pool: `pool-${Math.floor(index / members)}`,
    member: `member-${index % members}`,
    values: {
      requestsPerSecond: (requests * 1000) / intervalMs,
      connectionsPerSecond: (count(requests / 3) * 1000) / intervalMs,
      currentConnections: open[index],
      bytesInPerSecond: (count(requests * 700) * 1000) / intervalMs,
      bytesOutPerSecond: (Math.round(requests * 18_000 * (0.7 + 0.6 * chance())) * 1000) / intervalMs,
      responseTimeAverageMs: Math.max(1, Math.round(40 + 6 * normal())),
      serverErrorsPerSecond: chance() < 0.02 ? perSecond : 0,
      queuedRequests: 0,
    },
  };
}

const directory = mkdtempSync(join(tmpdir(), 'steelyard-bench-'));
const path = join(directory, 'samples.db');
const database = openDatabase(path, { migrations: sampleMigrations, synchronous: 'NORMAL', isChecked: false });
const samples = openSamples(database);
let [atMs, writing, longestMs, maintaining] = [startMs, 0, 0, 0];

function timed(work: () => void): number {
  const before = performance.now();
  work();
  const took = performance.now() - before;
  longestMs = Math.max(longestMs, took);
  return took;
}

function maintain(): number {
  const steps = samples.maintain(atMs);
  let [took, step] = [0, steps.next()];
  while (step.done !== true) took += timed(() => void (step = steps.next()));
  return took;
}

for (let second = 0; second < minutes * 60; second += 1) {
  const intervalMs = 1000 + Math.round(3 * normal());
  atMs += intervalMs;
  const rows = rate.map((_, index) => row(index, intervalMs));
  const poll: MetricRows = { device: 'edge', atMs, intervalMs, everyMs: 1000, rows };
  const sent = structuredClone(poll); // as the thread gets it
  writing += timed(() => {
    samples.write(sent);
  });
  if (second % 60 !== 59) continue;
  maintaining += maintain();
}
samples.flush();
const query = { device: 'edge', pool: 'pool-0', metric: 'requestsPerSecond', maxPixels: 1000 } as const;
const hour = timed(() => void samples.series({ ...query, fromMs: atMs - 3_600_000, toMs: atMs }, atMs));
const day = timed(() => void samples.series({ ...query, fromMs: atMs - 86_400_000, toMs: atMs }, atMs));
database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
const { size } = statSync(path);
const rollups = Number(Object.values(database.prepare('SELECT sum(length(data)) FROM rollup').get() ?? {})[0] ?? 0);
const written = pools * members * 8 * minutes * 60;
database.close();
rmSync(directory, { recursive: true });

process.stdout.write(
  `${JSON.stringify({
    members: pools * members,
    minutes,
    megabytesPerHour: round((size / 1e6) * (60 / minutes)),
    bytesPerValue: round(size / written),
    megabytesOfRollups: round(rollups / 1e6),
    writeMsPerSecond: round(writing / (minutes * 60)),
    maintainMsPerMinute: round(maintaining / minutes),
    longestStepMs: round(longestMs),
    chartOfAnHourMs: round(hour),
    chartOfADayMs: round(day),
  })}\n`,
);

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
