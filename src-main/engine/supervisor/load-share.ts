import type { EngineSettings } from '../config/settings.ts';
import { memberKey, type Load } from '../messages.ts';
import { Beat } from '../runtime/beat.ts';
import type { HeldClients } from './held-clients.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Least-connections workers see what the others have in flight at most this old; least-sessions ones how many clients are held. */
const shareEveryMs = 10;

const noLoad: Load = { inFlight: {}, bytesPerSecond: {} };

/** What workers must know of each other to choose by load: told only while there is something to tell. */
export class LoadShare {
  readonly #workers: () => readonly Pick<WorkerProcess, 'tell' | 'isReplacement'>[];
  readonly #held: Pick<HeldClients, 'counts'>;
  readonly #loads: Load[] = [];
  readonly #sessionBeat = new Beat(shareEveryMs, () => {
    this.#shareSessions();
  });
  /** Pools that choose by least sessions. */
  #pools: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    workers: () => readonly Pick<WorkerProcess, 'tell' | 'isReplacement'>[],
    held: Pick<HeldClients, 'counts'>,
  ) {
    this.#workers = workers;
    this.#held = held;
  }

  configure({ pools }: Pick<EngineSettings, 'pools'>): void {
    this.#pools = pools.filter(({ algorithm }) => algorithm.name === 'least-sessions').map(({ name }) => name);
    this.#sessionBeat.set(this.#pools.length > 0);
  }

  /** What a worker has in flight; undefined = it has ended. No timer runs where nothing changes. */
  setLoad(worker: number, load: Load | undefined): void {
    this.#loads[worker] = load ?? noLoad;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#shareLoads();
    }, shareEveryMs).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#pools = [];
    this.#sessionBeat.set(false);
  }

  #shareLoads(): void {
    const workers = this.#workers();
    workers.forEach((worker, index) => {
      const others = workers.flatMap((_, other) => (other === index ? [] : [this.#loads[other] ?? noLoad]));
      worker.tell({ type: 'remote-in-flight', load: sumLoads(others) });
    });
  }

  /** A worker that knows all there is counts for itself. */
  #shareSessions(): void {
    const workers = this.#workers();
    const unaware = workers.filter((worker) => workers.length > 1 || worker.isReplacement);
    if (this.#pools.length === 0 || unaware.length === 0) return;
    const counts = Object.fromEntries(
      this.#pools.flatMap((name) =>
        [...this.#held.counts(name)].map(([member, count]) => [memberKey(name, member), count]),
      ),
    );
    for (const worker of unaware) worker.tell({ type: 'sessions', counts });
  }
}

function sumLoads(loads: readonly Load[]): Load {
  const sum: Record<keyof Load, Record<string, number>> = { inFlight: {}, bytesPerSecond: {} };
  for (const load of loads) {
    for (const kind of ['inFlight', 'bytesPerSecond'] as const) {
      for (const [key, count] of Object.entries(load[kind])) sum[kind][key] = (sum[kind][key] ?? 0) + count;
    }
  }
  return sum;
}
