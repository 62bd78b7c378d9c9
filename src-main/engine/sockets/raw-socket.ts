import type { AcceptedHandle } from './handles.ts';
import type { ByteReader } from './byte-reader.ts';

/**
 * A connection on Node's inner handle, without a stream around it: building and tearing down `net.Socket` is a third of
 * the cost of a short connection, and most of an idle one's memory. It does what `net.Socket` with `onread` and
 * `allowHalfOpen` does, as far as `ByteSocket` goes. The inner objects come from `process.binding`, which is deprecated
 * without a replacement: `accept.ts` tries all of it at start and falls back to `net.Socket` where anything differs.
 */

/** What a client's connection needs of its socket; `net.Socket` and `tls.TLSSocket` have it too. */
export interface ByteSocket {
  readonly writableLength: number;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** The bytes must stay as they are until they have left. '' with a callback tells when all before has left. */
  readonly write: (bytes: Uint8Array | '', onFlushed?: () => void) => unknown;
  readonly pause: () => unknown;
  readonly resume: () => unknown;
  readonly end: () => unknown;
  readonly destroy: () => unknown;
  readonly resetAndDestroy: () => unknown;
  readonly destroyed: boolean;
  /** Of a stream of HTTP/2 alone: what a member gave as the reason for breaking off. */
  resetCode?: number;
  readonly on: (event: 'end' | 'error' | 'close', listener: () => void) => unknown;
}

interface RawHandle extends AcceptedHandle {
  onread: (this: RawHandle) => Buffer | undefined;
  owner: RawSocket | undefined;
  readonly writeQueueSize: number;
  readonly useUserBuffer: (buffer: Buffer) => void;
  readonly readStart: () => number;
  readonly readStop: () => number;
  /** Up to Node 24 the request is handed in; later it is made and answered where the write is not complete. */
  readonly writeBuffer: (request: WriteRequest | null, bytes: Uint8Array) => number | WriteRequest;
  readonly shutdown: (request: RawRequest) => number;
  readonly reset?: () => number;
  readonly getpeername?: (out: SocketName) => number;
  readonly getsockname?: (out: SocketName) => number;
}

interface RawRequest {
  oncomplete: (this: RawRequest, status: number) => void;
  owner: RawSocket;
}

interface WriteRequest extends RawRequest {
  byteCount: number;
  /** Keeps the memory until the kernel has taken it. */
  memory: Uint8Array;
  writeStatus?: number | null;
}

interface SocketName {
  address?: string;
  port?: number;
}

interface StreamWrap {
  readonly WriteWrap: new () => WriteRequest;
  readonly ShutdownWrap: new () => RawRequest;
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
  readonly kLastWriteErr?: number;
}

/** libuv's UV_EOF. */
const endOfFile = -4095;

const inner = loadInner();

/** False where this runtime does not hand its stream handles out. */
export const hasRawSockets = inner !== undefined;

function loadInner(): StreamWrap | undefined {
  const { binding } = process as unknown as { binding?: (name: string) => StreamWrap }; // not in the types any more
  try {
    return binding?.('stream_wrap');
  } catch {
    return undefined; // this runtime has taken it away
  }
}

export class RawSocket implements ByteSocket {
  destroyed = false;
  /** Bytes of writes that the kernel has not taken yet. */
  writableLength = 0;
  /** As `net.Socket` has it: `queuedBytes` looks there. */
  readonly _handle: RawHandle;
  readonly #reader: ByteReader;
  #buffer: Buffer;
  #isReading = true;
  #hasEnded = false;
  #isEnding = false;
  #isShut = false;
  #onEnd: (() => void) | undefined = undefined;
  #onClose: (() => void) | undefined = undefined;
  #onFlushed: (() => void) | undefined = undefined;

  /** One that is still being connected reads from `resume` on. */
  constructor(accepted: AcceptedHandle, reader: ByteReader, isConnected = true) {
    const handle = accepted as RawHandle; // what the self-test has tried
    this._handle = handle;
    this.#reader = reader;
    this.#buffer = reader.readBuffer();
    handle.setNoDelay?.(true);
    handle.owner = this;
    handle.onread = onRead;
    handle.useUserBuffer(this.#buffer);
    this.#isReading = isConnected;
    if (isConnected) handle.readStart();
  }

  get remoteAddress(): string | undefined {
    return nameOf(this.destroyed ? undefined : this._handle, 'getpeername').address;
  }

  get remotePort(): number | undefined {
    return nameOf(this.destroyed ? undefined : this._handle, 'getpeername').port;
  }

  get localAddress(): string | undefined {
    return nameOf(this.destroyed ? undefined : this._handle, 'getsockname').address;
  }

  get localPort(): number | undefined {
    return nameOf(this.destroyed ? undefined : this._handle, 'getsockname').port;
  }

  on(event: 'end' | 'error' | 'close', listener: () => void): void {
    if (event === 'end') this.#onEnd = listener;
    else if (event === 'close') this.#onClose = listener; // an error closes by itself
  }

  write(bytes: Uint8Array | '', onFlushed?: () => void): void {
    if (bytes !== '' && !this.destroyed) this.#send(bytes);
    if (onFlushed === undefined) return;
    if (this.writableLength === 0) process.nextTick(onFlushed);
    else this.#onFlushed = onFlushed;
  }

  pause(): void {
    if (!this.#isReading || this.destroyed) return;
    this.#isReading = false;
    this._handle.readStop();
  }

  resume(): void {
    if (this.#isReading || this.#hasEnded || this.destroyed) return;
    this.#isReading = true;
    const next = this.#reader.readBuffer();
    if (next !== this.#buffer) {
      this.#buffer = next;
      this._handle.useUserBuffer(next);
    }
    if (this._handle.readStart() < 0) this.destroy();
  }

  /** Half-closes once everything has left; closes when the other side has ended as well. */
  end(): void {
    if (this.#isEnding || this.destroyed || inner === undefined) return;
    this.#isEnding = true;
    const request = new inner.ShutdownWrap();
    request.owner = this;
    request.oncomplete = onShut;
    if (this._handle.shutdown(request) !== 0) this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this._handle.close();
    process.nextTick(tellClosed, this);
  }

  /** Closes with a reset where the socket knows one (TCP). */
  resetAndDestroy(): void {
    if (this.destroyed) return;
    if (this._handle.reset?.() !== 0) {
      this.destroy();
      return;
    }
    this.destroyed = true;
    process.nextTick(tellClosed, this);
  }

  /** What was read, or why nothing more will be. Answers the buffer of the next read where it is another. */
  read(count: number): Buffer | undefined {
    if (this.destroyed || count === 0) return undefined;
    if (count < 0) {
      this.#isReading = false;
      if (count === endOfFile) this.#endRead();
      else this.destroy();
      return undefined;
    }
    if (!this.#reader.onBytes(this.#buffer, 0, count)) this.pause();
    const next = this.#reader.readBuffer();
    if (next === this.#buffer) return undefined;
    this.#buffer = next;
    return next;
  }

  shut(): void {
    this.#isShut = true;
    if (this.#hasEnded) this.destroy();
  }

  written(byteCount: number, status: number): void {
    this.writableLength -= byteCount;
    if (status < 0) this.destroy();
    if (this.writableLength > 0 || this.#onFlushed === undefined) return;
    const onFlushed = this.#onFlushed;
    this.#onFlushed = undefined;
    onFlushed();
  }

  closed(): void {
    this.#onClose?.();
  }

  #endRead(): void {
    this.#hasEnded = true;
    this.#onEnd?.();
    if (this.#isShut) this.destroy();
  }

  #send(bytes: Uint8Array): void {
    const status = sendOn(this._handle, this, bytes);
    if (status < 0) this.destroy();
  }
}

function onRead(this: RawHandle): Buffer | undefined {
  return inner === undefined ? undefined : this.owner?.read(inner.streamBaseState[inner.kReadBytesOrError] ?? 0);
}

function onWritten(this: RawRequest, status: number): void {
  const { owner, byteCount } = this as WriteRequest; // only write requests have this callback
  owner.written(byteCount, status);
}

function onShut(this: RawRequest, status: number): void {
  if (status < 0) this.owner.destroy();
  else this.owner.shut();
}

function tellClosed(socket: RawSocket): void {
  socket.closed();
}

let spare: WriteRequest | undefined;

/** 0 = the kernel has all of it; positive = `owner.written` follows; negative = an error. */
function sendOn(handle: RawHandle, owner: RawSocket, bytes: Uint8Array): number {
  if (inner === undefined) return -1;
  let request: WriteRequest;
  if (inner.kLastWriteErr === undefined) {
    request = spare ??= new inner.WriteWrap();
    const status = handle.writeBuffer(request, bytes);
    if (typeof status !== 'number' || status !== 0 || inner.streamBaseState[inner.kLastWriteWasAsync] === 0)
      return typeof status === 'number' ? status : -1;
    spare = undefined;
  } else {
    const result = handle.writeBuffer(null, bytes);
    if (typeof result === 'number') return result;
    request = result;
    if (typeof request.writeStatus === 'number') return request.writeStatus;
  }
  request.owner = owner;
  request.memory = bytes;
  request.byteCount = bytes.byteLength;
  request.oncomplete = onWritten;
  owner.writableLength += bytes.byteLength;
  return 1;
}

function nameOf(handle: RawHandle | undefined, question: 'getpeername' | 'getsockname'): SocketName {
  const out: SocketName = {};
  handle?.[question]?.(out);
  return out;
}
