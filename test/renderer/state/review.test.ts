import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src-main/contract/errors.ts';
import type { Plan } from '../../../src-main/contract/plan.ts';
import { Review } from '../../../src-renderer/state/review.svelte.ts';
import { Staging } from '../../../src-renderer/state/staging.svelte.ts';
import { fakeConnection } from '../makers.ts';

function plan(device: string): Plan {
  return { device, changes: [], steps: [] } as unknown as Plan; // what this test looks at
}
function staged(...devices: readonly string[]): Staging {
  const staging = new Staging();
  for (const device of devices) staging.stage({ kind: 'weight', device, pool: 'web', member: 'a', prior: 1, value: 2 });
  return staging;
}

describe('the review', () => {
  test('makes one plan per device; one that cannot be made does not hold the others up', async () => {
    const review = new Review(
      fakeConnection({
        'plan.make': ({ device }: { device: string }) => {
          if (device === 'bad') throw new AppError('CAPABILITY_MISSING', 'No weights here.');
          return plan(device);
        },
      }),
    );
    await review.make(staged('good', 'bad'));
    expect(review.reviews.map(({ device, plan: made, problem }) => [device, made?.device, problem?.code])).toEqual([
      ['good', 'good', undefined],
      ['bad', undefined, 'CAPABILITY_MISSING'],
    ]);
  });

  test('making a plan sends nothing that writes', async () => {
    const connection = fakeConnection({ 'plan.make': plan('a') });
    await new Review(connection).make(staged('a'));
    expect(connection.sent.map(({ name }) => name)).toEqual(['plan.make']);
  });

  test('remembers which edits its plans show', async () => {
    const staging = staged('a');
    const review = new Review(fakeConnection({ 'plan.make': plan('a') }));
    await review.make(staging);
    expect(review.madeFrom).toBe(staging.revision);
    staging.undo();
    expect(review.madeFrom).not.toBe(staging.revision);
  });

  test('sends the very plan that was shown, and the name that was typed', async () => {
    const connection = fakeConnection({ 'push.start': {} });
    const shown = plan('a');
    expect(await new Review(connection).push(shown, 60_000, 'a')).toBe(true);
    expect(connection.sent[0]).toEqual({
      name: 'push.start',
      input: { plan: shown, confirmWithinMs: 60_000, typed: 'a' },
    });
  });

  test('a refusal is told and the push has not begun', async () => {
    const review = new Review(
      fakeConnection({
        'push.start': () => {
          throw new AppError('PLAN_STALE', 'Another hand was there.');
        },
      }),
    );
    expect(await review.push(plan('a'), 60_000, undefined)).toBe(false);
    expect(review.pushProblem?.code).toBe('PLAN_STALE');
  });
});
