import { unixPathOf } from '../config/listen-address.ts';

/** Where a member listens, as `net.connect` wants it: an address and a port, or `unix:/path`. */
export function targetOf(
  member: { readonly address: string; readonly port: number },
  sourceAddress = '',
): { host: string; port: number; localAddress?: string } | { path: string } {
  const { address, port } = member;
  const path = unixPathOf(address);
  if (path !== undefined) return { path };
  return sourceAddress === '' ? { host: address, port } : { host: address, port, localAddress: sourceAddress };
}
