import { STATUS_CODES } from 'node:http';
import { equalsName } from '../http1/bytes.ts';
import type { FieldSink } from './hpack/decoder.ts';
import { Kind } from './hpack/field.ts';

/** RFC 9113 6.5.2: what a field counts beside its bytes. */
const fieldOverhead = 32;
/** What a head may need beside its fields. */
const roomBytes = 512;
const trailerName = Buffer.from('trailer', 'latin1');
const typeName = Buffer.from('content-type', 'latin1');
const grpcType = Buffer.from('application/grpc', 'latin1');

/** What the request was, as far as it says how its response ends. */
export interface AskedFor {
  readonly isHead: boolean;
  /** Of an extended CONNECT (RFC 8441): what HTTP/1.1 has as proof of the tunnel; empty = none was asked for. */
  readonly accept: string;
}

/**
 * Writes the fields of a member's response as an HTTP/1.1 head, line by line as they are decoded: no strings, no objects.
 * One for all connections: a block is decoded in one go.
 */
export class ResponseHead implements FieldSink {
  /** The head, once `finish` was called: `text[start, end)`. */
  text: Buffer = Buffer.allocUnsafeSlow(32_768);
  start = 0;
  end = 0;
  status = 0;
  /** RFC 9113 8.1.1, or a list that is too long. */
  isMalformed = false;
  isChunked = false;
  isTunnel = false;
  /** What the body must add up to; -1 = not said. */
  contentLength = -1;
  #hasTrailers = false;
  #listBytes = 0;
  #maxListBytes = 0;

  /** `maxListBytes` bounds the list as RFC 9113 6.5.2 counts it. */
  begin(maxListBytes: number): this {
    if (maxListBytes + 2 * roomBytes > this.text.length)
      this.text = Buffer.allocUnsafeSlow(maxListBytes + 2 * roomBytes);
    this.#maxListBytes = maxListBytes;
    // The status line comes before the fields once its length is known.
    this.start = this.end = roomBytes;
    this.#listBytes = this.status = 0;
    this.contentLength = -1;
    this.isMalformed = this.isChunked = this.isTunnel = this.#hasTrailers = false;
    return this;
  }

  take(kind: number, line: Buffer, nameLength: number, length: number): void {
    this.#listBytes += length - 4 + fieldOverhead;
    if (this.#listBytes > this.#maxListBytes) this.isMalformed = true;
    if (this.isMalformed) return;
    const isPseudo = line[0] === 58;
    if (kind === Kind.status) this.#takeStatus(line, nameLength + 2, length - 2);
    else if (isPseudo || kind === Kind.malformed || kind === Kind.ofConnection || this.status === 0)
      this.isMalformed = true;
    else if (kind === Kind.contentLength) this.#takeLength(line, nameLength + 2, length - 2);
    else {
      if (nameLength === trailerName.length) this.#hasTrailers ||= equalsName(line, 0, nameLength, trailerName);
      else if (nameLength === typeName.length && equalsName(line, 0, nameLength, typeName))
        this.#hasTrailers ||= isGrpc(line, nameLength + 2, length - 2);
      line.copy(this.text, this.end, 0, length);
      this.end += length;
    }
  }

  /** Ends the head; `hasBody` = the stream goes on after it. `isMalformed` says whether it may be used. */
  finish(hasBody: boolean, { isHead, accept }: AskedFor): void {
    if (this.status === 0 || (this.status < 200 && !hasBody)) this.isMalformed = true;
    if (this.isMalformed) return;
    const isInterim = this.status < 200;
    this.isTunnel = accept !== '' && this.status >= 200 && this.status < 300;
    if (this.isTunnel) {
      this.status = 101;
      this.contentLength = -1;
      this.#put(`connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n`);
    } else if (!isInterim) this.#frame(hasBody, isHead || this.status === 204 || this.status === 304);
    this.#put('\r\n');
    const top = `HTTP/1.1 ${this.status} ${STATUS_CODES[this.status] ?? ''}\r\n`;
    this.start -= top.length;
    this.text.write(top, this.start, 'latin1');
  }

  /** Says where the body ends. Trailers come behind chunks alone. */
  #frame(hasBody: boolean, isBodiless: boolean): void {
    if (!hasBody && !isBodiless && this.contentLength > 0) {
      this.isMalformed = true;
      return;
    }
    this.isChunked = hasBody && !isBodiless && (this.contentLength < 0 || this.#hasTrailers);
    if (this.isChunked) this.#put('transfer-encoding: chunked\r\n');
    else if (this.contentLength >= 0) this.#put(`content-length: ${this.contentLength}\r\n`);
    else if (!hasBody && !isBodiless) this.#put('content-length: 0\r\n');
    if (isBodiless) this.contentLength = 0;
  }

  #put(text: string): void {
    this.end += this.text.write(text, this.end, 'latin1');
  }

  /** Three digits, once, before all else; 101 does not exist here (RFC 9113 8.6). */
  #takeStatus(line: Buffer, start: number, end: number): void {
    const status = Number(line.toString('latin1', start, end));
    const isGood = end - start === 3 && Number.isInteger(status) && status >= 100 && status !== 101;
    if (!isGood || this.status !== 0) this.isMalformed = true;
    else this.status = status;
  }

  /** Digits alone, once, at most 15 of them. */
  #takeLength(line: Buffer, start: number, end: number): void {
    const text = line.toString('latin1', start, end);
    if (this.contentLength >= 0 || !/^\d{1,15}$/.test(text)) this.isMalformed = true;
    else this.contentLength = Number(text);
  }
}

/** `application/grpc`, or a kind of it. A value may be shorter than that, and `line` no longer than the value. */
function isGrpc(line: Buffer, start: number, end: number): boolean {
  if (end - start < grpcType.length) return false;
  for (let at = 0; at < grpcType.length; at++) if (line[start + at] !== grpcType[at]) return false;
  return true;
}
