import type { DatabaseSync } from 'node:sqlite';
import { blob, inTransaction, integer, type Row } from './database.ts';
import { chartedValue, minuteMs, type OpenChunk, storedValue, type Tick, timesOf } from './open-chunk.ts';
import { packBlock, unpackBlock } from './sample-block.ts';
import { startOf, tenSeconds } from './sample-levels.ts';
import type { SampleNames } from './sample-names.ts';
import { type TimeCounts, timesAsColumns, timesOfColumns, timesPlace } from './time-counts.ts';

/** Ticks of one device in one minute, and the values of one pool and metric at them. */
export interface Chunk {
  readonly ticks: readonly Tick[];
  /** Of one pool and metric: a reader by member name; absent where that pool had none. */
  readonly read: (poolId: number, metric: number) => ChunkValues | undefined;
  /** Response times of one pool by ten seconds; empty where the device does not count them. */
  readonly readTimes: (poolId: number) => TimeCounts;
}
export interface ChunkValues {
  readonly members: readonly number[];
  /** The charted value of a member (by its place in `members`) at a tick; NaN where there is none. */
  readonly at: (place: number, tick: number) => number;
}
export interface StoredChunk extends Chunk {
  readonly id: number;
  readonly startMs: number;
  readonly isRolled: boolean;
  /** Every pool and metric that it has values of; response times have the place `timesPlace`. */
  readonly contents: () => readonly { readonly poolId: number; readonly metric: number }[];
}

/** Reads and writes closed minutes. */
export interface Chunks {
  readonly write: (open: OpenChunk) => void;
  /** Chunks of a device that reach into a span of time, oldest first. */
  readonly between: (device: string, fromMs: number, toMs: number) => readonly StoredChunk[];
  /** Chunks that no roll-up has taken in yet and that end before a moment, oldest first. */
  readonly unrolled: (beforeMs: number) => readonly { readonly device: string; readonly startMs: number }[];
  readonly markRolled: (device: string, fromMs: number, toMs: number) => void;
  /** Removes the oldest rolled-up chunks that end before a moment, a few at a time; true where there may be more. */
  readonly removeBefore: (beforeMs: number) => boolean;
}

const chunksPerRemoval = 4;

export function sampleChunks(database: DatabaseSync, names: SampleNames): Chunks {
  const insertChunk = database.prepare(
    'INSERT INTO chunk (device, start_ms, end_ms, ticks) VALUES (?, ?, ?, ?) RETURNING id',
  );
  const insertBlock = database.prepare('INSERT INTO block (id, data) VALUES ((?1 << 32) | (?2 << 8) | ?3, ?4)');
  const between = database.prepare(
    'SELECT id, start_ms, is_rolled, ticks FROM chunk WHERE device = ?1 AND start_ms BETWEEN ?2 - 60000 AND ?3 AND end_ms >= ?2 ORDER BY start_ms, id',
  );
  const blockOf = database.prepare('SELECT data FROM block WHERE id = ((?1 << 32) | (?2 << 8) | ?3)');
  const blocksOf = database.prepare(
    'SELECT (id >> 8) & 16777215 AS pool, id & 255 AS metric FROM block WHERE id >= (?1 << 32) AND id < ((?1 + 1) << 32)',
  );
  const unrolled = database.prepare(
    'SELECT device, start_ms FROM chunk WHERE is_rolled = 0 AND end_ms < ? ORDER BY device, start_ms',
  );
  const markRolled = database.prepare(
    'UPDATE chunk SET is_rolled = 1 WHERE device = ? AND start_ms >= ? AND start_ms < ?',
  );
  const oldest = database.prepare('SELECT id FROM chunk WHERE is_rolled = 1 AND end_ms < ? ORDER BY id LIMIT ?');
  const removeBlocks = database.prepare('DELETE FROM block WHERE id >= (?1 << 32) AND id < ((?1 + 1) << 32)');
  const removeChunk = database.prepare('DELETE FROM chunk WHERE id = ?');

  function toChunk(row: Row): StoredChunk {
    const id = integer(row, 'id');
    const startMs = integer(row, 'start_ms');
    const ticks = unpackTicks(blob(row, 'ticks'), startMs);
    return {
      id,
      startMs,
      isRolled: integer(row, 'is_rolled') === 1,
      ticks,
      read: (poolId, metric) => {
        const found = blockOf.get(id, poolId, metric);
        if (!found) return undefined;
        const block = unpackBlock(blob(found, 'data'));
        return {
          members: block.ids,
          at: (place, tick) => chartedValue(metric, block.at(place, tick), ticks[tick]?.intervalMs ?? NaN),
        };
      },
      readTimes: (poolId) => {
        const found = blockOf.get(id, poolId, timesPlace);
        if (!found) return new Map();
        return timesOfColumns(unpackBlock(blob(found, 'data')), startOf(startMs, minuteMs), tenSeconds.bucketMs);
      },
      contents: () => blocksOf.all(id).map((one) => ({ poolId: integer(one, 'pool'), metric: integer(one, 'metric') })),
    };
  }

  return {
    write: (open) => {
      const [first, last] = [open.ticks[0], open.ticks.at(-1)];
      if (!first || !last) return;
      inTransaction(database, () => {
        const id = integer(insertChunk.get(open.device, first.atMs, last.atMs, packTicks(open.ticks)) ?? {}, 'id');
        for (const [pool, metrics] of open.pools) {
          const poolId = names.poolId(open.device, pool);
          for (const [metric, series] of metrics)
            insertBlock.run(id, poolId, metric, packSeries(open, poolId, metric, series));
        }
        for (const pool of open.times.keys()) {
          const poolId = names.poolId(open.device, pool);
          insertBlock.run(id, poolId, timesPlace, packTimes(open, pool, poolId));
        }
      });
    },
    between: (device, fromMs, toMs) => between.all(device, fromMs, toMs).map(toChunk),
    unrolled: (beforeMs) =>
      unrolled.all(beforeMs).map((row) => ({ device: String(row['device']), startMs: integer(row, 'start_ms') })),
    markRolled: (device, fromMs, toMs) => {
      markRolled.run(device, fromMs, toMs);
    },
    removeBefore: (beforeMs) => {
      const ids = oldest.all(beforeMs, chunksPerRemoval).map((row) => integer(row, 'id'));
      inTransaction(database, () => {
        for (const id of ids) {
          removeBlocks.run(id);
          removeChunk.run(id);
        }
      });
      return ids.length === chunksPerRemoval;
    },
  };

  function packTimes(open: OpenChunk, pool: string, poolId: number): Buffer {
    const times = timesOf(open, pool, (member) => names.memberId(poolId, member));
    const rows = minuteMs / tenSeconds.bucketMs;
    const { ids, columns } = timesAsColumns(times, open.minute * minuteMs, tenSeconds.bucketMs, rows);
    return packBlock(ids, columns, rows);
  }

  function packSeries(open: OpenChunk, poolId: number, metric: number, series: ReadonlyMap<string, readonly number[]>) {
    const members = [...series.keys()].map((member) => names.memberId(poolId, member));
    const columns = [...series.values()].map((values) =>
      open.ticks.map(({ intervalMs }, tick) => storedValue(metric, values[tick] ?? NaN, intervalMs)),
    );
    return packBlock(members, columns, open.ticks.length);
  }
}

/** The minute that is still in memory, read like a stored one; its members have their ids from then on. */
export function openAsChunk(open: OpenChunk, pool: string, memberId: (member: string) => number): Chunk {
  const metrics = new Map(
    [...(open.pools.get(pool) ?? [])].map(([metric, series]) => [
      metric,
      { members: [...series.keys()].map(memberId), values: [...series.values()] },
    ]),
  );
  return {
    ticks: open.ticks,
    read: (_poolId, metric) => {
      const found = metrics.get(metric);
      return found && { members: found.members, at: (place, tick) => found.values[place]?.[tick] ?? NaN };
    },
    readTimes: () => timesOf(open, pool, memberId),
  };
}

function packTicks(ticks: readonly Tick[]): Buffer {
  const startMs = ticks[0]?.atMs ?? 0;
  const columns = [
    ticks.map((tick) => tick.atMs - startMs),
    ticks.map((tick) => tick.intervalMs),
    ticks.map((tick) => tick.everyMs),
  ];
  return packBlock([0, 1, 2], columns, ticks.length);
}

function unpackTicks(bytes: Uint8Array, startMs: number): Tick[] {
  const block = unpackBlock(bytes);
  return Array.from({ length: block.rows }, (_, row) => ({
    atMs: startMs + block.at(0, row),
    intervalMs: block.at(1, row),
    everyMs: block.at(2, row),
  }));
}
