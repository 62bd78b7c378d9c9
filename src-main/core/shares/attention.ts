import type { Attention, DeviceState } from '../../contract/api.ts';
import type { Problem } from '../../contract/errors.ts';
import type { MemberSample, PoolSample } from '../../contract/metrics.ts';
import { isOffByUs, poolHealth } from './health.ts';

/** What is known of one device when lines are made. */
export interface DeviceStanding {
  readonly device: string;
  readonly freshness: DeviceState['freshness'];
  readonly lastSampleAt?: string;
  readonly problem?: Problem;
  readonly pools: readonly PoolSample[];
}

const maxLines = 20;
const severities: readonly Attention['severity'][] = ['down', 'degraded', 'stale'];

interface Fault {
  readonly device: string;
  readonly pool: string;
  readonly member: MemberSample;
}

/**
 * What needs someone, worst first, one line per cause: a host that is down in several pools is one line, so is a pool that is down, and so
 * are the members of one pool. What is off by us is no line. After 20 lines the rest is a count.
 */
export function attentionLines(devices: readonly DeviceStanding[]): Attention[] {
  const lines = [
    ...devices.flatMap(staleLine),
    ...devices.flatMap(downPools),
    ...downMembers(devices),
    ...limited(devices),
  ];
  const sorted = lines.toSorted(
    (one, other) =>
      severities.indexOf(one.severity) - severities.indexOf(other.severity) ||
      (one.since ?? '9').localeCompare(other.since ?? '9') ||
      one.device.localeCompare(other.device),
  );
  const rest = sorted[maxLines - 1];
  if (sorted.length <= maxLines || !rest) return sorted;
  const more = `${sorted.length - maxLines + 1} more need someone.`;
  return [...sorted.slice(0, maxLines - 1), { severity: rest.severity, device: rest.device, sentence: more }];
}

function staleLine({ device, freshness, lastSampleAt, problem }: DeviceStanding): Attention[] {
  if (freshness !== 'stale' && !(freshness === 'waiting' && problem)) return [];
  const why = problem ? `${problem.title} ${problem.detail}` : 'It has not answered since.';
  return [{ severity: 'stale', device, sentence: `${device} is not readable. ${why}`, ...sinceOf([lastSampleAt]) }];
}

function downPools({ device, pools }: DeviceStanding): Attention[] {
  return pools
    .filter((pool) => poolHealth(pool.members) === 'down')
    .map((pool) => {
      const down = pool.members.filter(isDown);
      const sentence = `${pool.name} is down: ${down.length === 1 ? 'its only member is' : `all ${down.length} members are`} down.`;
      return {
        severity: 'down',
        device,
        pool: pool.name,
        sentence,
        ...sinceOf(down.map((member) => member.downSince)),
      };
    });
}

/** Members that are down in pools which still serve. */
function downMembers(devices: readonly DeviceStanding[]): Attention[] {
  const faults = devices.flatMap(({ device, pools }) =>
    pools
      .filter((pool) => poolHealth(pool.members) === 'degraded')
      .flatMap((pool) => pool.members.filter(isDown).map((member): Fault => ({ device, pool: pool.name, member }))),
  );
  const byHost = Map.groupBy(
    faults,
    ({ member, device, pool }) => member.address ?? `${device} ${pool} ${member.name}`,
  );
  const hosts = [...byHost.values()].filter((group) => new Set(group.map(poolKey)).size > 1);
  const inHosts = new Set(hosts.flat());
  const byPool = Map.groupBy(
    faults.filter((fault) => !inHosts.has(fault)),
    poolKey,
  );
  return [...hosts.map(hostLine), ...[...byPool.values()].map((group) => poolLine(group, devices))].flat();
}

function poolKey({ device, pool }: Fault): string {
  return JSON.stringify([device, pool]);
}

function hostLine(faults: readonly Fault[]): Attention[] {
  const [first] = faults;
  if (!first) return [];
  const pools = new Set(faults.map(poolKey)).size;
  const devices = new Set(faults.map(({ device }) => device)).size;
  const where = devices > 1 ? `${pools} pools of ${devices} devices` : `${pools} pools`;
  const sentence = `${first.member.address ?? first.member.name} is down in ${where}; the other members serve.`;
  return [
    { severity: 'degraded', device: first.device, member: first.member.name, sentence, ...sinceOfFaults(faults) },
  ];
}

function poolLine(faults: readonly Fault[], devices: readonly DeviceStanding[]): Attention[] {
  const [first] = faults;
  if (!first) return [];
  const { device, pool } = first;
  const all = devices.find((one) => one.device === device)?.pools.find((one) => one.name === pool)?.members ?? [];
  const asked = all.filter((member) => !isOffByUs(member));
  const total = asked.length;
  const serving = asked.filter((member) => !isDown(member)).length;
  const base = { severity: 'degraded', device, pool, ...sinceOfFaults(faults) } as const;
  if (faults.length > 1)
    return [{ ...base, sentence: `${faults.length} of ${total} members of ${pool} are down: ${names(faults)}.` }];
  return [
    {
      ...base,
      member: first.member.name,
      sentence: `${first.member.name} of ${pool} is down; ${serving} of ${total} serve.`,
    },
  ];
}

function limited(devices: readonly DeviceStanding[]): Attention[] {
  return devices.flatMap(({ device, pools }) =>
    pools.flatMap((pool) =>
      pool.members
        .filter((member) => member.health === 'limited' && !isOffByUs(member))
        .map(({ name }): Attention => {
          const sentence = `${name} of ${pool.name} is at its connection limit.`;
          return { severity: 'degraded', device, pool: pool.name, member: name, sentence };
        }),
    ),
  );
}

function isDown(member: MemberSample): boolean {
  return member.health === 'down' && !isOffByUs(member);
}

function names(faults: readonly Fault[]): string {
  const listed = faults.slice(0, 3).map(({ member }) => member.name);
  return faults.length > 3 ? `${listed.join(', ')} and ${faults.length - 3} more` : listed.join(', ');
}

function sinceOfFaults(faults: readonly Fault[]): { since?: string } {
  return sinceOf(faults.map(({ member }) => member.downSince));
}

/** The earliest of the times that are known. */
function sinceOf(times: readonly (string | undefined)[]): { since?: string } {
  const since = times.filter((time) => time !== undefined).toSorted()[0];
  return since === undefined ? {} : { since };
}
