const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A roll-up: one bucket per `bucketMs`, written a span at a time (a row per bucket would be mostly row), kept for `keptMs`. */
export interface Level {
  readonly bucketMs: number;
  readonly spanMs: number;
  readonly keptMs: number;
}

/** A little over the hour, so that a chart of the last hour is whole. */
export const keptBySecondMs = hourMs + 5 * minuteMs;
export const tenSeconds: Level = { bucketMs: 10_000, spanMs: 15 * minuteMs, keptMs: dayMs + hourMs };
export const minutes: Level = { bucketMs: minuteMs, spanMs: 15 * minuteMs, keptMs: 31 * dayMs };
export const hours: Level = { bucketMs: hourMs, spanMs: dayMs, keptMs: 2 * 366 * dayMs };
/** Finest first. */
export const levels: readonly Level[] = [tenSeconds, minutes, hours];

interface Asked {
  readonly fromMs: number;
  readonly toMs: number;
  readonly maxPixels: number;
}

/**
 * The roll-up for a chart: the coarsest that has a bucket for every second pixel, of those that still reach back to its start.
 * `undefined`: by the second, as long as seconds are kept.
 */
export function levelFor({ fromMs, toMs, maxPixels }: Asked, nowMs: number): Level | undefined {
  if (fromMs >= nowMs - keptBySecondMs) return undefined;
  const reaching = levels.filter(({ keptMs }) => fromMs >= nowMs - keptMs);
  const fine = reaching.filter(({ bucketMs }) => (toMs - fromMs) / bucketMs >= maxPixels / 2);
  return fine.at(-1) ?? reaching[0] ?? hours;
}

/** Width of a chart's buckets: as many of the level's as leave at most one for each pixel. */
export function chartBucketMs({ bucketMs }: Level, { fromMs, toMs, maxPixels }: Asked): number {
  return bucketMs * Math.max(1, Math.ceil((toMs - fromMs) / bucketMs / maxPixels));
}

export function startOf(atMs: number, widthMs: number): number {
  return Math.floor(atMs / widthMs) * widthMs;
}
