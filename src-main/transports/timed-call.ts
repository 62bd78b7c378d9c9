import { AppError } from '../contract/errors.ts';

/** The life of what a call runs on. Ends once; whoever waits on it is told at once. */
export class Lifeline {
  #reason: AppError | undefined;
  readonly #listeners = new Set<(reason: AppError) => void>();

  /** Why it ended; undefined while it lasts. */
  get reason(): AppError | undefined {
    return this.#reason;
  }

  end(reason: AppError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(reason);
  }

  /** Calls back when it ends. Gives back what unsubscribes. */
  onEnd(listener: (reason: AppError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How many wait: zero when nothing is under way. */
  get waiting(): number {
    return this.#listeners.size;
  }
}

export interface Limits {
  /** Names the call in errors: `exec "uptime" on lb1:22`. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly lifeline?: Lifeline | undefined;
}

export interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Runs callback code as a promise that always settles: with what it resolves, or TIMED_OUT, CANCELLED, or the reason that its
 * lifeline ended. `start` gives back what stops it; that runs exactly once, however the call ended.
 */
export function timedCall<T>(limits: Limits, start: (settle: Settle<T>) => () => void): Promise<T> {
  const { what, timeoutMs, signal, lifeline } = limits;
  if (lifeline?.reason !== undefined) return Promise.reject(named(what, lifeline.reason));
  if (signal?.aborted === true) return Promise.reject(cancelled(what));
  return new Promise<T>((resolve, reject) => {
    const state: { isSettled: boolean; stop: (() => void) | undefined } = { isSettled: false, stop: undefined };
    const timer = setTimeout(() => {
      fail(new AppError('TIMED_OUT', `${what}: no whole answer within ${Math.round(timeoutMs)} ms.`));
    }, timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    const offEnd = lifeline?.onEnd((reason) => {
      fail(named(what, reason));
    });

    function onAbort(): void {
      fail(cancelled(what));
    }
    function fail(error: Error): void {
      if (settle()) reject(error);
    }
    function settle(): boolean {
      if (state.isSettled) return false;
      state.isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      offEnd?.();
      state.stop?.();
      return true;
    }

    state.stop = start({
      resolve: (value) => {
        if (settle()) resolve(value);
      },
      reject: fail,
    });
    // It may have settled while it started, before there was anything to stop.
    if (state.isSettled) state.stop();
  });
}

function cancelled(what: string): AppError {
  return new AppError('CANCELLED', `${what}: it was called off.`);
}

/** A lost connection is told with the call that it cut short; other reasons (a refused key, say) speak for themselves. */
function named(what: string, reason: AppError): AppError {
  if (reason.code !== 'SESSION_CLOSED') return reason;
  const raw = reason.raw === undefined ? {} : { raw: reason.raw };
  return new AppError(reason.code, `${what}: ${reason.detail}`, { cause: reason, ...raw });
}
