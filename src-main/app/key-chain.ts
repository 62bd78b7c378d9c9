import { safeStorage } from 'electron';
import { AppError } from '../contract/errors.ts';
import type { KeySealer } from '../store/key-sealer.ts';

/** The desktop's key chain, or why it does not seal our secrets. */
export type KeyChain = { readonly keyChain: KeySealer } | { readonly keyChainProblem: string };

const helps = 'Set a passphrase here, or the secrets end with the console.';

/**
 * Seals the data key by the desktop's key chain, once the app is ready. Refused where there is none, and where Electron would only
 * scramble with a fixed key (`basic_text`: a Linux desktop without secret service or KWallet), which is no protection at all.
 */
export async function openKeyChain(): Promise<KeyChain> {
  if (process.platform === 'linux' && safeStorage.getSelectedStorageBackend() === 'basic_text') {
    const why = 'This desktop has no key ring (neither Secret Service nor KWallet), and a fixed key protects nothing.';
    return { keyChainProblem: `${why} ${helps}` };
  }
  if (!(await safeStorage.isAsyncEncryptionAvailable())) {
    return { keyChainProblem: `The system's key chain cannot be used. ${helps}` };
  }
  const keyChain: KeySealer = {
    kind: 'key-chain',
    seal: async (key) => ({ params: {}, sealed: await safeStorage.encryptStringAsync(key.toString('base64')) }),
    open: ({ sealed }) => openKey(sealed),
  };
  return { keyChain };
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
