import type { MemberSample } from '../../contract/metrics.ts';
import { algorithmSettings, type DevicePool, type Health } from '../../contract/model.ts';

/** Weights of the members that take new clients now, by name. */
export type Rotation = ReadonlyMap<string, number>;

/** Health that takes no traffic. A device that has no verdict, or tells none, sends traffic all the same. */
const outOfService: readonly (Health | undefined)[] = ['down'];

/**
 * Who takes new clients: enabled, not down, a weight above 0, in the active priority group (the highest that has such members; the next
 * ones join while fewer than `minActiveMembers` are there). Live values win over configured ones; a weight that nobody tells is 1.
 */
export function rotationOf(members: readonly MemberSample[], pool: DevicePool | undefined): Rotation {
  const configured = new Map(pool?.members.map((member) => [member.name, member]));
  const isWeighted = pool?.algorithm === undefined || algorithmSettings(pool.algorithm).weighted !== false;
  const able = members.flatMap((member) => {
    const own = configured.get(member.name);
    const weight = member.weight ?? own?.weight ?? 1;
    const isAble =
      (member.adminState ?? own?.adminState ?? 'enabled') === 'enabled' &&
      !outOfService.includes(member.health) &&
      weight > 0;
    return isAble ? [{ name: member.name, weight: isWeighted ? weight : 1, priority: own?.priority ?? 0 }] : [];
  });
  const lowest = lowestActive(
    able.map(({ priority }) => priority),
    pool?.minActiveMembers ?? 1,
  );
  return new Map(able.filter(({ priority }) => priority >= lowest).map(({ name, weight }) => [name, weight]));
}

function lowestActive(priorities: readonly number[], wanted: number): number {
  const descending = priorities.toSorted((one, other) => other - one);
  return descending[Math.min(Math.max(wanted, 1), descending.length) - 1] ?? 0;
}

/** Weight over the sum of weights in rotation; members out of it are not listed. */
export function askedShares(rotation: Rotation): ReadonlyMap<string, number> {
  let sum = 0;
  for (const weight of rotation.values()) sum += weight;
  return new Map([...rotation].map(([name, weight]) => [name, weight / sum]));
}
