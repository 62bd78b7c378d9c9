import { isIP } from 'node:net';

/** The network of an address as `10.0.0.0/24` or `2001:db8:0:0:0:0:0:0/32`, an IPv4-mapped one as IPv4; empty = no address. */
export function clientNetwork(address: string, ipv4Prefix: number, ipv6Prefix: number): string {
  const kind = isIP(address);
  if (kind === 4 && ipv4Prefix === 32) return `${address}/32`;
  if (kind === 4) return networkOf(address.split('.').map(Number), 8, ipv4Prefix, 10, '.');
  if (kind !== 6) return '';
  const groups = ipv6Groups(address);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const bytes = groups.slice(6).flatMap((group) => [group >> 8, group & 255]);
    return networkOf(bytes, 8, ipv4Prefix, 10, '.');
  }
  return networkOf(groups, 16, ipv6Prefix, 16, ':');
}

function networkOf(parts: readonly number[], width: number, prefix: number, radix: number, separator: string): string {
  const kept = parts.map((part, index) => {
    const free = width - Math.min(width, Math.max(0, prefix - index * width));
    return ((part >> free) << free).toString(radix);
  });
  return `${kept.join(separator)}/${prefix}`;
}

/** The eight groups of a valid IPv6 address (RFC 4291 2.2), its zone left out. */
export function ipv6Groups(address: string): number[] {
  const [text = ''] = address.split('%', 1);
  const plain = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a: string, b: string, c: string, d: string) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  );
  const [front = '', back] = plain.split('::');
  const [left, right] = [front, back ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const leading = left ?? [];
  const trailing = right ?? [];
  const zeros = Array.from({ length: 8 - leading.length - trailing.length }, () => '0');
  return [...leading, ...zeros, ...trailing].map((group) => Number.parseInt(group, 16));
}
