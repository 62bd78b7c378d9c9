import { rollChunks } from './rollup.ts';
import type { Chunks, StoredChunk } from './sample-chunks.ts';
import { hours, minutes, startOf, tenSeconds } from './sample-levels.ts';
import type { Countable, RollupFile } from './sample-rollup.ts';

const quarterMs = tenSeconds.spanMs;

/** A minute by the second as a source of ten seconds. */
export function chunkAsSource(chunk: StoredChunk): Countable {
  return {
    everyMs: chunk.ticks.at(-1)?.everyMs ?? 0,
    contents: chunk.contents,
    read: (poolId, metric) => rollChunks([chunk], poolId, metric, tenSeconds.bucketMs),
    readTimes: chunk.readTimes,
  };
}

/** Rolls up what is over: quarters of an hour of seconds into ten seconds and minutes, days of minutes into hours. */
export function* rollUp(chunks: Chunks, file: RollupFile, nowMs: number): Generator<void, void> {
  for (const { device, startMs } of distinct(
    chunks.unrolled(startOf(nowMs - minutes.bucketMs, quarterMs)),
    quarterMs,
  )) {
    yield* rollQuarter(chunks, file, device, startMs);
  }
  for (const { device, startMs } of distinct(
    file.unrolled(minutes, startOf(nowMs - quarterMs, hours.spanMs)),
    hours.spanMs,
  )) {
    yield* rollDay(file, device, startMs);
  }
}

/**
 * What seconds of a quarter are no longer there were taken in before, and stand in its roll-up: what a clock that was set back adds
 * to them later is added to it.
 */
function* rollQuarter(chunks: Chunks, file: RollupFile, device: string, startMs: number): Generator<void, void> {
  const endMs = startMs + quarterMs;
  const inside = chunks.between(device, startMs, endMs - 1).filter((chunk) => chunk.startMs >= startMs);
  const isLate = !inside.some((chunk) => chunk.isRolled) && file.isWhole(minutes, device, startMs);
  const sources = inside.map(chunkAsSource);
  yield* file.write(tenSeconds, device, startMs, sources, isLate);
  const written = file.between(tenSeconds, device, startMs, startMs).filter((span) => span.startMs === startMs);
  yield* file.write(minutes, device, startMs, isLate ? sources : written, isLate);
  chunks.markRolled(device, startMs, endMs);
}

function* rollDay(file: RollupFile, device: string, startMs: number): Generator<void, void> {
  const inside = file
    .between(minutes, device, startMs, startMs + hours.spanMs - 1)
    .filter((span) => span.startMs >= startMs);
  yield* file.write(hours, device, startMs, inside, false);
  file.markRolled(minutes, device, startMs, startMs + hours.spanMs);
}

interface Place {
  readonly device: string;
  readonly startMs: number;
}

function distinct(places: readonly Place[], widthMs: number): readonly Place[] {
  const byKey = new Map(
    places.map(({ device, startMs }) => {
      const start = startOf(startMs, widthMs);
      return [`${start} ${device}`, { device, startMs: start }];
    }),
  );
  return [...byKey.values()];
}
