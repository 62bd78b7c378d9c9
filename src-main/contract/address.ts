import { z } from 'zod';
import { AppError } from './errors.ts';

/** Kinds of balancer, as commands and addresses name them. */
export const vendorIds = [
  'engine',
  'haproxy',
  'host',
  'f5',
  'netscaler',
  'a10',
  'kemp',
  'aloha',
  'ace',
  'alteon',
  'array',
  'barracuda',
  'css',
  'fortiadc',
  'keepalived',
  'peplink',
  'relayd',
  'serveriron',
] as const;
export const vendorIdSchema = z.enum(vendorIds);
export type VendorId = z.infer<typeof vendorIdSchema>;

/**
 * A device address taken apart: `VENDOR+ssh://user@host:port?config=PATH&socket=PATH&sudo=1&key=PATH` (`sudo=password` where
 * it asks for one; `legacy=1` allows algorithms of old devices), `engine+unix:/path`,
 * `VENDOR+snmp://community@host:port?version=1` (2c unless told), `VENDOR+snmpv3://user@host:port?auth=SHA-256&priv=AES&context=NAME`.
 * Of SNMP `user` is the community or the user, and `options.version` always 1, 2c or 3.
 */
export interface DeviceAddress {
  readonly vendor: VendorId;
  readonly transport: 'ssh' | 'unix' | 'http' | 'snmp';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Path of the Unix socket for `unix`. */
  readonly path: string;
  readonly options: Readonly<Record<string, string>>;
}

const knownOptions: Readonly<Record<string, ReadonlySet<string>>> = {
  ssh: new Set(['config', 'socket', 'sudo', 'key', 'agent', 'hold', 'legacy', 'log']),
  snmp: new Set(['version']),
  snmpv3: new Set(['auth', 'priv', 'context']),
};
const usualPorts: Readonly<Record<string, number>> = { ssh: 22, snmp: 161, snmpv3: 161 };

/**
 * Takes a device address apart. Throws INPUT_INVALID that names the part at fault. A password in the address is refused:
 * it would stand in shell histories and process lists.
 */
export function parseAddress(text: string): DeviceAddress {
  const match = /^([a-z0-9]+)\+(ssh|unix|http|snmpv3|snmp):(.*)$/s.exec(text);
  if (!match)
    throw bad(
      text,
      'it is not of the form VENDOR+ssh://user@host:port, VENDOR+snmp://community@host:port or engine+unix:/path',
    );
  const [, vendorText = '', scheme = '', rest = ''] = match;
  const vendor = vendorIdSchema.safeParse(vendorText);
  if (!vendor.success) throw bad(text, `"${vendorText}" is not one of ${vendorIds.join(', ')}`);
  if (scheme === 'unix') {
    if (!rest.startsWith('/')) throw bad(text, 'the path of a Unix socket must be absolute');
    return { vendor: vendor.data, transport: 'unix', host: '', port: 0, user: '', path: rest, options: {} };
  }
  const parts = /^\/\/(?:([^@/]*)@)?(\[[^\]]+\]|[^:/?#[\]@]+)(?::(\d{1,5}))?\/?(?:\?(.*))?$/s.exec(rest);
  if (!parts) throw bad(text, 'host or port cannot be read');
  const [, userText = '', hostText = '', portText, query = ''] = parts;
  if (userText.includes(':')) throw bad(text, 'a password does not belong in an address');
  const port = portText === undefined ? (usualPorts[scheme] ?? 9900) : Number(portText);
  if (port < 1 || port > 65_535) throw bad(text, `port ${port} is not between 1 and 65535`);
  const options: Record<string, string> = {};
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const cut = pair.indexOf('=');
    const key = decode(text, cut < 0 ? pair : pair.slice(0, cut));
    const known = knownOptions[scheme];
    if (known !== undefined && !known.has(key)) {
      throw bad(text, `"${key}" is not an option; known are ${[...known].join(', ')}`);
    }
    options[key] = cut < 0 ? '1' : decode(text, pair.slice(cut + 1));
  }
  if (scheme === 'snmp' || scheme === 'snmpv3') {
    options['version'] = scheme === 'snmpv3' ? '3' : (options['version'] ?? '2c').replace(/^2$/, '2c');
    if (!['1', '2c', '3'].includes(options['version']))
      throw bad(text, 'an SNMP version is 1 or 2c, or the scheme snmpv3');
    if (scheme === 'snmpv3' && userText === '') throw bad(text, 'SNMPv3 needs a user: snmpv3://user@host');
  }
  const host = hostText.replace(/^\[|\]$/g, '');
  return {
    vendor: vendor.data,
    transport: scheme === 'ssh' || scheme === 'http' ? scheme : 'snmp',
    host,
    port,
    user: decode(text, userText),
    path: '',
    options,
  };
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw bad(text, `"${part}" is not percent-encoded text`);
  }
}

/** An address as it may be shown: the community of SNMP v1 and v2c, and a password that does not belong there, are `***`. */
export function maskAddress(text: string): string {
  return text.replace(/\+snmp:\/\/[^@/]*@/, '+snmp://***@').replace(/\/\/([^:@/]*):[^@/]*@/, '//$1:***@');
}

function bad(text: string, why: string): AppError {
  return new AppError('INPUT_INVALID', `The address "${maskAddress(text)}" cannot be used: ${why}.`);
}
