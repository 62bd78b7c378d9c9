import type { DeviceState, DeviceTick } from '../../contract/api.ts';
import { type MemberSample, type Metric, type MetricRow, wholeDevice } from '../../contract/metrics.ts';
import { isServing, poolHealth, worstHealth } from './health.ts';
import { poolRow } from './pool-row.ts';
import type { PoolMinute, RollingMinute } from './rolling-minute.ts';

/** A device's sums for lists. A device that has not answered yet has no numbers. */
export function deviceTick(device: string, freshness: DeviceState['freshness'], minute: RollingMinute): DeviceTick {
  const at = minute.sample?.at;
  const pools = minute.pools();
  const members = countedOnce(pools).flatMap(({ pool }) => pool.members);
  return {
    device,
    freshness,
    ...(at === undefined ? {} : { at }),
    health: worstHealth(pools.map(({ pool }) => poolHealth(pool.members))),
    members: countMembers(members),
    ...deviceSums(minute),
    pools: pools.map((pool) => {
      const { offBalance, health, name } = poolRow(device, at ?? '', pool);
      return {
        name,
        health,
        up: pool.pool.members.filter((member) => isUp(member)).length,
        total: pool.pool.members.length,
        ...(offBalance === undefined ? {} : { offBalance }),
        ...total('requestsPerSecond', [pool.rates?.requestsPerSecond]),
      };
    }),
  };
}

/** What is summed over all members of a device, its machine, and the highest p95 among them. */
export function deviceSums(minute: RollingMinute): DeviceSums {
  const pools = countedOnce(minute.pools());
  const members = pools.flatMap(({ pool }) => pool.members);
  const rates = pools.flatMap((pool) => pool.rates ?? []);
  return {
    ...total(
      'requestsPerSecond',
      rates.map((rate) => rate.requestsPerSecond),
    ),
    ...total(
      'bytesOutPerSecond',
      rates.map((rate) => rate.bytesOutPerSecond),
    ),
    ...total(
      'bytesInPerSecond',
      rates.map((rate) => rate.bytesInPerSecond),
    ),
    ...total(
      'failuresPerSecond',
      rates.map((rate) => rate.failuresPerSecond),
    ),
    ...total(
      'currentConnections',
      members.map((member) => member.currentConnections),
    ),
    ...machineOf(minute),
    ...highestP95(members),
  };
}

function countedOnce(pools: readonly PoolMinute[]): readonly PoolMinute[] {
  return pools.filter(({ pool }) => pool.isRepeated !== true);
}

type DeviceSums = Pick<DeviceTick, Total | 'machine' | 'highestP95Ms'>;

/** The same as a row of the history. */
export function deviceRow(minute: RollingMinute): MetricRow {
  const { machine, highestP95Ms, ...sums } = deviceSums(minute);
  const values: Partial<Record<Metric, number | undefined>> = {
    ...sums,
    responseTimeP95Ms: highestP95Ms,
    machineCpuPercent: machine?.cpuPercent,
    machineBytesInPerSecond: machine?.bytesInPerSecond,
    machineBytesOutPerSecond: machine?.bytesOutPerSecond,
  };
  return {
    ...wholeDevice,
    values: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)),
  };
}

function isUp(member: MemberSample): boolean {
  return (member.adminState ?? 'enabled') === 'enabled' && isServing(member);
}

function countMembers(members: readonly MemberSample[]): DeviceTick['members'] {
  function count(isCounted: (member: MemberSample) => boolean): number {
    return members.filter(isCounted).length;
  }
  return {
    up: count(isUp),
    down: count((member) => (member.adminState ?? 'enabled') === 'enabled' && member.health === 'down'),
    draining: count((member) => member.adminState === 'draining'),
    disabled: count((member) => member.adminState === 'disabled'),
    total: members.length,
  };
}

type Total =
  'requestsPerSecond' | 'bytesOutPerSecond' | 'bytesInPerSecond' | 'failuresPerSecond' | 'currentConnections';

function total<K extends Total>(key: K, values: readonly (number | undefined)[]): Partial<Record<K, number>> {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return {};
  const sums: Partial<Record<Total, number>> = { [key]: known.reduce((sum, value) => sum + value, 0) };
  return sums;
}

function highestP95(members: readonly MemberSample[]): { highestP95Ms?: number } {
  const known = members.flatMap((member) => member.responseTimeMs?.p95 ?? []);
  return known.length === 0 ? {} : { highestP95Ms: known.reduce((one, other) => Math.max(one, other)) };
}

/** A balancer's own CPU (HAProxy's process) is not the machine's: where both are told, the machine's has a name of its own. */
function machineOf({ sample, rates }: RollingMinute): Pick<DeviceTick, 'machine'> {
  const { hostCpuPercent, memoryPercent, diskPercent, cpuPercent } = sample?.system ?? {};
  const interfaces = sample?.interfaces;
  if (hostCpuPercent === undefined && memoryPercent === undefined && interfaces === undefined) return {};
  const outside = new Set(interfaces?.filter(({ isLoopback }) => isLoopback !== true).map(({ name }) => name));
  const passing = rates?.interfaces?.filter(({ name }) => outside.has(name)) ?? [];
  const cpu = hostCpuPercent ?? cpuPercent;
  return {
    machine: {
      ...(cpu === undefined ? {} : { cpuPercent: cpu }),
      ...(memoryPercent === undefined ? {} : { memoryPercent }),
      ...(diskPercent === undefined ? {} : { diskPercent }),
      ...total(
        'bytesInPerSecond',
        passing.map((one) => one.bytesInPerSecond),
      ),
      ...total(
        'bytesOutPerSecond',
        passing.map((one) => one.bytesOutPerSecond),
      ),
    },
  };
}
