import type { CacheStatistics, EngineStatistics } from '../supervisor/stats.ts';

type Labels = Readonly<Record<string, string>>;
type Samples = readonly (readonly [Labels, number])[];

/** The statistics in Prometheus' text format 0.0.4. */
export function renderMetrics(stats: EngineStatistics): string {
  const members = stats.pools.flatMap((pool) =>
    pool.members.map((member) => ({ labels: { pool: pool.name, member: member.name }, member })),
  );
  const servers = stats.virtualServers.map((server) => ({ labels: { virtual_server: server.name }, server }));
  function ofMembers(value: (member: (typeof members)[number]['member']) => number): Samples {
    return members.map(({ labels, member }) => [labels, value(member)]);
  }
  function ofServers(value: (server: (typeof servers)[number]['server']) => number): Samples {
    return servers.map(({ labels, server }) => [labels, value(server)]);
  }
  function ofCaches(value: (cache: CacheStatistics) => number): Samples {
    return servers.flatMap(({ labels, server }) =>
      server.cache === undefined ? [] : [[labels, value(server.cache)] as const],
    );
  }
  return [
    family(
      'steelyard_member_up',
      'gauge',
      'Takes traffic as far as its monitors know.',
      ofMembers((m) => (m.health === 'down' ? 0 : 1)),
    ),
    family(
      'steelyard_member_enabled',
      'gauge',
      'Its administrative state is enabled.',
      ofMembers((m) => (m.adminState === 'enabled' ? 1 : 0)),
    ),
    family(
      'steelyard_member_weight',
      'gauge',
      'Its weight.',
      ofMembers((m) => m.weight),
    ),
    family(
      'steelyard_member_connections',
      'gauge',
      'Exchanges in flight.',
      ofMembers((m) => m.currentConnections),
    ),
    family(
      'steelyard_member_connections_total',
      'counter',
      'Connections opened to it.',
      ofMembers((m) => m.totalConnections),
    ),
    family(
      'steelyard_member_requests_total',
      'counter',
      'Requests sent to it.',
      ofMembers((m) => m.requests),
    ),
    family(
      'steelyard_member_bytes_in_total',
      'counter',
      'Bytes sent to it.',
      ofMembers((m) => m.bytesIn),
    ),
    family(
      'steelyard_member_bytes_out_total',
      'counter',
      'Bytes of its responses sent to clients.',
      ofMembers((m) => m.bytesOut),
    ),
    family(
      'steelyard_member_responses_total',
      'counter',
      'Responses by class.',
      members.flatMap(({ labels, member }) => spread(labels, 'class', member.responses)),
    ),
    family(
      'steelyard_member_errors_total',
      'counter',
      'Failures by cause.',
      members.flatMap(({ labels, member }) => spread(labels, 'cause', member.errors)),
    ),
    family(
      'steelyard_member_response_time_seconds',
      'gauge',
      'Time from request to response head, over the last minute, by percentile.',
      members.flatMap(({ labels, member }) => percentiles(labels, member.responseTimeMs)),
    ),
    family(
      'steelyard_virtual_server_connections',
      'gauge',
      'Open client connections.',
      ofServers((s) => s.currentConnections),
    ),
    family(
      'steelyard_virtual_server_connections_total',
      'counter',
      'Client connections.',
      ofServers((s) => s.totalConnections),
    ),
    family(
      'steelyard_virtual_server_requests_total',
      'counter',
      'Well-formed requests.',
      ofServers((s) => s.requests),
    ),
    family(
      'steelyard_virtual_server_bytes_in_total',
      'counter',
      'Bytes sent to members.',
      ofServers((s) => s.bytesIn),
    ),
    family(
      'steelyard_virtual_server_bytes_out_total',
      'counter',
      'Bytes sent to clients.',
      ofServers((s) => s.bytesOut),
    ),
    family(
      'steelyard_virtual_server_responses_total',
      'counter',
      'Responses by class.',
      servers.flatMap(({ labels, server }) => spread(labels, 'class', server.responses)),
    ),
    family(
      'steelyard_virtual_server_drops_total',
      'counter',
      'What was not served, by reason.',
      servers.flatMap(({ labels, server }) => spread(labels, 'reason', server.drops)),
    ),
    ...(['hits', 'misses', 'stale', 'revalidated', 'collapsed', 'stored', 'passes', 'evicted'] as const).map((name) =>
      family(
        `steelyard_cache_${name}_total`,
        'counter',
        cacheHelp[name],
        ofCaches((cache) => cache[name]),
      ),
    ),
    family(
      'steelyard_cache_served_bytes_total',
      'counter',
      'Bytes of bodies that came from the cache.',
      ofCaches((cache) => cache.bytesServed),
    ),
    family(
      'steelyard_cache_bytes',
      'gauge',
      'Bytes that it holds.',
      ofCaches((cache) => cache.bytes),
    ),
    family(
      'steelyard_cache_objects',
      'gauge',
      'Responses that it holds.',
      ofCaches((cache) => cache.objects),
    ),
    family(
      'steelyard_cache_disk_bytes',
      'gauge',
      'Bytes that it holds in files.',
      ofCaches((cache) => cache.diskBytes),
    ),
    family(
      'steelyard_pool_queued_requests',
      'gauge',
      'Requests that wait for room.',
      stats.pools.map((pool) => [{ pool: pool.name }, pool.queuedRequests]),
    ),
    family(
      'steelyard_pool_retries_total',
      'counter',
      'Requests sent again to another member.',
      stats.pools.map((pool) => [{ pool: pool.name }, pool.retries]),
    ),
    family(
      'steelyard_pool_held_requests_total',
      'counter',
      'Requests by how persistence found their member; keyless ones are counted by how else too.',
      stats.pools.flatMap(({ name, persistence }) =>
        (['held', 'heldByFallback', 'heldAnew', 'keyless'] as const).flatMap((by): Samples =>
          persistence === undefined ? [] : [[{ pool: name, by }, persistence[by]]],
        ),
      ),
    ),
    family(
      'steelyard_pool_held_clients',
      'gauge',
      'Clients that persistence holds in tables.',
      stats.pools.flatMap(({ name, persistence }): Samples =>
        persistence === undefined ? [] : [[{ pool: name }, persistence.entries]],
      ),
    ),
    family(
      'steelyard_worker_ends_total',
      'counter',
      'Workers that ended by themselves, or were killed because they hung.',
      stats.workers.flatMap(({ index, ended, hung }) =>
        spread({ worker: String(index) }, 'cause', { hung, other: ended - hung }),
      ),
    ),
    ...(stats.accessLog === undefined
      ? []
      : [
          family('steelyard_access_log_lines_total', 'counter', 'Lines written.', [[{}, stats.accessLog.lines]]),
          family('steelyard_access_log_lost_lines_total', 'counter', 'Lines that there was no room for.', [
            [{}, stats.accessLog.lost],
          ]),
        ]),
  ].join('');
}

const cacheHelp = {
  hits: 'Requests answered from the cache.',
  misses: 'Requests that a member had to be asked for.',
  stale: 'Hits that were stale.',
  revalidated: 'Answers 304 of members.',
  collapsed: 'Misses that waited for the request of another.',
  stored: 'Responses stored.',
  passes: 'Requests that are not for a cache.',
  evicted: 'Responses that had to make room.',
} as const;

function family(name: string, type: 'counter' | 'gauge', help: string, samples: Samples): string {
  const lines = samples.map(([labels, value]) => `${name}${renderLabels(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function spread(labels: Labels, label: string, counts: Readonly<Record<string, number>>): Samples {
  return Object.entries(counts).map(([key, value]) => [{ ...labels, [label]: key }, value]);
}

function percentiles(
  labels: Labels,
  times: { readonly p50?: number; readonly p95?: number; readonly p99?: number },
): Samples {
  const list: (readonly [string, number | undefined])[] = [
    ['50', times.p50],
    ['95', times.p95],
    ['99', times.p99],
  ];
  return list.flatMap(([percentile, value]) =>
    value === undefined ? [] : [[{ ...labels, percentile }, value / 1000] as const],
  );
}

function renderLabels(labels: Labels): string {
  if (Object.keys(labels).length === 0) return '';
  const parts = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`,
  );
  return `{${parts.join(',')}}`;
}
