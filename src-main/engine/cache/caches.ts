import { join } from 'node:path';
import type { VirtualServerSettings } from '../config/settings.ts';
import type { Holding } from '../persistence/holding.ts';
import type { WorkerContext } from '../runtime/context.ts';
import { add, S, serverCounterNames } from '../runtime/counters.ts';
import type { Listener } from '../runtime/listener.ts';
import type { PoolRuntime } from '../runtime/pool.ts';
import { VirtualServerRuntime } from '../runtime/virtual-server.ts';
import { Fetch } from './fetch.ts';
import type { FetchOwner, RunningFetch } from './fetch-owner.ts';
import { Peers } from './peers.ts';
import { ServerCache, type FetchPlan } from './server-cache.ts';
import type { CacheSnapshot } from './statistics.ts';

interface CacheOfServer {
  readonly cache: ServerCache;
  /** What the cache's own requests count; a part of it is the virtual server's. */
  readonly counters: Float64Array;
  /** What its own requests are requests of. */
  readonly own: VirtualServerRuntime;
}

/** What the virtual server itself would have counted, had its clients gone to members. */
const passedOn = [S.bytesIn, S.noMember, S.queueFull, S.queueTimeout, S.memberFailure] as const;

/** Which worker this is, of how many; `peerDirectory` = where their caches find each other. */
export interface WorkerShare {
  readonly index: number;
  readonly count: number;
  readonly peerDirectory?: string;
}

/** The caches of a worker by virtual server. What they hold outlasts reloads. */
export class Caches {
  readonly #context: WorkerContext;
  readonly #workerCount: number;
  readonly #workerIndex: number;
  readonly #caches = new Map<string, CacheOfServer>();
  /** Undefined = this worker is alone. */
  readonly #peers: Peers | undefined;
  /** Told of what is not good any more in any worker. */
  onInvalid: (server: string, key: string, atUs: number) => void = () => undefined;

  constructor(context: WorkerContext, share: WorkerShare) {
    this.#context = context;
    const { peerDirectory = '' } = share;
    if (peerDirectory !== '' && share.count > 1) this.#peers = new Peers({ ...share, peerDirectory });
    this.#workerCount = share.count;
    this.#workerIndex = share.index;
  }

  /** The cache of a virtual server as this configuration wants it; undefined = none. */
  configure(
    server: VirtualServerSettings,
    pools: ReadonlyMap<string, PoolRuntime>,
    holdings: ReadonlyMap<string, Holding> | undefined,
  ): ServerCache | undefined {
    if (server.cache === undefined) {
      this.#caches.delete(server.name);
      return undefined;
    }
    const { maxBytes, diskPath, diskMaxBytes } = server.cache;
    const settings = {
      ...server.cache,
      maxBytes: Math.floor(maxBytes / this.#workerCount),
      diskMaxBytes: Math.floor(diskMaxBytes / this.#workerCount),
      // Each worker has files of its own.
      diskPath: diskPath === '' ? '' : join(diskPath, encodeURIComponent(server.name), String(this.#workerIndex)),
    };
    const counters = this.#caches.get(server.name)?.counters ?? new Float64Array(serverCounterNames.length);
    const own = new VirtualServerRuntime(server, pools, counters, holdings);
    own.isLogged = false;
    const listener = this.#listener(own);
    const context = this.#context;
    const peers = this.#peers;
    function makeFetch({ key, request, clientAddress, forgottenAtUs }: FetchPlan, owner: FetchOwner): RunningFetch {
      function fetchHere(heir: FetchOwner): Fetch {
        return new Fetch(context, listener, clientAddress, request, heir);
      }
      const question = { server: server.name, clientAddress, forgottenAtUs };
      return peers?.fetch(key, question, request, owner, fetchHere) ?? fetchHere(owner);
    }
    const known = this.#caches.get(server.name)?.cache;
    // Another folder, or none any more, is another cache.
    const cache = known?.isAt(settings) === true ? known : new ServerCache(settings, makeFetch);
    cache.configure(settings, makeFetch);
    cache.compresses = own.compression !== undefined;
    cache.onInvalid = (key, atUs) => {
      this.onInvalid(server.name, key, atUs);
    };
    this.#caches.set(server.name, { cache, counters, own });
    peers?.serve((name) => this.#caches.get(name)?.cache);
    return cache;
  }

  /** What the engine fetches goes where a client's request would. */
  setBackup(name: string, backup: VirtualServerRuntime | undefined): void {
    const own = this.#caches.get(name)?.own;
    if (own !== undefined) own.backup = backup;
  }

  forgetOthers(names: ReadonlySet<string>): void {
    for (const name of this.#caches.keys()) if (!names.has(name)) this.#caches.delete(name);
  }

  /** Removes what was stored until then of the URL, or with the tag; answers how many responses. */
  purge(what: { readonly url?: string; readonly tag?: string }, atUs: number): number {
    let count = 0;
    for (const { cache } of this.#caches.values()) {
      if (what.url !== undefined) count += cache.purgeUrl(what.url, atUs);
      if (what.tag !== undefined) count += cache.purgeTag(what.tag);
    }
    return count;
  }

  /** Another worker has found that this key is not good any more. */
  forget(server: string, key: string, atUs: number): void {
    this.#caches.get(server)?.cache.forget(key, atUs);
  }

  snapshot(): Record<string, CacheSnapshot> {
    const snapshot: Record<string, CacheSnapshot> = {};
    for (const [name, { cache }] of this.#caches) {
      snapshot[name] = {
        counters: cache.counters,
        bytes: cache.bytes,
        objects: cache.objects,
        evicted: cache.evicted,
        diskBytes: cache.diskBytes,
        diskObjects: cache.diskObjects,
      };
    }
    return snapshot;
  }

  /** Moves what the cache's own requests counted to the virtual server. */
  passCountsOn(name: string, to: Float64Array): void {
    const counters = this.#caches.get(name)?.counters;
    if (counters === undefined) return;
    for (const place of passedOn) {
      add(to, place, counters[place] ?? 0);
      counters[place] = 0;
    }
  }

  #listener(server: VirtualServerRuntime): Listener {
    // The head that is sent names the client already.
    const forwarding = {
      mode: 'none',
      hasForwarded: false,
      protoLine: Buffer.alloc(0),
      defaultHost: Buffer.from('localhost'),
    } as const;
    return { address: 'cache', server, forwarding, silentForwarding: forwarding, connections: new Set() };
  }
}
