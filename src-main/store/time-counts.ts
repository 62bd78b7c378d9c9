import { startOf } from './sample-levels.ts';

/** Response times of one member in one bucket of time: how many in each bucket of the histogram (`contract/histogram.ts`). */
export type Histogram = ReadonlyMap<number, number>;
/** By member id and start of the bucket of time. Counts add up over time and members, which percentiles do not. */
export type TimeCounts = ReadonlyMap<number, ReadonlyMap<number, Histogram>>;

/** The place of histograms beside the metrics of a chunk or roll-up; no metric has it. */
export const timesPlace = 255;
/** Buckets of a histogram that the id of a column has room for. */
const bucketRoom = 1024;

export function mergeTimes(all: readonly TimeCounts[], bucketMs: number): TimeCounts {
  const merged = new Map<number, Map<number, Map<number, number>>>();
  for (const counts of all) {
    for (const [member, byStart] of counts) {
      const into = merged.get(member) ?? new Map<number, Map<number, number>>();
      merged.set(member, into);
      for (const [atMs, histogram] of byStart) addHistogram(into, startOf(atMs, bucketMs), histogram);
    }
  }
  return merged;
}

function addHistogram(into: Map<number, Map<number, number>>, startMs: number, histogram: Histogram): void {
  const sum = into.get(startMs) ?? new Map<number, number>();
  into.set(startMs, sum);
  for (const [bucket, count] of histogram) sum.set(bucket, (sum.get(bucket) ?? 0) + count);
}

/** As a table of numbers: a column for each member and bucket of the histogram, a row for each bucket of time. */
export function timesAsColumns(times: TimeCounts, startMs: number, bucketMs: number, rows: number) {
  const columns = new Map<number, number[]>();
  for (const [member, byStart] of times) {
    for (const [atMs, histogram] of byStart) {
      for (const [bucket, count] of histogram) {
        const id = member * bucketRoom + bucket;
        const column = columns.get(id) ?? new Array<number>(rows).fill(NaN);
        columns.set(id, column);
        column[(atMs - startMs) / bucketMs] = count;
      }
    }
  }
  const ids = [...columns.keys()].sort((one, other) => one - other);
  return { ids, columns: ids.map((id) => columns.get(id) ?? []) };
}

interface Columns {
  readonly ids: readonly number[];
  readonly rows: number;
  readonly at: (column: number, row: number) => number;
}

/** What `timesAsColumns` was made from. */
export function timesOfColumns(block: Columns, startMs: number, bucketMs: number): TimeCounts {
  const times = new Map<number, Map<number, Map<number, number>>>();
  block.ids.forEach((id, place) => {
    const member = Math.floor(id / bucketRoom);
    const byStart = times.get(member) ?? new Map<number, Map<number, number>>();
    times.set(member, byStart);
    for (let row = 0; row < block.rows; row += 1) {
      const count = block.at(place, row);
      if (!Number.isNaN(count)) addHistogram(byStart, startMs + row * bucketMs, new Map([[id % bucketRoom, count]]));
    }
  });
  return times;
}
