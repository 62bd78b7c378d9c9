import type { MemberSample, Metric, MetricRow, Rates } from '../../contract/metrics.ts';
import { isServing } from './health.ts';
import type { PoolMinute } from './rolling-minute.ts';

/** What one poll has for the charts of a pool: a row per member, without what the device does not tell. */
export function metricRows({ pool, rates, rotation }: PoolMinute): MetricRow[] {
  const byName = new Map(rates?.members.map((member) => [member.name, member]));
  return pool.members.map((member) => {
    const own = byName.get(member.name);
    const values = valuesOf(member, own, rotation.has(member.name));
    const row = { pool: pool.name, member: member.name, values };
    return own?.times === undefined ? row : { ...row, times: own.times };
  });
}

function valuesOf(member: MemberSample, rates: Rates | undefined, isInRotation: boolean): MetricRow['values'] {
  const values: Partial<Record<Metric, number | undefined>> = {
    requestsPerSecond: rates?.requestsPerSecond,
    connectionsPerSecond: rates?.connectionsPerSecond,
    currentConnections: member.currentConnections,
    bytesInPerSecond: rates?.bytesInPerSecond,
    bytesOutPerSecond: rates?.bytesOutPerSecond,
    responseTimeAverageMs: member.responseTimeMs?.average,
    responseTimeP50Ms: member.responseTimeMs?.p50,
    responseTimeP95Ms: member.responseTimeMs?.p95,
    responseTimeP99Ms: member.responseTimeMs?.p99,
    serverErrorsPerSecond: rates?.serverErrorsPerSecond,
    failuresPerSecond: rates?.failuresPerSecond,
    queuedRequests: member.queuedRequests,
    weight: member.weight,
    healthUp: healthUp(member),
    inRotation: isInRotation ? 1 : 0,
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function healthUp(member: MemberSample): number | undefined {
  if (isServing(member)) return 1;
  return member.health === 'down' ? 0 : undefined;
}
