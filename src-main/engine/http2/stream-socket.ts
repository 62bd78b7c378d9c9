import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { ByteReader } from '../sockets/byte-reader.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import { ResponseWriter } from './response.ts';

const lastChunk = Buffer.from('0\r\n\r\n');

/** Where the session's connection comes from and goes to. */
export interface Addresses {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
}

/** What one stream asks for. */
export interface StreamKind {
  readonly text: string;
  readonly isChunked: boolean;
  readonly isHead: boolean;
  readonly isTunnel: boolean;
  readonly hasBody: boolean;
}

/**
 * A stream of HTTP/2 as the socket of an HTTP/1.1 exchange: what the client's connection writes becomes frames, what the
 * stream brings becomes a message. One after another it carries many streams, as a connection of HTTP/1.1 carries many
 * requests: that saves building both anew for each.
 */
export class StreamSocket implements ByteSocket {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly #reader: ByteReader;
  readonly #onOver: (socket: StreamSocket, isFree: boolean) => void;
  #stream: ServerHttp2Stream | undefined = undefined;
  #writer: ResponseWriter | undefined = undefined;
  #isTunnelAsked = false;
  #hasUnread = false;
  #onDrained: (() => void) | undefined = undefined;
  #onEnd: () => void = ignore;
  #onClose: () => void = ignore;
  /** The exchange is over for good: it takes no further stream. */
  #isClosed = false;

  /** `onOver` is called when a stream is over; `isFree` = the next may be carried. */
  constructor(reader: ByteReader, addresses: Addresses, onOver: (socket: StreamSocket, isFree: boolean) => void) {
    this.#reader = reader;
    this.remoteAddress = addresses.remoteAddress;
    this.remotePort = addresses.remotePort;
    this.localAddress = addresses.localAddress;
    this.#onOver = onOver;
  }

  on(event: 'end' | 'error' | 'close', listener: () => void): this {
    if (event === 'end') this.#onEnd = listener;
    else if (event === 'close') this.#onClose = listener;
    return this; // errors of a stream end it, and 'close' says so
  }

  get destroyed(): boolean {
    return this.#isGone;
  }

  /** Bytes that the client's flow control holds back; 0 = more may be written. */
  get writableLength(): number {
    const stream = this.#stream;
    return stream?.writableNeedDrain === true ? stream.writableLength : 0;
  }

  /** Writes part of the response; `whenDrained` comes when more may be written. */
  write(bytes: Uint8Array | '', whenDrained?: () => void): boolean {
    if (bytes !== '' && !this.#isGone) {
      this.#send(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    }
    if (whenDrained === undefined) return true;
    if (this.writableLength === 0) process.nextTick(whenDrained);
    else {
      this.#onDrained = whenDrained;
      this.#stream?.once('drain', () => {
        this.#drained();
      });
    }
    return true;
  }

  /** No more is written: what the head announced has come, or the end says that it was all. */
  end(): this {
    this.#isClosed = true;
    const [stream, writer] = [this.#stream, this.#writer];
    if (stream === undefined) this.#close();
    else if (this.#isGone || writer === undefined) return this;
    else if (writer.isComplete) {
      // RFC 9113 8.1: a response may be whole before its request; the rest of that is not wanted.
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    } else if (writer.endsByClose) stream.end();
    else this.#breakOff('the member ended before its response was whole');
    return this;
  }

  destroy(): this {
    return this.end();
  }

  /** The response breaks off. */
  resetAndDestroy(): this {
    this.#isClosed = true;
    if (this.#stream === undefined) this.#close();
    else if (!this.#isGone) this.#breakOff('the response broke off');
    return this;
  }

  pause(): this {
    this.#stream?.pause();
    return this;
  }

  resume(): this {
    if (this.#hasUnread && !this.#isGone) this.#stream?.resume();
    return this;
  }

  /** Carries this stream: hands the request to the reader, its head, then its body as it comes. */
  carry(stream: ServerHttp2Stream, kind: StreamKind): void {
    this.#stream = stream;
    const writer = new ResponseWriter(stream, kind.isHead, kind.isTunnel);
    this.#writer = writer;
    this.#isTunnelAsked = kind.isTunnel;
    this.#hasUnread = kind.hasBody;
    stream.on('error', ignore); // 'close' follows and says it all
    stream.on('close', () => {
      this.#leave(stream);
    });
    const bytes = Buffer.from(kind.text, 'latin1');
    const goesOn = this.#reader.onBytes(bytes, 0, bytes.length);
    if (!kind.hasBody) return;
    this.#readBody(stream, writer, kind.isChunked);
    if (!goesOn) stream.pause();
  }

  #readBody(stream: ServerHttp2Stream, writer: ResponseWriter, isChunked: boolean): void {
    stream.on('data', (data: Buffer) => {
      if (!this.#take(isChunked ? chunkOf(data) : data)) stream.pause();
    });
    if (!isChunked) {
      stream.on('end', () => {
        this.#hasUnread = false;
        if (writer.isTunnelling) this.#onEnd();
      });
      return;
    }
    let last: Buffer = lastChunk;
    stream.on('trailers', (trailers: IncomingHttpHeaders) => {
      last = lastChunkWith(trailers);
    });
    stream.on('end', () => {
      this.#hasUnread = false;
      this.#take(last);
    });
  }

  get #isGone(): boolean {
    const stream = this.#stream;
    return stream === undefined || stream.closed || stream.destroyed;
  }

  #send(bytes: Buffer): void {
    try {
      this.#writer?.write(bytes);
    } catch (error) {
      // A field that HTTP/1.1 lets through and HTTP/2 does not.
      this.#breakOff(error instanceof Error ? error.message : String(error));
    }
    // What was no WebSocket after all is over, though the client's side is still open.
    if (this.#isTunnelAsked && this.#writer?.isComplete === true) this.#stream?.close(constants.NGHTTP2_NO_ERROR);
  }

  /** RST_STREAM with INTERNAL_ERROR. `stream.close(code)` will not do: it sends END_STREAM first, and the client takes the part for the whole. */
  #breakOff(why: string): void {
    this.#stream?.destroy(new Error(why));
  }

  #take(bytes: Buffer): boolean {
    return this.#stream === undefined || this.#reader.onBytes(bytes, 0, bytes.length);
  }

  #drained(): void {
    const whenDrained = this.#onDrained;
    this.#onDrained = undefined;
    whenDrained?.();
  }

  /** The stream is over: the next may come where this one ended as it should. */
  #leave(stream: ServerHttp2Stream): void {
    this.#drained();
    const isWhole =
      this.#writer?.isComplete === true && !this.#hasUnread && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    this.#stream = this.#writer = undefined;
    const isFree = isWhole && !this.#isClosed && !this.#isTunnelAsked;
    if (!isFree) this.#close();
    this.#onOver(this, isFree);
  }

  #close(): void {
    this.#isClosed = true;
    this.#onClose();
    this.#onClose = ignore;
  }

  get isUsable(): boolean {
    return !this.#isClosed;
  }
}

function ignore(): void {
  return undefined;
}

function chunkOf(data: Buffer): Buffer {
  if (data.length === 0) return data;
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`, 'latin1'), data, crlf]);
}

const crlf = Buffer.from('\r\n');

function lastChunkWith(trailers: IncomingHttpHeaders): Buffer {
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  return Buffer.from(`0\r\n${lines.join('')}\r\n`, 'latin1');
}
