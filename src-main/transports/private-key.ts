import { createPrivateKey } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';

/**
 * Reads a private key file: OpenSSH's own format, PEM, PKCS#8. Gives a sentence's end instead where it cannot be used: ssh2's own
 * words are not repeated, for they differ by format and could quote what is in the file.
 */
export function parsePrivateKey(bytes: Buffer, passphrase: string | undefined): ParsedKey | string {
  const parsed: unknown = ssh2.utils.parseKey(fromPkcs8(bytes, passphrase), passphrase);
  // An OpenSSH key file may hold several keys; ssh-keygen writes one.
  const key: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (isPrivateKey(key)) return key;
  if (!(key instanceof Error)) return 'holds no private key';
  if (passphrase === undefined && isEncrypted(bytes, key)) return isSealed;
  return passphrase !== undefined &&
    (isEncrypted(bytes, key) || /passphrase|integrity|decrypt|malformed/i.test(key.message))
    ? 'could not be opened with the given passphrase'
    : 'is not in a format that is understood (OpenSSH, PEM or PKCS#8)';
}

/** What `parsePrivateKey` says of a key that needs a passphrase and got none. */
export const isSealed = 'is encrypted and no passphrase was given';

function isEncrypted(bytes: Buffer, error: Error): boolean {
  return isPkcs8(bytes)?.[1] !== undefined || /no passphrase/i.test(error.message);
}

function isPkcs8(bytes: Buffer): RegExpExecArray | null {
  return /^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.exec(bytes.toString('latin1', 0, 64));
}

/** PKCS#8 (`openssl genpkey`, `ssh-keygen -m PKCS8`), which ssh2 cannot read, as the older PEM forms that it can. */
function fromPkcs8(bytes: Buffer, passphrase: string | undefined): Buffer {
  if (isPkcs8(bytes) === null) return bytes;
  try {
    const key = createPrivateKey({ key: bytes, ...(passphrase === undefined ? {} : { passphrase }) });
    const type = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1';
    return Buffer.from(key.export({ type, format: 'pem' }));
  } catch {
    return bytes; // ssh2 then refuses it, and the caller says why
  }
}

function isPrivateKey(value: unknown): value is ParsedKey {
  if (value instanceof Error || typeof value !== 'object' || value === null || !('isPrivateKey' in value)) return false;
  // What is no Error is ssh2's ParsedKey, whatever its types say of lists.
  return (value as ParsedKey).isPrivateKey();
}
