import type { MemberRow, PoolRow } from '../../contract/api.ts';
import type { MemberSample, Rates } from '../../contract/metrics.ts';
import { type AlgorithmName, algorithmNameSchema, algorithmSettings, type Member } from '../../contract/model.ts';
import { type Comparison, comparisonFor } from './compare.ts';
import { poolHealth } from './health.ts';
import type { PoolMinute } from './rolling-minute.ts';
import type { Counts } from './rolling-sums.ts';
import { askedShares } from './rotation.ts';
import { worstMember } from './worst.ts';

/** A pool as the window shows it. */
export function poolRow(device: string, at: string, minute: PoolMinute): PoolRow {
  const algorithm = algorithmOf(minute);
  const native = minute.configured?.algorithm && algorithmSettings(minute.configured.algorithm).native;
  const comparison = comparisonOf(minute, algorithm);
  const members = memberRows(minute, comparison);
  const offBalance = offBalanceOf(members);
  const worst = worstMember({ minute, members, comparison, algorithm, at });
  return {
    device,
    name: minute.pool.name,
    at,
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(native === undefined ? {} : { native }),
    comparedBy: comparison.by,
    isReference: comparison.isReference,
    ...(offBalance === undefined ? {} : { offBalance }),
    ...(worst === undefined ? {} : { worst }),
    health: poolHealth(minute.pool.members),
    ...(minute.pool.activeOn === undefined ? {} : { activeOn: minute.pool.activeOn }),
    members,
  };
}

/** The running algorithm where the device tells it in our words, else the configured one. */
function algorithmOf({ pool, configured }: PoolMinute): AlgorithmName | undefined {
  const running = algorithmNameSchema.safeParse(pool.algorithm);
  return running.success ? running.data : configured?.algorithm && algorithmSettings(configured.algorithm).name;
}

/** Where no member's requests are counted (a TCP pool), connections are what the algorithm spreads. */
function comparisonOf({ counts }: PoolMinute, algorithm: AlgorithmName | undefined): Comparison {
  const comparison = comparisonFor(algorithm);
  const hasRequests = [...counts.values()].some((count) => count.requests !== undefined);
  const hasConnections = [...counts.values()].some((count) => count.connections !== undefined);
  return comparison.by === 'requests' && !hasRequests && hasConnections
    ? { ...comparison, by: 'connections' }
    : comparison;
}

/** What of the counts an algorithm spreads: open connections for those that weigh them, new ones where requests are not told. */
function comparedCount(comparison: Comparison, own: Comparison, counts: Counts | undefined): number | undefined {
  if (own.by === 'bytes') return counts?.bytes;
  if (own.by === 'none') return undefined;
  if (own.by === 'requests') return comparison.by === 'requests' ? counts?.requests : counts?.connections;
  return counts?.openConnections;
}

function memberRows(minute: PoolMinute, comparison: Comparison): MemberRow[] {
  const own = comparisonFor(algorithmOf(minute));
  const configured = new Map(minute.configured?.members.map((member) => [member.name, member]));
  const rates = new Map(minute.rates?.members.map((member) => [member.name, member]));
  const asked = comparison.by === 'none' ? new Map<string, number>() : askedShares(minute.rotation);
  const compared = new Map(
    minute.pool.members.map(({ name }) => [name, comparedCount(comparison, own, minute.counts.get(name))]),
  );
  let total = 0;
  for (const count of compared.values()) total += count ?? 0;
  return minute.pool.members.map((member) => {
    const count = compared.get(member.name);
    return memberRow({
      member,
      configured: configured.get(member.name),
      rates: rates.get(member.name),
      isInRotation: minute.rotation.has(member.name),
      askedShare: asked.get(member.name),
      measuredCount: count,
      measuredShare: count === undefined || total === 0 ? undefined : count / total,
    });
  });
}

interface RowParts {
  readonly member: MemberSample;
  readonly configured: Member | undefined;
  readonly rates: Rates | undefined;
  readonly isInRotation: boolean;
  readonly askedShare: number | undefined;
  readonly measuredCount: number | undefined;
  readonly measuredShare: number | undefined;
}

function memberRow({ member, configured, rates, isInRotation, ...shares }: RowParts): MemberRow {
  const isDrained = isDrainedByWeight(member, configured);
  return present({
    name: member.name,
    address: member.address ?? configured?.address,
    port: member.port ?? configured?.port,
    weight: isDrained ? configured?.weight : (member.weight ?? configured?.weight),
    adminState: isDrained ? 'draining' : (member.adminState ?? configured?.adminState ?? 'enabled'),
    health: member.health ?? 'unknown',
    isInRotation,
    ...shares,
    requestsPerSecond: rates?.requestsPerSecond,
    bytesOutPerSecond: rates?.bytesOutPerSecond,
    bytesInPerSecond: rates?.bytesInPerSecond,
    currentConnections: member.currentConnections,
    queuedRequests: member.queuedRequests,
    responseTimeMs: member.responseTimeMs,
    failuresPerSecond: rates?.failuresPerSecond,
    errorShare: errorShare(rates),
    lastCheck: member.lastCheck?.result,
    downSince: member.downSince,
  });
}

/** A file that has no word for a drain but weight 0 leaves a process that is started later no other: what it was written for counts. */
function isDrainedByWeight(member: MemberSample, configured: Member | undefined): boolean {
  return configured?.adminState === 'draining' && member.weight === 0 && member.adminState !== 'disabled';
}

/** Answers of class 5xx among all requests. */
function errorShare(rates: Rates | undefined): number | undefined {
  if (rates?.serverErrorsPerSecond === undefined || !rates.requestsPerSecond) return undefined;
  return Math.min(1, rates.serverErrorsPerSecond / rates.requestsPerSecond);
}

type Defined<T> = { [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | undefined : T[K] };
type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the keys that hold nothing: what a device does not tell is absent. */
function present<T extends object>(object: Defined<T>): Present<T> {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Present<T>; // exactly the keys that hold something
}

/** Half the sum of |measured - asked| over members in rotation; absent where one of them has no measure or nothing is asked. */
function offBalanceOf(members: readonly MemberRow[]): number | undefined {
  const inRotation = members.filter((member) => member.askedShare !== undefined);
  if (inRotation.length === 0) return undefined;
  let sum = 0;
  for (const { measuredShare, askedShare } of inRotation) {
    if (measuredShare === undefined || askedShare === undefined) return undefined;
    sum += Math.abs(measuredShare - askedShare);
  }
  return sum / 2;
}
