import { clientPreface, ErrorCode, Flag, frameHeadBytes, FrameType, maxFrameBytes } from './frames.ts';

/** What frames are handed to. Bytes are valid during the call only. */
export interface FrameHandler {
  /** Nothing more is read. */
  readonly isOver: boolean;
  /** A whole frame of any type but DATA; its payload is `bytes[start, end)`. */
  readonly onFrame: (type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number) => void;
  /** A DATA frame begins; `length` is what flow control counts, padding included. */
  readonly onData: (flags: number, stream: number, length: number) => void;
  /** Part of its data; `isLast` = the rest of it. Comes at least once a frame. */
  readonly onDataBytes: (bytes: Buffer, start: number, end: number, isLast: boolean) => void;
  readonly onBrokenFrame: (error: number) => void;
}

/** Cuts a connection's bytes into frames (RFC 9113 4.1). DATA is handed on as it comes, all else is gathered whole. */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #head: Buffer = Buffer.allocUnsafe(frameHeadBytes);
  #headLength = 0;
  #prefaceLength = 0;
  #type = 0;
  #flags = 0;
  #stream = 0;
  /** A frame that is not whole yet. */
  #payload: Buffer | undefined = undefined;
  #payloadLength = 0;
  #isData = false;
  #needsPadLength = false;
  #dataLeft = 0;
  #paddingLeft = 0;

  /** `hasPreface` = the client's words come first (RFC 9113 3.4). */
  constructor(handler: FrameHandler, hasPreface = true) {
    this.#handler = handler;
    if (!hasPreface) this.#prefaceLength = clientPreface.length;
  }

  read(bytes: Buffer, start: number, end: number): void {
    let at = this.#prefaceLength < clientPreface.length ? this.#readPreface(bytes, start, end) : start;
    while (at < end && !this.#handler.isOver) {
      if (this.#isData) at = this.#readData(bytes, at, end);
      else if (this.#payload !== undefined) at = this.#gather(this.#payload, bytes, at, end);
      else at = this.#readHead(bytes, at, end);
    }
  }

  #readPreface(bytes: Buffer, start: number, end: number): number {
    const length = Math.min(clientPreface.length - this.#prefaceLength, end - start);
    const isGood =
      clientPreface.compare(bytes, start, start + length, this.#prefaceLength, this.#prefaceLength + length) === 0;
    if (!isGood) {
      this.#handler.onBrokenFrame(ErrorCode.protocol);
      return end;
    }
    this.#prefaceLength += length;
    return start + length;
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    let from = bytes;
    let place = start;
    let at = start + frameHeadBytes;
    if (this.#headLength > 0 || at > end) {
      const taken = Math.min(frameHeadBytes - this.#headLength, end - start);
      bytes.copy(this.#head, this.#headLength, start, start + taken);
      this.#headLength += taken;
      if (this.#headLength < frameHeadBytes) return end;
      this.#headLength = 0;
      from = this.#head;
      place = 0;
      at = start + taken;
    }
    const length = ((from[place] ?? 0) << 16) | ((from[place + 1] ?? 0) << 8) | (from[place + 2] ?? 0);
    const type = from[place + 3] ?? 0;
    const flags = from[place + 4] ?? 0;
    const stream =
      (((from[place + 5] ?? 0) & 127) << 24) |
      ((from[place + 6] ?? 0) << 16) |
      ((from[place + 7] ?? 0) << 8) |
      (from[place + 8] ?? 0);
    if (length > maxFrameBytes) {
      this.#handler.onBrokenFrame(ErrorCode.frameSize);
      return end;
    }
    if (type === FrameType.data) {
      this.#startData(flags, stream, length);
      return at;
    }
    if (end - at >= length) {
      this.#handler.onFrame(type, flags, stream, bytes, at, at + length);
      return at + length;
    }
    this.#type = type;
    this.#flags = flags;
    this.#stream = stream;
    this.#payload = Buffer.allocUnsafe(length);
    this.#payloadLength = 0;
    return at;
  }

  #gather(payload: Buffer, bytes: Buffer, start: number, end: number): number {
    const taken = Math.min(payload.length - this.#payloadLength, end - start);
    bytes.copy(payload, this.#payloadLength, start, start + taken);
    this.#payloadLength += taken;
    if (this.#payloadLength === payload.length) {
      this.#payload = undefined;
      this.#handler.onFrame(this.#type, this.#flags, this.#stream, payload, 0, payload.length);
    }
    return start + taken;
  }

  #startData(flags: number, stream: number, length: number): void {
    const isPadded = (flags & Flag.padded) !== 0;
    if (isPadded && length === 0) {
      this.#handler.onBrokenFrame(ErrorCode.frameSize);
      return;
    }
    this.#needsPadLength = isPadded;
    this.#dataLeft = length;
    this.#paddingLeft = 0;
    this.#handler.onData(flags, stream, length);
    if (length === 0) this.#handler.onDataBytes(this.#head, 0, 0, true);
    else this.#isData = true;
  }

  #readData(bytes: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#needsPadLength) {
      this.#needsPadLength = false;
      this.#paddingLeft = bytes[at++] ?? 0;
      this.#dataLeft -= 1 + this.#paddingLeft;
      if (this.#dataLeft < 0) {
        this.#handler.onBrokenFrame(ErrorCode.protocol);
        return end;
      }
      if (this.#dataLeft === 0) this.#handler.onDataBytes(bytes, at, at, true);
    }
    if (this.#dataLeft > 0 && at < end) {
      const taken = Math.min(this.#dataLeft, end - at);
      this.#dataLeft -= taken;
      this.#handler.onDataBytes(bytes, at, at + taken, this.#dataLeft === 0);
      at += taken;
    }
    if (this.#dataLeft > 0) return at;
    const skipped = Math.min(this.#paddingLeft, end - at);
    this.#paddingLeft -= skipped;
    if (this.#paddingLeft === 0) this.#isData = false;
    return at + skipped;
  }
}
