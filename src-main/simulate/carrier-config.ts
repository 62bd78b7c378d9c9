import { createHash } from 'node:crypto';
import type { EngineConfig } from '../contract/engine-config.ts';
import { isCipher } from '../engine/tls/profiles.ts';
import { mozillaProfiles } from '../contract/tls-profiles.ts';
import {
  type CarriedMember,
  type CarriedMonitor,
  type CarriedPersistence,
  type CarriedPool,
  type CarriedServer,
  isLoopback,
} from './carried.ts';
import type { ServedTls, TlsVersion } from './served-tls.ts';

type Server = NonNullable<EngineConfig['virtualServers']>[number];
type Pool = NonNullable<EngineConfig['pools']>[number];
type Monitor = NonNullable<EngineConfig['monitors']>[number];

/** Puts a PEM text where the engine can read it; answers the file's path. */
export type KeepFile = (text: string) => string;

/** The engine's configuration that does what the appliance is configured to do. */
export function engineConfigOf(servers: readonly CarriedServer[], keep: KeepFile): EngineConfig {
  const pools = new Map(servers.map(({ pool }) => [pool.name, pool]));
  const monitors = [...pools.values()].flatMap(({ members }) => members.flatMap((member) => member.monitors));
  return {
    version: 1,
    virtualServers: servers.map((server) => serverOf(server, keep)),
    pools: [...pools.values()].map(poolOf),
    monitors: [...new Map(monitors.map((one) => [monitorName(one), monitorOf(one)])).values()],
  };
}

function serverOf(server: CarriedServer, keep: KeepFile): Server {
  const { key, address, port, protocol, isOn, pool, tls, persistence, connectionLimit, tellsClient } = server;
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    name: key,
    listen: [`${host}:${port}`],
    protocol,
    pool: pool.name,
    adminState: isOn ? 'enabled' : 'disabled',
    ...(protocol === 'http' && { http: { forwardedFor: tellsClient === true ? 'append' : 'none' } }),
    ...(connectionLimit !== undefined && { connectionLimit }),
    ...(persistence !== undefined && { persistence: persistenceOf(persistence) }),
    ...(tls !== undefined && { tls: tlsOf(tls, keep) }),
  };
}

function persistenceOf(persistence: CarriedPersistence): Server['persistence'] {
  const { isCookieSecure = false, isCookieHttpOnly = true, ...rest } = persistence;
  const isCookie = rest.method === 'cookie-insert';
  return { ...rest, ...(isCookie && { cookie: { path: '/', secure: isCookieSecure, httpOnly: isCookieHttpOnly } }) };
}

/**
 * OpenSSL's words for suites; those that it does not know, and those that take suites away, are left out: the engine takes each by
 * itself. A suite of TLS 1.3 is told apart by its name.
 */
function tlsOf(
  { certificates, versions, ciphers, clientCertificate, authorities }: ServedTls,
  keep: KeepFile,
): Server['tls'] {
  const known = (ciphers ?? []).filter((name) => isCipher(name));
  const older = known.filter((name) => !name.startsWith('TLS_'));
  const newer = known.filter((name) => name.startsWith('TLS_'));
  const [minVersion = '1.3', maxVersion = minVersion] = rangeOf(versions);
  // TLS 1.0 and 1.1 have none of the suites that a modern list names.
  const isOld = minVersion === '1.0' || minVersion === '1.1';
  const all = [...mozillaProfiles.intermediate.ciphers, ...(isOld ? suitesOfOld : [])];
  const ordered = certificates.toSorted((a, b) => Number(a.isForName) - Number(b.isForName));
  return {
    certificates: ordered.map(({ name, chain, key }) => ({
      name,
      certFile: keep(chain.join('\n')),
      keyFile: keep(key),
    })),
    minVersion,
    maxVersion,
    ciphers: older.length === 0 ? all : older,
    ...(newer.length > 0 && { cipherSuites: newer }),
    ...(clientCertificate !== 'ignored' &&
      authorities.length > 0 && {
        clientAuth: clientCertificate === 'required' ? 'required' : 'optional',
        caFile: keep(authorities.join('\n')),
      }),
  };
}

/** The oldest and the newest that are on; SSL 3 is nobody's any more. */
function rangeOf(on: readonly TlsVersion[]): readonly string[] {
  const names = on.flatMap((version) => (version === 'SSLv3' ? [] : [version === 'TLSv1' ? '1.0' : version.slice(-3)]));
  return names.length === 0 ? [] : [names[0] ?? '', names.at(-1) ?? ''];
}

const suitesOfOld = [
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-SHA',
  'AES256-SHA',
];

function poolOf({ name, method, members, minActive, monitorsRequired, isTlsToMembers }: CarriedPool): Pool {
  const weights = scaled(members.map(({ weight = 1 }) => weight));
  return {
    name,
    algorithm: method.key === undefined ? method.name : { name: method.name, key: method.key },
    members: members.map((member, at) => memberOf(member, weights[at] ?? 1)),
    ...(minActive !== undefined && { minActiveMembers: minActive }),
    ...(monitorsRequired !== undefined && { monitorsRequired }),
    ...(isTlsToMembers === true && { tls: { verify: false } }),
  };
}

function memberOf(member: CarriedMember, weight: number): NonNullable<Pool['members']>[number] {
  const { key, address, port, priority = 0, state, connectionLimit, cookieValue, monitors } = member;
  // No packet to another machine, not even a probe.
  const isHere = isLoopback(address);
  return {
    name: key,
    address,
    port,
    weight,
    priority,
    adminState: !isHere || state === 'cut' ? 'disabled' : state,
    monitors: isHere ? monitors.map(monitorName) : [],
    ...(connectionLimit !== undefined && { maxConnections: connectionLimit }),
    ...(cookieValue !== undefined && { cookieValue }),
  };
}

/** The engine's weights end at 256, an appliance's may go to 65,535: divided by what they share, then by what is too much. */
export function scaled(weights: readonly number[]): readonly number[] {
  const shared = weights.reduce((a, b) => greatestCommonDivisor(a, b), 0);
  const divided = weights.map((weight) => (shared === 0 ? weight : weight / shared));
  const most = Math.max(1, ...divided);
  if (most <= 256) return divided;
  return divided.map((weight) => (weight === 0 ? 0 : Math.max(1, Math.round((weight * 256) / most))));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** By what it does: a monitor that changes is another one, and begins anew. */
function monitorName(monitor: CarriedMonitor): string {
  return createHash('sha256').update(JSON.stringify(monitor)).digest('hex').slice(0, 16);
}

function monitorOf(monitor: CarriedMonitor): Monitor {
  const { expectStatus, type, ...rest } = monitor;
  return {
    name: monitorName(monitor),
    type,
    ...rest,
    ...(expectStatus !== undefined && { expectStatus: [...expectStatus] }),
    ...((type === 'https' || type === 'tls-hello') && { tls: { verify: false } }),
  };
}
