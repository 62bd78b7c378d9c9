import type { CacheSettings } from '../config/settings.ts';
import { add } from '../runtime/counters.ts';
import { C, cacheCounterNames } from './statistics.ts';
import { DiskBody } from './disk-body.ts';
import { DiskStore } from './disk-store.ts';
import { isNotModified, isRangeCurrent } from './conditions.ts';
import type { Entry } from './entry.ts';
import type { FetchOwner, RunningFetch } from './fetch-owner.ts';
import { readHead } from './fields.ts';
import { Fill, type Asker, type FillHome } from './fill.ts';
import { KeyTimes, machineTimeUs } from './key-times.ts';
import { firstOffset, isMultiple, parseRange, type ByteRange } from './ranges.ts';
import { Reader } from './reader.ts';
import { keyOf, keyOfUrl, readRequest, withoutCodings, type CacheRequest } from './request.ts';
import type { ResponseSink } from './sink.ts';
import { Store } from './store.ts';

/** What a fetch is for. */
export interface FetchPlan {
  readonly key: string;
  readonly request: Buffer;
  readonly clientAddress: string;
  /** What was stored before is not good any more, nowhere; 0 = nothing of it was lately forgotten. */
  readonly forgottenAtUs: number;
}

/** Makes a request of the engine's own. */
export type FetchMaker = (plan: FetchPlan, owner: FetchOwner) => RunningFetch;

/** A part that begins further behind what has arrived is asked of a member: waiting for it would take longer. */
const waitForBytes = 4_194_304;
/** What was not to be stored is not waited for by others in this time: each asks for itself. */
const rememberMs = 10_000;
/** So long the other workers may not know yet that a key was forgotten. */
const forgottenUs = 5_000_000;
/** One response that takes more than this part of the memory goes to the disk. */
const largeShare = 16;

/** The shared cache (RFC 9111) of one virtual server in one worker. */
export class ServerCache implements FillHome {
  readonly counters = new Float64Array(cacheCounterNames.length);
  readonly wallClock: () => number;
  #settings: CacheSettings;
  #makeFetch: FetchMaker;
  /** Bodies are compressed on their way to it. */
  compresses = false;
  readonly #store: Store;
  readonly #disk: DiskStore | undefined;
  readonly #fills = new Map<string, Set<Fill>>();
  /** Keys of what was not to be stored, until when. */
  readonly #passed = new KeyTimes();
  /** Keys that were lately forgotten, when. */
  readonly #forgotten = new KeyTimes();
  /** Told of what an unsafe request made invalid: the other workers must hear of it. */
  onInvalid: (key: string, atUs: number) => void = () => undefined;

  constructor(settings: CacheSettings, makeFetch: FetchMaker, wallClock: () => number = Date.now) {
    this.#settings = settings;
    this.#makeFetch = makeFetch;
    this.wallClock = wallClock;
    const { diskPath, diskMaxBytes, defaultTtlMs } = settings;
    this.#disk =
      diskPath === '' || diskMaxBytes === 0 ? undefined : new DiskStore(diskPath, diskMaxBytes, defaultTtlMs);
    this.#store = new Store(settings.maxBytes, (evicted) => this.#disk?.write(evicted));
  }

  configure(settings: CacheSettings, makeFetch: FetchMaker): void {
    this.#settings = settings;
    this.#makeFetch = makeFetch;
    this.#store.maxBytes = settings.maxBytes;
    if (this.#disk !== undefined) this.#disk.maxBytes = settings.diskMaxBytes;
  }

  /** Does it keep its files where these settings want them? */
  isAt({ diskPath, diskMaxBytes }: CacheSettings): boolean {
    const hasDisk = diskPath !== '' && diskMaxBytes > 0;
    return hasDisk === (this.#disk !== undefined) && (!hasDisk || diskPath === this.#settings.diskPath);
  }

  get diskBytes(): number {
    return this.#disk?.bytes ?? 0;
  }

  get diskObjects(): number {
    return this.#disk?.objects ?? 0;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  get evicted(): number {
    return this.#store.evicted;
  }

  get objects(): number {
    return this.#store.count;
  }

  /** Answers the request whose rewritten head this is, now or later. False = it goes to a member. */
  answer(sink: ResponseSink, head: string): boolean {
    const request = readRequest(head);
    if (request === undefined || (request.range !== undefined && !this.#settings.ranges)) {
      this.#count(C.passes);
      return false;
    }
    return this.#answer(sink, this.compresses && request.range !== undefined ? withoutCodings(request) : request);
  }

  /** Answers another worker of this engine; what was stored before `forgottenAtUs` is not what it asks for. */
  answerPeer(sink: ResponseSink, head: string, forgottenAtUs: number): boolean {
    const request = readRequest(head);
    if (request === undefined) return false;
    this.forget(request.key, forgottenAtUs);
    return this.#answer(sink, request);
  }

  /** A member has answered a request that did not go through the cache: an unsafe one invalidates (RFC 9111 4.4). */
  afterResponse(requestHead: string, responseHead: string): void {
    if (/^(?:GET|HEAD|OPTIONS|TRACE) /.test(requestHead)) return;
    const { startLine, fields } = readHead(requestHead);
    const [, target = ''] = startLine.split(' ');
    const host = fields.get('host') ?? '';
    const key = keyOf(host, target);
    this.#invalidate(key);
    const response = readHead(responseHead).fields;
    for (const name of ['location', 'content-location']) {
      const place = response.get(name);
      if (place === undefined) continue;
      const other = URL.canParse(place, `http://${host}${target}`)
        ? new URL(place, `http://${host}${target}`)
        : undefined;
      // Another host's resources are none of its business.
      if (other !== undefined && keyOf(other.host, '') === keyOf(host, ''))
        this.#invalidate(keyOf(host, other.pathname + other.search));
    }
  }

  /** Removes what was stored of this URL until then; answers how many responses. */
  purgeUrl(url: string, atUs: number): number {
    const key = keyOfUrl(url);
    return key === undefined ? 0 : this.forget(key, atUs);
  }

  purgeTag(tag: string): number {
    for (const fills of this.#fills.values()) for (const fill of fills) fill.mustNotStore = true;
    return this.#store.purgeTag(tag) + (this.#disk?.purgeTag(tag) ?? 0);
  }

  // What fills ask.

  fetch(key: string, request: Buffer, clientAddress: string, owner: FetchOwner): RunningFetch {
    const atUs = this.#forgotten.get(key);
    const forgottenAtUs = machineTimeUs() - atUs < forgottenUs ? atUs : 0;
    return this.#makeFetch({ key, request, clientAddress, forgottenAtUs }, owner);
  }

  get maxObjectBytes(): number {
    return Math.min(this.#settings.maxObjectBytes, this.#settings.maxBytes);
  }

  get defaultTtlMs(): number {
    return this.#settings.defaultTtlMs;
  }

  mayServeOnError(entry: Entry): boolean {
    if (mustNotBeStale(entry)) return false;
    const allowedMs = entry.directives.staleIfErrorMs ?? this.#settings.staleIfErrorMs;
    return -entry.freshForMs(this.wallClock()) < allowedMs;
  }

  isUseful(entry: Entry): boolean {
    const freshMs = entry.freshForMs(this.wallClock());
    if (freshMs > 0 || entry.hasValidator) return true;
    const meanwhileMs = entry.directives.staleWhileRevalidateMs ?? this.#settings.staleWhileRevalidateMs;
    return this.mayServeOnError(entry) || (!mustNotBeStale(entry) && -freshMs < meanwhileMs);
  }

  keep(entry: Entry, request: CacheRequest): void {
    this.#passed.delete(entry.key);
    this.#disk?.forgetMatching(entry.key, request.fields);
    this.#store.insert(entry, request.fields);
  }

  grow(entry: Entry): void {
    this.#store.charge(entry, entry.body.isComplete ? entry.body.arrived : entry.body.heldBytes);
  }

  drop(entry: Entry): void {
    this.#disk?.remove(entry);
    this.#store.remove(entry);
  }

  stored(entry: Entry): void {
    this.#count(C.stored);
    if ((entry.body.length ?? 0) * largeShare < this.#settings.maxBytes) return;
    // Too much of the memory for one: it goes on from the file.
    this.#disk?.write(entry, () => {
      this.#store.remove(entry);
    });
  }

  serve(asker: Asker, entry: Entry, found: string): void {
    if (!this.#serve(asker.sink, asker.request, entry, found)) asker.sink.goOn();
  }

  again(asker: Asker): void {
    if (!this.#answer(asker.sink, asker.request)) asker.sink.goOn();
  }

  remember(key: string): void {
    this.#passed.set(key, this.wallClock() + rememberMs);
  }

  ended(fill: Fill): void {
    const fills = this.#fills.get(fill.key);
    if (fills?.delete(fill) === true && fills.size === 0) this.#fills.delete(fill.key);
  }

  revalidated(): void {
    this.#count(C.revalidated);
  }

  #answer(sink: ResponseSink, request: CacheRequest): boolean {
    const entry = this.#store.find(request.key, request.fields) ?? this.#disk?.find(request.key, request.fields);
    if (entry === undefined) return this.#onMiss(sink, request);
    const nowMs = this.wallClock();
    const freshMs = entry.freshForMs(nowMs);
    const use = request.mustAsk ? 'ask' : useOf(entry, request, freshMs, entry.ageMs(nowMs));
    if (use === 'fresh') {
      this.#count(C.hits, sink);
      return this.#serve(sink, request, entry, `hit; ttl=${Math.floor(freshMs / 1000)}`);
    }
    // Another worker serves what is stale itself.
    if (
      sink.isPeer !== true &&
      (use === 'stale' || (!request.mustAsk && this.#mayServeMeanwhile(entry, freshMs, request)))
    ) {
      this.#count(C.stale);
      const isServed = this.#serve(sink, request, entry, `hit; ttl=${Math.floor(freshMs / 1000)}`);
      if (use === 'ask' && !entry.isRevalidating) this.#revalidate(entry, request, sink.clientAddress);
      return isServed;
    }
    if (request.directives.onlyIfCached) {
      sink.refuse(504);
      return true;
    }
    this.#count(C.misses, sink);
    // A body that is still coming cannot be asked about; it can be waited for only by who may have it.
    const asked = entry.body.isComplete ? entry : undefined;
    if (asked?.hasValidator !== true && request.isHead) return false;
    this.#joinOrStart({ sink, request, forwarded: request.mustAsk ? 'fwd=request' : 'fwd=stale' }, asked);
    return true;
  }

  #onMiss(sink: ResponseSink, request: CacheRequest): boolean {
    if (request.directives.onlyIfCached) {
      sink.refuse(504);
      return true;
    }
    this.#count(C.misses, sink);
    if (request.isHead || request.directives.noStore) return false;
    const isPassed = this.#isPassed(request.key);
    if (isPassed && (request.isConditional || request.range !== undefined)) return false;
    const forwarded = this.#store.has(request.key) ? 'fwd=vary-miss' : 'fwd=uri-miss';
    this.#joinOrStart({ sink, request, forwarded }, undefined, isPassed);
    return true;
  }

  /** Collapsed forwarding: one request to a member for all who ask for the same at the same time. */
  #joinOrStart(asker: Asker, stale: Entry | undefined, isAlone = false): void {
    const { key } = asker.request;
    const fills = this.#fills.get(key) ?? new Set();
    this.#fills.set(key, fills);
    if (!isAlone && !asker.request.mustAsk) {
      for (const fill of fills) {
        if (!fill.isWaiting || fill.mustNotStore || !isAlike(fill.request, asker.request)) continue;
        this.#count(C.collapsed, asker.sink);
        fill.join(asker);
        return;
      }
    }
    this.#start(asker, asker.request, asker.sink.clientAddress, stale);
  }

  #start(asker: Asker | undefined, request: CacheRequest, clientAddress: string, stale: Entry | undefined): void {
    const fill = new Fill(this, asker, request, clientAddress, stale);
    if (!fill.isWaiting) return; // answered while it was made
    const fills = this.#fills.get(request.key) ?? new Set();
    this.#fills.set(request.key, fills);
    fills.add(fill);
  }

  /** Asks for it anew while the old one is served. */
  #revalidate(entry: Entry, request: CacheRequest, clientAddress: string): void {
    entry.isRevalidating = true;
    const stale = entry.body.isComplete ? entry : undefined;
    new Fill(this, undefined, request, clientAddress, stale, () => {
      entry.isRevalidating = false;
    });
  }

  /** False where a member serves the part better. */
  #serve(sink: ResponseSink, request: CacheRequest, entry: Entry, found: string): boolean {
    const selected = select(request, entry);
    if (selected === undefined) return false;
    if (entry.body instanceof DiskBody && !entry.body.isReady && selected.status !== 304) {
      this.#open({ sink, request, forwarded: found }, entry, entry.body);
      return true;
    }
    const reader = new Reader(sink, entry, (bytes) => {
      if (sink.isPeer !== true) add(this.counters, C.bytesServed, bytes);
    });
    const nowMs = this.wallClock();
    reader.start({ ...selected, found, ageMs: entry.ageMs(nowMs) }, nowMs);
    return true;
  }

  /** Serves from a file once it is open; what is damaged was never there. */
  #open(asker: Asker, entry: Entry, body: DiskBody): void {
    let isGone = false;
    asker.sink.attach({
      onFlushed: () => undefined,
      cancel: () => {
        isGone = true;
      },
    });
    void body.prepare().then((isGood) => {
      if (!isGood) this.#disk?.remove(entry);
      if (isGone || !isGood) body.release();
      if (isGone) return;
      if (isGood) this.serve(asker, entry, asker.forwarded);
      else this.again(asker);
    });
  }

  #mayServeMeanwhile(entry: Entry, freshMs: number, request: CacheRequest): boolean {
    if (
      mustNotBeStale(entry) ||
      request.directives.maxAgeMs !== undefined ||
      request.directives.minFreshMs !== undefined
    )
      return false;
    return -freshMs < (entry.directives.staleWhileRevalidateMs ?? this.#settings.staleWhileRevalidateMs);
  }

  #isPassed(key: string): boolean {
    return this.#passed.get(key) > this.wallClock();
  }

  /** Forgets what was stored of this key until then; answers how many responses. */
  forget(key: string, atUs: number): number {
    if (this.#forgotten.get(key) >= atUs) return 0;
    this.#forgotten.set(key, atUs);
    for (const fill of this.#fills.get(key) ?? []) if (fill.startedAtUs < atUs) fill.mustNotStore = true;
    return this.#store.purge(key) + (this.#disk?.purge(key) ?? 0);
  }

  #invalidate(key: string): void {
    const atUs = machineTimeUs();
    this.forget(key, atUs);
    this.onInvalid(key, atUs);
  }

  #count(place: number, sink?: ResponseSink): void {
    if (sink?.isPeer !== true) add(this.counters, place, 1);
  }
}

/** May it be used as it is (RFC 9111 4.2 and 5.2.1)? */
function useOf(entry: Entry, { directives }: CacheRequest, freshMs: number, ageMs: number): 'fresh' | 'stale' | 'ask' {
  if (entry.directives.noCache) return 'ask';
  if (directives.maxAgeMs !== undefined && ageMs > directives.maxAgeMs) return 'ask';
  if (freshMs > (directives.minFreshMs ?? 0)) return 'fresh';
  if (freshMs > 0) return 'ask';
  const { maxStaleMs } = directives;
  return maxStaleMs !== undefined && -freshMs <= maxStaleMs && !mustNotBeStale(entry) ? 'stale' : 'ask';
}

/** RFC 9111 5.2.2.2, 5.2.2.8, 5.2.2.10: s-maxage says it too. */
function mustNotBeStale({ directives }: Entry): boolean {
  if (directives.mustRevalidate || directives.noCache) return true;
  // What itself says how long it may be stale means that.
  const { sMaxAgeMs, staleWhileRevalidateMs, staleIfErrorMs } = directives;
  return sMaxAgeMs !== undefined && staleWhileRevalidateMs === undefined && staleIfErrorMs === undefined;
}

/** Would the member's answer to one probably do for the other? What Vary says is known only then. */
function isAlike(one: CacheRequest, other: CacheRequest): boolean {
  return one.fields.get('authorization') === other.fields.get('authorization') && !one.directives.noStore;
}

/** What of the entry the client gets; undefined = a member serves it better. */
function select(
  request: CacheRequest,
  entry: Entry,
): { readonly status: number; readonly ranges: readonly ByteRange[] | undefined } | undefined {
  const whole = { status: entry.status, ranges: undefined };
  if (entry.status < 300 && request.isConditional && isNotModified(request.fields, entry.fields))
    return { status: 304, ranges: undefined };
  const { range } = request;
  if (range === undefined || entry.status !== 200 || !isRangeCurrent(request.fields.get('if-range'), entry.fields))
    return whole;
  const { body } = entry;
  if (body.length === undefined) return undefined;
  const ranges = parseRange(range, body.length);
  if (ranges === undefined) return whole;
  if (ranges === 'none') return { status: 416, ranges: undefined };
  if (!body.isComplete) {
    const first = firstOffset(range) ?? body.length;
    if (isMultiple(range) || first > body.arrived + waitForBytes) return undefined;
  }
  return { status: 206, ranges };
}
