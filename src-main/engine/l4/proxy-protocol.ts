import { isIPv4, isIPv6 } from 'node:net';
import { ipv6Groups } from '../persistence/client-network.ts';
import { crc32c } from './crc32c.ts';

/**
 * The PROXY protocol, versions 1 and 2, as "The PROXY protocol, Versions 1 & 2" (HAProxy, 2020/03/05) has it: who the
 * client of a connection is, said by the proxy before.
 */

/** Addresses as text; empty where they are not IP (Unix sockets, UNKNOWN, LOCAL). */
export interface ProxyAddresses {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/**
 * `proxied` = the header tells the addresses; `own` = the connection speaks for itself (v1 UNKNOWN, v2 LOCAL, and families
 * without IP addresses). `length` = bytes of the header.
 */
export type ProxyReading =
  | { readonly kind: 'proxied'; readonly length: number; readonly addresses: ProxyAddresses }
  | { readonly kind: 'own'; readonly length: number }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'malformed'; readonly why: string };

export type AcceptedVersions = 'v1' | 'v2' | 'either';

/** A v1 line with its CR and LF (2.1 of the specification). */
const maxLineBytes = 107;
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const v1Word = Buffer.from('PROXY ', 'latin1');
const headBytes = 16;
/** Nobody sends more than a few hundred bytes; the field could say 65,535. */
const maxV2Bytes = 4096;
const checksumType = 0x03;

const incomplete: ProxyReading = { kind: 'incomplete' };

/** Reads a header from the beginning of a connection. Answers as soon as it can be seen that it is none. */
export function readProxyHeader(bytes: Buffer, accepted: AcceptedVersions): ProxyReading {
  if (accepted !== 'v1' && startsAs(bytes, signature)) return bytes.length < headBytes ? incomplete : readV2(bytes);
  if (accepted !== 'v2' && startsAs(bytes, v1Word)) return readV1(bytes);
  return malformed(`it does not begin with ${accepted === 'either' ? 'any' : `a ${accepted}`} PROXY header`);
}

/** As far as bytes are there, they are those of `word`. */
function startsAs(bytes: Buffer, word: Buffer): boolean {
  const length = Math.min(bytes.length, word.length);
  return bytes.compare(word, 0, length, 0, length) === 0;
}

function malformed(why: string): ProxyReading {
  return { kind: 'malformed', why };
}

function readV1(bytes: Buffer): ProxyReading {
  const head = bytes.subarray(0, maxLineBytes);
  const end = head.indexOf('\r\n', 0, 'latin1');
  if (end < 0) {
    if (bytes.length >= maxLineBytes) return malformed(`no line of at most ${maxLineBytes} bytes`);
    const stray = head.indexOf(10);
    return stray >= 0 ? malformed('a line that LF alone ends') : incomplete;
  }
  const length = end + 2;
  const text = head.toString('latin1', 0, end);
  if (text.includes('\n') || text.includes('\r')) return malformed('a line break in the line');
  // What stands behind UNKNOWN is to be ignored.
  if (text === 'PROXY UNKNOWN' || text.startsWith('PROXY UNKNOWN ')) return { kind: 'own', length };
  const [, family, clientAddress = '', localAddress = '', clientPort = '', localPort = '', ...rest] = text.split(' ');
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (isAddress === undefined) return malformed('a family that is none of TCP4, TCP6, UNKNOWN');
  if (rest.length > 0 || localPort === '') return malformed('not six words');
  if (!isAddress(clientAddress) || !isAddress(localAddress) || text.includes('%')) {
    return malformed(`an address that is none of ${family ?? ''}`);
  }
  if (!isPort(clientPort) || !isPort(localPort)) return malformed('a port that is none');
  return {
    kind: 'proxied',
    length,
    addresses: { clientAddress, localAddress, clientPort: Number(clientPort), localPort: Number(localPort) },
  };
}

/** Decimal without leading zeros. */
function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** Bytes of the addresses by family (the high half of byte 13). */
const addressBytes = [0, 12, 36, 216] as const;

function readV2(bytes: Buffer): ProxyReading {
  const versionCommand = bytes[12] ?? 0;
  const familyProtocol = bytes[13] ?? 0;
  const length = headBytes + bytes.readUInt16BE(14);
  const command = versionCommand & 15;
  if (versionCommand >> 4 !== 2) return malformed('a version that is not 2');
  if (command > 1) return malformed('a command that is neither LOCAL nor PROXY');
  if (length > maxV2Bytes) return malformed(`a header of ${length} bytes`);
  const family = familyProtocol >> 4;
  const needed = addressBytes[family];
  // LOCAL: "the receiver must ... ignore the address family and the block".
  if (command === 1 && (needed === undefined || (familyProtocol & 15) > 2)) return malformed('an unknown family');
  if (command === 1 && length < headBytes + (needed ?? 0)) return malformed('a length that cuts the addresses');
  if (bytes.length < length) return incomplete;
  const header = bytes.subarray(0, length);
  // Without a family too what follows is to be ignored (2.2).
  const problem = checkExtensions(header, headBytes + (needed ?? 0), command === 0 || family === 0);
  if (problem !== undefined) return malformed(problem);
  if (command === 0 || family === 0 || family === 3) return { kind: 'own', length };
  return { kind: 'proxied', length, addresses: family === 1 ? ipv4Of(header) : ipv6Of(header) };
}

/** Walks the TLVs behind the addresses; where the header tells no client (`isLocal`) they count only where they can be read. */
function checkExtensions(header: Buffer, start: number, isLocal: boolean): string | undefined {
  let at = start;
  while (at < header.length) {
    if (at + 3 > header.length) return isLocal ? undefined : 'an extension that is cut';
    const type = header[at] ?? 0;
    const valueAt = at + 3;
    const length = header.readUInt16BE(at + 1);
    if (valueAt + length > header.length) return isLocal ? undefined : 'an extension that leads beyond the header';
    if (type === checksumType) {
      if (length !== 4) return 'a checksum that is not four bytes';
      if (!isChecksumRight(header, valueAt)) return 'a checksum that does not fit';
    }
    at = valueAt + length;
  }
  return undefined;
}

/** The sum is made over the whole header with the sum's own bytes zero (2.2.3). */
function isChecksumRight(header: Buffer, at: number): boolean {
  const copy = Buffer.from(header);
  copy.fill(0, at, at + 4);
  return crc32c(copy) === header.readUInt32BE(at);
}

function ipv4Of(header: Buffer): ProxyAddresses {
  return {
    clientAddress: header.subarray(16, 20).join('.'),
    localAddress: header.subarray(20, 24).join('.'),
    clientPort: header.readUInt16BE(24),
    localPort: header.readUInt16BE(26),
  };
}

function ipv6Of(header: Buffer): ProxyAddresses {
  return {
    clientAddress: ipv6Text(header, 16),
    localAddress: ipv6Text(header, 32),
    clientPort: header.readUInt16BE(48),
    localPort: header.readUInt16BE(50),
  };
}

/** As RFC 5952 writes it. An IPv4-mapped address is IPv4, as a socket's own is told. */
function ipv6Text(header: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => header.readUInt16BE(at + 2 * index));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return header.subarray(at + 12, at + 16).join('.');
  }
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const text = groups.map((group) => group.toString(16));
  if (best.length < 2) return text.join(':');
  return `${text.slice(0, best.start).join(':')}::${text.slice(best.start + best.length).join(':')}`;
}

/** The header that tells a member about its client; of a client without IP address it is UNKNOWN, or v2 PROXY of no family. */
export function renderProxyHeader(version: 'v1' | 'v2', addresses: ProxyAddresses): Buffer {
  const client = familyOf(addresses.clientAddress);
  const local = familyOf(addresses.localAddress);
  const isKnown = client !== 0 && local !== 0;
  // Both addresses are of one family: an IPv4 one beside an IPv6 one is mapped.
  const isV4 = client === 4 && local === 4;
  if (version === 'v1') {
    if (!isKnown) return Buffer.from('PROXY UNKNOWN\r\n', 'latin1');
    const [from, to] = [addresses.clientAddress, addresses.localAddress].map((each) => (isV4 ? each : mapped(each)));
    const ports = `${addresses.clientPort} ${addresses.localPort}`;
    return Buffer.from(`PROXY ${isV4 ? 'TCP4' : 'TCP6'} ${from ?? ''} ${to ?? ''} ${ports}\r\n`, 'latin1');
  }
  const size = isKnown ? (isV4 ? 12 : 36) : 0;
  const out = Buffer.alloc(headBytes + size);
  signature.copy(out);
  out[12] = 0x21;
  out[13] = isKnown ? (isV4 ? 0x11 : 0x21) : 0;
  out.writeUInt16BE(size, 14);
  if (!isKnown) return out;
  const width = isV4 ? 4 : 16;
  writeAddress(out, headBytes, addresses.clientAddress, isV4);
  writeAddress(out, headBytes + width, addresses.localAddress, isV4);
  out.writeUInt16BE(addresses.clientPort, headBytes + 2 * width);
  out.writeUInt16BE(addresses.localPort, headBytes + 2 * width + 2);
  return out;
}

function familyOf(address: string): 0 | 4 | 6 {
  return isIPv4(address) ? 4 : isIPv6(address) ? 6 : 0;
}

function mapped(address: string): string {
  return isIPv4(address) ? `::ffff:${address}` : address;
}

function writeAddress(out: Buffer, at: number, address: string, isV4: boolean): void {
  if (isV4) out.set(address.split('.').map(Number), at);
  else for (const [index, group] of ipv6Groups(mapped(address)).entries()) out.writeUInt16BE(group, at + 2 * index);
}
