import { TLSSocket } from 'node:tls';
import type { Meter } from '../limits/meter.ts';
import type { WorkerContext } from '../runtime/context.ts';
import { queuedBytes } from '../sockets/handles.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';

/** Whose bytes leave. */
export interface OutflowOwner {
  /** Not everything left at once: the client has its time to take it. */
  readonly onStalled: () => void;
  /** Everything has left. */
  readonly onDrained: () => void;
}

/** What goes to a client: in order, paid for where bandwidth is limited, never from memory that something else overwrites. */
export class Outflow {
  /** Bytes have not left yet: nothing more may be read for them. */
  isFlushing = false;
  /** What takes them on; undefined = nothing limits them. */
  meter: Meter | undefined = undefined;
  /** What TLS takes is encrypted at once: its memory is free, though it may not have left. */
  readonly isTls: boolean;
  readonly #context: WorkerContext;
  readonly #socket: ByteSocket;
  readonly #owner: OutflowOwner;
  readonly #onFlushed: () => void;
  #isClosed = false;
  #queued = 0;
  /** Bytes that are not paid for yet: they leave before any other. */
  #unpaid: Buffer | undefined = undefined;
  #isEndDue = false;
  /** A large body's buffer that a pending write still reads. */
  #lease: Buffer | undefined = undefined;

  constructor(context: WorkerContext, socket: ByteSocket, owner: OutflowOwner) {
    this.#context = context;
    this.#socket = socket;
    this.#owner = owner;
    this.isTls = socket instanceof TLSSocket;
    this.#onFlushed = () => {
      this.#afterFlush();
    };
  }

  /** Writes; false = wait for `onDrained`. `memory` is what `bytes` is a view of. */
  write(bytes: Buffer, memory: Buffer): boolean {
    if (this.meter !== undefined && this.#mustWait(this.meter, bytes, memory)) return false;
    this.#socket.write(bytes);
    const { writableLength } = this.#socket;
    if (writableLength === 0 || (this.isTls && writableLength === bytes.length)) return true;
    this.#context.abandon(memory);
    this.awaitFlush();
    return false;
  }

  awaitFlush(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    this.#queued = queuedBytes(this.#socket);
    this.#owner.onStalled();
    this.#socket.write('', this.#onFlushed);
  }

  /** Gives the buffer back once everything has left. */
  keepUntilFlushed(lease: Buffer): void {
    this.#lease ??= lease;
  }

  /** Half-closes once everything has been written. */
  end(): void {
    if (this.#unpaid === undefined) this.#socket.end();
    else this.#isEndDue = true;
  }

  /** Whether it waits for its limit, or the client has taken something since the last look: it is slow, but it reads. */
  isMoving(): boolean {
    if (this.#unpaid !== undefined) return true;
    if (!this.isFlushing) return false;
    const queued = queuedBytes(this.#socket);
    const isMoving = queued < this.#queued;
    if (isMoving) this.#queued = queued;
    return isMoving;
  }

  /** What was not paid for may leave now. */
  onPaid(): void {
    const bytes = this.#unpaid;
    if (bytes === undefined || this.#isClosed) return;
    this.#unpaid = undefined;
    this.#socket.write(bytes);
    this.#queued = queuedBytes(this.#socket);
    this.#owner.onStalled();
    // `isFlushing` has been true since they began to wait.
    this.#socket.write('', this.#onFlushed);
    if (this.#isEndDue) this.#socket.end();
  }

  /** The connection is gone. Memory that a write may still read is left to the collector. */
  close(): void {
    this.#isClosed = true;
    this.meter?.close();
    this.#unpaid = this.#lease = undefined;
  }

  /** Keeps the bytes where they may not leave yet; whoever waits for the flush waits for that too. */
  #mustWait(meter: Meter, bytes: Buffer, memory: Buffer): boolean {
    const earlier = this.#unpaid;
    if (earlier === undefined && meter.take(bytes.length)) return false;
    this.#context.abandon(memory);
    // What comes behind bytes that wait is little (heads of our own) and is paid with the next bytes.
    this.#unpaid = earlier === undefined ? bytes : Buffer.concat([earlier, bytes]);
    if (!this.isFlushing) {
      this.isFlushing = true;
      this.#owner.onStalled();
    }
    return true;
  }

  #afterFlush(): void {
    if (this.#unpaid !== undefined) return;
    this.isFlushing = false;
    if (this.#isClosed) return;
    if (this.#socket.writableLength > 0) {
      this.isFlushing = true;
      this.#socket.write('', this.#onFlushed);
      return;
    }
    if (this.#lease !== undefined) {
      this.#context.leases.giveBack(this.#lease);
      this.#lease = undefined;
    }
    this.#owner.onDrained();
  }
}
