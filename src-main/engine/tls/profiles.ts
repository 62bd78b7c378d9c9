import { constants } from 'node:crypto';
import { createSecureContext, getCiphers, type SecureContextOptions, type SecureVersion } from 'node:tls';
import { mozillaProfiles, type TlsParameters } from '../../contract/tls-profiles.ts';

/** Where the model writes `1.2`, Node.js writes `TLSv1.2`. */
const versions: ReadonlyMap<string, SecureVersion> = new Map([
  ['1.0', 'TLSv1'],
  ['1.1', 'TLSv1.1'],
  ['1.2', 'TLSv1.2'],
  ['1.3', 'TLSv1.3'],
]);

export const versionNames: readonly string[] = [...versions.keys()];

/** IANA's names where OpenSSL's differ; others go through as they are. */
const opensslGroups: ReadonlyMap<string, string> = new Map([
  ['x25519', 'X25519'],
  ['x448', 'X448'],
  ['secp256r1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);

/** The parameters as options of a secure context. */
export function contextOptions(parameters: TlsParameters): SecureContextOptions {
  const { minVersion, maxVersion, ciphers, cipherSuites } = parameters;
  const isOld = minVersion === '1.0' || minVersion === '1.1';
  // OpenSSL 3 signs nothing with SHA-1 above level 0, and TLS 1.0 and 1.1 sign nothing else. Suites of both kinds are always
  // named: where one kind is absent Node.js narrows the versions by itself.
  const old = ciphers.length === 0 ? ['ECDHE-ECDSA-AES128-GCM-SHA256'] : ciphers;
  const own = cipherSuites.length === 0 ? mozillaProfiles.modern.cipherSuites : cipherSuites;
  return {
    minVersion: versions.get(minVersion) ?? 'TLSv1.2',
    maxVersion: versions.get(maxVersion) ?? 'TLSv1.3',
    ciphers: [...own, ...old, ...(isOld ? ['@SECLEVEL=0'] : [])].join(':'),
    ecdhCurve: parameters.groups.length === 0 ? 'auto' : groupList(parameters.groups),
    honorCipherOrder: parameters.prefersOwnOrder,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}

function groupList(names: readonly string[]): string {
  return names.map((name) => opensslGroups.get(name.toLowerCase()) ?? name).join(':');
}

/** True where this Node.js can do the suite (OpenSSL's name, or IANA's of TLS 1.3). */
export function isCipher(name: string): boolean {
  return getCiphers().includes(name.toLowerCase()) || canUse({ ciphers: name });
}

export function isGroup(name: string): boolean {
  return canUse({ ecdhCurve: groupList([name]) });
}

function canUse(options: SecureContextOptions): boolean {
  try {
    createSecureContext(options);
    return true;
  } catch {
    return false; // OpenSSL's only way to say that it does not know the name
  }
}
