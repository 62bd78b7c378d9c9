import type { PushTarget } from '../core/push/target.ts';
import type { DeviceLink } from './device-link.ts';

/** A device as a push sees it. */
export function pushTarget(link: DeviceLink): PushTarget {
  return {
    fingerprint: async (signal) => (await link.device.read(signal)).fingerprint,
    send: (command, signal) => link.send(command, signal),
    standing: (plan, wanted, signal) => link.device.standing(plan, wanted, signal),
  };
}
