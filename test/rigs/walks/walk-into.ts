import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan, PushState } from '../../../src-main/contract/plan.ts';
import { type CalledConsole, endPhases } from '../console-calls.ts';

export const countdownMs = 600_000;

export interface Walk {
  /** The state in which the push ended, or came to need a person, first. */
  readonly first: PushState;
  /** Every content that the file had as a state of the push was told. */
  readonly files: readonly string[];
  readonly hasStruck: boolean;
  /** What the console said was left of the countdown some seconds after it began to wait, true or not; absent where it never waited. */
  readonly leftMs?: number;
}

/**
 * Pushes a plan, lets something strike as the step begins (`waiting`: as the countdown begins), and waits until the push goes no further.
 * One that waits for Keep is taken back after a second, but where it has to go back by itself.
 */
export async function walkInto(
  called: CalledConsole,
  plan: Plan,
  stepId: string,
  tools: { readonly strike: () => void; readonly readConfig: () => string; readonly endsByItself: boolean },
): Promise<Walk> {
  const files = new Set<string>();
  let hasStruck = false;
  called.onPush = (state) => {
    files.add(tools.readConfig());
    const isThere =
      stepId === 'waiting'
        ? state.phase === 'waiting'
        : state.steps.some((step) => step.id === stepId && step.state === 'running');
    if (hasStruck || !isThere) return;
    hasStruck = true;
    tools.strike();
  };
  await called.call('push.start', { plan, confirmWithinMs: countdownMs, typed: plan.device });
  let first = await called.pushIn(plan.id, ['waiting', ...endPhases]);
  let left = {};
  if (first.phase === 'waiting') {
    if (!tools.endsByItself) {
      await sleep(1000);
      const leftMs = await trueLeft(called, plan);
      if (leftMs !== undefined) {
        left = { leftMs };
        await called.call('push.revert', { device: plan.device });
      }
    }
    first = await called.pushIn(plan.id, endPhases);
  }
  called.onPush = () => undefined;
  return { first, files: [...files], hasStruck, ...left };
}

/** Looks until it is true, ten seconds at most; undefined where the push waits no more. */
async function trueLeft(called: CalledConsole, plan: Plan): Promise<number | undefined> {
  for (let turn = 0; ; turn += 1) {
    const now = (await called.call('push.list', {})).find(({ id }) => id === plan.id);
    if (now?.phase !== 'waiting' || now.revertsAt === undefined) return undefined;
    const leftMs = Date.parse(now.revertsAt) - Date.now();
    if (isTrueLeft(leftMs) || turn === 100) return leftMs;
    await sleep(100);
  }
}

/** A walk waits for seconds; the clock is set by hours. */
export function isTrueLeft(leftMs: number): boolean {
  return leftMs > countdownMs - 60_000 && leftMs <= countdownMs;
}
