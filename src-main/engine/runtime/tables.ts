import {
  memberKey,
  type Configuration,
  type InFlight,
  type Load,
  type MemberHealth,
  type OcspAnswers,
  type TicketKeys,
  type WorkerSnapshot,
} from '../messages.ts';
import type { MemberSettings } from '../config/settings.ts';
import { MemberConnections } from '../http2/member-connections.ts';
import type { HeldTables } from '../persistence/held-tables.ts';
import { Holding } from '../persistence/holding.ts';
import { holdingPools, ownerOf, planTables } from '../persistence/table-names.ts';
import { Caches, type WorkerShare } from '../cache/caches.ts';
import { Limits } from '../limits/limits.ts';
import { poolCounterNames, serverCounterNames } from './counters.ts';
import { memberLease, memberLeases, queueLease } from './lease-names.ts';
import type { Leases } from './leases.ts';
import type { Listener } from './listener.ts';
import { MemberRuntime, newMemberStats, type MemberStats } from './member.ts';
import { PoolRuntime } from './pool.ts';
import { memberTls } from '../tls/member.ts';
import { TlsTerminations } from '../tls/terminations.ts';
import { VirtualServerRuntime } from './virtual-server.ts';
import type { WorkerContext } from './context.ts';

/**
 * The tables of a worker. `configure` builds new ones beside the old and swaps them; members that stay keep their
 * connections and their place in the sequence; counters last as long as the worker.
 */
export class Tables {
  #pools: ReadonlyMap<string, PoolRuntime> = new Map();
  #servers: ReadonlyMap<string, VirtualServerRuntime> = new Map();
  #used: ReadonlyMap<string, () => number> = new Map();
  readonly #memberStats = new Map<string, MemberStats>();
  readonly #poolCounters = new Map<string, Float64Array>();
  readonly #serverCounters = new Map<string, Float64Array>();
  readonly #terminations = new TlsTerminations();
  readonly #chance: () => number;
  readonly limits: Limits;
  readonly caches: Caches;
  readonly #share: WorkerShare;

  readonly #held: HeldTables;
  readonly #leases: Leases;
  readonly #context: WorkerContext;

  constructor(chance: () => number, share: WorkerShare, held: HeldTables, context: WorkerContext, leases: Leases) {
    this.limits = new Limits(context.wheel, share.count);
    this.caches = new Caches(context, share);
    this.#chance = chance;
    this.#share = share;
    this.#held = held;
    this.#leases = leases;
    this.#context = context;
  }

  get servers(): ReadonlyMap<string, VirtualServerRuntime> {
    return this.#servers;
  }

  configure(configuration: Configuration): void {
    this.#terminations.setStaples(configuration.ocsp);
    const { settings } = configuration;
    const health = new Map(configuration.health.map((each) => [memberKey(each.pool, each.member), each]));
    const pools = new Map<string, PoolRuntime>();
    for (const pool of settings.pools) {
      const before = this.#pools.get(pool.name);
      const isSameAlgorithm = before?.settings.algorithm.name === pool.algorithm.name;
      const authorities = configuration.tls.poolAuthorities[pool.name] ?? '';
      const tls = memberTls(pool.tls, authorities, pool.http2, before?.members[0]?.tls);
      const members = pool.members.map((member, index) => {
        const known = before?.members.find((each) => each.name === member.name);
        const isKept =
          known?.address === member.address && known.port === member.port && before?.settings.http2 === pool.http2;
        const stats = this.#statsOf(memberKey(pool.name, member.name));
        const runtime = isKept ? known : new MemberRuntime(member, stats);
        if (pool.http2) runtime.http2 ??= new MemberConnections(this.#context, runtime);
        // New in a pool that runs, or back in rotation: it starts slowly.
        if (before !== undefined && isStarting(isKept ? known.settings : undefined, member)) {
          runtime.upSinceMs = performance.now();
        }
        runtime.settings = member;
        runtime.index = index;
        runtime.lease = this.#leases.of(memberLease(pool, member));
        runtime.leases = this.#leases;
        if (!isSameAlgorithm) runtime.state = 0;
        setHealth(runtime, health.get(memberKey(pool.name, member.name)));
        if (member.adminState === 'disabled' || runtime.tls !== tls) runtime.closeIdle();
        if (runtime.tls !== tls) runtime.tlsSession = undefined;
        runtime.tls = tls;
        return runtime;
      });
      const offset = isSameAlgorithm ? 0 : this.#offset(members);
      const counters = keep(this.#poolCounters, pool.name, poolCounterNames.length);
      const runtime = new PoolRuntime(pool, members, counters, this.#chance, offset);
      if (hasWindows(runtime)) for (const member of members) member.openWindow();
      runtime.queueLease = this.#leases.of(queueLease(pool));
      runtime.leases = this.#leases;
      runtime.fallbackBody = configuration.fallbackBodies[pool.name] ?? '';
      before?.retire();
      // Whoever waits for room in the old pool waits in the new one.
      if (before !== undefined) runtime.waiting.push(...before.waiting.splice(0));
      pools.set(pool.name, runtime);
    }
    this.#used = new Map([...pools.values()].flatMap(usesOf));
    for (const pool of pools.values()) pool.backup = pools.get(pool.settings.backupPool);
    this.#closeLeft(pools);
    this.#pools = pools;
    const holdings = this.#makeHoldings(settings);
    for (const pool of pools.values()) pool.holding = holdings.get(ownerOf({ server: '', pool: pool.settings }));
    this.limits.configure(settings);
    this.caches.forgetOthers(new Set(settings.virtualServers.map((server) => server.name)));
    this.#servers = new Map(
      settings.virtualServers.map((server) => {
        const counters = keep(this.#serverCounters, server.name, serverCounterNames.length);
        const tls = this.#terminations.of(server.name, server.tls, configuration);
        const own = server.persistence === undefined ? undefined : holdings;
        const cache = this.caches.configure(server, pools, own);
        return [
          server.name,
          new VirtualServerRuntime(server, pools, counters, own, tls, this.limits.of(server.name), cache),
        ];
      }),
    );
    for (const server of this.#servers.values()) {
      server.backup = this.#servers.get(server.settings.backupVirtualServer);
      this.caches.setBackup(server.name, server.backup);
    }
    for (const pool of pools.values()) pool.wake();
  }

  setHealth(changes: readonly MemberHealth[]): void {
    for (const change of changes) {
      const pool = this.#pools.get(change.pool);
      const member = pool?.members.find((each) => each.name === change.member);
      if (pool === undefined || member === undefined) continue;
      if (member.isDown && !change.isDown) member.upSinceMs = performance.now();
      setHealth(member, change);
      if (change.isDown) member.closeIdle();
      pool.refresh();
    }
  }

  setStaples(answers: OcspAnswers): void {
    this.#terminations.setStaples(answers);
  }

  setTicketKeys(keys: TicketKeys): void {
    this.#terminations.setTicketKeys(keys);
  }

  setRemoteLoad({ inFlight, bytesPerSecond }: Load): void {
    for (const pool of this.#pools.values()) {
      if (!pool.looksAtLoad) continue;
      for (const member of pool.members) {
        const key = memberKey(pool.name, member.name);
        member.setRemoteInFlight(inFlight[key] ?? 0);
        member.setRemoteRate(bytesPerSecond[key] ?? 0);
      }
      pool.wake();
    }
  }

  /** Do other workers need to know what is in flight or waits here? */
  get tellsLoad(): boolean {
    const pools = [...this.#pools.values()];
    return pools.some((pool) => pool.looksAtLoad || pool.settings.queue.limit > 0 || pool.waiting.length > 0);
  }

  /** Does an algorithm look at what members have sent lately? */
  get hasWindows(): boolean {
    return [...this.#pools.values()].some(hasWindows);
  }

  /** How much of a lease of this worker is taken. */
  usedOf(key: string): number {
    return this.#used.get(key)?.() ?? 0;
  }

  /** The leases that its queues wait for. */
  hungry(): string[] {
    return [...this.#pools.values()].flatMap((pool) => (pool.waiting.length > 0 ? memberLeases(pool.settings) : []));
  }

  /** Leases have grown: somebody may go on. */
  wake(): void {
    for (const pool of this.#pools.values()) pool.wake();
  }

  /** How many clients are held on each member of the pools that ask, as the supervisor knows. */
  setSessions(counts: InFlight): void {
    for (const pool of this.#pools.values()) {
      if (pool.settings.algorithm.name !== 'least-sessions') continue;
      for (const member of pool.members) member.setSessions(counts[memberKey(pool.name, member.name)] ?? 0);
    }
  }

  /** To be called each `tickMs`: what least bandwidth looks at. */
  tickWindows(): void {
    for (const pool of this.#pools.values()) {
      if (!hasWindows(pool)) continue;
      for (const member of pool.members) member.tickWindow();
    }
  }

  pool(name: string): PoolRuntime | undefined {
    return this.#pools.get(name);
  }

  member(pool: string, name: string): MemberRuntime | undefined {
    return this.#pools.get(pool)?.member(name);
  }

  /** The pool that a member of now stands in. */
  poolOf(member: object): string | undefined {
    return [...this.#pools.values()].find(({ members }) => members.some((each) => each === member))?.name;
  }

  /** What other workers want to know: of pools whose algorithm looks at it. */
  load(): Load {
    const inFlight: Record<string, number> = {};
    const bytesPerSecond: Record<string, number> = {};
    for (const pool of this.#pools.values()) {
      if (!pool.looksAtLoad) continue;
      for (const member of pool.members) {
        const { localInFlight, localBytesPerSecond } = member;
        if (localInFlight === 0 && localBytesPerSecond === 0) continue;
        const key = memberKey(pool.name, member.name);
        if (localInFlight > 0) inFlight[key] = localInFlight;
        if (localBytesPerSecond > 0) bytesPerSecond[key] = localBytesPerSecond;
      }
    }
    return { inFlight, bytesPerSecond };
  }

  snapshot(listeners: Iterable<Listener>): WorkerSnapshot {
    const members: Record<string, WorkerSnapshot['members'][string]> = {};
    const pools: Record<string, WorkerSnapshot['pools'][string]> = {};
    const servers: Record<string, { counters: Float64Array; connections: number }> = {};
    const nowMs = performance.now();
    for (const [key, { counters, times }] of this.#memberStats) {
      members[key] = { counters, ...times.read(nowMs), inFlight: 0 };
    }
    for (const [name, counters] of this.#poolCounters) {
      const pool = this.#pools.get(name);
      pools[name] = { counters, queued: pool?.waiting.length ?? 0 };
      for (const member of pool?.members ?? []) {
        const key = memberKey(name, member.name);
        const counted = members[key];
        if (counted !== undefined)
          members[key] = { ...counted, inFlight: member.localInFlight, isEjected: member.isEjected };
      }
    }
    for (const [name, counters] of this.#serverCounters) this.caches.passCountsOn(name, counters);
    for (const [name, counters] of this.#serverCounters) servers[name] = { counters, connections: 0 };
    for (const listener of listeners) {
      const server = servers[listener.server.name];
      if (server !== undefined) server.connections += listener.connections.size;
    }
    return { members, pools, servers, caches: this.caches.snapshot() };
  }

  /** How clients are held, by owner: a pool, or a pool of a virtual server. */
  #makeHoldings(settings: Configuration['settings']): ReadonlyMap<string, Holding> {
    const plans = planTables(settings);
    this.#held.configure(new Map(plans.map(({ table, limits }) => [table, limits])));
    for (const pool of this.#pools.values()) {
      const tables = plans.filter((plan) => plan.pool.name === pool.name).map(({ table }) => this.#held.keeper(table));
      for (const member of pool.members) member.keepers = tables.filter((keeper) => keeper !== undefined);
    }
    return new Map(
      holdingPools(settings).map((each) => {
        const owner = ownerOf(each);
        const counters = keep(this.#poolCounters, each.pool.name, poolCounterNames.length);
        return [owner, new Holding(owner, each.pool, each.settings, this.#held, counters)];
      }),
    );
  }

  #statsOf(key: string): MemberStats {
    const known = this.#memberStats.get(key) ?? newMemberStats();
    this.#memberStats.set(key, known);
    return known;
  }

  /** Idle connections of members that are gone; what runs on them finishes. */
  #closeLeft(pools: ReadonlyMap<string, PoolRuntime>): void {
    const kept = new Set([...pools.values()].flatMap((pool) => pool.members));
    for (const pool of this.#pools.values()) {
      for (const member of pool.members) {
        if (kept.has(member)) continue;
        // A connection given back later is closed by this.
        member.settings = { ...member.settings, adminState: 'disabled' };
        member.closeIdle();
      }
    }
  }

  /** Where this worker begins in a weighted sequence: the first at 0, the others spread over one round of it. */
  #offset(members: readonly MemberRuntime[]): number {
    const round = members.reduce((sum, member) => sum + member.settings.weight, 0);
    return Math.floor((round * this.#share.index) / this.#share.count);
  }
}

function hasWindows(pool: PoolRuntime): boolean {
  return pool.settings.algorithm.name === 'least-bandwidth';
}

function isStarting(before: MemberSettings | undefined, now: MemberSettings): boolean {
  return takesNew(now) && (before === undefined || !takesNew(before));
}

function takesNew({ adminState, weight }: MemberSettings): boolean {
  return adminState === 'enabled' && weight > 0;
}

function usesOf(pool: PoolRuntime): [string, () => number][] {
  return [
    [queueLease(pool.settings), () => pool.waiting.length],
    ...pool.members.map((member): [string, () => number] => [member.lease.key, () => member.localInFlight]),
  ];
}

/** A worker's part of a limit; 0 means no limit. */
export function partOf(limit: number, share: { readonly index: number; readonly count: number }): number {
  if (limit === 0) return Number.POSITIVE_INFINITY;
  return Math.floor(limit / share.count) + (share.index < limit % share.count ? 1 : 0);
}

function keep(map: Map<string, Float64Array>, name: string, length: number): Float64Array {
  const counters = map.get(name) ?? new Float64Array(length);
  map.set(name, counters);
  return counters;
}

function setHealth(member: MemberRuntime, health: MemberHealth | undefined): void {
  member.isDown = health?.isDown ?? false;
  member.isDrainAsked = health?.isDrainAsked ?? false;
  member.weightPercent = health?.weightPercent ?? 100;
}
