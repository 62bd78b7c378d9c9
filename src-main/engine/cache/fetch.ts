import type { Socket } from 'node:net';
import { ClientConnection } from '../http1/client.ts';
import type { WorkerContext } from '../runtime/context.ts';
import type { Listener } from '../runtime/listener.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import type { FetchOwner, RunningFetch } from './fetch-owner.ts';
import { ResponseReader } from './response-reader.ts';

type Listeners = Map<string, () => void>;

/**
 * One request of the engine's own: the exchange that any client has (routes, choice, queue, retries, back-pressure), with memory
 * in place of the client's socket. It goes on when the client that caused it has left.
 */
export class Fetch implements RunningFetch {
  readonly #response: ResponseReader;
  readonly #listeners: Listeners = new Map();
  #queued = 0;
  #isDestroyed = false;
  #flushed: (() => void)[] = [];

  /** `request` is a whole head as a member gets it. */
  constructor(context: WorkerContext, listener: Listener, clientAddress: string, request: Buffer, owner: FetchOwner) {
    this.#response = new ResponseReader(owner, () => {
      this.#destroy();
    });
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
    this.#response.stop();
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
        } else if (typeof bytes !== 'string' && !this.#response.onBytes(bytes)) this.#queued = bytes.length;
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

  #onClose(isProper: boolean): void {
    this.#response.onClose(isProper);
    this.#destroy();
  }

  #destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    // As a socket does: not within the call that closes it.
    queueMicrotask(() => this.#listeners.get('close')?.());
  }
}
