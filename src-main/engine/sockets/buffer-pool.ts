/** Buffers of one size that are leased and given back, last in first out so that they stay in the cache. */
export class BufferPool {
  readonly size: number;
  readonly #free: Buffer[] = [];
  readonly #maxFree: number;

  constructor(size: number, maxFree: number) {
    this.size = size;
    this.#maxFree = maxFree;
  }

  lease(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  /** Only for a buffer that no pending write refers to; one that may still be read is left to the collector. */
  giveBack(buffer: Buffer): void {
    if (buffer.length === this.size && this.#free.length < this.#maxFree) this.#free.push(buffer);
  }
}
