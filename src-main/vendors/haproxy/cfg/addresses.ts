import { readCount } from './units.ts';

export interface ServerAddress {
  readonly address: string;
  readonly port: number | undefined;
}

/**
 * The address of a `server` line (manual 2.9, 5.2) taken apart: `10.0.0.1:80`, `[2001:db8::1]:80`, `ipv4@host:80`, a host alone.
 * What has no plain port (`host:+10`, `/run/x.sock`, `unix@x`, `abns@x`, `${HOST}:80`) keeps its text.
 */
export function readServerAddress(text: string): ServerAddress {
  const plain = text.replace(/^(?:(?:stream|dgram)\+)?(?:ipv4|ipv6|ip|tcp|tcp4|tcp6)@/, '');
  if (plain.startsWith('/') || plain.includes('@')) return { address: text, port: undefined };
  const bracketed = /^\[([^\]]*)\](?::(\d*))?$/.exec(plain);
  if (bracketed) return { address: bracketed[1] ?? '', port: readPort(bracketed[2] ?? '') };
  const cut = plain.lastIndexOf(':');
  if (cut < 0) return { address: plain, port: undefined };
  const portText = plain.slice(cut + 1);
  const port = readPort(portText);
  const isRelative = port === undefined && portText !== '';
  return isRelative ? { address: plain, port: undefined } : { address: plain.slice(0, cut), port };
}

/** The address of a `server` line for a member of the model. */
export function writeServerAddress(address: string, port: number | undefined): string {
  const isIpv6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%\w]*$/.test(address);
  const host = isIpv6 ? `[${address}]` : address;
  return port === undefined ? host : `${host}:${port}`;
}

/** The addresses of a `bind` line as the model's `listen` has them: `host:port` (`*` = all of IPv4), `[v6]:port`, `unix:/path`. */
export function readBindAddresses(text: string): readonly string[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map(readBindAddress);
}

function readBindAddress(text: string): string {
  const path = /^(?:(?:stream|dgram)\+)?(?:unix@|uxst@)?(\/.*)$/s.exec(text)?.[1];
  if (path !== undefined) return `unix:${path}`;
  const [, family = '', rest = ''] = /^(?:(?:stream|dgram|quic)\+)?(?:([a-z0-9]+)@)?(.*)$/s.exec(text) ?? [];
  if (!['', 'ip', 'ipv4', 'ipv6', 'tcp', 'tcp4', 'tcp6', 'quic4', 'quic6'].includes(family)) return text;
  const cut = rest.lastIndexOf(':');
  if (cut < 0) return rest;
  const host = rest.slice(0, cut).replace(/^\[(.*)\]$/, '$1');
  const port = rest.slice(cut + 1);
  const isIpv6 = host.includes(':') || family.endsWith('6');
  if (isIpv6) return `[${host === '' || host === '*' ? '::' : host}]:${port}`;
  return `${host === '' ? '*' : host}:${port}`;
}

function readPort(text: string): number | undefined {
  return readCount(text, 65_535);
}
