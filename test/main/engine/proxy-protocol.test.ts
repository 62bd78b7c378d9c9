import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src-main/engine/l4/crc32c.ts';
import {
  readProxyHeader,
  renderProxyHeader,
  type AcceptedVersions,
  type ProxyAddresses,
} from '../../../src-main/engine/l4/proxy-protocol.ts';

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A v2 header: version and command, family and protocol, then what stands behind the length. */
function v2(command: number, family: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([signature, Buffer.from([command, family]), length, body]);
}

function tlv(type: number, value: Buffer): Buffer {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16BE(value.length, 1);
  return Buffer.concat([head, value]);
}

/** With a CRC32c TLV that fits; `change` is put on the sum. */
function withChecksum(header: Buffer, change = 0): Buffer {
  const whole = v2(header[12] ?? 0, header[13] ?? 0, header.subarray(16), tlv(3, Buffer.alloc(4)));
  whole.writeUInt32BE((crc32c(whole) + change) >>> 0, whole.length - 4);
  return whole;
}

const ipv4 = '0a010203 0a000001 d431 0050'.replaceAll(' ', '');
const ipv4Addresses = { clientAddress: '10.1.2.3', localAddress: '10.0.0.1', clientPort: 54_321, localPort: 80 };
const ipv6 = '20010db8000000000000000000000001 20010db8000000000000000000000002 d431 01bb'.replaceAll(' ', '');
const ffff = Array.from({ length: 8 }, () => 'ffff').join(':');

function read(bytes: Buffer | string, accepted: AcceptedVersions = 'either') {
  return readProxyHeader(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, accepted);
}

describe('CRC-32C', () => {
  it('is that of RFC 3720 B.4', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  });
});

describe('a PROXY header', () => {
  it.each<[string, Buffer | string, ProxyAddresses]>([
    [
      'v1 TCP4, the longest of the specification',
      'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n',
      { clientAddress: '255.255.255.255', localAddress: '255.255.255.255', clientPort: 65_535, localPort: 65_535 },
    ],
    [
      'v1 TCP6, the longest of the specification',
      `PROXY TCP6 ${ffff} ${ffff} 65535 65535\r\n`,
      { clientAddress: ffff, localAddress: ffff, clientPort: 65_535, localPort: 65_535 },
    ],
    ['v2 TCP over IPv4', v2(0x21, 0x11, ipv4), ipv4Addresses],
    ['v2 with extensions', v2(0x21, 0x11, ipv4, tlv(4, Buffer.alloc(9)), tlv(0xea, Buffer.from('x'))), ipv4Addresses],
    ['v2 with a checksum that fits', withChecksum(v2(0x21, 0x11, ipv4)), ipv4Addresses],
    [
      'v2 TCP over IPv6',
      v2(0x21, 0x21, ipv6),
      { clientAddress: '2001:db8::1', localAddress: '2001:db8::2', clientPort: 54_321, localPort: 443 },
    ],
  ])('tells the client: %s', (_, header, addresses) => {
    const bytes = typeof header === 'string' ? Buffer.from(header, 'latin1') : header;
    const reading = read(Buffer.concat([bytes, Buffer.from('GET / HTTP/1.1\r\n')]));
    expect(reading).toEqual({ kind: 'proxied', length: bytes.length, addresses });
    for (let cut = 0; cut < bytes.length; cut++) expect(read(bytes.subarray(0, cut)).kind).toBe('incomplete');
  });

  it.each<[string, Buffer | string]>([
    ['v1 UNKNOWN alone', 'PROXY UNKNOWN\r\n'],
    [
      'v1 UNKNOWN with anything behind, the longest of the specification',
      `PROXY UNKNOWN ${ffff} ${ffff} 65535 65535\r\n`,
    ],
    ['v2 LOCAL', v2(0x20, 0)],
    ['v2 LOCAL with addresses that do not count', v2(0x20, 0x11, ipv4)],
    ['v2 LOCAL with a checksum', withChecksum(v2(0x20, 0))],
    ['v2 without a family', v2(0x21, 0)],
    ['v2 without a family, with bytes that do not count', v2(0x21, 0, ipv4)],
    ['v2 of a Unix socket', v2(0x21, 0x31, Buffer.alloc(216))],
  ])('leaves the connection to speak for itself: %s', (_, header) => {
    expect(read(header)).toEqual({ kind: 'own', length: header.length });
  });

  it.each<[string, Buffer | string, AcceptedVersions?]>([
    ['none at all', 'GET / HTTP/1.1\r\n'],
    ['v2 where v1 is wanted', v2(0x21, 0x11, ipv4), 'v1'],
    ['v1 where v2 is wanted', 'PROXY UNKNOWN\r\n', 'v2'],
    ['lower case', 'proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n'],
    ['a line that never ends', `PROXY UNKNOWN ${'x'.repeat(100)}`],
    ['a line that LF alone ends', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\nGET'],
    ['an unknown family', 'PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n'],
    ['an IPv6 address as TCP4', 'PROXY TCP4 ::1 2.2.2.2 1 2\r\n'],
    ['an address that is none', 'PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n'],
    ['a leading zero in an address', 'PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n'],
    ['two blanks', 'PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n'],
    ['a port over 65535', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n'],
    ['a leading zero in a port', 'PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n'],
    ['a missing port', 'PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n'],
    ['a seventh word', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n'],
    ['version 3', v2(0x31, 0x11, ipv4)],
    ['an unknown command', v2(0x22, 0x11, ipv4)],
    ['an unknown family in v2', v2(0x21, 0x41, ipv4)],
    ['a length that cuts the addresses', v2(0x21, 0x21, ipv4)],
    ['a length out of reason', Buffer.concat([signature, Buffer.from('2111ffff', 'hex')])],
    ['an extension that is cut', v2(0x21, 0x11, ipv4, '0400')],
    ['an extension that leads beyond the header', v2(0x21, 0x11, ipv4, '04000501')],
    ['a checksum that does not fit', withChecksum(v2(0x21, 0x11, ipv4), 1)],
    ['a checksum of two bytes', v2(0x21, 0x11, ipv4, tlv(3, Buffer.alloc(2)))],
  ])('is refused: %s', (_, header, accepted) => {
    expect(read(header, accepted).kind).toBe('malformed');
  });

  it.each(['v1', 'v2'] as const)('that is written as %s reads back', (version) => {
    const longer = { clientAddress: '2001:db8::a:0:1', localAddress: '::1', clientPort: 1, localPort: 65_535 };
    for (const addresses of [ipv4Addresses, longer]) {
      const bytes = renderProxyHeader(version, addresses);
      expect(read(bytes)).toEqual({ kind: 'proxied', length: bytes.length, addresses });
    }
    const nobody = { clientAddress: '', localAddress: '', clientPort: 0, localPort: 0 };
    expect(read(renderProxyHeader(version, nobody)).kind).toBe('own');
  });

  it('maps an IPv4 address that stands beside an IPv6 one', () => {
    const addresses = { ...ipv4Addresses, localAddress: '2001:db8::2' };
    expect(renderProxyHeader('v1', addresses).toString()).toBe('PROXY TCP6 ::ffff:10.1.2.3 2001:db8::2 54321 80\r\n');
    expect(read(renderProxyHeader('v2', addresses))).toMatchObject({ addresses });
  });
});
