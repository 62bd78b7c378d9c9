import type { Duplex } from 'node:stream';
import ssh2, { type AnyAuthMethod, type Client, type ServerHostKeyAlgorithm } from 'ssh2';
import { AppError } from '../contract/errors.ts';
import {
  fingerprintOf,
  hostAndPort,
  type HostKeyVerdict,
  judgeHostKey,
  keyType,
  type KnownHostLine,
  preferHostKeyAlgorithms,
} from './known-hosts.ts';
import { addKnownHost, readKnownHosts } from './known-hosts-files.ts';
import { Authentication } from './ssh-authentication.ts';
import { readIdentification } from './ssh-greeting.ts';
import { legacyAlgorithms, legacyWarning } from './ssh-legacy.ts';
import { defaultSshTimeouts, type SshOptions } from './ssh-options.ts';
import { Lifeline, timedCall } from './timed-call.ts';

/** A signed-in connection. `lifeline` ends when it dies, whatever the cause. */
export interface SshConnection {
  readonly client: Client;
  /** A TCP socket, or a jump host's channel. */
  readonly socket: Duplex;
  readonly lifeline: Lifeline;
  readonly where: string;
}

/** The host key that a HOST_KEY_UNKNOWN asks about; undefined for every other error. */
export function unknownHostKey(
  error: unknown,
): { readonly algorithm: string; readonly fingerprint: string } | undefined {
  return error instanceof AppError && error.cause instanceof HostKeyQuestion ? error.cause.key : undefined;
}

class HostKeyQuestion {
  readonly key: { readonly algorithm: string; readonly fingerprint: string };
  constructor(algorithm: string, fingerprint: string) {
    this.key = { algorithm, fingerprint };
  }
}

/** Leads ssh2's client through key exchange and authentication as two separate steps. Owns the socket until it is handed on. */
export class SshHandshake {
  readonly #socket: Duplex;
  readonly #options: SshOptions;
  readonly #where: string;
  /** How known_hosts files name it. */
  readonly #knownAs: { readonly host: string; readonly port: number };
  readonly #client = new ssh2.Client();
  readonly #lifeline = new Lifeline();
  readonly #over = new AbortController();
  readonly #authentication: Authentication;
  #phase: 'keys' | 'authentication' | 'open' = 'keys';
  /** Set once the key exchange is done: what starts the first authentication request. */
  #startAuthentication: (() => void) | undefined;
  #isAuthenticating = false;
  /** The key that was judged; when keys are exchanged anew it must be shown again. */
  #hostKey: Buffer | undefined;

  constructor(socket: Duplex, options: SshOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#where = hostAndPort(options);
    this.#knownAs = options.hostKeyAlias === undefined ? options : { host: options.hostKeyAlias, port: 22 };
    this.#lifeline.onEnd(() => {
      this.#over.abort();
    });
    this.#authentication = new Authentication(
      options.user,
      this.#where,
      options.credentials,
      this.#over.signal,
      (error) => {
        this.#end(error);
      },
    );
  }

  /** Greeting, key exchange, and the check of the host key. */
  async exchangeKeys(timeoutMs: number): Promise<{ readonly value: string; readonly detail: string }> {
    const { signal } = this.#options;
    const what = `SSH to ${this.#where}`;
    const startedAt = performance.now();
    await readIdentification(this.#socket, { what, timeoutMs, signal });
    const leftMs = Math.max(1, timeoutMs - (performance.now() - startedAt));
    const limits = { what, timeoutMs: leftMs, signal, lifeline: this.#lifeline };
    const detail = await timedCall<string>(limits, ({ resolve, reject }) => {
      let shown = '';
      this.#client.once('handshake', ({ kex, serverHostKey, cs, sc }) => {
        this.#phase = 'authentication';
        const warning = legacyWarning([kex, serverHostKey, cs.cipher, cs.mac, sc.cipher, sc.mac]);
        resolve(warning === undefined ? shown : `${shown}; ${warning}`);
      });
      try {
        this.#connect((key) => {
          shown = this.#judge(key);
        });
      } catch (cause) {
        reject(
          cause instanceof AppError ? cause : new AppError('INTERNAL', `${what} could not be started.`, { cause }),
        );
      }
      return () => undefined;
    });
    return { value: detail, detail };
  }

  async authenticate(timeoutMs: number): Promise<{ readonly value: string; readonly detail: string }> {
    const what = `Signing in to ${this.#where}`;
    const { questionsMs } = { ...defaultSshTimeouts, ...this.#options.timeouts };
    const mayAsk = this.#options.credentials.ask !== undefined;
    const whole = mayAsk ? Math.max(timeoutMs, questionsMs) : timeoutMs;
    const limits = { what, timeoutMs: whole, signal: this.#options.signal, lifeline: this.#lifeline };
    await timedCall<undefined>(limits, ({ resolve, reject }) => {
      // More time is for a person who is asked, not for a server that hangs.
      const timer = setTimeout(() => {
        if (this.#authentication.isAsking) return;
        reject(new AppError('TIMED_OUT', `${what}: no whole answer within ${Math.round(timeoutMs)} ms.`));
      }, timeoutMs);
      this.#client.once('ready', () => {
        this.#phase = 'open';
        resolve(undefined);
      });
      this.#isAuthenticating = true;
      this.#startAuthentication?.();
      return () => {
        clearTimeout(timer);
      };
    });
    const detail = `signed in as "${this.#options.user}" with ${this.#authentication.current}`;
    return { value: detail, detail };
  }

  connection(): SshConnection {
    return { client: this.#client, socket: this.#socket, lifeline: this.#lifeline, where: this.#where };
  }

  /** ssh2's own `destroy` leaves a socket open that it has half closed before. */
  destroy(): void {
    this.#lifeline.end(new AppError('SESSION_CLOSED', 'the connection was given up.'));
    this.#socket.destroy();
  }

  #connect(judge: (key: Buffer) => void): void {
    const { lines } = readKnownHosts(this.#options.knownHosts);
    const legacy = legacyAlgorithms(this.#options.isLegacyAllowed === true);
    const keepaliveInterval = this.#options.keepaliveMs ?? 5_000;
    // Stays for as long as the client lives: ssh2 tells of errors after its end too.
    this.#client.on('error', (error) => {
      this.#onError(error);
    });
    this.#client.on('close', () => {
      this.#end(new AppError('SESSION_CLOSED', 'the connection was closed by the other side or on the way.'));
    });
    this.#client.on('change password', () => {
      this.#authentication.note('the password has expired and the server asks for a new one');
      this.#end(this.#authentication.failure());
    });
    this.#client.connect({
      sock: this.#socket,
      username: this.#options.user,
      // Unix sockets are tried on any server: Dropbear has them too.
      strictVendor: false,
      // Our own time-outs are per step.
      readyTimeout: 0,
      keepaliveInterval,
      keepaliveCountMax: 3,
      algorithms: {
        // Ours are a subset of ssh2's; its type is a list of literals.
        serverHostKey: legacy.hostKeysAmong(preferHostKeyAlgorithms(lines, this.#knownAs) as ServerHostKeyAlgorithm[]),
        ...legacy.others,
        // Never zlib: a small answer could grow without bound.
        compress: ['none'],
      },
      hostVerifier: (key: Buffer) => {
        try {
          if (this.#hostKey === undefined) judge(key);
          else if (!this.#hostKey.equals(key)) throw otherKeyMidway(this.#where, this.#hostKey, key);
          this.#hostKey = key;
          return true;
        } catch (error) {
          this.#end(error instanceof AppError ? error : new AppError('INTERNAL', String(error), { cause: error }));
          return false;
        }
      },
      authHandler: (
        offered: readonly string[] | null,
        isPartial: boolean | null,
        next: (method: AnyAuthMethod) => void,
      ) => {
        this.#onAuthenticationTurn(offered, isPartial === true, next);
      },
    });
  }

  /** The first turn comes with the end of the key exchange and waits for `authenticate`. */
  #onAuthenticationTurn(
    offered: readonly string[] | null,
    wasTaken: boolean,
    next: (method: AnyAuthMethod) => void,
  ): void {
    const turn = () => {
      this.#authentication.next(offered, wasTaken).then(
        (method) => {
          if (this.#lifeline.reason === undefined) next(method);
        },
        (error: unknown) => {
          this.#end(error instanceof AppError ? error : new AppError('INTERNAL', String(error), { cause: error }));
        },
      );
    };
    if (this.#isAuthenticating) turn();
    else this.#startAuthentication = turn;
  }

  /** Says in words what is known of a key, or throws. Only the accepted key of a host that is new is written down. */
  #judge(key: Buffer): string {
    const { knownHosts, acceptHostKey } = this.#options;
    const { lines, unread } = readKnownHosts(knownHosts);
    const verdict = judgeHostKey(lines, this.#knownAs, key);
    const shown = `${keyType(key)} ${fingerprintOf(key)}`;
    if (verdict.kind === 'known') return `${shown}, known from ${place(verdict.line)}`;
    if (verdict.kind !== 'unknown') throw refusedHostKey(this.#where, key, verdict);
    if (acceptHostKey === fingerprintOf(key)) {
      addKnownHost(knownHosts.own, this.#knownAs, key);
      return `${shown}, accepted and written to ${knownHosts.own}`;
    }
    throw new AppError(
      'HOST_KEY_UNKNOWN',
      [
        `${this.#where} shows the key ${shown}, and no known_hosts file names this host. No credential was sent.`,
        ...(acceptHostKey === undefined ? [] : [`The key that was accepted is another one, ${acceptHostKey}.`]),
        ...verdict.authorities.map(
          (line) => `${place(line)} names a certificate authority; host certificates are not supported.`,
        ),
        ...(unread.length === 0 ? [] : [`Not readable: ${unread.join(', ')}.`]),
        'Compare the fingerprint with what "ssh-keygen -l" prints on the host, then accept it.',
      ].join(' '),
      { cause: new HostKeyQuestion(keyType(key), fingerprintOf(key)), raw: shown },
    );
  }

  #onError(error: Error & { level?: string }): void {
    // ssh2 goes on to the next key by itself when an agent does not sign.
    if (error.level === 'agent') {
      this.#authentication.note('the agent did not sign');
      return;
    }
    this.#end(this.#explain(error));
  }

  #explain(error: Error & { level?: string }): AppError {
    const raw = error.message;
    if (error.level === 'client-timeout') {
      return new AppError('SESSION_CLOSED', 'the server no longer answers keep-alives.', { cause: error });
    }
    if (this.#phase === 'authentication' && /authentication/i.test(raw)) return this.#authentication.failure(raw);
    if (this.#phase === 'keys' && /no matching/i.test(raw)) {
      const isAllowed = this.#options.isLegacyAllowed === true;
      const remedy = isAllowed
        ? 'even the legacy ones are allowed'
        : 'an old device may know only weak ones: they can be allowed for it alone (legacy=1 in its address)';
      const detail = `${this.#where} and Steelyard have no algorithm in common; ${remedy}.`;
      return new AppError('CAPABILITY_MISSING', detail, { cause: error, raw });
    }
    return new AppError('SESSION_CLOSED', `the connection ended (${raw}).`, { cause: error, raw });
  }

  #end(reason: AppError): void {
    this.#lifeline.end(reason);
    this.#socket.destroy();
  }
}

function otherKeyMidway(where: string, judged: Buffer, shown: Buffer): AppError {
  const detail = `${where} first showed the key ${fingerprintOf(judged)} and on the same connection ${fingerprintOf(shown)}.`;
  return new AppError('HOST_KEY_CHANGED', detail);
}

function refusedHostKey(
  where: string,
  key: Buffer,
  verdict: Extract<HostKeyVerdict, { kind: 'changed' | 'revoked' }>,
): AppError {
  const shown = `${keyType(key)} ${fingerprintOf(key)}`;
  if (verdict.kind === 'revoked') {
    const detail = `${where} shows the key ${shown}, which ${place(verdict.line)} marks as revoked. Nothing was sent. Do not sign in.`;
    return new AppError('HOST_KEY_CHANGED', detail);
  }
  const old = verdict.lines.map((line) => `${line.algorithm} ${fingerprintOf(line.key)} (${place(line)})`).join(', ');
  return new AppError(
    'HOST_KEY_CHANGED',
    `${where} shows the key ${shown}, but is known by ${old}. No credential was sent. Either the host was set up anew or ` +
      `somebody stands in between: ask its administrator. If the new key is right, remove the old line and try again.`,
  );
}

function place(line: KnownHostLine): string {
  return `${line.file} line ${line.line}`;
}
