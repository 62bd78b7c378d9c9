import { Worker } from 'node:worker_threads';
import { AppError, type Outcome } from '../contract/errors.ts';
import { entryBeside } from '../entry.ts';
import type { StoreCalls } from './store-calls.ts';

/** A call on its way to the worker; the worker thread answers with an `AnswerFromStore` of the same id. */
export interface CallToStore {
  readonly id: number;
  readonly name: keyof StoreCalls;
  readonly args: readonly unknown[];
}
export interface AnswerFromStore {
  readonly id: number;
  readonly outcome: Outcome<unknown>;
}

/** The worker thread that owns the files. Calls are carried out one after the other, in the order in which they were made. */
export interface StoreWorker {
  readonly call: <K extends keyof StoreCalls>(
    name: K,
    ...args: Parameters<StoreCalls[K]>
  ) => Promise<Awaited<ReturnType<StoreCalls[K]>>>;
  /** Writes what waits, closes the files, gives the directory free. */
  readonly close: () => Promise<void>;
  /** Ends the thread as it is: for one that could not open its files. */
  readonly stop: () => Promise<void>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts the thread; its first answer says whether it could open the directory (absent = all in memory). */
export function startStoreWorker(directory: string | undefined): StoreWorker {
  const worker = new Worker(entryBeside(import.meta.url, 'store'), { workerData: { directory } });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let ended: AppError | undefined;

  worker.on('message', ({ id, outcome }: AnswerFromStore) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (outcome.ok) caller?.resolve(outcome.value);
    else caller?.reject(new AppError(outcome.problem.code, outcome.problem.detail));
  });
  worker.on('error', (cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    end(new AppError('INTERNAL', `The store has stopped: ${why}. Start Steelyard again.`, { cause }));
  });
  worker.on('exit', () => {
    end(new AppError('INTERNAL', 'The store is closed.'));
  });

  function end(error: AppError): void {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  }

  function send(name: keyof StoreCalls, args: readonly unknown[]): Promise<unknown> {
    if (ended) return Promise.reject(ended);
    return new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      worker.postMessage({ id: lastId, name, args } satisfies CallToStore);
    });
  }

  return {
    // The worker answers with what the function of that name returned (`StoreCalls`), so the type is that function's.
    call: (name, ...args) => send(name, args) as Promise<never>,
    close: async () => {
      if (ended) return;
      await send('close', []);
      await worker.terminate();
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}
