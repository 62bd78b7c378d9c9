import { AppError } from '../contract/errors.ts';
import type { KeySealer } from '../store/key-sealer.ts';
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

function stayLocked(error: unknown): void {
  if (error instanceof AppError && ['SECRETS_LOCKED', 'NOT_FOUND'].includes(error.code)) return;
  throw error;
}
