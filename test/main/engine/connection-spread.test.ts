import { describe, expect, it } from 'vitest';
import { ConnectionSpread } from '../../../src-main/engine/runtime/connection-spread.ts';

describe('the spread of connections over workers', () => {
  it('gives each to the worker with the fewest, and knows what it gave until it is told', () => {
    const spread = new ConnectionSpread(0);
    spread.setCounts([3, 1, 2]);
    expect([3, 3, 3, 3].map((own) => spread.choose(own, 0))).toEqual([1, 1, 2, undefined]);
    spread.setCounts([3, 3, 3]);
    expect(spread.choose(3, 0)).toBeUndefined();
    expect(spread.choose(4, 0)).toBe(1);
  });

  it('keeps all where nobody has told anything, and gives nothing to a worker that is not there', () => {
    const spread = new ConnectionSpread(1);
    expect(spread.choose(50, 0)).toBeUndefined();
    spread.setCounts([Number.POSITIVE_INFINITY, 50]);
    expect(spread.choose(50, 0)).toBeUndefined();
  });

  it('leaves many connections, and those that come and go, to the kernel', () => {
    const spread = new ConnectionSpread(0);
    spread.setCounts([0, 0]);
    expect(spread.choose(64, 0)).toBeUndefined();
    spread.setCounts([0, 0]);
    for (let turn = 1; turn < 64; turn++) spread.choose(0, 999);
    expect(spread.choose(1, 999)).toBeUndefined();
    expect(spread.choose(1, 1999)).toBe(1);
  });
});
