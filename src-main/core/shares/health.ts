import type { PoolRow } from '../../contract/api.ts';
import type { MemberSample } from '../../contract/metrics.ts';

type RolledHealth = PoolRow['health'];

/** Worst first. */
const severity: readonly RolledHealth[] = ['down', 'degraded', 'unknown', 'up'];

/** What we asked to be out: its health is no fault of anybody's. */
export function isOffByUs(member: MemberSample): boolean {
  return member.adminState === 'disabled' || member.adminState === 'draining';
}

/** A pool works while one member does; members off by us are left out, and a pool of nothing else is `off`. */
export function poolHealth(members: readonly MemberSample[]): RolledHealth {
  const asked = members.filter((member) => !isOffByUs(member));
  if (asked.length === 0) return members.length === 0 ? 'unknown' : 'off';
  const down = asked.filter((member) => member.health === 'down').length;
  if (down === asked.length) return 'down';
  if (down > 0 || asked.some((member) => member.health === 'limited')) return 'degraded';
  return asked.some((member) => isServing(member)) ? 'up' : 'unknown';
}

/** True where the device says that it serves: `unmonitored` does, unwatched. */
export function isServing(member: MemberSample): boolean {
  return member.health === 'up' || member.health === 'limited' || member.health === 'unmonitored';
}

/** The worst of the children; those off by us are left out, and nothing but those is `off`. */
export function worstHealth(children: readonly RolledHealth[]): RolledHealth {
  if (children.length > 0 && children.every((health) => health === 'off')) return 'off';
  return severity.find((health) => children.includes(health)) ?? 'unknown';
}
