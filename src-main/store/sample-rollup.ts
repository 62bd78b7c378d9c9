import type { DatabaseSync } from 'node:sqlite';
import { type Metric, metricNames } from '../contract/metrics.ts';
import { blob, inTransaction, integer, type Row } from './database.ts';
import { mergeRollups, type Rollup, type Rollups } from './rollup.ts';
import { packBlock, unpackBlock } from './sample-block.ts';
import type { Level } from './sample-levels.ts';
import { mergeTimes, type TimeCounts, timesAsColumns, timesOfColumns, timesPlace } from './time-counts.ts';

/** What a pool and metric of one device came to in some time, at least as fine as whoever reads it wants. */
export interface RollupSource {
  readonly read: (poolId: number, metric: number) => Rollups;
  readonly readTimes: (poolId: number) => TimeCounts;
}
/** A source that knows what it holds. */
export interface Countable extends RollupSource {
  readonly everyMs: number;
  readonly contents: () => readonly { readonly poolId: number; readonly metric: number }[];
}
/** Roll-ups of one device in one span of a level. */
export interface Span extends Countable {
  readonly startMs: number;
}

/** Reads and writes roll-ups. */
export interface RollupFile {
  /**
   * Writes a span, pool by pool, so that other calls come in between; broken off and done again it comes to the same. With
   * `isLate` the sources are added to what the span holds, at once.
   */
  readonly write: (
    level: Level,
    device: string,
    startMs: number,
    sources: readonly Countable[],
    isLate: boolean,
  ) => Generator<void, void>;
  readonly isWhole: (level: Level, device: string, startMs: number) => boolean;
  /** Spans of a device that reach into some time, oldest first. */
  readonly between: (level: Level, device: string, fromMs: number, toMs: number) => readonly Span[];
  /** Spans of a level that end before a moment and that the next level has not taken in. */
  readonly unrolled: (
    level: Level,
    beforeMs: number,
  ) => readonly { readonly device: string; readonly startMs: number }[];
  readonly markRolled: (level: Level, device: string, fromMs: number, toMs: number) => void;
  /** Removes a few of the oldest spans that end before a moment; true where there may be more. */
  readonly removeBefore: (level: Level, beforeMs: number) => boolean;
}

const spansPerRemoval = 4;

export function rollupFile(database: DatabaseSync): RollupFile {
  const putSpan = database.prepare(
    `INSERT INTO span (device, bucket_ms, start_ms, every_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (device, bucket_ms, start_ms) DO UPDATE SET every_ms = excluded.every_ms, is_rolled = 0 RETURNING id`,
  );
  const markWhole = database.prepare('UPDATE span SET is_whole = 1 WHERE id = ?');
  const put = database.prepare('INSERT OR REPLACE INTO rollup (id, data) VALUES ((?1 << 32) | (?2 << 8) | ?3, ?4)');
  const one = database.prepare(
    'SELECT id, start_ms, every_ms FROM span WHERE device = ? AND bucket_ms = ? AND start_ms = ? AND is_whole = 1',
  );
  const between = database.prepare(
    `SELECT id, start_ms, every_ms FROM span WHERE device = ? AND bucket_ms = ? AND start_ms > ? AND start_ms <= ?
     AND is_whole = 1 ORDER BY start_ms`,
  );
  const rollup = database.prepare('SELECT data FROM rollup WHERE id = ((?1 << 32) | (?2 << 8) | ?3)');
  const contents = database.prepare(
    'SELECT (id >> 8) & 16777215 AS pool, id & 255 AS metric FROM rollup WHERE id >= (?1 << 32) AND id < ((?1 + 1) << 32)',
  );
  const unrolled = database.prepare(
    'SELECT device, start_ms FROM span WHERE bucket_ms = ? AND is_rolled = 0 AND is_whole = 1 AND start_ms < ? ORDER BY device, start_ms',
  );
  const markRolled = database.prepare(
    'UPDATE span SET is_rolled = 1 WHERE device = ? AND bucket_ms = ? AND start_ms >= ? AND start_ms < ?',
  );
  const oldest = database.prepare('SELECT id FROM span WHERE bucket_ms = ? AND start_ms < ? ORDER BY id LIMIT ?');
  const removeRollups = database.prepare('DELETE FROM rollup WHERE id >= (?1 << 32) AND id < ((?1 + 1) << 32)');
  const removeSpan = database.prepare('DELETE FROM span WHERE id = ?');

  function toSpan(level: Level, row: Row): Span {
    const [id, startMs] = [integer(row, 'id'), integer(row, 'start_ms')];
    function bytesOf(poolId: number, place: number): Uint8Array | undefined {
      const found = rollup.get(id, poolId, place);
      return found && blob(found, 'data');
    }
    return {
      startMs,
      everyMs: integer(row, 'every_ms'),
      read: (poolId, metric) => {
        const bytes = bytesOf(poolId, metric);
        return bytes ? unpackRollups(bytes, startMs, level) : new Map<number, readonly Rollup[]>();
      },
      readTimes: (poolId) => {
        const bytes = bytesOf(poolId, timesPlace);
        return bytes ? timesOfColumns(unpackBlock(bytes), startMs, level.bucketMs) : new Map();
      },
      contents: () =>
        contents.all(id).map((found) => ({ poolId: integer(found, 'pool'), metric: integer(found, 'metric') })),
    };
  }

  function* write(level: Level, device: string, startMs: number, given: readonly Countable[], isLate: boolean) {
    const before = isLate ? one.get(device, level.bucketMs, startMs) : undefined;
    const sources = before ? [toSpan(level, before), ...given] : given;
    const everyMs = Math.max(0, ...sources.map((source) => source.everyMs));
    const id = integer(putSpan.get(device, level.bucketMs, startMs, everyMs) ?? {}, 'id');
    const all = new Map(
      sources.flatMap((each) => each.contents()).map((each) => [each.poolId * 256 + each.metric, each]),
    );
    for (const { poolId, metric } of all.values()) {
      put.run(id, poolId, metric, packed(level, startMs, sources, poolId, metric));
      yield;
    }
    markWhole.run(id);
  }

  return {
    write: function* (level, device, startMs, sources, isLate) {
      if (!isLate) yield* write(level, device, startMs, sources, false);
      else inTransaction(database, () => Array.from(write(level, device, startMs, sources, true)));
    },
    isWhole: (level, device, startMs) => one.get(device, level.bucketMs, startMs) !== undefined,
    between: (level, device, fromMs, toMs) =>
      between.all(device, level.bucketMs, fromMs - level.spanMs, toMs).map((row) => toSpan(level, row)),
    unrolled: (level, beforeMs) =>
      unrolled
        .all(level.bucketMs, beforeMs - level.spanMs + 1)
        .map((row) => ({ device: String(row['device']), startMs: integer(row, 'start_ms') })),
    markRolled: (level, device, fromMs, toMs) => {
      markRolled.run(device, level.bucketMs, fromMs, toMs);
    },
    removeBefore: (level, beforeMs) => {
      const ids = oldest.all(level.bucketMs, beforeMs - level.spanMs, spansPerRemoval).map((row) => integer(row, 'id'));
      inTransaction(database, () => {
        for (const id of ids) {
          removeRollups.run(id);
          removeSpan.run(id);
        }
      });
      return ids.length === spansPerRemoval;
    },
  };
}

function packed(
  level: Level,
  startMs: number,
  sources: readonly RollupSource[],
  poolId: number,
  place: number,
): Buffer {
  const { bucketMs, spanMs } = level;
  if (place !== timesPlace) {
    const rollups = mergeRollups(
      sources.map((source) => source.read(poolId, place)),
      bucketMs,
    );
    return packRollups(rollups, startMs, level, metricNames[place]);
  }
  const times = mergeTimes(
    sources.map((source) => source.readTimes(poolId)),
    bucketMs,
  );
  const { ids, columns } = timesAsColumns(times, startMs, bucketMs, spanMs / bucketMs);
  return packBlock(ids, columns, spanMs / bucketMs);
}

const parts = ['lowest', 'highest', 'sum', 'count'] as const;

function packRollups(rollups: Rollups, startMs: number, level: Level, metric: Metric | undefined): Buffer {
  const rows = level.spanMs / level.bucketMs;
  const columns = [...rollups.values()].flatMap((buckets) =>
    parts.map((part) => {
      const column = new Array<number>(rows).fill(NaN);
      for (const bucket of buckets) column[(bucket.startMs - startMs) / level.bucketMs] = rounded(metric, bucket[part]);
      return column;
    }),
  );
  const ids = [...rollups.keys()].flatMap((member) => parts.map(() => member));
  return packBlock(ids, columns, rows);
}

/** Rolled-up numbers are kept to the byte or the thousandth: what lies below is not worth four bytes a value. */
function rounded(metric: Metric | undefined, value: number): number {
  return metric?.startsWith('bytes') ? Math.round(value) : Math.round(value * 1000) / 1000;
}

function unpackRollups(bytes: Uint8Array, startMs: number, { bucketMs }: Level): Rollups {
  const block = unpackBlock(bytes);
  const byMember = new Map<number, Rollup[]>();
  for (let column = 0; column < block.ids.length; column += parts.length) {
    const buckets: Rollup[] = [];
    for (let row = 0; row < block.rows; row += 1) {
      const lowest = block.at(column, row);
      if (Number.isNaN(lowest)) continue;
      buckets.push({
        startMs: startMs + row * bucketMs,
        lowest,
        highest: block.at(column + 1, row),
        sum: block.at(column + 2, row),
        count: block.at(column + 3, row),
      });
    }
    byMember.set(block.ids[column] ?? 0, buckets);
  }
  return byMember;
}
