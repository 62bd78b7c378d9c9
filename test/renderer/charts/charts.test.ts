import { describe, expect, test } from 'vitest';
import { valueAt } from '../../../src-renderer/charts/chart-spec.ts';
import { lineStyle } from '../../../src-renderer/charts/line-style.ts';
import { CalmScale, dayMs, decimalsOf, niceScale, timeTicks } from '../../../src-renderer/charts/scale.ts';

describe('axes', () => {
  test('hold their data with at most four round steps', () => {
    for (const largest of [0.07, 0.9, 1, 3, 9.9, 10, 11, 42, 51, 99, 400, 1650, 12_345]) {
      const { max, step } = niceScale(largest);
      expect(max).toBeGreaterThanOrEqual(largest * (1 - 1e-9));
      expect(max / step).toBeLessThanOrEqual(4 + 1e-9);
      expect(max).toBeLessThan(largest * 2.01);
    }
  });

  test('never end below their floor', () => {
    expect(new CalmScale().next(0.3, 10, 0).max).toBe(10);
  });

  test('grow at once and shrink only after thirty seconds', () => {
    const scale = new CalmScale();
    expect(scale.next(90, 10, 0).max).toBe(100);
    expect(scale.next(400, 10, 1000).max).toBe(400);
    expect(scale.next(90, 10, 2000).max).toBe(400);
    expect(scale.next(90, 10, 31_999).max).toBe(400);
    expect(scale.next(90, 10, 32_000).max).toBe(100);
  });

  test('an axis of days begins each at local midnight, an axis of a year at months or so', () => {
    const zoneMs = 3_600_000;
    const fromMs = Date.UTC(2026, 10, 20, 5);
    const ticks = timeTicks(fromMs, fromMs + 7 * dayMs, 8, zoneMs);
    expect(ticks).toHaveLength(7);
    expect(ticks.every((at) => new Date(at + zoneMs).getUTCHours() === 0)).toBe(true);
    expect(timeTicks(fromMs, fromMs + 365 * dayMs, 7, zoneMs).length).toBeLessThanOrEqual(7);
  });

  test('ticks of time stand at round times within the span', () => {
    const ticks = timeTicks(1_000_500, 1_300_500, 6);
    expect(ticks.length).toBeLessThanOrEqual(6);
    expect(ticks.every((at) => at % 60_000 === 0 && at >= 1_000_500 && at <= 1_300_500)).toBe(true);
  });

  test('every tick of an axis has the same decimals', () => {
    expect([25, 2.5, 0.25].map(decimalsOf)).toEqual([0, 1, 2]);
  });
});

test('the value at a moment is that of the nearest point, and none where there is no sample near', () => {
  const points = [
    { x: 1000, y: 1 },
    { x: 2000, y: null },
    { x: 9000, y: 9 },
  ];
  expect(valueAt(points, 1300, 1000)).toBe(1);
  expect(valueAt(points, 1900, 1000)).toBeNull();
  expect(valueAt(points, 5000, 1000)).toBeNull();
  expect(valueAt(points, 99_000, 1000)).toBeNull();
});

test('no two of the first sixteen lines look alike, and the fifth is dashed', () => {
  const styles = Array.from({ length: 16 }, (_, place) => JSON.stringify(lineStyle(place)));
  expect(new Set(styles).size).toBe(16);
  expect(lineStyle(3).dash).toEqual([]);
  expect(lineStyle(4).dash).not.toEqual([]);
});
