import type { DeviceTick, Tick } from '$contract/api.ts';
import type { TrendPoint } from './trends.svelte.ts';

/** The six key figures, over every device that answers. What no device tells is absent. */
export interface Figures {
  readonly members: DeviceTick['members'];
  readonly requestsPerSecond?: number;
  readonly bytesOutPerSecond?: number;
  readonly failuresPerSecond?: number;
  /** Failures over requests, 0 to 1. */
  readonly failedShare?: number;
  readonly highestP95?: { readonly ms: number; readonly device: string };
  /** Load that goes elsewhere than weights ask, 0 to 1: the mean over pools, each by its requests. */
  readonly offBalance?: number;
}

export function figuresOf(tick: Tick): Figures {
  const fresh = tick.devices.filter(({ freshness }) => freshness === 'fresh');
  const requestsPerSecond = sumOf(fresh, 'requestsPerSecond');
  const bytesOutPerSecond = sumOf(fresh, 'bytesOutPerSecond');
  const failuresPerSecond = sumOf(fresh, 'failuresPerSecond');
  const slowest = fresh
    .flatMap(({ device, highestP95Ms }) => (highestP95Ms === undefined ? [] : [{ device, ms: highestP95Ms }]))
    .toSorted((a, b) => b.ms - a.ms)[0];
  const offBalance = offBalanceOf(fresh);
  return {
    members: membersOf(tick.devices),
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    ...(bytesOutPerSecond === undefined ? {} : { bytesOutPerSecond }),
    ...(failuresPerSecond === undefined ? {} : { failuresPerSecond }),
    ...(failuresPerSecond === undefined || requestsPerSecond === undefined || requestsPerSecond === 0
      ? {}
      : { failedShare: Math.min(1, failuresPerSecond / requestsPerSecond) }),
    ...(slowest === undefined ? {} : { highestP95: slowest }),
    ...(offBalance === undefined ? {} : { offBalance }),
  };
}

function membersOf(devices: readonly DeviceTick[]): DeviceTick['members'] {
  function sum(key: keyof DeviceTick['members']): number {
    return devices.reduce((total, { members }) => total + members[key], 0);
  }
  return {
    up: sum('up'),
    down: sum('down'),
    draining: sum('draining'),
    disabled: sum('disabled'),
    total: sum('total'),
  };
}

function sumOf(
  devices: readonly DeviceTick[],
  key: 'requestsPerSecond' | 'bytesOutPerSecond' | 'failuresPerSecond',
): number | undefined {
  const values = devices.flatMap((device) => (device[key] === undefined ? [] : [device[key]]));
  return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
}

function offBalanceOf(devices: readonly DeviceTick[]): number | undefined {
  let weighted = 0;
  let requests = 0;
  for (const { pools } of devices) {
    for (const { offBalance, requestsPerSecond } of pools) {
      if (offBalance === undefined || requestsPerSecond === undefined) continue;
      weighted += offBalance * requestsPerSecond;
      requests += requestsPerSecond;
    }
  }
  return requests === 0 ? undefined : weighted / requests;
}

const comparedOverMs = 4 * 60_000;
const meanOfMs = 10_000;

/** How much the last ten seconds lie over the ten seconds of four minutes ago (0.04 = 4 % more); undefined before there are any. */
export function changeOver(points: readonly TrendPoint[]): number | undefined {
  const nowMs = points.at(-1)?.x;
  if (nowMs === undefined) return undefined;
  const now = meanBetween(points, nowMs - meanOfMs, nowMs);
  const before = meanBetween(points, nowMs - comparedOverMs - meanOfMs, nowMs - comparedOverMs);
  return now === undefined || before === undefined || before === 0 ? undefined : now / before - 1;
}

function meanBetween(points: readonly TrendPoint[], fromMs: number, toMs: number): number | undefined {
  const values = points.flatMap(({ x, y }) => (x > fromMs && x <= toMs && y !== null ? [y] : []));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
