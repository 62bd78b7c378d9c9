import { AppError } from '../contract/errors.ts';

/**
 * Takes an answer of unknown length up to a limit. One growing buffer instead of a list of chunks: a device that answers in
 * single bytes must not cost a hundred times what it sends.
 */
export class ByteSink {
  readonly #what: string;
  readonly #maxBytes: number;
  #buffer = Buffer.alloc(0);
  #length = 0;

  constructor(what: string, maxBytes: number) {
    this.#what = what;
    this.#maxBytes = maxBytes;
  }

  /** Adds a chunk. Past the limit: OUTPUT_UNPARSED, given back and not thrown, for use in event listeners. */
  push(chunk: Buffer): AppError | undefined {
    if (this.#length + chunk.length > this.#maxBytes) {
      this.#buffer = Buffer.alloc(0);
      this.#length = 0;
      return tooLong(this.#what, this.#maxBytes);
    }
    this.#reserve(this.#length + chunk.length);
    chunk.copy(this.#buffer, this.#length);
    this.#length += chunk.length;
    return undefined;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  #reserve(needed: number): void {
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.alloc(Math.min(Math.max(needed, this.#buffer.length * 2, 4096), this.#maxBytes));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

export function tooLong(what: string, maxBytes: number): AppError {
  return new AppError('OUTPUT_UNPARSED', `${what}: the answer is longer than ${maxBytes} bytes; it was given up.`);
}
