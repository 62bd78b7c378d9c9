import { createCipheriv, createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AuthProtocols, PrivProtocols } from 'net-snmp';
import { AppError } from '../../contract/errors.ts';
import { authProtocol, privProtocol, type SnmpUser } from '../snmp-options.ts';

/** What an authentication protocol is to Node and on the wire: RFC 3414 (96 bits), RFC 7860. */
const auths: Readonly<Record<number, { readonly hash: string; readonly bytes: number }>> = {
  [AuthProtocols.md5]: { hash: 'md5', bytes: 12 },
  [AuthProtocols.sha]: { hash: 'sha1', bytes: 12 },
  [AuthProtocols.sha224]: { hash: 'sha224', bytes: 16 },
  [AuthProtocols.sha256]: { hash: 'sha256', bytes: 24 },
  [AuthProtocols.sha384]: { hash: 'sha384', bytes: 32 },
  [AuthProtocols.sha512]: { hash: 'sha512', bytes: 48 },
};
const passwordBytes = 1_048_576;
const mostEngines = 256;

/** An engine's own clock as it stands in a message: what a cipher is started with, and what makes an old message known. */
export interface EngineTime {
  readonly boots: number;
  readonly time: number;
}

interface Keys {
  readonly auth: Buffer;
  readonly priv: Buffer | undefined;
}

/** 1 noAuthNoPriv, 2 authNoPriv, 3 authPriv. */
export type Level = 1 | 2 | 3;

/**
 * A user of the user-based security model as a receiver needs one: checks, signs, opens and seals messages (RFC 3414, 3826). The key
 * of a password costs a hash of a megabyte; that is done once, and the step that each engine asks for is cheap: forged engine ids cost nothing.
 */
export class UsmUser {
  readonly name: string;
  readonly level: Level;
  readonly #hash: string;
  readonly #digestBytes: number;
  readonly #authKey: Buffer;
  readonly #privKey: Buffer;
  readonly #cipher: PrivProtocols | undefined;
  readonly #keys = new Map<string, Keys>();

  /** Throws INPUT_INVALID and CAPABILITY_MISSING, as the protocols do. */
  constructor({ user, auth, priv }: SnmpUser) {
    this.name = user;
    if (priv !== undefined && auth === undefined) {
      throw new AppError(
        'INPUT_INVALID',
        `The user "${user}" has privacy without authentication: SNMPv3 has no such level.`,
      );
    }
    if (auth?.password === '' || priv?.password === '') {
      throw new AppError('INPUT_INVALID', `The user "${user}" needs a password for each of its protocols.`);
    }
    const found = auth === undefined ? undefined : auths[authProtocol(auth.protocol)];
    this.#hash = found?.hash ?? '';
    this.#digestBytes = found?.bytes ?? 0;
    this.#authKey = auth === undefined ? Buffer.alloc(0) : keyOfPassword(this.#hash, auth.password);
    this.#privKey = priv === undefined ? Buffer.alloc(0) : keyOfPassword(this.#hash, priv.password);
    this.#cipher = priv === undefined ? undefined : privProtocol(priv.protocol);
    this.level = auth === undefined ? 1 : priv === undefined ? 2 : 3;
  }

  get digestBytes(): number {
    return this.#digestBytes;
  }

  /** Whether `digest`, a view into the message, is the one that this user's key gives to it. The message is as before afterwards. */
  isGenuine(message: Buffer, digest: Buffer, engineId: Buffer): boolean {
    if (digest.length !== this.#digestBytes || digest.length === 0) return false;
    const sent = Buffer.from(digest);
    digest.fill(0);
    const own = this.#digestOf(message, engineId);
    sent.copy(digest);
    return timingSafeEqual(own, sent);
  }

  /** Puts the digest of the message into its place, a view into it that holds zeros. */
  sign(message: Buffer, digest: Buffer, engineId: Buffer): void {
    this.#digestOf(message, engineId).copy(digest);
  }

  /** Throws where the cipher cannot be had; bytes of another key come out as noise, which no reader takes. */
  decrypt(bytes: Buffer, salt: Buffer, engineId: Buffer, engine: EngineTime): Buffer {
    const { name, key, iv } = this.#cipherOf(salt, engineId, engine);
    const cipher = createDecipheriv(name, key, iv);
    cipher.setAutoPadding(false);
    return Buffer.concat([cipher.update(bytes), cipher.final()]);
  }

  encrypt(bytes: Buffer, salt: Buffer, engineId: Buffer, engine: EngineTime): Buffer {
    const { name, key, iv } = this.#cipherOf(salt, engineId, engine);
    const cipher = createCipheriv(name, key, iv);
    cipher.setAutoPadding(false);
    const isDes = this.#cipher === PrivProtocols.des;
    const padded = isDes ? Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]) : bytes;
    return Buffer.concat([cipher.update(padded), cipher.final()]);
  }

  #digestOf(message: Buffer, engineId: Buffer): Buffer {
    return createHmac(this.#hash, this.#keysFor(engineId).auth).update(message).digest().subarray(0, this.#digestBytes);
  }

  #cipherOf(salt: Buffer, engineId: Buffer, { boots, time }: EngineTime) {
    const key = this.#keysFor(engineId).priv ?? Buffer.alloc(0);
    if (this.#cipher === PrivProtocols.des) {
      const iv = Buffer.from(key.subarray(8, 16).map((byte, at) => byte ^ (salt[at] ?? 0)));
      return { name: 'des-cbc', key: key.subarray(0, 8), iv };
    }
    const iv = Buffer.alloc(16);
    iv.writeUInt32BE(boots, 0);
    iv.writeUInt32BE(time, 4);
    salt.copy(iv, 8, 0, 8);
    const bits = this.#cipher === PrivProtocols.aes ? 128 : 256;
    return { name: `aes-${bits}-cfb`, key: key.subarray(0, bits / 8), iv };
  }

  #keysFor(engineId: Buffer): Keys {
    const id = engineId.toString('latin1');
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const keys = {
      auth: localized(this.#hash, this.#authKey, engineId),
      priv: this.#cipher === undefined ? undefined : this.#privKeyFor(engineId, this.#cipher),
    };
    if (this.#keys.size >= mostEngines) this.#keys.clear();
    this.#keys.set(id, keys);
    return keys;
  }

  /** AES-256 needs more than a short hash gives: stretched by Blumenthal's draft, or (`aes256c`) by Reeder's. */
  #privKeyFor(engineId: Buffer, cipher: PrivProtocols): Buffer {
    const first = localized(this.#hash, this.#privKey, engineId);
    if ((cipher !== PrivProtocols.aes256b && cipher !== PrivProtocols.aes256r) || first.length >= 32) return first;
    const more =
      cipher === PrivProtocols.aes256b
        ? createHash(this.#hash).update(first).digest()
        : localized(this.#hash, keyOfPassword(this.#hash, first), engineId);
    return Buffer.concat([first, more]);
  }
}

/** RFC 3414, A.2: the password over and over, a megabyte long, as a hash. */
function keyOfPassword(hash: string, password: string | Buffer): Buffer {
  return createHash(hash).update(Buffer.alloc(passwordBytes, password)).digest();
}

function localized(hash: string, key: Buffer, engineId: Buffer): Buffer {
  return createHash(hash).update(key).update(engineId).update(key).digest();
}
