/** With more connections the kernel's own spread over the workers is even enough. */
export const mostSpread = 64;
/** Connections that come more often do not stay: to hand them over would cost more than it brings. */
const mostAccepted = 64;
const windowMs = 1000;

/**
 * Decides which worker takes a connection that this one has accepted. The kernel spreads by a hash, so that of a few long-lived ones a
 * worker may get all: each goes to the worker with the fewest.
 */
export class ConnectionSpread {
  /** Of each worker, as it last told; this one's own place is not looked at. */
  #counts: number[] = [];
  readonly #index: number;
  #accepted = 0;
  #windowEndMs = 0;

  constructor(index: number) {
    this.#index = index;
  }

  setCounts(counts: readonly number[]): void {
    this.#counts = [...counts];
  }

  /** The worker that takes a new connection where this one has `own`; undefined = this one. */
  choose(own: number, nowMs: number): number | undefined {
    if (nowMs >= this.#windowEndMs) {
      this.#windowEndMs = nowMs + windowMs;
      this.#accepted = 0;
    }
    this.#accepted++;
    if (this.#accepted > mostAccepted || own >= mostSpread) return undefined;
    let least: number | undefined;
    for (const [index, count] of this.#counts.entries()) {
      if (index !== this.#index && count < own && count < (this.#counts[least ?? -1] ?? own)) least = index;
    }
    // It tells of this one only later.
    if (least !== undefined) this.#counts[least] = (this.#counts[least] ?? 0) + 1;
    return least;
  }
}
