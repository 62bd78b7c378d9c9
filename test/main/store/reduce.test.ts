import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reduceLine } from '../../../src-main/store/reduce.ts';

function line(steps: readonly (readonly [number, number])[], breakMs = 2500) {
  let time = 0;
  const times = steps.map(([step]) => (time += step));
  return { times, values: steps.map(([, value]) => value), breakMs: times.map(() => breakMs) };
}
const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: -100, max: 100_000 })), {
  minLength: 1,
  maxLength: 400,
});

test('a line that fits comes back as it is, with a null inside each gap', () => {
  const points = line([
    [1000, 1],
    [1000, 2],
    [2500, 3],
    [2501, 4],
  ]);
  expect(reduceLine(points, 0, 10_000, 100)).toEqual({
    times: [1000, 2000, 4500, 5750, 7001],
    values: [1, 2, 3, null, 4],
  });
});

test('there are never more than two points a pixel, in order of time, and no value is made up', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 10, max: 80 }), (given, pixels) => {
      const points = line(given);
      const reduced = reduceLine(points, 0, points.times.at(-1) ?? 1, pixels);
      expect(reduced.times.length).toBeLessThanOrEqual(2 * pixels);
      expect(reduced.times).toEqual(reduced.times.toSorted((one, other) => one - other));
      const known = new Map(points.times.map((time, index) => [time, points.values[index]]));
      reduced.values.forEach((value, index) => {
        if (value !== null) expect(value).toBe(known.get(reduced.times[index] ?? -1));
      });
    }),
  );
});

test('no peak and no low is lost, and a line with gaps keeps one', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 10, max: 80 }), (given, pixels) => {
      const points = line(given);
      const reduced = reduceLine(points, 0, points.times.at(-1) ?? 1, pixels);
      const values = reduced.values.filter((value) => value !== null);
      expect(Math.max(...values)).toBe(Math.max(...points.values));
      expect(Math.min(...values)).toBe(Math.min(...points.values));
      const hasGap = given.slice(1).some(([step]) => step > 2500);
      expect(reduced.values.includes(null)).toBe(hasGap);
    }),
  );
});

test('each column of pixels keeps its own lowest and highest value at their own times', () => {
  const points = line(Array.from({ length: 1000 }, (_, index) => [1000, (index * 37) % 101] as const));
  const reduced = reduceLine(points, 1000, 1_000_000, 50);
  const width = 999_000 / 50;
  for (let column = 0; column < 50; column += 1) {
    function isInside(time: number): boolean {
      return Math.min(49, Math.floor((time - 1000) / width)) === column;
    }
    const all = points.values.filter((_, index) => isInside(points.times[index] ?? 0));
    const kept = reduced.values.filter((_, index) => isInside(reduced.times[index] ?? 0)).map(Number);
    expect([Math.min(...kept), Math.max(...kept)]).toEqual([Math.min(...all), Math.max(...all)]);
  }
});
