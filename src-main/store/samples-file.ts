import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { AppError } from '../contract/errors.ts';
import { samplesFile } from './data-directory.ts';
import { moveAside, openDatabase, storeError } from './database.ts';
import { isDamage } from './open-files.ts';
import { openSamples, type Samples } from './samples.ts';
import { sampleMigrations } from './schema.ts';

/** The samples with the file that they are in. */
export interface SamplesFile {
  /** Throws STORE_CORRUPT where the file turns out to be damaged: it lies aside then, and a fresh one goes on. */
  readonly use: <T>(work: (samples: Samples) => T) => T;
  readonly close: () => void;
}

const options = { migrations: sampleMigrations, synchronous: 'NORMAL', isChecked: false } as const;

/** Opens `samples.db`; a damaged one is moved aside and a fresh one begun, since charts must not keep the console from starting. */
export function openSamplesFile(directory: string | undefined): SamplesFile {
  const path = directory === undefined ? ':memory:' : join(directory, samplesFile);
  let { database, samples } = begin(path);
  return {
    use: (work) => {
      try {
        return work(samples);
      } catch (thrown) {
        const error = storeError(thrown, path);
        if (!isDamage(error)) throw error;
        database.close();
        const aside = moveAside(path, new Date());
        ({ database, samples } = begin(path));
        throw new AppError('STORE_CORRUPT', `${error.detail} It was moved to "${aside}"; charts begin anew.`, {
          cause: error,
        });
      }
    },
    close: () => {
      samples.flush();
      database.close();
    },
  };
}

function begin(path: string): { database: DatabaseSync; samples: Samples } {
  const database = openOrRenew(path);
  return { database, samples: openSamples(database) };
}

function openOrRenew(path: string): DatabaseSync {
  try {
    return openDatabase(path, options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    moveAside(path, new Date());
    return openDatabase(path, options);
  }
}
