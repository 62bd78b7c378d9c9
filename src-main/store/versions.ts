import type { DatabaseSync } from 'node:sqlite';
import type { Version } from '../contract/api.ts';
import type { NativeFile } from '../contract/console.ts';
import { AppError } from '../contract/errors.ts';
import { blob, inTransaction, integer, type Row, text } from './database.ts';

export interface NewVersion {
  readonly device: string;
  readonly at: string;
  /** SHA-256 (hex) over the files, as the driver made it. */
  readonly fingerprint: string;
  readonly files: readonly NativeFile[];
  /** Absent = not known. */
  readonly who?: string;
  readonly why: string;
  readonly pushId?: string;
}

/** Configuration versions, on the worker's side: the files come packed and sealed (sealed-versions.ts). The newest of a device is its current one. */
export function versionCalls(database: DatabaseSync) {
  const list = database.prepare('SELECT * FROM version WHERE device = ? ORDER BY id DESC');
  const one = database.prepare('SELECT * FROM version WHERE device = ? AND id = ?');
  const insert = database.prepare(
    'INSERT INTO version (device, at, fingerprint, why, who, push_id) VALUES (?, ?, ?, ?, ?, ?) RETURNING id',
  );
  const insertFile = database.prepare('INSERT INTO version_file (version, place, path, data) VALUES (?, ?, ?, ?)');
  const files = database.prepare('SELECT path, data FROM version_file WHERE version = ? ORDER BY place');

  function newest(device: string): Version | undefined {
    const row = list.get(device);
    return row && toVersion(row, true);
  }

  function putVersion(version: NewVersion): Version {
    return inTransaction(database, () => {
      const last = newest(version.device);
      if (last?.fingerprint === version.fingerprint) return last;
      const { device, at, fingerprint, why, who, pushId } = version;
      const id = integer(insert.get(device, at, fingerprint, why, who ?? '', pushId ?? null) ?? {}, 'id');
      version.files.forEach((file, place) => insertFile.run(id, place, file.path, file.bytes));
      return { id, at, fingerprint, why, ...whoOf(who), ...(pushId === undefined ? {} : { pushId }), isCurrent: true };
    });
  }

  function getVersion(device: string, id: number): { readonly version: Version; readonly files: NativeFile[] } {
    const row = one.get(device, id);
    if (!row) throw new AppError('NOT_FOUND', `Device "${device}" has no version ${id}.`);
    return { version: toVersion(row, newest(device)?.id === id), files: files.all(id).map(toFile) };
  }

  return {
    putVersion,
    getVersion,
    newestVersion: (device: string): Version | undefined => newest(device),
    listVersions: (device: string): Version[] => list.all(device).map((row, index) => toVersion(row, index === 0)),
  };
}

function toVersion(row: Row, isCurrent: boolean): Version {
  const version = {
    id: integer(row, 'id'),
    at: text(row, 'at'),
    fingerprint: text(row, 'fingerprint'),
    why: text(row, 'why'),
    ...whoOf(text(row, 'who')),
    isCurrent,
  };
  return row['push_id'] === null ? version : { ...version, pushId: text(row, 'push_id') };
}

/** The column is never null: an unknown hand stands there as no text. */
function whoOf(who: string | undefined): Pick<Version, 'who'> {
  return who === undefined || who === '' ? {} : { who };
}

function toFile(row: Row): NativeFile {
  return { path: text(row, 'path'), bytes: blob(row, 'data') };
}
