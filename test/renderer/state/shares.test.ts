import { describe, expect, test } from 'vitest';
import { balanceOf, beamScale, predictedShares } from '../../../src-renderer/state/shares.ts';
import { memberRow, poolRow } from '../makers.ts';

const nothing = { isRemoved: false };

describe('predicted shares', () => {
  const row = poolRow([memberRow('a', { weight: 1, askedShare: 0.5 }), memberRow('b', { weight: 1, askedShare: 0.5 })]);

  test('nothing staged predicts nothing', () => {
    expect(predictedShares(row, () => nothing).size).toBe(0);
  });

  test('a weight of three to one asks for three quarters', () => {
    const shares = predictedShares(row, (name) => (name === 'a' ? { ...nothing, weight: 3 } : nothing));
    expect([...shares]).toEqual([
      ['a', 0.75],
      ['b', 0.25],
    ]);
  });

  test('a member that is drained or removed gives its share to the rest', () => {
    const drained = predictedShares(row, (name) => (name === 'a' ? { ...nothing, adminState: 'draining' } : nothing));
    const removed = predictedShares(row, (name) => ({ isRemoved: name === 'a' }));
    expect([...drained]).toEqual([['b', 1]]);
    expect([...removed]).toEqual([['b', 1]]);
  });

  test('a member that is enabled again takes part, one that is down does not', () => {
    const out = poolRow([
      memberRow('a', { weight: 1 }),
      memberRow('b', { weight: 1, adminState: 'disabled', isInRotation: false }),
      memberRow('c', { weight: 1, health: 'down', isInRotation: false }),
    ]);
    const shares = predictedShares(out, (name) => (name === 'b' ? { ...nothing, adminState: 'enabled' } : nothing));
    expect([...shares]).toEqual([
      ['a', 0.5],
      ['b', 0.5],
    ]);
  });

  test('a member raised from weight zero takes part', () => {
    const zero = poolRow([memberRow('a'), memberRow('b', { weight: 0, isInRotation: false })]);
    const shares = predictedShares(zero, (name) => (name === 'b' ? { ...nothing, weight: 1 } : nothing));
    expect(shares.get('b')).toBe(0.5);
  });

  test('a staged new member has its part', () => {
    const shares = predictedShares(row, () => nothing, [{ name: 'c', weight: 2 }]);
    expect(shares.get('c')).toBe(0.5);
  });

  test('an algorithm without weights predicts nothing', () => {
    const none = poolRow(row.members, { comparedBy: 'none' });
    expect(predictedShares(none, () => ({ ...nothing, weight: 9 })).size).toBe(0);
  });
});

describe('the balance of a member', () => {
  const over = memberRow('a', { askedShare: 0.25, measuredShare: 0.31 });

  test('is over when it is off by more than three points and two standard deviations', () => {
    expect(balanceOf(over, 2000)).toBe('over');
    expect(balanceOf(memberRow('a', { askedShare: 0.25, measuredShare: 0.19 }), 2000)).toBe('under');
  });

  test('is not judged by a handful of requests', () => {
    expect(balanceOf(over, 40)).toBe('unjudged');
    expect(balanceOf(over, undefined)).toBe('unjudged');
  });

  test('is even within three points however large the sample', () => {
    expect(balanceOf(memberRow('a', { askedShare: 0.25, measuredShare: 0.279 }), 1_000_000)).toBe('even');
  });

  test('is out for a member out of rotation', () => {
    expect(balanceOf({ ...over, isInRotation: false }, 2000)).toBe('out');
  });
});

test('the beams of a table end at 1.3 times the largest share in it', () => {
  const members = [memberRow('a', { measuredShare: 0.4, askedShare: 0.5 })];
  expect(beamScale(members, new Map([['a', 0.6]]))).toBeCloseTo(0.78);
});
