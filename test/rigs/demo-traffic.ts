import type { Attention, DeviceTick, MemberRow, PoolRow, Tick } from '../../src-main/contract/api.ts';
import type { Metric, Series } from '../../src-main/contract/metrics.ts';
import type { DemoDevice, DemoMember, DemoPool } from './demo-estate.ts';

/** A quiet wave around 1 that depends on the time and a name alone: history and live values agree. */
function wave(atMs: number, name: string, depth = 0.04): number {
  let seed = 0;
  for (const letter of name.slice(0, 40)) seed = (seed * 31 + (letter.codePointAt(0) ?? 0)) % 1000;
  const t = atMs / 1000 + seed;
  return 1 + depth * (Math.sin(t / 7) + Math.sin(t / 2.3 + seed) + Math.sin(t / 31)) * 0.6;
}

function isIn(member: DemoMember): boolean {
  return (member.adminState ?? 'enabled') === 'enabled' && member.isDown !== true;
}

function load(member: DemoMember): number {
  if (member.adminState === 'disabled' || member.isDown === true) return 0;
  return (member.weight ?? 1) * member.pull;
}

function requestsOf(pool: DemoPool, member: DemoMember, atMs: number): number {
  const sum = pool.members.reduce((total, each) => total + load(each), 0);
  return sum === 0 ? 0 : (load(member) / sum) * pool.rate * wave(atMs, member.name);
}

function valueOf(
  metric: Metric,
  pool: DemoPool,
  member: DemoMember,
  atMs: number,
  hasPercentiles: boolean,
): number | null {
  const requests = requestsOf(pool, member, atMs);
  const latency = member.latencyMs * wave(atMs, `${member.name} latency`, 0.1);
  switch (metric) {
    case 'requestsPerSecond':
    case 'connectionsPerSecond':
      return requests;
    case 'currentConnections':
      return Math.round((requests * latency) / 1000 + (member.adminState === 'draining' ? 14 : 0));
    case 'bytesInPerSecond':
      return requests * 700;
    case 'bytesOutPerSecond':
      return requests * 42_000;
    case 'responseTimeAverageMs':
      return hasPercentiles || requests === 0 ? null : latency;
    case 'responseTimeP50Ms':
      return hasPercentiles ? latency * 0.7 : null;
    case 'responseTimeP95Ms':
      return hasPercentiles ? latency * 1.9 : null;
    case 'responseTimeP99Ms':
      return hasPercentiles ? latency * 3.1 : null;
    case 'failuresPerSecond':
      return requests * 0.0009 * Math.max(0, wave(atMs, 'failures', 0.9));
    case 'serverErrorsPerSecond':
      return requests * 0.0006;
    case 'queuedRequests':
      return 0;
    case 'weight':
      return member.weight ?? 1;
    case 'healthUp':
      return member.isDown === true ? 0 : 1;
    case 'inRotation':
      return isIn(member) ? 1 : 0;
    case 'machineCpuPercent':
    case 'machineBytesInPerSecond':
    case 'machineBytesOutPerSecond':
      return null;
  }
}

function rowOf(device: DemoDevice, pool: DemoPool, member: DemoMember, atMs: number): MemberRow {
  const weights = pool.members.filter(isIn).reduce((sum, { weight }) => sum + (weight ?? 1), 0);
  const requests = requestsOf(pool, member, atMs);
  const total = pool.members.reduce((sum, each) => sum + requestsOf(pool, each, atMs), 0);
  const hasPercentiles = device.hasPercentiles === true;
  function value(metric: Metric): number {
    return valueOf(metric, pool, member, atMs, hasPercentiles) ?? 0;
  }
  const isOut = member.adminState === 'disabled' || member.isDown === true;
  return {
    name: member.name,
    ...(member.address === undefined ? {} : { address: member.address }),
    ...(member.port === undefined ? {} : { port: member.port }),
    weight: member.weight ?? 1,
    adminState: member.adminState ?? 'enabled',
    health: member.isDown === true ? 'down' : 'up',
    isInRotation: isIn(member),
    ...(isIn(member) ? { askedShare: (member.weight ?? 1) / weights } : {}),
    ...(isOut || total === 0 ? {} : { measuredShare: requests / total, measuredCount: Math.round(requests * 60) }),
    requestsPerSecond: requests,
    bytesOutPerSecond: value('bytesOutPerSecond'),
    bytesInPerSecond: value('bytesInPerSecond'),
    currentConnections: value('currentConnections'),
    queuedRequests: 0,
    ...(isOut
      ? {}
      : {
          responseTimeMs: hasPercentiles
            ? { p50: value('responseTimeP50Ms'), p95: value('responseTimeP95Ms'), source: 'steelyard engine' }
            : { average: value('responseTimeAverageMs'), source: 'rtime of show stat' },
        }),
    failuresPerSecond: value('failuresPerSecond'),
    serverErrorsPerSecond: value('serverErrorsPerSecond'),
    errorShare: isOut ? 0 : 0.0004 * member.pull,
    ...(member.isDown === true ? { downSince: new Date(atMs - 720_000).toISOString() } : {}),
  };
}

/** The row of a watched pool. */
export function demoRow(device: DemoDevice, pool: DemoPool, atMs: number): PoolRow {
  const members = pool.members.map((member) => rowOf(device, pool, member, atMs));
  const offBalance =
    members.reduce(
      (sum, { measuredShare, askedShare }) => sum + Math.abs((measuredShare ?? 0) - (askedShare ?? measuredShare ?? 0)),
      0,
    ) / 2;
  const isHash = pool.algorithm.endsWith('-hash');
  const isOff = offBalance > 0.03 && !isHash;
  return {
    device: device.name,
    name: pool.name,
    at: new Date(atMs).toISOString(),
    algorithm: pool.algorithm,
    native: `balance ${pool.algorithm}`,
    comparedBy: pool.algorithm === 'least-connections' ? 'connections' : 'requests',
    isReference: isHash,
    ...(members.length === 0 ? {} : { offBalance }),
    ...(isOff
      ? {
          worst: {
            member: pool.members.toSorted((a, b) => b.pull - a.pull)[0]?.name ?? '',
            sentence:
              'it gets more than its weight asks for: 48 % of its requests come from clients that a cookie holds there. A lower weight moves new clients only.',
          },
        }
      : {}),
    health: healthOf(pool),
    members,
  };
}

function healthOf(pool: DemoPool): PoolRow['health'] {
  if (pool.members.length === 0) return 'unknown';
  const wanted = pool.members.filter(({ adminState }) => (adminState ?? 'enabled') === 'enabled');
  if (wanted.length === 0) return 'off';
  const down = wanted.filter(({ isDown }) => isDown === true).length;
  return down === wanted.length ? 'down' : down > 0 ? 'degraded' : 'up';
}

function deviceTick(device: DemoDevice, atMs: number): DeviceTick {
  const members = device.pools.flatMap((pool) => pool.members.map((member) => rowOf(device, pool, member, atMs)));
  function count(is: (member: MemberRow) => boolean): number {
    return members.filter(is).length;
  }
  function sum(
    key: 'requestsPerSecond' | 'bytesOutPerSecond' | 'bytesInPerSecond' | 'failuresPerSecond' | 'currentConnections',
  ): number {
    return members.reduce((total, member) => total + (member[key] ?? 0), 0);
  }
  const healths = device.pools.map(healthOf);
  const slowest = Math.max(0, ...members.map(({ responseTimeMs }) => responseTimeMs?.p95 ?? 0));
  return {
    device: device.name,
    freshness: device.isStale === true ? 'stale' : 'fresh',
    at: new Date(device.isStale === true ? atMs - 130_000 : atMs).toISOString(),
    health: (['down', 'degraded'] as const).find((health) => healths.includes(health)) ?? 'up',
    members: {
      up: count(({ adminState, health }) => adminState === 'enabled' && health === 'up'),
      down: count(({ adminState, health }) => adminState === 'enabled' && health === 'down'),
      draining: count(({ adminState }) => adminState === 'draining'),
      disabled: count(({ adminState }) => adminState === 'disabled'),
      total: members.length,
    },
    requestsPerSecond: sum('requestsPerSecond'),
    bytesOutPerSecond: sum('bytesOutPerSecond'),
    bytesInPerSecond: sum('bytesInPerSecond'),
    failuresPerSecond: sum('failuresPerSecond'),
    currentConnections: sum('currentConnections'),
    ...(slowest > 0 ? { highestP95Ms: slowest } : {}),
    pools: device.pools.map((pool) => {
      const row = demoRow(device, pool, atMs);
      return {
        name: pool.name,
        health: row.health,
        up: row.members.filter(({ health, adminState }) => health === 'up' && adminState === 'enabled').length,
        total: row.members.length,
        ...(row.offBalance === undefined ? {} : { offBalance: row.offBalance }),
        requestsPerSecond: row.members.reduce((total, { requestsPerSecond }) => total + (requestsPerSecond ?? 0), 0),
      };
    }),
  };
}

function attentionOf(devices: readonly DemoDevice[], atMs: number): readonly Attention[] {
  return devices.flatMap((device): Attention[] => {
    if (device.isStale === true) {
      return [
        {
          severity: 'stale',
          device: device.name,
          sentence: 'SSH timed out at the jump host bastion-nyc3, not at the target',
          since: new Date(atMs - 130_000).toISOString(),
        },
      ];
    }
    return device.pools.flatMap((pool) =>
      pool.members.flatMap((member): Attention[] => {
        const where = { device: device.name, pool: pool.name, member: member.name };
        if (member.isDown === true) {
          return [
            {
              ...where,
              severity: 'down',
              sentence: 'L4CON: connection refused on 3 checks in a row',
              since: new Date(atMs - 720_000).toISOString(),
            },
          ];
        }
        if (member.pull > 1.3) {
          return [
            {
              ...where,
              severity: 'degraded',
              sentence: 'gets 6.2 points more than its weight asks for',
              since: new Date(atMs - 660_000).toISOString(),
            },
          ];
        }
        return [];
      }),
    );
  });
}

export function demoTick(
  devices: readonly DemoDevice[],
  watched: readonly { readonly device: string; readonly pool: string }[],
  atMs: number,
): Tick {
  return {
    at: new Date(atMs).toISOString(),
    devices: devices.map((device) => deviceTick(device, atMs)),
    pools: watched.flatMap(({ device: name, pool: wanted }) => {
      const device = devices.find((candidate) => candidate.name === name);
      const pool = device?.pools.find((candidate) => candidate.name === wanted);
      const rowMs = device?.isStale === true ? atMs - 130_000 : atMs;
      return device === undefined || pool === undefined ? [] : [demoRow(device, pool, rowMs)];
    }),
    attention: attentionOf(devices, atMs),
    polling: { p95Ms: 34, late: 0 },
  };
}

const wholeMetrics: Partial<Record<Metric, (tick: DeviceTick) => number | undefined>> = {
  requestsPerSecond: (tick) => tick.requestsPerSecond,
  bytesOutPerSecond: (tick) => tick.bytesOutPerSecond,
  failuresPerSecond: (tick) => tick.failuresPerSecond,
  responseTimeP95Ms: (tick) => tick.highestP95Ms,
};

/** The history of a device as a whole. */
export function demoWhole(
  device: DemoDevice,
  metric: Metric,
  span: { readonly fromMs: number; readonly toMs: number },
): Series {
  const times: number[] = [];
  for (let atMs = Math.ceil(span.fromMs / 1000) * 1000; atMs <= span.toMs; atMs += 1000) times.push(atMs);
  const values = times.map((atMs) => wholeMetrics[metric]?.(deviceTick(device, atMs)) ?? null);
  return { metric, resolutionMs: 1000, lines: [{ name: '', times, values }], gaps: [], markers: [] };
}

/** The history of a metric: one point a second, and a hole of 20 s a minute and a half ago. */
export function demoSeries(
  device: DemoDevice,
  pool: DemoPool,
  metric: Metric,
  span: { readonly fromMs: number; readonly toMs: number },
  members: readonly string[] | undefined,
): Series {
  const toMs = device.isStale === true ? span.toMs - 130_000 : span.toMs;
  const gap = { fromMs: span.toMs - 110_000, toMs: span.toMs - 90_000 };
  const times: number[] = [];
  for (let atMs = Math.ceil(span.fromMs / 1000) * 1000; atMs <= toMs; atMs += 1000) {
    if (atMs < gap.fromMs || atMs > gap.toMs) times.push(atMs);
  }
  return {
    metric,
    resolutionMs: 1000,
    lines: pool.members
      .filter(({ name }) => members === undefined || members.includes(name))
      .map((member) => ({
        name: member.name,
        times,
        values: times.map((atMs) => valueOf(metric, pool, member, atMs, device.hasPercentiles === true)),
      })),
    gaps: device.isStale === true ? [gap, { fromMs: toMs, toMs: span.toMs }] : [{ ...gap, sleep: gap }],
    markers: [{ atMs: span.toMs - 200_000, label: '#410 dl-fra-06 draining' }],
  };
}
