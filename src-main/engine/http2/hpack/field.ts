import { isFieldByte, isToken } from '../../http1/bytes.ts';

/** What a field means to a message; known once for an entry of a table, however often it is used. */
export const Kind = {
  regular: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  protocol: 5,
  host: 6,
  cookie: 7,
  contentLength: 8,
  te: 9,
  /** RFC 9113 8.2.2: of one HTTP/1.1 connection. */
  ofConnection: 10,
  /** A name or value that no field has (RFC 9113 8.2.1), or an unknown pseudo-header. */
  malformed: 11,
  /** Of responses. */
  status: 12,
} as const;

const special: ReadonlyMap<string, number> = new Map([
  [':method', Kind.method],
  [':scheme', Kind.scheme],
  [':authority', Kind.authority],
  [':path', Kind.path],
  [':protocol', Kind.protocol],
  [':status', Kind.status],
  ['host', Kind.host],
  ['cookie', Kind.cookie],
  ['content-length', Kind.contentLength],
  ['te', Kind.te],
  ['connection', Kind.ofConnection],
  ['keep-alive', Kind.ofConnection],
  ['proxy-connection', Kind.ofConnection],
  ['transfer-encoding', Kind.ofConnection],
  ['upgrade', Kind.ofConnection],
]);

const colon = 58;

/** A field as HTTP/1.1 writes it: `line` is `name: value\r\n`. */
export interface HeaderField {
  readonly kind: number;
  readonly line: Buffer;
  readonly nameLength: number;
}

/** The kind of a field by its name in `line[0, nameLength)`. */
export function kindOfName(line: Buffer, nameLength: number): number {
  if (nameLength === 0) return Kind.malformed;
  const start = line[0] === colon ? 1 : 0;
  for (let at = start; at < nameLength; at++) {
    const byte = line[at] ?? 0;
    if (isToken[byte] !== 1 || (byte >= 65 && byte <= 90)) return Kind.malformed;
  }
  // The longest that means something is `transfer-encoding`.
  if (nameLength > 17) return start === 0 ? Kind.regular : Kind.malformed;
  return special.get(line.toString('latin1', 0, nameLength)) ?? (start === 0 ? Kind.regular : Kind.malformed);
}

/** RFC 9113 8.2.1: no control bytes, no white space at either end. */
export function isFieldValue(line: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (isFieldByte[line[at] ?? 0] !== 1) return false;
  return end === start || (!isSpace(line[start]) && !isSpace(line[end - 1]));
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}

export function newField(name: string, value: string): HeaderField {
  const line = Buffer.from(`${name}: ${value}\r\n`, 'latin1');
  return { kind: kindOfName(line, name.length), line, nameLength: name.length };
}
