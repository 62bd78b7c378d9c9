import { AppError } from '../contract/errors.ts';
import { defaultTimeoutMs } from './call-limits.ts';
import { Lifeline, timedCall } from './timed-call.ts';
import type { CallOptions, ExecResult, HostSession, TerminalWire, TlsTarget } from './transport.ts';

const firstDelayMs = 1_000;
const longestDelayMs = 60_000;
/** A session that ended sooner than this counts as a failed try: a server that drops us at once is not to be hammered. */
const stableMs = 10_000;

export interface LinkTools {
  readonly open: (signal: AbortSignal) => Promise<HostSession>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** A number from 0 to under 1. */
  readonly chance: () => number;
}

/**
 * The one connection of a device, as a session that comes back: opened by the first call that needs it, opened again after it was
 * lost, with waits that double from 1 s to 60 s, each shortened by chance to no less than half. A call within such a wait fails at
 * once with the last error. What trying again cannot cure (AUTH_FAILED, HOST_KEY_UNKNOWN ...) is not tried again until `retryNow`.
 * At most one connection is being opened at a time. A call is never sent twice.
 */
export class HostLink implements HostSession {
  readonly #tools: LinkTools;
  readonly #lifeline = new Lifeline();
  readonly #aborter = new AbortController();
  #session: HostSession | undefined;
  #openedAt = 0;
  #opening: Promise<HostSession> | undefined;
  #failures = 0;
  #lastError: AppError | undefined;
  #nextTryAt = 0;

  constructor(tools: LinkTools) {
    this.#tools = tools;
  }

  readonly exec = (command: string, options?: CallOptions & { readonly stdin?: Buffer }): Promise<ExecResult> =>
    this.#use(options, (session, rest) => session.exec(command, rest));

  readonly readFile = (path: string, options?: CallOptions): Promise<Buffer> =>
    this.#use(options, (session, rest) => session.readFile(path, rest));

  readonly request = (socketPath: string, text: string, options?: CallOptions): Promise<Buffer> =>
    this.#use(options, (session, rest) => session.request(socketPath, text, rest));

  readonly handshake = (to: TlsTarget, options?: CallOptions): Promise<Buffer> =>
    this.#use(options, (session, rest) => {
      if (session.handshake !== undefined) return session.handshake(to, rest);
      throw new AppError('CAPABILITY_MISSING', 'This connection to the host carries no TCP.');
    });

  readonly converse = <T>(talk: (wire: TerminalWire) => Promise<T>, options?: CallOptions): Promise<T> =>
    this.#use(options, (session, rest) => {
      if (session.converse !== undefined) return session.converse(talk, rest);
      throw new AppError('CAPABILITY_MISSING', 'This connection to the host has no terminal.');
    });

  readonly isOpen = (): boolean => this.#session?.isOpen() === true;

  /** Forgets failures: the next call tries at once, with credentials that may have been mended meanwhile. */
  readonly retryNow = (): void => {
    if (!this.isOpen()) this.#drop();
    this.#failures = 0;
    this.#lastError = undefined;
    this.#nextTryAt = 0;
  };

  readonly close = (): void => {
    this.#lifeline.end(new AppError('SESSION_CLOSED', 'the link was closed by Steelyard.'));
    this.#aborter.abort();
    this.#drop();
  };

  async #use<O extends CallOptions, T>(
    options: O | undefined,
    call: (session: HostSession, options: O & { readonly timeoutMs: number }) => Promise<T>,
  ): Promise<T> {
    const timeoutMs = options?.timeoutMs ?? defaultTimeoutMs;
    const startedAt = this.#tools.now();
    const limits = { what: 'Waiting for the connection', timeoutMs, signal: options?.signal, lifeline: this.#lifeline };
    const session = await timedCall<HostSession>(limits, ({ resolve, reject }) => {
      this.#ready().then(resolve, reject);
      return () => undefined;
    });
    const leftMs = Math.max(1, timeoutMs - (this.#tools.now() - startedAt));
    // The spread of an O is an O but for its absence, and all its properties are optional.
    return call(session, { ...options, timeoutMs: leftMs } as O & { readonly timeoutMs: number });
  }

  async #ready(): Promise<HostSession> {
    if (this.#session?.isOpen() === true) return this.#session;
    if (this.#session !== undefined) this.#onLost();
    if (this.#opening === undefined) {
      this.#refuseTooSoon();
      this.#opening = this.#open().finally(() => {
        this.#opening = undefined;
      });
    }
    return this.#opening;
  }

  #onLost(): void {
    this.#drop();
    if (this.#tools.now() - this.#openedAt >= stableMs) this.#failures = 0;
    else this.#wait(new AppError('SESSION_CLOSED', 'The connection was lost soon after it was opened.'));
  }

  #drop(): void {
    this.#session?.close();
    this.#session = undefined;
  }

  #refuseTooSoon(): void {
    const error = this.#lastError;
    if (error === undefined) return;
    const leftMs = this.#nextTryAt - this.#tools.now();
    if (leftMs <= 0) return;
    const when = Number.isFinite(leftMs) ? `in ${Math.ceil(leftMs / 1000)} s` : 'when asked to';
    const raw = error.raw === undefined ? {} : { raw: error.raw };
    throw new AppError(error.code, `${error.detail} It is tried again ${when}.`, { cause: error.cause, ...raw });
  }

  async #open(): Promise<HostSession> {
    try {
      const session = await this.#tools.open(this.#aborter.signal);
      if (this.#lifeline.reason !== undefined) {
        session.close();
        throw this.#lifeline.reason;
      }
      this.#session = session;
      this.#openedAt = this.#tools.now();
      this.#lastError = undefined;
      return session;
    } catch (error) {
      const known = error instanceof AppError ? error : new AppError('INTERNAL', String(error), { cause: error });
      this.#wait(known);
      throw known;
    }
  }

  #wait(error: AppError): void {
    this.#lastError = error;
    this.#failures += 1;
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (this.#failures - 1)) * (1 - this.#tools.chance() / 2);
    this.#nextTryAt = error.isRetryable ? this.#tools.now() + delayMs : Infinity;
  }
}
