import { AppError } from '../contract/errors.ts';
import { type KeySealer, keyFileSealer } from '../store/key-sealer.ts';
import type { Secrets } from '../store/secrets.ts';

/**
 * Seals the stored secrets by the desktop's key chain from its first start on, and opens them by it later. One that does not open them
 * (another account's, a new machine) leaves them locked: a passphrase may still.
 */
export async function useKeyChain(secrets: Secrets, keyChain: KeySealer): Promise<void> {
  const { protection, isLocked } = secrets.state();
  if (protection === 'memory') await secrets.protectWith(keyChain);
  else if (isLocked) await secrets.unlockWith(keyChain).catch(stayLocked);
}

/** Without a key chain and before a passphrase is set, a key file (0600) in the data directory seals what is stored. */
export async function useKeyFile(secrets: Secrets, path: string): Promise<void> {
  if (secrets.state().protection === 'memory') await secrets.protectWith(keyFileSealer(path));
}

function stayLocked(error: unknown): void {
  if (error instanceof AppError && ['SECRETS_LOCKED', 'NOT_FOUND'].includes(error.code)) return;
  throw error;
}
