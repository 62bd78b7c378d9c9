import type { PoolSample } from '../contract/metrics.ts';
import type { PoolHealth, PushTarget } from '../core/push/target.ts';
import type { DeviceLink, SecretOf } from './device-link.ts';

/** A device as a push sees it; `secretOf` gives what its commands name and do not hold. */
export function pushTarget(link: DeviceLink, secretOf?: SecretOf): PushTarget {
  return {
    fingerprint: async (signal) => (await link.device.read(signal)).fingerprint,
    health: async (signal) => (await link.device.poll(signal)).pools.map(healthOf),
    send: (command, signal) => link.send(command, signal, secretOf),
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
