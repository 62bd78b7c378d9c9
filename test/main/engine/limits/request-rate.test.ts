import { describe, expect, it } from 'vitest';
import { maxRateClients, RequestRate } from '../../../../src-main/engine/limits/request-rate.ts';

describe('a request rate', () => {
  it('lets the burst pass, then the rate, and says when the next may come', () => {
    const rate = new RequestRate({ perClientPerSecond: 0.5, burst: 3 });
    expect([0, 0, 0, 0].map(() => rate.take('a', 0))).toEqual([0, 0, 0, 2]);
    expect(rate.take('a', 1000)).toBe(1);
    expect(rate.take('a', 2000)).toBe(0);
    expect(rate.take('a', 2001)).toBe(2);
    let passed = 0;
    for (let ms = 10_000; ms <= 110_000; ms += 10) if (rate.take('a', ms) === 0) passed++;
    expect(passed).toBe(3 + 50);
  });

  it('holds for each client by itself, and for a /64 of IPv6 together', () => {
    const rate = new RequestRate({ perClientPerSecond: 1, burst: 1 });
    expect(rate.take('a', 0)).toBe(0);
    expect(rate.take('b', 0)).toBe(0);
    expect(rate.take('a', 0)).toBe(1);
    expect(RequestRate.keyOf('2001:db8::1')).toBe(RequestRate.keyOf('2001:db8::ffff:1'));
    expect(RequestRate.keyOf('2001:db8::1')).not.toBe(RequestRate.keyOf('2001:db8:0:1::1'));
  });

  it('with burst 0 still lets single requests pass', () => {
    const rate = new RequestRate({ perClientPerSecond: 1, burst: 0 });
    expect([rate.take('a', 0), rate.take('a', 0), rate.take('a', 1000)]).toEqual([0, 1, 0]);
  });

  it('remembers a bounded number of clients, the longest unseen goes first', () => {
    const rate = new RequestRate({ perClientPerSecond: 0.001, burst: 1 });
    for (let index = 0; index < maxRateClients; index++) rate.take(`c${index}`, 0);
    rate.take('c0', 0);
    rate.take('one more', 0);
    expect(rate.clientCount).toBe(maxRateClients);
    expect(rate.take('c0', 0)).toBeGreaterThan(0);
    expect(rate.take('c1', 0)).toBe(0);
  });
});
