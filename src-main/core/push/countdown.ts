import { type Clock, pause } from '../clock.ts';

/** How often the wall clock is compared, and from which difference on the end of a countdown is told anew. */
const lookEveryMs = 1000;
const tellFromMs = 1000;

/** Milliseconds that pass evenly, whatever is done to the wall clock. */
export function elapsed(clock: Clock): number {
  return (clock.monotonic ?? clock.now)();
}

/**
 * A countdown passes evenly, but its end is told as a time of day: when somebody sets the clock meanwhile, `onMoved` is told the end by the new
 * one, or whoever reads it would see an hour more, or nothing, left. `end`: as told, and by `elapsed`. Goes on until the signal aborts.
 */
export async function followWallClock(
  clock: Clock,
  end: { readonly toldMs: number; readonly elapsedMs: number },
  onMoved: (untilMs: number) => void,
  signal: AbortSignal,
): Promise<void> {
  if (clock.monotonic === undefined) return; // then nobody sets it
  let told = end.toldMs;
  for (;;) {
    await pause(clock, lookEveryMs, signal);
    if (signal.aborted) return;
    const until = clock.now() + end.elapsedMs - elapsed(clock);
    if (Math.abs(until - told) < tellFromMs) continue;
    told = until;
    onMoved(until);
  }
}
