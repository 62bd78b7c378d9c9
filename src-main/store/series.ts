import type { CallInput } from '../contract/api.ts';
import type { Series } from '../contract/metrics.ts';
import { metricPlace, minuteMs, type Tick } from './open-chunk.ts';
import { reduceLine } from './reduce.ts';
import type { Chunk } from './sample-chunks.ts';
import { type MinuteRollups, rollMinutes, type Span } from './sample-rollup.ts';

export type SeriesQuery = CallInput<'series.get'>;

/** A silence longer than this many intervals is a gap. */
const gapIntervals = 2.5;
const maxLines = 50;

/** What a query reads from: closed minutes, then the open one; and, for long spans, roll-ups with the chunks that none has taken in. */
export interface SeriesSource {
  readonly query: SeriesQuery;
  readonly poolId: number;
  readonly memberNames: ReadonlyMap<number, string>;
  readonly chunks: readonly Chunk[];
  /** Absent = by the second. */
  readonly spans?: readonly Span[];
}

/** Chart data of one pool and metric, a line per member; without `members` the 50 with most of it. `markers` are the caller's. */
export function readSeries(source: SeriesSource): Omit<Series, 'markers'> {
  const lines = new Map(wantedMembers(source).map((member) => [member, newLine()]));
  return source.spans ? byMinute(source, source.spans, lines) : bySecond(source, lines);
}

type Lines = ReadonlyMap<number, OpenLine>;

interface OpenLine {
  readonly times: number[];
  readonly values: number[];
  readonly breakMs: number[];
}

function bySecond(source: SeriesSource, lines: Lines): Omit<Series, 'markers'> {
  const { query, poolId, chunks } = source;
  for (const chunk of chunks) {
    const values = chunk.read(poolId, metricPlace(query.metric));
    for (const [place, member] of (values?.members ?? []).entries()) {
      const line = lines.get(member);
      if (!line) continue;
      for (const [index, tick] of chunk.ticks.entries()) {
        const value = values?.at(place, index) ?? NaN;
        if (!Number.isNaN(value) && isInside(query, tick.atMs))
          addPoint(line, tick.atMs, value, gapIntervals * tick.everyMs);
      }
    }
  }
  const ticks = chunks.flatMap((chunk) => chunk.ticks).filter(({ atMs }) => isInside(query, atMs));
  return finished(source, lines, ticks.at(-1)?.everyMs ?? 1000, gapsOf(ticks, query));
}

function byMinute(source: SeriesSource, spans: readonly Span[], lines: Lines): Omit<Series, 'markers'> {
  const { query, poolId, chunks } = source;
  const everyMs = Math.max(
    minuteMs,
    ...spans.map((span) => span.everyMs),
    ...lastTicks(chunks).map((tick) => tick.everyMs),
  );
  const minutes = new Set<number>();
  const metric = metricPlace(query.metric);
  for (const span of spans) addRollups(source, lines, minutes, span.read(poolId, metric), everyMs);
  addRollups(source, lines, minutes, rollMinutes(chunks, poolId, metric), everyMs);
  const ticks = [...minutes]
    .toSorted((one, other) => one - other)
    .map((atMs) => ({ atMs, intervalMs: everyMs, everyMs }));
  return finished(source, lines, everyMs, gapsOf(ticks, query));
}

function lastTicks(chunks: readonly Chunk[]): Tick[] {
  return chunks.flatMap((chunk) => chunk.ticks.slice(-1));
}

/** When in its minute the lowest and the highest value came is not kept: they stand at a quarter and at three quarters of it. */
function addRollups(
  source: SeriesSource,
  lines: Lines,
  minutes: Set<number>,
  rollups: MinuteRollups,
  everyMs: number,
): void {
  for (const [member, list] of rollups) {
    for (const { minuteStartMs, lowest, highest } of list) {
      if (!isInside(source.query, minuteStartMs)) continue;
      minutes.add(minuteStartMs);
      const line = lines.get(member);
      if (!line) continue;
      const breakMs = gapIntervals * everyMs;
      addPoint(line, minuteStartMs + minuteMs / 4, lowest, breakMs);
      if (highest !== lowest) addPoint(line, minuteStartMs + (3 * minuteMs) / 4, highest, breakMs);
    }
  }
}

function wantedMembers({ query, poolId, memberNames, chunks, spans }: SeriesSource): number[] {
  const named = [...memberNames].filter(([, name]) => query.members?.includes(name) ?? true).map(([member]) => member);
  if (named.length <= maxLines) return named;
  const metric = metricPlace(query.metric);
  const totals = new Map<number, number>();
  function add(rollups: MinuteRollups): void {
    for (const [member, minutes] of rollups) {
      totals.set(member, (totals.get(member) ?? 0) + minutes.reduce((sum, minute) => sum + minute.sum, 0));
    }
  }
  for (const span of spans ?? []) add(span.read(poolId, metric));
  add(rollMinutes(chunks, poolId, metric));
  return named.toSorted((one, other) => (totals.get(other) ?? 0) - (totals.get(one) ?? 0)).slice(0, maxLines);
}

function newLine(): OpenLine {
  return { times: [], values: [], breakMs: [] };
}

function isInside({ fromMs, toMs }: SeriesQuery, atMs: number): boolean {
  return atMs >= fromMs && atMs <= toMs;
}

/** A point not later than the one before (a clock that was set back) is left out. */
function addPoint(line: OpenLine, atMs: number, value: number, breakMs: number): void {
  if (atMs <= (line.times.at(-1) ?? -Infinity)) return;
  line.times.push(atMs);
  line.values.push(value);
  line.breakMs.push(breakMs);
}

function finished(
  { query, memberNames }: SeriesSource,
  lines: Lines,
  resolutionMs: number,
  gaps: Series['gaps'],
): Omit<Series, 'markers'> {
  const reduced = [...lines]
    .map(([member, points]) => ({ name: memberNames.get(member) ?? '', points }))
    .filter(({ points }) => points.times.length > 0)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, points }) => ({ name, ...reduceLine(points, query.fromMs, query.toMs, query.maxPixels) }));
  return { metric: query.metric, resolutionMs, lines: reduced, gaps };
}

/** Silences between polls, and from the start of the span to the first and from the last to its end. */
function gapsOf(ticks: readonly Tick[], { fromMs, toMs }: SeriesQuery): Series['gaps'] {
  const everyMs = ticks.at(-1)?.everyMs ?? 0;
  const end = { atMs: toMs, intervalMs: everyMs, everyMs };
  const gaps: { fromMs: number; toMs: number }[] = [];
  let before = fromMs;
  for (const tick of [...ticks, end]) {
    if (tick.atMs - before > gapIntervals * tick.everyMs) gaps.push({ fromMs: before, toMs: tick.atMs });
    before = Math.max(before, tick.atMs);
  }
  return gaps;
}
