/** So old is what a worker knows of the others' open connections at most, the way of the message aside. */
const tellEveryMs = 50;

/** How many connections each worker has, told to all where it changes: they hand few of them over by it. */
export class OpenCounts {
  readonly #counts: number[];
  #hasChanged = false;
  readonly #timer: NodeJS.Timeout;

  constructor(workers: number, tell: (counts: readonly number[]) => void) {
    // Nobody hands anything to a worker that is not there.
    this.#counts = new Array<number>(workers).fill(Number.POSITIVE_INFINITY);
    this.#timer = setInterval(() => {
      if (!this.#hasChanged) return;
      this.#hasChanged = false;
      tell(this.#counts);
    }, tellEveryMs).unref();
  }

  set(worker: number, count: number): void {
    this.#counts[worker] = count;
    this.#hasChanged = true;
  }

  ended(worker: number): void {
    this.set(worker, Number.POSITIVE_INFINITY);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
