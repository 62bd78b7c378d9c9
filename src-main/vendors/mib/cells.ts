import type { SnmpCell } from '../../transports/transport.ts';

/** A cell as text: octets as UTF-8 without trailing zero bytes, everything else as its digits or dots. */
export function textOf(cell: SnmpCell | undefined): string | undefined {
  if (cell === undefined) return undefined;
  const { value, tag } = cell;
  if (!Buffer.isBuffer(value)) return String(value);
  if (tag === counter64) return String(unsigned(value));
  const text = value.toString('utf8').replace(/\0+$/, '');
  return text === '' ? undefined : text;
}

const counter64 = 70;
const ipAddress = 64;

/** A counter as decimal digits; absent where the agent sent another type (a broken agent's text, say). */
export function counterOf(cell: SnmpCell | undefined): string | undefined {
  if (cell === undefined) return undefined;
  const { value, tag } = cell;
  if (Buffer.isBuffer(value)) return tag === counter64 ? String(unsigned(value)) : digits(value.toString('latin1'));
  if (typeof value === 'string') return digits(value);
  return value < 0 ? undefined : String(value);
}

/** A gauge; some agents send them as text. */
export function numberOf(cell: SnmpCell | undefined): number | undefined {
  if (typeof cell?.value === 'number') return cell.value;
  const text = counterOf(cell) ?? textOf(cell);
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

/**
 * An address: IpAddress, InetAddress of 4 or 16 bytes, the same with a zone of 4 (F5 route domains, `%n`; 0 and 65535 are no domain
 * of its own), or readable text. Anything else is no address.
 */
export function addressOf(cell: SnmpCell | undefined): string | undefined {
  if (cell === undefined || typeof cell.value === 'number') return undefined;
  if (typeof cell.value === 'string') return cell.tag === ipAddress ? cell.value : undefined;
  const text = cell.value.toString('latin1').replace(/\0+$/, '');
  if (/^(\d{1,3}\.){3}\d{1,3}(%\d+)?$/.test(text) || /^[0-9a-f]*:[0-9a-f:.]+(%\d+)?$/i.test(text)) return text;
  if (/^[a-z0-9]([a-z0-9-]*\.)+[a-z]{2,}$/i.test(text)) return text;
  // Words of 8, 16 or 20 letters (Kemp: "slave of 172.20.3.83") are no bytes of an address.
  if (text.length > 4 && /^[\x20-\x7e]+$/.test(text)) return undefined;
  return addressOfBytes(cell.value);
}

/** InetAddress (RFC 4001) of 4, 16, 8 (4 and a zone) or 20 (16 and a zone) bytes. */
export function addressOfBytes(bytes: Uint8Array): string | undefined {
  if (![4, 8, 16, 20].includes(bytes.length)) return undefined;
  const long = bytes.length < 16 ? 4 : 16;
  const host = long === 4 ? [...bytes.subarray(0, 4)].join('.') : shortIpv6(bytes);
  const zone = bytes.subarray(long).reduce((sum, byte) => sum * 256 + byte, 0);
  return zone === 0 || zone === 65_535 ? host : `${host}%${zone}`;
}

/** RFC 5952: no leading zeros, the first longest run of zero groups as `::`. */
function shortIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0));
  let best = { from: 0, length: 1 };
  for (const from of groups.keys()) {
    const end = groups.findIndex((group, at) => at >= from && group !== 0);
    const length = (end < 0 ? groups.length : end) - from;
    if (length > best.length) best = { from, length };
  }
  const words = groups.map((group) => group.toString(16));
  if (best.length < 2) return words.join(':');
  return `${words.slice(0, best.from).join(':')}::${words.slice(best.from + best.length).join(':')}`;
}

function unsigned(bytes: Buffer): bigint {
  const last = bytes.subarray(-8);
  return last.length === 0 ? 0n : BigInt(`0x${last.toString('hex')}`);
}

function digits(text: string): string | undefined {
  return /^\d{1,20}$/.test(text.trim()) ? text.trim() : undefined;
}
