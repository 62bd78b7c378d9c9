import type { Plan } from '../../../src-main/contract/plan.ts';

/** A plan that says nothing but who it is. */
export function plan(id: string, device = 'edge'): Plan {
  return {
    version: 1,
    id,
    device,
    vendor: 'haproxy',
    createdAt: '2026-11-22T10:00:00.000Z',
    basedOn: 'a'.repeat(64),
    resultsIn: 'b'.repeat(64),
    desired: {},
    changes: [],
    cost: 'none',
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
}
