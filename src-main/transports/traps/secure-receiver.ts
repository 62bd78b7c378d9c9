import { randomBytes } from 'node:crypto';
import type { SnmpUser } from '../snmp-options.ts';
import { type Piece, pieceAt, piecesOf, integerOf, Unreadable } from './ber.ts';
import {
  pdus,
  readScoped,
  reportPdu,
  type ScopedPdu,
  type SecureMessage,
  writeScoped,
  writeSecure,
} from './message.ts';
import { type Level, UsmUser } from './usm.ts';

export type Refusal = 'community' | 'user' | 'digest' | 'time' | 'unreadable';

/** A message that is dropped without an answer, and why: it is counted and no more. */
export class Refused extends Error {
  readonly why: Refusal;
  constructor(why: Refusal) {
    super(why);
    this.why = why;
  }
}

export interface SecureSettings {
  readonly users: readonly SnmpUser[];
  /** This receiver as SNMP knows it: the same id at every start, and one more start each time (RFC 3414, 2.2). */
  readonly engine: { readonly id: Buffer; readonly boots: number };
  readonly nowMs: () => number;
}

/** What a secure message turned out to be: a question of who we are, or a PDU with the way to answer it. */
export type Opened = { readonly report: Buffer } | { readonly pdu: Piece; readonly answer: (pdu: Buffer) => Buffer };

/** usmStatsNotInTimeWindows, usmStatsUnknownEngineIDs of SNMP-USER-BASED-SM-MIB. */
const notInTimeWindows = '1.3.6.1.6.3.15.1.1.2.0';
const unknownEngineIds = '1.3.6.1.6.3.15.1.1.4.0';
const windowSeconds = 150;
const mostEngines = 1000;

interface Seen {
  boots: number;
  time: number;
}

/**
 * RFC 3414, 3.2, for a receiver: of informs it is the authoritative engine itself (it tells its id to whoever asks, and refuses what
 * is older than 150 s), of traps the sender is, whose clock is learned from its own genuine messages.
 */
export class SecureReceiver {
  readonly #users: ReadonlyMap<string, UsmUser>;
  readonly #id: Buffer;
  readonly #boots: number;
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  readonly #clocks = new Map<string, Seen & { atMs: number }>();
  readonly #salt = randomBytes(8);
  #reports = 0;

  constructor({ users, engine, nowMs }: SecureSettings) {
    this.#users = new Map(users.map((user) => [user.user, new UsmUser(user)]));
    this.#id = engine.id;
    this.#boots = engine.boots;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
  }

  /** Throws Refused and Unreadable. `bytes` is the whole message, into which its digest is a view. */
  open(message: SecureMessage, bytes: Buffer): Opened {
    const isOurs = message.engineId.equals(this.#id);
    // Traps are not answered, so that they cannot ask; whoever wants an answer must know who we are.
    if (!isOurs && message.isReportable) return { report: this.#report(message, unknownEngineIds) };
    const user = this.#users.get(message.user);
    if (user === undefined || message.level < user.level) throw new Refused('user');
    const level = Math.min(message.level, user.level) as Level; // both are of 1 to 3
    if (level > 1 && !user.isGenuine(bytes, message.digest, message.engineId)) throw new Refused('digest');
    if (level > 1 && isOurs && !this.#isInOurWindow(message)) {
      return { report: this.#report(message, notInTimeWindows, user) };
    }
    if (level > 1 && !isOurs) this.#assertInTheirWindow(message);
    const scoped = readScoped(level === 3 ? this.#decrypted(message, user) : message.scoped);
    return { pdu: scoped.pdu, answer: (pdu) => this.#answer(message, scoped, user, level, pdu) };
  }

  #decrypted({ scoped, salt, engineId, boots, time }: SecureMessage, user: UsmUser): Piece {
    if (scoped.tag !== 4 || salt.length !== 8) throw new Unreadable('what is sealed is missing');
    try {
      return pieceAt(user.decrypt(scoped.body, salt, engineId, { boots, time }));
    } catch {
      throw new Refused('digest'); // genuine, and sealed with another password
    }
  }

  #time(): number {
    return Math.floor((this.#nowMs() - this.#startedMs) / 1000);
  }

  #isInOurWindow({ boots, time }: SecureMessage): boolean {
    return boots === this.#boots && Math.abs(time - this.#time()) <= windowSeconds;
  }

  /** Throws Refused where the engine has been further than this message before: it is an old one, sent again. */
  #assertInTheirWindow({ engineId, boots, time }: SecureMessage): void {
    const key = engineId.toString('latin1');
    const now = this.#nowMs();
    const seen = this.#clocks.get(key);
    const passed = seen === undefined ? 0 : Math.floor((now - seen.atMs) / 1000);
    if (seen !== undefined) {
      if (boots < seen.boots || (boots === seen.boots && time < seen.time + passed - windowSeconds))
        throw new Refused('time');
      if (boots === seen.boots && time <= seen.time + passed) return;
    }
    this.#clocks.delete(key);
    if (this.#clocks.size >= mostEngines) this.#clocks.clear();
    this.#clocks.set(key, { boots, time, atMs: now });
  }

  #answer(message: SecureMessage, scoped: ScopedPdu, user: UsmUser, level: Level, pdu: Buffer): Buffer {
    return writeSecure(writeScoped(scoped.contextEngineId, scoped.contextName, pdu), {
      messageId: message.id,
      engineId: this.#id,
      boots: this.#boots,
      time: this.#time(),
      user,
      level,
      salt: this.#nextSalt(),
    });
  }

  /** Signed where the user is known: an unsigned word on the time is believed by nobody. */
  #report(message: SecureMessage, counter: string, user?: UsmUser): Buffer {
    this.#reports += 1;
    const pdu = reportPdu(counter, this.#reports, requestIdOf(message));
    return writeSecure(writeScoped(this.#id, Buffer.alloc(0), pdu), {
      messageId: message.id,
      engineId: this.#id,
      boots: this.#boots,
      time: this.#time(),
      user,
      level: user === undefined ? 1 : 2,
      salt: this.#nextSalt(),
    });
  }

  #nextSalt(): Buffer {
    this.#salt.writeUInt32BE((this.#salt.readUInt32BE(4) + 1) >>> 0, 4);
    return Buffer.from(this.#salt);
  }
}

/** 0 where the question is sealed. */
function requestIdOf({ scoped, level }: SecureMessage): number {
  if (level === 3) return 0;
  try {
    const { pdu } = readScoped(scoped);
    return pdu.tag === pdus.trapV1 ? 0 : integerOf(piecesOf(pdu.body, 8)[0]);
  } catch {
    return 0;
  }
}
