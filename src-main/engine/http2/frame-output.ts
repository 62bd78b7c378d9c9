import { TLSSocket } from 'node:tls';
import { BufferPool } from '../sockets/buffer-pool.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';

const smallBytes = 32_768;
const largeBytes = 131_072;
/** With so much of bodies gathered a write is worth its cost: it is not put off any longer. */
const flushBytes = 98_304;
/** No more than this may wait for a client that does not read. */
const maxWaitingBytes = 1_048_576;

const small = new BufferPool(smallBytes, 256);
const large = new BufferPool(largeBytes, 32);
const none = Buffer.alloc(0);

/** Who has put something in this turn. */
const dirty: FrameOutput[] = [];

function flushAll(): void {
  for (const each of dirty.splice(0)) each.flush();
}

/**
 * Gathers the frames of a connection: all that one turn of the event loop puts in leaves in one write, one write at a time.
 * Everything is copied: under TLS, whose frames would else need a write each, that is the cheaper way.
 */
export class FrameOutput {
  readonly #socket: ByteSocket;
  readonly #isTls: boolean;
  readonly #onRoom: () => void;
  readonly #onWritten: () => void;
  buffer: Buffer = none;
  length = 0;
  #isDirty = false;
  #isWriting = false;
  #isEndDue = false;
  #memory: Buffer = none;
  /** The client reads too little for what it makes us say. */
  isOverrun = false;

  /** `onRoom` comes when a write has left. */
  constructor(socket: ByteSocket, onRoom: () => void) {
    this.#socket = socket;
    this.#isTls = socket instanceof TLSSocket;
    this.#onRoom = onRoom;
    this.#onWritten = () => {
      this.#isWriting = false;
      giveBack(this.#memory);
      this.#memory = none;
      // What waits goes first: where it leaves at once nobody would call again.
      this.flush();
      this.#onRoom();
      this.flush();
    };
  }

  /** Bytes of bodies, frame heads included, that may be put in now. */
  get room(): number {
    return largeBytes - this.length;
  }

  /** More is not to be asked of the client. */
  get isFull(): boolean {
    return this.#isWriting && this.length >= largeBytes / 2;
  }

  /** Makes room for so many bytes at `buffer[length]`; the caller moves `length`. */
  reserve(bytes: number): Buffer {
    const needed = this.length + bytes;
    if (needed > this.buffer.length) this.#grow(needed);
    if (!this.#isDirty) {
      this.#isDirty = true;
      if (dirty.push(this) === 1) setImmediate(flushAll);
    }
    return this.buffer;
  }

  /** Writes at once where enough is gathered. */
  flushIfLarge(): void {
    if (this.length >= flushBytes) this.flush();
  }

  flush(): void {
    this.#isDirty = false;
    if (this.#isWriting) return;
    if (this.length > 0 && !this.#socket.destroyed) {
      const memory = this.buffer;
      const bytes = memory.subarray(0, this.length);
      this.buffer = none;
      this.length = 0;
      this.#write(bytes, memory);
    }
    if (this.#isEndDue && this.length === 0) this.#socket.end();
  }

  /** Half-closes once all has been written. */
  end(): void {
    this.#isEndDue = true;
    this.flush();
  }

  #write(bytes: Buffer, memory: Buffer): void {
    if (this.#isTls) {
      // It is encrypted at once: its memory is free, though it may not have left.
      this.#isWriting = true;
      this.#socket.write(bytes, this.#onWritten);
      giveBack(memory);
      return;
    }
    this.#socket.write(bytes);
    if (this.#socket.writableLength === 0) {
      giveBack(memory);
      return;
    }
    this.#isWriting = true;
    this.#memory = memory;
    this.#socket.write('', this.#onWritten);
  }

  #grow(needed: number): void {
    const earlier = this.buffer;
    if (needed > maxWaitingBytes) this.isOverrun = true;
    this.buffer =
      needed <= smallBytes
        ? small.lease()
        : needed <= largeBytes
          ? large.lease()
          : Buffer.allocUnsafeSlow(Math.max(needed, 2 * earlier.length));
    earlier.copy(this.buffer, 0, 0, this.length);
    giveBack(earlier);
  }
}

function giveBack(buffer: Buffer): void {
  if (buffer.length === smallBytes) small.giveBack(buffer);
  else if (buffer.length === largeBytes) large.giveBack(buffer);
}
