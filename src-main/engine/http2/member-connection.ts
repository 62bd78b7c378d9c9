import { TLSSocket } from 'node:tls';
import {
  UpstreamConnection,
  type UpstreamFailure,
  type UpstreamLimits,
  type UpstreamMember,
  type UpstreamOwner,
} from '../http1/upstream.ts';
import type { WorkerContext } from '../runtime/context.ts';
import { Timed } from '../sockets/timer-wheel.ts';
import { FieldBlock } from './field-block.ts';
import { FloodGuard } from './flood-guard.ts';
import { FrameReader, type FrameHandler } from './frame-reader.ts';
import { FrameSender } from './frame-sender.ts';
import { ErrorCode, Flag, FrameType, largestStream, largestWindow, Setting } from './frames.ts';
import { HeaderDecoder } from './hpack/decoder.ts';
import type { MemberStream, StreamCarrier } from './member-stream.ts';
import { RequestTrailers } from './request-head.ts';
import { ResponseHead } from './response-head.ts';
import {
  grownMemberWindow,
  maxConcurrentStreams,
  maxResponseListBytes,
  memberConnectionWindow,
  memberGreeting,
  readSettings,
  streamWindow,
} from './settings.ts';

/** SETTINGS_HEADER_TABLE_SIZE as it is by default. */
const headerTableBytes = 4096;
/** After GOAWAY a member has this long to close. */
const lingerMs = 1000;
/** One that told of its client serves nobody else: it does not lie idle for long. */
const longestOwnIdleMs = 5000;
/** A member whose stream was silent for too long has this long to answer a PING. */
const probeMs = 5000;
const probe = Buffer.from('alive?\r\n', 'latin1');

const responseHead = new ResponseHead();
const nobody = { take: (): void => undefined };

/** What a connection tells those who share it. */
export interface ConnectionHome {
  /** It has room (again), or is of no more use. */
  readonly onChanged: (connection: MemberConnection) => void;
  readonly onConnectFailed: (connection: MemberConnection, failure: UpstreamFailure) => void;
  /** May one more lie idle? */
  readonly hasIdleRoom: (connection: MemberConnection) => boolean;
}

/**
 * One HTTP/2 connection to a member (RFC 9113, the client's side): carries the streams of many exchanges. Longer than house
 * style: the rules of the protocol stand together.
 */
export class MemberConnection extends Timed implements UpstreamOwner, FrameHandler, StreamCarrier {
  readonly key: string;
  readonly #context: WorkerContext;
  readonly #member: UpstreamMember;
  readonly limits: UpstreamLimits;
  readonly #home: ConnectionHome;
  readonly #idleMs: number;
  readonly #transport: UpstreamConnection;
  readonly #tls: UpstreamMember['tls'];
  readonly #reader = new FrameReader(this, false);
  readonly #decoder = new HeaderDecoder(headerTableBytes);
  readonly #flood: FloodGuard;
  readonly #block = new FieldBlock();
  readonly #streams = new Map<number, MemberStream>();
  #sender: FrameSender | undefined = undefined;
  /** Streams that it carries, begun or about to. */
  #attached = 0;
  #maxStreams = maxConcurrentStreams;
  #lastStream = -1;
  #receiveWindow = memberConnectionWindow;
  /** Bytes that came and were not yet told by WINDOW_UPDATE. */
  #untold = 0;
  #isReady = false;
  /** It takes no further stream. */
  #isLeaving = false;
  /** A PING is out: it may be dead. */
  #isSuspect = false;
  #isPaused = false;
  mayTunnel = false;
  isOver = false;
  // The DATA frame that comes.
  #dataStream: MemberStream | undefined = undefined;
  #dataEnds = false;
  #dataLeft = 0;

  /** `greeting` goes before anything else. */
  constructor(
    context: WorkerContext,
    member: UpstreamMember,
    limits: UpstreamLimits,
    key: string,
    home: ConnectionHome,
    greeting: Buffer | undefined,
  ) {
    super();
    this.#context = context;
    this.#member = member;
    this.limits = limits;
    this.key = key;
    this.#home = home;
    this.#tls = member.tls;
    this.#flood = new FloodGuard(context.wheel.nowMs);
    const { idleTimeoutMs } = limits.keepAlive;
    const isOfOneClient = greeting !== undefined || limits.isOfOneClient === true;
    this.#idleMs = isOfOneClient ? Math.min(idleTimeoutMs, longestOwnIdleMs) : idleTimeoutMs;
    this.#transport = new UpstreamConnection(context, member, limits, this, greeting);
    context.wheel.arm(this, limits.connectTimeoutMs);
  }

  get sender(): FrameSender {
    if (this.#sender === undefined) throw new Error('a stream on a connection that is not ready');
    return this.#sender;
  }

  get scheme(): 'http' | 'https' {
    return this.#tls === undefined ? 'http' : 'https';
  }

  get isConnecting(): boolean {
    return !this.#isReady && !this.isOver;
  }

  get isIdle(): boolean {
    return this.#isReady && this.#attached === 0;
  }

  /** Streams that it may take now. */
  get room(): number {
    const isUsable = this.#isReady && !this.isOver && !this.#isLeaving && !this.#isSuspect;
    return isUsable && this.#tls === this.#member.tls ? this.#maxStreams - this.#attached : 0;
  }

  /** Carries one more; `room` says that it may. */
  carry(stream: MemberStream): void {
    this.#attached++;
    this.#armForState();
    stream.attach(this);
  }

  /** It takes no further stream, and closes when the last is over. */
  retire(): void {
    this.#isLeaving = true;
    // Streams wait for one that is not ready; it ends when it lies idle.
    if (this.isIdle) this.#end();
  }

  // As the owner of its transport.

  onConnected(): void {
    const { socket } = this.#transport;
    if (socket instanceof TLSSocket && socket.alpnProtocol !== 'h2') {
      this.#failConnect('connect-error', 'it does not offer HTTP/2 by ALPN');
      return;
    }
    this.#sender = new FrameSender(socket, this.#flood, true, () => {
      if (!this.#isPaused) return;
      this.#isPaused = false;
      this.#transport.resume();
    });
    this.#sender.put(memberGreeting);
    this.#sender.output.flush();
  }

  onResponseBytes(bytes: Buffer, start: number, end: number): boolean {
    this.#reader.read(bytes, start, end);
    const output = this.#sender?.output;
    if (output?.isOverrun === true) this.#fail(ErrorCode.enhanceYourCalm, 'it makes us say more than it reads');
    this.#isPaused = output?.isFull === true;
    return !this.#isPaused;
  }

  /** Frames are copied before they leave. */
  onUpstreamFlushed(): void {
    return undefined;
  }

  onUpstreamEnd(): void {
    this.#transport.destroy();
    this.onUpstreamFailed('reset');
  }

  onUpstreamFailed(failure: UpstreamFailure): void {
    if (this.#isReady) this.#leave('reset');
    else if (this.#sender === undefined) this.#failConnect(failure);
    else this.#failConnect('connect-error', 'it closed the connection before its SETTINGS');
  }

  override onDeadline(): void {
    if (this.isOver) this.#transport.destroy();
    else if (!this.#isReady) this.#failConnect('connect-timeout', 'it sent no SETTINGS in time');
    else if (this.#isSuspect) {
      this.#transport.destroy();
      this.#leave('timeout');
    } else if (this.#attached === 0) this.#end();
  }

  /** Before it was ready. `reason` is said where it is more than that nothing listens. */
  #failConnect(failure: UpstreamFailure, reason = ''): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#transport.destroy();
    this.#context.wheel.disarm(this);
    if (reason !== '') this.#tell(reason);
    this.#home.onConnectFailed(this, failure);
  }

  /** A connection error (RFC 9113 5.4.1). */
  #fail(error: number, reason: string): void {
    if (this.isOver) return;
    if (!this.#isReady) {
      this.#failConnect('connect-error', 'what it answers is not HTTP/2');
      return;
    }
    this.#tell(reason);
    this.#sender?.putGoAway(0, error);
    this.#sender?.output.flush();
    this.#transport.destroy();
    this.#leave('bad-response');
  }

  #tell(reason: string): void {
    this.#context.onMemberFailed(this.#member, 'http2-failed', reason);
  }

  /** It is gone; what ran on it fails. */
  #leave(failure: UpstreamFailure): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#context.wheel.disarm(this);
    this.#home.onChanged(this);
    for (const stream of [...this.#streams.values()]) stream.fail(failure);
  }

  /** No stream runs: says good-bye. */
  #end(): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.#sender === undefined) this.#transport.destroy();
    else {
      this.#sender.putGoAway(0, ErrorCode.none);
      this.#sender.output.end();
      this.#context.wheel.arm(this, lingerMs);
    }
    this.#home.onChanged(this);
  }

  #armForState(): void {
    if (this.isOver || this.#isSuspect) return;
    this.#context.wheel.arm(this, this.#attached === 0 ? this.#idleMs : 0);
  }

  // As what carries streams.

  begin(stream: MemberStream): number {
    this.#lastStream += 2;
    if (this.#lastStream >= largestStream - 2) this.#isLeaving = true;
    stream.sendWindow = this.sender.initialWindow;
    stream.receiveWindow = streamWindow;
    this.#streams.set(this.#lastStream, stream);
    this.#flood.onSent();
    return this.#lastStream;
  }

  onTaken(stream: MemberStream, bytes: number): void {
    if (stream.isRemoteEnded || this.isOver) return;
    stream.untold += bytes;
    if (stream.untold < streamWindow / 2) return;
    if (!stream.hasGrown) {
      // Its client keeps up: it may come faster.
      stream.hasGrown = true;
      stream.untold += grownMemberWindow - streamWindow;
    }
    stream.receiveWindow += stream.untold;
    this.sender.putWindowUpdate(stream.id, stream.untold);
    stream.untold = 0;
  }

  onOver(stream: MemberStream, error: number | undefined): void {
    this.#attached--;
    this.#sender?.forget(stream);
    // One that has not begun is not known to the member.
    if (stream.id > 0 && this.#streams.delete(stream.id) && error !== undefined && !this.isOver)
      this.#sender?.putReset(stream.id, error);
    if (this.isOver) return;
    if (this.#attached === 0 && (this.#isLeaving || !this.#mayStay())) this.#end();
    else {
      this.#armForState();
      this.#home.onChanged(this);
    }
  }

  #mayStay(): boolean {
    const isCurrent = this.#tls === this.#member.tls && this.#member.settings.adminState !== 'disabled';
    return isCurrent && this.#home.hasIdleRoom(this);
  }

  suspect(): void {
    if (this.isOver || this.#isSuspect) return;
    this.#isSuspect = true;
    this.#sender?.putPing(0, probe, 0);
    this.#context.wheel.arm(this, probeMs);
  }

  refuseTunnel(): void {
    this.#tell('it does not take WebSocket over HTTP/2 (RFC 8441)');
  }

  // What the member sends.

  onBrokenFrame(error: number): void {
    this.#fail(error, 'a frame that is none');
  }

  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (!this.#isReady && type !== FrameType.settings) this.#fail(ErrorCode.protocol, 'no SETTINGS at first');
    else if (this.#block.isOpen && type !== FrameType.continuation)
      this.#fail(ErrorCode.protocol, 'a block of fields that is not whole');
    else
      switch (type) {
        case FrameType.headers:
        case FrameType.continuation:
          this.#onFields(type, flags, id, bytes, start, end);
          break;
        case FrameType.windowUpdate:
          this.#onWindowUpdate(id, bytes, start, end);
          break;
        case FrameType.resetStream:
          this.#onReset(id, bytes, start, end);
          break;
        case FrameType.settings:
          this.#onSettings(flags, id, bytes, start, end);
          break;
        case FrameType.ping:
          this.#onPing(flags, id, bytes, start, end);
          break;
        case FrameType.goAway:
          this.#onGoAway(id, bytes, start, end);
          break;
        case FrameType.pushPromise:
          this.#fail(ErrorCode.protocol, 'a push that was not allowed');
          break;
        default:
          this.#takeIdle(); // PRIORITY means nothing here; types that are not known are ignored (RFC 9113 4.1)
      }
  }

  onData(flags: number, id: number, length: number): void {
    this.#dataStream = undefined;
    this.#dataEnds = (flags & Flag.endStream) !== 0;
    this.#dataLeft = length;
    if (!this.#isReady || this.#block.isOpen || !this.#hasBegun(id)) {
      this.#fail(ErrorCode.protocol, 'DATA where none may be');
      return;
    }
    // The connection's window opens as the bytes come: a client that does not read holds up no other.
    this.#receiveWindow -= length;
    this.#untold += length;
    if (this.#receiveWindow < 0) this.#fail(ErrorCode.flowControl, 'more DATA than the window allows');
    else if (this.#untold >= memberConnectionWindow / 4) {
      this.#receiveWindow += this.#untold;
      this.sender.putWindowUpdate(0, this.#untold);
      this.#untold = 0;
    }
    this.#flood.onData(length);
    if (length === 0 && !this.#dataEnds) this.#takeIdle();
    const stream = this.#streams.get(id);
    if (stream === undefined) return; // it was cancelled, and this had been on its way
    stream.receiveWindow -= length;
    if (stream.isRemoteEnded) stream.fail('bad-response', ErrorCode.streamClosed);
    else if (stream.receiveWindow < 0) stream.fail('bad-response', ErrorCode.flowControl);
    else this.#dataStream = stream;
  }

  onDataBytes(bytes: Buffer, start: number, end: number, isLast: boolean): void {
    const stream = this.#dataStream;
    this.#dataLeft -= end - start;
    if (stream === undefined || stream.isClosed) return;
    // What is left of the frame behind its data is padding.
    if (isLast && this.#dataLeft > 0) this.onTaken(stream, this.#dataLeft);
    if (!stream.receive(bytes, start, end, isLast && this.#dataEnds)) stream.fail('bad-response', ErrorCode.protocol);
  }

  #onFields(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const { error, isWhole } = this.#block.take(type, flags, id, bytes, start, end);
    if (error !== ErrorCode.none) this.#fail(error, 'a block of fields that cannot be read');
    else if (!this.#hasBegun(id)) this.#fail(ErrorCode.protocol, 'a response to nothing');
    else if (isWhole) {
      const { isEnd, block, from, to } = this.#block;
      this.#block.close();
      this.#onBlock(id, isEnd, block, from, to);
    }
  }

  #onBlock(id: number, isEnd: boolean, bytes: Buffer, start: number, end: number): void {
    const stream = this.#streams.get(id);
    if (stream?.hasHead === true) {
      this.#onTrailers(stream, isEnd, bytes, start, end);
      return;
    }
    // Decoded whoever it is for: the table changes with each block.
    const sink = stream === undefined ? nobody : responseHead.begin(maxResponseListBytes);
    if (!this.#decoder.decode(bytes, start, end, sink)) {
      this.#fail(ErrorCode.compression, 'fields that cannot be decoded');
      return;
    }
    if (stream === undefined) {
      this.#takeIdle();
      return;
    }
    responseHead.finish(!isEnd, stream);
    if (responseHead.status < 200 && responseHead.status !== 101) this.#takeIdle();
    if (responseHead.isMalformed || stream.isRemoteEnded || !stream.receiveHead(responseHead, isEnd))
      stream.fail('bad-response', ErrorCode.protocol);
  }

  #onTrailers(stream: MemberStream, isEnd: boolean, bytes: Buffer, start: number, end: number): void {
    const trailers = new RequestTrailers();
    if (!this.#decoder.decode(bytes, start, end, trailers))
      this.#fail(ErrorCode.compression, 'fields that cannot be decoded');
    else if (stream.isRemoteEnded) stream.fail('bad-response', ErrorCode.streamClosed);
    else if (!isEnd || trailers.isMalformed || !stream.receiveTrailers(trailers.lastChunk()))
      stream.fail('bad-response', ErrorCode.protocol);
  }

  #onSettings(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) this.#fail(ErrorCode.protocol, 'SETTINGS of a stream');
    else if ((flags & Flag.ack) !== 0) {
      if (end > start) this.#fail(ErrorCode.frameSize, 'SETTINGS that cannot be read');
      else if (this.#isReady) this.#takeIdle();
      else this.#fail(ErrorCode.protocol, 'no SETTINGS at first');
    } else {
      const error = readSettings(bytes, start, end, this.#onInitialWindow, this.#onSetting);
      if (error !== ErrorCode.none) this.#fail(error, 'SETTINGS that cannot be read');
      else {
        this.sender.putSettingsAck();
        if (this.#takeIdle()) this.#onSettled();
      }
    }
  }

  #onSettled(): void {
    if (this.#isReady) {
      this.sender.pump();
      this.#home.onChanged(this);
    } else if (this.#maxStreams === 0) this.#failConnect('connect-error', 'it allows no streams');
    else {
      this.#isReady = true;
      this.#armForState();
      this.#home.onChanged(this);
    }
  }

  readonly #onInitialWindow = (window: number): number => this.sender.setInitialWindow(window, this.#streams.values());

  readonly #onSetting = (name: number, value: number): void => {
    if (name === Setting.maxConcurrentStreams) this.#maxStreams = Math.min(value, maxConcurrentStreams);
    else if (name === Setting.enableConnectProtocol) this.mayTunnel = value === 1;
  };

  #onWindowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) this.#fail(ErrorCode.frameSize, 'a WINDOW_UPDATE that cannot be read');
    else if (id !== 0 && !this.#hasBegun(id)) this.#fail(ErrorCode.protocol, 'a WINDOW_UPDATE of no stream');
    else if (this.#takeIdle()) {
      const increment = bytes.readUInt32BE(start) & largestWindow;
      if (id === 0) {
        const error = this.sender.openWindow(increment);
        if (error !== ErrorCode.none) this.#fail(error, 'a WINDOW_UPDATE that is too large, or nothing');
        return;
      }
      const stream = this.#streams.get(id);
      if (stream === undefined) return; // it has ended meanwhile
      const error = this.sender.openStreamWindow(stream, increment);
      if (error !== ErrorCode.none) stream.fail('bad-response', error);
    }
  }

  #onReset(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) this.#fail(ErrorCode.frameSize, 'a RST_STREAM that cannot be read');
    else if (!this.#hasBegun(id)) this.#fail(ErrorCode.protocol, 'a RST_STREAM of no stream');
    else {
      const stream = this.#streams.get(id);
      const code = bytes.readUInt32BE(start);
      if (stream === undefined) this.#takeIdle();
      else if (code === ErrorCode.refusedStream) stream.fail('refused');
      else stream.fail('reset', undefined, code);
    }
  }

  #onPing(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) this.#fail(ErrorCode.protocol, 'a PING of a stream');
    else if (end - start !== 8) this.#fail(ErrorCode.frameSize, 'a PING that cannot be read');
    else if (!this.#takeIdle()) return;
    else if ((flags & Flag.ack) === 0) this.sender.putPing(Flag.ack, bytes, start);
    else if (this.#isSuspect) {
      this.#isSuspect = false;
      this.#armForState();
      this.#home.onChanged(this);
    }
  }

  /** Streams above the last one named were not looked at (RFC 9113 6.8): others may carry them. */
  #onGoAway(id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) this.#fail(ErrorCode.protocol, 'a GOAWAY of a stream');
    else if (end - start < 8) this.#fail(ErrorCode.frameSize, 'a GOAWAY that cannot be read');
    else if (this.#takeIdle()) {
      const last = bytes.readUInt32BE(start) & largestStream;
      const error = bytes.readUInt32BE(start + 4);
      this.#isLeaving = true;
      if (error !== ErrorCode.none) this.#tell(`it ended the connection with error ${error}`);
      this.#home.onChanged(this);
      for (const stream of [...this.#streams.values()]) if (stream.id > last) stream.fail('unprocessed');
      if (this.#attached === 0) this.#end();
    }
  }

  /** We have opened a stream of that number, be it over. */
  #hasBegun(id: number): boolean {
    return id % 2 === 1 && id <= this.#lastStream;
  }

  #takeIdle(): boolean {
    if (this.#flood.takeIdle(this.#context.wheel.nowMs)) return true;
    this.#fail(ErrorCode.enhanceYourCalm, 'a flood of frames that carry nothing');
    return false;
  }
}
