import { findArgument } from './config-line.ts';
import { type Configuration, findLines } from './configuration.ts';

/**
 * Cipher suites by the appliance's names, and OpenSSL's. Names are those of public configurations and of Citrix's page "Ciphers available
 * on the appliances", as remembered; export, RC4 and DSS suites are left out.
 */
export const ciphers: Readonly<Record<string, string>> = {
  'TLS1.3-AES256-GCM-SHA384': 'TLS_AES_256_GCM_SHA384',
  'TLS1.3-CHACHA20-POLY1305-SHA256': 'TLS_CHACHA20_POLY1305_SHA256',
  'TLS1.3-AES128-GCM-SHA256': 'TLS_AES_128_GCM_SHA256',
  'TLS1.2-ECDHE-ECDSA-AES256-GCM-SHA384': 'ECDHE-ECDSA-AES256-GCM-SHA384',
  'TLS1.2-ECDHE-ECDSA-AES128-GCM-SHA256': 'ECDHE-ECDSA-AES128-GCM-SHA256',
  'TLS1.2-ECDHE-ECDSA-CHACHA20-POLY1305': 'ECDHE-ECDSA-CHACHA20-POLY1305',
  'TLS1.2-ECDHE-ECDSA-AES256-SHA384': 'ECDHE-ECDSA-AES256-SHA384',
  'TLS1.2-ECDHE-ECDSA-AES128-SHA256': 'ECDHE-ECDSA-AES128-SHA256',
  'TLS1-ECDHE-ECDSA-AES256-SHA': 'ECDHE-ECDSA-AES256-SHA',
  'TLS1-ECDHE-ECDSA-AES128-SHA': 'ECDHE-ECDSA-AES128-SHA',
  'TLS1.2-ECDHE-RSA-AES256-GCM-SHA384': 'ECDHE-RSA-AES256-GCM-SHA384',
  'TLS1.2-ECDHE-RSA-AES128-GCM-SHA256': 'ECDHE-RSA-AES128-GCM-SHA256',
  'TLS1.2-ECDHE-RSA-CHACHA20-POLY1305': 'ECDHE-RSA-CHACHA20-POLY1305',
  'TLS1.2-ECDHE-RSA-AES-256-SHA384': 'ECDHE-RSA-AES256-SHA384',
  'TLS1.2-ECDHE-RSA-AES-128-SHA256': 'ECDHE-RSA-AES128-SHA256',
  'TLS1-ECDHE-RSA-AES256-SHA': 'ECDHE-RSA-AES256-SHA',
  'TLS1-ECDHE-RSA-AES128-SHA': 'ECDHE-RSA-AES128-SHA',
  'TLS1.2-DHE-RSA-AES256-GCM-SHA384': 'DHE-RSA-AES256-GCM-SHA384',
  'TLS1.2-DHE-RSA-AES128-GCM-SHA256': 'DHE-RSA-AES128-GCM-SHA256',
  'TLS1.2-DHE-RSA-AES-256-SHA256': 'DHE-RSA-AES256-SHA256',
  'TLS1.2-DHE-RSA-AES-128-SHA256': 'DHE-RSA-AES128-SHA256',
  'TLS1-DHE-RSA-AES-256-CBC-SHA': 'DHE-RSA-AES256-SHA',
  'TLS1-DHE-RSA-AES-128-CBC-SHA': 'DHE-RSA-AES128-SHA',
  'TLS1.2-AES256-GCM-SHA384': 'AES256-GCM-SHA384',
  'TLS1.2-AES128-GCM-SHA256': 'AES128-GCM-SHA256',
  'TLS1.2-AES-256-SHA256': 'AES256-SHA256',
  'TLS1.2-AES-128-SHA256': 'AES128-SHA256',
  'TLS1-AES-256-CBC-SHA': 'AES256-SHA',
  'TLS1-AES-128-CBC-SHA': 'AES128-SHA',
  'SSL3-DES-CBC3-SHA': 'DES-CBC3-SHA',
};

/** Groups that are there by themselves: `true` for the suites that are in them. */
export const builtinGroups: Readonly<Record<string, (name: string) => boolean>> = {
  ALL: () => true,
  DEFAULT: (name) => !name.includes('CHACHA20') && !name.startsWith('SSL3'),
  DEFAULT_BACKEND: (name) => !name.includes('CHACHA20') && !name.startsWith('TLS1.3'),
  SECURE: (name) => /ECDHE|DHE|^TLS1\.3/.test(name) && /GCM|CHACHA20/.test(name),
  HIGH: (name) => /256|128/.test(name),
  ECDHE: (name) => name.includes('ECDHE-RSA'),
  ECDSA: (name) => name.includes('ECDSA'),
  'TLSv1.2': (name) => name.startsWith('TLS1.2'),
  AESGCM: (name) => name.includes('GCM'),
};

/** Whether such a suite or group may be bound; what is loaded from a public configuration may name others. */
export function isCipher(config: Configuration, name: string): boolean {
  return (
    Object.hasOwn(ciphers, name) ||
    Object.hasOwn(builtinGroups, name) ||
    findLines(config, 'add', 'ssl cipher', name).length > 0
  );
}

/** The suites that a suite or group stands for, in their order. */
export function suitesOf(config: Configuration, name: string): readonly string[] {
  if (Object.hasOwn(ciphers, name)) return [name];
  const isIn = Object.hasOwn(builtinGroups, name) ? builtinGroups[name] : undefined;
  if (isIn !== undefined) return Object.keys(ciphers).filter(isIn);
  return boundCiphers(config, 'ssl cipher', name);
}

/** Groups and suites that are bound to a virtual server, a profile or a group, in their order. */
export function boundCiphers(config: Configuration, object: string, name: string): readonly string[] {
  if (object !== 'ssl cipher' && isDefaultBound(config, object, name)) return ['DEFAULT'];
  return findLines(config, 'bind', object, name)
    .filter((line) => findArgument(line, 'cipherName') !== undefined)
    .toSorted((a, b) => Number(findArgument(a, 'cipherPriority') ?? 0) - Number(findArgument(b, 'cipherPriority') ?? 0))
    .map((line) => findArgument(line, 'cipherName') ?? '');
}

/** Whether nobody has unbound DEFAULT, nor bound anything in its place. */
export function isDefaultBound(config: Configuration, object: string, name: string): boolean {
  const isUnbound = findLines(config, 'unbind', object, name).some(
    (line) => findArgument(line, 'cipherName') === 'DEFAULT',
  );
  const isReplaced = findLines(config, 'bind', object, name).some(
    (line) => findArgument(line, 'cipherName') !== undefined,
  );
  return !isUnbound && !isReplaced;
}
