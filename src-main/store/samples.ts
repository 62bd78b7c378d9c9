import type { DatabaseSync } from 'node:sqlite';
import type { MetricRows, Series } from '../contract/metrics.ts';
import { integer } from './database.ts';
import { addTick, belongs, minuteMs, minuteOf, newChunk, type OpenChunk } from './open-chunk.ts';
import { openAsChunk, sampleChunks } from './sample-chunks.ts';
import { sampleNames } from './sample-names.ts';
import { sampleRollups, spanMs } from './sample-rollup.ts';
import { readSeries, type SeriesQuery } from './series.ts';

const hourMs = 60 * minuteMs;
/** A little over the hour, so that a chart of the last hour is whole. */
const keptBySecondMs = hourMs + 5 * minuteMs;
const keptByMinuteMs = 31 * 24 * hourMs;

/** Samples of all devices, on the worker's side. */
export interface Samples {
  /** Takes one poll; it is on the disk when its minute is over, or at `flush`. */
  readonly write: (rows: MetricRows) => void;
  readonly series: (query: SeriesQuery, nowMs: number) => Omit<Series, 'markers'>;
  /**
   * Closes minutes that are over, rolls up quarters of an hour that are over, removes what is older than its retention. Yields
   * after each small piece of work.
   */
  readonly maintain: (nowMs: number) => Generator<void, void>;
  /** Puts all open minutes on the disk. */
  readonly flush: () => void;
}

export function openSamples(database: DatabaseSync): Samples {
  const names = sampleNames(database);
  const chunks = sampleChunks(database, names);
  const rollups = sampleRollups(database, chunks);
  const open = new Map<string, OpenChunk>();

  function close(chunk: OpenChunk): void {
    open.delete(chunk.device);
    chunks.write(chunk);
  }

  function write(rows: MetricRows): void {
    const current = open.get(rows.device);
    if (current && !belongs(current, rows.atMs)) close(current);
    const chunk = open.get(rows.device) ?? newChunk(rows.device, minuteOf(rows.atMs));
    open.set(rows.device, chunk);
    addTick(chunk, rows);
  }

  function series(query: SeriesQuery, nowMs: number): Omit<Series, 'markers'> {
    const { device, pool, fromMs, toMs } = query;
    const current = open.get(device);
    const poolId = current?.pools.has(pool) ? names.poolId(device, pool) : names.findPool(device, pool);
    if (poolId === undefined) return { metric: query.metric, resolutionMs: 1000, lines: [], gaps: [{ fromMs, toMs }] };
    const inMemory = current ? [openAsChunk(current, pool, (member) => names.memberId(poolId, member))] : [];
    const stored = chunks.between(device, fromMs, toMs);
    const memberNames = names.members(poolId);
    if (fromMs >= nowMs - keptBySecondMs) {
      return readSeries({ query, poolId, memberNames, chunks: [...stored, ...inMemory] });
    }
    const unfinished = new Set(stored.filter((chunk) => !chunk.isRolled).map((chunk) => spanStart(chunk.startMs)));
    const spans = rollups.between(device, fromMs, toMs).filter((span) => !unfinished.has(span.startMs));
    const rest = stored.filter((chunk) => unfinished.has(spanStart(chunk.startMs)));
    return readSeries({ query, poolId, memberNames, chunks: [...rest, ...inMemory], spans });
  }

  function* maintain(nowMs: number): Generator<void, void> {
    for (const chunk of [...open.values()]) {
      if (chunk.minute < minuteOf(nowMs)) {
        close(chunk);
        yield;
      }
    }
    const waiting = chunks.unrolled(spanStart(nowMs - minuteMs));
    const spans = new Map(
      waiting.map(({ device, startMs }) => [`${spanStart(startMs)} ${device}`, { device, startMs }]),
    );
    for (const { device, startMs } of spans.values()) yield* rollups.rollSpan(device, spanStart(startMs));
    while (chunks.removeBefore(nowMs - keptBySecondMs)) yield;
    while (rollups.removeBefore(nowMs - keptByMinuteMs)) yield;
    giveBack(database);
  }

  function flush(): void {
    for (const chunk of [...open.values()]) close(chunk);
  }

  return { write, series, maintain, flush };
}

/** A file that is mostly free pages (a device that went) shrinks bit by bit; the few that come and go are used again. */
function giveBack(database: DatabaseSync): void {
  const free = integer(database.prepare('PRAGMA freelist_count').get() ?? {}, 'freelist_count');
  const all = integer(database.prepare('PRAGMA page_count').get() ?? {}, 'page_count');
  if (free > all / 2) database.exec('PRAGMA incremental_vacuum(1024)');
}

function spanStart(atMs: number): number {
  return Math.floor(atMs / spanMs) * spanMs;
}
