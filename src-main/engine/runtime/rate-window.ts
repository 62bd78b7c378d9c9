const slots = 10;

/** How often `tick` is to be called. */
export const tickMs = 100;

/** What a counter has gained in the last second, what came since the last tick included. */
export class RateWindow {
  readonly #samples = new Float64Array(slots);
  #at = 0;

  /** `total` is what the counter shows now. */
  constructor(total: number) {
    this.#samples.fill(total);
  }

  tick(total: number): void {
    this.#samples[this.#at] = total;
    this.#at = (this.#at + 1) % slots;
  }

  gained(total: number): number {
    return total - (this.#samples[this.#at] ?? 0);
  }
}
