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
const seen = { why: 'Read from the device' };

test('a configuration that a push results in is remembered by its reason, else by what it changed', () => {
  expect(originOf([push('kept', { why: 'Black Friday' })], 'lb', changed)).toEqual({
    why: 'Black Friday',
    pushId: 'abcdef',
  });
  expect(originOf([push('waiting')], 'lb', changed).why).toBe('update member app/b1 weight to 3 and 1 more');
});

test('one that no push made, of another device, or that was taken back, was only read', () => {
  expect(originOf([push('kept')], 'lb', old)).toEqual(seen);
  expect(originOf([push('kept')], 'other', changed)).toEqual(seen);
  expect(originOf([push('reverted'), push('refused')], 'lb', changed)).toEqual(seen);
});
