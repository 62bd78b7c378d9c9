import { describe, expect, test } from 'vitest';
import { askedLines, binLengthMs, shareLines } from '../../../src-renderer/state/share-lines.ts';

function line(values: readonly (number | null)[], fromS = 0) {
  return values.map((y, at) => ({ x: (fromS + at) * 1000, y }));
}

describe('shares over time', () => {
  test('are the ratio of the counts of a bin, not the mean of ratios', () => {
    const shares = shareLines(
      new Map([
        ['a', line([10, 0])],
        ['b', line([0, 30])],
      ]),
      2000,
      10_000,
    );
    expect(shares.get('a')).toEqual([{ x: 2000, y: 0.25 }]);
    expect(shares.get('b')).toEqual([{ x: 2000, y: 0.75 }]);
  });

  test('the unfinished last bin is left out', () => {
    const shares = shareLines(new Map([['a', line([1, 1, 1])]]), 2000, 3000);
    expect(shares.get('a')).toHaveLength(1);
  });

  test('a bin in which nobody got anything is a gap, and a hole stays a hole', () => {
    const quiet = shareLines(new Map([['a', line([0, 0])]]), 2000, 10_000);
    expect(quiet.get('a')).toEqual([{ x: 2000, y: null }]);
    const holed = shareLines(new Map([['a', [...line([1, 1]), ...line([1, 1], 20)]]]), 2000, 60_000);
    expect(holed.get('a')?.map(({ y }) => y)).toEqual([1, null, 1]);
  });

  test('shares of a bin add up to one', () => {
    const lines = new Map(['a', 'b', 'c'].map((name, at) => [name, line([at + 1, at * 2 + 1, 5, 7])]));
    const shares = [...shareLines(lines, 2000, 10_000).values()];
    expect(shares.reduce((sum, points) => sum + (points[1]?.y ?? 0), 0)).toBeCloseTo(1);
  });
});

describe('asked shares over time', () => {
  test('follow the weights of those in rotation', () => {
    const asked = askedLines(
      new Map([
        ['a', line([3, 3, 3, 3])],
        ['b', line([1, 1, 1, 1])],
      ]),
      new Map([
        ['a', line([1, 1, 0, 0])],
        ['b', line([1, 1, 1, 1])],
      ]),
      2000,
    );
    expect(asked.get('a')?.map(({ y }) => y)).toEqual([0.75, null]);
    expect(asked.get('b')?.map(({ y }) => y)).toEqual([0.25, 1]);
  });
});

test('a bin is a whole number of seconds, two at least', () => {
  expect(binLengthMs(60_000)).toBe(2000);
  expect(binLengthMs(3_600_000)).toBe(24_000);
});

test('a line that grew, or lost its oldest points, has the shares that it would have had from the start', () => {
  const line = Array.from({ length: 20 }, (_, second) => ({ x: second * 1000, y: second }));
  const other = line.map(({ x }) => ({ x, y: 10 }));
  function shares() {
    return [
      ...shareLines(
        new Map([
          ['a', line],
          ['b', other],
        ]),
        2000,
        100_000,
      ).values(),
    ];
  }
  function anew() {
    return [
      ...shareLines(
        new Map([
          ['a', [...line]],
          ['b', [...other]],
        ]),
        2000,
        100_000,
      ).values(),
    ];
  }
  expect(shares()).toEqual(anew());
  for (const each of [line, other]) each.push({ x: 20_000, y: 7 }, { x: 21_000, y: 8 });
  expect(shares()).toEqual(anew());
  for (const each of [line, other]) each.splice(0, 3);
  expect(shares()).toEqual(anew());
});
