import { randomBytes, scrypt } from 'node:crypto';
import { open as openFile } from 'node:fs/promises';
import { z } from 'zod';
import { AppError } from '../contract/errors.ts';
import { openSealed, seal } from './sealing.ts';

/** What is stored of a sealed data key: bytes, and whatever the sealer needs to open them again (never a secret). */
export interface SealedKey {
  readonly params: Readonly<Record<string, string | number>>;
  readonly sealed: Uint8Array;
}

/**
 * One way to seal the data key that seals all secrets. `open` throws SECRETS_LOCKED where it cannot open it, and says neither how near
 * the try was nor what it was. The desktop's key chain is one more implementation (`kind` `key-chain`), where Electron is known.
 */
export interface KeySealer {
  readonly kind: 'passphrase' | 'key-file' | 'key-chain';
  readonly seal: (key: Buffer) => Promise<SealedKey>;
  readonly open: (sealed: SealedKey) => Promise<Buffer>;
}

/** RFC 7914's N, r, p. */
export interface ScryptCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP's first recommendation for scrypt (128 MiB, some tenths of a second). */
const defaultCost: ScryptCost = { n: 2 ** 17, r: 8, p: 1 };
/** Stored costs are read back from a file that may be damaged: beyond these nothing is tried. */
const scryptParamsSchema = z.object({
  n: z
    .number()
    .int()
    .min(2)
    .max(2 ** 20),
  r: z.number().int().min(1).max(32),
  p: z.number().int().min(1).max(16),
  salt: z.string(),
});
const keyBytes = 32;

export function passphraseSealer(passphrase: string, cost: ScryptCost = defaultCost): KeySealer {
  return {
    kind: 'passphrase',
    seal: async (key) => {
      const salt = randomBytes(16).toString('base64');
      return { params: { ...cost, salt }, sealed: seal(await derive(passphrase, salt, cost), key, 'data key') };
    },
    open: async ({ params, sealed }) => {
      const stored = scryptParamsSchema.safeParse(params);
      if (!stored.success) throw new AppError('STORE_CORRUPT', 'The stored settings of the passphrase cannot be read.');
      const wrapping = await derive(passphrase, stored.data.salt, stored.data);
      return openSealed(wrapping, sealed, 'data key') ?? refused('The passphrase does not open the stored secrets.');
    },
  };
}

function derive(passphrase: string, salt: string, cost: ScryptCost): Promise<Buffer> {
  const { n, r, p } = cost;
  return new Promise((resolve, reject) => {
    // NFKC, so that one passphrase typed on two systems gives the same bytes.
    const words = passphrase.normalize('NFKC');
    const limit = 128 * n * r + 128 * r * p + (1 << 20);
    scrypt(words, Buffer.from(salt, 'base64'), keyBytes, { N: n, r, p, maxmem: limit }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

/** A key in a file that its owner alone may read (0600); `seal` makes the file where there is none. */
export function keyFileSealer(path: string): KeySealer {
  return {
    kind: 'key-file',
    seal: async (key) => {
      await makeKeyFile(path);
      return { params: { path }, sealed: seal(await readKeyFile(path), key, 'data key') };
    },
    open: async ({ sealed }) =>
      openSealed(await readKeyFile(path), sealed, 'data key') ??
      refused(`The key in "${path}" does not open the stored secrets.`),
  };
}

async function makeKeyFile(path: string): Promise<void> {
  const file = await openFile(path, 'wx', 0o600).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw error;
  });
  if (!file) return;
  try {
    await file.writeFile(`${randomBytes(keyBytes).toString('base64')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readKeyFile(path: string): Promise<Buffer> {
  const file = await openFile(path, 'r').catch((cause: unknown) => {
    throw new AppError('SECRETS_LOCKED', `The key file "${path}" cannot be read.`, { cause });
  });
  try {
    const { mode } = await file.stat();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      refused(`Others may read the key file "${path}": close it (chmod 600), and take its secrets for known.`);
    }
    const key = Buffer.from((await file.readFile('utf8')).trim(), 'base64');
    return key.length === keyBytes ? key : refused(`The key file "${path}" does not hold a key.`);
  } finally {
    await file.close();
  }
}

function refused(why: string): never {
  throw new AppError('SECRETS_LOCKED', `${why} Nothing was changed.`);
}
