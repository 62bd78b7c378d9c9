import { expect, test } from 'vitest';
import { sumLines } from '../../../src-renderer/state/sum-lines.ts';

test('values of the same moment are added; a moment without any is null', () => {
  const [one, other] = [
    [
      { x: 1, y: 5 },
      { x: 2, y: null },
      { x: 3, y: null },
    ],
    [
      { x: 1, y: 2 },
      { x: 2, y: 7 },
      { x: 3, y: null },
    ],
  ];
  const sum = [
    { x: 1, y: 7 },
    { x: 2, y: 7 },
    { x: 3, y: null },
  ];
  expect(sumLines([one, other])).toEqual(sum);
  expect(sumLines([[{ x: 0, y: 1 }, ...one], other])).toEqual([{ x: 0, y: 1 }, ...sum]);
  expect(sumLines([])).toEqual([]);
});

test('lines that grew, lost their oldest points, or are others now, have the sum that they would have from the start', () => {
  const lines = [1, 2, 3].map((factor) => Array.from({ length: 10 }, (_, x) => ({ x, y: x * factor })));
  function expectRight(of: typeof lines): void {
    expect(sumLines(of)).toEqual(sumLines(of.map((line) => [...line])));
  }
  expectRight(lines);
  for (const line of lines) line.push({ x: 10, y: 7 });
  expectRight(lines);
  expectRight(lines.slice(0, 2));
  for (const line of lines) line.splice(0, 4);
  expectRight(lines);
  lines[1]?.push({ x: 11, y: 9 });
  expectRight(lines);
  expect(sumLines(lines).at(-1)).toEqual({ x: 11, y: 9 });
});
