import type { MemberSample } from '../../../../src-main/contract/metrics.ts';
import type { DeviceModel, DevicePool } from '../../../../src-main/contract/model.ts';
import { sampleRates } from '../../../../src-main/core/rates.ts';
import { RollingMinute } from '../../../../src-main/core/shares/rolling-minute.ts';
import { sample } from '../samples.ts';

/** A member in service; its counters are those of `run`. */
export function member(name: string, more: Partial<MemberSample> = {}): MemberSample {
  return { name, health: 'up', adminState: 'enabled', weight: 1, ...more };
}

/** A model with one pool, `app`. */
export function model(pool: Partial<DevicePool>): DeviceModel {
  return {
    virtualServers: [],
    pools: [{ name: 'app', members: [], ...pool }],
    monitors: [],
    profiles: [],
    certificates: [],
    unmodelled: [],
  };
}

interface Run {
  /** Members with the requests that each takes in a second. */
  readonly members: readonly (readonly [MemberSample, number])[];
  readonly seconds: number;
  readonly configured?: DeviceModel;
  readonly algorithm?: string;
  /** Which counters the device has. */
  readonly counters?: readonly ('requests' | 'totalConnections' | 'bytesOut')[];
}

/** A minute after so many polls, one a second. */
export function run({ members, seconds, configured, algorithm = 'round-robin', counters = ['requests'] }: Run) {
  const minute = new RollingMinute();
  let previous;
  for (let second = 0; second <= seconds; second += 1) {
    const counted = members.map(([one, perSecond]) => ({
      ...one,
      ...Object.fromEntries(counters.map((counter) => [counter, String(1000 + second * perSecond)])),
    }));
    const next = sample(second, [], { pools: [{ name: 'app', algorithm, members: counted }] });
    minute.add(next, previous && sampleRates(previous, next), configured);
    previous = next;
  }
  return minute;
}
