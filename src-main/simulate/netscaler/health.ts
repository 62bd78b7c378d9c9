/** What the device says of something that it sends to. */
export type Health = 'UP' | 'DOWN' | 'OUT OF SERVICE' | 'GOING OUT OF SERVICE';

/** By the name of a service, or of a member as `app?w1?80`. */
export type HealthOf = (name: string, isEnabled: boolean) => Health;

/** Where nothing is probed: what is enabled is up. */
export function unprobed(_name: string, isEnabled: boolean): Health {
  return isEnabled ? 'UP' : 'OUT OF SERVICE';
}
