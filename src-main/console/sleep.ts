import type { Sleep } from '../contract/metrics.ts';

export interface SleepTools {
  readonly nowMs: () => number;
  readonly schedule: { readonly pause: () => void; readonly resume: () => void };
  readonly lockAll: () => void;
  readonly sleeps: {
    readonly begin: (fromMs: number) => Promise<void>;
    readonly end: (toMs: number) => Promise<void>;
  };
  /** After it: links that died meanwhile are opened anew. */
  readonly retryAll: () => void;
  readonly onSlept: (sleep: Sleep) => void;
}

/** A silence of the process that is shorter has other causes: a busy machine, a clock put right. */
const shortestSleepMs = 30_000;

/** Sleep is an event, not a fault: from it to waking nothing is polled, told or wrong. */
export class Sleeper {
  readonly #tools: SleepTools;
  #sinceMs: number | undefined;

  constructor(tools: SleepTools) {
    this.#tools = tools;
  }

  get isAsleep(): boolean {
    return this.#sinceMs !== undefined;
  }

  /** Writes at once that it sleeps: a computer that never wakes up from it is switched off. */
  async sleep(): Promise<void> {
    if (this.#sinceMs !== undefined) return;
    this.#sinceMs = this.#tools.nowMs();
    this.#tools.schedule.pause();
    this.#tools.lockAll();
    await this.#tools.sleeps.begin(this.#sinceMs);
  }

  /** The clock went on by so much and nothing of ours did: a sleep that no system told of, as without a desktop none does. */
  async jumped(jumpMs: number): Promise<void> {
    if (this.isAsleep || jumpMs < shortestSleepMs) return;
    const toMs = this.#tools.nowMs();
    const fromMs = toMs - jumpMs;
    this.#tools.lockAll();
    this.#tools.onSlept({ fromMs, toMs });
    await this.#tools.sleeps.begin(fromMs);
    await this.#tools.sleeps.end(toMs);
  }

  async wake(): Promise<void> {
    const fromMs = this.#sinceMs;
    if (fromMs === undefined) return;
    this.#sinceMs = undefined;
    const toMs = this.#tools.nowMs();
    this.#tools.onSlept({ fromMs, toMs });
    this.#tools.schedule.resume();
    this.#tools.retryAll();
    await this.#tools.sleeps.end(toMs);
  }
}
