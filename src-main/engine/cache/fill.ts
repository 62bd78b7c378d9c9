import { isNotModified } from './conditions.ts';
import { responseDirectives } from './directives.ts';
import { Entry } from './entry.ts';
import type { FetchOwner, RunningFetch } from './fetch-owner.ts';
import { readHead, type Fields } from './fields.ts';
import { isStorable } from './freshness.ts';
import { machineTimeUs } from './key-times.ts';
import { Pass } from './pass.ts';
import { fillRequest, type CacheRequest } from './request.ts';
import type { ResponseSink } from './sink.ts';

/** A client that waits for the head of a response. */
export interface Asker {
  readonly sink: ResponseSink;
  readonly request: CacheRequest;
  /** Cache-Status of what it gets: why it was forwarded. */
  readonly forwarded: string;
}

/** What a fill needs of the cache that it fills. */
export interface FillHome {
  readonly fetch: (key: string, request: Buffer, clientAddress: string, owner: FetchOwner) => RunningFetch;
  readonly wallClock: () => number;
  readonly maxObjectBytes: number;
  readonly defaultTtlMs: number;
  readonly mayServeOnError: (entry: Entry) => boolean;
  readonly keep: (entry: Entry, request: CacheRequest) => void;
  readonly grow: (entry: Entry) => void;
  readonly drop: (entry: Entry) => void;
  /** The whole is there. */
  readonly stored: (entry: Entry) => void;
  readonly serve: (asker: Asker, entry: Entry, found: string) => void;
  /** Asks once more: what came is not for this client. */
  readonly again: (asker: Asker) => void;
  /** Will it ever be used again? */
  readonly isUseful: (entry: Entry) => boolean;
  readonly remember: (key: string) => void;
  readonly ended: (fill: Fill) => void;
  readonly revalidated: () => void;
}

/** Readers of a response that is too large to be kept may be this far behind the member. */
const windowBytes = 1_048_576;

/**
 * One response on its way into the cache, for everyone who asked for it meanwhile. It goes on when clients leave; it is cancelled
 * where nothing of it would be kept and nobody is left.
 */
export class Fill implements FetchOwner {
  readonly key: string;
  /** Whom it is for first: its request is what the member gets. */
  readonly request: CacheRequest;
  readonly startedAtUs = machineTimeUs();
  /** A purge came meanwhile. */
  mustNotStore = false;
  readonly #home: FillHome;
  readonly #stale: Entry | undefined;
  readonly #requestedAtMs: number;
  readonly #fetch: RunningFetch;
  readonly #onSettled: () => void;
  #askers: Asker[] = [];
  #leader: Asker | undefined;
  #entry: Entry | undefined;
  #pass: Pass | undefined;
  #hasHead = false;

  /** `onSettled` = the head is there, or never will be. */
  constructor(
    home: FillHome,
    leader: Asker | undefined,
    request: CacheRequest,
    clientAddress: string,
    stale: Entry | undefined,
    onSettled: () => void = () => undefined,
  ) {
    this.#onSettled = onSettled;
    this.key = request.key;
    this.request = request;
    this.#home = home;
    this.#stale = stale;
    this.#leader = leader;
    this.#requestedAtMs = home.wallClock();
    if (leader !== undefined) this.join(leader);
    this.#fetch = home.fetch(this.key, fillRequest(request, stale?.fields), clientAddress, this);
  }

  /** Waits for what comes; only before the head is there. */
  join(asker: Asker): void {
    this.#askers.push(asker);
    asker.sink.attach({
      onFlushed: () => undefined,
      cancel: () => {
        this.#askers = this.#askers.filter((each) => each !== asker);
        if (this.#leader === asker) this.#leader = undefined;
      },
    });
  }

  get isWaiting(): boolean {
    return !this.#hasHead;
  }

  onInterim(bytes: Buffer): void {
    const leader = this.#leader;
    if (leader?.sink.isHttp10 === false) leader.sink.send(Buffer.from(bytes));
  }

  onHead(headBytes: Buffer, status: number, length: number | undefined): void {
    this.#hasHead = true;
    this.#onSettled();
    const headText = headBytes.toString('latin1');
    const { startLine, fields } = readHead(headText);
    const timing = { requestedAtMs: this.#requestedAtMs, receivedAtMs: this.#home.wallClock() };
    const stale = this.#stale;
    if (stale?.hasValidator === true && status === 304) {
      stale.freshen(fields, timing);
      this.#home.revalidated();
      this.#serveAll(stale, `hit; fwd=stale; fwd-status=304`);
      return;
    }
    if (isServerError(status) && this.#serveOnError(`hit; fwd=stale; fwd-status=${status}`)) {
      this.#cancel();
      return;
    }
    if (stale !== undefined && status < 500) this.#home.drop(stale);
    if (this.#mayStore(status, fields, length)) {
      const entry = Entry.receive(
        this.key,
        { startLine, status, fields, bodyBytes: length },
        this.request.fields,
        timing,
        this.#home.defaultTtlMs,
      );
      if (this.#home.isUseful(entry)) {
        this.#store(entry, timing.receivedAtMs);
        return;
      }
    }
    this.#passOn(headText, status, fields, length);
  }

  onData(bytes: Buffer, from: number, to: number): void {
    const entry = this.#entry;
    if (entry === undefined) {
      this.#pass?.onData(bytes, from, to);
      return;
    }
    const { body } = entry;
    body.append(bytes, from, to);
    if (!body.isWindow && body.arrived > this.#home.maxObjectBytes) {
      this.#home.drop(entry);
      body.makeWindow(() => {
        if (body.unreadBytes < windowBytes / 2) this.#fetch.goOn();
      });
      body.consumed();
    } else if (body.length === undefined) this.#home.grow(entry);
    body.tell();
  }

  onRaw(bytes: Buffer, from: number, to: number): boolean {
    if (this.#pass !== undefined) return this.#pass.onRaw(bytes, from, to);
    const body = this.#entry?.body;
    if (body?.isWindow !== true) return true;
    if (body.listenerCount === 0) this.#cancel();
    return body.unreadBytes < windowBytes;
  }

  onEnd(): void {
    this.#pass?.end();
    const entry = this.#entry;
    if (entry !== undefined) {
      entry.body.complete();
      this.#home.grow(entry);
      if (!entry.isRemoved) this.#home.stored(entry);
    }
    this.#home.ended(this);
  }

  onBroken(): void {
    this.#hasHead = true;
    this.#onSettled();
    this.#pass?.break();
    if (this.#entry !== undefined) {
      this.#home.drop(this.#entry);
      this.#entry.body.break();
    }
    this.#serveOnError('hit; fwd=stale');
    for (const asker of this.#take()) asker.sink.refuse(502);
    this.#home.ended(this);
  }

  #mayStore(status: number, fields: Fields, length: number | undefined): boolean {
    if (this.mustNotStore || (length ?? 0) > this.#home.maxObjectBytes) return false;
    return isStorable(status, fields, responseDirectives(fields), {
      hasAuthorization: this.request.fields.has('authorization'),
      noStore: this.request.directives.noStore,
    });
  }

  #store(entry: Entry, nowMs: number): void {
    const leader = this.#leader;
    this.#entry = entry;
    this.#home.keep(entry, this.request);
    this.#home.ended(this);
    // Who asked before the answer came may share it, unless each has to ask.
    const isShared = entry.freshForMs(nowMs) > 0;
    for (const asker of this.#take()) {
      if (asker === leader) this.#home.serve(asker, entry, `${asker.forwarded}; stored`);
      else if (isShared && entry.matches(asker.request.fields))
        this.#home.serve(asker, entry, `${asker.forwarded}; collapsed`);
      else this.#home.again(asker);
    }
  }

  #serveAll(entry: Entry, found: string): void {
    this.#home.ended(this);
    for (const asker of this.#take()) {
      if (entry.matches(asker.request.fields)) this.#home.serve(asker, entry, found);
      else this.#home.again(asker);
    }
  }

  /** Whoever waits gets what is stale, where that is allowed (RFC 5861 4). */
  #serveOnError(found: string): boolean {
    const stale = this.#stale;
    if (stale === undefined || this.request.mustAsk || !this.#home.mayServeOnError(stale)) return false;
    this.#sendPeersOn();
    this.#serveAll(stale, found);
    return true;
  }

  /** What is stale is served by each worker on its own terms. */
  #sendPeersOn(): void {
    const peers = this.#askers.filter(({ sink }) => sink.isPeer);
    this.#askers = this.#askers.filter(({ sink }) => sink.isPeer !== true);
    for (const { sink } of peers) sink.goOn();
  }

  /** Not kept: it is the leader's alone, everyone else goes to a member. */
  #passOn(headText: string, status: number, fields: Fields, length: number | undefined): void {
    this.#home.remember(this.key);
    this.#home.ended(this);
    const leader = this.#leader;
    const askers = this.#take();
    // The whole is not what it asked for, or its own copy does.
    const mustGo = leader !== undefined && status < 400 && isAskedOtherwise(leader.request, fields);
    if (leader === undefined || mustGo) this.#cancel();
    for (const asker of askers) if (asker !== leader || mustGo) asker.sink.goOn();
    if (leader === undefined || mustGo) return;
    this.#pass = new Pass(leader.sink, {
      onFlushed: () => {
        this.#fetch.goOn();
      },
      onCancel: () => {
        this.#cancel();
      },
    });
    this.#pass.start(headText, status, length, leader.forwarded);
    if (this.#pass.isOver) this.#cancel();
  }

  #take(): Asker[] {
    const askers = this.#askers;
    this.#askers = [];
    this.#leader = undefined;
    return askers;
  }

  /** Reached also while the fetch is being made: an answer of the engine's own comes at once. */
  #cancel(): void {
    const fetch = this.#fetch as RunningFetch | undefined; // not assigned yet during its own constructor
    if (fetch === undefined)
      queueMicrotask(() => {
        this.#fetch.cancel();
      });
    else fetch.cancel();
  }
}

function isAskedOtherwise(request: CacheRequest, response: Fields): boolean {
  return request.range !== undefined || (request.isConditional && isNotModified(request.fields, response));
}

function isServerError(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504;
}
