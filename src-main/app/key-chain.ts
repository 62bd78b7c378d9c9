import { safeStorage } from 'electron';
import { AppError } from '../contract/errors.ts';
import type { KeySealer } from '../store/key-sealer.ts';

/**
 * Seals the data key by the desktop's key chain, once the app is ready. Undefined where there is none, and where Electron would only
 * scramble with a fixed key (`basic_text`: a Linux desktop without secret service or KWallet), which is no protection at all.
 */
export async function openKeyChain(): Promise<KeySealer | undefined> {
  if (process.platform === 'linux' && safeStorage.getSelectedStorageBackend() === 'basic_text') return undefined;
  if (!(await safeStorage.isAsyncEncryptionAvailable())) return undefined;
  return {
    kind: 'key-chain',
    seal: async (key) => ({ params: {}, sealed: await safeStorage.encryptStringAsync(key.toString('base64')) }),
    open: ({ sealed }) => openKey(sealed),
  };
}

async function openKey(sealed: Uint8Array): Promise<Buffer> {
  try {
    const { result } = await safeStorage.decryptStringAsync(Buffer.from(sealed));
    return Buffer.from(result, 'base64');
  } catch (error) {
    const detail = "The desktop's key chain does not open the stored secrets. Nothing was changed.";
    throw new AppError('SECRETS_LOCKED', detail, { cause: error });
  }
}
