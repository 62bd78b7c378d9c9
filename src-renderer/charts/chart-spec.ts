/** A point in ms since 1970; null where there is no value: the line breaks there. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number | null;
}

export interface ChartLine {
  readonly name: string;
  /** Name of a colour token (`s1`, `text-3`). */
  readonly colour: string;
  readonly dash: readonly number[];
  readonly width?: number;
  readonly isStepped?: boolean;
  /** Left out of the legend, the table and what is spoken: a reference, not a measurement. */
  readonly isReference?: boolean;
  /** Sorted by time. */
  readonly points: readonly ChartPoint[];
}

/** Everything a time chart draws. */
export interface ChartSpec {
  readonly lines: readonly ChartLine[];
  readonly fromMs: number;
  readonly toMs: number;
  /** The axis never ends below this, so that a trickle is no peak. */
  readonly floor: number;
  readonly format: (value: number) => string;
  /** Holes; one that is explained carries its words, the longest first. */
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number; readonly words?: readonly string[] }[];
  readonly markers: readonly { readonly atMs: number; readonly label: string }[];
}

/** The value of a line at a moment: of the nearest point that is not further than `withinMs` away. */
export function valueAt(points: readonly ChartPoint[], atMs: number, withinMs: number): number | null {
  const after = firstNotBefore(points, atMs);
  let best: ChartPoint | undefined;
  for (const candidate of [points[after - 1], points[after]]) {
    if (candidate === undefined) continue;
    if (best === undefined || Math.abs(candidate.x - atMs) < Math.abs(best.x - atMs)) best = candidate;
  }
  return best !== undefined && Math.abs(best.x - atMs) <= withinMs ? best.y : null;
}

/** The newest value of a line that is there. */
export function lastValue(points: readonly ChartPoint[]): number | null {
  return points.at(-1)?.y ?? null;
}

/** Index of the first point at or after a moment; the length where there is none. */
export function firstNotBefore(points: readonly ChartPoint[], atMs: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle]?.x ?? Infinity) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
