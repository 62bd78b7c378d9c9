import type { MemberRow, PoolRow } from '$contract/api.ts';
import type { Metric } from '$contract/metrics.ts';
import type { Point, PoolSeries } from './pool-series.svelte.ts';

/** What the beam compares, as a metric of the history. */
export const comparedMetrics = {
  requests: 'requestsPerSecond',
  connections: 'currentConnections',
  bytes: 'bytesOutPerSecond',
  none: 'requestsPerSecond',
} as const satisfies Record<PoolRow['comparedBy'], Metric>;

const nearestMs = 5000;

/** A member's numbers at a moment of the charts; what the history does not hold is absent, never the value of now. */
export function memberAt(member: MemberRow, row: PoolRow, series: PoolSeries, atMs: number): MemberRow {
  function at(metric: Metric, name = member.name): number | undefined {
    return nearest(series.points(metric, name), atMs);
  }
  const metric = comparedMetrics[row.comparedBy];
  const own = at(metric);
  const total = row.members.reduce((sum, { name }) => sum + (at(metric, name) ?? 0), 0);
  const { adminState, health, name, address, port, isInRotation, weight, askedShare } = member;
  const responseTimeMs = {
    ...defined('average', at('responseTimeAverageMs')),
    ...defined('p50', at('responseTimeP50Ms')),
    ...defined('p95', at('responseTimeP95Ms')),
  };
  return {
    name,
    adminState,
    health,
    isInRotation,
    responseTimeMs,
    ...defined('address', address),
    ...defined('port', port),
    ...defined('weight', at('weight') ?? weight),
    ...defined('askedShare', askedShare),
    ...defined('measuredShare', own === undefined || total === 0 ? undefined : own / total),
    ...defined('requestsPerSecond', at('requestsPerSecond')),
    ...defined('currentConnections', at('currentConnections')),
    ...defined('bytesOutPerSecond', at('bytesOutPerSecond')),
    ...defined('failuresPerSecond', at('failuresPerSecond')),
  };
}

function defined<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, T>>); // a computed key widens to string
}

/** The value of the nearest point, by halving; undefined where none is within five seconds or it is a gap. */
function nearest(points: readonly Point[], atMs: number): number | undefined {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle]?.x ?? Infinity) < atMs) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [points[low - 1], points[low]];
  const isAfter = after !== undefined && (before === undefined || after.x - atMs < atMs - before.x);
  const best = isAfter ? after : before;
  return best === undefined || Math.abs(best.x - atMs) > nearestMs ? undefined : (best.y ?? undefined);
}
