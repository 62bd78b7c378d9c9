import { isFieldValue, Kind, kindOfName, type HeaderField } from './field.ts';
import { decodeHuffman } from './huffman.ts';
import { staticFields } from './static-table.ts';

/** Takes one field after another; `line` (see `HeaderField`) is valid during the call only. */
export interface FieldSink {
  readonly take: (kind: number, line: Buffer, nameLength: number, length: number) => void;
}

const staticCount = staticFields.length - 1;
/** RFC 7541 4.1: what an entry counts beside its bytes. */
const entryOverhead = 32;
/** `: ` and CR LF, which the line has and the field has not. */
const lineOverhead = 4;
/** No table allows a larger number; it also keeps arithmetic exact. */
const maxInteger = 0x0fffffff;

const colon = 58;
const space = 32;

/** Where literals are put together. All decoders share it: a block is decoded in one go. */
let scratch: Buffer = Buffer.allocUnsafeSlow(65_536);

/** HPACK decoding (RFC 7541) of one direction of one connection, with its dynamic table. */
export class HeaderDecoder {
  readonly #maxBytes: number;
  /** A ring: the newest at `#newest`, older ones behind it. */
  #ring: (HeaderField | undefined)[] = new Array<HeaderField | undefined>(16).fill(undefined);
  #newest = 0;
  #count = 0;
  #bytes = 0;
  #limit: number;
  #at = 0;
  #isBroken = false;

  /** `maxBytes` is what our SETTINGS_HEADER_TABLE_SIZE allows. */
  constructor(maxBytes: number) {
    this.#maxBytes = this.#limit = maxBytes;
  }

  /** Decodes a whole block. False = it cannot be understood: the connection is over (COMPRESSION_ERROR). */
  decode(bytes: Buffer, start: number, end: number, sink: FieldSink): boolean {
    if (2 * (end - start) + 65_536 > scratch.length) scratch = Buffer.allocUnsafeSlow(2 * (end - start) + 65_536);
    this.#at = start;
    this.#isBroken = false;
    let maySize = true;
    while (this.#at < end) {
      const first = bytes[this.#at] ?? 0;
      if ((first & 0xe0) === 0x20) {
        // RFC 7541 4.2: only at the beginning.
        if (!maySize || !this.#resize(this.#integer(bytes, end, 31))) return false;
        continue;
      }
      maySize = false;
      if (first >= 128) {
        const field = this.#field(this.#integer(bytes, end, 127));
        if (field === undefined) return false;
        sink.take(field.kind, field.line, field.nameLength, field.line.length);
      } else if (!this.#literal(bytes, end, first >= 64, sink)) return false;
    }
    return true;
  }

  #literal(bytes: Buffer, end: number, isKept: boolean, sink: FieldSink): boolean {
    const index = this.#integer(bytes, end, isKept ? 63 : 15);
    let kind: number;
    let nameLength: number;
    if (index === 0) {
      nameLength = this.#string(bytes, end, 0);
      if (this.#isBroken) return false;
      kind = kindOfName(scratch, nameLength);
    } else {
      const named = this.#field(index);
      if (named === undefined) return false;
      nameLength = named.nameLength;
      // A name is good although the value it stood with was not.
      kind = named.kind === Kind.malformed ? kindOfName(named.line, nameLength) : named.kind;
      named.line.copy(scratch, 0, 0, nameLength);
    }
    scratch[nameLength] = colon;
    scratch[nameLength + 1] = space;
    const valueStart = nameLength + 2;
    const valueEnd = this.#string(bytes, end, valueStart);
    if (this.#isBroken) return false;
    if (!isFieldValue(scratch, valueStart, valueEnd)) kind = Kind.malformed;
    scratch[valueEnd] = 13;
    scratch[valueEnd + 1] = 10;
    const length = valueEnd + 2;
    if (isKept) this.#add(kind, nameLength, length);
    sink.take(kind, scratch, nameLength, length);
    return true;
  }

  #field(index: number): HeaderField | undefined {
    if (this.#isBroken) return undefined;
    const field =
      index <= staticCount
        ? staticFields[index]
        : index - staticCount <= this.#count
          ? this.#ring[(this.#newest + index - staticCount - 1) % this.#ring.length]
          : undefined;
    if (field === undefined) this.#isBroken = true;
    return field;
  }

  /** RFC 7541 5.1. */
  #integer(bytes: Buffer, end: number, prefix: number): number {
    let value = (bytes[this.#at++] ?? 0) & prefix;
    if (value < prefix) return value;
    for (let shift = 0; ; shift += 7) {
      if (this.#at >= end || shift > 21) break;
      const byte = bytes[this.#at++] ?? 0;
      value += (byte & 127) << shift;
      if (byte < 128) {
        if (value <= maxInteger) return value;
        break;
      }
    }
    this.#isBroken = true;
    return 0;
  }

  /** RFC 7541 5.2: puts it into the scratch; answers where it ends there. */
  #string(bytes: Buffer, end: number, place: number): number {
    if (this.#at >= end) {
      this.#isBroken = true;
      return place;
    }
    const isCoded = (bytes[this.#at] ?? 0) >= 128;
    const length = this.#integer(bytes, end, 127);
    const from = this.#at;
    const to = from + length;
    if (this.#isBroken || to > end) {
      this.#isBroken = true;
      return place;
    }
    this.#at = to;
    if (!isCoded) {
      bytes.copy(scratch, place, from, to);
      return place + length;
    }
    const stop = decodeHuffman(bytes, from, to, scratch, place);
    if (stop < 0) this.#isBroken = true;
    return stop;
  }

  #resize(bytes: number): boolean {
    if (this.#isBroken || bytes > this.#maxBytes) return false;
    this.#limit = bytes;
    this.#evict(0);
    return true;
  }

  /** Keeps the line that stands in the scratch. */
  #add(kind: number, nameLength: number, length: number): void {
    const size = length - lineOverhead + entryOverhead;
    this.#evict(size);
    if (size > this.#limit) return; // RFC 7541 4.4: it has emptied the table, that is no error
    if (this.#count === this.#ring.length) this.#grow();
    this.#newest = (this.#newest + this.#ring.length - 1) % this.#ring.length;
    const line = Buffer.allocUnsafe(length);
    scratch.copy(line, 0, 0, length);
    this.#ring[this.#newest] = { kind, line, nameLength };
    this.#count++;
    this.#bytes += size;
  }

  #evict(room: number): void {
    while (this.#count > 0 && this.#bytes + room > this.#limit) {
      const oldest = (this.#newest + --this.#count) % this.#ring.length;
      this.#bytes -= (this.#ring[oldest]?.line.length ?? 0) - lineOverhead + entryOverhead;
      this.#ring[oldest] = undefined;
    }
  }

  #grow(): void {
    const { length } = this.#ring;
    const grown = new Array<HeaderField | undefined>(2 * length).fill(undefined);
    for (let at = 0; at < this.#count; at++) grown[at] = this.#ring[(this.#newest + at) % length];
    this.#ring = grown;
    this.#newest = 0;
  }
}
