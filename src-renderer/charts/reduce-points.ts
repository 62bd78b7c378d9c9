import { type ChartPoint, firstNotBefore } from './chart-spec.ts';

/**
 * What a plot of so many pixels can show of a line: the points of the span with one before it, and where they are more than two a
 * pixel, the lowest and the highest of each column in their order, a null where the column has one. Nothing that stands out is lost.
 */
export function pointsForPlot(
  points: readonly ChartPoint[],
  fromMs: number,
  toMs: number,
  pixels: number,
): readonly ChartPoint[] {
  const first = Math.max(0, firstNotBefore(points, fromMs) - 1);
  const columns = Math.max(1, Math.floor(pixels));
  if (points.length - first <= 2 * columns) return first === 0 ? points : points.slice(first);
  const widthMs = (toMs - fromMs) / columns;
  const kept: ChartPoint[] = [];
  let column = new Column();
  let place = NaN;
  for (let at = first; at < points.length; at += 1) {
    const point = points[at];
    if (point === undefined) continue;
    const now = Math.floor((point.x - fromMs) / widthMs);
    if (now !== place) {
      column.giveTo(kept);
      column = new Column();
      place = now;
    }
    column.take(point);
  }
  column.giveTo(kept);
  return kept;
}

class Column {
  #lowest: ChartPoint | undefined;
  #highest: ChartPoint | undefined;
  #gap: ChartPoint | undefined;

  take(point: ChartPoint): void {
    const { y } = point;
    if (y === null) {
      this.#gap ??= point;
      return;
    }
    if (y < (this.#lowest?.y ?? Infinity)) this.#lowest = point;
    if (y > (this.#highest?.y ?? -Infinity)) this.#highest = point;
  }

  giveTo(kept: ChartPoint[]): void {
    const found = new Set([this.#lowest, this.#highest, this.#gap].filter((point) => point !== undefined));
    kept.push(...[...found].sort((one, other) => one.x - other.x));
  }
}
