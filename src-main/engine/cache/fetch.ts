import type { Socket } from 'node:net';
import { ChunkReader } from '../http1/chunked.ts';
import { ClientConnection } from '../http1/client.ts';
import { head, scanResponse } from '../http1/head.ts';
import type { WorkerContext } from '../runtime/context.ts';
import type { Listener } from '../runtime/listener.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import type { FetchOwner, RunningFetch } from './fetch-owner.ts';

const untilClose = -1;
const chunked = -2;
const awaitingHead = -3;
const done = -4;
const largestHeadBytes = 131_072;

type Listeners = Map<string, () => void>;

/**
 * One request of the engine's own: the exchange that any client has (routes, choice, queue, retries, back-pressure), with memory
 * in place of the client's socket. It goes on when the client that caused it has left.
 */
export class Fetch implements RunningFetch {
  readonly #owner: FetchOwner;
  readonly #listeners: Listeners = new Map();
  readonly #chunks = new ChunkReader();
  #left = awaitingHead;
  #queued = 0;
  #isDestroyed = false;
  #flushed: (() => void)[] = [];

  /** `request` is a whole head as a member gets it. */
  constructor(context: WorkerContext, listener: Listener, clientAddress: string, request: Buffer, owner: FetchOwner) {
    this.#owner = owner;
    let reader: ByteReader | undefined;
    new ClientConnection(context, listener, (given) => {
      reader = given;
      return this.#socket(clientAddress);
    });
    reader?.onBytes(request, 0, request.length);
  }

  /** What waited has left. */
  goOn(): void {
    this.#queued = 0;
    for (const flushed of this.#flushed.splice(0)) flushed();
  }

  /** Nobody wants it any more. */
  cancel(): void {
    this.#left = done;
    this.#destroy();
  }

  /** As much of a socket as a connection uses. */
  #socket(remoteAddress: string): Socket {
    const queued = (): number => this.#queued;
    const socket = {
      remoteAddress,
      remotePort: 0,
      localAddress: '',
      get writableLength() {
        return queued();
      },
      on: (event: string, listener: () => void) => {
        this.#listeners.set(event, listener);
      },
      write: (bytes: Buffer | string, flushed?: () => void) => {
        if (flushed !== undefined) {
          if (this.#queued === 0) queueMicrotask(flushed);
          else this.#flushed.push(flushed);
        } else if (typeof bytes !== 'string') this.#onBytes(bytes);
      },
      resume: () => undefined,
      end: () => {
        this.#onClose(true);
      },
      destroy: () => {
        this.#onClose(this.#queued === 0);
      },
      resetAndDestroy: () => {
        this.#onClose(false);
      },
    };
    return socket as unknown as Socket; // the part of it that ClientConnection calls
  }

  #onBytes(bytes: Buffer): void {
    let at = 0;
    while (this.#left === awaitingHead) {
      const headEnd = scanResponse(bytes, at, bytes.length, largestHeadBytes);
      if (headEnd <= 0) {
        this.#break(); // a connection writes whole heads
        return;
      }
      if (head.status < 200) {
        this.#owner.onInterim(bytes.subarray(at, headEnd));
        at = headEnd;
        if (at === bytes.length) return;
        continue;
      }
      const { status } = head;
      const hasNoBody = status === 204 || status === 304;
      const length = hasNoBody ? 0 : head.isChunked || head.contentLength < 0 ? undefined : head.contentLength;
      this.#left = length ?? (head.isChunked ? chunked : untilClose);
      this.#chunks.reset();
      this.#owner.onHead(bytes.subarray(at, headEnd), status, length);
      at = headEnd;
      // The owner may have cancelled it; the types do not see that.
      if (this.#isDestroyed) return;
      if (this.#left === 0) {
        this.#finish();
        return;
      }
    }
    if (at < bytes.length) this.#onBody(bytes, at);
  }

  #onBody(bytes: Buffer, start: number): void {
    let end = bytes.length;
    if (this.#left === chunked) {
      const after = this.#chunks.read(bytes, start, end, (from, to) => {
        this.#owner.onData(bytes, from, to);
      });
      if (after === -2) {
        this.#break();
        return;
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
    else return;
    if (!this.#owner.onRaw(bytes, start, end)) this.#queued = Math.max(1, end - start);
    if (this.#left === 0) this.#finish();
  }

  #finish(): void {
    this.#left = done;
    this.#owner.onEnd();
    this.#destroy();
  }

  #break(): void {
    if (this.#left === done) return;
    this.#left = done;
    this.#owner.onBroken();
    this.#destroy();
  }

  /** The connection has closed its side: the end of a body that ends so, of any other a failure. */
  #onClose(isProper: boolean): void {
    if (this.#left === untilClose && isProper) this.#finish();
    else this.#break();
    this.#destroy();
  }

  #destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    // As a socket does: not within the call that closes it.
    queueMicrotask(() => this.#listeners.get('close')?.());
  }
}
