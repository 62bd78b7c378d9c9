/** DNS messages as a monitor needs them (RFC 1035): one question, and the answers as text. */

const typeCodes = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33 } as const;

export type DnsType = keyof typeof typeCodes;

export interface Question {
  /** Without the final dot; empty = the root. */
  readonly name: string;
  readonly type: DnsType;
}

export interface DnsAnswer {
  /** RCODE: 0 = no error, 2 = server failure, 3 = no such name, 5 = refused. */
  readonly code: number;
  readonly isTruncated: boolean;
  /** Data of the answers: addresses, names, texts; of other types their length. */
  readonly records: readonly string[];
}

/** `example.com`, `example.com AAAA`, `. NS`; undefined where it is none of these. */
export function readQuestion(text: string): Question | undefined {
  const [given = '', type = 'A', ...more] = text.trim().split(/\s+/);
  const name = given.replace(/\.$/, '');
  const code = type.toUpperCase();
  const isName = given === '.' || (name.length > 0 && name.length < 254 && name.split('.').every(isLabel));
  return isName && more.length === 0 && isType(code) ? { name, type: code } : undefined;
}

function isLabel(label: string): boolean {
  return /^[\x21-\x7e]{1,63}$/.test(label);
}

function isType(text: string): text is DnsType {
  return Object.hasOwn(typeCodes, text);
}

/** A query that wants recursion. */
export function writeQuery(id: number, question: Question): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(0x0100, 2);
  head.writeUInt16BE(1, 4);
  const labels = question.name === '' ? [] : question.name.split('.');
  const name = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  return Buffer.concat([head, ...name, Buffer.from([0, 0, typeCodes[question.type], 0, 1])]);
}

/** The answer to a query; undefined where the bytes are not that: another id or question, no response, broken. */
export function readAnswer(bytes: Buffer, query: Buffer): DnsAnswer | undefined {
  if (bytes.length < 12 || bytes.readUInt16BE(0) !== query.readUInt16BE(0)) return undefined;
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0xf800) !== 0x8000) return undefined; // a response, to a standard query
  const code = flags & 0xf;
  const questions = bytes.readUInt16BE(4);
  // A server that could not read the question need not repeat it.
  if (questions > 1 || (questions === 0 && code === 0)) return undefined;
  if (questions === 1 && !isSameQuestion(bytes, query)) return undefined;
  const isTruncated = (flags & 0x0200) !== 0;
  let at = questions === 1 ? query.length : 12;
  const records: string[] = [];
  for (let count = bytes.readUInt16BE(6); count > 0; count--) {
    const owner = nameAt(bytes, at);
    if (owner === undefined || owner.end + 10 > bytes.length)
      return isTruncated ? { code, isTruncated, records } : undefined;
    const from = owner.end + 10;
    const length = bytes.readUInt16BE(owner.end + 8);
    if (from + length > bytes.length) return isTruncated ? { code, isTruncated, records } : undefined;
    records.push(dataAt(bytes, bytes.readUInt16BE(owner.end), from, length));
    at = from + length;
  }
  return { code, isTruncated, records };
}

/** Letters may come back in another case. */
function isSameQuestion(bytes: Buffer, query: Buffer): boolean {
  const [there, here] = [bytes, query].map((each) => each.toString('latin1', 12, query.length).toLowerCase());
  return there === here;
}

function dataAt(bytes: Buffer, type: number, from: number, length: number): string {
  const data = bytes.subarray(from, from + length);
  switch (type) {
    case typeCodes.A:
      return length === 4 ? data.join('.') : '';
    case typeCodes.AAAA:
      return length === 16 ? compressed(data) : '';
    case typeCodes.NS:
    case typeCodes.CNAME:
    case typeCodes.PTR:
      return nameAt(bytes, from)?.name ?? '';
    case typeCodes.MX:
      return nameAt(bytes, from + 2)?.name ?? '';
    case typeCodes.SRV:
      return nameAt(bytes, from + 6)?.name ?? '';
    case typeCodes.TXT:
      return textsIn(data);
    default:
      return `${length} bytes`;
  }
}

function textsIn(data: Buffer): string {
  let text = '';
  for (let at = 0; at < data.length; at += 1 + (data[at] ?? 0))
    text += data.toString('latin1', at + 1, at + 1 + (data[at] ?? 0));
  return text;
}

/** An IPv6 address as RFC 5952 writes it. */
function compressed(data: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => data.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** A name, compressed or not. Pointers lead backwards only, so that they end. */
function nameAt(bytes: Buffer, start: number): { readonly name: string; readonly end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let before = start;
  let end: number | undefined;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || labels.length > 127) return undefined;
    if (length === 0) return { name: labels.join('.'), end: end ?? at + 1 };
    if (length < 64) {
      if (at + 1 + length > bytes.length) return undefined;
      labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
      continue;
    }
    const low = bytes[at + 1];
    if (length < 192 || low === undefined) return undefined;
    const pointer = (length - 192) * 256 + low;
    end ??= at + 2;
    if (pointer >= before) return undefined;
    before = at = pointer;
  }
}
