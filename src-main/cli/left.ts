import { setTimeout as sleep } from 'node:timers/promises';
import type { PushState } from '../contract/plan.ts';
import type { CliTools } from './command.ts';

const unfinished: readonly PushState['phase'][] = ['running', 'keeping', 'reverting'];
/** A device that cannot be reached must not hold up every command for ever: the journal keeps what is left for the next one. */
const patienceMs = 30_000;
const lookEveryMs = 200;

/**
 * Lets a console of this process finish what one that was killed has left half way, before the command begins: a command that ends at
 * once would cut it short again. `list` tells the pushes of the console.
 */
export async function finishLeft(
  list: () => Promise<readonly PushState[]>,
  { terminal, interrupted }: CliTools,
): Promise<void> {
  const left = await list();
  if (left.length === 0) return;
  for (const { device } of left) {
    terminal.say(`A change of "${device}" was left half way by a Steelyard that ended. That is put right first.`);
  }
  const until = performance.now() + patienceMs;
  for (;;) {
    const now = await list();
    const isOver = !now.some(({ phase }) => unfinished.includes(phase));
    if (isOver || interrupted.aborted || performance.now() > until) {
      now.forEach((state) => {
        terminal.say(outcomeOf(state));
      });
      return;
    }
    await sleep(lookEveryMs);
  }
}

function outcomeOf({ device, phase, problem }: PushState): string {
  if (phase === 'reverted' || phase === 'refused') return `"${device}" is as it was before that change.`;
  if (phase === 'kept') return `The change of "${device}" had been kept, and is.`;
  const why = problem === undefined ? '' : ` ${problem.code}: ${problem.detail}`;
  return phase === 'stuck'
    ? `The change of "${device}" could not be put right.${why}`
    : `The change of "${device}" is not put right yet; the next command goes on with it.${why}`;
}
