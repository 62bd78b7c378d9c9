import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { AppError } from '../contract/errors.ts';
import { mainFile } from './data-directory.ts';
import { moveAside, openDatabase } from './database.ts';
import { mainMigrations } from './schema.ts';

const mainOptions = { migrations: mainMigrations, synchronous: 'FULL', isChecked: true } as const;

/** Opens `steelyard.db`. A damaged one is moved aside and STORE_CORRUPT says where it lies and what the next start does. */
export function openMain(directory: string | undefined): DatabaseSync {
  if (directory === undefined) return openDatabase(':memory:', mainOptions);
  const path = join(directory, mainFile);
  try {
    return openDatabase(path, mainOptions);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = moveAside(path, new Date());
    throw new AppError(
      'STORE_CORRUPT',
      `${error.detail} It was moved to "${aside}" as it is. To go on with a backup, put it at "${path}"; else the next start begins with an empty inventory and history.`,
      { cause: error },
    );
  }
}

/** True for what a damaged file throws. */
export function isDamage(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'STORE_CORRUPT';
}

/** Paths of damaged files that were moved aside and still lie there. */
export function damagedFiles(directory: string | undefined): string[] {
  if (directory === undefined) return [];
  return readdirSync(directory)
    .filter((name) => name.includes('.damaged-') && !/-(?:wal|shm)$/.test(name))
    .map((name) => join(directory, name));
}
