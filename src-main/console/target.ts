import type { PoolSample } from '../contract/metrics.ts';
import type { PoolHealth, PushTarget } from '../core/push/target.ts';
import type { DeviceLink } from './device-link.ts';

/** A device as a push sees it. */
export function pushTarget(link: DeviceLink): PushTarget {
  return {
    fingerprint: async (signal) => (await link.device.read(signal)).fingerprint,
    send: (command, signal) => link.send(command, signal),
    health: async (signal) => (await link.device.poll(signal)).pools.map(healthOf),
    standing: (plan, wanted, signal) => link.device.standing(plan, wanted, signal),
  };
}

const serving: ReadonlySet<string | undefined> = new Set(['up', 'limited', 'unmonitored']);

function healthOf({ name, members }: PoolSample): PoolHealth {
  const inRotation = members.filter(({ adminState }) => adminState === undefined || adminState === 'enabled');
  return {
    pool: name,
    serving: inRotation.filter(({ health }) => serving.has(health)).length,
    failing: inRotation
      .filter(({ health }) => health === 'down')
      .map((member) => [member.name, member.lastCheck?.result].filter((part) => part !== undefined).join(': ')),
  };
}
