import { z } from 'zod';
import {
  bandwidthSchema,
  memberSchema,
  monitorSchema,
  nodeSchema,
  poolSchema,
  routeSchema,
  virtualServerSchema,
} from './model.ts';

/**
 * The engine's configuration file: the model written down, with what the engine alone needs beside it. Required are a
 * virtual server's name and listen, a pool's name, a member's address and port, a monitor's name and type; what is not
 * written has the default of the engine's settings. Unknown keys are errors.
 */

const count = z.number().int().min(0);
const milliseconds = z.number().int().min(0).max(2_147_483_647);
const priority = z.number().int().min(-1).max(65_535);

/** A member as the engine's file writes it: its name defaults to `address:port`. `unix:/path` and SRV names have no port. */
export const engineMemberSchema = memberSchema.omit({ native: true, node: true, maxQueue: true }).extend({
  name: z.string().min(1).max(1024).optional(),
  address: z.string().min(1),
  port: z.number().int().min(1).max(65_535).optional(),
  weight: z.number().int().min(0).max(256).optional(),
  priority: priority.optional(),
});
export type EngineMember = z.infer<typeof engineMemberSchema>;

export const enginePoolSchema = poolSchema.omit({ native: true, onMemberUp: true }).extend({
  members: z.array(engineMemberSchema).optional(),
  retry: poolSchema.shape.retry.unwrap().omit({ redispatch: true }).optional(),
  passive: poolSchema.shape.passive.unwrap().omit({ observe: true, onError: true }).optional(),
  onMemberDown: poolSchema.shape.onMemberDown.unwrap().exclude(['drop']).optional(),
});
export type EnginePool = z.infer<typeof enginePoolSchema>;

export const engineRouteSchema = routeSchema
  .omit({ native: true, virtualServer: true, redirect: true, fixedResponse: true })
  .required({ pool: true });
export type EngineRoute = z.infer<typeof engineRouteSchema>;

export const engineVirtualServerSchema = virtualServerSchema
  .omit({ native: true, profiles: true, rules: true, morePools: true })
  .extend({
    listen: z.array(z.string().min(1)).min(1),
    routes: z.array(engineRouteSchema).optional(),
  });
export type EngineVirtualServer = z.infer<typeof engineVirtualServerSchema>;

/** Settings of checks that other devices have. */
const foreign = {
  native: true,
  fastIntervalMs: true,
  downIntervalMs: true,
  alpn: true,
  proxyProtocol: true,
  viaSocks4: true,
  sendState: true,
  steps: true,
} as const;

export const engineMonitorSchema = monitorSchema.omit(foreign).extend({
  intervalMs: milliseconds.min(10).optional(),
  timeoutMs: milliseconds.min(1).optional(),
  rise: count.min(1).optional(),
  fall: count.min(1).optional(),
});
export type EngineMonitor = z.infer<typeof engineMonitorSchema>;

export const engineAdminSchema = z.strictObject({
  /** Path of the Unix socket; relative to the file. */
  socket: z.string().min(1).optional(),
  /** Loopback `host:port`; needs a token. */
  listen: z.string().min(1).optional(),
  token: z.string().min(8, 'at least 8 characters').optional(),
});

const gslbRecordSchema = z.strictObject({
  name: z.string(),
  type: z.string().optional(),
  ttlS: count.optional(),
  steering: z.enum(['weighted', 'failover', 'geo', 'proximity', 'latency', 'round-robin', 'least-load']).optional(),
  answers: count.optional(),
  persistence: z.strictObject({ ipv4Prefix: count, ipv6Prefix: count, ttlS: count }).partial().optional(),
  fallback: z.string().optional(),
  pools: z.array(
    z.strictObject({
      pool: z.string(),
      weight: count.optional(),
      order: count.optional(),
      regions: z.array(z.string()).optional(),
      location: z.tuple([z.number(), z.number()]).optional(),
    }),
  ),
});

/** GSLB: the engine as an authoritative DNS server. */
const globalSchema = z.strictObject({
  listen: z.array(z.string()),
  geoFile: z.string().optional(),
  rateLimit: z.strictObject({ responsesPerSecond: count.optional() }).optional(),
  zones: z.array(
    z.strictObject({
      name: z.string(),
      soa: z.record(z.string(), z.unknown()).optional(),
      ns: z.array(z.string()).optional(),
      records: z.array(gslbRecordSchema).optional(),
    }),
  ),
});

const snmpPassword = z.string().min(8, 'at least 8 characters (RFC 3414 11.2)').max(1024);

/** A user of SNMPv3. What is written is what a request must have: nothing, a signature (`auth`), encryption besides (`priv`). */
const snmpUserSchema = z.strictObject({
  name: z.string().min(1).max(32),
  auth: z.enum(['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512']).optional(),
  authPassword: snmpPassword.optional(),
  /** `aes256` with Blumenthal's keys (net-snmp), `aes256c` with Reeder's (Cisco). */
  priv: z.enum(['aes', 'aes256', 'aes256c']).optional(),
  privPassword: snmpPassword.optional(),
});

export const engineConfigSchema = z.strictObject({
  version: z.literal(1),
  virtualServers: z.array(engineVirtualServerSchema).optional(),
  nodes: z.array(nodeSchema.pick({ name: true, address: true, adminState: true })).optional(),
  pools: z.array(enginePoolSchema).optional(),
  monitors: z.array(engineMonitorSchema).optional(),
  global: globalSchema.optional(),
  bandwidth: bandwidthSchema.optional(),
  admin: engineAdminSchema.optional(),
  /** `prefix` is the OID of STEELYARD-MIB. */
  snmp: z
    .strictObject({
      listen: z.string(),
      /** Of v1 and v2c; absent = they are not answered. */
      community: z.string().min(1).optional(),
      users: z.array(snmpUserSchema).optional(),
      prefix: z
        .string()
        .regex(/^1\.3\.6\.1(\.\d{1,10}){2,100}$/, 'an OID below 1.3.6.1')
        .optional(),
    })
    .optional(),
  /** A path, for a socket that only answers; `level: admin` lets it change members as well (HAProxy's words). */
  haproxySocket: z
    .union([z.string(), z.strictObject({ path: z.string(), level: z.enum(['operator', 'admin']).optional() })])
    .optional(),
  scripts: z.record(z.string(), z.string()).optional(),
  log: z
    .strictObject({
      access: z.enum(['none', 'json']).optional(),
      file: z.string().optional(),
      sample: z.number().min(0).max(1).optional(),
    })
    .optional(),
  /** Who is asked for the names of members with `discover`: `host` or `host:port`; absent = the system's name servers. */
  resolver: z
    .strictObject({ servers: z.array(z.string().min(1)).min(1).optional(), timeoutMs: milliseconds.min(1).optional() })
    .optional(),
  /** Where the engine keeps what must outlive it: keys and certificates that were issued to it. Relative to the file. */
  stateDirectory: z.string().min(1).optional(),
  /** A worker that says nothing for so long is killed and replaced; 0 = never. Each is asked once a second. */
  workerTimeoutMs: milliseconds
    .refine((value) => value === 0 || value >= 2000, 'at least 2000, or 0 for never')
    .optional(),
  seed: count.optional(),
});
export type EngineConfig = z.infer<typeof engineConfigSchema>;
