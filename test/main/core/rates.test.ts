import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MemberSample, Sample } from '../../../src-main/contract/metrics.ts';
import { sampleRates } from '../../../src-main/core/rates.ts';
import { sample } from './samples.ts';

function a(requests: number | bigint, more: Partial<MemberSample> = {}): MemberSample {
  return { name: 'a', requests: String(requests), ...more };
}
function b(requests: number, more: Partial<MemberSample> = {}): MemberSample {
  return { ...a(requests, more), name: 'b' };
}
const noEpoch = { epoch: undefined } as unknown as Record<string, never>; // spread over a sample: takes the epoch away

test('a rate is the difference over the measured time', () => {
  const rates = sampleRates(sample(0, [a(1000)]), sample(2.5, [a(1250)]));
  expect(rates).toMatchObject({ intervalMs: 2500, isReset: false });
  expect(rates.pools[0]?.members[0]?.requestsPerSecond).toBe(100);
});

test('counters past 2^53 keep their last digit', () => {
  const before = 2n ** 60n;
  const rates = sampleRates(sample(0, [a(before)]), sample(1, [a(before + 1n)]));
  expect(rates.pools[0]?.members[0]?.requestsPerSecond).toBe(1);
});

test('every counter has its rate, and what a device does not tell stays absent', () => {
  const before = a(0, { totalConnections: '1', bytesIn: '10', bytesOut: '100', responses: { '5xx': '1', '2xx': '9' } });
  const after = a(2, { totalConnections: '4', bytesIn: '14', bytesOut: '105', responses: { '5xx': '7', '2xx': '9' } });
  expect(sampleRates(sample(0, [before]), sample(1, [after])).pools[0]?.members[0]).toEqual({
    name: 'a',
    requestsPerSecond: 2,
    connectionsPerSecond: 3,
    bytesInPerSecond: 4,
    bytesOutPerSecond: 5,
    serverErrorsPerSecond: 6,
  });
});

test('failures are the sum over causes, and a cause listed for the first time counts from nothing', () => {
  const rates = sampleRates(
    sample(0, [a(0, { errors: { connect: '1' } })]),
    sample(1, [a(0, { errors: { connect: '3', response: '4' } })]),
  );
  expect(rates.pools[0]?.members[0]?.failuresPerSecond).toBe(6);
});

test('a pool has the sum over its members', () => {
  const rates = sampleRates(sample(0, [a(0), b(0, { bytesIn: '0' })]), sample(1, [a(3), b(4, { bytesIn: '4' })]));
  expect(rates.pools[0]).toMatchObject({ requestsPerSecond: 7, bytesInPerSecond: 4 });
  expect(rates.pools[0]).not.toHaveProperty('bytesOutPerSecond');
});

test('members that come have no rate yet, members that go are gone, places do not matter', () => {
  const rates = sampleRates(sample(0, [a(1), b(10)]), sample(1, [{ ...a(500), name: 'c' }, b(15)]));
  expect(rates.pools[0]?.members).toEqual([{ name: 'c' }, { name: 'b', requestsPerSecond: 5 }]);
});

test('virtual servers have rates too', () => {
  const rates = sampleRates(
    sample(0, [], { virtualServers: [{ name: 'web', requests: '5' }] }),
    sample(1, [], { virtualServers: [{ name: 'web', requests: '9' }] }),
  );
  expect(rates.virtualServers).toEqual([{ name: 'web', requestsPerSecond: 4 }]);
});

describe('wraps and resets', () => {
  const wrap32 = 2n ** 32n;
  const wrap64 = 2n ** 64n;
  test.each([
    ['32 bits, width unknown', wrap32 - 10n, 5n, undefined, 15],
    ['64 bits, width unknown', wrap64 - 10n, 5n, undefined, 15],
    ['32 bits, width told', wrap32 / 2n + 100n, 50n, 32 as const, Number(wrap32 / 2n - 50n)],
  ])('a wrap of %s counts on', (_name, before, now, counterBits, expected) => {
    const options = counterBits === undefined ? {} : { counterBits };
    const rates = sampleRates(sample(0, [a(before)]), sample(1, [a(now)]), options);
    expect(rates.pools[0]?.members[0]?.requestsPerSecond).toBe(expected);
    expect(rates.isReset).toBe(false);
  });

  test('a told width of 64 bits makes no wrap of a counter that fell from just under 2^32', () => {
    const rates = sampleRates(sample(0, [a(wrap32 - 10n)]), sample(1, [a(5)]), { counterBits: 64 });
    expect(rates.pools[0]?.members[0]).toEqual({ name: 'a' });
  });

  test('another epoch is a reset even where every counter rose', () => {
    const rates = sampleRates(sample(0, [a(5)]), sample(1, [a(900)], { epoch: 'process 2' }));
    expect(rates.isReset).toBe(true);
    expect(rates.pools).toEqual([{ name: 'app', members: [{ name: 'a' }] }]);
  });

  test('without an epoch one counter that fell is a reset of the device', () => {
    const rates = sampleRates(sample(0, [a(5000), b(0)], noEpoch), sample(1, [a(3), b(7)], noEpoch));
    expect(rates.isReset).toBe(true);
    expect(rates.pools[0]?.members).toEqual([{ name: 'a' }, { name: 'b' }]);
  });

  test('with the same epoch a member whose counters fell goes without, the others do not', () => {
    const rates = sampleRates(sample(0, [a(5000, { bytesIn: '1' }), b(0)]), sample(1, [a(3, { bytesIn: '2' }), b(7)]));
    expect(rates.isReset).toBe(false);
    expect(rates.pools[0]?.members).toEqual([{ name: 'a' }, { name: 'b', requestsPerSecond: 7 }]);
  });

  test('a clock set back gives no rate and is no reset', () => {
    expect(sampleRates(sample(9, [a(1)]), sample(1, [a(2)]))).toEqual({
      intervalMs: 0,
      isReset: false,
      virtualServers: [],
      pools: [{ name: 'app', members: [{ name: 'a' }] }],
    });
  });
});

const counter = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

test('no rate is ever negative or not a number, whatever the counters say', () => {
  const member = fc.record({ name: fc.constantFrom('a', 'b', 'c'), requests: counter, bytesOut: counter });
  const members = fc.uniqueArray(
    member.map((one): MemberSample => ({ name: one.name, requests: `${one.requests}`, bytesOut: `${one.bytesOut}` })),
    { selector: (one) => one.name },
  );
  const epoch = fc.constantFrom('1', '2');
  fc.assert(
    fc.property(
      members,
      members,
      epoch,
      fc.option(fc.constantFrom(32, 64), { nil: undefined }),
      (before, after, second, bits) => {
        const options = bits === undefined ? {} : { counterBits: bits };
        const rates = sampleRates(sample(0, before, { epoch: '1' }), sample(1.037, after, { epoch: second }), options);
        for (const pool of rates.pools) {
          for (const member of pool.members) {
            for (const [key, value] of Object.entries(member)) {
              if (key !== 'name') expect(value).toBeGreaterThanOrEqual(0);
            }
          }
        }
      },
    ),
  );
});

test('rate times interval, added up over a run of polls, is what the counter counted, over wraps too', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.nat(100_000_000)), {
    minLength: 1,
    maxLength: 50,
  });
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), steps, (first, polls) => {
      let [milliseconds, count, charted] = [0, BigInt(first), 0];
      let previous = sample(0, [a(count)]);
      for (const [interval, more] of polls) {
        milliseconds += interval;
        count += BigInt(more);
        const next = sample(milliseconds / 1000, [a(count % 2n ** 32n)]);
        const { intervalMs, pools } = sampleRates(previous, next, { counterBits: 32 });
        charted += ((pools[0]?.members[0]?.requestsPerSecond ?? NaN) * intervalMs) / 1000;
        previous = next;
      }
      expect(Math.round(charted)).toBe(Number(count - BigInt(first)));
    }),
  );
});

test('response times are what was counted between two polls, by bucket; where a bucket fell nothing is taken', () => {
  const first = sample(0, [{ name: 'a', responseTimeCounts: { '100': '5', '200': '7' } }]);
  const next = sample(1, [{ name: 'a', responseTimeCounts: { '100': '5', '200': '9', '300': '1' } }]);
  function times(from: Sample, to: Sample) {
    return sampleRates(from, to).pools[0]?.members[0]?.times;
  }
  expect(times(first, next)).toEqual({ '200': 2, '300': 1 });
  expect(times(next, first)).toBeUndefined();
  expect(times(first, { ...next, epoch: 'another' })).toBeUndefined();
});
