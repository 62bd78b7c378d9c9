/**
 * A log-linear histogram of durations: 32 buckets an octave from 1 µs to about 70 minutes, so that a percentile is right
 * within 3.2 %. Counts add up over workers, which averages of percentiles do not.
 */
const subBuckets = 32;
export const bucketCount = subBuckets * 28;

export function bucketOf(durationMs: number): number {
  const micros = Math.max(1, Math.round(durationMs * 1000));
  if (micros < subBuckets) return micros;
  const octave = 31 - Math.clz32(Math.min(micros, 0xffffffff));
  const index = (octave - 4) * subBuckets + ((micros >>> (octave - 5)) & (subBuckets - 1));
  return index < bucketCount ? index : bucketCount - 1;
}

/** Middle of the bucket, in ms. */
export function bucketValueMs(bucket: number): number {
  if (bucket < subBuckets) return bucket / 1000;
  const octave = Math.floor(bucket / subBuckets) + 4;
  const width = 2 ** (octave - 5);
  const low = 2 ** octave + (bucket % subBuckets) * width;
  return (low + width / 2) / 1000;
}

/** The percentile in ms (0 to 100), undefined where nothing was counted. */
export function percentileMs(counts: Float64Array, percent: number): number | undefined {
  let total = 0;
  for (const count of counts) total += count;
  if (total === 0) return undefined;
  let left = Math.max(1, Math.ceil((total * percent) / 100));
  for (let bucket = 0; bucket < counts.length; bucket++) {
    left -= counts[bucket] ?? 0;
    if (left <= 0) return Math.round(bucketValueMs(bucket) * 1000) / 1000;
  }
  return undefined;
}
