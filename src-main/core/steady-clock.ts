/** How fast it goes after a wall clock that is a little off: intervals measured by it are right within this part. */
const slewPart = 0.01;
/** What a wall clock may be ahead or behind until it is followed at once: a step back is spared where it can be. */
const mostAheadMs = 1000;
const mostBehindMs = 5000;

export interface SteadyClockTools {
  /** Milliseconds since 1970, as the system has them now: it may be set at any time. */
  readonly wall: () => number;
  /** Milliseconds since any moment, never set. It may stand still while the machine sleeps. */
  readonly monotonic: () => number;
  /** The wall clock was set, or the machine slept: by how much this clock's time jumped. */
  readonly onJump?: (jumpMs: number) => void;
}

/**
 * Wall time that passes evenly: the monotonic clock, mapped to the wall once and then kept near it. Corrections of a moment are
 * followed slowly, so that time neither stands still nor runs back and a rate is what was counted over the time that passed; what is
 * more than that is a jump, which is followed at once and counted, so that nothing is measured across it.
 */
export class SteadyClock {
  readonly #tools: SteadyClockTools;
  #wallMs: number;
  #monotonicMs: number;
  #jumps = 0;

  constructor(tools: SteadyClockTools) {
    this.#tools = tools;
    this.#wallMs = tools.wall();
    this.#monotonicMs = tools.monotonic();
  }

  /** Milliseconds since 1970. */
  readonly now = (): number => {
    const monotonicMs = this.#tools.monotonic();
    const passedMs = monotonicMs - this.#monotonicMs;
    const steadyMs = this.#wallMs + passedMs;
    const offMs = this.#tools.wall() - steadyMs;
    const isJump = offMs > mostAheadMs || offMs < -mostBehindMs;
    const slewMs = slewPart * passedMs;
    this.#wallMs = steadyMs + (isJump ? offMs : Math.max(-slewMs, Math.min(slewMs, offMs)));
    this.#monotonicMs = monotonicMs;
    if (isJump) {
      this.#jumps += 1;
      this.#tools.onJump?.(offMs);
    }
    return Math.round(this.#wallMs);
  };

  /** How often it has jumped: between two moments of the same number, intervals are true. */
  get jumps(): number {
    return this.#jumps;
  }
}
