import type { DeviceState, Environment } from '$contract/api.ts';

/** What the environment strip tells of the devices in view. */
export interface WriteScope {
  readonly environment: Environment | 'all';
  readonly isLocked: boolean;
  /** Devices that a person has unlocked for a time. */
  readonly unlocked: readonly DeviceState[];
  /** When the first of them locks itself again, in ms since 1970. */
  readonly endsAtMs?: number;
}

/** Environment and lock of a set of devices: one environment's name only where all share it. */
export function writeScope(devices: readonly DeviceState[]): WriteScope {
  const [first, ...others] = new Set(devices.map(({ spec }) => spec.environment));
  const unlocked = devices.filter(({ lock }) => !lock.isLocked && lock.unlockedUntil !== undefined);
  const ends = unlocked.map(({ lock }) => Date.parse(lock.unlockedUntil ?? ''));
  return {
    environment: first !== undefined && others.length === 0 ? first : 'all',
    isLocked: devices.length === 0 || devices.some(({ lock }) => lock.isLocked),
    unlocked,
    ...(ends.length === 0 ? {} : { endsAtMs: Math.min(...ends) }),
  };
}

/** Whether a push to this device needs its name typed: production always, and any device that is locked. */
export function needsTypedName(device: DeviceState): boolean {
  return device.spec.environment === 'production' || device.lock.isLocked;
}
