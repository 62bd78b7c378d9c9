import ssh2, { type AnyAuthMethod } from 'ssh2';
import { AppError } from '../contract/errors.ts';
import { timedCall } from './timed-call.ts';
import { ChosenKeysAgent, readPublicKeys } from './chosen-keys-agent.ts';
import { KeyUnusable, signInWithKeyFile } from './key-files.ts';
import type { SshCredentials } from './ssh-options.ts';
import { questionsMethod } from './ssh-questions.ts';

/** Most time to ask an agent which keys it holds: one that hangs must not keep the other credentials from being tried. */
const agentTimeoutMs = 3_000;

/** One credential to try. `ready` does its work (reading a file, opening a key) only when its turn comes. */
interface Attempt {
  readonly needs: 'publickey' | 'password' | 'keyboard-interactive';
  readonly label: string;
  readonly ready: () => Promise<AnyAuthMethod>;
}

/** Tries credentials in order: agent, given key, default keys, password, answers to the server's questions; remembers what was tried and why it was not. */
export class Authentication {
  readonly #user: string;
  readonly #where: string;
  readonly #attempts: Attempt[];
  readonly #told: string[] = [];
  #offered: readonly string[] = [];
  #current = 'no credential at all';
  #isAsking = false;

  /** `signal` aborts when the connection is over; `onFailure` is told when a question ends the signing in. */
  constructor(
    user: string,
    where: string,
    credentials: SshCredentials,
    signal: AbortSignal,
    onFailure: (error: AppError) => void,
  ) {
    this.#user = user;
    this.#where = where;
    this.#attempts = listAttempts(user, credentials);
    if (credentials.password === undefined && credentials.ask === undefined) return;
    const method = questionsMethod({
      user,
      credentials,
      signal,
      onAsking: (isAsking) => {
        this.#isAsking = isAsking;
      },
      onFailure: (error) => {
        this.note(error instanceof AppError ? error.detail : String(error));
        onFailure(this.failure());
      },
    });
    const label = 'the answers to its questions';
    this.#attempts.push({ needs: 'keyboard-interactive', label, ready: () => Promise.resolve(method) });
  }

  /** True while a person is asked what the server asks. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** The credential that was sent last: once signed in, the one that was taken. */
  get current(): string {
    return this.#current;
  }

  /**
   * The next credential that the server may take. `wasTaken`: the last one was right, and the server wants another beside it. Throws AUTH_FAILED, with everything that was tried, when none is left.
   */
  async next(offered: readonly string[] | null, wasTaken: boolean): Promise<AnyAuthMethod> {
    // RFC 4252, 5.2: the answer to "none" lists what the server offers.
    if (offered === null) return { type: 'none', username: this.#user };
    const verdict = wasTaken ? 'was taken, but is not enough' : 'was refused';
    if (this.#offered.length > 0) this.note(`${this.#current} ${verdict}`);
    this.#offered = offered;
    for (;;) {
      const index = this.#attempts.findIndex((attempt) => offered.includes(attempt.needs));
      const [attempt] = index < 0 ? [] : this.#attempts.splice(index, 1);
      if (attempt === undefined) throw this.failure();
      try {
        const method = await attempt.ready();
        this.#current = attempt.label;
        return method;
      } catch (error) {
        if (!(error instanceof Skipped)) throw error;
        if (error.message !== '') this.note(error.message);
      }
    }
  }

  note(sentence: string): void {
    if (!this.#told.includes(sentence)) this.#told.push(sentence);
  }

  /** `raw`: the server's own last words, where it spoke. */
  failure(raw?: string): AppError {
    const notOffered = [...new Set(this.#attempts.map((attempt) => attempt.needs))].filter(
      (method) => !this.#offered.includes(method),
    );
    const sentences = [
      `${this.#where} did not let "${this.#user}" in`,
      ...this.#told,
      ...notOffered.map((method) => `${method} was not tried, for the server does not offer it`),
      this.#offered.length === 0
        ? 'the server did not say what it offers'
        : `the server offers ${this.#offered.join(', ')}`,
      ...(this.#offered.length > 0 && this.#offered.every((method) => method === 'keyboard-interactive')
        ? ['which are questions for a person: give the password, or connect from the window']
        : []),
    ];
    return new AppError('AUTH_FAILED', `${sentences.join('; ')}.`, raw === undefined ? {} : { raw });
  }
}

/** A credential that cannot be tried. The message says why; an empty one is not worth a word. */
class Skipped extends Error {}

function listAttempts(user: string, credentials: SshCredentials): Attempt[] {
  const { agentSocket, agentKeyFiles, keyFile, keyPassphrase, defaultKeyFiles = [], password } = credentials;
  const attempts: Attempt[] = [];
  if (agentSocket !== undefined) {
    attempts.push({
      needs: 'publickey',
      label: 'the agent',
      ready: async () => ({ type: 'agent', username: user, agent: await askAgent(agentSocket, agentKeyFiles) }),
    });
  }
  const keyFiles = [
    ...(keyFile === undefined ? [] : [{ path: keyFile, phrase: keyPassphrase, isGiven: true }]),
    ...defaultKeyFiles
      .filter((path) => path !== keyFile)
      .map((path) => ({ path, phrase: keyFile === undefined ? keyPassphrase : undefined, isGiven: false })),
  ];
  for (const { path, phrase, isGiven } of keyFiles) {
    attempts.push({
      needs: 'publickey',
      label: `the key ${path}`,
      ready: () => useKeyFile(user, path, phrase, isGiven),
    });
  }
  if (password !== undefined) {
    attempts.push({
      needs: 'password',
      label: 'the password',
      ready: () => Promise.resolve({ type: 'password', username: user, password }),
    });
  }
  return attempts;
}

async function useKeyFile(
  user: string,
  path: string,
  passphrase: string | undefined,
  isGiven: boolean,
): Promise<AnyAuthMethod> {
  try {
    return await signInWithKeyFile(user, path, passphrase);
  } catch (error) {
    if (error instanceof KeyUnusable) throw new Skipped(`the key file ${path} ${error.message}`);
    if (error instanceof AppError) throw new Skipped(`the key file ${path} took too long to open`);
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new Skipped(!isGiven && code === 'ENOENT' ? '' : `the key file ${path} could not be read (${code})`);
  }
}

async function askAgent(socketPath: string, onlyFiles: readonly string[] | undefined): Promise<ssh2.BaseAgent> {
  const whole = ssh2.createAgent(socketPath);
  const agent = onlyFiles === undefined ? whole : new ChosenKeysAgent(whole, await readPublicKeys(onlyFiles));
  try {
    const count = await timedCall<number>({ what: 'the agent', timeoutMs: agentTimeoutMs }, ({ resolve, reject }) => {
      agent.getIdentities((error, keys) => {
        if (error) reject(error);
        else resolve(keys?.length ?? 0);
      });
      return () => undefined;
    });
    if (count > 0) return agent;
  } catch (error) {
    const why = error instanceof AppError && error.code === 'TIMED_OUT' ? 'did not answer' : 'could not be asked';
    throw new Skipped(`the agent at ${socketPath} ${why}`);
  }
  throw new Skipped(
    `the agent at ${socketPath} holds no ${onlyFiles === undefined ? 'key' : 'key of the files that IdentitiesOnly allows'}`,
  );
}
