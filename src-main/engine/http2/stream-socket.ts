import type { ByteReader } from '../sockets/byte-reader.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import { ErrorCode } from './frames.ts';
import type { RequestHead } from './request-head.ts';
import { ResponseWriter, type MessageFrames } from './response.ts';

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly putFields: (stream: number, block: Buffer, length: number, isEnd: boolean) => void;
  /** As much of `bytes[start, end)` as windows and room allow, at most `limit`; answers how far it came. */
  readonly putData: (
    stream: StreamSocket,
    bytes: Buffer,
    start: number,
    end: number,
    isEnd: boolean,
    limit: number,
  ) => number;
  /** It has more to send than it could. */
  readonly awaitRoom: (stream: StreamSocket) => void;
  readonly putReset: (stream: number, error: number) => void;
  /** So many bytes of its body were taken. */
  readonly onTaken: (stream: StreamSocket, bytes: number) => void;
  /** `isFree` = it may carry the next. */
  readonly onStreamOver: (stream: StreamSocket, isFree: boolean) => void;
}

const lastChunk = Buffer.from('0\r\n\r\n', 'latin1');
const crlf = Buffer.from('\r\n', 'latin1');
/** What one of several waiting streams sends in its turn. */
const turnBytes = 32_768;

/**
 * A stream of HTTP/2 as the socket of an HTTP/1.1 exchange: what the client's connection writes becomes frames, what the
 * stream brings becomes a message. One after another it carries many streams, as a connection of HTTP/1.1 carries many
 * requests: that saves building both anew for each.
 */
export class StreamSocket implements ByteSocket, MessageFrames {
  id = 0;
  /** What the client lets us send, and what we let it. */
  sendWindow = 0;
  receiveWindow = 0;
  /** Bytes that were taken and not yet told by WINDOW_UPDATE. */
  untold = 0;
  /** Its window is the large one. */
  hasGrown = false;
  isRemoteEnded = false;
  /** It waits for room in the connection's list. */
  isWaiting = false;
  /** What a member's RST_STREAM said; the client is told the same where that means something to it. */
  resetCode: number = ErrorCode.internal;
  readonly #owner: StreamOwner;
  readonly #reader: ByteReader;
  readonly #writer: ResponseWriter = new ResponseWriter(this);
  #isCarrying = false;
  #isTunnelAsked = false;
  #isChunked = false;
  #contentLength = -1;
  #received = 0;
  #isPaused = false;
  /** Body that came while the reader was paused. */
  #unread: Buffer[] = [];
  #hasUnreadEnd = false;
  #lastChunk: Buffer = lastChunk;
  #isLocalEnded = false;
  /** Body that the client does not take yet. */
  #unsent: Buffer[] = [];
  #unsentBytes = 0;
  #endsBehind = false;
  /** Trailers behind it. */
  #tail: Buffer | undefined = undefined;
  #onDrained: (() => void) | undefined = undefined;
  #onEnd: () => void = ignore;
  #onClose: () => void = ignore;
  /** The exchange is over for good: it takes no further stream. */
  #isClosed = false;

  constructor(owner: StreamOwner, reader: ByteReader) {
    this.#owner = owner;
    this.#reader = reader;
  }

  on(event: 'end' | 'error' | 'close', listener: () => void): this {
    if (event === 'end') this.#onEnd = listener;
    else if (event === 'close') this.#onClose = listener;
    return this; // errors of a stream end it, and 'close' says so
  }

  get destroyed(): boolean {
    return !this.#isCarrying;
  }

  get isUsable(): boolean {
    return !this.#isClosed;
  }

  /** Bytes that the client's flow control holds back; 0 = the memory of all that was written is free. */
  get writableLength(): number {
    return this.#unsentBytes;
  }

  get waitingBytes(): number {
    return this.#unsentBytes;
  }

  /** Carries this stream: hands the head to the reader, its body comes later. */
  carry(id: number, head: RequestHead, hasBody: boolean): void {
    this.id = id;
    this.isRemoteEnded = !hasBody;
    this.untold = this.#received = 0;
    this.hasGrown = false;
    this.#isTunnelAsked = head.isTunnel;
    this.#isChunked = head.isChunked;
    this.#contentLength = head.contentLength;
    this.#lastChunk = lastChunk;
    this.resetCode = ErrorCode.internal;
    this.#isCarrying = true;
    this.#isLocalEnded = this.#endsBehind = this.#hasUnreadEnd = false;
    this.#writer.begin(head.isHead, head.isTunnel);
    this.#isPaused = !this.#reader.onBytes(head.text, 0, head.length) && hasBody;
  }

  // What the client sends.

  /** Part of the body. False = it is not what was announced. */
  receive(bytes: Buffer, start: number, end: number, isEnd: boolean): boolean {
    this.#received += end - start;
    if (this.#contentLength >= 0 && !this.#isTunnelAsked) {
      if (this.#received > this.#contentLength || (isEnd && this.#received < this.#contentLength)) return false;
    }
    if (isEnd) this.isRemoteEnded = true;
    if (!this.#isPaused) {
      this.#deliver(bytes, start, end, isEnd);
      return true;
    }
    if (end > start) this.#unread.push(Buffer.from(bytes.subarray(start, end)));
    this.#hasUnreadEnd ||= isEnd;
    return true;
  }

  /** The body ends with these fields. */
  receiveTrailers(chunk: Buffer): boolean {
    this.#lastChunk = chunk;
    return this.receive(lastChunk, 0, 0, true);
  }

  /** The stream is over before its time. */
  onReset(): void {
    if (this.#isCarrying) this.#leave(false);
  }

  #deliver(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    const { id } = this;
    let goesOn = true;
    if (this.#isChunked) {
      const chunk = this.#chunk(bytes, start, end, isEnd);
      if (chunk.length > 0) goesOn = this.#reader.onBytes(chunk, 0, chunk.length);
    } else if (end > start) goesOn = this.#reader.onBytes(bytes, start, end);
    if (end > start) this.#owner.onTaken(this, end - start);
    // It may have been answered for good and be over meanwhile.
    if (!this.#isCarrying || this.id !== id) return;
    this.#isPaused = !goesOn;
    if (!isEnd) return;
    if (this.#writer.isTunnelling) this.#onEnd();
    if (this.#isLocalEnded) this.#leave(true);
  }

  #chunk(bytes: Buffer, start: number, end: number, isEnd: boolean): Buffer {
    if (end === start) return isEnd ? this.#lastChunk : crlf.subarray(0, 0);
    const size = Buffer.from(`${(end - start).toString(16)}\r\n`, 'latin1');
    const data = bytes.subarray(start, end);
    return Buffer.concat(isEnd ? [size, data, crlf, this.#lastChunk] : [size, data, crlf]);
  }

  pause(): this {
    this.#isPaused = true;
    return this;
  }

  resume(): this {
    if (!this.#isPaused) return this;
    this.#isPaused = false;
    if (this.#unread.length > 0 || this.#hasUnreadEnd) process.nextTick(deliverUnread, this);
    return this;
  }

  deliverUnread(): void {
    if (this.#isPaused || !this.#isCarrying || (this.#unread.length === 0 && !this.#hasUnreadEnd)) return;
    const [first] = this.#unread;
    const bytes = first !== undefined && this.#unread.length === 1 ? first : Buffer.concat(this.#unread);
    const isEnd = this.#hasUnreadEnd;
    this.#unread = [];
    this.#hasUnreadEnd = false;
    this.#deliver(bytes, 0, bytes.length, isEnd);
  }

  // What the client gets.

  /** Writes part of the response; `whenDrained` comes when more may be written. */
  write(bytes: Uint8Array | '', whenDrained?: () => void): boolean {
    if (bytes !== '' && this.#isCarrying && !this.#isLocalEnded) {
      const isGood = this.#writer.write(
        Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      );
      if (!isGood) this.#breakOff(ErrorCode.internal);
    }
    if (whenDrained !== undefined) {
      if (this.#unsentBytes === 0) process.nextTick(whenDrained);
      else this.#onDrained = whenDrained;
    }
    return true;
  }

  sendFields(block: Buffer, length: number, isEnd: boolean): void {
    if (this.#unsentBytes > 0) {
      this.#tail = Buffer.from(block.subarray(0, length));
      return;
    }
    this.#owner.putFields(this.id, block, length, isEnd);
    if (isEnd) this.#endLocal();
  }

  sendBody(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    let at = start;
    if (this.#unsentBytes === 0) {
      at = this.#owner.putData(this, bytes, start, end, isEnd, Number.MAX_SAFE_INTEGER);
      if (at === end) {
        if (isEnd) this.#endLocal();
        return;
      }
    }
    if (end > at) this.#unsent.push(bytes.subarray(at, end));
    this.#unsentBytes += end - at;
    this.#endsBehind ||= isEnd;
    this.#owner.awaitRoom(this);
  }

  /** There is room: sends on what waits, no more than one turn's part. */
  sendOn(): void {
    const { id } = this;
    let left = turnBytes;
    while (left > 0) {
      const [first] = this.#unsent;
      if (first === undefined) break;
      const isEnd = this.#endsBehind && this.#unsent.length === 1;
      const sent = this.#owner.putData(this, first, 0, first.length, isEnd, left);
      left -= sent;
      this.#unsentBytes -= sent;
      if (sent < first.length) {
        this.#unsent[0] = first.subarray(sent);
        return;
      }
      this.#unsent.shift();
    }
    if (this.#unsent.length > 0) return;
    const tail = this.#tail;
    if (tail !== undefined) this.#owner.putFields(this.id, tail, tail.length, true);
    const isEnd = this.#endsBehind || tail !== undefined;
    this.#tail = undefined;
    const whenDrained = this.#onDrained;
    this.#onDrained = undefined;
    whenDrained?.();
    if (isEnd && this.#isCarrying && this.id === id) this.#endLocal();
  }

  /** No more is written: what the head announced has come, or the end says that it was all. */
  end(): this {
    return this.#finish(false);
  }

  destroy(): this {
    return this.#finish(true);
  }

  /** The response breaks off. */
  resetAndDestroy(): this {
    this.#isClosed = true;
    if (this.#isCarrying) this.#breakOff(codeForClient(this.resetCode));
    else process.nextTick(tellClosed, this);
    return this;
  }

  tellClosed(): void {
    const onClose = this.#onClose;
    this.#onClose = ignore;
    onClose();
  }

  #finish(isAtOnce: boolean): this {
    this.#isClosed = true;
    if (!this.#isCarrying) process.nextTick(tellClosed, this);
    else if (this.#writer.isComplete) {
      // RFC 9113 8.1: a response may be whole before its request; the rest of that is not wanted.
      if (this.#isLocalEnded) this.#dropRest();
    } else if (!this.#writer.endsByClose) this.#breakOff(codeForClient(this.resetCode));
    else if (isAtOnce && this.#writer.isTunnelling) this.#breakOff(ErrorCode.cancel);
    else if (!this.#isLocalEnded && !this.#endsBehind) this.sendBody(crlf, 0, 0, true);
    return this;
  }

  #endLocal(): void {
    this.#isLocalEnded = true;
    if (this.isRemoteEnded && !this.#hasUnreadEnd) this.#leave(true);
    // A tunnel ends each way by itself; what was asked for and is none is over.
    else if (!this.#writer.isTunnelling && (this.#isClosed || this.#isTunnelAsked)) this.#dropRest();
  }

  #dropRest(): void {
    if (!this.isRemoteEnded) this.#owner.putReset(this.id, ErrorCode.none);
    this.#leave(false);
  }

  #breakOff(error: number): void {
    this.#owner.putReset(this.id, error);
    this.#leave(false);
  }

  /** The stream is over: the next may come where this one ended as it should. */
  #leave(isWhole: boolean): void {
    this.#isCarrying = this.#isPaused = false;
    const untaken = this.#unread.reduce((sum, each) => sum + each.length, 0);
    if (untaken > 0) this.#owner.onTaken(this, untaken);
    this.#unread = [];
    this.#unsent = [];
    this.#unsentBytes = 0;
    this.#tail = this.#onDrained = undefined;
    const isFree = isWhole && !this.#isClosed && !this.#isTunnelAsked;
    if (!isFree) {
      this.#isClosed = true;
      process.nextTick(tellClosed, this);
    }
    this.#owner.onStreamOver(this, isFree);
  }
}

function deliverUnread(socket: StreamSocket): void {
  socket.deliverUnread();
}

function tellClosed(socket: StreamSocket): void {
  socket.tellClosed();
}

/** What concerns the member's connection alone, or would ask for the request again, is a failure of ours. */
function codeForClient(code: number): number {
  return code === ErrorCode.cancel || code === ErrorCode.enhanceYourCalm ? code : ErrorCode.internal;
}

function ignore(): void {
  return undefined;
}
