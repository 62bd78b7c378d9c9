import type { Clock } from './clock.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Three in the morning: little traffic, and before anyone looks. */
const nightMs = 3 * hourMs;
/** A timer does not run while the machine sleeps: the clock is looked at again at least this often. */
const longestWaitMs = hourMs;

export interface NightlyTools {
  readonly clock: Clock;
  /** Local time minus UTC. */
  readonly zoneMs: () => number;
  readonly work: () => void;
}

/** Does some work once each night; a night slept through is made up for when the machine wakes. The answer ends it. */
export function startNightly({ clock, zoneMs, work }: NightlyTools): () => void {
  let night = nightOf(clock.now() + zoneMs());
  let cancel = clock.setTimer(longestWaitMs, look);
  function look(): void {
    const now = nightOf(clock.now() + zoneMs());
    if (now > night) work();
    night = Math.max(night, now);
    const untilNextMs = (now + 1) * dayMs + nightMs - (clock.now() + zoneMs());
    cancel = clock.setTimer(Math.min(longestWaitMs, untilNextMs), look);
  }
  return () => {
    cancel();
  };
}

/** Number of the night that is over by then. */
function nightOf(localMs: number): number {
  return Math.floor((localMs - nightMs) / dayMs);
}
