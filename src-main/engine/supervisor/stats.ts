import type { AdminState, Health } from '../../contract/model.ts';
import { C, cacheCounterNames } from '../cache/statistics.ts';
import type { EngineSettings } from '../config/settings.ts';
import type { AccessLogCounts } from '../log/access-writer.ts';
import { memberKey, type WorkerSnapshot } from '../messages.ts';
import { M, memberCounterNames, P, poolCounterNames, S, serverCounterNames } from '../runtime/counters.ts';
import { bucketCount, percentileMs } from '../../contract/histogram.ts';
import { holdingPools } from '../persistence/table-names.ts';
import type { HealthChecks, LastCheck } from './health-checks.ts';
import type { HeldClients } from './held-clients.ts';

type Counts = Readonly<Record<string, number>>;

/** `/v1/stats` of a member. Bytes: `in` towards the member, heads included; times count from the request to the response's head. */
export interface MemberStatistics {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly health: Health;
  readonly adminState: AdminState;
  readonly weight: number;
  readonly currentConnections: number;
  readonly queuedRequests: number;
  readonly totalConnections: number;
  readonly requests: number;
  readonly responses: Counts;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly errors: Counts;
  /** Of the last minute; empty without a response in it. */
  readonly responseTimeMs: {
    readonly average?: number;
    readonly p50?: number;
    readonly p95?: number;
    readonly p99?: number;
  };
  /** Responses since `epoch` by bucket of their time (`contract/histogram.ts`), those with any. */
  readonly responseTimeCounts: Readonly<Record<string, number>>;
  readonly lastCheck?: LastCheck;
  /** What the member itself asks for, by a check's answer: no new clients, or no traffic at all. */
  readonly asked?: 'drain' | 'stop';
  /** Percent of its weight that its agent says. */
  readonly weightPercent?: number;
  readonly downSince?: string;
}

/** `/v1/stats` of the whole engine. */
export interface EngineStatistics {
  readonly at: string;
  /** Changes when the counters begin anew. */
  readonly epoch: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
  readonly generation: number;
  /** `ended` = how many in this place have ended by themselves, `hung` = those of them that were killed because they said nothing. */
  readonly workers: readonly {
    readonly index: number;
    readonly pid: number;
    readonly ended: number;
    readonly hung: number;
  }[];
  /** Absent = nothing is logged. */
  readonly accessLog?: AccessLogCounts;
  readonly virtualServers: readonly (Counts6 & {
    readonly name: string;
    readonly listen: readonly string[];
    readonly protocol: string;
    readonly adminState: AdminState;
    readonly health: Health;
    readonly drops: Counts;
    /** Where it has a cache. */
    readonly cache?: CacheStatistics;
  })[];
  readonly pools: readonly (Omit<Counts6, 'totalConnections'> & {
    readonly name: string;
    readonly algorithm: string;
    readonly health: Health;
    readonly queuedRequests: number;
    readonly totalConnections: number;
    readonly drops: Counts;
    readonly retries: number;
    /** Where clients are held; absent where nobody is. */
    readonly persistence?: PersistenceStatistics;
    readonly errors: Counts;
    readonly members: readonly MemberStatistics[];
  })[];
}

/** How requests found their member. */
export interface PersistenceStatistics {
  /** By the method itself. */
  readonly held: number;
  readonly heldByFallback: number;
  /** By the algorithm, from then on held. */
  readonly heldAnew: number;
  /** Had nothing that the method looks at (on TLS 1.3: no session id). */
  readonly keyless: number;
  /** Clients in its tables. */
  readonly entries: number;
}

/** `bytes` and `objects` are what it holds now; `bytesServed` are of bodies, from what it holds or is just getting. */
export interface CacheStatistics {
  readonly hits: number;
  readonly misses: number;
  /** Hits that were stale. */
  readonly stale: number;
  /** Answers 304 of members. */
  readonly revalidated: number;
  /** Misses that waited for another's request. */
  readonly collapsed: number;
  readonly stored: number;
  /** Requests that are not for a cache. */
  readonly passes: number;
  readonly bytesServed: number;
  readonly evicted: number;
  readonly bytes: number;
  readonly objects: number;
  readonly diskBytes: number;
  readonly diskObjects: number;
}

interface CacheTotal {
  readonly counters: Float64Array;
  diskBytes: number;
  diskObjects: number;
  bytes: number;
  objects: number;
  evicted: number;
}

interface Counts6 {
  readonly currentConnections: number;
  readonly totalConnections: number;
  readonly requests: number;
  readonly responses: Counts;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

interface Total {
  readonly counters: Float64Array;
  /** Response times of the last minute: counts by bucket and their sum. */
  readonly histogram: Float64Array;
  sumMs: number;
  /** Response times since the beginning. */
  readonly counts: Float64Array;
  gauge: number;
}

/** Sums of what all workers counted, those that have ended included: a counter never goes back. */
export class Totals {
  readonly members = new Map<string, Total>();
  readonly pools = new Map<string, Total>();
  readonly servers = new Map<string, Total>();
  readonly caches = new Map<string, CacheTotal>();

  add(snapshot: WorkerSnapshot, hasCurrent: boolean): void {
    for (const [key, each] of Object.entries(snapshot.members)) {
      const total = totalOf(this.members, key, memberCounterNames.length);
      addTo(total.counters, each.counters);
      addTo(total.counts, each.counts);
      // Of a worker that has ended only the counters last: its last minute would never pass.
      if (!hasCurrent) continue;
      addTo(total.histogram, each.histogram);
      total.sumMs += each.sumMs;
      total.gauge += each.inFlight;
    }
    for (const [name, each] of Object.entries(snapshot.pools)) {
      const total = totalOf(this.pools, name, poolCounterNames.length);
      addTo(total.counters, each.counters);
      if (hasCurrent) total.gauge += each.queued;
    }
    for (const [name, each] of Object.entries(snapshot.servers)) {
      const total = totalOf(this.servers, name, serverCounterNames.length);
      addTo(total.counters, each.counters);
      if (hasCurrent) total.gauge += each.connections;
    }
    for (const [name, each] of Object.entries(snapshot.caches)) {
      const total = this.caches.get(name) ?? {
        counters: new Float64Array(cacheCounterNames.length),
        bytes: 0,
        objects: 0,
        evicted: 0,
        diskBytes: 0,
        diskObjects: 0,
      };
      this.caches.set(name, total);
      addTo(total.counters, each.counters);
      total.evicted += each.evicted;
      if (!hasCurrent) continue;
      total.bytes += each.bytes;
      total.objects += each.objects;
      total.diskBytes += each.diskBytes;
      total.diskObjects += each.diskObjects;
    }
  }
}

function totalOf(map: Map<string, Total>, key: string, length: number): Total {
  const known = map.get(key) ?? {
    counters: new Float64Array(length),
    histogram: new Float64Array(bucketCount),
    sumMs: 0,
    counts: new Float64Array(bucketCount),
    gauge: 0,
  };
  map.set(key, known);
  return known;
}

function addTo(sum: Float64Array, part: Float64Array): void {
  for (let index = 0; index < sum.length; index++) sum[index] = (sum[index] ?? 0) + (part[index] ?? 0);
}

type Identity = Pick<
  EngineStatistics,
  'epoch' | 'pid' | 'version' | 'startedAt' | 'generation' | 'workers' | 'accessLog'
>;

/** The statistics as `/v1/stats` answers them. */
export function describeStatistics(
  identity: Identity,
  settings: EngineSettings,
  addresses: ReadonlyMap<string, readonly string[]>,
  totals: Totals,
  checks: HealthChecks,
  heldClients: HeldClients,
): EngineStatistics {
  const holding = new Set(holdingPools(settings).map(({ pool }) => pool));
  const pools = settings.pools.map((pool) => {
    const described = describePool(pool, totals, checks);
    if (!holding.has(pool)) return described;
    const { counters } = totalOf(totals.pools, pool.name, poolCounterNames.length);
    return { ...described, persistence: describePersistence(counters, heldClients.counts(pool.name)) };
  });
  const healthOf = new Map(pools.map((pool) => [pool.name, pool.health]));
  return {
    at: new Date().toISOString(),
    ...identity,
    virtualServers: settings.virtualServers.map((server) => {
      const total = totalOf(totals.servers, server.name, serverCounterNames.length);
      return {
        name: server.name,
        listen: addresses.get(server.name) ?? [],
        protocol: server.protocol,
        adminState: server.adminState,
        health: healthOf.get(server.pool) ?? 'unmonitored',
        currentConnections: total.gauge,
        totalConnections: at(total.counters, S.connections),
        requests: at(total.counters, S.requests),
        responses: classes(total.counters, S.response),
        bytesIn: at(total.counters, S.bytesIn),
        bytesOut: at(total.counters, S.bytesOut),
        drops: named(serverCounterNames, total.counters, S.firstDrop, serverCounterNames.length),
        ...(server.cache === undefined ? {} : { cache: describeCache(totals.caches.get(server.name)) }),
      };
    }),
    pools,
  };
}

function describeCache(total: CacheTotal | undefined): CacheStatistics {
  const counters = total?.counters ?? new Float64Array(cacheCounterNames.length);
  return {
    hits: at(counters, C.hits),
    misses: at(counters, C.misses),
    stale: at(counters, C.stale),
    revalidated: at(counters, C.revalidated),
    collapsed: at(counters, C.collapsed),
    stored: at(counters, C.stored),
    passes: at(counters, C.passes),
    bytesServed: at(counters, C.bytesServed),
    evicted: total?.evicted ?? 0,
    bytes: total?.bytes ?? 0,
    objects: total?.objects ?? 0,
    diskBytes: total?.diskBytes ?? 0,
    diskObjects: total?.diskObjects ?? 0,
  };
}

function describePool(pool: EngineSettings['pools'][number], totals: Totals, checks: HealthChecks) {
  const total = totalOf(totals.pools, pool.name, poolCounterNames.length);
  const members = pool.members.map((member) => describeMember(pool.name, member, totals, checks));
  function sum(pick: (member: MemberStatistics) => number): number {
    return members.reduce((value, member) => value + pick(member), 0);
  }
  return {
    name: pool.name,
    algorithm: pool.algorithm.name,
    health: poolHealth(members),
    currentConnections: sum((member) => member.currentConnections),
    queuedRequests: total.gauge,
    totalConnections: sum((member) => member.totalConnections),
    requests: sum((member) => member.requests),
    responses: sumCounts(members.map((member) => member.responses)),
    bytesIn: sum((member) => member.bytesIn),
    bytesOut: sum((member) => member.bytesOut),
    errors: sumCounts(members.map((member) => member.errors)),
    drops: named(poolCounterNames, total.counters, 0, P.retries),
    retries: at(total.counters, P.retries),
    members,
  };
}

function describePersistence(counters: Float64Array, entries: ReadonlyMap<string, number>): PersistenceStatistics {
  return {
    held: at(counters, P.held),
    heldByFallback: at(counters, P.heldByFallback),
    heldAnew: at(counters, P.heldAnew),
    keyless: at(counters, P.keyless),
    entries: [...entries.values()].reduce((sum, count) => sum + count, 0),
  };
}

function describeMember(
  pool: string,
  member: EngineSettings['pools'][number]['members'][number],
  totals: Totals,
  checks: HealthChecks,
): MemberStatistics {
  const total = totalOf(totals.members, memberKey(pool, member.name), memberCounterNames.length);
  const { counters, gauge } = total;
  const check = checks.of(pool, member.name);
  const { health, lastCheck, downSince, weightPercent } = check;
  const asked = check.isStopAsked ? 'stop' : check.isDrainAsked ? 'drain' : undefined;
  const isLimited = health !== 'down' && member.maxConnections > 0 && gauge >= member.maxConnections;
  return {
    name: member.name,
    address: member.address,
    port: member.port,
    health: isLimited ? 'limited' : health,
    adminState: member.adminState,
    weight: member.weight,
    currentConnections: gauge,
    queuedRequests: 0,
    totalConnections: at(counters, M.connections),
    requests: at(counters, M.requests),
    responses: classes(counters, M.response),
    bytesIn: at(counters, M.bytesIn),
    bytesOut: at(counters, M.bytesOut),
    errors: named(memberCounterNames, counters, M.firstError, memberCounterNames.length),
    responseTimeMs: responseTimes(total),
    responseTimeCounts: countsByBucket(total.counts),
    ...(lastCheck === undefined ? {} : { lastCheck }),
    ...(asked === undefined ? {} : { asked }),
    ...(weightPercent === undefined ? {} : { weightPercent }),
    ...(downSince === undefined ? {} : { downSince }),
  };
}

function responseTimes({ histogram, sumMs }: Total): MemberStatistics['responseTimeMs'] {
  const [p50, p95, p99] = [percentileMs(histogram, 50), percentileMs(histogram, 95), percentileMs(histogram, 99)];
  if (p50 === undefined || p95 === undefined || p99 === undefined) return {};
  const responses = histogram.reduce((sum, each) => sum + each, 0);
  return { average: Math.round((sumMs / responses) * 1000) / 1000, p50, p95, p99 };
}

function countsByBucket(counts: Float64Array): Readonly<Record<string, number>> {
  const told: Record<string, number> = {};
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket] ?? 0;
    if (count > 0) told[bucket] = count;
  }
  return told;
}

/** Up while one member takes traffic; what no monitor watches counts as serving. */
function poolHealth(members: readonly MemberStatistics[]): Health {
  const serving = members.filter((member) => member.health !== 'down');
  if (members.length === 0 || serving.length === 0) return 'down';
  for (const health of ['up', 'limited', 'checking'] as const) {
    if (serving.some((member) => member.health === health)) return health;
  }
  return 'unmonitored';
}

function classes(counters: Float64Array, base: number): Counts {
  return Object.fromEntries([1, 2, 3, 4, 5].map((each) => [`${each}xx`, at(counters, base + each)]));
}

function named(names: readonly string[], counters: Float64Array, from: number, to: number): Counts {
  return Object.fromEntries(names.slice(from, to).map((name, index) => [name, at(counters, from + index)]));
}

function sumCounts(list: readonly Counts[]): Counts {
  const sum: Record<string, number> = {};
  for (const counts of list) for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

function at(counters: Float64Array, place: number): number {
  return counters[place] ?? 0;
}
