/** DNS messages as discovery needs them (RFC 1035, RFC 2782): a question, and its answers with how long they hold. */

export const recordTypes = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 } as const;
export type RecordType = 'A' | 'AAAA' | 'SRV';

/** `target` is an address, of SRV a name without the final dot. */
export interface DnsRecord {
  readonly ttlS: number;
  readonly target: string;
  /** Of SRV; else 0. */
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
}

export interface DnsAnswer {
  /** RCODE: 0 = no error, 2 = server failure, 3 = no such name. */
  readonly code: number;
  readonly isTruncated: boolean;
  /** Records of the type that was asked for, at the end of whatever aliases; the least TTL on the way counts. */
  readonly records: readonly DnsRecord[];
}

const headerBytes = 12;
/** Answers of up to so many bytes fit a datagram (RFC 6891; the size that DNS Flag Day 2020 agreed on). */
const datagramBytes = 1232;

/** A query that wants recursion, with EDNS. The name must be one: labels of 1 to 63 bytes. */
export function writeQuery(id: number, name: string, type: RecordType): Buffer {
  const head = Buffer.alloc(headerBytes);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(0x0100, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(1, 10);
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  const options = Buffer.from([0, 0, 41, datagramBytes >> 8, datagramBytes & 255, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, recordTypes[type], 0, 1]), options]);
}

/** The answer to a query; undefined where the bytes are not that: another id or question, no response, broken. */
export function readAnswer(bytes: Buffer, query: Buffer, type: RecordType): DnsAnswer | undefined {
  try {
    return readMessage(bytes, query, type);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // it leads beyond its end
    throw error;
  }
}

function readMessage(bytes: Buffer, query: Buffer, type: RecordType): DnsAnswer | undefined {
  const flags = bytes.readUInt16BE(2);
  // A response to a standard query, with our id and our question.
  if (bytes.readUInt16BE(0) !== query.readUInt16BE(0) || (flags & 0xf800) !== 0x8000) return undefined;
  if (bytes.readUInt16BE(4) !== 1) return undefined;
  const asked = readName(query, headerBytes);
  const question = readName(bytes, headerBytes);
  if (question.name !== asked.name || bytes.readUInt16BE(question.end) !== recordTypes[type]) return undefined;
  const isTruncated = (flags & 0x0200) !== 0;
  if (isTruncated) return { code: flags & 15, isTruncated, records: [] };
  return { code: flags & 15, isTruncated, records: readRecords(bytes, question.end + 4, asked.name, type) };
}

function readRecords(bytes: Buffer, start: number, name: string, type: RecordType): DnsRecord[] {
  const records: DnsRecord[] = [];
  let at = start;
  // Aliases come before what they lead to.
  let owner = name;
  let aliasTtlS = 2_147_483_647;
  for (let left = bytes.readUInt16BE(6); left > 0; left--) {
    const of = readName(bytes, at);
    const kind = bytes.readUInt16BE(of.end);
    // RFC 2181 8: a TTL with the highest bit set is 0.
    const ttl = bytes.readInt32BE(of.end + 4);
    const ttlS = Math.min(aliasTtlS, ttl < 0 ? 0 : ttl);
    const length = bytes.readUInt16BE(of.end + 8);
    const data = of.end + 10;
    at = data + length;
    if (at > bytes.length) throw new RangeError('a record that leads beyond the message');
    if (of.name !== owner || bytes.readUInt16BE(of.end + 2) !== 1) continue;
    if (kind === recordTypes.CNAME) {
      owner = readName(bytes, data).name;
      aliasTtlS = ttlS;
    } else if (kind === recordTypes[type]) records.push(readRecord(bytes, data, length, ttlS, type));
  }
  return records;
}

function readRecord(bytes: Buffer, at: number, length: number, ttlS: number, type: RecordType): DnsRecord {
  if (type === 'SRV') {
    return {
      ttlS,
      priority: bytes.readUInt16BE(at),
      weight: bytes.readUInt16BE(at + 2),
      port: bytes.readUInt16BE(at + 4),
      target: readName(bytes, at + 6).name,
    };
  }
  if (length !== (type === 'A' ? 4 : 16)) throw new RangeError('an address of another length');
  const data = bytes.subarray(at, at + length);
  return { ttlS, priority: 0, weight: 0, port: 0, target: type === 'A' ? data.join('.') : ipv6Text(data) };
}

/** As RFC 5952 writes it. */
function ipv6Text(data: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => data.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** A name in lower case, compressed or not. Pointers lead backwards only, so that they end. Throws RangeError. */
function readName(bytes: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  let before = start;
  let end: number | undefined;
  for (;;) {
    const length = bytes.readUInt8(at);
    if (length === 0) return { name: labels.join('.').toLowerCase(), end: end ?? at + 1 };
    if (length < 64) {
      if (at + 1 + length > bytes.length || labels.length > 127) throw new RangeError('a name that does not end');
      labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
      continue;
    }
    const pointer = bytes.readUInt16BE(at) & 0x3fff;
    if (length < 192 || pointer >= before) throw new RangeError('a pointer that does not lead backwards');
    end ??= at + 2;
    before = at = pointer;
  }
}
