import type { CallInput, CallName, CallOutput } from '../../src-main/contract/api.ts';
import type { Console } from '../../src-main/contract/console.ts';
import type { PushPhase, PushState } from '../../src-main/contract/plan.ts';
import { openConsole } from '../../src-main/console.ts';

export const endPhases: readonly PushPhase[] = ['kept', 'reverted', 'refused', 'stuck'];

/** A console in this process, called as a command would call it. */
export interface CalledConsole {
  readonly call: <K extends CallName>(name: K, input: CallInput<K>) => Promise<CallOutput<K>>;
  /** Every state of every push so far, oldest first. */
  readonly pushes: readonly PushState[];
  /** Called with each state of a push as it comes. */
  onPush: (state: PushState) => void;
  /** Fulfilled with the first state of that push in one of these phases, from now or already there. */
  readonly pushIn: (id: string, phases: readonly PushPhase[]) => Promise<PushState>;
  readonly console: Console;
}

export async function openCalledConsole(dataDir: string): Promise<CalledConsole> {
  const console = await openConsole({ dataDir, shell: 'cli' });
  const pushes: PushState[] = [];
  const waiting = new Set<(state: PushState) => void>();
  const called: CalledConsole = {
    console,
    pushes,
    onPush: () => undefined,
    call: (name, input) => {
      // One row of the table: name and input belong together.
      const handler = console.handlers[name] as (input: unknown, context: object) => Promise<never>;
      return handler(input, { client: 'test', shell: 'cli' });
    },
    pushIn: async (id, phases) => {
      const now = (await called.call('push.list', {})).find((state) => state.id === id && phases.includes(state.phase));
      if (now) return now;
      return new Promise((resolve) => {
        function listen(state: PushState): void {
          if (state.id !== id || !phases.includes(state.phase)) return;
          waiting.delete(listen);
          resolve(state);
        }
        waiting.add(listen);
      });
    },
  };
  console.onEvent('test', (name, data) => {
    if (name !== 'push') return;
    const state = data as PushState; // the name says so
    pushes.push(state);
    called.onPush(state);
    for (const listen of waiting) listen(state);
  });
  return called;
}
