import { bucketCount, bucketOf } from '../../contract/histogram.ts';

/** Width of one part of the window. */
const partMs = 10_000;
const partCount = 6;

/**
 * Durations of the last 50 to 60 seconds: a ring of histograms, one per 10 s, added up when read. The counts of several
 * workers add up as well, so a percentile over them is as exact as over one. Times are on any one clock, in ms.
 */
export class RecentTimes {
  readonly #parts = new Uint32Array(bucketCount * partCount);
  /** The sum of the durations in each part. */
  readonly #sumsMs = new Float64Array(partCount);
  /** Counts by bucket since the beginning. */
  readonly #counts = new Float64Array(bucketCount);
  /** Number of the part that is written since the clock's zero. */
  #part = 0;
  #startsAtMs = 0;

  record(durationMs: number, nowMs: number): void {
    if (nowMs - this.#startsAtMs >= partMs) this.#turn(nowMs);
    const part = this.#part % partCount;
    const bucket = bucketOf(durationMs);
    const place = part * bucketCount + bucket;
    this.#parts[place] = (this.#parts[place] ?? 0) + 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumsMs[part] = (this.#sumsMs[part] ?? 0) + durationMs;
  }

  /** Counts by bucket over the window, and the sum of all durations in it; `counts` are those since the beginning. */
  read(nowMs: number): { readonly histogram: Float64Array; readonly sumMs: number; readonly counts: Float64Array } {
    if (nowMs - this.#startsAtMs >= partMs) this.#turn(nowMs);
    const histogram = new Float64Array(bucketCount);
    for (let part = 0; part < partCount; part++) {
      const start = part * bucketCount;
      for (let bucket = 0; bucket < bucketCount; bucket++) {
        histogram[bucket] = (histogram[bucket] ?? 0) + (this.#parts[start + bucket] ?? 0);
      }
    }
    return { histogram, sumMs: this.#sumsMs.reduce((sum, each) => sum + each, 0), counts: this.#counts };
  }

  /** Empties the parts that are older than the window by now. */
  #turn(nowMs: number): void {
    const next = Math.floor(nowMs / partMs);
    for (let part = Math.max(this.#part + 1, next - partCount + 1); part <= next; part++) {
      const place = part % partCount;
      this.#parts.fill(0, place * bucketCount, (place + 1) * bucketCount);
      this.#sumsMs[place] = 0;
    }
    this.#part = next;
    this.#startsAtMs = next * partMs;
  }
}
