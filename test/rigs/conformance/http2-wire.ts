/** Frames and fields of HTTP/2 (RFC 9113 4, RFC 7541) as a test writes and reads them: anything can be said, right or wrong. */

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Frame types (RFC 9113 6). */
export const T = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

/** Flags of frames (RFC 9113 6). */
export const F = { none: 0, ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Error codes (RFC 9113 7). */
export const E = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refused: 7,
  cancel: 8,
  compression: 9,
  connect: 10,
  calm: 11,
} as const;

/** Settings (RFC 9113 6.5.2, RFC 8441 3). */
export const S = { tableSize: 1, push: 2, streams: 3, window: 4, frameSize: 5, listSize: 6, connect: 8 } as const;

export type Field = readonly [name: string, value: string];

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** One frame; `length` lies about the payload's. */
export function frame(type: number, flags: number, stream: number, payload: Buffer | string = '', length = -1): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(length < 0 ? body.length : length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * pairs.length);
  pairs.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  });
  return frame(T.settings, 0, 0, payload);
}

/** HEADERS; by default whole and all that the client says on the stream. */
export function headers(stream: number, block: Buffer, flags: number = F.endHeaders | F.endStream): Buffer {
  return frame(T.headers, flags, stream, block);
}

export function data(stream: number, payload: Buffer | string, flags: number = F.endStream): Buffer {
  return frame(T.data, flags, stream, payload);
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(T.window, 0, stream, uint32(increment));
}

export function reset(stream: number, code: number): Buffer {
  return frame(T.reset, 0, stream, uint32(code));
}

export function ping(text = 'sentinel'): Buffer {
  return frame(T.ping, 0, 0, text);
}

/** A header block of literals that nobody indexes (RFC 7541 6.2.2), without Huffman codes, latin1. */
export function block(...fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)])));
}

/** A literal that is put into the dynamic table (RFC 7541 6.2.1). */
export function indexed(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x40), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
}

/** RFC 7541 5.1: an integer behind `high` in the first byte's low `bits`. */
export function integer(value: number, bits: number, high: number): Buffer {
  const limit = 2 ** bits - 1;
  if (value < limit) return Buffer.of(high | value);
  const bytes = [high | limit];
  let left = value - limit;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return Buffer.from([...bytes, left]);
}

/** Whole frames at the beginning of `bytes`, and what is left. */
export function readFrames(bytes: Buffer): { readonly frames: readonly Frame[]; readonly rest: Buffer } {
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= 9) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const [type = 0, flags = 0] = [bytes[at + 3], bytes[at + 4]];
    frames.push({ type, flags, stream: bytes.readUInt32BE(at + 5) & 0x7fffffff, payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** RFC 7541 appendix A: names, and values where it has some. */
const staticTable: readonly Field[] = (
  ':authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|' +
  ':status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|' +
  'accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|' +
  'content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|' +
  'cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|' +
  'last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|' +
  'server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate'
)
  .split('|')
  .map((entry) => {
    const at = entry.indexOf('=');
    return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
  });

/** Reads header blocks as RFC 7541 has it, strictly: what breaks a rule of the encoder throws. */
export class FieldDecoder {
  #dynamic: Field[] = [];
  #maximum = 4096;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  /** `limit` = what our SETTINGS allow the encoder. */
  read(block: Buffer, limit = 4096): Field[] {
    [this.#block, this.#at] = [block, 0];
    const fields: Field[] = [];
    while (this.#at < block.length) {
      const first = block[this.#at] ?? 0;
      if (first >= 128) fields.push(this.#entry(this.#integer(7)));
      else if (first >= 64) {
        const field = this.#literal(6);
        fields.push(field);
        this.#dynamic.unshift(field);
        this.#evict();
      } else if (first >= 32) {
        if (fields.length > 0) throw new Error('a table size update behind fields');
        this.#maximum = this.#integer(5);
        if (this.#maximum > limit) throw new Error('a table larger than the settings allow');
        this.#evict();
      } else fields.push(this.#literal(4));
    }
    return fields;
  }

  #literal(bits: number): Field {
    const index = this.#integer(bits);
    return [index === 0 ? this.#text() : this.#entry(index)[0], this.#text()];
  }

  #entry(index: number): Field {
    const field = index > staticTable.length ? this.#dynamic[index - staticTable.length - 1] : staticTable[index - 1];
    if (field === undefined) throw new Error(`index ${index} leads nowhere`);
    return field;
  }

  #evict(): void {
    let size = 0;
    this.#dynamic = this.#dynamic.filter(([name, value]) => (size += name.length + value.length + 32) <= this.#maximum);
  }

  #integer(bits: number): number {
    const limit = 2 ** bits - 1;
    let value = this.#byte() & limit;
    if (value < limit) return value;
    for (let factor = 1; ; factor *= 128) {
      const next = this.#byte();
      value += (next & 127) * factor;
      if (next < 128) return value;
    }
  }

  #byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) throw new Error('a block that is cut');
    return byte;
  }

  #text(): string {
    const isHuffman = (this.#block[this.#at] ?? 0) >= 128;
    const length = this.#integer(7);
    const bytes = this.#block.subarray(this.#at, (this.#at += length));
    if (bytes.length < length) throw new Error('a string that leads beyond its block');
    return isHuffman ? readHuffman(bytes) : bytes.toString('latin1');
  }
}

/**
 * RFC 7541 appendix B: its code is canonical, so lengths alone tell it. Here those of NUL and of " " to "~", one character
 * (base 36) each; whatever else there is takes more bits than any of them but the backslash, which no field here has.
 */
const codeLengths = 'd6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f56565666577666567655677777fbed';

const codes = codesOf([0, ...Array.from({ length: 95 }, (_, index) => 32 + index)]);

function codesOf(symbols: readonly number[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let code = 0;
  for (let length = 5; length <= 15; length++, code *= 2) {
    symbols.forEach((symbol, index) => {
      if (Number.parseInt(codeLengths.charAt(index), 36) !== length) return;
      found.set(code.toString(2).padStart(length, '0'), String.fromCharCode(symbol));
      code++;
    });
  }
  return found;
}

function readHuffman(bytes: Buffer): string {
  let [result, code] = ['', ''];
  for (const byte of bytes) {
    for (const bit of byte.toString(2).padStart(8, '0')) {
      code += bit;
      const symbol = codes.get(code);
      if (symbol === undefined) continue;
      result += symbol;
      code = '';
    }
  }
  if (code.length > 7 || code.includes('0')) throw new Error('Huffman padding that is none');
  return result;
}
