import type { Upstream, UpstreamFailure, UpstreamMember, UpstreamOwner } from '../http1/upstream.ts';
import type { WorkerContext } from '../runtime/context.ts';
import { add, M } from '../runtime/counters.ts';
import { Timed } from '../sockets/timer-wheel.ts';
import type { FrameSender, SendingStream } from './frame-sender.ts';
import { ErrorCode, maxFrameBytes } from './frames.ts';
import { OutgoingBody } from './outgoing-body.ts';
import { RequestWriter } from './request-writer.ts';
import type { MessageFrames } from './response.ts';
import type { AskedFor, ResponseHead } from './response-head.ts';

/** What a stream needs of the connection that carries it. */
export interface StreamCarrier {
  readonly sender: FrameSender;
  readonly scheme: 'http' | 'https';
  /** The member takes extended CONNECT (RFC 8441 3). */
  readonly mayTunnel: boolean;
  /** It begins: answers its number. */
  readonly begin: (stream: MemberStream) => number;
  /** So many bytes of its body were taken. */
  readonly onTaken: (stream: MemberStream, bytes: number) => void;
  /** `error` is told to the member where the stream has not ended both ways; undefined = it has. */
  readonly onOver: (stream: MemberStream, error: number | undefined) => void;
  /** It has been silent for too long: does the connection live? */
  readonly suspect: () => void;
  readonly refuseTunnel: () => void;
}

/** A response is whole before its stream is: what still comes of that has so long. */
const lingerMs = 1000;
/** More interim responses to one request are no good will. */
const maxInterims = 64;
const lastChunk = Buffer.from('0\r\n\r\n', 'latin1');
/** Where chunks are put together: one DATA frame, its size and ends. */
const chunkRoom = Buffer.allocUnsafeSlow(maxFrameBytes + 32);

/** A stream of HTTP/2 to a member: takes an HTTP/1.1 request of the exchange and gives it an HTTP/1.1 response. */
export class MemberStream extends Timed implements Upstream, SendingStream, MessageFrames, AskedFor {
  readonly member: UpstreamMember;
  owner: UpstreamOwner | undefined;
  /** Which connections may carry it. */
  readonly key: string;
  readonly isOfOneClient = false;
  readonly lease = undefined;
  isClosed = false;
  isFlushing = false;
  id = 0;
  sendWindow = 0;
  receiveWindow = 0;
  /** Bytes that were taken and not yet told by WINDOW_UPDATE. */
  untold = 0;
  hasGrown = false;
  isWaiting = false;
  isRemoteEnded = false;
  readonly #context: WorkerContext;
  /** Called where it gives up before it had a connection. */
  readonly #onGivenUp: (stream: MemberStream) => void;
  #carrier: StreamCarrier | undefined = undefined;
  #writer: RequestWriter | undefined = undefined;
  readonly #body = new OutgoingBody();
  #inactivityMs = 0;
  /** What the member had not taken when the time began to run. */
  #queued = 0;
  #sliceBytes = 0;
  // The response.
  #hasHead = false;
  #interims = 0;
  #isChunked = false;
  #isTunnel = false;
  #contentLength = -1;
  #received = 0;
  #isPaused = false;
  /** HTTP/1.1 bytes that came while the owner did not read. */
  #unread: Buffer[] = [];
  /** Bytes of DATA that the owner has not taken. */
  #untaken = 0;

  constructor(
    context: WorkerContext,
    member: UpstreamMember,
    owner: UpstreamOwner,
    key: string,
    onGivenUp: (stream: MemberStream) => void,
  ) {
    super();
    this.#context = context;
    this.member = member;
    this.owner = owner;
    this.key = key;
    this.#onGivenUp = onGivenUp;
  }

  get isConnected(): boolean {
    return this.#carrier !== undefined;
  }

  /** Of `AskedFor`. */
  get isHead(): boolean {
    return this.#writer?.isHead ?? false;
  }

  get accept(): string {
    return this.#writer?.accept ?? '';
  }

  get waitingBytes(): number {
    return this.#body.bytes;
  }

  /** Waits for a connection for so long. */
  waitFor(connectTimeoutMs: number): void {
    this.#context.wheel.arm(this, connectTimeoutMs);
  }

  /** There is a connection with room for it. The owner sends next. */
  attach(carrier: StreamCarrier): void {
    this.#carrier = carrier;
    this.#context.wheel.disarm(this);
  }

  // What the exchange says.

  send(bytes: Buffer): boolean {
    const carrier = this.#carrier;
    if (carrier === undefined || this.isClosed) return true;
    add(this.member.stats.counters, M.bytesIn, bytes.length);
    if (this.#writer === undefined) this.id = carrier.begin(this);
    this.#writer ??= new RequestWriter(this, carrier.scheme, carrier.mayTunnel);
    this.#writer.write(bytes);
    if (this.#writer.isRefused) {
      carrier.refuseTunnel();
      process.nextTick(failRefused, this);
      return true;
    }
    this.isFlushing = this.#body.bytes > 0;
    return !this.isFlushing;
  }

  sendFields(block: Buffer, length: number, isEnd: boolean): void {
    if (this.#carrier !== undefined) this.#body.sendFields(this.#carrier.sender, this, block, length, isEnd);
  }

  sendBody(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    if (this.#carrier !== undefined) this.#body.sendBody(this.#carrier.sender, this, bytes, start, end, isEnd);
  }

  sendOn(): void {
    if (this.#carrier === undefined) return;
    this.#body.sendOn(this.#carrier.sender, this);
    if (this.#body.bytes > 0 || !this.isFlushing) return;
    this.isFlushing = false;
    this.owner?.onUpstreamFlushed();
  }

  /** The tunnel's client has ended its side. */
  end(): void {
    if (!this.isClosed && this.#isTunnel && !this.#body.isEnded) this.sendBody(lastChunk, 0, 0, true);
  }

  expectWithin(inactivityMs: number): void {
    this.#inactivityMs = inactivityMs;
    this.#queued = this.#body.bytes;
    this.#context.wheel.arm(this, inactivityMs);
  }

  resume(): void {
    if (!this.#isPaused || this.isClosed) return;
    this.#isPaused = false;
    this.#context.wheel.arm(this, this.#inactivityMs);
    if (this.#unread.length > 0) process.nextTick(deliverUnread, this);
  }

  /** Nothing to lease: frames are cut from the connection's reads. */
  leaseBuffer(): void {
    return undefined;
  }

  readSlices(bytes: number): void {
    this.#sliceBytes = bytes;
  }

  returnBuffer(): void {
    return undefined;
  }

  /** The response is whole. The stream may not be: an empty DATA frame or trailers can still end it. */
  release(): void {
    this.owner = undefined;
    if (this.isClosed) return;
    if (!this.#body.isEnded) this.destroy();
    else if (this.isRemoteEnded) this.#close(undefined);
    else this.#context.wheel.arm(this, lingerMs);
  }

  /** Streams are of no client. */
  park(): undefined {
    this.destroy();
  }

  destroy(): void {
    this.#close(ErrorCode.cancel);
  }

  // What the member says.

  /** A head that was decoded. False = it cannot stand here. */
  receiveHead(head: ResponseHead, isEnd: boolean): boolean {
    this.isRemoteEnded = isEnd;
    if (head.status >= 200 || head.isTunnel) {
      this.#hasHead = true;
      this.#isChunked = head.isChunked;
      this.#isTunnel = head.isTunnel;
      this.#contentLength = head.contentLength;
    } else if (++this.#interims > maxInterims) return false;
    this.#onActivity();
    this.#deliver(head.text, head.start, head.end);
    this.#afterEnd();
    return true;
  }

  get hasHead(): boolean {
    return this.#hasHead;
  }

  /** Part of the body. False = it is not what was announced. */
  receive(bytes: Buffer, start: number, end: number, isEnd: boolean): boolean {
    this.#received += end - start;
    const expected = this.#contentLength;
    if (!this.#hasHead) return false;
    if (expected >= 0 && (this.#received > expected || (isEnd && this.#received < expected))) return false;
    if (isEnd) this.isRemoteEnded = true;
    this.#untaken += end - start;
    this.#onActivity();
    if (this.#isChunked) this.#deliverChunk(bytes, start, end, isEnd);
    else if (end > start) this.#deliver(bytes, start, end);
    this.#afterEnd();
    return true;
  }

  /** The body ends with these fields. HTTP/1.1 has no place for them behind a body of known length. */
  receiveTrailers(chunk: Buffer): boolean {
    if (!this.#hasHead) return false;
    if (!this.#isChunked) return this.receive(lastChunk, 0, 0, true);
    if (this.#contentLength >= 0 && this.#received < this.#contentLength) return false;
    this.isRemoteEnded = true;
    this.#onActivity();
    this.#deliver(chunk, 0, chunk.length);
    this.#afterEnd();
    return true;
  }

  /** It is over before its time. `error` is told to the member; undefined = it knows, `heard` is what its RST_STREAM said. */
  fail(failure: UpstreamFailure, error?: number, heard?: number): void {
    if (this.isClosed) return;
    const { owner } = this;
    this.#close(error);
    owner?.onUpstreamFailed(failure, heard);
  }

  #deliverChunk(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    let length = 0;
    if (end > start) {
      length = chunkRoom.write(`${(end - start).toString(16)}\r\n`, 0, 'latin1');
      bytes.copy(chunkRoom, length, start, end);
      length += end - start;
      length += chunkRoom.write('\r\n', length, 'latin1');
    }
    if (isEnd) length += lastChunk.copy(chunkRoom, length);
    if (length > 0) this.#deliver(chunkRoom, 0, length);
  }

  #deliver(bytes: Buffer, start: number, end: number): void {
    const { owner } = this;
    if (owner === undefined) return;
    if (this.#isPaused || this.#unread.length > 0) {
      this.#unread.push(Buffer.from(bytes.subarray(start, end)));
      return;
    }
    let at = start;
    while (at < end && !this.#isPaused) {
      const to = this.#sliceBytes > 0 ? Math.min(at + this.#sliceBytes, end) : end;
      const goesOn = owner.onResponseBytes(bytes, at, to);
      if (this.owner !== owner) return;
      this.#onTaken(to - at);
      at = to;
      if (goesOn) continue;
      this.#isPaused = true;
      // While the client does not read, the member's silence is not its fault.
      this.#context.wheel.disarm(this);
    }
    if (at < end) this.#unread.unshift(Buffer.from(bytes.subarray(at, end)));
  }

  deliverUnread(): void {
    if (this.#isPaused || this.isClosed || this.#unread.length === 0) return;
    const [first] = this.#unread;
    const bytes = first !== undefined && this.#unread.length === 1 ? first : Buffer.concat(this.#unread);
    this.#unread = [];
    this.#deliver(bytes, 0, bytes.length);
    this.#afterEnd();
  }

  /** The framing of chunks is ours: it opens no window. */
  #onTaken(bytes: number): void {
    const taken = Math.min(bytes, this.#untaken);
    this.#untaken -= taken;
    if (taken > 0) this.#carrier?.onTaken(this, taken);
  }

  #onActivity(): void {
    if (this.#inactivityMs > 0 && !this.#isPaused && this.owner !== undefined)
      this.#context.wheel.arm(this, this.#inactivityMs);
  }

  /** A tunnel tells its end by nothing else; what lingers is over. */
  #afterEnd(): void {
    if (this.isClosed || !this.isRemoteEnded) return;
    if (this.owner === undefined) this.#close(undefined);
    else if (this.#isTunnel && this.#unread.length === 0) this.owner.onUpstreamEnd();
  }

  override onDeadline(): void {
    const queued = this.#body.bytes;
    if (!this.isConnected) this.fail('connect-timeout');
    else if (this.owner === undefined) this.destroy();
    else if (queued < this.#queued) {
      // The member takes the request slowly: that is no silence.
      this.#queued = queued;
      this.#context.wheel.arm(this, this.#inactivityMs);
    } else {
      this.#carrier?.suspect();
      this.fail('timeout', ErrorCode.cancel);
    }
  }

  #close(error: number | undefined): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.owner = undefined;
    this.#context.wheel.disarm(this);
    const isWhole = this.isRemoteEnded && this.#body.isEnded;
    this.#unread = [];
    this.#body.clear();
    if (this.#carrier === undefined) this.#onGivenUp(this);
    else this.#carrier.onOver(this, isWhole ? undefined : error);
  }
}

function deliverUnread(stream: MemberStream): void {
  stream.deliverUnread();
}

function failRefused(stream: MemberStream): void {
  stream.fail('bad-response');
}
