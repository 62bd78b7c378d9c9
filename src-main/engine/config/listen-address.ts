import { isIP } from 'node:net';

/** A `listen` entry taken apart. `port` 0 asks the system for a free one. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly family: 4 | 6 }
  | { readonly kind: 'unix'; readonly path: string };

const pattern = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([0-9.]+|\*|localhost)):(\d{1,5})$/;

/** Reads `127.0.0.1:80`, `*:80`, `[::1]:80`, `localhost:80`, `unix:/path`; undefined where it is none of them. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path === '' ? undefined : { kind: 'unix', path };
  }
  const match = pattern.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  const [, v6, v4 = ''] = match;
  if (v6 !== undefined) return { kind: 'tcp', host: v6, port, family: 6 };
  if (v4 === '*') return { kind: 'tcp', host: '0.0.0.0', port, family: 4 };
  if (v4 === 'localhost') return { kind: 'tcp', host: '127.0.0.1', port, family: 4 };
  const isDotted = v4.split('.').length === 4 && v4.split('.').every((part) => part !== '' && Number(part) <= 255);
  return isDotted ? { kind: 'tcp', host: v4, port, family: 4 } : undefined;
}

/** The address as `listen` writes it. */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return address.family === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

export function isLoopback(address: ListenAddress): boolean {
  return address.kind === 'unix' || address.host.startsWith('127.') || address.host === '::1';
}

/** The path of `unix:/path`; undefined where the address is another. */
export function unixPathOf(address: string): string | undefined {
  return address.startsWith('unix:') ? address.slice('unix:'.length) : undefined;
}

/** A name server: `10.0.0.1`, `::1`, `10.0.0.1:5353`, `[::1]:5353`; undefined where it is none of them. */
export function parseServerAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  if (isIP(text) !== 0) return { host: text, port: 53 };
  const address = parseListenAddress(text);
  return address?.kind === 'tcp' && address.port > 0 ? { host: address.host, port: address.port } : undefined;
}
