import { EventEmitter } from 'node:events';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { ByteReader } from '../sockets/accept.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import { ResponseWriter } from './response.ts';

const lastChunk = Buffer.from('0\r\n\r\n');

/** Where the session's connection comes from and goes to. */
export interface Addresses {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
}

/**
 * One stream of HTTP/2 as the socket of one HTTP/1.1 exchange: what the client's connection writes becomes frames, what
 * the stream brings becomes a message. Only what `ClientConnection` asks of a socket is here.
 */
export class StreamSocket extends EventEmitter implements ByteSocket {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #reader: ByteReader;
  readonly #writer: ResponseWriter;
  readonly #isTunnelAsked: boolean;
  #onDrained: (() => void) | undefined = undefined;
  #isClosed = false;

  constructor(
    stream: ServerHttp2Stream,
    reader: ByteReader,
    addresses: Addresses,
    kind: { readonly isHead: boolean; readonly isTunnel: boolean },
  ) {
    super();
    this.remoteAddress = addresses.remoteAddress;
    this.remotePort = addresses.remotePort;
    this.localAddress = addresses.localAddress;
    this.#stream = stream;
    this.#reader = reader;
    this.#writer = new ResponseWriter(stream, kind.isHead, kind.isTunnel);
    this.#isTunnelAsked = kind.isTunnel;
    stream.on('error', () => undefined); // 'close' follows and says it all
    stream.on('close', () => {
      this.#close();
    });
    stream.on('drain', () => {
      this.#drained();
    });
  }

  get destroyed(): boolean {
    return this.#isGone;
  }

  /** Bytes that the client's flow control holds back; 0 = more may be written. */
  get writableLength(): number {
    return this.#stream.writableNeedDrain ? this.#stream.writableLength : 0;
  }

  /** Writes part of the response; `whenDrained` comes when more may be written. */
  write(bytes: Uint8Array | '', whenDrained?: () => void): boolean {
    if (bytes !== '' && !this.#isGone) this.#send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (whenDrained !== undefined) {
      if (this.writableLength === 0) process.nextTick(whenDrained);
      else this.#onDrained = whenDrained;
    }
    return true;
  }

  /** No more is written: what the head announced has come, or the end says that it was all. */
  end(): this {
    if (this.#isGone || this.#writer.isComplete) {
      // RFC 9113 8.1: a response may be whole before its request; the rest of that is not wanted.
      if (this.#writer.isComplete && !this.#isGone && !this.#stream.readableEnded) {
        this.#stream.close(constants.NGHTTP2_NO_ERROR);
      }
      return this;
    }
    if (this.#writer.endsByClose) this.#stream.end();
    else this.#breakOff('the member ended before its response was whole');
    return this;
  }

  destroy(): this {
    return this.end();
  }

  /** The response breaks off. */
  resetAndDestroy(): this {
    if (!this.#isGone) this.#breakOff('the response broke off');
    return this;
  }

  pause(): this {
    this.#stream.pause();
    return this;
  }

  resume(): this {
    if (!this.#isGone) this.#stream.resume();
    return this;
  }

  /** Hands the request to the reader: its head, then its body as it comes. */
  start(text: string, isChunked: boolean, hasBody: boolean): void {
    const bytes = Buffer.from(text, 'latin1');
    const goesOn = this.#reader.onBytes(bytes, 0, bytes.length);
    if (!hasBody) return;
    const stream = this.#stream;
    stream.on('data', (data: Buffer) => {
      if (!this.#take(isChunked && !this.#writer.isTunnelling ? chunkOf(data) : data)) stream.pause();
    });
    if (isChunked) {
      let last: Buffer = lastChunk;
      stream.on('trailers', (trailers: IncomingHttpHeaders) => {
        last = lastChunkWith(trailers);
      });
      stream.on('end', () => {
        this.#take(last);
      });
    } else stream.on('end', () => this.#writer.isTunnelling && this.emit('end'));
    if (!goesOn) stream.pause();
  }

  get #isGone(): boolean {
    return this.#isClosed || this.#stream.closed || this.#stream.destroyed;
  }

  #send(bytes: Buffer): void {
    try {
      this.#writer.write(bytes);
    } catch (error) {
      // A field that HTTP/1.1 lets through and HTTP/2 does not.
      this.#breakOff(error instanceof Error ? error.message : String(error));
    }
    // What was no WebSocket after all is over, though the client's side is still open.
    if (this.#isTunnelAsked && this.#writer.isComplete) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }

  /** RST_STREAM with INTERNAL_ERROR. `stream.close(code)` will not do: it sends END_STREAM first, and the client takes the part for the whole. */
  #breakOff(why: string): void {
    this.#stream.destroy(new Error(why));
  }

  #take(bytes: Buffer): boolean {
    return this.#isClosed || this.#reader.onBytes(bytes, 0, bytes.length);
  }

  #drained(): void {
    const whenDrained = this.#onDrained;
    this.#onDrained = undefined;
    whenDrained?.();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.emit('close');
  }
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
