import { z } from 'zod';

/**
 * The vendor-neutral model. The engine's YAML is this model written down; a driver's reading of a device is it too.
 * Everything but names is optional here: a key that a configuration does not write is absent, never a default.
 * Units stand in the names (`Ms`, `S`, `Bytes`, `bytesPerSecond`). Objects are strict: an unknown key is an error.
 */

const name = z.string().min(1).max(1024);
const count = z.number().int().min(0);
const milliseconds = z.number().int().min(0).max(2_147_483_647);
const port = z.number().int().min(0).max(65_535);
const statusRange = z.string().regex(/^[1-5]\d\d(-[1-5]\d\d)?$/, 'a status or a range, as 200 or 200-399');

/** What an operator wants. `draining`: held clients still come; `disabled`: no new connection at all. */
export const adminStateSchema = z.enum(['enabled', 'draining', 'disabled']);
export type AdminState = z.infer<typeof adminStateSchema>;

/** What is. `limited` = healthy and at its connection limit; `checking` = no verdict yet; `unknown` = none to be had. */
export const healthSchema = z.enum(['up', 'down', 'limited', 'unmonitored', 'checking', 'unknown']);
export type Health = z.infer<typeof healthSchema>;

/** Every neutral algorithm name (vocabulary 5.1); which of them a device can run is a capability of its driver. */
export const algorithmNames = [
  'round-robin',
  'static-round-robin',
  'least-connections',
  'least-requests',
  'least-response-time',
  'least-bandwidth',
  'least-packets',
  'least-sessions',
  'random',
  'random-two-choices',
  'first-available',
  'dynamic-ratio',
  'ratio-session',
  'observed',
  'predictive',
  'source-ip-hash',
  'source-ip-port-hash',
  'dest-ip-hash',
  'src-dst-hash',
  'uri-hash',
  'host-hash',
  'header-hash',
  'cookie-hash',
  'query-param-hash',
  'expression-hash',
  'rdp-cookie-hash',
  'sip-callid-hash',
  'geo',
  'proximity',
  'stateless',
  'link',
  'delegated',
  'unknown',
] as const;
export const algorithmNameSchema = z.enum(algorithmNames);
export type AlgorithmName = z.infer<typeof algorithmNameSchema>;

/**
 * An algorithm with its settings. `hash` names how a hash is spread over members; `hashFunction`, `avalanche`, `depth`,
 * `length`, `whole`, `pathOnly`, `useDomainOnly`, `checkPost` are the hash settings that devices have (HAProxy `balance`, `hash-type`).
 * `boundedLoad` is a factor (1.25 = at most 25 % over the mean). `native` is the device's own word, kept beside ours.
 */
export const algorithmSettingsSchema = z.strictObject({
  name: algorithmNameSchema,
  key: z.string().optional(),
  hash: z.enum(['ring', 'maglev', 'rendezvous', 'modulo']).optional(),
  hashFunction: z.string().optional(),
  avalanche: z.boolean().optional(),
  boundedLoad: z.number().min(1).optional(),
  choices: z.number().int().min(1).max(100).optional(),
  depth: count.optional(),
  length: count.optional(),
  whole: z.boolean().optional(),
  pathOnly: z.boolean().optional(),
  useDomainOnly: z.boolean().optional(),
  checkPost: z.boolean().optional(),
  netmask: z.string().optional(),
  weighted: z.boolean().optional(),
  per: z.enum(['node', 'member']).optional(),
  native: z.string().optional(),
});
export type AlgorithmSettings = z.infer<typeof algorithmSettingsSchema>;
export const algorithmSchema = z.union([algorithmNameSchema, algorithmSettingsSchema]);
export type Algorithm = z.infer<typeof algorithmSchema>;

/** The long form of an algorithm, whichever way it was written. */
export function algorithmSettings(algorithm: Algorithm): AlgorithmSettings {
  return typeof algorithm === 'string' ? { name: algorithm } : algorithm;
}

/** A member of a pool: an address and a port that take traffic. `priority` -1 = backup; `weight` 0 = no new clients. */
export const memberSchema = z.strictObject({
  name,
  address: z.string().optional(),
  port: port.optional(),
  weight: z.number().int().min(0).max(65_535).optional(),
  adminState: adminStateSchema.optional(),
  maxConnections: count.optional(),
  /** Most requests that wait for this member alone; 0 = no bound. */
  maxQueue: count.optional(),
  priority: z.number().int().optional(),
  cookieValue: z.string().optional(),
  discover: z.enum(['a', 'srv']).optional(),
  /** A monitor of this member alone, by name. */
  monitors: z.array(name).optional(),
  /** The node that it stands on, where the device names nodes (F5 `node`, NetScaler `server`, A10 `slb server`). */
  node: name.optional(),
  native: z.record(z.string(), z.string()).optional(),
});
export type Member = z.infer<typeof memberSchema>;

export const cookieSchema = z.strictObject({
  path: z.string().optional(),
  domain: z.string().optional(),
  secure: z.boolean().optional(),
  httpOnly: z.boolean().optional(),
  sameSite: z.enum(['', 'Strict', 'Lax', 'None']).optional(),
});

/** Keeps a client on its member. `method` other than the engine's own are what devices have (vocabulary 5.2). */
export const persistenceSchema = z.strictObject({
  method: z
    .enum([
      'cookie-insert',
      'cookie-rewrite',
      'cookie-prefix',
      'cookie-learn',
      'cookie-hash',
      'source-ip',
      'dest-ip',
      'src-dst-ip',
      'tls-session-id',
      'header',
      'query-param',
      'expression',
      'rdp',
      'sip',
      'unknown',
    ])
    .optional(),
  name: z.string().optional(),
  cookieName: z.string().optional(),
  cookie: cookieSchema.optional(),
  key: z.string().optional(),
  expression: z.string().optional(),
  ipv4Prefix: z.number().int().min(0).max(32).optional(),
  ipv6Prefix: z.number().int().min(0).max(128).optional(),
  timeoutMs: milliseconds.optional(),
  maxEntries: count.optional(),
  fallback: z.string().optional(),
  native: z.string().optional(),
});
export type Persistence = z.infer<typeof persistenceSchema>;

/** TLS towards the member. */
export const serverTlsSchema = z.strictObject({
  verify: z.boolean().optional(),
  caFile: z.string().optional(),
  serverName: z.string().optional(),
  sendSni: z.boolean().optional(),
  minVersion: z.string().optional(),
  maxVersion: z.string().optional(),
  ciphers: z.array(z.string()).optional(),
  profile: z.string().optional(),
});

export const poolSchema = z.strictObject({
  name,
  algorithm: algorithmSchema.optional(),
  members: z.array(memberSchema).optional(),
  monitors: z.array(name).optional(),
  /** How many of `monitors` must pass (F5 `min N of`); absent = all. */
  monitorsRequired: count.optional(),
  persistence: persistenceSchema.optional(),
  backupPool: name.optional(),
  fallback: z.strictObject({ status: z.number().int(), bodyFile: z.string().optional() }).optional(),
  onMemberDown: z.enum(['finish', 'reset', 'reselect', 'drop']).optional(),
  sourceAddress: z.string().optional(),
  minActiveMembers: count.optional(),
  slowStartMs: milliseconds.optional(),
  queue: z.strictObject({ limit: count.optional(), timeoutMs: milliseconds.optional() }).optional(),
  retry: z
    .strictObject({
      attempts: count.optional(),
      when: z.array(z.enum(['connect-error', 'reset-before-response', 'timeout'])).optional(),
      statuses: z.array(z.number().int()).optional(),
      /** A further try may go to another member than the one that a cookie or a table holds (HAProxy `option redispatch`). */
      redispatch: z.boolean().optional(),
    })
    .optional(),
  passive: z
    .strictObject({
      maxFails: count.optional(),
      failTimeoutMs: milliseconds.optional(),
      statuses: z.array(statusRange).optional(),
      /** What of the traffic is watched, and what a device does at `maxFails` (HAProxy's own words). */
      observe: z.enum(['layer4', 'layer7']).optional(),
      onError: z.enum(['fastinter', 'fail-check', 'sudden-death', 'mark-down']).optional(),
    })
    .optional(),
  /** What happens to connections of a backup member when another one is up again. */
  onMemberUp: z.enum(['finish', 'reset-backups']).optional(),
  tls: serverTlsSchema.optional(),
  /** Members are asked in HTTP/2: by ALPN under TLS, else by prior knowledge. */
  http2: z.boolean().optional(),
  sendProxyProtocol: z.enum(['v1', 'v2', 'none']).optional(),
  connectTimeoutMs: milliseconds.optional(),
  responseTimeoutMs: milliseconds.optional(),
  keepAlive: z.strictObject({ maxIdle: count.optional(), idleTimeoutMs: milliseconds.optional() }).optional(),
  /** Layer that the device balances this pool on, where it says so. */
  protocol: z.enum(['http', 'tcp', 'udp']).optional(),
  adminState: adminStateSchema.optional(),
  native: z.record(z.string(), z.string()).optional(),
});
export type Pool = z.infer<typeof poolSchema>;

/** A condition and where it leads: a pool, or an answer of the device itself. Without any of them `native` says it all. */
export const routeSchema = z.strictObject({
  host: z.string().optional(),
  pathPrefix: z.string().optional(),
  pathRegex: z.string().optional(),
  header: z.string().optional(),
  method: z.string().optional(),
  sni: z.string().optional(),
  pool: name.optional(),
  /** The virtual server handed to, where the device chains them (NetScaler content switching); `pool` is the one behind it. */
  virtualServer: name.optional(),
  redirect: z.strictObject({ to: z.string(), status: z.number().int().optional() }).optional(),
  fixedResponse: z.strictObject({ status: z.number().int(), body: z.string().optional() }).optional(),
  /** The device's own condition where the model has no word for it. */
  native: z.string().optional(),
});
export type Route = z.infer<typeof routeSchema>;

export const certificateRefSchema = z.strictObject({
  certFile: z.string().optional(),
  keyFile: z.string().optional(),
  chainFile: z.string().optional(),
  /** A certificate object of the device, by name (`/Common/web.crt`). */
  name: z.string().optional(),
  /** Issued by an ACME authority and renewed (http-01); `caFile`: who its own HTTPS is trusted by, where that is not public. */
  acme: z
    .strictObject({
      directory: z.string(),
      email: z.string().optional(),
      names: z.array(z.string()).min(1),
      caFile: z.string().optional(),
    })
    .optional(),
});

/** TLS towards the client. */
export const clientTlsSchema = z.strictObject({
  profile: z.string().optional(),
  certificates: z.array(certificateRefSchema).optional(),
  minVersion: z.string().optional(),
  maxVersion: z.string().optional(),
  ciphers: z.array(z.string()).optional(),
  cipherSuites: z.array(z.string()).optional(),
  groups: z.array(z.string()).optional(),
  alpn: z.array(z.string()).optional(),
  clientAuth: z.enum(['none', 'optional', 'required']).optional(),
  caFile: z.string().optional(),
  crlFile: z.string().optional(),
  sessionTickets: z.boolean().optional(),
  ticketRotationMs: milliseconds.optional(),
  ocspStapling: z.boolean().optional(),
  strictSni: z.boolean().optional(),
  hsts: z
    .strictObject({
      maxAgeS: count.optional(),
      includeSubDomains: z.boolean().optional(),
      preload: z.boolean().optional(),
    })
    .optional(),
  /** Profile objects of the device, by name, where the settings live in them. */
  profiles: z.array(z.string()).optional(),
});
export type ClientTls = z.infer<typeof clientTlsSchema>;

export const bandwidthSchema = z.strictObject({
  bytesPerSecond: count.optional(),
  perConnectionBytesPerSecond: count.optional(),
  perClientBytesPerSecond: count.optional(),
  afterBytes: count.optional(),
});

/** A listener. `listen` holds `host:port`, `[v6]:port` or `unix:/path`; on a device that has addresses without ports, `host`. */
export const virtualServerSchema = z.strictObject({
  name,
  listen: z.array(z.string()).optional(),
  protocol: z.enum(['http', 'tcp', 'udp', 'tls-passthrough']).optional(),
  pool: name.optional(),
  /** Further pools whose members take the same traffic as those of `pool` (NetScaler: several groups under one virtual server). */
  morePools: z.array(name).optional(),
  fixedResponse: z.strictObject({ status: z.number().int(), body: z.string().optional() }).optional(),
  redirect: z.strictObject({ to: z.string(), status: z.number().int().optional() }).optional(),
  routes: z.array(routeSchema).optional(),
  tls: clientTlsSchema.optional(),
  http: z
    .strictObject({
      http2: z.boolean().optional(),
      forwardedFor: z.enum(['append', 'replace', 'none']).optional(),
      forwarded: z.boolean().optional(),
      redirectToHttps: z.boolean().optional(),
      clientTimeoutMs: milliseconds.optional(),
      headerTimeoutMs: milliseconds.optional(),
      maxHeaderBytes: count.optional(),
      maxBodyBytes: count.optional(),
      compression: z.array(z.enum(['zstd', 'br', 'gzip'])).optional(),
    })
    .optional(),
  /** Of `tcp` and `tls-passthrough`: how long neither side may move a byte; how long a ClientHello may take. */
  tcp: z.strictObject({ idleTimeoutMs: milliseconds.optional(), helloTimeoutMs: milliseconds.optional() }).optional(),
  /**
   * Of `udp`: a session is a client's address and port; it ends after so long without a datagram, or after so many answers
   * (0 = no number is known). `maxSessions` bounds them all.
   */
  udp: z
    .strictObject({
      idleTimeoutMs: milliseconds.optional(),
      maxSessions: count.min(1).optional(),
      responses: count.optional(),
    })
    .optional(),
  proxyProtocol: z.enum(['v1', 'v2', 'either', 'none']).optional(),
  bandwidth: bandwidthSchema.optional(),
  requestRate: z.strictObject({ perClientPerSecond: z.number().min(0).optional(), burst: count.optional() }).optional(),
  connectionLimit: count.optional(),
  cache: z
    .strictObject({
      maxBytes: count.optional(),
      maxObjectBytes: count.optional(),
      defaultTtlMs: milliseconds.optional(),
      ranges: z.boolean().optional(),
      staleWhileRevalidateMs: milliseconds.optional(),
      staleIfErrorMs: milliseconds.optional(),
      diskPath: z.string().optional(),
      diskMaxBytes: count.optional(),
    })
    .optional(),
  persistence: persistenceSchema.optional(),
  sourceNat: z.string().optional(),
  backupVirtualServer: name.optional(),
  /** Profile objects of the device that apply, by name; those of TLS stand in `tls.profiles`. */
  profiles: z.array(z.string()).optional(),
  /** Programs of the device that run on its traffic, by name, in their order (F5 iRules); their text is not in the model. */
  rules: z.array(name).optional(),
  adminState: adminStateSchema.optional(),
  native: z.record(z.string(), z.string()).optional(),
});
export type VirtualServer = z.infer<typeof virtualServerSchema>;

export const monitorTypes = [
  'http',
  'https',
  'tcp',
  'tcp-half-open',
  'tcp-send-expect',
  'udp',
  'tls-hello',
  'dns',
  'icmp',
  'redis',
  'mysql',
  'postgresql',
  'ldap',
  'smtp',
  'grpc',
  'script',
  'agent',
  'other',
] as const;

/** A request of an HTTP check. */
const checkRequestSchema = z.strictObject({
  method: z.string().optional(),
  path: z.string().optional(),
  httpVersion: z.string().optional(),
  host: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
});

/**
 * One step of a check that talks in turns. It does one thing: what stands in `connect`, `request`, `send`, `expect`,
 * `expectStatus`, `expectBody` or `native`; a `comment` may stand beside it, or alone. `send` and `expect` are written as in a
 * monitor of type `tcp-send-expect`.
 */
export const monitorStepSchema = z.strictObject({
  connect: z
    .strictObject({
      port: port.optional(),
      address: z.string().optional(),
      tls: z.boolean().optional(),
      serverName: z.string().optional(),
      alpn: z.array(z.string()).optional(),
      proxyProtocol: z.boolean().optional(),
      viaSocks4: z.boolean().optional(),
    })
    .optional(),
  request: checkRequestSchema.optional(),
  send: z.string().optional(),
  expect: z.string().optional(),
  expectStatus: z.array(statusRange).optional(),
  expectBody: z.string().optional(),
  /** The answer must not be the expected one. */
  isNegated: z.boolean().optional(),
  /** The device's own words for a step that the model has none for. */
  native: z.string().optional(),
  comment: z.string().optional(),
});
export type MonitorStep = z.infer<typeof monitorStepSchema>;

export const monitorSchema = z.strictObject({
  name,
  type: z.enum(monitorTypes),
  method: z.string().optional(),
  path: z.string().optional(),
  host: z.string().optional(),
  httpVersion: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  expectStatus: z.array(statusRange).optional(),
  expectBody: z.string().optional(),
  send: z.string().optional(),
  expect: z.string().optional(),
  drainStatus: z.array(statusRange).optional(),
  port: port.optional(),
  address: z.string().optional(),
  user: z.string().optional(),
  database: z.string().optional(),
  service: z.string().optional(),
  query: z.string().optional(),
  script: z.string().optional(),
  tls: serverTlsSchema.optional(),
  intervalMs: milliseconds.optional(),
  /** While the verdict is changing, and while the member is down; absent = as `intervalMs`. */
  fastIntervalMs: milliseconds.optional(),
  downIntervalMs: milliseconds.optional(),
  timeoutMs: milliseconds.optional(),
  rise: count.optional(),
  fall: count.optional(),
  /** Protocols offered in the check's own handshake. */
  alpn: z.array(z.string()).optional(),
  /** The check begins with a PROXY protocol header. */
  proxyProtocol: z.boolean().optional(),
  viaSocks4: z.boolean().optional(),
  /** Each request tells the member how it is seen (HAProxy's X-Haproxy-Server-State). */
  sendState: z.boolean().optional(),
  /** A dialogue of more than one question and answer; what stands in `method`, `path` ... is then its first request's. */
  steps: z.array(monitorStepSchema).optional(),
  /** The device's own type and settings where the model has no word for them. */
  native: z.record(z.string(), z.string()).optional(),
});
export type Monitor = z.infer<typeof monitorSchema>;

/**
 * An address by itself. `ports` are settings that a device keeps once per address and port: every pool with that member shares
 * them (A10 `slb server` / `port`).
 */
export const nodeSchema = z.strictObject({
  name,
  address: z.string(),
  adminState: adminStateSchema.optional(),
  weight: z.number().int().min(0).max(65_535).optional(),
  maxConnections: count.optional(),
  monitors: z.array(name).optional(),
  ports: z
    .array(
      z.strictObject({
        port,
        protocol: z.enum(['tcp', 'udp']).optional(),
        adminState: adminStateSchema.optional(),
        weight: z.number().int().min(0).max(65_535).optional(),
        maxConnections: count.optional(),
        monitors: z.array(name).optional(),
      }),
    )
    .optional(),
  native: z.record(z.string(), z.string()).optional(),
});

/** Text that the driver read and the model has no place for: kept, shown, never lost. Lines count from 1. */
export const unmodelledSchema = z.strictObject({
  file: z.string(),
  line: z.number().int(),
  endLine: z.number().int(),
  text: z.string(),
  why: z.string(),
});
export type Unmodelled = z.infer<typeof unmodelledSchema>;

export const profileSchema = z.strictObject({ name, kind: z.string(), native: z.record(z.string(), z.string()) });

export const certificateSchema = z.strictObject({
  name,
  file: z.string().optional(),
  subject: z.string().optional(),
  issuer: z.string().optional(),
  notAfter: z.string().optional(),
  serial: z.string().optional(),
  native: z.record(z.string(), z.string()).optional(),
});

/** A device's configuration as read: the answer of `steelyard parse` and `steelyard read`. */
export const deviceModelSchema = z.strictObject({
  virtualServers: z.array(virtualServerSchema),
  pools: z.array(poolSchema.extend({ members: z.array(memberSchema) })),
  monitors: z.array(monitorSchema),
  nodes: z.array(nodeSchema).optional(),
  profiles: z.array(profileSchema),
  certificates: z.array(certificateSchema),
  unmodelled: z.array(unmodelledSchema),
});
export type DeviceModel = z.infer<typeof deviceModelSchema>;
export type DevicePool = DeviceModel['pools'][number];

const absent = { absent: z.literal(true).optional() };

/** Settings that merge key by key: `absent` takes them away, `exact` says that keys not named here are to be absent. */
const desiredServerTls = serverTlsSchema.extend({ ...absent, exact: z.literal(true).optional() });

const desiredClientTls = clientTlsSchema.extend({ exact: z.literal(true).optional() });

/**
 * What a plan should bring about. Objects and keys not named stay as they are; `members` and `routes` merge by name;
 * `absent: true` removes the object. Names are unique in their list.
 */
export const desiredSchema = z.strictObject({
  version: z.literal(1).optional(),
  virtualServers: z.array(virtualServerSchema.extend({ ...absent, tls: desiredClientTls.optional() })).optional(),
  pools: z
    .array(
      poolSchema.extend({
        ...absent,
        tls: desiredServerTls.optional(),
        members: z.array(memberSchema.extend(absent)).optional(),
      }),
    )
    .optional(),
  monitors: z.array(monitorSchema.extend(absent).partial({ type: true })).optional(),
  certificates: z.array(certificateSchema.extend(absent)).optional(),
});
export type Desired = z.infer<typeof desiredSchema>;
