import type { Tick } from '../contract/api.ts';
import type { PollStatistics } from '../core/schedule.ts';
import { attentionLines, type DeviceStanding } from '../core/shares/attention.ts';
import { deviceTick } from '../core/shares/device-tick.ts';
import { poolRow } from '../core/shares/pool-row.ts';
import type { Device } from './device.ts';
import type { WatchedPool } from './watchers.ts';

/** The numbers of one second: the same for everyone but for the pools that a client watches. */
export class Ticker {
  readonly #shared: Omit<Tick, 'pools'>;
  readonly #devices: ReadonlyMap<string, Device>;

  constructor(devices: readonly Device[], now: Date, polling: PollStatistics) {
    this.#devices = new Map(devices.map((device) => [device.spec.name, device]));
    this.#shared = {
      at: now.toISOString(),
      devices: devices.map((device) => deviceTick(device.spec.name, device.freshness, device.minute)),
      attention: attentionLines(devices.map(standing)),
      polling,
    };
  }

  /** The tick of a client that watches these pools; one that is not there any more is left out. */
  tickFor(watched: readonly WatchedPool[]): Tick {
    return { ...this.#shared, pools: watched.flatMap((pool) => this.#row(pool)) };
  }

  #row({ device, pool }: WatchedPool): Tick['pools'] {
    const minute = this.#devices.get(device)?.minute;
    const found = minute?.pool(pool);
    return minute?.sample && found ? [poolRow(device, minute.sample.at, found)] : [];
  }
}

function standing(device: Device): DeviceStanding {
  const { sample } = device.minute;
  return {
    device: device.spec.name,
    freshness: device.freshness,
    pools: sample?.pools ?? [],
    ...(sample === undefined ? {} : { lastSampleAt: sample.at }),
    ...(device.problem === undefined ? {} : { problem: device.problem }),
  };
}
