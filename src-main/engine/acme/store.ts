import { createHash, generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../contract/errors.ts';

/**
 * Keys and certificates in the engine's state directory (folder 0700, files 0600). A certificate stands with its key in one
 * file, which is renamed when whole: the two always belong together.
 */
export class AcmeStore {
  readonly #folder: string;

  constructor(stateDirectory: string) {
    this.#folder = join(stateDirectory, 'acme');
  }

  /** Makes the folder. Throws PERMISSION_DENIED. */
  async open(): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await chmod(this.#folder, 0o700);
    } catch (error) {
      throw new AppError(
        'PERMISSION_DENIED',
        `The folder "${this.#folder}" for keys and certificates cannot be made. Mend its rights, or stateDirectory.`,
        { cause: error },
      );
    }
  }

  /** PEM of a certificate's chain and key; undefined = there is none yet. */
  readCertificate(id: string): Promise<string | undefined> {
    return read(join(this.#folder, `${id}.pem`));
  }

  writeCertificate(id: string, pem: string): Promise<void> {
    return this.#write(`${id}.pem`, pem);
  }

  /** PEM of the account's key at this authority; made where there is none. */
  async accountKey(directory: string): Promise<string> {
    const name = `account-${digest(directory)}.pem`;
    const known = await read(join(this.#folder, name));
    if (known !== undefined) return known;
    const key = newKey();
    await this.#write(name, key);
    return key;
  }

  async #write(name: string, text: string): Promise<void> {
    const path = join(this.#folder, name);
    const part = `${path}.${process.pid}.part`;
    const file = await open(part, 'w', 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  }
}

/** Names a certificate: other names or another authority make another. */
export function certificateId(directory: string, names: readonly string[]): string {
  return digest(JSON.stringify([directory, [...names].sort()]));
}

/** A private key on P-256 in PEM. */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

async function read(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new AppError('PERMISSION_DENIED', `"${path}" cannot be read. Mend its rights.`, { cause: error });
  });
}
