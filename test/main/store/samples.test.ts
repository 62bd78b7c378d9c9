import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bucketOf } from '../../../src-main/contract/histogram.ts';
import type { MetricRow, Sample } from '../../../src-main/contract/metrics.ts';
import { sampleRates } from '../../../src-main/core/rates.ts';
import { metricRows } from '../../../src-main/core/shares/metric-rows.ts';
import { RollingMinute } from '../../../src-main/core/shares/rolling-minute.ts';
import { openDatabase } from '../../../src-main/store/database.ts';
import { openSamples, type Samples } from '../../../src-main/store/samples.ts';
import { sampleMigrations } from '../../../src-main/store/schema.ts';
import { sample } from '../core/samples.ts';
import { tempDirectory } from './temp-directory.ts';

const start = Date.UTC(2026, 10, 22, 10);
const minute = 60_000;
const hour = 60 * minute;

interface OpenSamples extends Samples {
  readonly end: () => void;
  readonly rows: (table: string) => number;
  /** Spans of the roll-up of that width. */
  readonly spans: (bucketMs: number) => number;
  readonly pages: () => { readonly all: number; readonly free: number };
}

function open(path = ':memory:'): OpenSamples {
  const database = openDatabase(path, { migrations: sampleMigrations, synchronous: 'NORMAL', isChecked: false });
  onTestFinished(() => {
    if (database.isOpen) database.close();
  });
  return {
    ...openSamples(database),
    end: () => {
      database.close();
    },
    rows: (table) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']),
    spans: (bucketMs) =>
      Number(database.prepare('SELECT count(*) AS n FROM span WHERE bucket_ms = ?').get(bucketMs)?.['n']),
    pages: () => ({
      all: Number(database.prepare('PRAGMA page_count').get()?.['page_count']),
      free: Number(database.prepare('PRAGMA freelist_count').get()?.['freelist_count']),
    }),
  };
}

function requests(member: string, requestsPerSecond: number): MetricRow {
  return { pool: 'app', member, values: { requestsPerSecond } };
}
function poll(samples: Samples, atMs: number, rows: readonly MetricRow[], intervalMs = 1000, everyMs = 1000): void {
  samples.write({ device: 'edge', atMs, intervalMs, everyMs, rows });
}
/** A poll each second for a while; the value is the count of polls before it. */
function pollFor(samples: Samples, fromMs: number, toMs: number, everyMs = 1000): void {
  for (let atMs = fromMs; atMs < toMs; atMs += everyMs) {
    poll(samples, atMs, [requests('a', (atMs - fromMs) / everyMs)], everyMs, everyMs);
  }
}
function maintain(samples: Samples, nowMs: number): void {
  Array.from(samples.maintain(nowMs));
}
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? NaN;
}
function query(fromMs: number, toMs: number, more: { readonly maxPixels?: number; readonly members?: string[] } = {}) {
  return { device: 'edge', pool: 'app', metric: 'requestsPerSecond' as const, fromMs, toMs, maxPixels: 8000, ...more };
}

describe('by the second', () => {
  test('what was written is charted at once, and the same after its minute and a new start', async () => {
    const path = join(await tempDirectory(), 'samples.db');
    const samples = open(path);
    pollFor(samples, start + 30_000, start + 150_000);
    const asked = query(start, start + 150_000);
    const before = samples.series(asked, start + 150_000);
    expect(before.lines).toEqual([
      {
        name: 'a',
        times: Array.from({ length: 120 }, (_, index) => start + 30_000 + index * 1000),
        values: Array.from({ length: 120 }, (_, index) => index),
      },
    ]);
    samples.flush();
    samples.end();
    expect(open(path).series(asked, start + 150_000)).toEqual(before);
  });

  test('a rate comes back exactly, so that rate times interval is still what was counted', () => {
    const polls = fc.array(fc.tuple(fc.integer({ min: 900, max: 1100 }), fc.nat(2_000_000)), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(polls, (given) => {
        const samples = open();
        let atMs = start;
        for (const [intervalMs, count] of given) {
          atMs += intervalMs;
          poll(samples, atMs, [requests('a', (count * 1000) / intervalMs)], intervalMs);
        }
        samples.flush();
        const values = samples.series(query(start, atMs), atMs).lines[0]?.values ?? [];
        const charted = values.map((value, index) => ((value ?? NaN) * (given[index]?.[0] ?? NaN)) / 1000);
        expect(charted.map(Math.round)).toEqual(given.map(([, count]) => count));
        expect(values).toEqual(given.map(([intervalMs, count]) => (count * 1000) / intervalMs));
      }),
      { numRuns: 20 },
    );
  });

  test('rates that are no whole counts, times and gauges come back too', () => {
    const samples = open();
    const values = { requestsPerSecond: 1 / 3, responseTimeAverageMs: 12.3456789, currentConnections: 7, healthUp: 0 };
    poll(samples, start, [{ pool: 'app', member: 'a', values }]);
    samples.flush();
    function at(metric: keyof typeof values) {
      return samples.series({ ...query(start, start + 1), metric }, start + 1).lines[0]?.values;
    }
    expect([at('requestsPerSecond'), at('responseTimeAverageMs'), at('currentConnections'), at('healthUp')]).toEqual([
      [1 / 3],
      [12.346],
      [7],
      [0],
    ]);
  });

  test('a silence longer than 2.5 intervals is a gap with a null in it, a shorter one is not', () => {
    const samples = open();
    for (const second of [0, 1, 3.5, 6.5, 7]) poll(samples, start + second * 1000, [requests('a', 5)]);
    const { lines, gaps } = samples.series(query(start, start + 7000), start + 7000);
    expect(lines[0]?.values).toEqual([5, 5, 5, null, 5, 5]);
    expect(gaps).toEqual([{ fromMs: start + 3500, toMs: start + 6500 }]);
  });

  test('time before the first sample and after the last is a gap where it is long enough', () => {
    const samples = open();
    for (const second of [10, 11, 12]) poll(samples, start + second * 1000, [requests('a', 5)]);
    expect(samples.series(query(start, start + 20_000), start + 20_000).gaps).toEqual([
      { fromMs: start, toMs: start + 10_000 },
      { fromMs: start + 12_000, toMs: start + 20_000 },
    ]);
  });

  test('a device polled every 10 s has no gap at 20 s of silence', () => {
    const samples = open();
    for (const second of [0, 10, 30]) poll(samples, start + second * 1000, [requests('a', 5)], 10_000, 10_000);
    const series = samples.series(query(start, start + 30_000), start + 30_000);
    expect([series.gaps, series.resolutionMs]).toEqual([[], 10_000]);
  });

  test('a member has points only where it was there', () => {
    const samples = open();
    poll(samples, start, [requests('a', 1)]);
    poll(samples, start + 1000, [requests('a', 2), requests('b', 20)]);
    poll(samples, start + 2000, [requests('b', 30)]);
    samples.flush();
    const { lines } = samples.series(query(start, start + 2000), start + 2000);
    expect(lines.map(({ name, times, values }) => [name, times.map((time) => time - start), values])).toEqual([
      ['a', [0, 1000], [1, 2]],
      ['b', [1000, 2000], [20, 30]],
    ]);
  });

  test('a clock that is set back loses no sample and gives no line that runs back', () => {
    const samples = open();
    poll(samples, start + 5000, [requests('a', 1)]);
    poll(samples, start + 2000, [requests('a', 2)]);
    poll(samples, start + 6000, [requests('a', 3)]);
    samples.flush();
    expect(samples.rows('chunk')).toBe(2);
    const { times } = samples.series(query(start, start + 9000), start + 9000).lines[0] ?? { times: [] };
    expect(times).toEqual([...times].toSorted((one, other) => one - other));
  });

  test('members may be chosen; unasked the 50 with most come', () => {
    const samples = open();
    const rows = Array.from({ length: 60 }, (_, index) => requests(`m${index}`, index));
    poll(samples, start, rows);
    const asked = query(start, start + 1000);
    expect(samples.series(asked, start + 1000).lines.map(({ name }) => name)).toEqual(
      rows
        .slice(10)
        .map(({ member }) => member)
        .toSorted(),
    );
    const chosen = samples.series({ ...asked, members: ['m3', 'm59', 'unknown'] }, start + 1000);
    expect(chosen.lines.map(({ name }) => name)).toEqual(['m3', 'm59']);
  });

  test('a pool, device or metric without samples has no lines', () => {
    const samples = open();
    poll(samples, start, [requests('a', 1)]);
    const asked = query(start, start + 1000);
    for (const other of [{ pool: 'none' }, { device: 'none' }, { metric: 'weight' as const }]) {
      expect(samples.series({ ...asked, ...other }, start + 1000).lines).toEqual([]);
    }
  });
});

describe('by the minute', () => {
  test('an older span shows the lowest and the highest of each minute, rolled up or not yet', () => {
    const samples = open();
    pollFor(samples, start, start + 20 * minute);
    const now = start + 3 * hour;
    const asked = query(start, start + hour, { maxPixels: 120 });
    const before = samples.series(asked, now);
    expect(before.resolutionMs).toBe(minute);
    expect(before.lines[0]?.values.slice(0, 4)).toEqual([0, 59, 60, 119]);
    expect(before.lines[0]?.values).toHaveLength(40);
    maintain(samples, now);
    expect([samples.rows('chunk'), samples.rows('block'), samples.rows('span')]).toEqual([0, 0, 4]);
    expect(samples.series(asked, now)).toEqual(before);
    expect(before.gaps).toEqual([{ fromMs: start + 19 * minute, toMs: start + hour }]);
  });

  test('a span over rolled-up quarters, open ones and the minute in memory is whole', () => {
    const samples = open();
    const now = start + 50 * minute + 30_000;
    pollFor(samples, start, now);
    maintain(samples, now);
    expect(samples.rows('span')).toBe(6);
    const { lines, gaps } = samples.series(query(start - 2 * hour, now, { maxPixels: 200 }), now);
    expect(lines[0]?.values).toHaveLength(102);
    expect(lines[0]?.values.at(-1)).toBe(50 * 60 + 29);
    expect(gaps).toEqual([{ fromMs: start - 2 * hour, toMs: start }]);
  });

  test('a roll-up that was broken off is made again, and nothing is counted twice', () => {
    const samples = open();
    for (let second = 0; second < 60 * 16; second += 1) {
      const rows = ['one', 'two'].map((pool) => ({ pool, member: 'a', values: { requestsPerSecond: second } }));
      samples.write({ device: 'edge', atMs: start + second * 1000, intervalMs: 1000, everyMs: 1000, rows });
    }
    const now = start + 17 * minute;
    const steps = samples.maintain(now);
    for (let step = 0; step < 2; step += 1) steps.next(); // one chunk closed, one pool of two rolled up
    expect(samples.rows('rollup')).toBe(1);
    const asked = { ...query(start, now), pool: 'two' };
    const halfway = samples.series(asked, now + 5 * hour);
    maintain(samples, now);
    expect(samples.rows('rollup')).toBe(4);
    expect(samples.series(asked, now + 5 * hour)).toEqual(halfway);
  });

  test('seconds are kept for an hour, ten seconds for a day, minutes for 31 days, hours for two years, then they go', () => {
    const samples = open();
    const day = 24 * hour;
    pollFor(samples, start, start + 2 * minute);
    function left(ageMs: number): number[] {
      maintain(samples, start + ageMs);
      return [samples.rows('chunk'), samples.rows('block'), ...[10_000, minute, hour].map(samples.spans)];
    }
    expect(left(hour)).toEqual([2, 2, 1, 1, 0]);
    expect(left(2 * hour)).toEqual([0, 0, 1, 1, 0]);
    expect(left(day)).toEqual([0, 0, 1, 1, 1]);
    expect(left(day + 2 * hour)).toEqual([0, 0, 0, 1, 1]);
    expect(left(31 * day)).toEqual([0, 0, 0, 1, 1]);
    expect(left(31 * day + hour)).toEqual([0, 0, 0, 0, 1]);
    expect(left(730 * day)).toEqual([0, 0, 0, 0, 1]);
    expect(left(734 * day)).toEqual([0, 0, 0, 0, 0]);
    expect(samples.rows('rollup')).toBe(0);
  });

  test('many old chunks go a few at a time', () => {
    const samples = open();
    pollFor(samples, start, start + 30 * minute, 10_000);
    const steps = Array.from(samples.maintain(start + 5 * hour)).length;
    expect(samples.rows('chunk')).toBe(0);
    expect(steps).toBeGreaterThan(30 / 4);
  });
});

describe('the roll-up that fits the range', { timeout: 60_000 }, () => {
  const day = 24 * hour;

  test('is the coarsest with a bucket for every second pixel, of those that reach back to its start', () => {
    const samples = open();
    const now = start + 400 * day;
    function resolution(spanMs: number, maxPixels: number): number {
      return samples.series(query(now - spanMs, now, { maxPixels }), now).resolutionMs;
    }
    poll(samples, now - 1000, [requests('a', 1)]);
    expect(resolution(hour, 600)).toBe(1000);
    expect(resolution(6 * hour, 600)).toBe(minute);
    expect(resolution(6 * hour, 1000)).toBe(30_000);
    expect(resolution(day, 600)).toBe(3 * minute);
    expect(resolution(7 * day, 600)).toBe(17 * minute);
    expect(resolution(31 * day, 600)).toBe(2 * hour);
    expect(resolution(366 * day, 600)).toBe(15 * hour);
  });

  test('has peaks and means of every width, from hours to the minute in memory', () => {
    const samples = open();
    const now = start + 49 * hour + 30_000;
    for (let atMs = start; atMs < now; atMs += minute) {
      const value = atMs === start + 5 * hour + 7 * minute ? 9000 : 30;
      poll(samples, atMs, [requests('a', value)], minute, minute);
      if (atMs % hour === 0) maintain(samples, atMs);
    }
    expect(samples.spans(hour)).toBe(2);
    const hourly = samples.series({ ...query(start, now, { maxPixels: 50 }), shape: 'mean' }, now);
    expect(hourly.resolutionMs).toBe(hour);
    expect(hourly.lines[0]?.values).toEqual(
      Array.from({ length: 50 }, (_, index) => (index === 5 ? (59 * 30 + 9000) / 60 : 30)),
    );
    const peaks = samples.series(query(start, now, { maxPixels: 10 }), now);
    expect(Math.max(...(peaks.lines[0]?.values ?? []).map(Number))).toBe(9000);
    expect(peaks.gaps).toEqual([]);
  });

  test('a silence stays a gap in ten seconds, minutes and hours', () => {
    const samples = open();
    const silent = { fromMs: start + 10 * hour, toMs: start + 14 * hour };
    pollFor(samples, start, silent.fromMs, 20_000);
    pollFor(samples, silent.toMs, start + 20 * hour, 20_000);
    const now = start + 20 * hour;
    maintain(samples, now);
    for (const [maxPixels, widthMs] of [
      [8000, 10_000],
      [1000, 2 * minute],
      [20, hour],
    ] as const) {
      const { lines, gaps, resolutionMs } = samples.series(query(start, now, { maxPixels }), now);
      expect(resolutionMs).toBe(widthMs);
      expect(gaps).toHaveLength(1);
      const [gap] = gaps;
      expect(Math.abs((gap?.fromMs ?? 0) - silent.fromMs)).toBeLessThanOrEqual(Math.max(20_000, widthMs));
      expect(Math.abs((gap?.toMs ?? 0) - silent.toMs)).toBeLessThanOrEqual(Math.max(20_000, widthMs));
      const { times, values } = lines[0] ?? { times: [], values: [] };
      expect(times.filter((_, index) => values[index] === null)).toHaveLength(1);
      expect(times.filter((time) => time > silent.fromMs + hour && time < silent.toMs - hour).length).toBeLessThan(2);
    }
  });

  test("an hour's p99 is that of all its responses, which neither the mean nor the highest of the seconds' is", () => {
    const samples = open();
    // 2 of 100 are slow in the first half hour, none in the second: 1 of 100 over the hour.
    const answers: number[] = [];
    for (let second = 0; second < 3600; second += 1) {
      const durations = Array.from({ length: 100 }, (_, index) =>
        second < 1800 && index < 3 ? 2000 + index : 10 + (index % 7),
      );
      answers.push(...durations);
      const times: Record<string, number> = {};
      for (const ms of durations) times[bucketOf(ms)] = (times[bucketOf(ms)] ?? 0) + 1;
      const told = percentile(durations, 99);
      const values = { responseTimeP99Ms: told };
      const row = { pool: 'app', member: 'a', values, times };
      samples.write({ device: 'edge', atMs: start + second * 1000, intervalMs: 1000, everyMs: 1000, rows: [row] });
    }
    const now = start + 3 * day;
    function shown() {
      return samples.series(
        {
          ...query(start, start + 10 * hour, { maxPixels: 10 }),
          metric: 'responseTimeP99Ms',
          fromMs: start - 40 * day,
        },
        now + 5 * day,
      );
    }
    const before = shown().lines[0]?.values;
    maintain(samples, now);
    const truth = percentile(answers, 99);
    expect(truth).toBe(2000);
    const [value] = shown().lines[0]?.values ?? [];
    expect(Math.abs((value ?? 0) / truth - 1)).toBeLessThan(0.033);
    expect([samples.rows('chunk'), samples.spans(hour)]).toEqual([0, 1]);
    expect([value]).toEqual(before);
  });

  test('percentiles that a device only tells are shown as the range that they were in', () => {
    const samples = open();
    for (let second = 0; second < 60; second += 1) {
      poll(samples, start + second * 1000, [{ pool: 'app', member: 'a', values: { responseTimeP95Ms: 10 + second } }]);
    }
    const asked = { ...query(start, start + minute), metric: 'responseTimeP95Ms' as const, maxPixels: 10 };
    expect(samples.series(asked, start + 26 * hour).lines[0]?.values).toEqual([10, 69]);
  });

  test('what a clock that was set back writes after its seconds were removed is added to the roll-ups', () => {
    const samples = open();
    pollFor(samples, start, start + minute);
    maintain(samples, start + 3 * hour);
    expect(samples.rows('chunk')).toBe(0);
    poll(samples, start + 30_500, [requests('a', 500)]);
    poll(samples, start + 3 * hour, [requests('a', 1)]);
    const asked = query(start, start + hour, { maxPixels: 60 });
    const before = samples.series(asked, start + 3 * hour);
    expect(before.lines[0]?.values).toEqual([0, 500]);
    maintain(samples, start + 4 * hour);
    expect(samples.series(asked, start + 4 * hour)).toEqual(before);
  });
});

test(
  'a file of two years stays as big as it is: what comes in goes out, and free pages are given back',
  { timeout: 60_000 },
  () => {
    const samples = open();
    const everyMs = 12 * hour;
    const pages: number[] = [];
    for (let day = 0; day < 800; day += 1) {
      const fromMs = start + day * 24 * hour;
      for (let atMs = fromMs; atMs < fromMs + 24 * hour; atMs += everyMs) {
        const rows = Array.from({ length: 20 }, (_, member) => requests(`m${member}`, (day * 7919 + member) % 1000));
        poll(samples, atMs, rows, everyMs, everyMs);
        maintain(samples, atMs);
      }
      pages.push(samples.pages().all);
    }
    const [then = 0, now = 0] = [pages[740], pages[799]];
    expect(now).toBeLessThanOrEqual(then + 8);
    expect(samples.pages().free).toBeLessThan(now / 2);
    maintain(samples, start + 2000 * 24 * hour);
    maintain(samples, start + 2000 * 24 * hour);
    expect(samples.pages().all).toBeLessThan(now / 4);
  },
);

test('a long line is reduced to two points a pixel with its peak', () => {
  const samples = open();
  pollFor(samples, start, start + 10 * minute);
  poll(samples, start + 10 * minute, [requests('a', 99_999)]);
  const { lines } = samples.series(query(start, start + 11 * minute, { maxPixels: 50 }), start + 11 * minute);
  expect(lines[0]?.values.length).toBeLessThanOrEqual(100);
  expect(Math.max(...(lines[0]?.values ?? []).map(Number))).toBe(99_999);
});

test('from counters to the chart nothing is lost: point times interval, added up, is what the device counted', () => {
  const samples = open();
  const minute = new RollingMinute();
  const counted = { a: 0, b: 0 };
  const intervals = new Map<number, number>();
  let previous: Sample | undefined;
  let second = 0;
  for (let index = 0; index < 200; index += 1) {
    const members = (['a', 'b'] as const).map((name, place) => ({
      name,
      requests: String((counted[name] += (index * 37) % (50 + place))),
    }));
    const next = sample(second, members);
    const rates = previous && sampleRates(previous, next);
    minute.add(next, rates, undefined);
    const [atMs, intervalMs] = [Date.parse(next.at), rates?.intervalMs ?? 0];
    intervals.set(atMs, intervalMs);
    samples.write({ device: 'edge', atMs, intervalMs, everyMs: 1000, rows: minute.pools().flatMap(metricRows) });
    previous = next;
    second += 0.99 + (index % 7) / 300;
  }
  const end = start + second * 1000;
  for (const { name, times, values } of samples.series(query(start, end), end).lines) {
    const sum = values.reduce(
      (total: number, value, index) => total + ((value ?? 0) * (intervals.get(times[index] ?? 0) ?? 0)) / 1000,
      0,
    );
    expect(Math.round(sum)).toBe(name === 'a' ? counted.a : counted.b);
  }
});
