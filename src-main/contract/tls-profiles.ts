/** Protocol versions, suites and groups as the model names them. */
export interface TlsParameters {
  readonly minVersion: string;
  readonly maxVersion: string;
  /** OpenSSL's names of suites up to TLS 1.2; empty = none. */
  readonly ciphers: readonly string[];
  /** IANA's names of TLS 1.3's suites. */
  readonly cipherSuites: readonly string[];
  readonly groups: readonly string[];
  /** False = the client's order of suites counts. */
  readonly prefersOwnOrder: boolean;
}

/** Versions that the model names. */
export const tlsVersions = ['1.0', '1.1', '1.2', '1.3'] as const;

const suitesOf13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const suitesOf12 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];
const groups = ['X25519MLKEM768', 'x25519', 'secp256r1', 'secp384r1'];

/** Mozilla's Server Side TLS guideline, version 5.8 (https://ssl-config.mozilla.org/guidelines/5.8.json). */
export const mozillaProfiles: Readonly<Record<'modern' | 'intermediate', TlsParameters>> = {
  modern: {
    minVersion: '1.3',
    maxVersion: '1.3',
    ciphers: [],
    cipherSuites: suitesOf13,
    groups,
    prefersOwnOrder: false,
  },
  intermediate: {
    minVersion: '1.2',
    maxVersion: '1.3',
    ciphers: suitesOf12,
    cipherSuites: suitesOf13,
    groups,
    prefersOwnOrder: false,
  },
};

export function isProfile(name: string): name is keyof typeof mozillaProfiles {
  return Object.hasOwn(mozillaProfiles, name);
}
