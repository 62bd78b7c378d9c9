import type {
  EngineConfig,
  EngineMember,
  EngineMonitor,
  EnginePool,
  EngineRoute,
  EngineVirtualServer,
} from '../../contract/engine-config.ts';
import { algorithmSettings, type AdminState, type Persistence } from '../../contract/model.ts';
import { isIP } from 'node:net';
import { isAbsolute, join } from 'node:path';
import { parseServerAddress, unixPathOf } from './listen-address.ts';
import { clientTlsSettings, memberTlsSettings, monitorTlsSettings } from './tls.ts';

/**
 * The configuration as the engine runs it: every default applied here and nowhere else, every relative path resolved.
 * Immutable; a reload makes a new one.
 */
export type EngineSettings = ReturnType<typeof resolveSettings>;
export type VirtualServerSettings = ReturnType<typeof virtualServerSettings>;
export type CacheSettings = NonNullable<ReturnType<typeof cacheSettings>>;
export type BandwidthSettings = ReturnType<typeof bandwidthSettings>;
export type RouteSettings = ReturnType<typeof routeSettings>;
export type PoolSettings = ReturnType<typeof poolSettings>;
export type MemberSettings = ReturnType<typeof memberSettings>;
export type MonitorSettings = ReturnType<typeof monitorSettings>;

/** `baseDirectory` is the file's folder: relative paths are relative to the file. */
export function resolveSettings(config: EngineConfig, baseDirectory: string) {
  const nodes = new Map((config.nodes ?? []).map((node) => [node.address, node.adminState ?? 'enabled']));
  const admin = config.admin ?? {};
  return {
    virtualServers: (config.virtualServers ?? []).map((server) => virtualServerSettings(server, baseDirectory)),
    pools: (config.pools ?? []).map((pool) => poolSettings(pool, nodes, baseDirectory)),
    nodes: (config.nodes ?? []).map(({ address, adminState = 'enabled' }) => ({ address, adminState })),
    monitors: (config.monitors ?? []).map((monitor) => monitorSettings(monitor, baseDirectory, config.scripts ?? {})),
    bandwidth: bandwidthSettings(config.bandwidth ?? {}),
    admin: {
      socket: admin.socket === undefined ? '' : at(baseDirectory, admin.socket),
      listen: admin.listen ?? '',
      token: admin.token ?? '',
    },
    log: {
      access: config.log?.access ?? 'none',
      file: config.log?.file === undefined || config.log.file === '' ? '' : at(baseDirectory, config.log.file),
      sample: config.log?.sample ?? 1,
    },
    snmp: config.snmp === undefined ? undefined : snmpSettings(config.snmp),
    haproxySocket: haproxySocketSettings(config.haproxySocket ?? '', baseDirectory),
    resolver: {
      servers: (config.resolver?.servers ?? []).flatMap((text) => parseServerAddress(text) ?? []),
      timeoutMs: config.resolver?.timeoutMs ?? 2000,
    },
    stateDirectory: at(baseDirectory, config.stateDirectory ?? 'steelyard-state'),
    workerTimeoutMs: config.workerTimeoutMs ?? 10_000,
    seed: config.seed ?? 0,
  };
}

function virtualServerSettings(server: EngineVirtualServer, baseDirectory: string) {
  const http = server.http ?? {};
  return {
    name: server.name,
    listen: server.listen.map((text) =>
      text.startsWith('unix:') ? `unix:${at(baseDirectory, text.slice('unix:'.length))}` : text,
    ),
    protocol: server.protocol ?? 'http',
    pool: server.pool ?? '',
    fixedResponse:
      server.fixedResponse === undefined
        ? undefined
        : { status: server.fixedResponse.status, body: server.fixedResponse.body ?? '' },
    redirect:
      server.redirect === undefined ? undefined : { to: server.redirect.to, status: server.redirect.status ?? 302 },
    routes: (server.routes ?? []).map(routeSettings),
    tls: clientTlsSettings(server.tls, http.http2 ?? false, baseDirectory),
    http: {
      http2: http.http2 ?? false,
      redirectToHttps: http.redirectToHttps ?? false,
      forwardedFor: http.forwardedFor ?? 'append',
      forwarded: http.forwarded ?? false,
      clientTimeoutMs: http.clientTimeoutMs ?? 60_000,
      headerTimeoutMs: http.headerTimeoutMs ?? 10_000,
      maxHeaderBytes: http.maxHeaderBytes ?? 16_384,
      maxBodyBytes: http.maxBodyBytes ?? 0,
      compression: http.compression ?? [],
    },
    bandwidth: bandwidthSettings(server.bandwidth ?? {}),
    requestRate: requestRateSettings(server.requestRate ?? {}),
    tcp: {
      idleTimeoutMs: server.tcp?.idleTimeoutMs ?? 300_000,
      helloTimeoutMs: server.tcp?.helloTimeoutMs ?? 10_000,
    },
    udp: {
      idleTimeoutMs: server.udp?.idleTimeoutMs ?? 30_000,
      maxSessions: server.udp?.maxSessions ?? 10_000,
      responses: server.udp?.responses ?? 0,
    },
    proxyProtocol: server.proxyProtocol ?? 'none',
    connectionLimit: server.connectionLimit ?? 0,
    persistence: persistenceSettings(server.persistence ?? {}),
    /** Empty = the system chooses the address that members see. */
    sourceNat: isIP(server.sourceNat ?? '') === 0 ? '' : (server.sourceNat ?? ''),
    backupVirtualServer: server.backupVirtualServer ?? '',
    cache: cacheSettings(server.cache, baseDirectory),
    adminState: server.adminState ?? 'enabled',
  };
}

/** Undefined = nothing is cached. */
function cacheSettings(cache: EngineVirtualServer['cache'], baseDirectory: string) {
  if (cache === undefined) return undefined;
  return {
    maxBytes: cache.maxBytes ?? 268_435_456,
    maxObjectBytes: cache.maxObjectBytes ?? 67_108_864,
    defaultTtlMs: cache.defaultTtlMs ?? 0,
    ranges: cache.ranges ?? true,
    staleWhileRevalidateMs: cache.staleWhileRevalidateMs ?? 0,
    staleIfErrorMs: cache.staleIfErrorMs ?? 0,
    diskPath: cache.diskPath === undefined || cache.diskPath === '' ? '' : at(baseDirectory, cache.diskPath),
    diskMaxBytes: cache.diskMaxBytes ?? 0,
  };
}

function bandwidthSettings(bandwidth: NonNullable<EngineConfig['bandwidth']>) {
  return {
    bytesPerSecond: bandwidth.bytesPerSecond ?? 0,
    perConnectionBytesPerSecond: bandwidth.perConnectionBytesPerSecond ?? 0,
    perClientBytesPerSecond: bandwidth.perClientBytesPerSecond ?? 0,
    afterBytes: bandwidth.afterBytes ?? 0,
  };
}

/** Without a burst a client may spend one second's requests at once; 0 lets it spend one. */
function requestRateSettings(rate: NonNullable<EngineVirtualServer['requestRate']>) {
  const perClientPerSecond = rate.perClientPerSecond ?? 0;
  return { perClientPerSecond, burst: rate.burst ?? Math.ceil(perClientPerSecond) };
}

function routeSettings(route: EngineRoute) {
  const header = route.header === undefined ? undefined : headerCondition(route.header);
  return {
    host: (route.host ?? '').toLowerCase(),
    pathPrefix: route.pathPrefix ?? '',
    pathRegex: route.pathRegex ?? '',
    header,
    method: route.method ?? '',
    sni: (route.sni ?? '').toLowerCase(),
    pool: route.pool,
  };
}

/** `X-Beta` = the header is there; `X-Beta: yes` = it has this value. */
function headerCondition(text: string) {
  const cut = text.indexOf(':');
  if (cut < 0) return { name: text.trim().toLowerCase(), value: undefined };
  return { name: text.slice(0, cut).trim().toLowerCase(), value: text.slice(cut + 1).trim() };
}

const defaultRetry: ('connect-error' | 'reset-before-response' | 'timeout')[] = [
  'connect-error',
  'reset-before-response',
  'timeout',
];

function poolSettings(
  pool: EnginePool,
  nodes: ReadonlyMap<string, 'enabled' | 'draining' | 'disabled'>,
  baseDirectory: string,
) {
  const fallback = pool.fallback;
  return {
    name: pool.name,
    algorithm: algorithmSettings(pool.algorithm ?? 'round-robin'),
    members: (pool.members ?? []).map((member) =>
      memberSettings(
        member,
        stricter(pool.adminState ?? 'enabled', nodes.get(member.address) ?? 'enabled'),
        baseDirectory,
      ),
    ),
    monitors: pool.monitors ?? [],
    monitorsRequired: pool.monitorsRequired ?? 0,
    persistence: persistenceSettings(pool.persistence ?? {}),
    backupPool: pool.backupPool ?? '',
    fallback:
      fallback === undefined
        ? undefined
        : {
            status: fallback.status,
            bodyFile: fallback.bodyFile === undefined ? '' : at(baseDirectory, fallback.bodyFile),
          },
    onMemberDown: pool.onMemberDown ?? 'finish',
    sourceAddress: pool.sourceAddress ?? '',
    minActiveMembers: pool.minActiveMembers ?? 0,
    slowStartMs: pool.slowStartMs ?? 0,
    queue: { limit: pool.queue?.limit ?? 0, timeoutMs: pool.queue?.timeoutMs ?? 5000 },
    retry: {
      attempts: pool.retry?.attempts ?? 1,
      when: pool.retry?.when ?? defaultRetry,
      statuses: pool.retry?.statuses ?? [],
    },
    passive: {
      maxFails: pool.passive?.maxFails ?? 0,
      failTimeoutMs: pool.passive?.failTimeoutMs ?? 10_000,
      statuses: pool.passive?.statuses ?? ['500-599'],
    },
    tls: memberTlsSettings(pool.tls, baseDirectory),
    http2: pool.http2 ?? false,
    sendProxyProtocol: pool.sendProxyProtocol ?? 'none',
    connectTimeoutMs: pool.connectTimeoutMs ?? 5000,
    responseTimeoutMs: pool.responseTimeoutMs ?? 60_000,
    keepAlive: {
      maxIdle: pool.keepAlive?.maxIdle,
      idleTimeoutMs: pool.keepAlive?.idleTimeoutMs ?? 60_000,
    },
  };
}

/** Undefined = clients are not held. */
function persistenceSettings(persistence: Persistence) {
  const { method, cookie = {} } = persistence;
  if (method === undefined) return undefined;
  return {
    method,
    cookieName: persistence.cookieName ?? 'SRV',
    cookie: {
      path: cookie.path ?? '/',
      domain: cookie.domain ?? '',
      secure: cookie.secure ?? false,
      httpOnly: cookie.httpOnly ?? true,
      sameSite: cookie.sameSite ?? '',
    },
    key: persistence.key ?? '',
    expression: persistence.expression ?? persistence.key ?? '',
    fallback: persistence.fallback ?? '',
    ipv4Prefix: persistence.ipv4Prefix ?? 32,
    ipv6Prefix: persistence.ipv6Prefix ?? 128,
    timeoutMs: persistence.timeoutMs ?? 1_800_000,
    maxEntries: persistence.maxEntries ?? 100_000,
  };
}

/** The strictest of the member's own state, its node's and its pool's holds. */
function memberSettings(member: EngineMember, outerState: AdminState, baseDirectory: string) {
  const name = member.name ?? memberName(member.address, member.port);
  const unixPath = unixPathOf(member.address);
  return {
    name,
    address: unixPath === undefined ? member.address : `unix:${at(baseDirectory, unixPath)}`,
    /** 0 where it has none. */
    port: member.port ?? 0,
    /** It stands for the members that DNS names; the engine puts these in its place. */
    discover: member.discover,
    weight: member.weight ?? 1,
    adminState: stricter(member.adminState ?? 'enabled', outerState),
    maxConnections: member.maxConnections ?? 0,
    priority: member.priority ?? 0,
    cookieValue: member.cookieValue ?? name,
    monitors: member.monitors,
  };
}

/** Without `prefix` the tree stands where net-snmp leaves room for experiments. */
function snmpSettings({ listen, community, prefix, users }: NonNullable<EngineConfig['snmp']>) {
  return {
    listen,
    community: community ?? '',
    users: users ?? [],
    prefix: prefix ?? '1.3.6.1.4.1.8072.9999.9999',
  };
}

function haproxySocketSettings(socket: NonNullable<EngineConfig['haproxySocket']>, baseDirectory: string) {
  const { path, level = 'operator' } = typeof socket === 'string' ? { path: socket } : socket;
  return { path: path === '' ? '' : at(baseDirectory, path), level };
}

const strictness = { enabled: 0, draining: 1, disabled: 2 } as const;

/** Of two states that hold at once. */
export function stricter(one: AdminState, other: AdminState): AdminState {
  return strictness[one] >= strictness[other] ? one : other;
}

/** The name of a member that has none: `address:port`, an IPv6 address in brackets; the address where there is no port. */
export function memberName(address: string, port: number | undefined): string {
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function monitorSettings(monitor: EngineMonitor, baseDirectory: string, scripts: Readonly<Record<string, string>>) {
  return {
    ...monitor,
    method: monitor.method ?? 'GET',
    path: monitor.path ?? '/',
    host: monitor.host ?? '',
    headers: monitor.headers ?? {},
    expectStatus: monitor.expectStatus ?? ['200-399'],
    expectBody: monitor.expectBody ?? '',
    drainStatus: monitor.drainStatus ?? [],
    send: monitor.send ?? '',
    expect: monitor.expect ?? '',
    /** What a script or icmp monitor runs. */
    command: scripts[monitor.type === 'icmp' ? 'ping' : (monitor.script ?? '')] ?? '',
    /** Monitors that speak in clear text by default go into TLS where `tls` is written, be it empty. */
    hasTls: monitor.tls !== undefined,
    tls: monitorTlsSettings(monitor.tls ?? {}, baseDirectory),
    intervalMs: monitor.intervalMs ?? 2000,
    timeoutMs: monitor.timeoutMs ?? 1000,
    rise: monitor.rise ?? 2,
    fall: monitor.fall ?? 3,
  };
}

function at(baseDirectory: string, path: string): string {
  return isAbsolute(path) ? path : join(baseDirectory, path);
}
