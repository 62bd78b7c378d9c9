import type { DeviceTick, MemberRow } from '$contract/api.ts';

/** The shapes of the state alphabet: each stands with a word and a colour, never alone. */
export type Shape = 'up' | 'degraded' | 'down' | 'draining' | 'off' | 'unknown' | 'checking' | 'stale';

export interface Condition {
  readonly shape: Shape;
  readonly word: string;
}

/**
 * Admin state and health of a member as one shape and word: what we did wins, a fault while draining is still a fault. `isEmpty`: every
 * process of the balancer said that it holds nothing of it.
 */
export function memberCondition(member: Pick<MemberRow, 'adminState' | 'health'>, isEmpty = false): Condition {
  if (member.adminState === 'disabled') return { shape: 'off', word: 'disabled' };
  if (member.adminState === 'draining') {
    if (member.health === 'down') return { shape: 'down', word: 'draining, down' };
    return { shape: 'draining', word: isEmpty ? 'draining, empty' : 'draining' };
  }
  return healthConditions[member.health];
}

const healthConditions: Readonly<Record<MemberRow['health'], Condition>> = {
  up: { shape: 'up', word: 'up' },
  down: { shape: 'down', word: 'down' },
  limited: { shape: 'degraded', word: 'up, at its limit' },
  unmonitored: { shape: 'unknown', word: 'not monitored' },
  checking: { shape: 'checking', word: 'checking' },
  unknown: { shape: 'unknown', word: 'unknown' },
};

const rollUpWords: Readonly<Record<DeviceTick['health'], string>> = {
  up: 'up',
  degraded: 'partly down',
  down: 'down',
  off: 'off',
  unknown: 'unknown',
};

/** A pool's, server's or device's rolled-up health. */
export function rollUpCondition(health: DeviceTick['health']): Condition {
  return { shape: health, word: rollUpWords[health] };
}

const severity: readonly DeviceTick['health'][] = ['down', 'degraded', 'unknown', 'up', 'off'];

/** The worst of several rolled-up healths; children that are off by us are left out unless all are. */
export function worstHealth(healths: readonly DeviceTick['health'][]): DeviceTick['health'] {
  return severity.find((health) => healths.includes(health)) ?? 'unknown';
}
