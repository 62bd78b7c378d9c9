import type { EngineSettings, MemberSettings, PoolSettings, VirtualServerSettings } from '../config/settings.ts';
import type { LeaseTotals } from './leases.ts';

// The limit stands in the name: another limit is another lease, and what was said about the old one is void.

export function memberLease(pool: Pick<PoolSettings, 'name'>, member: MemberSettings): string {
  return `member\n${pool.name}\n${member.name}\n${member.maxConnections}`;
}

export function queueLease({ name, queue }: Pick<PoolSettings, 'name' | 'queue'>): string {
  return `queue\n${name}\n${queue.limit}`;
}

export function serverLease({ name, connectionLimit }: VirtualServerSettings): string {
  return `server\n${name}\n${connectionLimit}`;
}

/** Every limit of a configuration that workers share. */
export function leaseTotals(settings: EngineSettings): LeaseTotals {
  const totals: [string, number][] = [];
  for (const pool of settings.pools) {
    if (pool.queue.limit > 0) totals.push([queueLease(pool), pool.queue.limit]);
    for (const member of pool.members) {
      if (member.maxConnections > 0) totals.push([memberLease(pool, member), member.maxConnections]);
    }
  }
  for (const server of settings.virtualServers) {
    if (server.connectionLimit > 0) totals.push([serverLease(server), server.connectionLimit]);
  }
  return Object.fromEntries(totals);
}

/** The leases of a pool's members: what its queue waits for. */
export function memberLeases(pool: PoolSettings): string[] {
  return pool.members.filter(({ maxConnections }) => maxConnections > 0).map((member) => memberLease(pool, member));
}
