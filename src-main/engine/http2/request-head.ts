import { randomBytes } from 'node:crypto';
import { equalsName, isTargetByte, isToken } from '../http1/bytes.ts';
import type { FieldSink } from './hpack/decoder.ts';
import { Kind } from './hpack/field.ts';

/** What stands between a request and its being carried: it is answered with that status. */
export type Refusal = 0 | 400 | 431 | 501;

const versionLine = Buffer.from(' HTTP/1.1\r\n', 'latin1');
const hostName = Buffer.from('Host: ', 'latin1');
const cookieName = Buffer.from('cookie: ', 'latin1');
const chunkedLine = Buffer.from('transfer-encoding: chunked\r\n', 'latin1');
const trailersWord = Buffer.from('trailers', 'latin1');
const connectWord = Buffer.from('CONNECT', 'latin1');
const optionsWord = Buffer.from('OPTIONS', 'latin1');
const headWord = Buffer.from('HEAD', 'latin1');
const getWord = Buffer.from('GET', 'latin1');
const websocketWord = Buffer.from('websocket', 'latin1');
const crlf = Buffer.from('\r\n', 'latin1');

/** What a head may need beside its fields: versions, names and lines of our own. */
const roomBytes = 1024;
/** RFC 9113 6.5.2: what a field counts beside its bytes. */
const fieldOverhead = 32;

/** Part of `values`. */
interface Range {
  start: number;
  end: number;
}

/**
 * Writes the fields of a request as an HTTP/1.1 head, line by line as they are decoded: no strings, no objects. What
 * HTTP/2 says in other ways (RFC 9113 8.3) becomes what HTTP/1.1 says: the authority Host, cookie crumbs one Cookie, an
 * extended CONNECT (RFC 8441) an upgrade, an unknown length chunks. One for all connections: a block is decoded in one go.
 */
export class RequestHead implements FieldSink {
  /** The head, once `finish` was called: `text[0, length)`. */
  text: Buffer = Buffer.allocUnsafeSlow(32_768);
  length = 0;
  refusal: Refusal = 0;
  /** RFC 9113 8.1.1: the stream is reset. */
  isMalformed = false;
  isTunnel = false;
  isHead = false;
  isChunked = false;
  /** -1 = not said. */
  contentLength = -1;
  #values: Buffer = Buffer.allocUnsafeSlow(32_768);
  #valuesEnd = 0;
  #cookies: Buffer = Buffer.allocUnsafeSlow(32_768);
  #cookiesEnd = 0;
  readonly #method: Range = { start: 0, end: 0 };
  readonly #path: Range = { start: 0, end: 0 };
  readonly #scheme: Range = { start: 0, end: 0 };
  readonly #authority: Range = { start: 0, end: 0 };
  readonly #protocol: Range = { start: 0, end: 0 };
  readonly #host: Range = { start: 0, end: 0 };
  #hasTop = false;
  #listBytes = 0;
  #maxListBytes = 0;

  /** `maxListBytes` bounds the list as RFC 9113 6.5.2 counts it. */
  begin(maxListBytes: number): this {
    if (maxListBytes + roomBytes > this.text.length) {
      this.text = Buffer.allocUnsafeSlow(maxListBytes + roomBytes);
      this.#values = Buffer.allocUnsafeSlow(maxListBytes + roomBytes);
      this.#cookies = Buffer.allocUnsafeSlow(maxListBytes + roomBytes);
    }
    this.#maxListBytes = maxListBytes;
    this.length = this.#listBytes = this.#valuesEnd = this.#cookiesEnd = 0;
    this.refusal = 0;
    this.isMalformed = this.isTunnel = this.isHead = this.isChunked = this.#hasTop = false;
    this.contentLength = -1;
    // A start of -1 is a pseudo-header that did not come.
    this.#method.start = this.#path.start = this.#scheme.start = -1;
    this.#authority.start = this.#protocol.start = this.#host.start = -1;
    return this;
  }

  take(kind: number, line: Buffer, nameLength: number, length: number): void {
    this.#listBytes += length - 4 + fieldOverhead;
    if (this.#listBytes > this.#maxListBytes) this.refusal = 431;
    if (this.refusal === 431 || this.isMalformed) return;
    switch (kind) {
      case Kind.method:
        this.#pseudo(this.#method, line, nameLength, length);
        break;
      case Kind.path:
        this.#pseudo(this.#path, line, nameLength, length);
        break;
      case Kind.scheme:
        this.#pseudo(this.#scheme, line, nameLength, length);
        break;
      case Kind.authority:
        this.#pseudo(this.#authority, line, nameLength, length);
        break;
      case Kind.protocol:
        this.#pseudo(this.#protocol, line, nameLength, length);
        break;
      case Kind.regular:
        this.#line(line, length);
        break;
      case Kind.host:
        if (!this.#hasTop) this.#startText();
        if (this.#host.start >= 0) this.isMalformed = true;
        else this.#keep(this.#host, line, nameLength + 2, length - 2);
        break;
      case Kind.cookie:
        if (!this.#hasTop) this.#startText();
        this.#crumb(line, nameLength + 2, length - 2);
        break;
      case Kind.contentLength:
        this.#takeLength(line, nameLength + 2, length - 2);
        this.#line(line, length);
        break;
      case Kind.te:
        // RFC 9113 8.2.2: nothing else than trailers.
        if (!equalsName(line, nameLength + 2, length - 2, trailersWord)) this.isMalformed = true;
        this.#line(line, length);
        break;
      default:
        this.isMalformed = true;
    }
  }

  /** Ends the head; `hasBody` = the stream goes on after it. `isMalformed` and `refusal` say whether it may be carried. */
  finish(hasBody: boolean): void {
    if (!this.#hasTop && !this.#isUnfit) this.#startText();
    if (this.#isUnfit) return;
    const { start } = this.#host;
    if (this.#authority.start < 0 && start >= 0) this.#putHost(this.#host);
    else if (start >= 0 && !this.#isSameAuthority()) {
      this.refusal = 400;
      return;
    }
    if (!hasBody && this.contentLength > 0) {
      this.isMalformed = true;
      return;
    }
    if (this.#cookiesEnd > 0) {
      this.#put(cookieName);
      this.#cookies.copy(this.text, this.length, 0, this.#cookiesEnd);
      this.length += this.#cookiesEnd;
      this.#put(crlf);
    }
    this.isChunked = hasBody && this.contentLength < 0 && !this.isTunnel;
    if (this.isChunked) this.#put(chunkedLine);
    if (this.isTunnel) this.#put(upgradeLines());
    this.#put(crlf);
  }

  get #isUnfit(): boolean {
    return this.isMalformed || this.refusal !== 0;
  }

  #pseudo(range: Range, line: Buffer, nameLength: number, length: number): void {
    // RFC 9113 8.3: each once, all before the other fields.
    if (this.#hasTop || range.start >= 0) this.isMalformed = true;
    else this.#keep(range, line, nameLength + 2, length - 2);
  }

  #keep(range: Range, line: Buffer, start: number, end: number): void {
    range.start = this.#valuesEnd;
    this.#valuesEnd = putBytes(line, start, end, this.#values, this.#valuesEnd);
    range.end = this.#valuesEnd;
  }

  #line(line: Buffer, length: number): void {
    if (!this.#hasTop) this.#startText();
    this.length = putBytes(line, 0, length, this.text, this.length);
  }

  #put(bytes: Buffer): void {
    this.length = putBytes(bytes, 0, bytes.length, this.text, this.length);
  }

  #crumb(line: Buffer, start: number, end: number): void {
    let at = this.#cookiesEnd;
    if (at > 0) {
      this.#cookies[at++] = 59;
      this.#cookies[at++] = 32;
    }
    this.#cookiesEnd = putBytes(line, start, end, this.#cookies, at);
  }

  /** All pseudo-headers are known: the request line and Host. */
  #startText(): void {
    this.#hasTop = true;
    const values = this.#values;
    const [method, path, authority] = [this.#method, this.#path, this.#authority];
    if (!isTokenRange(values, method)) {
      this.isMalformed = true;
      return;
    }
    const isConnect = is(values, method, connectWord);
    const isExtended = this.#protocol.start >= 0;
    if (isConnect && !isExtended) {
      // RFC 9113 8.5: an authority and nothing else.
      if (authority.end <= authority.start || this.#scheme.start >= 0 || path.start >= 0) this.isMalformed = true;
      else this.refusal = 501;
      return;
    }
    // RFC 9113 8.3.1, RFC 8441 4.
    const isWhole = path.start >= 0 && this.#scheme.end > this.#scheme.start && this.#scheme.start >= 0;
    if (!isWhole || isConnect !== isExtended || (isConnect && authority.start < 0) || !this.#isPath()) {
      this.isMalformed = true;
      return;
    }
    if (authority.start >= 0 && values.subarray(authority.start, authority.end).includes(64)) {
      this.isMalformed = true; // user information
      return;
    }
    if (isConnect && !is(values, this.#protocol, websocketWord)) {
      this.refusal = 501;
      return;
    }
    this.isTunnel = isConnect;
    this.isHead = is(values, method, headWord);
    if (isConnect) this.#put(getWord);
    else this.length = putBytes(values, method.start, method.end, this.text, this.length);
    this.text[this.length++] = 32;
    this.length = putBytes(values, path.start, path.end, this.text, this.length);
    this.#put(versionLine);
    if (authority.start >= 0) this.#putHost(authority);
  }

  #putHost({ start, end }: Range): void {
    this.#put(hostName);
    this.length = putBytes(this.#values, start, end, this.text, this.length);
    this.#put(crlf);
  }

  /** A path, or `*` of OPTIONS; each byte legal. */
  #isPath(): boolean {
    const { start, end } = this.#path;
    const values = this.#values;
    if (values[start] === 42 && end - start === 1) return is(values, this.#method, optionsWord);
    if (start === end || values[start] !== 47) return false;
    // What it may not hold otherwise is refused as HTTP/1.1 is.
    for (let at = start; at < end; at++) {
      const byte = values[at] ?? 0;
      if (isTargetByte[byte] !== 1 && (byte <= 32 || byte === 127)) return false;
    }
    return true;
  }

  /** RFC 9113 8.3.1: Host must not differ. */
  #isSameAuthority(): boolean {
    const [one, other] = [this.#authority, this.#host];
    const values = this.#values;
    if (one.end - one.start !== other.end - other.start) return false;
    for (let at = 0; at < one.end - one.start; at++) {
      if (lower(values[one.start + at]) !== lower(values[other.start + at])) return false;
    }
    return true;
  }

  /** Digits alone, once, at most 15 of them. */
  #takeLength(line: Buffer, start: number, end: number): void {
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = (line[at] ?? 0) - 48;
      if (digit < 0 || digit > 9) this.isMalformed = true;
      value = value * 10 + digit;
    }
    if (this.contentLength >= 0 || start === end || end - start > 15) this.isMalformed = true;
    this.contentLength = value;
  }
}

/** The fields behind a body (RFC 9113 8.1) as what ends a chunked one. */
export class RequestTrailers implements FieldSink {
  #lines: string[] = [];
  #listBytes = 0;
  isMalformed = false;

  /** Above the bound they are taken as malformed: there is nobody to be told 431. */
  take(kind: number, line: Buffer, nameLength: number, length: number): void {
    this.#listBytes += length - 4 + fieldOverhead;
    if (this.#listBytes > maxTrailerBytes) this.isMalformed = true;
    if (this.isMalformed) return;
    const isPseudo = line[0] === 58;
    if (isPseudo || kind === Kind.malformed || kind === Kind.ofConnection) this.isMalformed = true;
    else if (nameLength > 0) this.#lines.push(line.toString('latin1', 0, length));
  }

  lastChunk(): Buffer {
    return Buffer.from(`0\r\n${this.#lines.join('')}\r\n`, 'latin1');
  }
}

const maxTrailerBytes = 16_384;

/** RFC 8441 5: over HTTP/2 there is no key; over HTTP/1.1 there must be one. */
function upgradeLines(): Buffer {
  const key = randomBytes(16).toString('base64');
  return Buffer.from(`connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ${key}\r\n`, 'latin1');
}

/** Few bytes are quicker by hand than by a call. */
function putBytes(from: Buffer, start: number, end: number, to: Buffer, place: number): number {
  if (end - start > 40) {
    from.copy(to, place, start, end);
    return place + end - start;
  }
  let at = place;
  for (let index = start; index < end; index++) to[at++] = from[index] ?? 0;
  return at;
}

function is(values: Buffer, { start, end }: Range, word: Buffer): boolean {
  if (end - start !== word.length || start < 0) return false;
  for (let at = 0; at < word.length; at++) if (values[start + at] !== word[at]) return false;
  return true;
}

function isTokenRange(values: Buffer, { start, end }: Range): boolean {
  if (start < 0 || start === end) return false;
  for (let at = start; at < end; at++) if (isToken[values[at] ?? 0] !== 1) return false;
  return true;
}

function lower(byte = 0): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
