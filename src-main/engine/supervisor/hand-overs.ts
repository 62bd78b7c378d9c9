import type { BoundHandle } from '../sockets/handles.ts';
import type { WorkerProcess } from './worker-process.ts';

/** So long after a worker's end nothing of it is on its way any more. */
const hearingMs = 100;

interface HandOver {
  readonly to: WorkerProcess;
  readonly from: number;
  readonly key: string;
  readonly handle: BoundHandle;
}

/**
 * Connections on their way from the worker that accepted them to another. They are held here until that one has them: where it is killed
 * before, the first takes its connection back.
 */
export class HandOvers {
  readonly #workerAt: (index: number) => WorkerProcess | undefined;
  readonly #pending = new Map<number, HandOver>();
  #nextId = 1;

  constructor(workerAt: (index: number) => WorkerProcess | undefined) {
    this.#workerAt = workerAt;
  }

  give(to: number, from: number, key: string, handle: BoundHandle): void {
    const taker = [to, from].map((index) => this.#workerAt(index)).find((worker) => worker?.isConnected === true);
    if (taker === undefined) {
      handle.close();
      return;
    }
    const id = this.#nextId++;
    this.#pending.set(id, { to: taker, from, key, handle });
    taker.tell({ type: 'take', id, key }, handle);
  }

  /** Who does not listen there takes nothing: the one that accepted it does, or nobody any more. */
  answered(id: number, isTaken: boolean): void {
    const handOver = this.#pending.get(id);
    if (handOver === undefined) return;
    this.#pending.delete(id);
    const { to, from, key, handle } = handOver;
    if (isTaken || to.index === from) handle.close();
    else this.give(from, from, key, handle);
  }

  /** What it said last may not have been heard yet; Node tells of the channel's end only where no handle waits for its receipt. */
  ended(worker: WorkerProcess): void {
    setTimeout(() => {
      this.#takeBack(worker);
    }, hearingMs);
  }

  #takeBack(worker: WorkerProcess): void {
    for (const [id, { to, from, key, handle }] of [...this.#pending]) {
      if (to !== worker) continue;
      this.#pending.delete(id);
      this.give(from, from, key, handle);
    }
  }
}
