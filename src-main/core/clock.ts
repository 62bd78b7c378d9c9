/** The only source of time that the core has: a test owns one and steps it by hand. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds since any moment, which nobody sets; absent where nobody sets `now` either. */
  readonly monotonic?: () => number;
  /** Runs `action` once after `ms`; the answer cancels it. */
  readonly setTimer: (ms: number, action: () => void) => () => void;
}

/** Waits on a clock; ends early (without an error) when the signal aborts. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const cancel = clock.setTimer(ms, done);
    signal?.addEventListener('abort', done, { once: true });
    function done(): void {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}
