import type { Point } from './pool-series.svelte.ts';

/** Bins of at least this long, so that a share is a ratio of counts and not of one request to the next. */
const shortestBinMs = 2000;
const binsPerChart = 150;

/** Length of a bin for a span of time: a whole number of seconds. */
export function binLengthMs(spanMs: number): number {
  return Math.max(shortestBinMs, Math.ceil(spanMs / binsPerChart / 1000) * 1000);
}

interface Bin {
  sum: number;
  count: number;
}

/**
 * Each member's part of the pool's sum (0 to 1), bin by bin: the mean of its rates in the bin over the mean of all. A bin in which
 * nothing was counted, or nothing at all was sampled, holds null: a gap stays a gap. The unfinished last bin is left out.
 */
export function shareLines(
  lines: ReadonlyMap<string, readonly Point[]>,
  binMs: number,
  toMs: number,
): ReadonlyMap<string, readonly Point[]> {
  const binned = new Map([...lines].map(([name, points]) => [name, binsOf(points, binMs)]));
  const starts = [...new Set([...binned.values()].flatMap((bins) => [...bins.keys()]))]
    .filter((start) => start + binMs <= toMs)
    .toSorted((a, b) => a - b);
  const totals = new Map(
    starts.map((start) => [start, [...binned.values()].reduce((sum, bins) => sum + meanOf(bins.get(start)), 0)]),
  );
  return new Map(
    [...binned].map(([name, bins]) => [
      name,
      withHoles(starts, binMs, (start) => {
        const total = totals.get(start) ?? 0;
        const bin = bins.get(start);
        return bin === undefined || bin.count === 0 || total === 0 ? null : meanOf(bin) / total;
      }),
    ]),
  );
}

/** The share that weights asked for over time, from the weights and who was in rotation: steps that hold until they change. */
export function askedLines(
  weights: ReadonlyMap<string, readonly Point[]>,
  rotations: ReadonlyMap<string, readonly Point[]>,
  binMs: number,
): ReadonlyMap<string, readonly Point[]> {
  const effective = new Map<string, Map<number, number>>();
  for (const [name, points] of weights) {
    const isIn = binsOf(rotations.get(name) ?? [], binMs);
    const bins = new Map<number, number>();
    for (const [start, bin] of binsOf(points, binMs)) {
      const rotation = isIn.get(start);
      if (bin.count > 0) bins.set(start, rotation === undefined || meanOf(rotation) >= 0.5 ? meanOf(bin) : 0);
    }
    effective.set(name, bins);
  }
  const starts = [...new Set([...effective.values()].flatMap((bins) => [...bins.keys()]))].toSorted((a, b) => a - b);
  const totals = new Map(
    starts.map((start) => [start, [...effective.values()].reduce((sum, bins) => sum + (bins.get(start) ?? 0), 0)]),
  );
  return new Map(
    [...effective].map(([name, bins]) => [
      name,
      withHoles(starts, binMs, (start) => {
        const total = totals.get(start) ?? 0;
        const weight = bins.get(start);
        return weight === undefined || weight === 0 || total === 0 ? null : weight / total;
      }),
    ]),
  );
}

interface Binned {
  readonly binMs: number;
  readonly bins: Map<number, Bin>;
  readonly first: Point | undefined;
  /** Points that are in the bins already. */
  taken: number;
}
/** Lines grow by a point a second and are drawn each second: what was binned stays, and only what came is added. */
const binnedLines = new WeakMap<readonly Point[], Binned>();

function binsOf(points: readonly Point[], binMs: number): ReadonlyMap<number, Bin> {
  const known = binnedLines.get(points);
  const isSame = known?.binMs === binMs && known.first === points[0] && known.taken <= points.length;
  const binned = isSame ? known : { binMs, bins: new Map<number, Bin>(), first: points[0], taken: 0 };
  if (!isSame) binnedLines.set(points, binned);
  let start = NaN;
  let bin: Bin = { sum: 0, count: 0 };
  for (; binned.taken < points.length; binned.taken += 1) {
    const point = points[binned.taken];
    if (point === undefined) continue;
    const now = Math.floor(point.x / binMs) * binMs;
    if (now !== start) {
      start = now;
      bin = binned.bins.get(start) ?? { sum: 0, count: 0 };
      binned.bins.set(start, bin);
    }
    if (point.y === null) continue;
    bin.sum += point.y;
    bin.count += 1;
  }
  return binned.bins;
}

function meanOf(bin: Bin | undefined): number {
  return bin === undefined || bin.count === 0 ? 0 : bin.sum / bin.count;
}

/** One point per bin at its end; a null before each bin that does not follow on the one before. */
function withHoles(starts: readonly number[], binMs: number, valueOf: (start: number) => number | null): Point[] {
  const points: Point[] = [];
  let before: number | undefined;
  for (const start of starts) {
    if (before !== undefined && start - before > 2.5 * binMs) points.push({ x: before + 2 * binMs, y: null });
    points.push({ x: start + binMs, y: valueOf(start) });
    before = start;
  }
  return points;
}
