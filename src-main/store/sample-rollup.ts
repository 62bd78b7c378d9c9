import type { DatabaseSync } from 'node:sqlite';
import { type Metric, metricNames } from '../contract/metrics.ts';
import { blob, inTransaction, integer } from './database.ts';
import { minuteMs } from './open-chunk.ts';
import { packBlock, unpackBlock } from './sample-block.ts';
import type { Chunk, Chunks, ChunkValues } from './sample-chunks.ts';

/** Roll-ups are written for a quarter of an hour at a time: a row per minute would be mostly row. */
export const spanMs = 15 * minuteMs;
const minutesPerSpan = spanMs / minuteMs;

/** What one minute of one member came to. */
export interface MinuteRollup {
  readonly minuteStartMs: number;
  readonly lowest: number;
  readonly highest: number;
  readonly sum: number;
  readonly count: number;
}

/** By member id: its minutes in order of time; minutes without a value are not listed. */
export type MinuteRollups = ReadonlyMap<number, readonly MinuteRollup[]>;

/** Lowest, highest, sum and count of each member's values by minute. The chunks are of one pool's device, in order of time. */
export function rollMinutes(chunks: readonly Chunk[], poolId: number, metric: number): MinuteRollups {
  const byMember = new Map<number, Map<number, Mutable>>();
  for (const chunk of chunks) {
    const values = chunk.read(poolId, metric);
    if (values) addChunk(byMember, chunk, values);
  }
  return new Map(
    [...byMember].map(([member, minutes]) => [
      member,
      [...minutes.values()].toSorted((one, other) => one.minuteStartMs - other.minuteStartMs),
    ]),
  );
}

type Mutable = { -readonly [K in keyof MinuteRollup]: MinuteRollup[K] };

function addChunk(byMember: Map<number, Map<number, Mutable>>, chunk: Chunk, values: ChunkValues): void {
  values.members.forEach((member, place) => {
    const minutes = byMember.get(member) ?? new Map<number, Mutable>();
    byMember.set(member, minutes);
    chunk.ticks.forEach(({ atMs }, tick) => {
      const value = values.at(place, tick);
      if (!Number.isNaN(value)) addValue(minutes, Math.floor(atMs / minuteMs) * minuteMs, value);
    });
  });
}

function addValue(minutes: Map<number, Mutable>, minuteStartMs: number, value: number): void {
  const minute = minutes.get(minuteStartMs);
  if (!minute) {
    minutes.set(minuteStartMs, { minuteStartMs, lowest: value, highest: value, sum: value, count: 1 });
    return;
  }
  minute.lowest = Math.min(minute.lowest, value);
  minute.highest = Math.max(minute.highest, value);
  minute.sum += value;
  minute.count += 1;
}

/** Reads and writes roll-ups. */
export interface Rollups {
  /** Rolls up a span of a device, pool by pool, so that other calls come in between; done again it comes to the same. */
  readonly rollSpan: (device: string, startMs: number) => Generator<void, void>;
  /** Spans of a device that reach into a span of time, oldest first. */
  readonly between: (device: string, fromMs: number, toMs: number) => readonly Span[];
  readonly removeBefore: (beforeMs: number) => boolean;
}
export interface Span {
  readonly startMs: number;
  readonly everyMs: number;
  readonly read: (poolId: number, metric: number) => MinuteRollups;
}

const spansPerRemoval = 4;

export function sampleRollups(database: DatabaseSync, chunks: Chunks): Rollups {
  const insertSpan = database.prepare(
    `INSERT INTO span (device, start_ms, every_ms) VALUES (?, ?, ?)
     ON CONFLICT (device, start_ms) DO UPDATE SET every_ms = excluded.every_ms RETURNING id`,
  );
  const put = database.prepare('INSERT OR REPLACE INTO rollup (id, data) VALUES ((?1 << 32) | (?2 << 8) | ?3, ?4)');
  const between = database.prepare(
    'SELECT id, start_ms, every_ms FROM span WHERE device = ? AND start_ms > ? AND start_ms <= ? ORDER BY start_ms',
  );
  const rollup = database.prepare('SELECT data FROM rollup WHERE id = ((?1 << 32) | (?2 << 8) | ?3)');
  const oldest = database.prepare('SELECT id FROM span WHERE start_ms < ? ORDER BY id LIMIT ?');
  const removeRollups = database.prepare('DELETE FROM rollup WHERE id >= (?1 << 32) AND id < ((?1 + 1) << 32)');
  const removeSpan = database.prepare('DELETE FROM span WHERE id = ?');

  function* rollSpan(device: string, startMs: number): Generator<void, void> {
    const inSpan = chunks.between(device, startMs, startMs + spanMs - 1).filter((chunk) => chunk.startMs >= startMs);
    const everyMs = Math.max(0, ...inSpan.map((chunk) => chunk.ticks.at(-1)?.everyMs ?? 0));
    const contents = new Map(
      inSpan.flatMap((chunk) => chunk.contents()).map((one) => [one.poolId * 256 + one.metric, one]),
    );
    const id = integer(insertSpan.get(device, startMs, everyMs) ?? {}, 'id');
    for (const { poolId, metric } of contents.values()) {
      put.run(id, poolId, metric, packRollups(rollMinutes(inSpan, poolId, metric), startMs, metric));
      yield;
    }
    chunks.markRolled(device, startMs, startMs + spanMs);
  }

  return {
    rollSpan,
    between: (device, fromMs, toMs) =>
      between.all(device, fromMs - spanMs, toMs).map((row) => {
        const [id, startMs] = [integer(row, 'id'), integer(row, 'start_ms')];
        return {
          startMs,
          everyMs: integer(row, 'every_ms'),
          read: (poolId, metric) => {
            const found = rollup.get(id, poolId, metric);
            return found ? unpackRollups(blob(found, 'data'), startMs) : new Map<number, readonly MinuteRollup[]>();
          },
        };
      }),
    removeBefore: (beforeMs) => {
      const ids = oldest.all(beforeMs - spanMs, spansPerRemoval).map((row) => integer(row, 'id'));
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

const parts = ['lowest', 'highest', 'sum', 'count'] as const;

function packRollups(rollups: MinuteRollups, startMs: number, metric: number): Buffer {
  const columns = [...rollups.values()].flatMap((minutes) =>
    parts.map((part) => {
      const column = new Array<number>(minutesPerSpan).fill(NaN);
      for (const minute of minutes) {
        column[(minute.minuteStartMs - startMs) / minuteMs] = rounded(metricNames[metric], minute[part]);
      }
      return column;
    }),
  );
  const ids = [...rollups.keys()].flatMap((member) => parts.map(() => member));
  return packBlock(ids, columns, minutesPerSpan);
}

/** Rolled-up numbers are kept to the byte or the thousandth: what lies below is not worth four bytes a value. */
function rounded(metric: Metric | undefined, value: number): number {
  return metric?.startsWith('bytes') ? Math.round(value) : Math.round(value * 1000) / 1000;
}

function unpackRollups(bytes: Uint8Array, startMs: number): MinuteRollups {
  const block = unpackBlock(bytes);
  const byMember = new Map<number, MinuteRollup[]>();
  for (let column = 0; column < block.ids.length; column += parts.length) {
    const minutes: MinuteRollup[] = [];
    for (let row = 0; row < block.rows; row += 1) {
      const lowest = block.at(column, row);
      if (Number.isNaN(lowest)) continue;
      minutes.push({
        minuteStartMs: startMs + row * minuteMs,
        lowest,
        highest: block.at(column + 1, row),
        sum: block.at(column + 2, row),
        count: block.at(column + 3, row),
      });
    }
    byMember.set(block.ids[column] ?? 0, minutes);
  }
  return byMember;
}
