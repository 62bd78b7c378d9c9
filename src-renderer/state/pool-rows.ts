import type { DeviceFacts, DeviceState, MemberRow, PoolRow, Unwritable } from '$contract/api.ts';
import type { DevicePool } from '$contract/model.ts';

/** Members as configured, for as long as no numbers have come: state from the configuration, health not known. */
export function configuredRows(pool: DevicePool): readonly MemberRow[] {
  return pool.members.map((member) => ({
    name: member.name,
    ...(member.address === undefined ? {} : { address: member.address }),
    ...(member.port === undefined ? {} : { port: member.port }),
    ...(member.weight === undefined ? {} : { weight: member.weight }),
    adminState: member.adminState ?? 'enabled',
    health: 'unknown',
    isInRotation: (member.adminState ?? 'enabled') === 'enabled',
  }));
}

/** Why a pool cannot be edited now; undefined where it can. */
export type EditBlock =
  { readonly kind: 'locked' } | { readonly kind: 'lacking'; readonly why: string } | { readonly kind: 'unread' };

export function editBlock(device: DeviceState | undefined): EditBlock | undefined {
  if (device?.reading === undefined) return { kind: 'unread' };
  const write = device.reading.facts.capabilities.find(({ id }) => id === 'write');
  if (write?.isPresent === false) return { kind: 'lacking', why: write.why ?? '' };
  return device.lock.isLocked ? { kind: 'locked' } : undefined;
}

/** Why one object does not take what its device takes elsewhere; undefined where it does. */
export function whyNot(
  facts: DeviceFacts | undefined,
  path: Unwritable['path'],
  of: Pick<Unwritable, 'pool' | 'virtualServer'>,
): string | undefined {
  return facts?.unwritable?.find(
    (one) => one.path === path && one.pool === of.pool && one.virtualServer === of.virtualServer,
  )?.why;
}

/** The response times worth a column: percentiles where there are any, else the average. */
export function columnResponses(members: readonly MemberRow[]): readonly ResponseKind[] {
  const told = toldResponses(members);
  const percentiles = told.filter((kind) => kind === 'p95' || kind === 'p50');
  return (percentiles.length > 0 ? percentiles : told).toReversed();
}

/** The response times that some member tells, best first. */
export const responseKinds = ['p95', 'p99', 'p50', 'average'] as const;
export type ResponseKind = (typeof responseKinds)[number];

export function toldResponses(members: readonly MemberRow[]): readonly ResponseKind[] {
  return responseKinds.filter((kind) => members.some(({ responseTimeMs }) => responseTimeMs?.[kind] !== undefined));
}

/** The device's own word for its response times, where it says one. */
export function responseSource(members: readonly MemberRow[]): string | undefined {
  return members.find(({ responseTimeMs }) => responseTimeMs?.source !== undefined)?.responseTimeMs?.source;
}

const mostLines = 8;
const pickedOfMany = 6;

/** Members that get a line of their own: all of a small pool, the most deviant of a large one, in the order of the pool. */
export function chartedMembers(row: Pick<PoolRow, 'members'>): readonly string[] {
  const { members } = row;
  if (members.length <= mostLines) return members.map(({ name }) => name);
  function deviation({ measuredShare, askedShare }: MemberRow): number {
    return Math.abs((measuredShare ?? 0) - (askedShare ?? measuredShare ?? 0));
  }
  const picked = new Set(
    members
      .toSorted((a, b) => deviation(b) - deviation(a))
      .slice(0, pickedOfMany)
      .map(({ name }) => name),
  );
  return members.map(({ name }) => name).filter((name) => picked.has(name));
}
