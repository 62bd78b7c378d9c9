/** Points of one line in order of time. `breakMs`: a longer way to the point before is a gap. */
export interface Points {
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly breakMs: readonly number[];
}
export interface ReducedLine {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}

interface Point {
  readonly time: number;
  readonly value: number | null;
}

/**
 * At most `2 * maxPixels` points, with a `null` in each gap. Where there are more, each column of pixels keeps its lowest and its highest
 * value at their own times (so no peak is lost), and one gap of those that begin in it.
 */
export function reduceLine(points: Points, fromMs: number, toMs: number, maxPixels: number): ReducedLine {
  const whole = withGaps(points);
  const limit = 2 * maxPixels;
  const kept = whole.length <= limit ? whole : byColumn(whole, fromMs, toMs, columnsFor(whole, limit));
  return { times: kept.map((point) => point.time), values: kept.map((point) => point.value) };
}

function withGaps({ times, values, breakMs }: Points): Point[] {
  return times.flatMap((time, index): Point[] => {
    const point = { time, value: values[index] ?? null };
    const before = times[index - 1];
    const longest = breakMs[index] ?? Infinity;
    return before !== undefined && time - before > longest
      ? [{ time: before + longest / 2, value: null }, point]
      : [point];
  });
}

/** Two points a column and a gap here and there, or, where gaps are many, three a column. */
function columnsFor(points: readonly Point[], limit: number): number {
  const gaps = points.filter((point) => point.value === null).length;
  return Math.max(1, Math.floor((limit - gaps) / 2), Math.floor(limit / 3));
}

function byColumn(points: readonly Point[], fromMs: number, toMs: number, columns: number): Point[] {
  const widthMs = Math.max(1, toMs - fromMs) / columns;
  const kept: Point[] = [];
  let column: Point[] = [];
  let place = -1;
  for (const point of points) {
    const at = Math.min(columns - 1, Math.max(0, Math.floor((point.time - fromMs) / widthMs)));
    if (at !== place) {
      kept.push(...extremes(column));
      column = [];
      place = at;
    }
    column.push(point);
  }
  return [...kept, ...extremes(column)];
}

function extremes(column: readonly Point[]): Point[] {
  let lowest: Point | undefined;
  let highest: Point | undefined;
  let gap: Point | undefined;
  for (const point of column) {
    if (point.value === null) {
      gap ??= point;
      continue;
    }
    if (point.value < (lowest?.value ?? Infinity)) lowest = point;
    if (point.value > (highest?.value ?? -Infinity)) highest = point;
  }
  return column.filter((point) => point === lowest || point === highest || point === gap);
}
