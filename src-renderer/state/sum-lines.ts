import type { Point } from './pool-series.svelte.ts';

/** Sum over lines of what was sampled at the same moment; null where none of them has a value. In the order of time. */
export function sumLines(lines: readonly (readonly Point[])[]): readonly Point[] {
  const [first] = lines;
  if (first === undefined) return [];
  return lines.every((line) => areAligned(line, first)) ? sumAligned(lines, first) : sumByMoment(lines);
}

/** The members of a pool are sampled together: as a rule all have the same moments. */
function areAligned(line: readonly Point[], first: readonly Point[]): boolean {
  if (line === first) return true;
  if (line.length !== first.length) return false;
  for (let at = 0; at < line.length; at += 1) if (line[at]?.x !== first[at]?.x) return false;
  return true;
}

function sumAligned(lines: readonly (readonly Point[])[], first: readonly Point[]): readonly Point[] {
  return first.map(({ x }, at) => {
    let y: number | null = null;
    for (const line of lines) {
      const value = line[at]?.y ?? null;
      if (value !== null) y = (y ?? 0) + value;
    }
    return { x, y };
  });
}

function sumByMoment(lines: readonly (readonly Point[])[]): readonly Point[] {
  const sums = new Map<number, number | null>();
  for (const { x, y } of lines.flat()) {
    const before = sums.get(x) ?? null;
    sums.set(x, y === null ? before : (before ?? 0) + y);
  }
  return [...sums].map(([x, y]) => ({ x, y })).sort((one, other) => one.x - other.x);
}
