import { createCipheriv, createHash, getCipherInfo } from 'node:crypto';
import { AuthProtocols, PrivProtocols } from 'net-snmp';
import { AppError } from '../contract/errors.ts';

/** Where an agent listens and how it is spoken to. Errors name `host` and `port`, never community or password. */
export interface SnmpOptions {
  readonly host: string;
  readonly port: number;
  readonly security: SnmpSecurity;
  /** How long one try waits for its answer; the second waits half as long again. Default 2 s. */
  readonly tryMs?: number;
}

export type SnmpSecurity =
  { readonly version: 1 | 2; readonly community: string } | ({ readonly version: 3 } & SnmpUser);

/** A user of the user-based security model (RFC 3414). Without `auth` noAuthNoPriv, without `priv` authNoPriv. */
export interface SnmpUser {
  readonly user: string;
  readonly context?: string | undefined;
  readonly auth?: { readonly protocol: string; readonly password: string } | undefined;
  readonly priv?: { readonly protocol: string; readonly password: string } | undefined;
}

interface Protocol<N> {
  /** Its number in the net-snmp package. */
  readonly number: N;
  /** What Node's cryptography must have: OpenSSL 3 keeps DES apart, BoringSSL lacks more. */
  readonly needs: string;
}

/** HMAC-MD5-96 and HMAC-SHA-96 of RFC 3414, the SHA-2 family of RFC 7860. */
const authProtocols: Readonly<Record<string, Protocol<AuthProtocols>>> = {
  md5: { number: AuthProtocols.md5, needs: 'md5' },
  sha: { number: AuthProtocols.sha, needs: 'sha1' },
  sha224: { number: AuthProtocols.sha224, needs: 'sha224' },
  sha256: { number: AuthProtocols.sha256, needs: 'sha256' },
  sha384: { number: AuthProtocols.sha384, needs: 'sha384' },
  sha512: { number: AuthProtocols.sha512, needs: 'sha512' },
};

/**
 * DES of RFC 3414, AES-128 of RFC 3826, and AES-256 with its key stretched as Blumenthal's draft says
 * (`aes256`: net-snmp, most vendors) or as Reeder's (`aes256c`: Cisco). 3DES and AES-192 are not in the package.
 */
const privProtocols: Readonly<Record<string, Protocol<PrivProtocols>>> = {
  des: { number: PrivProtocols.des, needs: 'des-cbc' },
  aes: { number: PrivProtocols.aes, needs: 'aes-128-cfb' },
  aes256: { number: PrivProtocols.aes256b, needs: 'aes-256-cfb' },
  aes256c: { number: PrivProtocols.aes256r, needs: 'aes-256-cfb' },
};

/** Names as people write them: SHA-256, sha2-256, HMAC-SHA-256, AES-128, AES256. */
function plainName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[-_\s]/g, '')
    .replace(/^hmac/, '');
  const long: Readonly<Record<string, string>> = {
    sha1: 'sha',
    sha96: 'sha',
    md596: 'md5',
    aes128: 'aes',
    cfbaes128: 'aes',
    cbcdes: 'des',
    '3des': 'tripledes',
  };
  return long[plain] ?? plain.replace(/^sha2(?=\d{3}$)/, 'sha');
}

/** The number of an authentication protocol. Throws INPUT_INVALID (no such name), CAPABILITY_MISSING (this Node lacks it). */
export function authProtocol(name: string): AuthProtocols {
  return protocolIn(authProtocols, name, 'authentication', hasHash);
}

/** The number of a privacy protocol. Throws as `authProtocol` does. */
export function privProtocol(name: string): PrivProtocols {
  const plain = plainName(name);
  if (plain === 'aes192' || plain === 'aes192c' || plain === 'tripledes') {
    throw new AppError(
      'CAPABILITY_MISSING',
      `SNMPv3 privacy by ${name} is not built in. Use ${Object.keys(privProtocols).join(', ')} on the device.`,
    );
  }
  return protocolIn(privProtocols, name, 'privacy', hasCipher);
}

function protocolIn<N>(
  table: Readonly<Record<string, Protocol<N>>>,
  name: string,
  purpose: string,
  isThere: (name: string) => boolean,
): N {
  const found = table[plainName(name)];
  const known = Object.keys(table)
    .filter((one) => isThere(table[one]?.needs ?? ''))
    .join(', ');
  if (found === undefined) {
    throw new AppError('INPUT_INVALID', `"${name}" is no SNMPv3 ${purpose} protocol; known are ${known}.`);
  }
  if (!isThere(found.needs)) {
    throw new AppError(
      'CAPABILITY_MISSING',
      `SNMPv3 ${purpose} by ${name} needs ${found.needs}, which the cryptography of this program (OpenSSL ${process.versions.openssl}) lacks. Choose another of ${known} on the device.`,
    );
  }
  return found.number;
}

/** Listed is not usable (OpenSSL 3 lists what only its legacy provider has), so each is tried. */
function hasCipher(name: string): boolean {
  const info = getCipherInfo(name);
  return (
    info !== undefined &&
    works(() => createCipheriv(name, Buffer.alloc(info.keyLength), Buffer.alloc(info.ivLength ?? 0)))
  );
}

function hasHash(name: string): boolean {
  return works(() => createHash(name));
}

function works(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
