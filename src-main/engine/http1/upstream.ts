import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { MemberTls } from '../tls/member.ts';
import { add, M } from '../runtime/counters.ts';
import type { WorkerContext } from '../runtime/context.ts';
import { attachTls } from '../sockets/attach-tls.ts';
import { queuedBytes } from '../sockets/handles.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import { connectRaw } from '../sockets/raw-connect.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import { resetSocket } from '../sockets/reset.ts';
import { targetOf } from '../sockets/target.ts';
import { Timed } from '../sockets/timer-wheel.ts';

/** So many idle connections are kept in any case, where `maxIdle` is not said. */
const leastMaxIdle = 64;

/**
 * What went wrong on the way to a member. HTTP/2 alone knows `refused` and `unprocessed` (the member says that it has done
 * nothing for the request: it is busy, or about to close the connection) and `bad-response`.
 */
export type UpstreamFailure =
  'connect-error' | 'connect-timeout' | 'reset' | 'timeout' | 'refused' | 'unprocessed' | 'bad-response';

/** The exchange that a connection works for. */
export interface UpstreamOwner {
  readonly onConnected: () => void;
  /** Answers false to stop reading; `resume` goes on. The bytes are valid during the call only. */
  readonly onResponseBytes: (bytes: Buffer, start: number, end: number) => boolean;
  /** What was written before has left. */
  readonly onUpstreamFlushed: () => void;
  readonly onUpstreamEnd: () => void;
  /** `resetCode` is what a member's RST_STREAM gave as its reason. */
  readonly onUpstreamFailed: (failure: UpstreamFailure, resetCode?: number) => void;
}

/** What a connection needs to know of its member. */
export interface UpstreamMember {
  readonly address: string;
  /** Of `address`; 0 = it is a name or a path. */
  readonly family: 0 | 4 | 6;
  readonly port: number;
  readonly stats: { readonly counters: Float64Array };
  readonly idle: UpstreamConnection[];
  readonly isInRotation: boolean;
  readonly settings: { readonly adminState: string };
  readonly tls: MemberTls | undefined;
  tlsSession: Buffer | undefined;
  /** The most exchanges that ran at once in the last seconds. */
  readonly recentPeak: (nowMs: number) => number;
}

/** Time-outs and bounds of the pool it was opened for. */
export interface UpstreamLimits {
  readonly connectTimeoutMs: number;
  /** Connections to members come from there; empty = the system chooses. */
  readonly sourceAddress: string;
  /** No other client may use it, as where a greeting told of one. */
  readonly isOfOneClient?: boolean;
  /** `maxIdle` undefined = as many as were in use at once lately. */
  readonly keepAlive: { readonly maxIdle: number | undefined; readonly idleTimeoutMs: number };
}

/**
 * What carries one exchange to a member and back: a connection of HTTP/1.1, or a stream of HTTP/2. Both take and give the
 * bytes of HTTP/1.1 messages. What the methods mean stands at `UpstreamConnection`.
 */
export interface Upstream {
  readonly member: UpstreamMember;
  owner: UpstreamOwner | undefined;
  readonly isOfOneClient: boolean;
  readonly lease: Buffer | undefined;
  readonly isConnected: boolean;
  readonly isClosed: boolean;
  readonly isFlushing: boolean;
  readonly send: (bytes: Buffer) => boolean;
  readonly expectWithin: (inactivityMs: number) => void;
  readonly resume: () => void;
  readonly end: () => void;
  readonly leaseBuffer: () => void;
  readonly readSlices: (bytes: number) => void;
  readonly returnBuffer: (isFree: boolean) => void;
  readonly release: (maxIdleMs: number) => void;
  readonly park: (maxIdleMs: number) => Upstream | undefined;
  readonly destroy: () => void;
}

/** A connection to a member. It belongs to one exchange at a time, or lies idle in its member's stack. */
export class UpstreamConnection extends Timed implements ByteReader, Upstream {
  readonly member: UpstreamMember;
  owner: UpstreamOwner | undefined;
  /** It told the member about its client: no other may use it. */
  readonly isOfOneClient: boolean;
  /** A private read buffer while a large body comes. */
  lease: Buffer | undefined = undefined;
  isConnected = false;
  isClosed = false;
  /** Bytes written before have not left yet. */
  isFlushing = false;
  readonly #context: WorkerContext;
  readonly #socket: ByteSocket;
  readonly #limits: UpstreamLimits;
  readonly #onFlushed: () => void;
  /** What was in force when it was opened; undefined = clear text. */
  readonly #tls: MemberTls | undefined;
  #inactivityMs = 0;
  #queued = 0;

  /** `greeting` goes out before anything else: the connection is then of one client. */
  constructor(
    context: WorkerContext,
    member: UpstreamMember,
    limits: UpstreamLimits,
    owner: UpstreamOwner,
    greeting?: Buffer,
  ) {
    super();
    this.#context = context;
    this.member = member;
    this.#limits = limits;
    this.owner = owner;
    this.isOfOneClient = greeting !== undefined || limits.isOfOneClient === true;
    this.#tls = member.tls;
    this.#socket = this.#openRaw(greeting) ?? this.#openSocket(greeting);
    this.#onFlushed = () => {
      this.isFlushing = false;
      if (!this.isClosed) this.owner?.onUpstreamFlushed();
    };
    this.#socket.on('end', () => {
      if (this.owner === undefined) this.destroy();
      else this.owner.onUpstreamEnd();
    });
    this.#socket.on('close', () => {
      this.#fail(this.isConnected ? 'reset' : 'connect-error');
    });
    add(member.stats.counters, M.connections, 1);
    context.wheel.arm(this, limits.connectTimeoutMs);
  }

  /**
   * Writes; true = the kernel took all at once and the memory is free again. Else `onUpstreamFlushed` comes, and the
   * memory must not change until then.
   */
  send(bytes: Buffer): boolean {
    add(this.member.stats.counters, M.bytesIn, bytes.length);
    this.#socket.write(bytes);
    const { writableLength } = this.#socket;
    // What TLS takes is encrypted at once: its memory is free, though it may not have left.
    if (writableLength === 0 || (this.#tls !== undefined && writableLength === bytes.length)) return true;
    if (!this.isFlushing) {
      this.isFlushing = true;
      this.#socket.write('', this.#onFlushed);
    }
    return false;
  }

  /** No byte for this long is a time-out; 0 = none. */
  expectWithin(inactivityMs: number): void {
    this.#inactivityMs = inactivityMs;
    this.#queued = queuedBytes(this.#socket);
    this.#context.wheel.arm(this, inactivityMs);
  }

  resume(): void {
    // Before it is connected there is nothing to read, and the time for connecting runs on.
    if (!this.isClosed && this.isConnected) {
      this.#context.wheel.arm(this, this.#inactivityMs);
      this.#socket.resume();
    }
  }

  /** Half-closes: the tunnel's client has ended its side. */
  end(): void {
    this.#socket.end();
  }

  /** Reads a large body into memory of its own from the next read on. */
  leaseBuffer(): void {
    this.lease ??= this.#context.leases.lease();
  }

  /** Reads small pieces into memory of its own: what is limited must not come in large ones. */
  readSlices(bytes: number): void {
    this.lease ??= Buffer.allocUnsafeSlow(bytes);
  }

  /** Back to the shared buffer. `isFree` = no pending write refers to the lease. */
  returnBuffer(isFree: boolean): void {
    if (this.lease === undefined) return;
    if (isFree) this.#context.leases.giveBack(this.lease);
    this.lease = undefined;
  }

  /** The exchange is over: to the idle stack, unless there are enough or the member must not be used. */
  release(maxIdleMs: number): void {
    this.owner = undefined;
    this.#inactivityMs = 0;
    const { maxIdle, idleTimeoutMs } = this.#limits.keepAlive;
    const { idle, settings, tls } = this.member;
    if (
      this.isClosed ||
      this.isFlushing ||
      tls !== this.#tls ||
      idle.length >= (maxIdle ?? Math.max(leastMaxIdle, this.member.recentPeak(this.#context.wheel.nowMs))) ||
      settings.adminState === 'disabled'
    ) {
      this.destroy();
      return;
    }
    idle.push(this);
    this.#context.wheel.arm(this, Math.min(idleTimeoutMs, maxIdleMs));
  }

  /** The exchange is over and the same client may come again; undefined = it cannot be used any more. */
  park(maxIdleMs: number): this | undefined {
    this.owner = undefined;
    this.#inactivityMs = 0;
    if (this.isClosed || this.isFlushing) {
      this.destroy();
      return undefined;
    }
    this.#context.wheel.arm(this, Math.min(this.#limits.keepAlive.idleTimeoutMs, maxIdleMs));
    return this;
  }

  /** Of the connection: what it says at first, and frames of HTTP/2. */
  get socket(): ByteSocket {
    return this.#socket;
  }

  /** Bytes that have not left yet: shrinks while a slow member reads. */
  get waitingBytes(): number {
    return queuedBytes(this.#socket);
  }

  /** Closes at once; nothing is heard of it any more. */
  destroy(): void {
    if (this.isClosed) return;
    this.#forget();
    this.#socket.destroy();
  }

  /** As `destroy`, and the member learns that what it got is not whole. */
  reset(): void {
    if (this.isClosed) return;
    this.#forget();
    resetSocket(this.#socket);
  }

  #forget(): void {
    this.isClosed = true;
    this.owner = undefined;
    this.#context.wheel.disarm(this);
    this.#leaveStack();
  }

  override onDeadline(): void {
    if (this.owner === undefined) {
      this.destroy();
      return;
    }
    const queued = queuedBytes(this.#socket);
    if (this.isConnected && queued < this.#queued) {
      // The member takes the request slowly: that is no silence.
      this.#queued = queued;
      this.#context.wheel.arm(this, this.#inactivityMs);
      return;
    }
    this.#fail(this.isConnected ? 'timeout' : 'connect-timeout');
  }

  /** On the inner handle, where it is a plain address and nothing goes before the owner's bytes. */
  #openRaw(greeting: Buffer | undefined): ByteSocket | undefined {
    const { address, family, port } = this.member;
    if (!this.#context.canConnectRaw || this.#tls !== undefined || greeting !== undefined) return undefined;
    if (this.#limits.sourceAddress !== '' || family === 0) return undefined;
    return connectRaw(address, family, port, this, (isConnected) => {
      if (isConnected) this.#onConnected();
      else this.#fail('connect-error');
    });
  }

  readBuffer(): Buffer {
    return this.lease ?? this.#context.readBuffer;
  }

  onBytes(bytes: Buffer, _start: number, end: number): boolean {
    return this.#onBytes(bytes, end);
  }

  #onConnected(): void {
    this.isConnected = true;
    this.#context.wheel.disarm(this);
    this.owner?.onConnected();
  }

  #openSocket(greeting: Buffer | undefined): Socket {
    const options = {
      ...targetOf(this.member, this.#limits.sourceAddress),
      noDelay: true,
      allowHalfOpen: true,
      onread: {
        buffer: () => this.readBuffer(),
        // Node hands back the very Buffer that `buffer` gave.
        callback: (count: number, buffer: Uint8Array) => this.#onBytes(buffer as Buffer, count),
      },
    };
    const tls = this.#tls;
    const socket = tls === undefined ? connect(options) : this.#openTls(tls, options, greeting);
    socket.on(tls === undefined ? 'connect' : 'secureConnect', () => {
      this.#onConnected();
    });
    socket.on('error', (error) => {
      if (tls !== undefined && !this.isConnected)
        this.#context.onMemberFailed(this.member, 'tls-failed', reasonOf(error));
      this.#fail(this.isConnected ? 'reset' : 'connect-error');
    });
    socket.resume();
    if (greeting !== undefined && tls === undefined) socket.write(greeting);
    return socket;
  }

  #openTls(tls: MemberTls, options: ConnectionOptions & NetConnectOpts, greeting: Buffer | undefined): Socket {
    const { member } = this;
    const own = tls.options(member.address, member.tlsSession);
    const socket =
      greeting === undefined ? connectTls({ ...options, ...own }) : this.#openBehind(greeting, options, own);
    socket.on('session', (session: Buffer) => {
      if (member.tls === tls) member.tlsSession = session;
    });
    return socket;
  }

  /** TLS begins behind the greeting. Node gives such a socket no `onread`. */
  #openBehind(greeting: Buffer, options: NetConnectOpts, own: ConnectionOptions): TLSSocket {
    const raw = connect({ ...options, onread: undefined } as NetConnectOpts); // the key is there, its value may be absent
    raw.write(greeting);
    const socket = connectTls({ ...own, socket: raw });
    socket.once('secureConnect', () => {
      const { readBuffer } = this.#context;
      attachTls(socket, { readBuffer: () => readBuffer, onBytes: (bytes, _start, end) => this.#onBytes(bytes, end) });
    });
    return socket;
  }

  #onBytes(bytes: Buffer, count: number): boolean {
    const owner = this.owner;
    if (owner === undefined) {
      // Nobody asked: whatever this is must not become the answer to the next request.
      this.destroy();
      return false;
    }
    if (this.#inactivityMs > 0) this.#context.wheel.arm(this, this.#inactivityMs);
    const goesOn = owner.onResponseBytes(bytes, 0, count);
    // While the client does not read, the member's silence is not its fault.
    if (!goesOn && this.owner === owner) this.#context.wheel.disarm(this);
    return goesOn && !this.isClosed;
  }

  #fail(failure: UpstreamFailure): void {
    if (this.isClosed) return;
    const owner = this.owner;
    this.destroy();
    owner?.onUpstreamFailed(failure);
  }

  #leaveStack(): void {
    const { idle } = this.member;
    const index = idle.lastIndexOf(this);
    if (index >= 0) idle.splice(index, 1);
  }
}

/** A code for programs, and the words beside it. */
function reasonOf(error: Error): string {
  return 'code' in error ? `${String(error.code)}: ${error.message}` : error.message;
}
