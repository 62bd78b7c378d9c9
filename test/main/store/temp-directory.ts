import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { openStore, type Store } from '../../../src-main/store/open.ts';

// Threads, processes and fsync: on a busy machine more than the usual five seconds.
vi.setConfig({ testTimeout: 60_000 });

/** A fresh directory that goes when the test ends. */
export async function tempDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'steelyard-store-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Cheap scrypt: the tests are about what is sealed, not about how long a guess takes. */
const scryptCost = { n: 2, r: 1, p: 1 };

/** A store that is closed when the test ends, where the test has not closed it itself. */
export async function openTestStore(directory?: string): Promise<Store> {
  const store = await openStore(directory, { scryptCost });
  onTestFinished(() => store.close());
  return store;
}
