import { ChunkReader } from '../http1/chunked.ts';
import { head, scanResponse } from '../http1/head.ts';
import type { FetchOwner } from './fetch-owner.ts';

const untilClose = -1;
const chunked = -2;
const awaitingHead = -3;
const done = -4;
const largestHeadBytes = 131_072;

/** Takes one response apart as it comes and tells its owner; `onOver` = nothing more is read. */
export class ResponseReader {
  readonly #owner: FetchOwner;
  readonly #onOver: () => void;
  readonly #chunks = new ChunkReader();
  #left = awaitingHead;
  /** A head that has begun. */
  #partial: Buffer | undefined;

  constructor(owner: FetchOwner, onOver: () => void) {
    this.#owner = owner;
    this.#onOver = onOver;
  }

  /** Bytes behind the response are left alone. False = the owner wants to wait. */
  onBytes(given: Buffer): boolean {
    const bytes = this.#partial === undefined ? given : Buffer.concat([this.#partial, given]);
    this.#partial = undefined;
    let at = 0;
    while (this.#left === awaitingHead) {
      const headEnd = scanResponse(bytes, at, bytes.length, largestHeadBytes);
      if (headEnd <= 0) {
        if (headEnd === 0) this.#partial = Buffer.from(bytes.subarray(at));
        else this.break();
        return true;
      }
      if (head.status < 200) {
        this.#owner.onInterim(bytes.subarray(at, headEnd));
        at = headEnd;
        if (at === bytes.length) return true;
        continue;
      }
      const { status } = head;
      const hasNoBody = status === 204 || status === 304;
      const length = hasNoBody ? 0 : head.isChunked || head.contentLength < 0 ? undefined : head.contentLength;
      this.#left = length ?? (head.isChunked ? chunked : untilClose);
      this.#chunks.reset();
      this.#owner.onHead(bytes.subarray(at, headEnd), status, length);
      at = headEnd;
      if (this.#left === 0) {
        this.#finish();
        return true;
      }
    }
    return at === bytes.length || this.#onBody(bytes, at);
  }

  /** The connection has closed its side: the end of a body that ends so, of any other a failure. */
  onClose(isProper: boolean): void {
    if (this.#left === untilClose && isProper) this.#finish();
    else this.break();
  }

  /** Nobody wants it any more. */
  stop(): void {
    this.#left = done;
  }

  break(): void {
    if (this.#left === done) return;
    this.#left = done;
    this.#owner.onBroken();
    this.#onOver();
  }

  #onBody(bytes: Buffer, start: number): boolean {
    let end = bytes.length;
    if (this.#left === chunked) {
      const after = this.#chunks.read(bytes, start, end, (from, to) => {
        this.#owner.onData(bytes, from, to);
      });
      if (after === -2) {
        this.break();
        return true;
      }
      if (after >= 0) {
        end = after;
        this.#left = 0;
      }
    } else if (this.#left >= 0) {
      end = Math.min(end, start + this.#left);
      this.#left -= end - start;
      this.#owner.onData(bytes, start, end);
    } else if (this.#left === untilClose) this.#owner.onData(bytes, start, end);
    else return true;
    const mayGoOn = this.#owner.onRaw(bytes, start, end);
    if (this.#left === 0) this.#finish();
    return mayGoOn;
  }

  #finish(): void {
    this.#left = done;
    this.#owner.onEnd();
    this.#onOver();
  }
}
