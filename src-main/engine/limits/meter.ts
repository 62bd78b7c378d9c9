import type { Bucket, Granted } from './bucket.ts';

const longestSliceBytes = 16_384;
const shortestSliceBytes = 1024;
const slicesPerSecond = 16;

/**
 * What one connection pays before its bytes leave: its own bucket, then those it shares with others (client, virtual
 * server, engine), one after another. The data path, whatever its protocol, asks `take` with at most `sliceBytes` and
 * writes when that is true or `onGranted` has come.
 */
export class Meter implements Granted {
  /** No more than this at a time: slices are what makes it smooth and fair. */
  readonly sliceBytes: number;
  readonly #own: Bucket | undefined;
  readonly #shared: readonly Bucket[];
  readonly #afterBytes: number;
  readonly #onPaid: () => void;
  readonly #onClose: () => void;
  #bytes = 0;
  #stage = 0;
  #freeBytes: number;

  /** The connection's own limit begins `afterBytes` into each response. */
  constructor(
    buckets: { readonly own: Bucket | undefined; readonly shared: readonly Bucket[]; readonly afterBytes: number },
    onPaid: () => void,
    onClose: () => void = () => undefined,
  ) {
    this.#own = buckets.own;
    this.#shared = buckets.shared;
    this.#afterBytes = this.#freeBytes = buckets.afterBytes;
    this.#onPaid = onPaid;
    this.#onClose = onClose;
    const rates = [buckets.own, ...buckets.shared].map((bucket) => bucket?.rate ?? Number.POSITIVE_INFINITY);
    const slice = Math.floor(Math.min(...rates) / slicesPerSecond);
    this.sliceBytes = Math.min(longestSliceBytes, Math.max(shortestSliceBytes, slice));
  }

  /** True = the bytes may leave now. False = they may when `onPaid` is called. */
  take(bytes: number): boolean {
    this.#bytes = bytes;
    this.#stage = 0;
    return this.#pay();
  }

  /** A new response: the bytes that are free of the connection's own limit begin anew. */
  startResponse(): void {
    this.#freeBytes = this.#afterBytes;
  }

  /** The connection has ended: whatever it waits for. */
  close(): void {
    this.#own?.leave(this);
    for (const bucket of this.#shared) bucket.leave(this);
    this.#onClose();
  }

  onGranted(): void {
    if (this.#pay()) this.#onPaid();
  }

  #pay(): boolean {
    if (this.#stage === 0) {
      this.#stage = 1;
      if (this.#own !== undefined && !this.#payOwn(this.#own)) return false;
    }
    while (this.#stage <= this.#shared.length) {
      const bucket = this.#shared[this.#stage - 1];
      this.#stage++;
      if (bucket?.take(this.#bytes, this) === false) return false;
    }
    return true;
  }

  #payOwn(own: Bucket): boolean {
    const free = Math.min(this.#freeBytes, this.#bytes);
    this.#freeBytes -= free;
    return free === this.#bytes || own.take(this.#bytes - free, this);
  }
}
