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
