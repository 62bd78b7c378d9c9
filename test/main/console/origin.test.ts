import { expect, test } from 'vitest';
import { originOf } from '../../../src-main/console/origin.ts';
import type { Plan, PushPhase, PushState } from '../../../src-main/contract/plan.ts';

const [old, changed] = ['0'.repeat(64), '1'.repeat(64)];
const subject = { kind: 'member' as const, path: ['app', 'b1'] };
const plan: Plan = {
  version: 1,
  id: 'abcdef',
  device: 'lb',
  vendor: 'haproxy',
  createdAt: '2026-11-22T10:00:00.000Z',
  basedOn: old,
  resultsIn: changed,
  desired: {},
  changes: [
    { action: 'update', subject, key: 'weight', prior: 1, desired: 3 },
    { action: 'update', subject, key: 'adminState', prior: 'enabled', desired: 'draining' },
  ],
  cost: 'runtime',
  losses: [],
  affects: [],
  hunks: [],
  steps: [],
  revert: [],
  keep: [],
  verifies: [],
  warnings: [],
  driver: {},
};
function push(phase: PushPhase, given: Partial<Plan> = {}): PushState {
  const whole = { ...plan, ...given };
  return { id: 'abcdef', device: 'lb', plan: whole, phase, steps: [], revertSteps: [], startedAt: plan.createdAt };
}
const later = { isFirst: false, occasion: 'seen' } as const;

test('a configuration that a push results in is remembered by its reason and who pushed, else by what it changed', () => {
  expect(originOf([push('kept', { why: 'Black Friday' })], 'lb', changed, 'ada', later)).toEqual({
    why: 'Black Friday',
    who: 'ada',
    pushId: 'abcdef',
  });
  expect(originOf([push('waiting')], 'lb', changed, 'ada', later).why).toBe(
    'update member app/b1 weight to 3 and 1 more',
  );
});

test('one that no push made, of another device, or that was taken back, another hand changed', () => {
  const outside = { why: 'Changed outside of Steelyard' };
  expect(originOf([push('kept')], 'lb', old, 'ada', later)).toEqual(outside);
  expect(originOf([push('kept')], 'other', changed, 'ada', later)).toEqual(outside);
  expect(originOf([push('reverted'), push('refused')], 'lb', changed, 'ada', later)).toEqual(outside);
  expect(originOf([], 'lb', changed, 'ada', { isFirst: false, occasion: 'night' })).toEqual({
    why: 'Changed outside of Steelyard, found by the nightly reading',
  });
});

test('the first one was only read', () => {
  expect(originOf([], 'lb', old, 'ada', { isFirst: true, occasion: 'seen' })).toEqual({
    why: 'First reading',
    who: 'ada',
  });
});
