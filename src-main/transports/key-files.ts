import { createHash, createPrivateKey, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2';
import { entryBeside } from '../entry.ts';
import { isSealed, parsePrivateKey } from './private-key.ts';
import { timedCall } from './timed-call.ts';

/** A key file may ask for any number of rounds to open it; `ssh-keygen -a 100` costs a few seconds. */
const openerTimeoutMs = 30_000;

export interface OpenerQuestion {
  readonly bytes: Uint8Array;
  readonly passphrase: string;
}
interface OpenedKey {
  readonly type: string;
  /** SSH public key blob, base64. */
  readonly publicKey: string;
  readonly privatePem: string;
}
export type OpenerAnswer = OpenedKey | { readonly why: string };

/** A key that cannot be used. The message ends the sentence "The key file X ...". */
export class KeyUnusable extends Error {}

/** How to sign in with a key file. Throws KeyUnusable, and what reading the file throws. */
export async function signInWithKeyFile(
  username: string,
  path: string,
  passphrase: string | undefined,
): Promise<AnyAuthMethod> {
  const bytes = await readFile(path);
  const open = parsePrivateKey(bytes, undefined);
  if (typeof open !== 'string') return { type: 'publickey', username, key: open };
  if (open !== isSealed || passphrase === undefined) throw new KeyUnusable(open);
  const answer = await openSealedKey(bytes, passphrase);
  if ('why' in answer) throw new KeyUnusable(answer.why);
  return { type: 'agent', username, agent: new OpenedKeyAgent(answer) };
}

/**
 * Opened keys by the digest of file and passphrase. Opening one takes ssh2's bcrypt 0.5 s to 2 s of a processor; fifty devices that
 * share a key, or a link that comes and goes, must not pay that each time.
 */
const opened = new Map<string, Promise<OpenerAnswer>>();
const maxOpened = 32;

function openSealedKey(bytes: Buffer, passphrase: string): Promise<OpenerAnswer> {
  const digest = createHash('sha256').update(bytes).update('\0').update(passphrase).digest('base64');
  const known = opened.get(digest);
  if (known !== undefined) return known;
  const answer = openInThread({ bytes, passphrase });
  opened.set(digest, answer);
  for (const oldest of [...opened.keys()].slice(0, -maxOpened)) opened.delete(oldest);
  answer.catch(() => opened.delete(digest));
  return answer;
}

/** In a thread: the console polls every second, and nothing here could be interrupted. */
function openInThread(question: OpenerQuestion): Promise<OpenerAnswer> {
  return timedCall<OpenerAnswer>(
    { what: 'Opening the key file', timeoutMs: openerTimeoutMs },
    ({ resolve, reject }) => {
      const worker = new Worker(entryBeside(import.meta.url, 'key-opener'), { workerData: question });
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => {
        reject(new Error('the thread that opens keys ended without an answer'));
      });
      return () => void worker.terminate();
    },
  );
}

/** Offers one opened key as an agent does: ssh2 takes keys only in the form that it parsed itself, and that was in the thread. */
class OpenedKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: OpenedKey;

  constructor(key: OpenedKey) {
    super();
    this.#key = key;
  }

  getIdentities(answer: (error?: Error | null, keys?: ParsedKey[]) => void): void {
    const key = ssh2.utils.parseKey(`${this.#key.type} ${this.#key.publicKey}`);
    if (key instanceof Error) answer(key);
    else answer(undefined, [key]);
  }

  sign(
    _key: ParsedKey,
    data: Buffer,
    options: { readonly hash?: string } | ((error?: Error | null, signature?: Buffer) => void),
    answer?: (error?: Error | null, signature?: Buffer) => void,
  ): void {
    const hash = typeof options === 'function' ? undefined : options.hash;
    const tell = typeof options === 'function' ? options : answer;
    try {
      tell?.(undefined, sign(hash ?? hashOfType[this.#key.type] ?? null, data, createPrivateKey(this.#key.privatePem)));
    } catch (error) {
      tell?.(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** RFC 5656, 6.2.1. ed25519 has its hash within; RSA's is negotiated. */
const hashOfType: Readonly<Record<string, string>> = {
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};
