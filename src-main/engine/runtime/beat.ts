/** Something done at intervals, only while it is needed: a worker that has nothing to do sleeps. */
export class Beat {
  readonly #everyMs: number;
  readonly #work: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(everyMs: number, work: () => void) {
    this.#everyMs = everyMs;
    this.#work = work;
  }

  /** Is it needed from now on? What is left to say when it is not any more is said at once. */
  set(isNeeded: boolean): void {
    if (isNeeded) {
      this.#timer ??= setInterval(this.#work, this.#everyMs).unref();
    } else if (this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#work();
    }
  }
}
