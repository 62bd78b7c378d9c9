import { ChunkReader } from './chunked.ts';

// What is left of a body: a number of bytes, or one of these.
export const untilClose = -1;
export const chunked = -2;

// What stands in the place of a count of bytes.
/** The body is not framed as its head says. */
export const broken = -1;
/** It has more than it may. */
export const tooLarge = -2;

/** Where a request's body ends. One object serves all requests of a connection. */
export class RequestBody {
  left = 0;
  /** Read so far, framing included. */
  #readBytes = 0;
  #chunks: ChunkReader | undefined = undefined;

  begin(left: number): void {
    this.left = left;
    this.#readBytes = 0;
  }

  /** How many of the bytes belong to it; `broken`, or `tooLarge` where its data are more than `maximum` (0 = any). */
  take(bytes: Buffer, start: number, end: number, maximum: number): number {
    if (this.left >= 0) {
      const taken = Math.min(this.left, end - start);
      this.left -= taken;
      return taken;
    }
    const chunks = (this.#chunks ??= new ChunkReader(true));
    if (this.#readBytes === 0) chunks.reset();
    const after = chunks.read(bytes, start, end);
    if (after === -2) return broken;
    this.#readBytes += end - start;
    if (maximum > 0 && chunks.dataBytes > maximum) return tooLarge;
    if (after < 0) return end - start;
    this.left = 0;
    return after - start;
  }
}

/** Where a response's body ends, and how its bytes go on. One object serves all responses of a connection. */
export class ResponseBody {
  left = 0;
  /** HTTP/1.0 knows no chunks: it gets the data alone, and the end of the connection as their end. */
  decodesChunks = false;
  /** More came than belongs to it: the member's connection can carry no other. */
  hasSurplus = false;
  #chunks: ChunkReader | undefined = undefined;

  begin(left: number, decodesChunks: boolean): void {
    this.left = left;
    this.decodesChunks = decodesChunks;
    this.hasSurplus = false;
    if (left === chunked) (this.#chunks ??= new ChunkReader()).reset();
  }

  /** Copies what belongs to it to `out`; answers how many bytes, or `broken`. */
  copy(bytes: Buffer, start: number, end: number, out: Buffer, place: number): number {
    if (start === end) return 0;
    if (this.left === chunked && this.decodesChunks) return this.#copyData(bytes, start, end, out, place);
    const taken = this.follow(bytes, start, end);
    if (taken > 0) bytes.copy(out, place, start, start + taken);
    return taken;
  }

  /** As `copy` without a copy: answers how many of the bytes belong to it, framing included, or `broken`. */
  follow(bytes: Buffer, start: number, end: number): number {
    const { left } = this;
    if (left === untilClose) return end - start;
    if (left === chunked) {
      const after = this.#chunks?.read(bytes, start, end) ?? -2;
      return after === -2 ? broken : this.#endAt(after, end) - start;
    }
    const taken = Math.min(left, end - start);
    if (taken < end - start) this.hasSurplus = true;
    this.left = left - taken;
    return taken;
  }

  /** Tells where its data stand, without framing. False = it is broken. */
  data(bytes: Buffer, start: number, end: number, onData: (from: number, to: number) => void): boolean {
    if (this.left === chunked) {
      const after = this.#chunks?.read(bytes, start, end, onData) ?? -2;
      if (after !== -2) this.#endAt(after, end);
      return after !== -2;
    }
    const taken = this.follow(bytes, start, end);
    if (taken > 0) onData(start, start + taken);
    return true;
  }

  #copyData(bytes: Buffer, start: number, end: number, out: Buffer, place: number): number {
    let written = 0;
    const isWhole = this.data(bytes, start, end, (from, to) => {
      bytes.copy(out, place + written, from, to);
      written += to - from;
    });
    return isWhole ? written : broken;
  }

  /** Where it ends in these bytes; `after` negative = not in these. */
  #endAt(after: number, end: number): number {
    if (after < 0) return end;
    this.left = 0;
    if (after < end) this.hasSurplus = true;
    return after;
  }
}
