import type { Point } from './pool-series.svelte.ts';

type Line = readonly Point[];
interface Sum {
  readonly lines: readonly Line[];
  readonly first: Point | undefined;
  readonly points: Point[];
}
/** By the first of the lines: they grow by a point a second and are drawn each second, so that only what came is added up. */
const sums = new WeakMap<Line, Sum>();

/** Sum over lines of what was sampled at the same moment; null where none of them has a value. In the order of time. */
export function sumLines(lines: readonly Line[]): Line {
  const [first] = lines;
  if (first === undefined) return [];
  const known = sums.get(first);
  const sum = known && isOf(known, lines) ? known : { lines: [...lines], first: first[0], points: [] };
  if (!addAligned(sum.points, lines, first)) {
    sums.delete(first);
    return sumByMoment(lines);
  }
  sums.set(first, sum);
  return sum.points;
}

function isOf({ lines, first, points }: Sum, wanted: readonly Line[]): boolean {
  return (
    lines.length === wanted.length &&
    wanted.every((line, place) => line === lines[place]) &&
    wanted[0]?.[0] === first &&
    wanted.every((line) => line.length >= points.length && line[0]?.x === first?.x)
  );
}

/** The members of a pool are sampled together: as a rule all have the same moments. False where they have not. */
function addAligned(points: Point[], lines: readonly Line[], first: Line): boolean {
  if (lines.some((line) => line.length !== first.length)) return false;
  for (let at = points.length; at < first.length; at += 1) {
    const x = first[at]?.x ?? NaN;
    let y: number | null = null;
    for (const line of lines) {
      const point = line[at];
      if (point?.x !== x) return false;
      if (point.y !== null) y = (y ?? 0) + point.y;
    }
    points.push({ x, y });
  }
  return true;
}

function sumByMoment(lines: readonly Line[]): Line {
  const byMoment = new Map<number, number | null>();
  for (const { x, y } of lines.flat()) {
    const before = byMoment.get(x) ?? null;
    byMoment.set(x, y === null ? before : (before ?? 0) + y);
  }
  return [...byMoment].map(([x, y]) => ({ x, y })).sort((one, other) => one.x - other.x);
}
