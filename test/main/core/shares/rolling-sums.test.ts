import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Poll, RollingSums } from '../../../../src-main/core/shares/rolling-sums.ts';

const numbers = fc.array(fc.oneof(fc.nat(1_000_000), fc.constant(NaN)), { minLength: 4, maxLength: 4 });
const polls = fc.array(
  fc.record({
    atMs: fc.constant(0),
    intervalMs: fc.integer({ min: 1, max: 5000 }),
    pools: fc
      .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), numbers), { selector: ([name]) => name })
      .map((members) => {
        const names = members.map(([name]) => name);
        return new Map([['app', { names, numbers: Float64Array.from(members.flatMap(([, row]) => row)) }]]);
      }),
  }),
  { maxLength: 30 },
);

function sumsOf(given: readonly Poll[]): RollingSums {
  const sums = new RollingSums();
  for (const poll of given) sums.take(poll, 1);
  return sums;
}

test('what went out leaves no trace: the sums are those of the polls that stayed', () => {
  fc.assert(
    fc.property(polls, fc.nat(30), (given, out) => {
      const sums = sumsOf(given);
      for (const poll of given.slice(0, out)) sums.take(poll, -1);
      const fresh = sumsOf(given.slice(out));
      for (const member of ['a', 'b', 'c']) expect(sums.counts('app', member)).toEqual(fresh.counts('app', member));
    }),
  );
});

test('open connections are the average over the time in which they were told', () => {
  const sums = new RollingSums();
  for (const [open, intervalMs] of [
    [10, 1000],
    [40, 3000],
    [NaN, 9000],
  ] as const) {
    const row = Float64Array.from([NaN, NaN, NaN, open * intervalMs]);
    sums.take({ atMs: 0, intervalMs, pools: new Map([['app', { names: ['a'], numbers: row }]]) }, 1);
  }
  expect(sums.counts('app', 'a')).toEqual({ openConnections: 32.5 });
});
