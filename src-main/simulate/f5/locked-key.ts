import { createCipheriv, createDecipheriv, createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { unquote } from './block.ts';

/** Whether a PEM of a key is behind a passphrase. */
export function isLocked(pem: string): boolean {
  return pem.includes('ENCRYPTED');
}

/** Undefined where it is no key, or the passphrase is not its own. */
export function openKey(pem: string, passphrase: string | undefined): KeyObject | undefined {
  const secret = passphrase === undefined || passphrase === 'none' ? undefined : uncover(unquote(passphrase));
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(secret !== undefined && { passphrase: secret }) });
  } catch {
    return undefined; // the caller says what that means
  }
}

/** The master key of every simulated unit of this process; units of a group share one. */
const master = randomBytes(32);
const mark = '$M$sT$';

/** What stands for a passphrase in a configuration, as public ones have it: `$M$`, two signs and a cipher text. The cipher is ours. */
export function cover(secret: string): string {
  if (secret.startsWith('$M$')) return secret;
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', master, nonce);
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return `${mark}${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')}`;
}

/** Undefined for what another device has covered; a bare passphrase is itself. */
function uncover(text: string): string | undefined {
  if (!text.startsWith('$M$')) return text;
  const bytes = Buffer.from(text.slice(mark.length), 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', master, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString();
  } catch {
    return undefined; // its master key is not ours
  }
}
