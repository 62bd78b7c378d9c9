import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { toProblem } from '../contract/errors.ts';
import { mainFile } from './data-directory.ts';
import { storeError } from './database.ts';
import { openMain } from './open-files.ts';
import { ownDirectory } from './ownership.ts';
import { openSamplesFile, type SamplesFile } from './samples-file.ts';
import { storeCalls } from './store-calls.ts';
import type { AnswerFromStore, CallToStore } from './worker-client.ts';

/** The worker thread that owns a data directory: opens it, then carries out calls one after the other until `close`. */
const { directory } = z.object({ directory: z.string().optional() }).parse(workerData);
const maintenanceMs = 60_000;
let isClosed = false;
const opening = openAll();
opening.catch(() => undefined); // each call reports it
let previous: Promise<unknown> = opening;

parentPort?.on('message', (call: CallToStore) => {
  previous = answer(call);
});

async function openAll() {
  const owned = directory === undefined ? undefined : await ownDirectory(directory);
  try {
    const main = openMain(directory);
    const samplesFile = openSamplesFile(directory);
    const timer = setInterval(() => void maintain(samplesFile), maintenanceMs);
    return storeCalls(main, samplesFile, () => {
      isClosed = true;
      clearInterval(timer);
      samplesFile.close();
      main.close();
      owned?.release();
    });
  } catch (error) {
    owned?.release();
    throw error;
  }
}

/** A step at a time, so that calls come in between. A step that fails is tried again in the next round. */
async function maintain(samplesFile: SamplesFile): Promise<void> {
  try {
    const steps = samplesFile.use((samples) => samples.maintain(Date.now()));
    while (!isClosed && samplesFile.use(() => steps.next().done) === false) await setImmediate();
  } catch {
    // Whoever writes samples next is told of a full disk; a damaged file is named by `damagedFiles`.
  }
}

async function answer({ id, name, args }: CallToStore): Promise<void> {
  const earlier = previous;
  await earlier.catch(() => undefined);
  parentPort?.postMessage({ id, outcome: await outcomeOf(name, args) } satisfies AnswerFromStore);
}

async function outcomeOf(name: CallToStore['name'], args: readonly unknown[]): Promise<AnswerFromStore['outcome']> {
  try {
    const calls = await opening;
    // `StoreWorker.call` gives each name the arguments of its own function: the union of all functions forgets that.
    const run = calls[name] as (...args: readonly unknown[]) => unknown;
    return { ok: true, value: await run(...args) };
  } catch (error) {
    return { ok: false, problem: toProblem(storeError(error, directory ?? mainFile)) };
  }
}
