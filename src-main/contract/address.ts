import { z } from 'zod';
import { AppError } from './errors.ts';

/** Kinds of balancer, as commands and addresses name them. */
export const vendorIds = ['engine', 'haproxy'] as const;
export const vendorIdSchema = z.enum(vendorIds);
export type VendorId = z.infer<typeof vendorIdSchema>;

/** A device address taken apart: `VENDOR+ssh://user@host:port?config=PATH&socket=PATH&sudo=1&key=PATH`, `engine+unix:/path`. */
export interface DeviceAddress {
  readonly vendor: VendorId;
  readonly transport: 'ssh' | 'unix' | 'http';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Path of the Unix socket for `unix`. */
  readonly path: string;
  readonly options: Readonly<Record<string, string>>;
}

const sshOptions = new Set(['config', 'socket', 'sudo', 'key', 'agent']);

/**
 * Takes a device address apart. Throws INPUT_INVALID that names the part at fault. A password in the address is refused:
 * it would stand in shell histories and process lists.
 */
export function parseAddress(text: string): DeviceAddress {
  const match = /^([a-z0-9]+)\+(ssh|unix|http):(.*)$/s.exec(text);
  if (!match) throw bad(text, 'it is not of the form VENDOR+ssh://user@host:port or engine+unix:/path');
  const [, vendorText = '', transport = '', rest = ''] = match;
  const vendor = vendorIdSchema.safeParse(vendorText);
  if (!vendor.success) throw bad(text, `"${vendorText}" is not one of ${vendorIds.join(', ')}`);
  if (transport === 'unix') {
    if (!rest.startsWith('/')) throw bad(text, 'the path of a Unix socket must be absolute');
    return { vendor: vendor.data, transport, host: '', port: 0, user: '', path: rest, options: {} };
  }
  const parts = /^\/\/(?:([^@/]*)@)?(\[[^\]]+\]|[^:/?#[\]@]+)(?::(\d{1,5}))?\/?(?:\?(.*))?$/s.exec(rest);
  if (!parts) throw bad(mask(text), 'host or port cannot be read');
  const [, userText = '', hostText = '', portText, query = ''] = parts;
  if (userText.includes(':')) throw bad(mask(text), 'a password does not belong in an address');
  const port = portText === undefined ? (transport === 'ssh' ? 22 : 9900) : Number(portText);
  if (port < 1 || port > 65_535) throw bad(text, `port ${port} is not between 1 and 65535`);
  const options: Record<string, string> = {};
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const cut = pair.indexOf('=');
    const key = decode(text, cut < 0 ? pair : pair.slice(0, cut));
    if (transport === 'ssh' && !sshOptions.has(key)) {
      throw bad(text, `"${key}" is not an option; known are ${[...sshOptions].join(', ')}`);
    }
    options[key] = cut < 0 ? '1' : decode(text, pair.slice(cut + 1));
  }
  const host = hostText.replace(/^\[|\]$/g, '');
  return {
    vendor: vendor.data,
    transport: transport === 'ssh' ? 'ssh' : 'http',
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

function mask(text: string): string {
  return text.replace(/\/\/([^:@/]*):[^@/]*@/, '//$1:***@');
}

function bad(text: string, why: string): AppError {
  return new AppError('INPUT_INVALID', `The address "${text}" cannot be used: ${why}.`);
}
