import type { DeviceTick, Tick } from '$contract/api.ts';
import { follow } from './follow.ts';

export interface TrendPoint {
  readonly x: number;
  readonly y: number | null;
}
export const trendNames = [
  'requestsPerSecond',
  'bytesOutPerSecond',
  'failuresPerSecond',
  'highestP95Ms',
  'machineCpuPercent',
  'machineBytesInPerSecond',
  'machineBytesOutPerSecond',
] as const;
export type TrendName = (typeof trendNames)[number];

const keptMs = 5 * 60_000;
const all = '';

/** The last five minutes of each device's sums, as this window saw them, and of all devices together. */
export class Trends {
  /** Grows with each tick: readers of `points` depend on it. */
  version = $state(0);
  readonly #lines = new Map<string, TrendPoint[]>();

  add(tick: Tick): void {
    const atMs = Date.parse(tick.at);
    for (const name of trendNames) {
      for (const device of tick.devices) {
        const isFresh = device.freshness === 'fresh';
        this.#push(name, device.device, { x: atMs, y: isFresh ? (valueOf(name, device) ?? null) : null });
      }
      this.#push(name, all, { x: atMs, y: combined(name, tick.devices) });
    }
    this.version += 1;
  }

  /** Points of one device, oldest first; of all together without a name. */
  points(name: TrendName, device = all): readonly TrendPoint[] {
    follow(this.version);
    return this.#lines.get(`${name} ${device}`) ?? [];
  }

  #push(name: TrendName, device: string, point: TrendPoint): void {
    const key = `${name} ${device}`;
    const line = (this.#lines.get(key) ?? []).filter(({ x }) => x > point.x - keptMs && x < point.x);
    line.push(point);
    this.#lines.set(key, line);
  }
}

/** The sum over fresh devices where sums mean something; of percentiles only the highest. */
function combined(name: TrendName, devices: readonly DeviceTick[]): number | null {
  const values = devices.flatMap((device) => {
    const value = valueOf(name, device);
    return device.freshness === 'fresh' && value !== undefined ? [value] : [];
  });
  if (values.length === 0) return null;
  return name === 'highestP95Ms' || name === 'machineCpuPercent'
    ? Math.max(...values)
    : values.reduce((sum, value) => sum + value, 0);
}

function valueOf(name: TrendName, device: DeviceTick): number | undefined {
  switch (name) {
    case 'machineCpuPercent':
      return device.machine?.cpuPercent;
    case 'machineBytesInPerSecond':
      return device.machine?.bytesInPerSecond;
    case 'machineBytesOutPerSecond':
      return device.machine?.bytesOutPerSecond;
    case 'requestsPerSecond':
    case 'bytesOutPerSecond':
    case 'failuresPerSecond':
    case 'highestP95Ms':
      return device[name];
  }
}
