import type { CallInput } from '../contract/api.ts';
import { percentileMs } from '../contract/histogram.ts';
import type { Metric, Series } from '../contract/metrics.ts';
import { metricPlace } from './open-chunk.ts';
import { reduceLine } from './reduce.ts';
import { mergeRollups, rollChunks, type Rollup, type Rollups } from './rollup.ts';
import type { Chunk } from './sample-chunks.ts';
import { chartBucketMs, type Level, minutes } from './sample-levels.ts';
import type { RollupSource } from './sample-rollup.ts';
import { type Histogram, mergeTimes } from './time-counts.ts';

export type SeriesQuery = CallInput<'series.get'>;

/** A silence longer than this many intervals is a gap. */
const gapIntervals = 2.5;
const maxLines = 50;
/** The percentiles that counts of response times give for any span. */
const percentOf: Partial<Record<Metric, number>> = {
  responseTimeP50Ms: 50,
  responseTimeP95Ms: 95,
  responseTimeP99Ms: 99,
};

interface Asked {
  readonly query: SeriesQuery;
  readonly poolId: number;
  readonly memberNames: ReadonlyMap<number, string>;
}
/** A source of roll-ups that knows when it begins and how often its device was polled. */
export interface TimedSource extends RollupSource {
  readonly startMs: number;
  readonly everyMs: number;
}

/** Chart data of one pool and metric, a line per member; without `members` the 50 with most of it. `markers` are the caller's. */
export function readBySecond(source: Asked & { readonly chunks: readonly Chunk[] }): Omit<Series, 'markers'> {
  const { query, poolId, chunks } = source;
  const metric = metricPlace(query.metric);
  const lines = newLines(source, () => rollChunks(chunks, poolId, metric, minutes.bucketMs));
  for (const chunk of chunks) {
    const values = chunk.read(poolId, metric);
    for (const [place, member] of (values?.members ?? []).entries()) {
      const line = lines.get(member);
      if (!line) continue;
      for (const [index, tick] of chunk.ticks.entries()) {
        const value = values?.at(place, index) ?? NaN;
        if (!Number.isNaN(value) && isInside(query, tick.atMs))
          line.push({ atMs: tick.atMs, value, breakMs: gapIntervals * tick.everyMs });
      }
    }
  }
  const ticks = chunks.flatMap((chunk) => chunk.ticks).filter(({ atMs }) => isInside(query, atMs));
  const silences = ticks.map(({ atMs, everyMs }) => ({ atMs, breakMs: gapIntervals * everyMs }));
  return finished(source, lines, ticks.at(-1)?.everyMs ?? 1000, silences);
}

/** The same of roll-ups: a lowest and a highest point for each bucket, or one. */
export function readByLevel(
  source: Asked & { readonly level: Level; readonly sources: readonly TimedSource[] },
): Omit<Series, 'markers'> {
  const { query, poolId, level, sources } = source;
  const bucketMs = chartBucketMs(level, query);
  const everyMs = Math.max(0, ...sources.map((each) => each.everyMs));
  const breakMs = Math.max(1.25 * bucketMs, gapIntervals * everyMs);
  const metric = metricPlace(query.metric);
  const rollups = mergeRollups(
    sources.map((each) => each.read(poolId, metric)),
    bucketMs,
  );
  const percent = percentOf[query.metric];
  const times =
    percent === undefined
      ? new Map<number, ReadonlyMap<number, Histogram>>()
      : mergeTimes(
          sources.map((each) => each.readTimes(poolId)),
          bucketMs,
        );
  const lines = newLines(source, () => rollups);
  const starts = new Set<number>();
  for (const [member, list] of rollups) {
    for (const rollup of list) {
      if (rollup.startMs + bucketMs <= query.fromMs || rollup.startMs > query.toMs) continue;
      starts.add(rollup.startMs);
      const histogram = times.get(member)?.get(rollup.startMs);
      const points =
        histogram && percent !== undefined
          ? onePoint(rollup.startMs, bucketMs, percentileMs(countsOf(histogram), percent) ?? NaN)
          : pointsOf(rollup, bucketMs, query.shape ?? 'extremes');
      lines.get(member)?.push(...points.map((point) => ({ ...point, breakMs })));
    }
  }
  const silences = [...starts].sort((one, other) => one - other).map((atMs) => ({ atMs, breakMs }));
  return finished(source, lines, bucketMs, silences);
}

type Lines = ReadonlyMap<number, Point[]>;
interface Silence {
  readonly atMs: number;
  /** A longer way from the one before is a gap. */
  readonly breakMs: number;
}
interface Point extends Silence {
  readonly value: number;
}

/** When in its bucket the lowest and the highest value came is not kept: they stand at a quarter and at three quarters of it. */
function pointsOf({ startMs, lowest, highest, sum, count }: Rollup, bucketMs: number, shape: 'extremes' | 'mean') {
  if (shape === 'mean') return onePoint(startMs, bucketMs, sum / count);
  const low = { atMs: startMs + bucketMs / 4, value: lowest };
  return highest === lowest ? [low] : [low, { atMs: startMs + (3 * bucketMs) / 4, value: highest }];
}

function onePoint(startMs: number, bucketMs: number, value: number) {
  return [{ atMs: startMs + bucketMs / 2, value }];
}

function countsOf(histogram: Histogram): Float64Array {
  const counts = new Float64Array(Math.max(0, ...histogram.keys()) + 1);
  for (const [bucket, count] of histogram) counts[bucket] = count;
  return counts;
}

/** An empty line for each member that is wanted; `all` is asked only where they are too many. */
function newLines({ query, memberNames }: Asked, all: () => Rollups): Lines {
  const named = [...memberNames].filter(([, name]) => query.members?.includes(name) ?? true).map(([member]) => member);
  if (named.length <= maxLines) return new Map(named.map((member) => [member, []]));
  const rollups = all();
  const totals = new Map(
    named.map((member) => [member, (rollups.get(member) ?? []).reduce((sum, rollup) => sum + rollup.sum, 0)]),
  );
  const most = named.toSorted((one, other) => (totals.get(other) ?? 0) - (totals.get(one) ?? 0)).slice(0, maxLines);
  return new Map(most.map((member) => [member, []]));
}

function isInside({ fromMs, toMs }: SeriesQuery, atMs: number): boolean {
  return atMs >= fromMs && atMs <= toMs;
}

function finished(
  { query, memberNames }: Asked,
  lines: Lines,
  resolutionMs: number,
  silences: readonly Silence[],
): Omit<Series, 'markers'> {
  const reduced = [...lines]
    .map(([member, points]) => ({ name: memberNames.get(member) ?? '', points }))
    .filter(({ points }) => points.length > 0)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, points }) => ({
      name,
      ...reduceLine(asColumns(inOrder(points)), query.fromMs, query.toMs, query.maxPixels),
    }));
  return { metric: query.metric, resolutionMs, lines: reduced, gaps: gapsOf(inOrder(silences), query) };
}

/** A clock that was set back wrote some moments twice: all are kept, in their order, of two at the same moment the later one. */
function inOrder<T extends Silence>(points: readonly T[]): readonly T[] {
  if (points.every((point, index) => point.atMs > (points[index - 1]?.atMs ?? -Infinity))) return points;
  const sorted = points.toSorted((one, other) => one.atMs - other.atMs);
  return sorted.filter((point, index) => point.atMs !== sorted[index + 1]?.atMs);
}

function asColumns(points: readonly Point[]) {
  return {
    times: points.map(({ atMs }) => atMs),
    values: points.map(({ value }) => value),
    breakMs: points.map(({ breakMs }) => breakMs),
  };
}

/** Silences between polls, and from the start of the span to the first and from the last to its end. */
function gapsOf(silences: readonly Silence[], { fromMs, toMs }: SeriesQuery): Series['gaps'] {
  const breakMs = silences.at(-1)?.breakMs ?? 0;
  const gaps: { fromMs: number; toMs: number }[] = [];
  let before = fromMs;
  for (const { atMs, breakMs: longest } of [...silences, { atMs: toMs, breakMs }]) {
    if (atMs - before > longest) gaps.push({ fromMs: before, toMs: atMs });
    before = Math.max(before, atMs);
  }
  return gaps;
}
