import { getCiphers, getHashes } from 'node:crypto';
import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2';

/**
 * What OpenSSH has switched off by default since 6.7 to 8.8, and old devices know nothing newer than: SHA-1 in key exchange and signatures,
 * CBC, truncated and MD5 checksums. Offered last, so that whatever is better wins; one that this Node's crypto lacks is left out.
 */
const kex = [
  'diffie-hellman-group14-sha1',
  'diffie-hellman-group-exchange-sha1',
  'diffie-hellman-group1-sha1',
] as const;
const serverHostKey = ['ssh-rsa'] as const;
const cipher = { 'aes256-cbc': 'aes-256-cbc', 'aes128-cbc': 'aes-128-cbc', '3des-cbc': 'des-ede3-cbc' } as const;
const hmac = { 'hmac-sha1-96': 'sha1', 'hmac-md5': 'md5' } as const;
const all: ReadonlySet<string> = new Set([...kex, ...serverHostKey, ...Object.keys(cipher), ...Object.keys(hmac)]);

/** Nothing where they are not allowed. */
export function legacyAlgorithms(isAllowed: boolean): {
  /** The same list, with the old signature of a key after its new ones. */
  readonly hostKeysAmong: (offered: readonly ServerHostKeyAlgorithm[]) => ServerHostKeyAlgorithm[];
  readonly others: Pick<Algorithms, 'kex' | 'cipher' | 'hmac'>;
} {
  if (!isAllowed) return { hostKeysAmong: (offered) => [...offered], others: {} };
  return {
    hostKeysAmong: (offered) =>
      offered.flatMap((name) => (name === 'rsa-sha2-256' ? [name, ...serverHostKey] : [name])),
    others: {
      kex: appended(kex),
      cipher: appended(known(cipher, getCiphers())),
      hmac: appended(known(hmac, getHashes())),
    },
  };
}

/** Those of the negotiated names that are legacy, in words for a person; undefined where none is. */
export function legacyWarning(negotiated: readonly string[]): string | undefined {
  const found = [...new Set(negotiated.filter((name) => all.has(name)))];
  return found.length === 0 ? undefined : `legacy algorithms are in use, which are weak: ${found.join(', ')}`;
}

function known<K extends string>(names: Readonly<Record<K, string>>, offered: readonly string[]): readonly K[] {
  const there = new Set(offered.map((name) => name.toLowerCase()));
  // Object.keys gives string[]
  return (Object.keys(names) as K[]).filter((name) => there.has(names[name]));
}

function appended<T>(names: readonly T[]): { append: T[]; prepend: T[]; remove: T[] } {
  return { append: [...names], prepend: [], remove: [] };
}
