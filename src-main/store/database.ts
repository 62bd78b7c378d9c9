import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { AppError } from '../contract/errors.ts';

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteNotADatabase = 26;

export interface DatabaseOptions {
  /** One script per schema version; the file's `user_version` counts those that it has. */
  readonly migrations: readonly string[];
  /** `FULL`: a committed transaction survives a power cut; `NORMAL`: the last ones may be lost, the file stays whole. */
  readonly synchronous: 'FULL' | 'NORMAL';
  /** Reads the whole file for damage before it is used. */
  readonly isChecked: boolean;
}

/**
 * Opens a database file (or `:memory:`) and brings its schema up to date. Throws STORE_CORRUPT where the file is damaged (it stays where
 * it is), VERSION_UNSUPPORTED where a newer Steelyard wrote it.
 */
export function openDatabase(path: string, options: DatabaseOptions): DatabaseSync {
  if (path !== ':memory:') createClosedFile(path);
  const database = new DatabaseSync(path);
  try {
    // Before anything is written: a damaged file is kept as it was found.
    if (options.isChecked) check(database, path);
    database.exec(
      `PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${options.synchronous}; PRAGMA foreign_keys = ON`,
    );
    migrate(database, path, options.migrations);
    return database;
  } catch (error) {
    database.close();
    throw storeError(error, path);
  }
}

/** SQLite makes files with the mode that the umask leaves; what it adds beside one (`-wal`) has the mode of that one. */
export function createClosedFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
}

function check(database: DatabaseSync, path: string): void {
  const found = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  if (found !== 'ok') throw damaged(path, String(found));
}

function migrate(database: DatabaseSync, path: string, migrations: readonly string[]): void {
  const version = integer(database.prepare('PRAGMA user_version').get() ?? {}, 'user_version');
  if (version > migrations.length) {
    throw new AppError(
      'VERSION_UNSUPPORTED',
      `"${path}" has schema ${version}, this Steelyard knows up to ${migrations.length}. Nothing was changed. Start the newer Steelyard that wrote it.`,
    );
  }
  migrations.slice(version).forEach((script, index) => {
    inTransaction(database, () => {
      database.exec(`${script}; PRAGMA user_version = ${version + index + 1}`);
    });
  });
}

/** Runs `work` as one transaction: all of it is stored, or nothing. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Moves a damaged file and what belongs to it aside; the answer is its new path. */
export function moveAside(path: string, at: Date): string {
  const aside = `${path}.damaged-${at.toISOString().replace(/[:.]/g, '-')}`;
  for (const ending of ['', '-wal', '-shm']) {
    if (existsSync(path + ending)) renameSync(path + ending, aside + ending);
  }
  return aside;
}

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === sqliteBusy;
}

/** What SQLite throws as an `AppError`; everything else as it is. */
export function storeError(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  if (code === sqliteCorrupt || code === sqliteNotADatabase) return damaged(path, error.message, error);
  const why = code === sqliteFull ? 'the disk is full' : error.message;
  return new AppError('INTERNAL', `"${path}" could not be used: ${why}. What was to be stored is not stored.`, {
    cause: error,
  });
}

function damaged(path: string, why: string, cause?: unknown): AppError {
  return new AppError('STORE_CORRUPT', `"${path}" is damaged: ${why}.`, { cause });
}

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A column of a row that must hold text; else STORE_CORRUPT. `integer` and `blob` likewise. */
export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : wrongType(column);
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' ? value : wrongType(column);
}

export function blob(row: Row, column: string): Uint8Array {
  const value = row[column];
  return value instanceof Uint8Array ? value : wrongType(column);
}

function wrongType(column: string): never {
  throw new AppError('STORE_CORRUPT', `The column "${column}" of a stored row holds what does not belong there.`);
}
