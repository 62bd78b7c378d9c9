/** What a cache counts, in the order of its counters. */
export const cacheCounterNames = [
  'hits',
  'misses',
  'stale',
  'revalidated',
  'collapsed',
  'stored',
  'passes',
  'bytesServed',
] as const;

/** Places in a cache's counters. */
export const C = {
  hits: 0,
  misses: 1,
  stale: 2,
  revalidated: 3,
  collapsed: 4,
  stored: 5,
  passes: 6,
  bytesServed: 7,
} as const;

/** What a cache counted and holds. */
export interface CacheSnapshot {
  readonly counters: Float64Array;
  readonly bytes: number;
  readonly objects: number;
  readonly evicted: number;
  readonly diskBytes: number;
  readonly diskObjects: number;
}
