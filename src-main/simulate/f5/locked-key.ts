import { createPrivateKey, type KeyObject } from 'node:crypto';
import { unquote } from './block.ts';

/** Whether a PEM of a key is behind a passphrase. */
export function isLocked(pem: string): boolean {
  return pem.includes('ENCRYPTED');
}

/** Undefined where it is no key, or the passphrase is not its own. */
export function openKey(pem: string, passphrase: string | undefined): KeyObject | undefined {
  const secret = passphrase === undefined || passphrase === 'none' ? undefined : unquote(passphrase);
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(secret !== undefined && { passphrase: secret }) });
  } catch {
    return undefined; // the caller says what that means
  }
}
