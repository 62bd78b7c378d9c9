import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { blob, inTransaction, text } from './database.ts';
import type { KeySealer, SealedKey } from './key-sealer.ts';

export interface StoredSeal extends SealedKey {
  readonly kind: KeySealer['kind'];
}
export interface SealedSecret {
  readonly name: string;
  readonly sealed: Uint8Array;
}

const kindSchema = z.enum(['passphrase', 'key-file', 'key-chain']);
const paramsSchema = z.record(z.string(), z.union([z.string(), z.number()]));

/** Sealed keys and sealed secrets, on the worker's side: bytes that it cannot open. */
export function secretCalls(database: DatabaseSync) {
  const seals = database.prepare('SELECT kind, params, sealed FROM key_seal ORDER BY kind');
  const putSeal = database.prepare(
    `INSERT INTO key_seal (kind, params, sealed) VALUES (?, ?, ?)
     ON CONFLICT (kind) DO UPDATE SET params = excluded.params, sealed = excluded.sealed`,
  );
  const removeSeal = database.prepare('DELETE FROM key_seal WHERE kind = ?');
  const secret = database.prepare('SELECT sealed FROM secret WHERE name = ?');
  const put = database.prepare(
    'INSERT INTO secret (name, sealed) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed',
  );
  const remove = database.prepare('DELETE FROM secret WHERE name = ?');

  return {
    keySeals: (): StoredSeal[] =>
      seals.all().map((row) => ({
        kind: kindSchema.parse(text(row, 'kind')),
        params: paramsSchema.parse(JSON.parse(text(row, 'params'))),
        sealed: blob(row, 'sealed'),
      })),
    /** Stores a seal and the secrets that wait for one: all or nothing. */
    putKeySeal: (seal: StoredSeal, secrets: readonly SealedSecret[]): void => {
      inTransaction(database, () => {
        putSeal.run(seal.kind, JSON.stringify(seal.params), seal.sealed);
        for (const { name, sealed } of secrets) put.run(name, sealed);
      });
    },
    removeKeySeal: (kind: StoredSeal['kind']): void => {
      removeSeal.run(kind);
    },
    getSecret: (name: string): Uint8Array | undefined => {
      const row = secret.get(name);
      return row && blob(row, 'sealed');
    },
    putSecret: ({ name, sealed }: SealedSecret): void => {
      put.run(name, sealed);
    },
    removeSecret: (name: string): void => {
      remove.run(name);
    },
  };
}
