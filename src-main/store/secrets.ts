import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { AppInfo } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import { type KeySealer, keyFileSealer, passphraseSealer, type ScryptCost } from './key-sealer.ts';
import { openSealed, seal } from './sealing.ts';
import type { StoredSeal } from './secret-rows.ts';
import type { StoreWorker } from './worker-client.ts';

/**
 * Secrets by name. One random data key seals them all; that key is sealed by one or more `KeySealer`s. Until a first one is chosen, key and
 * secrets are kept in memory and end with the process. No error of these calls holds a secret.
 */
export interface Secrets {
  /** `isLocked`: secrets are on the disk and no sealer has opened their key yet. */
  readonly state: () => AppInfo['secrets'];
  /** Throws SECRETS_LOCKED, as do `get`, `protectWith` and `protect`. */
  readonly put: (name: string, secret: string) => Promise<void>;
  readonly get: (name: string) => Promise<string | undefined>;
  readonly remove: (name: string) => Promise<void>;
  /** Seals the data key this way too, or anew (a changed passphrase), and puts secrets from memory on the disk. */
  readonly protectWith: (sealer: KeySealer) => Promise<void>;
  /** Seals the data key by a passphrase, in the place of a key file: what lies open beside the lock would protect nothing. */
  readonly protect: (passphrase: string) => Promise<void>;
  /** Opens the data key. Throws SECRETS_LOCKED where the sealer does not open it, NOT_FOUND where nothing is sealed that way. */
  readonly unlockWith: (sealer: KeySealer) => Promise<void>;
  readonly unlock: (passphrase: string) => Promise<void>;
  /** Bytes that are stored elsewhere, sealed by the same data key; `about` names them and is checked at `openBytes`. */
  readonly sealBytes: (clear: Uint8Array, about: string) => Buffer;
  /** Throws SECRETS_LOCKED, STORE_CORRUPT. */
  readonly openBytes: (sealed: Uint8Array, about: string) => Buffer;
}

const dataKeyBytes = 32;

export interface SecretsOptions {
  readonly worker: StoreWorker;
  /** Cost of new passphrase seals; what is stored says its own. */
  readonly scryptCost?: ScryptCost;
}

/** Reads which seals there are; a key file opens them at once, all else waits for `unlock`. */
export async function openSecrets({ worker, scryptCost }: SecretsOptions): Promise<Secrets> {
  let seals = await worker.call('keySeals');
  let key: Buffer | undefined = seals.length === 0 ? randomBytes(dataKeyBytes) : undefined;
  const inMemory = new Map<string, Buffer>();
  const keyFile = seals.find((stored) => stored.kind === 'key-file');
  if (keyFile) await unlockWith(keyFileSealer(String(keyFile.params['path']))).catch(stayLocked);

  function opened(): Buffer {
    if (key) return key;
    throw new AppError(
      'SECRETS_LOCKED',
      'Unlock them with the passphrase, then try again. Nothing was read or stored.',
    );
  }

  async function put(name: string, secret: string): Promise<void> {
    const sealed = seal(opened(), Buffer.from(secret), name);
    if (seals.length === 0) inMemory.set(name, sealed);
    else await worker.call('putSecret', { name, sealed });
  }

  async function get(name: string): Promise<string | undefined> {
    const dataKey = opened();
    const sealed = seals.length === 0 ? inMemory.get(name) : await worker.call('getSecret', name);
    if (!sealed) return undefined;
    const clear = openSealed(dataKey, sealed, name);
    if (clear) return clear.toString();
    throw new AppError('STORE_CORRUPT', `The stored secret "${name}" is damaged. Enter it again.`);
  }

  async function remove(name: string): Promise<void> {
    inMemory.delete(name);
    await worker.call('removeSecret', name);
  }

  async function protectWith(sealer: KeySealer): Promise<void> {
    const stored = { kind: sealer.kind, ...(await sealer.seal(opened())) };
    const waiting = [...inMemory].map(([name, sealed]) => ({ name, sealed }));
    await worker.call('putKeySeal', stored, waiting);
    seals = [...seals.filter((other) => other.kind !== sealer.kind), stored];
    inMemory.clear();
  }

  async function forgetKeyFile(): Promise<void> {
    const file = seals.find((stored) => stored.kind === 'key-file');
    if (!file) return;
    await worker.call('removeKeySeal', 'key-file');
    seals = seals.filter((stored) => stored !== file);
    await rm(String(file.params['path']), { force: true });
  }

  async function unlockWith(sealer: KeySealer): Promise<void> {
    const stored = seals.find((candidate) => candidate.kind === sealer.kind);
    if (!stored) throw new AppError('NOT_FOUND', `The stored secrets are not sealed by a ${sealer.kind}.`);
    key = await sealer.open(stored);
  }

  /** One after the other: a secret put while a seal is being made must not fall between memory and disk. */
  let turn: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined); // told to the caller of `mine`
    return mine;
  }

  return {
    state: () => ({ protection: protectionOf(seals), isLocked: key === undefined }),
    put: (name, secret) => inTurn(() => put(name, secret)),
    get: (name) => inTurn(() => get(name)),
    remove: (name) => inTurn(() => remove(name)),
    protectWith: (sealer) => inTurn(() => protectWith(sealer)),
    protect: (passphrase) =>
      inTurn(async () => {
        await protectWith(passphraseSealer(passphrase, scryptCost));
        await forgetKeyFile();
      }),
    unlockWith: (sealer) => inTurn(() => unlockWith(sealer)),
    unlock: (passphrase) => inTurn(() => unlockWith(passphraseSealer(passphrase))),
    sealBytes: (clear, about) => seal(opened(), clear, about),
    openBytes: (sealed, about) => {
      const clear = openSealed(opened(), sealed, about);
      if (clear) return clear;
      throw new AppError('STORE_CORRUPT', `The stored "${about}" is damaged, or was sealed by another key.`);
    },
  };
}

/** With several seals the one that asks least of the user is told. */
function protectionOf(seals: readonly StoredSeal[]): AppInfo['secrets']['protection'] {
  const kinds = seals.map((stored) => stored.kind);
  return (['key-chain', 'key-file', 'passphrase'] as const).find((kind) => kinds.includes(kind)) ?? 'memory';
}

/** A key file that is gone or open to others leaves the secrets locked; the calls that need one say so. */
function stayLocked(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
}
