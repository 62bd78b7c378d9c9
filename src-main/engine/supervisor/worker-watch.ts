/** A worker as the watch sees it. */
export interface Watched {
  /** Only one that has started can be expected to answer. */
  readonly isWatched: boolean;
  /** Has it said anything since this was asked last? */
  readonly takeSpoken: () => boolean;
}

/** No longer than this counts from one look to the next: where the watch itself was kept from looking, nobody else is to blame. */
const longestStepMs = 1000;

/**
 * Finds workers that hang: in an endless loop, or stopped. Each is asked something every second, so a living one, however
 * busy, says something now and then. Time in milliseconds, on any one clock.
 */
export class WorkerWatch {
  #silentMs = new Map<Watched, number>();
  #lookedMs: number;

  constructor(nowMs: number) {
    this.#lookedMs = nowMs;
  }

  /** Those that have been silent for `timeoutMs`, each named once; 0 = nobody is looked for. */
  look(workers: readonly Watched[], timeoutMs: number, nowMs: number): readonly Watched[] {
    const passedMs = Math.min(nowMs - this.#lookedMs, longestStepMs);
    this.#lookedMs = nowMs;
    const silentMs = new Map<Watched, number>();
    const hanging: Watched[] = [];
    for (const worker of workers) {
      const hasSpoken = worker.takeSpoken();
      if (!worker.isWatched || timeoutMs === 0) continue;
      const before = this.#silentMs.get(worker) ?? 0;
      const silent = hasSpoken ? 0 : before + passedMs;
      silentMs.set(worker, silent);
      if (before < timeoutMs && silent >= timeoutMs) hanging.push(worker);
    }
    this.#silentMs = silentMs;
    return hanging;
  }
}
