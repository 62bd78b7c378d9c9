import { ConnectionView } from './connection-view.ts';
import { HeldChoice } from './held-choice.ts';
import { readSessionId } from './session-id.ts';
import { Endpoint } from '../http1/request-view.ts';
import { UpstreamConnection, type UpstreamFailure, type UpstreamOwner } from '../http1/upstream.ts';
import { greetingOf } from './proxy-greeting.ts';
import type { Meter } from '../limits/meter.ts';
import type { LogEntry } from '../log/access-log.ts';
import { readBytes, type WorkerContext } from '../runtime/context.ts';
import { add, M, P, S, serverCounterNames } from '../runtime/counters.ts';
import type { Listener, OpenConnection } from '../runtime/listener.ts';
import type { MemberRuntime } from '../runtime/member.ts';
import type { PoolRuntime, Waiter } from '../runtime/pool.ts';
import type { VirtualServerRuntime } from '../runtime/virtual-server.ts';
import type { Attach } from '../sockets/accept.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import { queuedBytes } from '../sockets/handles.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import { resetSocket } from '../sockets/reset.ts';
import { Timed } from '../sockets/timer-wheel.ts';
import { maxHelloBytes, readClientHello } from '../tls/client-hello.ts';

// What the connection is doing.
const readingHello = 0;
const connecting = 1;
const relaying = 2;
const closed = 3;

/** A read shorter than this goes back to the shared buffer: copying it costs less than the memory. */
const smallReadBytes = readBytes / 2;

const view = new ConnectionView();
const nothing = Buffer.alloc(0);

/**
 * One client of a `tcp` or `tls-passthrough` virtual server and its member: bytes both ways with back-pressure, each
 * side's end handed on as a half-close, a reset as a reset. Small pieces are copied from the shared read buffer, a flow
 * that fills it gets a leased one and is copied no more. Longer than house style: a hot path.
 */
export class RelayedConnection extends Timed implements ByteReader, UpstreamOwner, Waiter, OpenConnection {
  readonly #context: WorkerContext;
  readonly #listener: Listener;
  readonly #server: VirtualServerRuntime;
  /** Whose pools serve it: `#server`, or one that stands in for it. */
  #behind: VirtualServerRuntime;
  readonly #socket: ByteSocket;
  readonly #endpoint: Endpoint;
  readonly #onFlushed: () => void;
  /** Its line of the access log; undefined = it has none. */
  readonly #entry: LogEntry | undefined;
  #state = connecting;
  #serverName = '';
  /** Of the ClientHello, hexadecimal. */
  #sessionId = '';
  #held: HeldChoice | undefined = undefined;
  /** What the client said before a member was there. */
  #early: Buffer = nothing;
  #isReadPaused = false;
  /** The client has not taken everything yet. */
  #isFlushing = false;
  /** What the client's bytes are read into while many come. */
  #lease: Buffer | undefined = undefined;
  #pool: PoolRuntime | undefined = undefined;
  #member: MemberRuntime | undefined = undefined;
  #avoided: MemberRuntime | undefined = undefined;
  #upstream: UpstreamConnection | undefined = undefined;
  #triesLeft = 0;
  #openedAtMs = 0;
  #isWaiting = false;
  /** Room was asked of the other workers. */
  #hasBorrowed = false;
  #borrowTicket = 0;
  #hasClientEnded = false;
  #hasMemberEnded = false;
  #isClientClosed = false;
  #isEndDue = false;
  #hasMemberSpoken = false;
  /** Whose turn it is: the last bytes went to the member. */
  #awaitsMember = false;
  /** What its bytes to the client cost; undefined = nothing limits them. */
  #meter: Meter | undefined = undefined;
  /** The member's bytes that are not paid for yet. */
  #unpaid: Buffer | undefined = undefined;
  /** Bytes that wait to leave, when last looked at. */
  #queued = 0;

  constructor(context: WorkerContext, listener: Listener, attach: Attach<ByteSocket>, endpoint?: Endpoint) {
    super();
    this.#context = context;
    this.#listener = listener;
    this.#server = this.#behind = listener.server;
    this.#socket = attach(this);
    this.#endpoint = endpoint ?? new Endpoint(this.#socket);
    this.#entry = context.accessLog?.beginFlow(this.#server.name, this.#endpoint, this.#server.settings.protocol);
    if (this.#entry !== undefined) this.#entry.serverName = this.#endpoint.tls.sni;
    this.#onFlushed = () => {
      this.#afterFlush();
    };
    this.#socket.on('end', () => {
      this.#onClientEnd();
    });
    this.#socket.on('error', () => {
      this.#socket.destroy();
    });
    this.#socket.on('close', () => {
      this.#onClientClosed();
    });
    listener.connections.add(this);
    add(this.#server.counters, S.connections, 1);
    if (this.#server.settings.protocol === 'tls-passthrough') {
      this.#state = readingHello;
      context.wheel.arm(this, this.#server.settings.tcp.helloTimeoutMs);
    } else {
      this.#start(this.#server.defaultPool);
    }
  }

  readBuffer(): Buffer {
    return this.#lease ?? this.#context.readBuffer;
  }

  onBytes(bytes: Buffer, start: number, end: number): boolean {
    let goesOn: boolean;
    if (this.#state === relaying) goesOn = this.#toMember(bytes, start, end);
    else if (this.#state === closed) goesOn = true;
    else {
      this.#early = Buffer.concat([this.#early, bytes.subarray(start, end)]);
      goesOn = this.#state === readingHello && this.#readHello();
    }
    this.#isReadPaused = !goesOn;
    return goesOn;
  }

  /** The worker is ending: what runs may finish by itself, nothing tells where a protocol that is not known could be cut. */
  drain(): void {
    if (this.#state !== readingHello) return;
    this.#setCause('cut');
    this.#close();
  }

  /** An operator, or `onMemberDown: reset`, cuts what runs on a member. */
  cut(member: MemberRuntime): void {
    if (this.#member !== member) return;
    this.#setCause('cut');
    this.#reset();
  }

  /** The member went down: the connection moves while nothing has been said, else it is cut. */
  reselect(member: MemberRuntime): void {
    if (this.#member !== member) return;
    if (this.#state !== connecting) {
      this.#setCause('cut');
      this.#reset();
      return;
    }
    this.#avoided = member;
    this.#upstream?.destroy();
    this.#upstream = undefined;
    this.#leaveMember();
    this.#dispatch();
  }

  /** True = read on. */
  #readHello(): boolean {
    const reading = readClientHello(this.#early, 0, this.#early.length, maxHelloBytes);
    if (reading.kind === 'incomplete') return true;
    if (reading.kind !== 'hello') {
      this.#drop(reading.kind === 'too-large' ? S.tooLarge : S.badRequest);
      this.#close();
      return true;
    }
    this.#serverName = reading.hello.serverName;
    if (this.#entry !== undefined) this.#entry.serverName = this.#serverName;
    this.#sessionId = reading.hello.sessionId.toString('hex');
    this.#state = connecting;
    this.#start(this.#server.routeByName(this.#serverName) ?? this.#server.defaultPool);
    return false;
  }

  #start(pool: PoolRuntime | undefined): void {
    if (pool === undefined) {
      this.#drop(S.noMember);
      this.#close();
      return;
    }
    this.#pool = pool;
    this.#triesLeft = pool.settings.retry.attempts;
    this.#dispatch();
  }

  #dispatch(): void {
    const pool = this.#pool;
    if (pool === undefined) return;
    const member = this.#choose(pool);
    if (member === undefined) {
      if (this.#held?.isAsking !== true) this.#onNoMember(pool);
      return;
    }
    this.#context.wheel.disarm(this);
    member.begin();
    this.#member = member;
    if (this.#entry !== undefined) Object.assign(this.#entry, { pool: pool.name, member: member.name });
    this.#openedAtMs = performance.now();
    this.#upstream = new UpstreamConnection(
      this.#context,
      member,
      this.#behind.limitsOf(pool),
      this,
      greetingOf(pool, this.#endpoint),
    );
  }

  #choose(pool: PoolRuntime): MemberRuntime | undefined {
    view.look(this.#endpoint, this.#serverName, this.#sessionId);
    const holding = this.#behind.holdingOf(pool);
    if (holding === undefined) return pool.choose(view, this.#avoided);
    this.#held ??= new HeldChoice(() => {
      if (this.#state !== closed) this.#dispatch();
    });
    return this.#held.choose(pool, holding, view, this.#avoided);
  }

  #onNoMember(pool: PoolRuntime): void {
    const { queue } = pool.settings;
    const { hasAvailable } = pool;
    const ticket = ++this.#borrowTicket;
    if (!this.#hasBorrowed && pool.borrow(() => { this.#onBorrowed(ticket, pool); })) return; // prettier-ignore
    this.#hasBorrowed = false;
    if (hasAvailable && pool.hasQueueRoom) {
      pool.waiting.push(this);
      this.#isWaiting = true;
      this.#context.wheel.arm(this, queue.timeoutMs);
      return;
    }
    if (pool.backup !== undefined) {
      this.#pool = pool.backup;
      this.#dispatch();
      return;
    }
    const standIn = this.#behind.standIn();
    if (standIn !== undefined) {
      this.#behind = standIn;
      this.#held = undefined; // its pools hold clients in their own way
      this.#start(standIn.routeByName(this.#serverName) ?? standIn.defaultPool);
      return;
    }
    const isQueueFull = hasAvailable && queue.limit > 0;
    add(pool.counters, isQueueFull ? P.queueFull : P.noMember, 1);
    this.#drop(isQueueFull ? S.queueFull : S.noMember);
    this.#close();
  }

  /** Other workers gave what they do not need, or nothing. */
  #onBorrowed(ticket: number, pool: PoolRuntime): void {
    if (ticket !== this.#borrowTicket || this.#state === closed) {
      pool.wake();
      return;
    }
    this.#hasBorrowed = true;
    this.#dispatch();
  }

  onRoom(): void {
    this.#isWaiting = false;
    this.#dispatch();
  }

  onConnected(): void {
    const upstream = this.#upstream;
    const member = this.#member;
    if (upstream === undefined || member === undefined) return;
    this.#state = relaying;
    // A connection is what is balanced: it counts where requests do.
    add(member.stats.counters, M.requests, 1);
    add(this.#server.counters, S.requests, 1);
    const nowMs = performance.now();
    member.recordTime(nowMs - this.#openedAtMs, nowMs);
    if (this.#entry !== undefined) this.#entry.responseMs = nowMs - this.#openedAtMs;
    this.#context.wheel.arm(this, this.#server.settings.tcp.idleTimeoutMs);
    this.#openMeter(upstream);
    const early = this.#early;
    this.#early = nothing;
    const isFlushed = early.length === 0 || this.#send(early);
    if (this.#hasClientEnded) upstream.end();
    else if (isFlushed) this.#resumeClient();
  }

  #openMeter(upstream: UpstreamConnection): void {
    const meter = this.#server.limits?.openMeter(this.#endpoint.clientAddress, () => {
      this.#onPaid();
    });
    this.#meter = meter;
    if (meter !== undefined) upstream.readSlices(meter.sliceBytes);
  }

  #send(bytes: Buffer): boolean {
    add(this.#server.counters, S.bytesIn, bytes.length);
    if (this.#entry !== undefined) this.#entry.bytesIn += bytes.length;
    this.#awaitsMember = true;
    return this.#upstream?.send(bytes) ?? true;
  }

  /** The client's bytes go to the member. False = wait until they have left. */
  #toMember(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    this.#context.wheel.arm(this, this.#server.settings.tcp.idleTimeoutMs);
    if (bytes === this.#lease) {
      if (!this.#send(bytes.subarray(start, end))) return false;
      if (length < smallReadBytes) this.#returnLease();
      return true;
    }
    const out = this.#context.output(length);
    bytes.copy(out, 0, start, end);
    if (length === readBytes) this.#lease ??= this.#context.leases.lease();
    if (this.#send(out.subarray(0, length))) return true;
    this.#context.abandon(out);
    return false;
  }

  onUpstreamFlushed(): void {
    this.#context.wheel.arm(this, this.#server.settings.tcp.idleTimeoutMs);
    this.#resumeClient();
  }

  /** The member's bytes go to the client. False = wait until they have left. */
  onResponseBytes(bytes: Buffer, start: number, end: number): boolean {
    const upstream = this.#upstream;
    const length = end - start;
    this.#context.wheel.arm(this, this.#server.settings.tcp.idleTimeoutMs);
    if (!this.#hasMemberSpoken) this.#onFirstAnswer(bytes, start, end);
    this.#awaitsMember = false;
    add(this.#server.counters, S.bytesOut, length);
    if (this.#entry !== undefined) this.#entry.bytesOut += length;
    if (this.#member !== undefined) add(this.#member.stats.counters, M.bytesOut, length);
    if (this.#meter !== undefined) return this.#pay(this.#meter, bytes.subarray(start, end));
    if (bytes === upstream?.lease) {
      if (!this.#toClient(bytes.subarray(start, end))) return false;
      if (length < smallReadBytes) upstream.returnBuffer(true);
      return true;
    }
    const out = this.#context.output(length);
    bytes.copy(out, 0, start, end);
    if (length === readBytes) upstream?.leaseBuffer();
    if (this.#toClient(out.subarray(0, length))) return true;
    this.#context.abandon(out);
    return false;
  }

  /** Writes what is paid for; else the member waits, and its bytes in the slice that is its read buffer. */
  #pay(meter: Meter, bytes: Buffer): boolean {
    if (meter.take(bytes.length)) return this.#toClient(bytes);
    this.#unpaid = bytes;
    return false;
  }

  #onPaid(): void {
    const bytes = this.#unpaid;
    this.#unpaid = undefined;
    if (bytes === undefined || this.#state === closed || this.#isClientClosed) return;
    if (this.#toClient(bytes)) this.#upstream?.resume();
  }

  #onFirstAnswer(bytes: Buffer, start: number, end: number): void {
    this.#hasMemberSpoken = true;
    if (this.#held === undefined || this.#member === undefined) return;
    if (this.#server.settings.protocol !== 'tls-passthrough') return;
    const id = readSessionId(bytes.subarray(start, end));
    if (id !== '') this.#held.learn(id, this.#member.name);
  }

  #toClient(bytes: Buffer): boolean {
    this.#socket.write(bytes);
    if (this.#socket.writableLength === 0) return true;
    this.#isFlushing = true;
    this.#socket.write('', this.#onFlushed);
    return false;
  }

  #afterFlush(): void {
    this.#isFlushing = false;
    if (this.#state === closed || this.#isClientClosed) return;
    this.#context.wheel.arm(this, this.#server.settings.tcp.idleTimeoutMs);
    this.#upstream?.resume();
  }

  #onClientEnd(): void {
    this.#hasClientEnded = true;
    if (this.#upstream?.isFlushing !== true) this.#returnLease();
    if (this.#state === relaying) this.#endSoon();
    else if (this.#state === readingHello) {
      this.#setCause(serverCounterNames[S.clientAbort]);
      this.#close();
    }
    // Before a member is there its end waits, as its first bytes do.
  }

  onUpstreamEnd(): void {
    this.#hasMemberEnded = true;
    if (!this.#isFlushing && this.#meter === undefined) this.#upstream?.returnBuffer(true);
    this.#endSoon();
  }

  /** With the last answer both sides often end, and that is read in one turn: then each is closed by one call, not half-closed first. */
  #endSoon(): void {
    if (this.#isEndDue) return;
    this.#isEndDue = true;
    setImmediate(endSides, this);
  }

  /** Hands on who has ended, once all that was read in this turn has been seen. */
  endSides(): void {
    this.#isEndDue = false;
    if (this.#state === closed) return;
    if (this.#hasClientEnded) this.#endMember();
    if (!this.#hasMemberEnded || this.#isClientClosed) return;
    if (this.#hasClientEnded && this.#socket.writableLength === 0) this.#socket.destroy();
    else this.#socket.end();
  }

  /** The client has said all. */
  #endMember(): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    if (!this.#hasMemberEnded || upstream.isFlushing) {
      upstream.end();
      return;
    }
    this.#upstream = undefined;
    upstream.destroy();
    this.#leaveMember();
    if (this.#isClientClosed) this.#finish();
  }

  onUpstreamFailed(failure: UpstreamFailure): void {
    this.#upstream = undefined;
    if (this.#hasMemberEnded && this.#hasClientEnded) {
      // Both sides have said all: this is the end, no failure.
      this.#leaveMember();
      if (this.#isClientClosed) this.#finish();
      return;
    }
    this.#countFailure(failure);
    if (this.#state === connecting && this.#retry()) return;
    this.#drop(S.memberFailure);
    this.#leaveMember();
    if (this.#state === connecting) this.#close();
    else this.#reset();
  }

  #countFailure(failure: UpstreamFailure): void {
    const member = this.#member;
    if (member === undefined) return;
    add(member.stats.counters, placeOf(failure, this.#hasMemberSpoken), 1);
    // In the middle of a conversation a reset may be the way in which a protocol ends.
    if (!this.#hasMemberSpoken) this.#pool?.recordFailure(member);
  }

  /** Nothing was sent yet, so another member may serve. */
  #retry(): boolean {
    const pool = this.#pool;
    if (pool === undefined || this.#triesLeft === 0) return false;
    if (!pool.settings.retry.when.includes('connect-error')) return false;
    this.#triesLeft--;
    if (this.#entry !== undefined) this.#entry.retries++;
    add(pool.counters, P.retries, 1);
    this.#avoided = this.#member;
    this.#leaveMember();
    this.#dispatch();
    return true;
  }

  #onClientClosed(): void {
    this.#isClientClosed = true;
    if (this.#state === closed) return;
    if (this.#hasClientEnded && this.#hasMemberEnded) {
      // What the client said last may still be on its way to the member.
      if (this.#upstream === undefined) this.#finish();
      return;
    }
    // It ended both sides at once: that was a reset.
    this.#drop(S.clientAbort);
    this.#upstream?.reset();
    this.#finish();
  }

  override onDeadline(): void {
    const { settings } = this.#server;
    if (this.#isWaiting) {
      this.#leaveQueue();
      if (this.#pool !== undefined) add(this.#pool.counters, P.queueTimeout, 1);
      this.#drop(S.queueTimeout);
      this.#close();
    } else if (this.#state === readingHello) {
      this.#drop(S.headerTimeout);
      this.#close();
    } else if (this.#isMoving()) this.#context.wheel.arm(this, settings.tcp.idleTimeoutMs);
    else {
      this.#countSilence();
      this.#reset();
    }
  }

  /** Slow, but something has left since the last look. */
  #isMoving(): boolean {
    const queued = queuedBytes(this.#socket) + (this.#upstream?.waitingBytes ?? 0);
    const isMoving = queued > 0 && queued !== this.#queued;
    this.#queued = queued;
    return isMoving || this.#unpaid !== undefined;
  }

  #countSilence(): void {
    const isMembers = !this.#isFlushing && (this.#awaitsMember || this.#upstream?.isFlushing === true);
    if (isMembers && this.#member !== undefined) {
      add(this.#member.stats.counters, M.responseTimeout, 1);
      this.#drop(S.memberFailure);
    } else this.#drop(S.clientTimeout);
  }

  /** Counts why it was not served to its end. */
  #drop(place: number): void {
    add(this.#server.counters, place, 1);
    this.#setCause(serverCounterNames[place] ?? '');
  }

  #setCause(cause: string): void {
    if (this.#entry !== undefined) this.#entry.cause = cause;
  }

  /** Ends the client's connection properly; what it said was never read by anyone. */
  #close(): void {
    this.#socket.destroy();
    this.#finish();
  }

  /** Ends both sides so that each knows that the other's bytes are not whole. */
  #reset(): void {
    this.#upstream?.reset();
    if (!this.#isClientClosed) resetSocket(this.#socket);
    this.#finish();
  }

  #finish(): void {
    if (this.#state === closed) return;
    if (this.#isWaiting) this.#leaveQueue();
    this.#held?.cancel();
    this.#meter?.close();
    this.#unpaid = undefined;
    this.#state = closed;
    if (this.#entry !== undefined) this.#context.accessLog?.end(this.#entry);
    this.#context.wheel.disarm(this);
    this.#listener.connections.delete(this);
    const upstream = this.#upstream;
    this.#upstream = undefined;
    if (upstream?.isFlushing !== true) this.#returnLease();
    if (!this.#isFlushing && this.#meter === undefined) upstream?.returnBuffer(true);
    upstream?.destroy();
    this.#leaveMember();
    this.#early = nothing;
    this.#lease = undefined;
  }

  #leaveQueue(): void {
    this.#isWaiting = false;
    const waiting = this.#pool?.waiting;
    const index = waiting?.indexOf(this) ?? -1;
    if (index >= 0) waiting?.splice(index, 1);
  }

  #leaveMember(): void {
    if (this.#member === undefined) return;
    this.#member.end();
    this.#member = undefined;
    this.#pool?.wake();
  }

  #resumeClient(): void {
    if (!this.#isReadPaused || this.#isClientClosed) return;
    this.#isReadPaused = false;
    this.#socket.resume();
  }

  #returnLease(): void {
    if (this.#lease === undefined) return;
    this.#context.leases.giveBack(this.#lease);
    this.#lease = undefined;
  }
}

function endSides(connection: RelayedConnection): void {
  connection.endSides();
}

function placeOf(failure: UpstreamFailure, hasSpoken: boolean): number {
  switch (failure) {
    case 'connect-error':
      return M.connectError;
    case 'connect-timeout':
      return M.connectTimeout;
    case 'timeout':
      return M.responseTimeout;
    // The others are HTTP/2's, which no such pool speaks.
    case 'refused':
    case 'unprocessed':
    case 'bad-response':
    case 'reset':
      return hasSpoken ? M.resetIn : M.resetBefore;
  }
}
