import type { DatabaseSync } from 'node:sqlite';
import type { MetricRows, Series } from '../contract/metrics.ts';
import { integer } from './database.ts';
import { addTick, belongs, minuteOf, newChunk, type OpenChunk } from './open-chunk.ts';
import { chunkAsSource, rollUp } from './roll.ts';
import { rollChunks } from './rollup.ts';
import { type Chunk, openAsChunk, sampleChunks, type StoredChunk } from './sample-chunks.ts';
import { hours, keptBySecondMs, type Level, levelFor, levels, minutes, startOf, tenSeconds } from './sample-levels.ts';
import { sampleNames } from './sample-names.ts';
import { rollupFile, type RollupSource } from './sample-rollup.ts';
import { readByLevel, readBySecond, type SeriesQuery, type TimedSource } from './series.ts';

/** Samples of all devices, on the worker's side. */
export interface Samples {
  /** Takes one poll; it is on the disk when its minute is over, or at `flush`. */
  readonly write: (rows: MetricRows) => void;
  readonly series: (query: SeriesQuery, nowMs: number) => Omit<Series, 'markers'>;
  /**
   * Closes minutes that are over, rolls up quarters of an hour and days that are over, removes what is older than its retention.
   * Yields after each small piece of work.
   */
  readonly maintain: (nowMs: number) => Generator<void, void>;
  /** Puts all open minutes on the disk. */
  readonly flush: () => void;
}

/** Free pages are given back from this share of the file on; fewer come and go, and are used again. */
const freeShare = 1 / 4;
/** 4 MiB: what one step may cost. */
const pagesPerStep = 1024;
const stepsPerRound = 16;

export function openSamples(database: DatabaseSync): Samples {
  const names = sampleNames(database);
  const chunks = sampleChunks(database, names);
  const rollups = rollupFile(database);
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
    const asked = { query, poolId, memberNames: names.members(poolId) };
    const level = levelFor(query, nowMs);
    if (!level) return readBySecond({ ...asked, chunks: [...stored, ...inMemory] });
    const sources = [...sourcesOf(level, device, fromMs, toMs, stored), ...inMemory.map(openSource)];
    return readByLevel({ ...asked, level, sources });
  }

  /** Everything of a device in some time that is of a level or finer, no time twice. */
  function sourcesOf(
    level: Level,
    device: string,
    fromMs: number,
    toMs: number,
    stored: readonly StoredChunk[],
  ): readonly TimedSource[] {
    if (level === hours) {
      const days = rollups.between(hours, device, fromMs, toMs);
      const [whole, rest] = [new Set(days.map(({ startMs }) => startMs)), stored];
      const finer = sourcesOf(minutes, device, fromMs, toMs, rest);
      return [...days, ...finer.filter(({ startMs }) => !whole.has(startOf(startMs, hours.spanMs)))];
    }
    const quarters = Map.groupBy(stored, ({ startMs }) => startOf(startMs, tenSeconds.spanMs));
    const unfinished = [...quarters].filter(([, inside]) => inside.some((chunk) => !chunk.isRolled));
    const begun = new Set(
      unfinished.filter(([, inside]) => inside.some((chunk) => chunk.isRolled)).map(([startMs]) => startMs),
    );
    const spans = rollups.between(level, device, fromMs, toMs).filter(({ startMs }) => !begun.has(startMs));
    const rest = unfinished.flatMap(([, inside]) => inside);
    return [...spans, ...rest.map((chunk) => ({ ...chunkAsSource(chunk), startMs: chunk.startMs }))];
  }

  function* maintain(nowMs: number): Generator<void, void> {
    for (const chunk of [...open.values()]) {
      if (chunk.minute < minuteOf(nowMs)) {
        close(chunk);
        yield;
      }
    }
    yield* rollUp(chunks, rollups, nowMs);
    while (chunks.removeBefore(nowMs - keptBySecondMs)) yield;
    for (const level of levels) while (rollups.removeBefore(level, nowMs - level.keptMs)) yield;
    yield* giveBack(database);
  }

  function flush(): void {
    for (const chunk of [...open.values()]) close(chunk);
  }

  return { write, series, maintain, flush };
}

function openSource(chunk: Chunk): RollupSource & TimedSource {
  return {
    startMs: Infinity,
    everyMs: chunk.ticks.at(-1)?.everyMs ?? 0,
    read: (poolId, metric) => rollChunks([chunk], poolId, metric, tenSeconds.bucketMs),
    readTimes: chunk.readTimes,
  };
}

/** A file with many free pages (a device that went) shrinks bit by bit, so that it holds little more than what is in it. */
function* giveBack(database: DatabaseSync): Generator<void, void> {
  for (let step = 0; step < stepsPerRound; step += 1) {
    const free = integer(database.prepare('PRAGMA freelist_count').get() ?? {}, 'freelist_count');
    const all = integer(database.prepare('PRAGMA page_count').get() ?? {}, 'page_count');
    if (free <= all * freeShare) return;
    database.exec(`PRAGMA incremental_vacuum(${pagesPerStep})`);
    yield;
  }
}
