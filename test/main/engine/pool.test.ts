import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveSettings } from '../../../src-main/engine/config/settings.ts';
import type { EnginePool } from '../../../src-main/contract/engine-config.ts';
import { MemberRuntime, newMemberStats } from '../../../src-main/engine/runtime/member.ts';
import { PoolRuntime } from '../../../src-main/engine/runtime/pool.ts';
import { choice, seeded } from './candidates.ts';

function pool(members: NonNullable<EnginePool['members']>, settings: Partial<EnginePool> = {}): PoolRuntime {
  const [resolved] = resolveSettings({ version: 1, pools: [{ name: 'p', members, ...settings }] }, '/').pools;
  if (resolved === undefined) throw new Error('no pool');
  const runtimes = resolved.members.map((member, index) =>
    Object.assign(new MemberRuntime(member, newMemberStats()), { index }),
  );
  return new PoolRuntime(resolved, runtimes, new Float64Array(4), seeded(1), 0);
}

function at(port: number, more: Partial<NonNullable<EnginePool['members']>[number]> = {}) {
  return { name: `m${port}`, address: '10.0.0.1', port, ...more };
}

function chosen(from: PoolRuntime, turns: number): string {
  return Array.from({ length: turns }, () => from.choose(choice(), undefined)?.name).join(' ');
}

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

describe('a pool', () => {
  it('serves the highest priority first and lets the next join below minActiveMembers', () => {
    const members = [at(1, { priority: 10 }), at(2, { priority: 10 }), at(3, { priority: 5 }), at(4, { priority: -1 })];
    const plain = pool(members);
    expect(chosen(plain, 4)).toBe('m1 m2 m1 m2');
    const joined = pool(members, { minActiveMembers: 2 });
    const [first] = joined.members;
    if (first) first.isDown = true;
    joined.refresh();
    expect(chosen(joined, 4)).toBe('m2 m3 m2 m3');
  });

  it('gives nothing to members that drain, are down, have weight 0 or are full', () => {
    const tested = pool([at(1, { adminState: 'draining' }), at(2, { weight: 0 }), at(3, { maxConnections: 1 }), at(4)]);
    const third = tested.members[2];
    if (third) third.lease = { key: 'third', limit: 1, isOwed: false };
    third?.begin();
    expect(chosen(tested, 2)).toBe('m4 m4');
    third?.end();
    expect(chosen(tested, 2).split(' ').sort().join(' ')).toBe('m3 m4');
  });

  it('avoids the member that failed only while there is another', () => {
    const tested = pool([at(1), at(2)]);
    const [first, second] = tested.members;
    expect(tested.choose(choice(), first)?.name).toBe('m2');
    if (second) second.isDown = true;
    tested.refresh();
    expect(tested.choose(choice(), first)?.name).toBe('m1');
  });

  it('gives a member that came up a growing share over slowStartMs', () => {
    const tested = pool([at(1), at(2)], { slowStartMs: 10_000 });
    const [first] = tested.members;
    vi.advanceTimersByTime(1);
    if (first) first.upSinceMs = performance.now();
    tested.refresh();
    const shares = [1000, 4000, 5500].map((stepMs) => {
      vi.advanceTimersByTime(stepMs);
      return chosen(tested, 200).match(/m1/g)?.length ?? 0;
    });
    expect(shares[0]).toBeGreaterThan(10);
    expect(shares[0]).toBeLessThan(30);
    expect(shares[1]).toBeGreaterThan(55);
    expect(shares[1]).toBeLessThan(80);
    expect(shares[2]).toBe(100);
  });

  it('never puts its last member aside', () => {
    const tested = pool([at(1), at(2)], { passive: { maxFails: 1 } });
    const [first, second] = tested.members;
    if (first) tested.recordFailure(first);
    if (second) tested.recordFailure(second);
    expect(chosen(tested, 2)).toBe('m2 m2');
    vi.advanceTimersByTime(10_000);
    expect(chosen(tested, 2).split(' ').sort().join(' ')).toBe('m1 m2');
  });

  it('takes a member back in time that was put aside before a reload, and ramps it', () => {
    const old = pool([at(1), at(2)], { passive: { maxFails: 1 }, slowStartMs: 1000 });
    const [first] = old.members;
    vi.advanceTimersByTime(1);
    if (first) old.recordFailure(first);
    vi.advanceTimersByTime(5000);
    const renewed = new PoolRuntime(old.settings, old.members, old.counters, seeded(1), 0);
    old.retire();
    expect(chosen(renewed, 2)).toBe('m2 m2');
    vi.advanceTimersByTime(5000);
    expect(chosen(renewed, 60).match(/m1/g)?.length ?? 0).toBeLessThan(10);
    vi.advanceTimersByTime(1000);
    expect(chosen(renewed, 100).match(/m1/g)).toHaveLength(50);
  });

  it('calls everyone who waits when a member with room comes', () => {
    const tested = pool([at(1, { maxConnections: 2 })]);
    const [only] = tested.members;
    if (only) only.lease = { key: 'only', limit: 2, isOwed: false };
    const called: number[] = [];
    function wait(number: number): void {
      tested.waiting.push({
        onRoom: () => {
          called.push(number);
          const chosen = tested.choose(choice(), undefined);
          if (chosen === undefined) wait(number);
          else chosen.begin();
        },
      });
    }
    for (const number of [1, 2, 3]) wait(number);
    tested.wake();
    expect([called, tested.waiting.length]).toEqual([[1, 2], 1]);
    only?.end();
    tested.wake();
    expect(called).toEqual([1, 2, 3]);
  });
});
