/** The part of BER that SNMP uses (X.690; RFC 3417, section 8): one-byte tags, definite lengths. */
export interface Piece {
  readonly tag: number;
  /** A view into the datagram, not a copy. */
  readonly body: Buffer;
}

/** A datagram that is not BER, or not what its place asks for. Its words quote nothing of the datagram. */
export class Unreadable extends Error {}

export const tags = { integer: 2, octets: 4, null: 5, oid: 6, sequence: 0x30, ipAddress: 64 } as const;

/** The pieces that lie one behind the other. Throws Unreadable where one ends behind the end, or where there are too many. */
export function piecesOf(bytes: Buffer, most = 2000): readonly Piece[] {
  const found: Piece[] = [];
  let at = 0;
  while (at < bytes.length) {
    const piece = pieceAt(bytes, at);
    found.push(piece);
    if (found.length > most) throw new Unreadable('more values than a notification can hold');
    at = piece.body.byteOffset - bytes.byteOffset + piece.body.length;
  }
  return found;
}

/** The one piece that a place holds, with whatever stands behind it left alone. */
export function pieceAt(bytes: Buffer, at = 0): Piece {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new Unreadable('it ends too early');
  let length = first;
  let from = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || from + count > bytes.length) throw new Unreadable('a length is not definite');
    length = bytes.readUIntBE(from, count);
    from += count;
  }
  if (from + length > bytes.length) throw new Unreadable('a value is longer than the datagram');
  return { tag, body: bytes.subarray(from, from + length) };
}

/** The body of a piece that must be of one kind. */
export function bodyOf(piece: Piece | undefined, tag: number): Buffer {
  if (piece?.tag !== tag) throw new Unreadable('a value is missing or of another kind');
  return piece.body;
}

/** INTEGER, of at most 48 bits: nothing of SNMP's messages has more. */
export function integerOf(piece: Piece | undefined): number {
  const body = bodyOf(piece, tags.integer);
  if (body.length === 0 || body.length > 6) throw new Unreadable('a number is too long');
  return body.readIntBE(0, body.length);
}

/** Counter32, Gauge32, TimeTicks: the same bytes without a sign. */
export function unsignedOf(body: Buffer): number {
  const bytes = body.length > 4 && body[0] === 0 ? body.subarray(1) : body;
  if (bytes.length === 0 || bytes.length > 6) throw new Unreadable('a number is too long');
  return bytes.readUIntBE(0, bytes.length);
}

/** An OBJECT IDENTIFIER as dotted text; each part has 32 bits at most (RFC 2578, 3.5). */
export function oidOf(body: Buffer): string {
  if (body.length === 0 || body.length > 640) throw new Unreadable('an OID is too long');
  const parts: number[] = [];
  let part = 0;
  for (const byte of body) {
    part = part * 128 + (byte & 127);
    if (part > 0xffffffff) throw new Unreadable('a part of an OID is too large');
    if (byte < 128) {
      parts.push(part);
      part = 0;
    }
  }
  const [first = 0, ...rest] = parts;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...rest].join('.');
}

export function write(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), ...parts]);
}

/** A number of 32 bits that is not negative: one zero byte before it where its first bit is set. */
export function writeNumber(value: number, tag: number = tags.integer): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value >>> 0, 1);
  let from = 0;
  while (from < 4 && bytes[from] === 0 && (bytes[from + 1] ?? 0) < 128) from += 1;
  return write(tag, bytes.subarray(from));
}

export function writeOid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes: number[] = [];
  for (const part of [first * 40 + second, ...rest]) {
    const septets = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128))
      septets.unshift((left % 128) | 128);
    bytes.push(...septets);
  }
  return write(tags.oid, Buffer.from(bytes));
}
