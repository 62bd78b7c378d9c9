import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { ChunkReader } from '../http1/chunked.ts';
import { head, scanResponse } from '../http1/head.ts';

// What is left of the body: a number of bytes, or one of these.
const untilClose = -1;
const chunked = -2;

/** RFC 9113 8.2.2: what concerns one HTTP/1.1 connection is not said. */
const ofConnection: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Turns the bytes of one HTTP/1.1 response (whole heads at a time) into what a stream sends. */
export class ResponseWriter {
  readonly #stream: ServerHttp2Stream;
  readonly #isHead: boolean;
  readonly #isTunnel: boolean;
  #hasHead = false;
  #left = 0;
  #chunks: ChunkReader | undefined = undefined;
  #trailers: readonly string[] = [];
  isTunnelling = false;
  /** Everything that the head announced has come. */
  isComplete = false;

  constructor(stream: ServerHttp2Stream, isHead: boolean, isTunnel: boolean) {
    this.#stream = stream;
    this.#isHead = isHead;
    this.#isTunnel = isTunnel;
  }

  /** True where nothing but the end of the connection can tell that the body is whole. */
  get endsByClose(): boolean {
    return this.#hasHead && (this.#left === untilClose || this.isTunnelling);
  }

  /** Takes bytes that are valid during the call only. */
  write(bytes: Buffer): void {
    let at = 0;
    while (!this.#hasHead) {
      if (at === bytes.length) return;
      const end = scanResponse(bytes, at, bytes.length, bytes.length);
      // The engine wrote it: only a mistake of our own could come here.
      if (end <= 0) throw new Error('a response head that cannot be read');
      this.#takeHead(bytes);
      at = end;
    }
    this.#takeBody(bytes, at);
  }

  #takeHead(bytes: Buffer): void {
    const { status } = head;
    const headers = this.#fields(bytes);
    if (status === 101 && this.#isTunnel) {
      this.#hasHead = this.isTunnelling = true;
      this.#left = untilClose;
      delete headers['sec-websocket-accept'];
      this.#stream.respond({ ...headers, ':status': 200 });
      return;
    }
    if (status < 200) {
      this.#stream.additionalHeaders({ ...headers, ':status': status });
      return;
    }
    this.#hasHead = true;
    const hasNoBody = this.#isHead || status === 204 || status === 304;
    this.#left = hasNoBody ? 0 : head.isChunked ? chunked : head.contentLength;
    headers[':status'] = status;
    if (this.#left === chunked) {
      this.#chunks = new ChunkReader();
      this.#chunks.trailers = [];
      this.#stream.once('wantTrailers', () => {
        this.#sendTrailers();
      });
      this.#stream.respond(headers, { waitForTrailers: true });
    } else if (this.#left === 0) {
      this.isComplete = true;
      this.#stream.respond(headers, { endStream: true });
    } else this.#stream.respond(headers);
  }

  #fields(bytes: Buffer): OutgoingHttpHeaders {
    const { fields, fieldCount } = head;
    const headers: OutgoingHttpHeaders = {};
    for (let index = 0; index < fieldCount; index++) {
      const at = index * 5;
      const name = bytes.toString('latin1', fields[at], fields[at + 1]).toLowerCase();
      if (ofConnection.has(name)) continue;
      const value = bytes.toString('latin1', fields[at + 2], fields[at + 3]);
      const earlier = headers[name];
      if (earlier === undefined) headers[name] = value;
      else if (Array.isArray(earlier)) earlier.push(value);
      else headers[name] = name === 'set-cookie' ? [String(earlier), value] : `${String(earlier)}, ${value}`;
    }
    return headers;
  }

  #takeBody(bytes: Buffer, start: number): void {
    if (start === bytes.length || this.isComplete) return;
    const chunks = this.#chunks;
    if (chunks === undefined) {
      const piece = Buffer.from(bytes.subarray(start));
      if (this.#left > 0) this.#left -= piece.length;
      this.isComplete = this.#left === 0;
      if (this.isComplete) this.#stream.end(piece);
      else this.#stream.write(piece);
      return;
    }
    const pieces: Buffer[] = [];
    const after = chunks.read(bytes, start, bytes.length, (from, to) => {
      if (to > from) pieces.push(bytes.subarray(from, to));
    });
    const data = pieces.length === 0 ? undefined : Buffer.concat(pieces);
    if (after < 0) {
      if (data !== undefined) this.#stream.write(data);
      return;
    }
    this.#trailers = chunks.trailers ?? [];
    this.isComplete = true;
    if (data === undefined) this.#stream.end();
    else this.#stream.end(data);
  }

  #sendTrailers(): void {
    const trailers: OutgoingHttpHeaders = {};
    for (let at = 0; at < this.#trailers.length; at += 2) {
      trailers[(this.#trailers[at] ?? '').toLowerCase()] = this.#trailers[at + 1];
    }
    this.#stream.sendTrailers(trailers); // without any it ends the stream by an empty DATA frame
  }
}
