const maxKeys = 10_000;

/** A time for each of the latest keys; the oldest goes first. */
export class KeyTimes {
  readonly #times = new Map<string, number>();

  /** 0 = none is known. */
  get(key: string): number {
    return this.#times.get(key) ?? 0;
  }

  set(key: string, time: number): void {
    this.#times.delete(key);
    if (this.#times.size >= maxKeys) {
      const oldest = this.#times.keys().next();
      if (oldest.done !== true) this.#times.delete(oldest.value);
    }
    this.#times.set(key, time);
  }

  delete(key: string): void {
    this.#times.delete(key);
  }
}

/** In µs, by a clock that all processes of this machine share. */
export function machineTimeUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
