import { ClientConnection } from '../http1/client.ts';
import { maxFieldCount } from '../http1/head.ts';
import { Endpoint } from '../http1/request-view.ts';
import type { WorkerContext } from '../runtime/context.ts';
import { add, S } from '../runtime/counters.ts';
import type { Listener, OpenConnection } from '../runtime/listener.ts';
import type { MemberRuntime } from '../runtime/member.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import { Timed } from '../sockets/timer-wheel.ts';
import { FloodGuard } from './flood-guard.ts';
import { FrameReader, type FrameHandler } from './frame-reader.ts';
import { FrameSender } from './frame-sender.ts';
import { ErrorCode, Flag, FrameType, largestStream, largestWindow } from './frames.ts';
import { HeaderDecoder } from './hpack/decoder.ts';
import { putStatus } from './hpack/encoder.ts';
import { RequestHead, RequestTrailers } from './request-head.ts';
import {
  connectionWindow,
  greeting,
  grownStreamWindow,
  maxConcurrentStreams,
  readSettings,
  streamWindow,
} from './settings.ts';
import { StreamSocket, type StreamOwner } from './stream-socket.ts';

/** SETTINGS_HEADER_TABLE_SIZE as it is by default. */
const headerTableBytes = 4096;
/** A block of fields may not be longer than this, nor come in more frames, whatever it would decode to. */
const maxBlockBytes = 65_536;
const maxBlockFrames = 64;
/** Of so many streams that we reset is remembered that they were: what the client had sent before it knew is ignored. */
const rememberedResets = 256;
/** After GOAWAY a client has this long to close. */
const lingerMs = 2000;

const requestHead = new RequestHead();
const nobody = { take: (): void => undefined };
const refusalBlock = Buffer.alloc(8);

/**
 * One HTTP/2 connection of a client (RFC 9113), framing of our own: each of its streams runs as an exchange like those of
 * HTTP/1.1, through a `StreamSocket`. Longer than house style: the rules of the protocol stand together.
 */
export class Http2Connection extends Timed implements OpenConnection, ByteReader, FrameHandler, StreamOwner {
  readonly #context: WorkerContext;
  readonly #listener: Listener;
  readonly #socket: ByteSocket;
  readonly #endpoint: Endpoint;
  readonly #reader: FrameReader = new FrameReader(this);
  readonly #sender: FrameSender;
  readonly #decoder = new HeaderDecoder(headerTableBytes);
  readonly #flood: FloodGuard;
  /** Each carries one stream, or waits for the next. */
  readonly #exchanges = new Set<OpenConnection>();
  readonly #free: StreamSocket[] = [];
  readonly #streams = new Map<number, StreamSocket>();
  readonly #reset = new Set<number>();
  #lastStream = 0;
  #receiveWindow = connectionWindow;
  /** Bytes that were taken and not yet told by WINDOW_UPDATE. */
  #untold = 0;
  #hasSettings = false;
  // A block of fields that is not whole yet; 0 = none.
  #blockStream = 0;
  #blockFlags = 0;
  #blockFrames = 0;
  #blockBytes = 0;
  #block: Buffer[] = [];
  // The DATA frame that comes.
  #dataStream: StreamSocket | undefined = undefined;
  #dataEnds = false;
  #dataLeft = 0;
  /** Streams above it are not served; set by the last GOAWAY. */
  #lastServed = largestStream;
  #isDraining = false;
  #isPaused = false;
  /** GOAWAY is out and nothing is read any more. */
  isOver = false;
  #isClosed = false;

  constructor(
    context: WorkerContext,
    listener: Listener,
    attach: (reader: ByteReader) => ByteSocket,
    endpoint?: Endpoint,
  ) {
    super();
    this.#context = context;
    this.#listener = listener;
    this.#flood = new FloodGuard(context.wheel.nowMs);
    const socket = attach(this);
    this.#socket = socket;
    this.#endpoint = endpoint ?? new Endpoint(socket);
    this.#sender = new FrameSender(socket, this.#flood, false, () => {
      this.#onRoom();
    });
    // HTTP/2 knows no half-closed connection: who ends his side is gone.
    socket.on('end', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#onClosed();
    });
    listener.connections.add(this);
    add(listener.server.counters, S.connections, 1);
    const { http } = listener.server.settings;
    this.#sender.put(greeting(this.#maxListBytes));
    context.wheel.arm(this, http.headerTimeoutMs);
    if (context.isEnding) this.drain();
  }

  /** As RFC 9113 6.5.2 counts: 32 bytes more for each field. */
  get #maxListBytes(): number {
    return this.#listener.server.settings.http.maxHeaderBytes + 32 * maxFieldCount;
  }

  readBuffer(): Buffer {
    return this.#context.readBuffer;
  }

  onBytes(bytes: Buffer, start: number, end: number): boolean {
    if (this.isOver) return true; // thrown away until the client closes
    this.#reader.read(bytes, start, end);
    if (this.#sender.output.isOverrun) this.#socket.destroy();
    this.#isPaused = this.#sender.output.isFull && !this.isOver;
    return !this.#isPaused;
  }

  // As an open connection.

  /** GOAWAY: streams that run finish. Twice, a round trip apart, so that none is lost that was on its way (RFC 9113 6.8). */
  drain(): void {
    if (this.isOver || this.#isDraining) return;
    this.#isDraining = true;
    this.#sender.putGoAway(largestStream, ErrorCode.none);
    this.#sender.putPing(0, drainPing, 0);
    this.#context.wheel.arm(this, lingerMs);
  }

  cut(member: MemberRuntime): void {
    for (const exchange of [...this.#exchanges]) exchange.cut(member);
  }

  reselect(member: MemberRuntime): void {
    for (const exchange of [...this.#exchanges]) (exchange.reselect ?? exchange.cut).call(exchange, member);
  }

  override onDeadline(): void {
    const { http } = this.#listener.server.settings;
    if (this.isOver || !this.#hasSettings || this.#blockStream > 0) this.#socket.destroy();
    else if (this.#isDraining) this.#endDrain();
    else if (this.#streams.size > 0) this.#context.wheel.arm(this, http.clientTimeoutMs);
    else this.drain();
  }

  #endDrain(): void {
    if (this.#lastServed === largestStream) {
      this.#lastServed = this.#lastStream;
      this.#sender.putGoAway(this.#lastStream, ErrorCode.none);
    }
    if (this.#streams.size === 0) this.#end();
    else this.#context.wheel.arm(this, this.#listener.server.settings.http.clientTimeoutMs);
  }

  /** Everything is said: the client closes, or is cut after a while. */
  #end(): void {
    this.isOver = true;
    this.#sender.output.end();
    this.#context.wheel.arm(this, lingerMs);
    if (this.#isPaused) this.#socket.resume();
  }

  /** A connection error (RFC 9113 5.4.1). */
  #fail(error: number): void {
    if (this.isOver) return;
    this.#sender.putGoAway(this.#lastStream, error);
    this.#end();
    for (const stream of [...this.#streams.values()]) stream.onReset();
  }

  #onClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = this.isOver = true;
    this.#context.wheel.disarm(this);
    this.#listener.connections.delete(this);
    for (const stream of [...this.#streams.values()]) stream.onReset();
    for (const free of this.#free.splice(0)) free.destroy();
  }

  // What the client sends.

  onBrokenFrame(error: number): void {
    this.#fail(error);
  }

  onFrame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    if (!this.#hasSettings && type !== FrameType.settings) this.#fail(ErrorCode.protocol);
    else if (this.#blockStream > 0 && type !== FrameType.continuation) this.#fail(ErrorCode.protocol);
    else
      switch (type) {
        case FrameType.headers:
          this.#onHeaders(flags, stream, bytes, start, end);
          break;
        case FrameType.continuation:
          this.#onContinuation(flags, stream, bytes, start, end);
          break;
        case FrameType.windowUpdate:
          this.#onWindowUpdate(stream, bytes, start, end);
          break;
        case FrameType.resetStream:
          this.#onReset(stream, end - start);
          break;
        case FrameType.settings:
          this.#onSettings(flags, stream, bytes, start, end);
          break;
        case FrameType.ping:
          this.#onPing(flags, stream, bytes, start, end);
          break;
        case FrameType.priority:
          this.#onPriority(stream, bytes, start, end);
          break;
        case FrameType.goAway:
          if (stream !== 0) this.#fail(ErrorCode.protocol);
          else if (end - start < 8) this.#fail(ErrorCode.frameSize);
          else this.#takeIdle(); // it will open no further stream, and closes by itself
          break;
        case FrameType.pushPromise:
          this.#fail(ErrorCode.protocol);
          break;
        default:
          this.#takeIdle(); // RFC 9113 4.1: types that are not known are ignored
      }
  }

  onData(flags: number, id: number, length: number): void {
    this.#dataStream = undefined;
    this.#dataEnds = (flags & Flag.endStream) !== 0;
    this.#dataLeft = length;
    if (!this.#hasSettings || this.#blockStream > 0 || this.#isIdle(id)) {
      this.#fail(ErrorCode.protocol);
      return;
    }
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) {
      this.#fail(ErrorCode.flowControl);
      return;
    }
    this.#flood.onData(length);
    if (length === 0 && !this.#dataEnds) this.#takeIdle();
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.isRemoteEnded) {
      if (!this.#reset.has(id)) this.#resetStream(id, ErrorCode.streamClosed);
      return;
    }
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) this.#resetStream(id, ErrorCode.flowControl);
    else this.#dataStream = stream;
  }

  onDataBytes(bytes: Buffer, start: number, end: number, isLast: boolean): void {
    const stream = this.#dataStream;
    this.#dataLeft -= end - start;
    // What is left of the frame behind its data is padding.
    const padding = isLast ? this.#dataLeft : 0;
    // The stream may have ended between two pieces.
    if (stream === undefined || this.#streams.get(stream.id) !== stream) this.#onTaken(end - start + padding);
    else {
      if (padding > 0) this.onTaken(stream, padding);
      if (!stream.receive(bytes, start, end, isLast && this.#dataEnds))
        this.#resetStream(stream.id, ErrorCode.protocol);
    }
  }

  #onHeaders(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    let at = start;
    let to = end;
    if ((flags & Flag.padded) !== 0) to -= bytes[at++] ?? 0;
    let dependsOnItself = false;
    if ((flags & Flag.priority) !== 0) {
      dependsOnItself = at + 4 < end && (bytes.readUInt32BE(at) & largestStream) === id;
      at += 5;
    }
    if (at > end) this.#fail(ErrorCode.frameSize);
    else if (at > to || id % 2 === 0) this.#fail(ErrorCode.protocol);
    else if ((flags & Flag.endHeaders) !== 0) this.#onBlock(id, flags, bytes, at, to, dependsOnItself);
    else {
      this.#blockStream = id;
      this.#blockFlags = dependsOnItself ? flags | selfDependent : flags;
      this.#blockFrames = 1;
      this.#blockBytes = to - at;
      this.#block = [Buffer.from(bytes.subarray(at, to))];
      this.#context.wheel.arm(this, this.#listener.server.settings.http.headerTimeoutMs);
    }
  }

  #onContinuation(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (this.#blockStream === 0 || this.#blockStream !== id) {
      this.#fail(ErrorCode.protocol);
      return;
    }
    this.#blockBytes += end - start;
    if (this.#blockBytes > maxBlockBytes || ++this.#blockFrames > maxBlockFrames) {
      this.#fail(ErrorCode.enhanceYourCalm);
      return;
    }
    this.#block.push(Buffer.from(bytes.subarray(start, end)));
    if ((flags & Flag.endHeaders) === 0) return;
    const whole = Buffer.concat(this.#block);
    this.#block = [];
    this.#blockStream = 0;
    this.#armForState();
    this.#onBlock(id, this.#blockFlags, whole, 0, whole.length, (this.#blockFlags & selfDependent) !== 0);
  }

  #onBlock(id: number, flags: number, bytes: Buffer, start: number, end: number, isSelfDependent: boolean): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) {
      this.#onTrailers(stream, (flags & Flag.endStream) !== 0, bytes, start, end);
      return;
    }
    if (id <= this.#lastStream) {
      // Decoded all the same: the table changes with each block.
      if (!this.#decoder.decode(bytes, start, end, nobody)) this.#fail(ErrorCode.compression);
      else if (!this.#reset.has(id)) this.#fail(ErrorCode.streamClosed);
      return;
    }
    this.#lastStream = id;
    if (!this.#decoder.decode(bytes, start, end, requestHead.begin(this.#maxListBytes))) {
      this.#fail(ErrorCode.compression);
      return;
    }
    if (id > this.#lastServed) return; // RFC 9113 6.8: the client knows, and asks elsewhere
    const hasBody = (flags & Flag.endStream) === 0;
    requestHead.finish(hasBody);
    if (this.#streams.size >= maxConcurrentStreams) {
      this.putReset(id, ErrorCode.refusedStream);
      this.#takeIdle();
    } else if (requestHead.isMalformed || isSelfDependent) {
      add(this.#listener.server.counters, S.badRequest, 1);
      this.#resetStream(id, ErrorCode.protocol);
    } else if (requestHead.refusal !== 0) this.#refuse(id, requestHead.refusal, hasBody);
    else this.#open(id, hasBody);
  }

  #open(id: number, hasBody: boolean): void {
    const stream = this.#freeSocket();
    stream.sendWindow = this.#sender.initialWindow;
    stream.receiveWindow = streamWindow;
    this.#streams.set(id, stream);
    stream.carry(id, requestHead, hasBody);
  }

  /** One that has carried streams before, else a new one with a connection behind it. */
  #freeSocket(): StreamSocket {
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) if (free.isUsable) return free;
    let made: StreamSocket | undefined;
    new ClientConnection(
      this.#context,
      this.#listener,
      (reader) => (made = new StreamSocket(this, reader)),
      this.#exchanges,
      this.#endpoint,
    );
    if (made === undefined) throw new Error('a client connection that took no socket');
    return made;
  }

  #refuse(id: number, status: number, hasBody: boolean): void {
    const { counters } = this.#listener.server;
    add(counters, S.requests, 1);
    add(counters, S.badRequest, 1);
    add(counters, S.response + Math.floor(status / 100), 1);
    this.putFields(id, refusalBlock, putStatus(refusalBlock, 0, status), true);
    if (hasBody) this.#resetStream(id, ErrorCode.none);
  }

  #onTrailers(stream: StreamSocket, isEnd: boolean, bytes: Buffer, start: number, end: number): void {
    const { id } = stream;
    const trailers = new RequestTrailers();
    if (!this.#decoder.decode(bytes, start, end, trailers)) this.#fail(ErrorCode.compression);
    else if (stream.isRemoteEnded) this.#resetStream(id, ErrorCode.streamClosed);
    else if (!isEnd || trailers.isMalformed || !stream.receiveTrailers(trailers.lastChunk()))
      this.#resetStream(id, ErrorCode.protocol);
  }

  #onSettings(flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    if (stream !== 0) this.#fail(ErrorCode.protocol);
    else if ((flags & Flag.ack) !== 0) {
      if (end > start) this.#fail(ErrorCode.frameSize);
      else if (this.#hasSettings) this.#takeIdle();
      else this.#fail(ErrorCode.protocol);
    } else {
      const error = readSettings(bytes, start, end, this.#onInitialWindow);
      if (error !== ErrorCode.none) {
        this.#fail(error);
        return;
      }
      if (!this.#hasSettings) {
        this.#hasSettings = true;
        this.#armForState();
      }
      this.#sender.putSettingsAck();
      this.#takeIdle();
      this.#sender.pump();
    }
  }

  readonly #onInitialWindow = (window: number): number => this.#sender.setInitialWindow(window, this.#streams.values());

  #onWindowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) {
      this.#fail(ErrorCode.frameSize);
      return;
    }
    const increment = bytes.readUInt32BE(start) & largestWindow;
    if (id === 0) {
      const error = this.#sender.openWindow(increment);
      if (error === ErrorCode.none) this.#takeIdle();
      else this.#fail(error);
      return;
    }
    if (this.#isIdle(id)) {
      this.#fail(ErrorCode.protocol);
      return;
    }
    if (!this.#takeIdle()) return;
    const stream = this.#streams.get(id);
    if (stream === undefined) return; // it has ended meanwhile
    const error = this.#sender.openStreamWindow(stream, increment);
    if (error !== ErrorCode.none) this.#resetStream(id, error);
  }

  #onReset(id: number, length: number): void {
    if (length !== 4) this.#fail(ErrorCode.frameSize);
    else if (this.#isIdle(id)) this.#fail(ErrorCode.protocol);
    else {
      const stream = this.#streams.get(id);
      if (stream === undefined) this.#takeIdle();
      else {
        stream.onReset();
        this.#takeReset();
      }
    }
  }

  #onPing(flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    if (stream !== 0) this.#fail(ErrorCode.protocol);
    else if (end - start !== 8) this.#fail(ErrorCode.frameSize);
    else if (!this.#takeIdle()) return;
    else if ((flags & Flag.ack) === 0) this.#sender.putPing(Flag.ack, bytes, start);
    else if (this.#isDraining && this.#lastServed === largestStream && drainPing.equals(bytes.subarray(start, end)))
      this.#endDrain();
  }

  /** RFC 9113 5.3.2: priorities are read and ignored. */
  #onPriority(id: number, bytes: Buffer, start: number, end: number): void {
    const isWhole = end - start === 5;
    if (id === 0) this.#fail(ErrorCode.protocol);
    else if (isWhole && (bytes.readUInt32BE(start) & largestStream) !== id) this.#takeIdle();
    else {
      const error = isWhole ? ErrorCode.protocol : ErrorCode.frameSize;
      // A stream that never was cannot be reset.
      if (this.#isIdle(id)) this.#fail(error);
      else this.#resetStream(id, error);
    }
  }

  /** No stream of that number was ever opened. */
  #isIdle(id: number): boolean {
    return id === 0 || id % 2 === 0 || id > this.#lastStream;
  }

  #takeIdle(): boolean {
    if (this.#flood.takeIdle(this.#context.wheel.nowMs)) return true;
    this.#fail(ErrorCode.enhanceYourCalm);
    return false;
  }

  #takeReset(): void {
    if (!this.#flood.takeReset(this.#context.wheel.nowMs)) this.#fail(ErrorCode.enhanceYourCalm);
  }

  /** A stream error (RFC 9113 5.4.2), or a stream that is not wanted any more. */
  #resetStream(id: number, error: number): void {
    this.putReset(id, error);
    this.#streams.get(id)?.onReset();
    // A client that makes us reset its streams floods as one that does it itself.
    if (error !== ErrorCode.none) this.#takeReset();
  }

  // What streams say.

  putFields(stream: number, block: Buffer, length: number, isEnd: boolean): void {
    this.#sender.putFields(stream, block, length, isEnd);
  }

  putData(stream: StreamSocket, bytes: Buffer, start: number, end: number, isEnd: boolean, limit: number): number {
    return this.#sender.putData(stream, bytes, start, end, isEnd, limit);
  }

  awaitRoom(stream: StreamSocket): void {
    this.#sender.awaitRoom(stream);
  }

  putReset(stream: number, error: number): void {
    const [oldest] = this.#reset.size < rememberedResets ? [] : this.#reset; // a set keeps the order of arrival
    if (oldest !== undefined) this.#reset.delete(oldest);
    this.#reset.add(stream);
    this.#sender.putReset(stream, error);
  }

  onTaken(stream: StreamSocket, bytes: number): void {
    this.#onTaken(bytes);
    if (stream.isRemoteEnded || stream.destroyed) return;
    stream.untold += bytes;
    if (!stream.hasGrown) {
      // The member has begun to take it: it may come faster.
      stream.hasGrown = true;
      stream.untold += grownStreamWindow - streamWindow;
    }
    if (stream.untold < grownStreamWindow / 2) return;
    stream.receiveWindow += stream.untold;
    this.#sender.putWindowUpdate(stream.id, stream.untold);
    stream.untold = 0;
  }

  #onTaken(bytes: number): void {
    this.#untold += bytes;
    if (this.#untold < connectionWindow / 4) return;
    this.#receiveWindow += this.#untold;
    this.#sender.putWindowUpdate(0, this.#untold);
    this.#untold = 0;
  }

  onStreamOver(stream: StreamSocket, isFree: boolean): void {
    this.#streams.delete(stream.id);
    this.#sender.forget(stream);
    if (isFree) this.#free.push(stream);
    if (this.#streams.size > 0 || this.isOver) return;
    if (this.#isDraining && this.#lastServed !== largestStream) this.#end();
    else if (!this.#isDraining) this.#armForState();
  }

  #onRoom(): void {
    if (this.isOver) return;
    if (this.#isPaused && !this.#sender.output.isFull) {
      this.#isPaused = false;
      this.#socket.resume();
    }
  }

  #armForState(): void {
    if (!this.isOver && !this.#isDraining)
      this.#context.wheel.arm(this, this.#listener.server.settings.http.clientTimeoutMs);
  }
}

/** In the flags of a block that waits for its rest: no flag of HEADERS. */
const selfDependent = 0x100;

/** What a draining connection's PING says. */
const drainPing = Buffer.from('draining', 'latin1');
