import { ErrorCode, Flag, FrameType } from './frames.ts';

/** A block of fields may not be longer than this, nor come in more frames, whatever it would decode to. */
const maxBlockBytes = 131_072;
const maxBlockFrames = 64;
const none = Buffer.alloc(0);

/** Puts the blocks of HEADERS and CONTINUATION frames together (RFC 9113 4.3); one at a time. */
export class FieldBlock {
  #stream = 0;
  #frames = 0;
  #parts: Buffer[] = [];
  #bytes = 0;
  /** The whole block: `block[from, to)`, valid during the call that completed it. */
  block: Buffer = none;
  from = 0;
  to = 0;
  isEnd = false;

  /** CONTINUATION must come next. */
  get isOpen(): boolean {
    return this.#stream > 0;
  }

  /** One frame of it. `error` 0 = none. */
  take(
    type: number,
    flags: number,
    stream: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): { readonly error: number; readonly isWhole: boolean } {
    const isFirst = type === FrameType.headers;
    if (isFirst === this.isOpen || (!isFirst && stream !== this.#stream)) return broken;
    let [at, to] = [start, end];
    if (isFirst) {
      this.isEnd = (flags & Flag.endStream) !== 0;
      if ((flags & Flag.padded) !== 0) to -= bytes[at++] ?? 0;
      if ((flags & Flag.priority) !== 0) at += 5;
      if (at > to) return broken;
    }
    this.#bytes += to - at;
    if (this.#bytes > maxBlockBytes || ++this.#frames > maxBlockFrames) return tooMuch;
    const isWhole = (flags & Flag.endHeaders) !== 0;
    if (isFirst && isWhole) {
      this.block = bytes;
      this.from = at;
      this.to = to;
      return whole;
    }
    this.#stream = stream;
    this.#parts.push(Buffer.from(bytes.subarray(at, to)));
    if (!isWhole) return part;
    this.block = Buffer.concat(this.#parts);
    this.from = 0;
    this.to = this.block.length;
    return whole;
  }

  /** The next block may begin. */
  close(): void {
    this.#stream = this.#frames = this.#bytes = 0;
    this.#parts = [];
    this.block = none;
  }
}

const broken = { error: ErrorCode.protocol, isWhole: false };
const tooMuch = { error: ErrorCode.enhanceYourCalm, isWhole: false };
const part = { error: ErrorCode.none, isWhole: false };
const whole = { error: ErrorCode.none, isWhole: true };
