import type { Chunk, ChunkValues } from './sample-chunks.ts';
import { startOf } from './sample-levels.ts';

/** What one bucket of time of one member came to. Two of them add up to that of both. */
export interface Rollup {
  readonly startMs: number;
  readonly lowest: number;
  readonly highest: number;
  readonly sum: number;
  readonly count: number;
}

/** By member id: its buckets in order of time; buckets without a value are not listed. */
export type Rollups = ReadonlyMap<number, readonly Rollup[]>;

type Mutable = { -readonly [K in keyof Rollup]: Rollup[K] };
type Buckets = Map<number, Map<number, Mutable>>;

/** Each member's values by bucket. The chunks are of one pool's device. */
export function rollChunks(chunks: readonly Chunk[], poolId: number, metric: number, bucketMs: number): Rollups {
  const byMember: Buckets = new Map();
  for (const chunk of chunks) {
    const values = chunk.read(poolId, metric);
    if (values) addChunk(byMember, chunk, values, bucketMs);
  }
  return inOrder(byMember);
}

/** What several roll-ups, of any width that fits into `bucketMs`, come to together. */
export function mergeRollups(all: readonly Rollups[], bucketMs: number): Rollups {
  const byMember: Buckets = new Map();
  for (const rollups of all) {
    for (const [member, list] of rollups) {
      const buckets = bucketsOf(byMember, member);
      for (const rollup of list) addRollup(buckets, startOf(rollup.startMs, bucketMs), rollup);
    }
  }
  return inOrder(byMember);
}

function addChunk(byMember: Buckets, chunk: Chunk, values: ChunkValues, bucketMs: number): void {
  values.members.forEach((member, place) => {
    const buckets = bucketsOf(byMember, member);
    let bucket: Mutable | undefined;
    chunk.ticks.forEach(({ atMs }, tick) => {
      const value = values.at(place, tick);
      if (Number.isNaN(value)) return;
      const startMs = startOf(atMs, bucketMs);
      if (bucket?.startMs !== startMs) bucket = buckets.get(startMs);
      if (bucket) add(bucket, value, value, value, 1);
      else buckets.set(startMs, (bucket = { startMs, lowest: value, highest: value, sum: value, count: 1 }));
    });
  });
}

function addRollup(buckets: Map<number, Mutable>, startMs: number, { lowest, highest, sum, count }: Rollup): void {
  const bucket = buckets.get(startMs);
  if (bucket) add(bucket, lowest, highest, sum, count);
  else buckets.set(startMs, { startMs, lowest, highest, sum, count });
}

function add(bucket: Mutable, lowest: number, highest: number, sum: number, count: number): void {
  if (lowest < bucket.lowest) bucket.lowest = lowest;
  if (highest > bucket.highest) bucket.highest = highest;
  bucket.sum += sum;
  bucket.count += count;
}

function bucketsOf(byMember: Buckets, member: number): Map<number, Mutable> {
  const known = byMember.get(member) ?? new Map<number, Mutable>();
  byMember.set(member, known);
  return known;
}

function inOrder(byMember: Buckets): Rollups {
  return new Map(
    [...byMember].map(([member, buckets]) => [
      member,
      [...buckets.values()].sort((one, other) => one.startMs - other.startMs),
    ]),
  );
}
