import { challengeAnswer } from '../acme/answer.ts';
import { defaultResponse, httpsRedirect } from './own-answers.ts';
import { renderOwnResponse, type OwnResponse } from './own-response.ts';
import { Outflow, type OutflowOwner } from './outflow.ts';
import { bareRewrite, empty, rewriteFor } from './response-rewrite.ts';
import { chunked, RequestBody, ResponseBody, tooLarge, untilClose } from './body.ts';
import { cutCookie, cutPrefix } from './cookies.ts';
import { head, scanRequest, scanResponse, type Refusal } from './head.ts';
import { takeForward } from './max-forwards.ts';
import { Endpoint, RequestView } from './request-view.ts';
import { renderForLine, rewriteRoomBytes, writeRequestHead, writeResponseHead } from './rewrite.ts';
import { readSetCookie, setCookieRoom } from './set-cookie.ts';
import { UpstreamConnection, type Upstream, type UpstreamFailure, type UpstreamOwner } from './upstream.ts';
import { greetingOf } from '../l4/proxy-greeting.ts';
import type { Decision } from '../persistence/decision.ts';
import type { Asker } from '../persistence/held-tables.ts';
import { noCookie, type CookieRule, type Holding } from '../persistence/holding.ts';
import { Encoder, hasEncoderRoom } from '../compression/encoder.ts';
import type { Coding } from '../compression/negotiate.ts';
import { planCompression } from '../compression/plan.ts';
import type { ResponseSink, ResponseSource } from '../cache/sink.ts';
import type { ServerCache } from '../cache/server-cache.ts';
import { largeBodyBytes, readBytes, type WorkerContext } from '../runtime/context.ts';
import type { ServerLimits } from '../limits/limits.ts';
import type { AccessLog, LogEntry } from '../log/access-log.ts';
import { add, M, P, S, serverCounterNames } from '../runtime/counters.ts';
import type { Listener, OpenConnection } from '../runtime/listener.ts';
import type { MemberRuntime } from '../runtime/member.ts';
import type { PoolRuntime, Waiter } from '../runtime/pool.ts';
import type { VirtualServerRuntime } from '../runtime/virtual-server.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import { resetSocket } from '../sockets/reset.ts';
import { Timed } from '../sockets/timer-wheel.ts';

// What the client's side is doing.
const awaitingHead = 0;
const readingBody = 1;
const awaitingResponse = 2;
const tunnelling = 3;
const lingering = 4;
const closed = 5;

/** A response head longer than this is not forwarded. */
const maxResponseHeadBytes = 65_536;
/** After the last response the client has this long to close: a reset would take the response with it. */
const lingerMs = 2000;
/** Idle connections to members are closed this much before the member would do so. */
const keepAliveMarginMs = 500;
/** So often is asked who holds a client, once where nobody moves; then it is served without being held. */
const maxAsks = 3;
/** What a cached body is written in at most. */
const largestPieceBytes = 262_144;
const noLimitMs = 2_147_483_647;
/** Bytes of `Connection: close`, Date and Strict-Transport-Security that a response head may gain. */
const responseRoomBytes = 384;

const view = new RequestView();

/**
 * One client's connection and the exchange that runs on it: reads a request strictly, has a member chosen, forwards both
 * ways with back-pressure, then goes on to the next. The hot path of the engine: one fixed-shape object per connection,
 * nothing allocated per request but the views that the kernel is handed. Longer than house style for that reason.
 */
export class ClientConnection
  extends Timed
  implements ByteReader, UpstreamOwner, Waiter, Asker, OutflowOwner, ResponseSink
{
  readonly #context: WorkerContext;
  readonly #listener: Listener;
  readonly #socket: ByteSocket;
  readonly #out: Outflow;
  readonly #siblings: Set<OpenConnection>;
  #server: VirtualServerRuntime;
  /** Whose pools serve the request: `#server`, or one that stands in for it. */
  #behind: VirtualServerRuntime;
  readonly #endpoint: Endpoint;
  /** Made with the first request. */
  #forLine: Buffer | undefined = undefined;
  #state = awaitingHead;
  #isReadPaused = false;
  #isDraining = false;
  /** Undefined = nothing limits it. */
  #limits: ServerLimits | undefined = undefined;
  /** What answers in place of a member. */
  #source: ResponseSource | undefined = undefined;
  /** What compresses the body that comes. */
  #encoder: Encoder | undefined = undefined;
  /** Bytes of a head that is not whole yet, or of requests that came before their turn. */
  #partial: Buffer | undefined = undefined;
  #pending: Buffer | undefined = undefined;
  #lease: Buffer | undefined = undefined;

  // The exchange.
  #pool: PoolRuntime | undefined = undefined;
  #member: MemberRuntime | undefined = undefined;
  #avoided: MemberRuntime | undefined = undefined;
  #holding: Holding | undefined = undefined;
  /** Name of the member that the client is held on, whatever its state; empty = none. */
  #heldOn = '';
  /** The client has to be told, by `#cookieLine`, whom it is held on. */
  #tellsHeld = false;
  /** Another worker may know the client: the supervisor is asked. */
  #isAsking = false;
  /** Other workers were asked for room: a second time makes no sense. */
  #hasBorrowed = false;
  #asks = 0;
  #ticket = 0;
  #cookie: CookieRule = noCookie;
  #isCookieCut = false;
  #cookieLine: Buffer = empty;
  #upstream: Upstream | undefined = undefined;
  /** An idle connection that no other client may use. */
  #ownIdle: Upstream | undefined = undefined;
  #request: Buffer | undefined = undefined;
  #requestLength = 0;
  #requestHeadLength = 0;
  readonly #requestBody = new RequestBody();
  readonly #responseBody = new ResponseBody();
  #keepsAlive = true;
  #isHttp10 = false;
  #isHead = false;
  #isIdempotent = false;
  #isUpgrade = false;
  #isReplayable = false;
  #isSent = false;
  #isReused = false;
  #isWaiting = false;
  #triesLeft = 0;
  #sentAtMs = 0;
  #hasResponseHead = false;
  #responsePartial: Buffer | undefined = undefined;
  #memberKeepsAlive = false;
  #memberIdleMs = 0;
  /** What the access log will say of the exchange; undefined = nothing. */
  #entry: LogEntry | undefined = undefined;

  /**
   * `streams` = one exchange of a connection that carries many (HTTP/2): it stands in that set, is no connection of its own,
   * and `attach` answers what behaves as its socket.
   */
  constructor(
    context: WorkerContext,
    listener: Listener,
    attach: (reader: ByteReader) => ByteSocket,
    streams?: Set<OpenConnection>,
    endpoint?: Endpoint,
  ) {
    super();
    this.#context = context;
    this.#listener = listener;
    this.#server = this.#behind = listener.server;
    this.#socket = attach(this);
    this.#out = new Outflow(context, this.#socket, this);
    this.#endpoint = endpoint ?? new Endpoint(this.#socket);
    this.#socket.on('end', () => {
      this.#onClientEnd();
    });
    this.#socket.on('error', () => {
      this.#socket.destroy();
    });
    this.#socket.on('close', () => {
      this.#onClientClosed();
    });
    this.#siblings = streams ?? listener.connections;
    this.#siblings.add(this);
    if (streams === undefined) add(this.#server.counters, S.connections, 1);
    context.wheel.arm(this, this.#server.settings.http.headerTimeoutMs);
  }

  readBuffer(): Buffer {
    return this.#lease ?? this.#context.readBuffer;
  }

  onBytes(bytes: Buffer, start: number, end: number): boolean {
    let goesOn: boolean;
    switch (this.#state) {
      case awaitingHead:
        goesOn = this.#onHeadBytes(bytes, start, end);
        break;
      case readingBody:
        goesOn = this.#onBodyBytes(bytes, start, end);
        break;
      case awaitingResponse:
        this.#keepPending(bytes, start, end);
        goesOn = false;
        break;
      case tunnelling:
        goesOn = this.#toMember(bytes, start, end);
        break;
      default:
        goesOn = true; // lingering: what still comes is thrown away
    }
    if (this.#state === lingering) goesOn = true;
    this.#isReadPaused = !goesOn;
    return goesOn;
  }

  /** The worker is ending: idle connections close now, busy ones after their response. */
  drain(): void {
    this.#keepsAlive = false;
    if (this.#state === awaitingHead && this.#partial === undefined) this.#finishConnection();
  }

  /** An operator cuts what still runs on a member. */
  cut(member: MemberRuntime): void {
    if (this.#member !== member) return;
    if (this.#entry !== undefined) this.#entry.cause = 'cut';
    resetSocket(this.#socket);
  }

  /** Its member went down: a request without a response that may be repeated goes to another, all else is cut. */
  reselect(member: MemberRuntime): void {
    if (this.#member !== member) return;
    const mayRepeat = !this.#isSent || (this.#isIdempotent && this.#isReplayable);
    if (this.#hasResponseHead || !mayRepeat || this.#out.isFlushing) {
      this.cut(member);
      return;
    }
    this.#avoided = member;
    this.#responsePartial = undefined;
    this.#abortUpstream();
    this.#dispatch();
  }

  #onHeadBytes(bytes: Buffer, start: number, end: number): boolean {
    const earlier = this.#partial;
    if (earlier === undefined) return this.#scanHead(bytes, start, end);
    const isLineEnded = bytes.subarray(start, end).includes(10);
    const whole = Buffer.concat([earlier, bytes.subarray(start, end)]);
    const { maxHeaderBytes } = this.#server.settings.http;
    // Only a line's end can complete or spoil a head: one byte at a time is not scanned from the start each time.
    if (!isLineEnded && whole.length < maxHeaderBytes) {
      this.#partial = whole;
      return true;
    }
    this.#partial = undefined;
    return this.#scanHead(whole, 0, whole.length);
  }

  #scanHead(bytes: Buffer, start: number, end: number): boolean {
    const { server } = this.#listener;
    this.#server = server;
    const headEnd = scanRequest(bytes, start, end, server.settings.http.maxHeaderBytes);
    if (headEnd > 0) return this.#startRequest(bytes, headEnd, end);
    if (headEnd < 0) {
      // The scanner answers negative refusals only.
      this.#refuse(-headEnd as Refusal);
      return true;
    }
    this.#partial = Buffer.from(bytes.subarray(start, end));
    this.#context.wheel.arm(this, server.settings.http.headerTimeoutMs);
    return true;
  }

  #startRequest(bytes: Buffer, headEnd: number, end: number): boolean {
    const server = this.#server;
    const { http } = server.settings;
    add(server.counters, S.requests, 1);
    this.#keepsAlive = !head.hasClose && (!head.isHttp10 || head.hasKeepAlive) && !this.#context.isEnding;
    this.#isHttp10 = head.isHttp10;
    this.#isHead = head.isHead;
    this.#isIdempotent = head.isIdempotent;
    const body = this.#requestBody;
    body.begin(head.isChunked ? chunked : Math.max(0, head.contentLength));
    this.#hasResponseHead = false;
    if (http.maxBodyBytes > 0 && body.left > http.maxBodyBytes) {
      this.#refuse(413);
      return true;
    }
    this.#isUpgrade = body.left === 0 && !head.isHttp10 && isUpgradeAsked(bytes);
    const own = head.isOptions || head.isTrace ? takeForward(bytes) : undefined;
    const needed = 3 * (headEnd - head.start) + rewriteRoomBytes + (end - headEnd);
    const request =
      needed <= this.#context.requests.size ? this.#context.requests.lease() : Buffer.allocUnsafeSlow(needed);
    this.#request = request;
    const length = writeRequestHead(
      bytes,
      headEnd,
      request,
      this.#endpoint.clientAddress === '' ? this.#listener.silentForwarding : this.#listener.forwarding,
      (this.#forLine ??= renderForLine(this.#endpoint.clientAddress)),
      this.#isUpgrade,
    );
    this.#requestHeadLength = length;
    if (this.#context.accessLog !== undefined)
      this.#beginEntry(this.#context.accessLog, view.look(request, length, this.#endpoint));
    const taken = body.take(bytes, headEnd, end, http.maxBodyBytes);
    if (taken < 0) {
      this.#refuse(taken === tooLarge ? 413 : 400);
      return true;
    }
    bytes.copy(request, length, headEnd, headEnd + taken);
    this.#requestLength = length + taken;
    if (headEnd + taken < end) this.#keepPending(bytes, headEnd + taken, end);
    const isWhole = body.left === 0;
    this.#state = isWhole ? awaitingResponse : readingBody;
    this.#isReplayable = isWhole;
    if (body.left > largeBodyBytes) this.#lease ??= this.#context.leases.lease();
    this.#context.wheel.arm(this, isWhole ? 0 : http.clientTimeoutMs);
    return this.#target(own) && (isWhole ? this.#pending === undefined : this.#canReadBody());
  }

  /** Finds where the request goes and starts it on its way. False = answered at once. */
  #target(own: OwnResponse | undefined): boolean {
    const server = this.#server;
    const request = this.#request;
    if (request === undefined) return false;
    if (own !== undefined) {
      this.#respond(own);
      return this.#state === awaitingHead;
    }
    if (this.#context.acmeAnswers !== undefined && this.#answerAuthority(this.#context.acmeAnswers, request))
      return this.#state === awaitingHead;
    if (server.redirectsToHttps) {
      this.#respond(httpsRedirect(view.look(request, this.#requestHeadLength, this.#endpoint)));
      return this.#state === awaitingHead;
    }
    if (server.limits !== this.#limits) this.#openLimits(server.limits);
    if (this.#limits !== undefined && this.#isTooFast(this.#limits)) return this.#state === awaitingHead;
    if (server.cache !== undefined && this.#askCache(server.cache, request))
      return this.#source !== undefined || this.#state === awaitingHead;
    return this.#route(server, request);
  }

  #route(server: VirtualServerRuntime, request: Buffer): boolean {
    const pool = server.hasRoutes
      ? (server.route(view.look(request, this.#requestHeadLength, this.#endpoint)) ?? server.defaultPool)
      : server.defaultPool;
    if (pool === undefined) {
      this.#respond(defaultResponse(server));
      return this.#state === awaitingHead;
    }
    this.#behind = server;
    this.#pool = pool;
    this.#avoided = undefined;
    this.#triesLeft = pool.settings.retry.attempts;
    this.#isCookieCut = false;
    this.#hasBorrowed = false;
    this.#lookUp(pool, request);
    this.#dispatch();
    return true;
  }

  /** An authority that issues a certificate is answered here, whatever routes and redirects say. */
  #answerAuthority(answers: ReadonlyMap<string, string>, request: Buffer): boolean {
    const answer = challengeAnswer(answers, view.look(request, this.#requestHeadLength, this.#endpoint));
    if (answer !== undefined) this.#respond(answer);
    return answer !== undefined;
  }

  #askCache(cache: ServerCache, request: Buffer): boolean {
    const hasBody = this.#requestLength > this.#requestHeadLength || this.#state !== awaitingResponse;
    return !hasBody && !this.#isUpgrade && cache.answer(this, request.toString('latin1', 0, this.#requestHeadLength));
  }

  // As a `ResponseSink`: what the cache uses in place of a member.

  get isHttp10(): boolean {
    return this.#isHttp10;
  }

  get isHead(): boolean {
    return this.#isHead;
  }

  get keepsAlive(): boolean {
    return this.#keepsAlive;
  }

  get clientAddress(): string {
    return this.#endpoint.clientAddress;
  }

  get pieceBytes(): number {
    return this.#out.meter?.sliceBytes ?? largestPieceBytes;
  }

  attach(source: ResponseSource): void {
    this.#source = source;
  }

  begin(status: number, mustClose: boolean): void {
    if (mustClose || this.#context.isEnding) this.#keepsAlive = false;
    this.#hasResponseHead = true;
    this.#giveBackRequest();
    if (this.#entry !== undefined) this.#entry.status = status;
    add(this.#server.counters, S.response + Math.floor(status / 100), 1);
  }

  send(bytes: Buffer): boolean {
    if (this.#state === closed) return true;
    add(this.#server.counters, S.bytesOut, bytes.length);
    if (this.#entry !== undefined) this.#entry.bytesOut += bytes.length;
    return this.#out.write(bytes, bytes);
  }

  finish(): void {
    this.#source = undefined;
    if (this.#state !== closed) this.#nextRequest();
  }

  truncate(): void {
    this.#source = undefined;
    this.#drop(S.memberFailure);
    resetSocket(this.#socket);
  }

  goOn(): void {
    this.#source = undefined;
    if (this.#request !== undefined && this.#state !== closed) this.#route(this.#server, this.#request);
  }

  refuse(status: number): void {
    this.#source = undefined;
    if (this.#state !== closed) this.#respond({ status });
  }

  /** The limits of the virtual server came, changed or went. */
  #openLimits(limits: ServerLimits | undefined): void {
    this.#out.meter?.close();
    this.#limits = limits;
    this.#out.meter = limits?.openMeter(this.#endpoint.clientAddress, () => {
      this.#out.onPaid();
    });
  }

  /** Answers 429 where the client asks too often. */
  #isTooFast(limits: ServerLimits): boolean {
    this.#out.meter?.startResponse();
    const waitS = limits.takeRequest(this.#endpoint.clientAddress, performance.now());
    if (waitS === 0) return false;
    this.#drop(S.requestRate);
    this.#respond({ status: 429, extraLines: `Retry-After: ${waitS}\r\n` });
    return true;
  }

  /** Finds the member that the client is held on in this pool. */
  #lookUp(pool: PoolRuntime, request: Buffer): void {
    const holding = this.#behind.holdingOf(pool);
    this.#holding = holding;
    this.#cookieLine = empty;
    if (holding === undefined) {
      this.#cookie = noCookie;
      return;
    }
    this.#cookie = holding.cookie;
    this.#asks = 0;
    this.#heldOn = holding.find(view.look(request, this.#requestHeadLength, this.#endpoint), performance.now());
    this.#tellsHeld = !holding.isByMethod;
  }

  /**
   * The member that holds the client, else a new one which then holds it. One that is only full is stood in for.
   * Undefined = none has room, or others are asked first (`#isAsking`).
   */
  #chooseHeld(pool: PoolRuntime, holding: Holding): MemberRuntime | undefined {
    for (;;) {
      const held = this.#heldOn === '' ? undefined : pool.member(this.#heldOn);
      const isHeld = held?.servesHeld === true && held !== this.#avoided;
      if (isHeld && !held.isFull) return held;
      const member = pool.choose(view, this.#avoided);
      if (member === undefined || isHeld || this.#asks === maxAsks) return member;
      this.#asks++;
      const now = performance.now();
      const name = holding.hold(view, member.name, this.#heldOn, now, this, ++this.#ticket);
      this.#tellsHeld = true;
      if (name === '') {
        this.#isAsking = true;
        return undefined;
      }
      this.#heldOn = name;
      if (name === member.name) return member;
    }
  }

  /** Another worker has decided, or this one was first. */
  onHeld(ticket: number, member: string, by: Decision['by']): void {
    if (!this.#isAsking || ticket !== this.#ticket) return;
    this.#isAsking = false;
    this.#holding?.count(by);
    this.#heldOn = member;
    this.#dispatch();
  }

  /** The engine's own cookie, or its part of one, is none of the member's business. */
  #cutCookie(request: Buffer): void {
    if (this.#isCookieCut) return;
    this.#isCookieCut = true;
    const { mode, name } = this.#cookie;
    const change = mode === 'insert' ? cutCookie : mode === 'prefix' ? cutPrefix : undefined;
    const cut = change?.(request, this.#requestHeadLength, this.#requestLength, name) ?? 0;
    this.#requestHeadLength -= cut;
    this.#requestLength -= cut;
  }

  /** Chooses a member and sends the request to it, over an idle connection where there is one. */
  #dispatch(): void {
    const pool = this.#pool;
    const request = this.#request;
    if (pool === undefined || request === undefined) return;
    const choice = view.look(request, this.#requestHeadLength, this.#endpoint);
    const holding = this.#holding;
    const member = holding === undefined ? pool.choose(choice, this.#avoided) : this.#chooseHeld(pool, holding);
    if (member === undefined) {
      if (!this.#isAsking) this.#onNoMember(pool);
      return;
    }
    if (holding !== undefined) {
      this.#cookieLine = this.#tellsHeld ? holding.line(this.#heldOn) : empty;
      if (this.#cookie !== noCookie) this.#cutCookie(request);
    }
    this.#open(member, pool, true);
  }

  #open(member: MemberRuntime, pool: PoolRuntime, mayReuse: boolean): void {
    member.begin();
    this.#member = member;
    if (this.#entry !== undefined) Object.assign(this.#entry, { member: member.name, pool: pool.name });
    this.#isSent = false;
    const idle = mayReuse ? this.#takeIdle(member, pool) : undefined;
    if (idle === undefined) {
      this.#isReused = false;
      const greeting = greetingOf(pool, this.#endpoint);
      const limits = this.#behind.limitsOf(pool);
      if (member.http2 !== undefined) this.#openStream(member.http2.open(limits, this, this.#endpoint, greeting));
      else this.#upstream = new UpstreamConnection(this.#context, member, limits, this, greeting);
      return;
    }
    this.#isReused = true;
    idle.owner = this;
    this.#upstream = idle;
    this.#sendRequest(idle);
  }

  /** A stream of HTTP/2, on a connection that is there or one that is opened. */
  #openStream(stream: Upstream): void {
    this.#upstream = stream;
    this.#isReused = stream.isConnected;
    if (stream.isConnected) this.#sendRequest(stream);
  }

  /** A connection whose PROXY header told the member about this client serves no other. */
  #takeIdle(member: MemberRuntime, pool: PoolRuntime): Upstream | undefined {
    if (pool.settings.sendProxyProtocol === 'none' && this.#behind.limitsOf(pool).isOfOneClient !== true)
      return member.idle.pop();
    const own = this.#ownIdle;
    this.#ownIdle = undefined;
    if (own?.member === member && !own.isClosed) return own;
    own?.destroy();
    return undefined;
  }

  #onNoMember(pool: PoolRuntime): void {
    const { queue, fallback } = pool.settings;
    const hasAvailable = pool.hasAvailable;
    const ticket = ++this.#ticket;
    if (
      !this.#hasBorrowed &&
      pool.borrow((isGranted) => {
        this.#onBorrowed(ticket, isGranted);
      })
    ) {
      // prettier-ignore
      this.#isAsking = true;
      return;
    }
    this.#hasBorrowed = false;
    if (hasAvailable && pool.hasQueueRoom) {
      pool.waiting.push(this);
      this.#isWaiting = true;
      this.#context.wheel.arm(this, queue.timeoutMs);
      return;
    }
    if (pool.backup !== undefined) {
      this.#pool = pool.backup;
      if (this.#request !== undefined) this.#lookUp(pool.backup, this.#request);
      this.#dispatch();
      return;
    }
    const standIn = this.#behind.standIn();
    if (standIn !== undefined && this.#request !== undefined) {
      this.#route(standIn, this.#request);
      return;
    }
    const isQueueFull = hasAvailable && queue.limit > 0;
    add(pool.counters, isQueueFull ? P.queueFull : P.noMember, 1);
    this.#drop(isQueueFull ? S.queueFull : S.noMember);
    const status = fallback?.status ?? 503;
    const body = pool.fallbackBody;
    this.#respond(
      body === ''
        ? { status }
        : {
            status,
            body,
            contentType: body.startsWith('<') ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
          },
    );
  }

  /** Other workers gave what they do not need, or nothing. */
  #onBorrowed(ticket: number, isGranted: boolean): void {
    if (!this.#isAsking || ticket !== this.#ticket) {
      if (isGranted) this.#pool?.wake();
      return;
    }
    this.#isAsking = false;
    this.#hasBorrowed = true;
    this.#dispatch();
  }

  /** A member has room: the first in the queue is called. */
  onRoom(): void {
    this.#isWaiting = false;
    this.#context.wheel.arm(this, this.#state === readingBody ? this.#server.settings.http.clientTimeoutMs : 0);
    this.#dispatch();
  }

  onConnected(): void {
    if (this.#upstream !== undefined) this.#sendRequest(this.#upstream);
  }

  #sendRequest(upstream: Upstream): void {
    const member = this.#member;
    const request = this.#request;
    if (member === undefined || request === undefined) return;
    add(member.stats.counters, M.requests, 1);
    add(this.#server.counters, S.bytesIn, this.#requestLength);
    if (this.#entry !== undefined) this.#entry.bytesIn = this.#requestLength;
    this.#sentAtMs = performance.now();
    this.#isSent = true;
    if (this.#out.meter !== undefined) upstream.readSlices(this.#out.meter.sliceBytes);
    const isFlushed = upstream.send(request.subarray(0, this.#requestLength));
    if (this.#state === awaitingResponse) this.#awaitResponse(upstream);
    else if (isFlushed) this.#resumeClient();
  }

  #awaitResponse(upstream: Upstream): void {
    upstream.expectWithin(this.#pool?.settings.responseTimeoutMs ?? 0);
  }

  #canReadBody(): boolean {
    return this.#isSent && this.#upstream?.isFlushing === false;
  }

  #onBodyBytes(bytes: Buffer, start: number, end: number): boolean {
    const body = this.#requestBody;
    const taken = body.take(bytes, start, end, this.#server.settings.http.maxBodyBytes);
    if (taken < 0) {
      this.#abortUpstream();
      if (this.#hasResponseHead) this.#socket.destroy();
      else this.#refuse(taken === tooLarge ? 413 : 400);
      return true;
    }
    if (start + taken < end) this.#keepPending(bytes, start + taken, end);
    const goesOn = taken === 0 || this.#toMember(bytes, start, start + taken);
    if (body.left !== 0) return goesOn;
    // The read buffer is the shared one again from the next read on.
    this.#returnLease(this.#upstream?.isFlushing === false);
    if (this.#state !== readingBody) return goesOn;
    this.#state = awaitingResponse;
    this.#context.wheel.arm(this, 0);
    if (this.#upstream !== undefined) this.#awaitResponse(this.#upstream);
    return this.#pending === undefined;
  }

  /** Bytes to the member, without a copy where they stand in memory of our own. False = wait until they have left. */
  #toMember(bytes: Buffer, start: number, end: number): boolean {
    const upstream = this.#upstream;
    if (upstream === undefined) return true;
    this.#isReplayable = false;
    if (this.#state === readingBody) this.#context.wheel.arm(this, this.#server.settings.http.clientTimeoutMs);
    add(this.#server.counters, S.bytesIn, end - start);
    if (this.#entry !== undefined) this.#entry.bytesIn += end - start;
    if (bytes === this.#lease) return upstream.send(bytes.subarray(start, end));
    const out = this.#context.output(end - start);
    bytes.copy(out, 0, start, end);
    if (upstream.send(out.subarray(0, end - start))) return true;
    this.#context.abandon(out);
    return false;
  }

  onUpstreamFlushed(): void {
    if (this.#state === readingBody || this.#state === tunnelling) this.#resumeClient();
  }

  #keepPending(bytes: Buffer, start: number, end: number): void {
    const rest = bytes.subarray(start, end);
    this.#pending = this.#pending === undefined ? Buffer.from(rest) : Buffer.concat([this.#pending, rest]);
  }

  onResponseBytes(bytes: Buffer, start: number, end: number): boolean {
    if (this.#state === tunnelling) return this.#toClient(bytes, start, end);
    if (this.#hasResponseHead) return this.#onResponseBody(bytes, start, end);
    const earlier = this.#responsePartial;
    if (earlier === undefined) return this.#scanResponseHead(bytes, start, end);
    this.#responsePartial = undefined;
    const whole = Buffer.concat([earlier, bytes.subarray(start, end)]);
    return this.#scanResponseHead(whole, 0, whole.length);
  }

  #scanResponseHead(bytes: Buffer, start: number, end: number): boolean {
    let at = start;
    for (;;) {
      const headEnd = scanResponse(bytes, at, end, maxResponseHeadBytes);
      if (headEnd < 0) {
        this.#onBadResponse();
        return false;
      }
      if (headEnd === 0) {
        this.#responsePartial = Buffer.from(bytes.subarray(at, end));
        return true;
      }
      if (head.status >= 200) {
        if (this.#pool?.retriesStatuses === true && this.#retryStatus(head.status)) return false;
        return this.#startResponse(bytes, headEnd, end);
      }
      if (head.status === 101) return this.#startTunnel(bytes, headEnd, end);
      if (!this.#isHttp10) this.#forwardInterim(bytes, headEnd);
      at = headEnd;
      if (at === end) return true;
    }
  }

  #forwardInterim(bytes: Buffer, headEnd: number): void {
    const out = Buffer.allocUnsafe(headEnd - head.start + responseRoomBytes);
    this.#out.write(out.subarray(0, writeResponseHead(bytes, headEnd, out, bareRewrite, false)), out);
  }

  #startTunnel(bytes: Buffer, headEnd: number, end: number): boolean {
    if (!this.#isUpgrade) {
      this.#onBadResponse();
      return false;
    }
    this.#recordResponse();
    this.#state = tunnelling;
    this.#hasResponseHead = true;
    this.#giveBackRequest();
    const room = responseRoomBytes + this.#cookieRoom();
    const out = Buffer.allocUnsafe(headEnd - head.start + room + end - headEnd);
    const rewrite = {
      ...bareRewrite,
      cookie: this.#cookie,
      cookieValue: this.#cookieValue(),
      cookieLine: this.#cookieLine,
      hstsLine: this.#server.hstsLine,
    };
    const length = writeResponseHead(bytes, headEnd, out, rewrite, true);
    bytes.copy(out, length, headEnd, end);
    this.#countOut(length + end - headEnd);
    const isFlushed = this.#out.write(out.subarray(0, length + end - headEnd), out);
    // A tunnel may be silent for as long as its ends like; clientTimeoutMs bounds what is not taken.
    this.#upstream?.expectWithin(0);
    const early = this.#pending;
    this.#pending = undefined;
    if (early === undefined || this.#toMember(early, 0, early.length)) this.#resumeClient();
    return isFlushed;
  }

  #startResponse(bytes: Buffer, headEnd: number, end: number): boolean {
    const { status } = head;
    const hasNoBody = this.#isHead || status === 204 || status === 304;
    this.#hasResponseHead = true;
    this.#recordResponse();
    const { cache } = this.#server;
    if (cache !== undefined && status < 400) this.#tellCache(cache, bytes, headEnd);
    this.#memberKeepsAlive =
      !head.hasClose && (!head.isHttp10 || head.hasKeepAlive) && this.#state === awaitingResponse;
    this.#memberIdleMs =
      head.keepAliveTimeoutS < 0 ? noLimitMs : Math.max(1, head.keepAliveTimeoutS * 1000 - keepAliveMarginMs);
    const isChunked = head.isChunked && !hasNoBody;
    const body = this.#responseBody;
    body.begin(hasNoBody ? 0 : isChunked ? chunked : head.contentLength, isChunked && this.#isHttp10);
    if (body.left === untilClose) {
      this.#memberKeepsAlive = false;
      this.#keepsAlive = false;
    }
    if (body.decodesChunks) this.#keepsAlive = false;
    if (this.#state !== awaitingResponse) this.#keepsAlive = false;
    if (this.#context.isEnding) this.#keepsAlive = false;
    const bodyBytes = end - headEnd;
    let top = bytes;
    let topEnd = headEnd;
    const { compression } = this.#server;
    if (compression !== undefined && !hasNoBody && this.#state === awaitingResponse) {
      top = this.#planCompression(compression, bytes, headEnd) ?? top;
      if (top !== bytes) topEnd = top.length;
    }
    if (this.#cookie.mode === 'learn') this.#learnCookie(top);
    const room = responseRoomBytes + (this.#holding === undefined ? 0 : this.#cookieRoom());
    const out = this.#context.output(topEnd - head.start + room + bodyBytes);
    const length = writeResponseHead(top, topEnd, out, this.#responseRewrite(status), false);
    this.#giveBackRequest();
    if (this.#encoder !== undefined) {
      this.#countOut(length);
      this.#source = this.#encoder;
      this.#out.write(out.subarray(0, length), out);
      return this.#encode(this.#encoder, bytes, headEnd, end);
    }
    const taken = body.copy(bytes, headEnd, end, out, length);
    if (taken < 0) {
      this.#onBrokenBody();
      return false;
    }
    const total = length + taken;
    if (body.left > largeBodyBytes || (body.left < 0 && bodyBytes >= readBytes / 2)) {
      this.#upstream?.leaseBuffer();
    }
    this.#countOut(total);
    const isFlushed = this.#out.write(out.subarray(0, total), out);
    if (body.left === 0) {
      this.#finishExchange(true);
      return true;
    }
    return isFlushed;
  }

  #tellCache(cache: ServerCache, bytes: Buffer, headEnd: number): void {
    const request = this.#request?.toString('latin1', 0, this.#requestHeadLength);
    if (request !== undefined) cache.afterResponse(request, bytes.toString('latin1', head.start, headEnd));
  }

  /** The head as it becomes; the scanner's findings are of that then. */
  #planCompression(offered: readonly Coding[], bytes: Buffer, headEnd: number): Buffer | undefined {
    const request = this.#request?.toString('latin1', 0, this.#requestHeadLength) ?? '';
    const response = bytes.toString('latin1', head.start, headEnd);
    const plan = planCompression(request, response, head.status, offered, hasEncoderRoom());
    if (plan === undefined) return undefined;
    scanResponse(plan.head, 0, plan.head.length, 2 * maxResponseHeadBytes);
    if (plan.coding !== undefined) {
      this.#encoder = new Encoder(plan.coding, this, () => {
        this.#upstream?.resume();
      });
      if (this.#isHttp10) {
        this.#responseBody.decodesChunks = true;
        this.#keepsAlive = false;
      }
    }
    return plan.head;
  }

  /** As `#onResponseBody` for a body that is compressed on its way. */
  #encode(encoder: Encoder, bytes: Buffer, start: number, end: number): boolean {
    let hasRoom = true;
    const isFramed = this.#responseBody.data(bytes, start, end, (from, to) => {
      hasRoom = encoder.write(bytes, from, to);
    });
    if (!isFramed) {
      this.#countFailure(M.badResponse);
      this.#abortUpstream();
      this.#socket.resetAndDestroy();
      return false;
    }
    if (this.#member !== undefined) add(this.#member.stats.counters, M.bytesOut, end - start);
    if (this.#responseBody.left !== 0) return hasRoom;
    this.#finishExchange(true);
    return true;
  }

  #responseRewrite(status: number): Parameters<typeof writeResponseHead>[3] {
    const rewrite = rewriteFor(this.#isHttp10, this.#keepsAlive);
    rewrite.dropsTransferEncoding = this.#responseBody.decodesChunks || status === 204;
    rewrite.dropsContentLength = status === 204;
    rewrite.dateLine = this.#context.dateLine;
    rewrite.cookie = this.#cookie;
    rewrite.cookieValue = this.#cookie === noCookie ? empty : this.#cookieValue();
    rewrite.cookieLine = this.#cookieLine;
    rewrite.hstsLine = this.#server.hstsLine;
    return rewrite;
  }

  #cookieValue(): Buffer {
    return this.#holding?.value(this.#member?.name ?? '') ?? empty;
  }

  /** What persistence may add to a response's head. */
  #cookieRoom(): number {
    return this.#cookieLine.length + (this.#cookie === noCookie ? 0 : setCookieRoom(this.#cookieValue()));
  }

  /** A member's own cookie tells which member the client belongs to. */
  #learnCookie(bytes: Buffer): void {
    const value = readSetCookie(bytes, this.#cookie.name);
    if (value !== '' && this.#member !== undefined) {
      this.#holding?.learn(value, this.#member.name, performance.now());
    }
  }

  #onResponseBody(bytes: Buffer, start: number, end: number): boolean {
    const upstream = this.#upstream;
    if (upstream === undefined) return false;
    if (this.#encoder !== undefined) return this.#encode(this.#encoder, bytes, start, end);
    const body = this.#responseBody;
    let out: Buffer;
    let taken: number;
    if (bytes === upstream.lease && !body.decodesChunks) {
      out = bytes;
      taken = body.follow(bytes, start, end);
    } else {
      out = this.#context.output(end - start);
      taken = body.copy(bytes, start, end, out, 0);
      if (end - start === readBytes && body.left !== 0) upstream.leaseBuffer();
    }
    if (taken < 0) {
      this.#onBrokenBody();
      return false;
    }
    this.#countOut(taken);
    const isFlushed =
      taken === 0 || this.#out.write(out.subarray(out === bytes ? start : 0, (out === bytes ? start : 0) + taken), out);
    if (body.left === 0) {
      this.#finishExchange(isFlushed);
      return true;
    }
    return isFlushed;
  }

  #toClient(bytes: Buffer, start: number, end: number): boolean {
    const upstream = this.#upstream;
    this.#countOut(end - start);
    if (bytes === upstream?.lease) return this.#out.write(bytes.subarray(start, end), bytes);
    const out = this.#context.output(end - start);
    bytes.copy(out, 0, start, end);
    if (end - start === readBytes) upstream?.leaseBuffer();
    return this.#out.write(out.subarray(0, end - start), out);
  }

  onStalled(): void {
    this.#context.wheel.arm(this, this.#server.settings.http.clientTimeoutMs);
  }

  onDrained(): void {
    this.#armForState();
    this.#upstream?.resume();
    this.#source?.onFlushed();
  }

  /** The response is complete: the member's connection goes back, the client's next request may come. */
  #finishExchange(isFlushed: boolean): void {
    const upstream = this.#upstream;
    if (upstream !== undefined) {
      const { lease } = upstream;
      if (lease !== undefined && !isFlushed) this.#out.keepUntilFlushed(lease);
      upstream.returnBuffer(isFlushed);
      this.#upstream = undefined;
      if (!this.#memberKeepsAlive || this.#responseBody.hasSurplus || this.#state !== awaitingResponse)
        upstream.destroy();
      else if (upstream.isOfOneClient) this.#ownIdle = upstream.park(this.#memberIdleMs);
      else upstream.release(this.#memberIdleMs);
    }
    this.#leaveMember();
    this.#endResponse();
  }

  /** The member's part is over; what is compressed still has its last bytes to come. */
  #endResponse(): void {
    const encoder = this.#encoder;
    this.#encoder = undefined;
    if (encoder === undefined) this.#nextRequest();
    else encoder.end();
  }

  #nextRequest(): void {
    if (this.#entry !== undefined) this.#endEntry(this.#entry);
    this.#hasResponseHead = false;
    if (!this.#keepsAlive || this.#state === readingBody) {
      this.#finishConnection();
      return;
    }
    this.#state = awaitingHead;
    this.#armForState();
    if (this.#pending === undefined) this.#resumeClient();
    else if (!this.#isDraining) this.#drainPending();
  }

  /** Requests that came before their turn, one after another without recursion. */
  #drainPending(): void {
    this.#isDraining = true;
    let goesOn = true;
    while (this.#state === awaitingHead && this.#pending !== undefined) {
      const bytes: Buffer = this.#pending;
      this.#pending = undefined;
      goesOn = this.onBytes(bytes, 0, bytes.length);
    }
    this.#isDraining = false;
    if (goesOn) this.#resumeClient();
  }

  onUpstreamEnd(): void {
    if (this.#state === tunnelling) {
      this.#out.end();
    } else if (this.#hasResponseHead && this.#responseBody.left === untilClose) {
      this.#responseBody.left = 0;
      const upstream = this.#upstream;
      this.#upstream = undefined;
      const { lease } = upstream ?? {};
      if (lease !== undefined && this.#out.isFlushing) this.#out.keepUntilFlushed(lease);
      upstream?.destroy();
      this.#leaveMember();
      this.#endResponse();
    } else {
      this.#upstream?.destroy();
      this.onUpstreamFailed('reset');
    }
  }

  onUpstreamFailed(failure: UpstreamFailure, resetCode?: number): void {
    this.#upstream = undefined;
    if (this.#state === tunnelling) {
      this.#leaveMember();
      this.#socket.destroy();
      return;
    }
    if (failure === 'unprocessed' && this.#reopen()) return;
    this.#countFailure(placeOf(failure, this.#hasResponseHead));
    if (this.#hasResponseHead) {
      // The client has part of a response: only the end of its connection can tell that it is not whole.
      this.#leaveMember();
      this.#drop(S.memberFailure);
      if (resetCode !== undefined && 'resetCode' in this.#socket) this.#socket.resetCode = resetCode;
      this.#truncate();
      return;
    }
    if (this.#retry(failure, resetCode !== undefined)) return;
    this.#drop(S.memberFailure);
    this.#leaveMember();
    this.#respond({ status: failure === 'timeout' || failure === 'connect-timeout' ? 504 : 502 });
  }

  /** The member has ended a connection that had served before (HTTP/2's GOAWAY): no failure of its own, so it costs no try. */
  #reopen(): boolean {
    const pool = this.#pool;
    const member = this.#member;
    if (pool === undefined || member === undefined || !this.#isReused || !this.#isReplayable) return false;
    // It has begun to answer, whatever it says now.
    if (this.#hasResponseHead) return false;
    this.#leaveMember();
    this.#open(member, pool, false);
    return true;
  }

  /** Sends the request again where that is safe: nothing was sent, or it may be repeated and is still whole. */
  #retry(failure: UpstreamFailure, isStreamReset: boolean): boolean {
    const pool = this.#pool;
    const member = this.#member;
    if (pool === undefined || member === undefined) return false;
    const hadBytes = this.#responsePartial !== undefined;
    this.#responsePartial = undefined;
    const isUntouched = failure === 'refused' || failure === 'unprocessed';
    const mayRepeat = !this.#isSent || ((this.#isIdempotent || isUntouched) && this.#isReplayable);
    if (!mayRepeat || failure === 'bad-response') return false;
    if (failure === 'reset' && this.#isReused && !hadBytes && !isStreamReset) {
      // The member had closed the idle connection meanwhile: no failure of its own, so it costs no try.
      this.#leaveMember();
      this.#open(member, pool, false);
      return true;
    }
    const { when } = pool.settings.retry;
    const isReset = isUntouched || failure === 'reset';
    const word = isReset ? 'reset-before-response' : failure === 'timeout' ? 'timeout' : 'connect-error';
    if (this.#triesLeft === 0 || !when.includes(word)) return false;
    this.#triesLeft--;
    if (this.#entry !== undefined) this.#entry.retries++;
    add(pool.counters, P.retries, 1);
    this.#avoided = member;
    this.#leaveMember();
    this.#dispatch();
    return true;
  }

  /** Another member may do better than this answer, which the client has not seen. */
  #retryStatus(status: number): boolean {
    const pool = this.#pool;
    const member = this.#member;
    if (pool === undefined || member === undefined || !pool.settings.retry.statuses.includes(status)) return false;
    if (this.#triesLeft === 0 || !this.#isIdempotent || !this.#isReplayable) return false;
    this.#recordMember(member, status);
    this.#triesLeft--;
    add(pool.counters, P.retries, 1);
    this.#avoided = member;
    this.#abortUpstream();
    this.#dispatch();
    return true;
  }

  /** The response has begun: the client learns from the end of its connection. */
  #onBrokenBody(): void {
    this.#countFailure(M.badResponse);
    this.#abortUpstream();
    this.#socket.destroy();
  }

  #onBadResponse(): void {
    this.#countFailure(M.badResponse);
    this.#drop(S.memberFailure);
    this.#abortUpstream();
    this.#respond({ status: 502 });
  }

  #countFailure(place: number): void {
    if (this.#entry !== undefined) this.#entry.cause = serverCounterNames[S.memberFailure];
    if (this.#member === undefined) return;
    add(this.#member.stats.counters, place, 1);
    this.#pool?.recordFailure(this.#member);
  }

  /** Ends the connection so that the client knows that the body is not whole: without an announced length only a reset does. */
  #truncate(): void {
    // Under TLS the missing close_notify tells it.
    if (this.#responseBody.left === untilClose || this.#responseBody.decodesChunks) resetSocket(this.#socket);
    else this.#socket.destroy();
  }

  #refuse(status: Refusal): void {
    this.#keepsAlive = false;
    this.#logUnread();
    this.#drop(status === 400 || status === 501 || status === 505 ? S.badRequest : S.tooLarge);
    this.#respond({ status });
  }

  /** A response of our own. What is left of the request's body is not read: the connection ends after it. */
  #respond(response: OwnResponse): void {
    const server = this.#server;
    this.#isAsking = false;
    if (this.#state === readingBody || this.#context.isEnding) this.#keepsAlive = false;
    const connection = this.#keepsAlive
      ? this.#isHttp10
        ? 'Connection: keep-alive\r\n'
        : ''
      : 'Connection: close\r\n';
    const hsts = server.hstsLine.toString('latin1');
    const bytes = renderOwnResponse(
      hsts === '' ? response : { ...response, extraLines: `${response.extraLines ?? ''}${hsts}` },
      this.#context.dateLine,
      connection,
      this.#isHead && this.#request !== undefined,
    );
    this.#giveBackRequest();
    add(server.counters, S.response + Math.floor(response.status / 100), 1);
    add(server.counters, S.bytesOut, bytes.length);
    if (this.#entry !== undefined) {
      this.#entry.status = response.status;
      this.#entry.bytesOut += bytes.length;
    }
    this.#out.write(bytes, bytes);
    if (this.#keepsAlive && this.#state === awaitingResponse) this.#nextRequest();
    else this.#finishConnection();
  }

  /** No further request: what was written leaves, then the client closes, or is cut after a while. */
  #finishConnection(): void {
    if (this.#state === closed || this.#state === lingering) return;
    if (this.#entry !== undefined) this.#endEntry(this.#entry);
    const hasUnread = this.#state !== awaitingResponse || this.#pending !== undefined || this.#isReadPaused;
    this.#state = lingering;
    this.#partial = this.#pending = undefined;
    // A read may still be under way into the lease: it is left to the collector.
    this.#lease = undefined;
    if (this.#out.isTls && this.#socket.writableLength > 0) this.#out.awaitFlush();
    if (!this.#out.isFlushing && !hasUnread && !this.#out.isTls) {
      // Everything was read and everything has left: closing now cannot take the response with it.
      this.#socket.destroy();
      return;
    }
    this.#out.end();
    if (!this.#out.isFlushing) this.#context.wheel.arm(this, lingerMs);
    this.#resumeClient();
  }

  override onDeadline(): void {
    if (this.#out.isMoving()) this.onStalled();
    else if (this.#out.isFlushing) {
      this.#drop(S.clientTimeout);
      this.#socket.destroy();
    } else if (this.#isWaiting) this.#leaveQueue(true);
    else if (this.#state === awaitingHead && this.#partial === undefined) this.#finishConnection();
    else if (this.#state === awaitingHead) {
      this.#logUnread();
      this.#drop(S.headerTimeout);
      this.#keepsAlive = false;
      this.#respond({ status: 408 });
    } else if (this.#state === readingBody) {
      this.#drop(S.clientTimeout);
      this.#abortUpstream();
      if (this.#hasResponseHead) this.#socket.destroy();
      else this.#respond({ status: 408 });
    } else this.#socket.destroy();
  }

  #leaveQueue(isLate: boolean): void {
    this.#isWaiting = false;
    const pool = this.#pool;
    if (pool === undefined) return;
    const index = pool.waiting.indexOf(this);
    if (index >= 0) pool.waiting.splice(index, 1);
    if (!isLate) return;
    add(pool.counters, P.queueTimeout, 1);
    this.#drop(S.queueTimeout);
    this.#respond({ status: 503 });
  }

  #armForState(): void {
    const { wheel } = this.#context;
    const { http } = this.#server.settings;
    if (this.#out.isFlushing) wheel.arm(this, http.clientTimeoutMs);
    else if (this.#state === awaitingHead || this.#state === readingBody) wheel.arm(this, http.clientTimeoutMs);
    else if (this.#state === lingering) wheel.arm(this, lingerMs);
    else wheel.arm(this, 0);
  }

  #onClientEnd(): void {
    switch (this.#state) {
      case awaitingResponse:
        // Half-closed: it still waits for its response (RFC 9112 9.6 lets it).
        this.#keepsAlive = false;
        break;
      case tunnelling:
        this.#upstream?.end();
        break;
      case lingering:
        if (!this.#out.isFlushing) this.#socket.destroy();
        break;
      default:
        if (this.#state === readingBody) this.#drop(S.clientAbort);
        if (this.#out.isFlushing && this.#state === awaitingHead) this.#finishConnection();
        else this.#socket.destroy();
    }
  }

  #onClientClosed(): void {
    if (this.#state === closed) return;
    if (this.#state === awaitingResponse) this.#drop(S.clientAbort);
    if (this.#entry !== undefined) this.#endEntry(this.#entry, this.#state !== tunnelling);
    if (this.#isWaiting) this.#leaveQueue(false);
    this.#isAsking = false;
    this.#state = closed;
    this.#out.close();
    this.#source?.cancel();
    this.#source = this.#encoder = undefined;
    this.#context.wheel.disarm(this);
    this.#siblings.delete(this);
    this.#ownIdle?.destroy();
    this.#abortUpstream();
    this.#giveBackRequest();
    this.#lease = this.#pending = this.#partial = this.#responsePartial = undefined;
  }

  #resumeClient(): void {
    if (!this.#isReadPaused || this.#state === closed || this.#isDraining) return;
    this.#isReadPaused = false;
    this.#socket.resume();
  }

  #recordResponse(): void {
    const { status } = head;
    add(this.#server.counters, S.response + Math.floor(status / 100), 1);
    if (this.#member !== undefined) this.#recordMember(this.#member, status);
  }

  #recordMember(member: MemberRuntime, status: number): void {
    const nowMs = performance.now();
    if (this.#entry !== undefined) {
      Object.assign(this.#entry, { status, cause: '', responseMs: nowMs - this.#sentAtMs });
    }
    member.recordResponse(status, nowMs - this.#sentAtMs, nowMs);
    if (status >= 400 && this.#pool?.isFailure(status) === true) this.#pool.recordFailure(member);
  }

  #countOut(bytes: number): void {
    if (this.#entry !== undefined) this.#entry.bytesOut += bytes;
    add(this.#server.counters, S.bytesOut, bytes);
    if (this.#member !== undefined) add(this.#member.stats.counters, M.bytesOut, bytes);
  }

  /** Counts what is not served, by reason. */
  #drop(place: number): void {
    add(this.#server.counters, place, 1);
    if (this.#entry !== undefined && this.#entry.cause !== 'cut') this.#entry.cause = serverCounterNames[place] ?? '';
  }

  #beginEntry(log: AccessLog, request: RequestView | undefined): void {
    if (!this.#server.isLogged) return;
    this.#entry = log.begin(
      this.#server.name,
      this.#endpoint,
      request,
      request === undefined ? '' : this.#isHttp10 ? '1.0' : '1.1',
    );
  }

  /** A request that could not be read is logged too. */
  #logUnread(): void {
    if (this.#context.accessLog !== undefined && this.#request === undefined) {
      this.#beginEntry(this.#context.accessLog, undefined);
    }
  }

  #endEntry(entry: LogEntry, isAborted = false): void {
    this.#entry = undefined;
    if (isAborted && entry.cause === '') entry.cause = serverCounterNames[S.clientAbort];
    this.#context.accessLog?.end(entry);
  }

  #abortUpstream(): void {
    this.#upstream?.destroy();
    this.#upstream = undefined;
    this.#leaveMember();
  }

  #leaveMember(): void {
    if (this.#member === undefined) return;
    this.#member.end();
    this.#member = undefined;
    this.#pool?.wake();
  }

  /** The request cannot be repeated any more; its buffer is free unless a write still reads it. */
  #giveBackRequest(): void {
    const request = this.#request;
    if (request === undefined) return;
    this.#request = undefined;
    if (this.#upstream?.isFlushing !== true) this.#context.requests.giveBack(request);
  }

  #returnLease(isFree: boolean): void {
    if (this.#lease === undefined) return;
    if (isFree) this.#context.leases.giveBack(this.#lease);
    this.#lease = undefined;
  }
}

function placeOf(failure: UpstreamFailure, hasResponseHead: boolean): number {
  switch (failure) {
    case 'connect-error':
      return M.connectError;
    case 'connect-timeout':
      return M.connectTimeout;
    case 'timeout':
      return M.responseTimeout;
    case 'reset':
    case 'refused':
    case 'unprocessed':
      return hasResponseHead ? M.resetIn : M.resetBefore;
    case 'bad-response':
      return M.badResponse;
  }
}

/** An upgrade that may pass: `h2c` may not, its settings would change the member's view of the connection. */
function isUpgradeAsked(bytes: Buffer): boolean {
  if (!head.hasUpgradeOption || head.upgradeField < 0) return false;
  const field = head.upgradeField * 5;
  const protocol = bytes.toString('latin1', head.fields[field + 2], head.fields[field + 3]).toLowerCase();
  return protocol !== '' && !protocol.split(',').some((each) => each.trim().startsWith('h2'));
}
