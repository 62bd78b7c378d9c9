import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import {
  createSession,
  createV3Session,
  SecurityLevel,
  type Session as PackageSession,
  type User,
  Version1,
  Version2c,
} from 'net-snmp';
import { AppError } from '../contract/errors.ts';
import { defaultMaxBytes, defaultTimeoutMs } from './call-limits.ts';
import { hostAndPort } from './known-hosts.ts';
import { snmpError } from './snmp-errors.ts';
import { authProtocol, privProtocol, type SnmpOptions, type SnmpUser } from './snmp-options.ts';
import { SnmpSocket } from './snmp-socket.ts';
import { endOfView, isAbsent, type Varbind, walkColumns, type WalkTools } from './snmp-walk.ts';
import { Lifeline, timedCall } from './timed-call.ts';
import type { CallOptions, SnmpCell, SnmpSession } from './transport.ts';

/** So many answers in a row that do not fit the credentials are believed. */
const mostDoubts = 5;
const defaultTryMs = 2000;
/** Scalars in one question: more may not fit the answer of an agent with a buffer of 484 bytes (RFC 3417, 3.2.1). */
const scalarsAtOnce = 16;
const nullTag = 5;

interface Open {
  readonly inner: PackageSession;
  readonly unreadable: { count: number; why: string };
}
/** A varbind of the package; its `type` is the ASN.1 tag. */
interface PackageVarbind {
  readonly oid: string;
  readonly type?: number;
  readonly value?: unknown;
}
type Done<T> = (error: Error | null, varbinds?: T) => void;

/**
 * A session with one agent over UDP. Nothing is sent before the first call. A question is sent twice, then given up; what a walk does
 * with that stands in `snmp-walk.ts`. Calls run side by side. Throws INPUT_INVALID and CAPABILITY_MISSING where the protocols cannot be.
 */
export function openSnmp(options: SnmpOptions): SnmpSession {
  return new UdpSession(options);
}

class UdpSession implements SnmpSession {
  readonly #options: SnmpOptions;
  readonly #place: string;
  readonly #user: User | undefined;
  readonly #lifeline = new Lifeline();
  readonly #memory: WalkTools['memory'] = new Map();
  #opening: Promise<Open> | undefined;
  /** True once an answer has been taken. */
  #isProven = false;

  constructor(options: SnmpOptions) {
    this.#options = options;
    this.#place = `SNMP on ${hostAndPort(options)}`;
    this.#user = options.security.version === 3 ? packageUser(options.security) : undefined;
  }

  readonly get = (oids: readonly string[], options: CallOptions = {}): Promise<readonly (SnmpCell | undefined)[]> =>
    this.#limited(`${this.#place}: get ${named(oids)}`, options, async (what, signal) => {
      const cells: (SnmpCell | undefined)[] = [];
      for (let from = 0; from < oids.length; from += scalarsAtOnce) {
        cells.push(...(await this.#scalars(oids.slice(from, from + scalarsAtOnce), what, signal)));
      }
      return cells;
    });

  readonly walk: SnmpSession['walk'] = (columns, options = {}) =>
    this.#limited(`${this.#place}: walk ${named(columns)}`, options, (what, signal) =>
      walkColumns(columns, {
        ask: (oids, repetitions) => this.#following(oids, repetitions, what, signal),
        isBulk: this.#options.security.version !== 1,
        memory: this.#memory,
        maxBytes: options.maxBytes ?? defaultMaxBytes,
        what,
      }),
    );

  readonly close = (): void => {
    this.#lifeline.end(new AppError('SESSION_CLOSED', 'the session was closed by Steelyard.'));
    this.#drop();
  };

  /** Runs `work` until it ends or the call's time is over; what is under way then is told to stop. */
  #limited<T>(what: string, options: CallOptions, work: (what: string, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal, timeoutMs = defaultTimeoutMs } = options;
    return timedCall<T>({ what, timeoutMs, signal, lifeline: this.#lifeline }, ({ resolve, reject }) => {
      const stop = new AbortController();
      work(what, stop.signal).then(resolve, reject);
      return () => {
        stop.abort();
      };
    });
  }

  async #scalars(
    oids: readonly string[],
    what: string,
    signal: AbortSignal,
  ): Promise<readonly (SnmpCell | undefined)[]> {
    try {
      const varbinds = await this.#ask<PackageVarbind[]>(what, signal, (inner, done) => {
        inner.get([...oids], done);
      });
      // v1 and v2c sign nothing: an answer that was damaged on the way may be about another object.
      if (varbinds.some(({ oid }, at) => oid !== oids[at]) || varbinds.length !== oids.length)
        throw new AppError('OUTPUT_UNPARSED', `${what}: the answer is about other objects than those asked for.`);
      return varbinds.map((varbind) => {
        const { tag, value } = varbindOf(varbind);
        return isAbsent(tag) || tag === nullTag ? undefined : { tag, value };
      });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // v1 answers for all with the first that is not there; an answer that is too big comes in parts.
      if (error.raw === 'NoSuchName' && oids.length === 1) return [undefined];
      if ((error.raw !== 'NoSuchName' && error.raw !== 'TooBig') || oids.length === 1) throw error;
      const half = Math.ceil(oids.length / 2);
      const first = await this.#scalars(oids.slice(0, half), what, signal);
      return [...first, ...(await this.#scalars(oids.slice(half), what, signal))];
    }
  }

  async #following(
    oids: readonly string[],
    repetitions: number,
    what: string,
    signal: AbortSignal,
  ): Promise<readonly (readonly Varbind[])[]> {
    if (this.#options.security.version === 1) return this.#followingV1(oids, what, signal);
    const lists = await this.#ask<(PackageVarbind | PackageVarbind[])[]>(what, signal, (inner, done) => {
      inner.getBulk([...oids], 0, repetitions, done);
    });
    return lists.map((list) => (Array.isArray(list) ? list.map(varbindOf) : [varbindOf(list)]));
  }

  /** v1 says noSuchName for the whole question where one column is at the end of all that there is. */
  async #followingV1(
    oids: readonly string[],
    what: string,
    signal: AbortSignal,
  ): Promise<readonly (readonly Varbind[])[]> {
    try {
      const row = await this.#ask<PackageVarbind[]>(what, signal, (inner, done) => {
        inner.getNext([...oids], done);
      });
      return row.map((varbind) => [varbindOf(varbind)]);
    } catch (error) {
      if (!(error instanceof AppError) || error.raw !== 'NoSuchName') throw error;
      const [only = ''] = oids;
      if (oids.length === 1) return [[{ oid: only, tag: endOfView, value: 0 }]];
      const rest: (readonly Varbind[])[] = [];
      for (const oid of oids) rest.push(...(await this.#followingV1([oid], what, signal)));
      return rest;
    }
  }

  /** One question with its retry. Where the agent counts its starts or its time anew (RFC 3414, 2.3), a fresh session learns them. */
  async #ask<T>(what: string, signal: AbortSignal, send: (inner: PackageSession, done: Done<T>) => void): Promise<T> {
    for (let doubts = 0; ; doubts += 1) {
      try {
        return await this.#askOnce(what, signal, send);
      } catch (error) {
        if (isEngineChange(error)) {
          this.#drop();
          return await this.#askOnce(what, signal, send);
        }
        // RFC 3414, 3.2: such a message is dropped. Of credentials that were taken before, one alone proves nothing: whoever can send us
        // a datagram, or damage one, could end the polling.
        const isDoubtful = error instanceof AppError && error.code === 'AUTH_FAILED' && this.#isProven;
        if (!isDoubtful || doubts === mostDoubts) throw error;
      }
    }
  }

  async #askOnce<T>(
    what: string,
    signal: AbortSignal,
    send: (inner: PackageSession, done: Done<T>) => void,
  ): Promise<T> {
    this.#opening ??= this.#open();
    const opening = this.#opening;
    const open = await opening.catch((error: unknown) => {
      if (this.#opening === opening) this.#opening = undefined; // the name may resolve the next time
      throw error;
    });
    if (signal.aborted) throw new AppError('CANCELLED', `${what}: it was called off.`);
    const before = open.unreadable.count;
    return new Promise<T>((resolve, reject) => {
      send(open.inner, (error, varbinds) => {
        if (varbinds !== undefined && !error) {
          this.#isProven = true;
          resolve(varbinds);
          return;
        }
        const unreadable = { count: open.unreadable.count - before, why: open.unreadable.why };
        const facts = { what, security: this.#options.security, unreadable };
        reject(snmpError(error ?? new Error('no varbinds'), facts));
      });
    });
  }

  async #open(): Promise<Open> {
    const { host, port, security, tryMs = defaultTryMs } = this.#options;
    const { address, family } = await resolveHost(host);
    const unreadable = { count: 0, why: '' };
    const watch = {
      onUnreadable: (why: string) => {
        unreadable.count += 1;
        unreadable.why = why;
      },
      onRefused: (cause: Error) => {
        inner.cancelRequests(
          new AppError('UNREACHABLE', `${this.#place}: nothing listens there (${codeOf(cause)}).`, { cause }),
        );
      },
    };
    const socket = new SnmpSocket({ address, family, port }, watch);
    const usual = {
      transport: family === 6 ? ('udp6' as const) : ('udp4' as const),
      port,
      timeout: tryMs,
      retries: 1,
      backoff: 1.5,
      backwardsGetNexts: true,
      dgramModule: { createSocket: () => socket },
    };
    const inner =
      this.#user === undefined
        ? createSession(address, security.version === 3 ? '' : security.community, {
            ...usual,
            version: security.version === 1 ? Version1 : Version2c,
          })
        : createV3Session(address, this.#user, {
            ...usual,
            ...(security.version === 3 && security.context !== undefined ? { context: security.context } : {}),
          });
    inner.on('error', (error: Error) => {
      watch.onUnreadable(error.message);
    });
    if (this.#lifeline.reason !== undefined) inner.close();
    return { inner, unreadable };
  }

  #drop(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.then(({ inner }) => inner.close()).catch(() => undefined);
  }
}

/** A message outside the time window means that the agent's engine is another one than was known. */
function isEngineChange(error: unknown): boolean {
  return error instanceof AppError && error.raw === 'ENotInTimeWindow';
}

/** Octets come as bytes, all numbers of up to 32 bits as numbers, OIDs and addresses as text; NULL and the like as no bytes. */
function varbindOf({ oid, type = nullTag, value }: PackageVarbind): Varbind {
  const isPlain = typeof value === 'number' || typeof value === 'string' || Buffer.isBuffer(value);
  return { oid, tag: type, value: isPlain ? value : Buffer.alloc(0) };
}

function packageUser({ user, auth, priv }: SnmpUser): User {
  if (priv !== undefined && auth === undefined) {
    throw new AppError(
      'INPUT_INVALID',
      `The user "${user}" has privacy without authentication: SNMPv3 has no such level.`,
    );
  }
  for (const [purpose, secret] of [
    ['authentication', auth],
    ['privacy', priv],
  ] as const) {
    if (secret?.password === '') {
      throw new AppError('INPUT_INVALID', `The user "${user}" needs a password for ${purpose}, and none was given.`);
    }
  }
  if (auth === undefined) return { name: user, level: SecurityLevel.noAuthNoPriv };
  const named = { name: user, authProtocol: authProtocol(auth.protocol), authKey: auth.password };
  if (priv === undefined) return { ...named, level: SecurityLevel.authNoPriv };
  return {
    ...named,
    level: SecurityLevel.authPriv,
    privProtocol: privProtocol(priv.protocol),
    privKey: priv.password,
  };
}

async function resolveHost(host: string): Promise<{ readonly address: string; readonly family: 4 | 6 }> {
  const kind = isIP(host);
  if (kind !== 0) return { address: host, family: kind === 6 ? 6 : 4 };
  try {
    const { address, family } = await lookup(host);
    return { address, family: family === 6 ? 6 : 4 };
  } catch (cause) {
    throw new AppError('UNREACHABLE', `The name "${host}" could not be resolved (${codeOf(cause)}).`, { cause });
  }
}

/** The first OIDs of a question, for errors. */
function named(oids: readonly string[]): string {
  const more = oids.length > 2 ? ` and ${oids.length - 2} more` : '';
  return `${oids.slice(0, 2).join(', ')}${more}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
