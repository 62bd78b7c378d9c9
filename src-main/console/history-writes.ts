import { toProblem } from '../contract/errors.ts';

/**
 * Writes of history that nobody waits for. One that fails is lost; the console goes on, and whoever started it is told. The console's
 * end waits for those that are under way; what comes later would find the store closed and is nobody's loss.
 */
export class HistoryWrites {
  readonly #open = new Set<Promise<unknown>>();
  #isClosed = false;

  track(write: Promise<unknown>): void {
    const ended = write
      .catch((error: unknown) => {
        if (!this.#isClosed) reportLost(error);
      })
      .finally(() => this.#open.delete(ended));
    this.#open.add(ended);
  }

  async close(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
    this.#isClosed = true;
  }
}

function reportLost(error: unknown): void {
  const { title, detail } = toProblem(error);
  process.stderr.write(`History was not written. ${title} ${detail}\n`);
}
