import { expect, test } from 'vitest';
import { pointsForPlot } from '../../../src-renderer/charts/reduce-points.ts';

const hour = Array.from({ length: 3600 }, (_, x) => ({ x, y: x === 1234 ? 999 : x === 2345 ? null : 10 + (x % 7) }));

test('a line of more points than pixels keeps its peak and its gap, in the order of time', () => {
  const shown = pointsForPlot(hour, 0, 3600, 100);
  expect(shown.length).toBeLessThanOrEqual(300);
  expect(shown.find(({ y }) => y === 999)?.x).toBe(1234);
  expect(shown.find(({ y }) => y === null)?.x).toBe(2345);
  expect(shown.map(({ x }) => x)).toEqual(shown.map(({ x }) => x).toSorted((one, other) => one - other));
});

test('of what lies before the plot one point is left, so that the line comes in from the edge', () => {
  expect(pointsForPlot(hour, 3500, 3600, 100).map(({ x }) => x)).toEqual(
    Array.from({ length: 101 }, (_, at) => 3499 + at),
  );
  expect(pointsForPlot(hour.slice(0, 50), 0, 3600, 100)).toEqual(hour.slice(0, 50));
});
