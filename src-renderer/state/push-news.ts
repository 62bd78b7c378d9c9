import type { PushPhase, PushState } from '$contract/plan.ts';

/** Phases in which a push still has something to do or to ask. */
export function isRunning(phase: PushPhase): boolean {
  return phase === 'running' || phase === 'waiting' || phase === 'keeping' || phase === 'reverting';
}

/** Tells when a push that this window has seen running comes to its end. */
export class PushNews {
  readonly #running = new Set<string>();

  /** The pushes that have ended since the last call. */
  ended(pushes: readonly PushState[]): readonly PushState[] {
    const ended = pushes.filter(({ id, phase }) => !isRunning(phase) && this.#running.delete(id));
    for (const { id, phase } of pushes) if (isRunning(phase)) this.#running.add(id);
    return ended;
  }
}
