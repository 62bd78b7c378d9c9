import { startOf, tenSeconds } from './sample-levels.ts';
import type { TimeCounts } from './time-counts.ts';
import { type Metric, metricNames, type MetricRows } from '../contract/metrics.ts';

export const minuteMs = 60_000;

/** One poll's place in time. */
export interface Tick {
  readonly atMs: number;
  readonly intervalMs: number;
  readonly everyMs: number;
}

/** The polls of one device in one minute, in memory until the minute is over. */
export interface OpenChunk {
  readonly device: string;
  readonly minute: number;
  readonly ticks: Tick[];
  /** By pool, metric (its place in `metricNames`) and member: a value per tick, NaN or missing at the end where there was none. */
  readonly pools: Map<string, Map<number, Map<string, number[]>>>;
  /** By pool, member, and start of ten seconds: response times as they were counted. */
  readonly times: Map<string, Map<string, Map<number, Map<number, number>>>>;
}

const metricPlaces = new Map<string, number>(metricNames.map((name, place) => [name, place]));

export function minuteOf(atMs: number): number {
  return Math.floor(atMs / minuteMs);
}

export function newChunk(device: string, minute: number): OpenChunk {
  return { device, minute, ticks: [], pools: new Map(), times: new Map() };
}

/** True where the poll is of this minute and later than those before it: a clock set back starts a chunk of its own. */
export function belongs(chunk: OpenChunk, atMs: number): boolean {
  return chunk.minute === minuteOf(atMs) && atMs > (chunk.ticks.at(-1)?.atMs ?? -Infinity);
}

export function addTick(chunk: OpenChunk, { atMs, intervalMs, everyMs, rows }: MetricRows): void {
  const place = chunk.ticks.length;
  chunk.ticks.push({ atMs, intervalMs, everyMs });
  for (const { pool, member, values, times } of rows) {
    if (times) addTimes(chunk, pool, member, startOf(atMs, tenSeconds.bucketMs), times);
    const metrics = entry(chunk.pools, pool, () => new Map<number, Map<string, number[]>>());
    for (const [name, value] of Object.entries(values)) {
      const metric = metricPlaces.get(name);
      if (metric === undefined || !(value >= 0 && value < Infinity)) continue; // nothing that is charted is negative
      const series = entry(
        entry(metrics, metric, () => new Map<string, number[]>()),
        member,
        () => [],
      );
      while (series.length < place) series.push(NaN);
      series[place] = value;
    }
  }
}

function addTimes(
  chunk: OpenChunk,
  pool: string,
  member: string,
  startMs: number,
  times: Readonly<Record<string, number>>,
): void {
  const members = entry(chunk.times, pool, () => new Map<string, Map<number, Map<number, number>>>());
  const slots = entry(members, member, () => new Map<number, Map<number, number>>());
  const counts = entry(slots, startMs, () => new Map<number, number>());
  for (const [bucket, count] of Object.entries(times)) {
    counts.set(Number(bucket), (counts.get(Number(bucket)) ?? 0) + count);
  }
}

/** The response times of one pool with its members' ids. */
export function timesOf(chunk: OpenChunk, pool: string, memberId: (member: string) => number): TimeCounts {
  return new Map([...(chunk.times.get(pool) ?? [])].map(([member, slots]) => [memberId(member), slots]));
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

export function metricPlace(metric: Metric): number {
  return metricNames.indexOf(metric);
}

/** Rates are stored as what was counted (see `storedValue`), so that they come back exactly. */
function isRate(metric: number): boolean {
  return metricNames[metric]?.endsWith('PerSecond') ?? false;
}

/**
 * A rate as the whole number that was counted in its interval where it is one, else as the negated rate, so that the two are told
 * apart; a time in ms to its microsecond; all else as it is.
 */
export function storedValue(metric: number, value: number, intervalMs: number): number {
  if (!isRate(metric)) return metricNames[metric]?.endsWith('Ms') ? Math.round(value * 1000) / 1000 : value;
  const counted = Math.round((value * intervalMs) / 1000);
  return intervalMs > 0 && (counted * 1000) / intervalMs === value ? counted : -value;
}

/** The value that `storedValue` was made from. */
export function chartedValue(metric: number, stored: number, intervalMs: number): number {
  if (!isRate(metric)) return stored;
  return stored < 0 ? -stored : (stored * 1000) / intervalMs;
}
