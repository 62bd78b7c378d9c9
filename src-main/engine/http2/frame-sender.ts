import type { ByteSocket } from '../sockets/raw-socket.ts';
import type { FloodGuard } from './flood-guard.ts';
import { putFieldFrames } from './field-frames.ts';
import { FrameOutput } from './frame-output.ts';
import {
  defaultWindow,
  ErrorCode,
  Flag,
  frameHeadBytes,
  FrameType,
  largestWindow,
  maxFrameBytes,
  putFrameHead,
  putUint32,
} from './frames.ts';

/** Who cannot take so much has to wait for the next turn. */
const leastRoomBytes = 1024;

/** A stream whose body leaves as the peer's windows allow. */
export interface SendingStream {
  readonly id: number;
  /** What the peer lets it send. */
  sendWindow: number;
  /** It stands in the connection's list. */
  isWaiting: boolean;
  /** Bytes that it has to send and could not. */
  readonly waitingBytes: number;
  /** There is room: sends on, no more than one turn's part. */
  readonly sendOn: () => void;
}

/** What one side of a connection says: frames, within the windows that the peer opens (RFC 9113 5.2). */
export class FrameSender {
  readonly output: FrameOutput;
  readonly #flood: FloodGuard;
  readonly #countsSmall: boolean;
  #window = defaultWindow;
  #initialWindow = defaultWindow;
  #hasSentFields = false;
  /** Streams that have more to send than they could. */
  #waiting: SendingStream[] = [];

  /**
   * `onRoom` comes when a write has left; what waits has been sent on by then. A peer whose windows are not to be trusted (it opens them
   * byte by byte) earns nothing by small frames: `countsSmall` is false.
   */
  constructor(socket: ByteSocket, flood: FloodGuard, countsSmall: boolean, onRoom: () => void) {
    this.#flood = flood;
    this.#countsSmall = countsSmall;
    this.output = new FrameOutput(socket, () => {
      this.pump();
      onRoom();
    });
  }

  /** What a stream may send that is opened now. */
  get initialWindow(): number {
    return this.#initialWindow;
  }

  put(bytes: Buffer): void {
    const out = this.output.reserve(bytes.length);
    bytes.copy(out, this.output.length);
    this.output.length += bytes.length;
  }

  /** A block of fields, in as many frames as it needs. */
  putFields(stream: number, block: Buffer, length: number, isEnd: boolean): void {
    putFieldFrames(this.output, !this.#hasSentFields, stream, block, length, isEnd);
    this.#hasSentFields = true;
  }

  /** As much of `bytes[start, end)` as windows and room allow, at most `limit`; answers how far it came. */
  putData(stream: SendingStream, bytes: Buffer, start: number, end: number, isEnd: boolean, limit: number): number {
    const { output } = this;
    let at = start;
    let left = limit;
    for (;;) {
      const wanted = end - at;
      const room = Math.min(stream.sendWindow, this.#window, output.room - frameHeadBytes, left);
      const taken = Math.min(wanted, maxFrameBytes, room);
      if (wanted > 0 && taken <= 0) return at;
      const ends = isEnd && taken === wanted;
      const out = output.reserve(frameHeadBytes + taken);
      const place = putFrameHead(out, output.length, taken, FrameType.data, ends ? Flag.endStream : 0, stream.id);
      bytes.copy(out, place, at, at + taken);
      output.length = place + taken;
      stream.sendWindow -= taken;
      this.#window -= taken;
      if (this.#countsSmall) this.#flood.onSent();
      else this.#flood.onData(taken);
      at += taken;
      left -= taken;
      output.flushIfLarge();
      if (at === end) return at;
    }
  }

  putSettingsAck(): void {
    const out = this.output.reserve(frameHeadBytes);
    this.output.length = putFrameHead(out, this.output.length, 0, FrameType.settings, Flag.ack, 0);
  }

  putPing(flags: number, bytes: Buffer, start: number): void {
    const out = this.output.reserve(frameHeadBytes + 8);
    const at = putFrameHead(out, this.output.length, 8, FrameType.ping, flags, 0);
    bytes.copy(out, at, start, start + 8);
    this.output.length = at + 8;
  }

  putReset(stream: number, error: number): void {
    this.#putUint32(FrameType.resetStream, stream, error);
  }

  putWindowUpdate(stream: number, increment: number): void {
    this.#putUint32(FrameType.windowUpdate, stream, increment);
  }

  putGoAway(lastStream: number, error: number): void {
    const out = this.output.reserve(frameHeadBytes + 8);
    const at = putUint32(out, putFrameHead(out, this.output.length, 8, FrameType.goAway, 0, 0), lastStream);
    this.output.length = putUint32(out, at, error);
  }

  /** The stream has more to send than it could. */
  awaitRoom(stream: SendingStream): void {
    if (stream.isWaiting) return;
    stream.isWaiting = true;
    this.#waiting.push(stream);
  }

  /** The stream is over. */
  forget(stream: SendingStream): void {
    if (!stream.isWaiting) return;
    stream.isWaiting = false;
    this.#waiting.splice(this.#waiting.indexOf(stream), 1);
  }

  /** WINDOW_UPDATE of the connection. Answers an error, 0 = none. */
  openWindow(increment: number): number {
    this.#window += increment;
    if (increment === 0) return ErrorCode.protocol;
    if (this.#window > largestWindow) return ErrorCode.flowControl;
    this.pump();
    return ErrorCode.none;
  }

  /** WINDOW_UPDATE of a stream. Answers an error, 0 = none. */
  openStreamWindow(stream: SendingStream, increment: number): number {
    stream.sendWindow += increment;
    if (increment === 0) return ErrorCode.protocol;
    if (stream.sendWindow > largestWindow) return ErrorCode.flowControl;
    if (stream.waitingBytes > 0) {
      this.awaitRoom(stream);
      this.pump();
    }
    return ErrorCode.none;
  }

  /** RFC 9113 6.9.2: the windows of streams that run change by the difference, even below 0. Answers an error, 0 = none. */
  setInitialWindow(window: number, streams: Iterable<SendingStream>): number {
    const change = window - this.#initialWindow;
    this.#initialWindow = window;
    for (const stream of streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > largestWindow) return ErrorCode.flowControl;
      if (stream.sendWindow > 0 && stream.waitingBytes > 0) this.awaitRoom(stream);
    }
    return ErrorCode.none;
  }

  /** In turns, as long as there is room. */
  pump(): void {
    while (this.#waiting.length > 0 && this.#window > 0 && this.output.room > leastRoomBytes) {
      const stream = this.#waiting.shift();
      if (stream === undefined) return;
      stream.isWaiting = false;
      if (stream.sendWindow <= 0) continue; // a window update brings it back
      stream.sendOn();
      if (stream.waitingBytes > 0 && stream.sendWindow > 0) this.awaitRoom(stream);
    }
  }

  /** A frame whose payload is one number. */
  #putUint32(type: number, stream: number, value: number): void {
    const out = this.output.reserve(frameHeadBytes + 4);
    this.output.length = putUint32(out, putFrameHead(out, this.output.length, 4, type, 0, stream), value);
  }
}
