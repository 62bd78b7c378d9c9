import {
  type CarriedMember,
  type CarriedMethod,
  type CarriedPersistence,
  type CarriedPool,
  type CarriedServer,
} from '../carried.ts';
import { type Item, unquote } from './block.ts';
import { monitorsFor } from './carried-monitors.ts';
import { type CarriedBy, inherited, kindOfName } from './carried-inherited.ts';
import { clientTlsOf } from './carried-tls.ts';
import {
  type Configuration,
  findItem,
  findObject,
  objectsOf,
  partitionOf,
  type TmObject,
  valueOf,
} from './configuration.ts';
import { type Member, membersOf } from './health.ts';
import { portNumber } from './services.ts';

/** What a BIG-IP of this configuration does with connections (tmsh Reference 15.1, ltm virtual and ltm pool). */
export function carriedServersOf(by: CarriedBy): readonly CarriedServer[] {
  return objectsOf(by.config, 'ltm virtual').flatMap((virtual) => {
    const pool = findObject(by.config, 'ltm pool', valueOf(virtual.items, 'pool') ?? '');
    const { address, port } = destinationOf(valueOf(virtual.items, 'destination') ?? '');
    return pool === undefined ? [] : [serverOf(by, virtual, pool, address, port)];
  });
}

function serverOf(by: CarriedBy, virtual: TmObject, pool: TmObject, address: string, port: number): CarriedServer {
  const { items } = virtual;
  const profiles = (findItem(items, 'profiles')?.block ?? []).map(({ words: [name = ''] }) => name);
  const http = profiles.find((name) => kindOfName(by.config, 'ltm profile http', name) !== undefined);
  const isUdp = valueOf(items, 'ip-protocol') === 'udp';
  const isTlsToMembers = profiles.some((name) => kindOfName(by.config, 'ltm profile server-ssl', name) !== undefined);
  const tls = clientTlsOf(by, profiles);
  const persistence = persistenceOf(by.config, items, pool.name, tls !== undefined);
  return {
    key: virtual.name,
    address,
    port,
    protocol: isUdp ? 'udp' : http === undefined ? 'tcp' : 'http',
    isOn: findItem(items, 'disabled') === undefined,
    connectionLimit: Number(valueOf(items, 'connection-limit') ?? 0),
    pool: { ...poolOf(by, pool), ...(isTlsToMembers && { name: `${pool.name} by TLS`, isTlsToMembers }) },
    ...(persistence !== undefined && { persistence }),
    ...(tls !== undefined && !isUdp && { tls }),
    ...(http !== undefined && { tellsClient: inherited(by.config, http, 'insert-xforwarded-for') === 'enabled' }),
  };
}

/** `/Common/127.0.0.1:8080`, `/Common/::1.8080`. A port that is none (`any`) is 0. */
function destinationOf(destination: string): { readonly address: string; readonly port: number } {
  const [, address = '', port = ''] = /^(.*)[:.]([\w*-]+)$/.exec(destination.replace(/^.*\//, '')) ?? [];
  const number = Number(portNumber(port));
  return { address: address.replace(/%0$/, ''), port: Number.isNaN(number) ? 0 : number };
}

function poolOf(by: CarriedBy, pool: TmObject): CarriedPool {
  const mode = valueOf(pool.items, 'load-balancing-mode') ?? 'round-robin';
  const minActive = Number(valueOf(pool.items, 'min-active-members') ?? 0);
  const rule = findItem(pool.items, 'monitor');
  const required = rule?.words[1] === 'min' ? Number(rule.words[2]) : undefined;
  const blocks = findItem(pool.items, 'members')?.block ?? [];
  const members = membersOf(by.config, pool, () => undefined);
  return {
    name: pool.name,
    method: methodOf(mode),
    members: members.map((member, at) => memberOf(by, { pool, mode, minActive }, member, blocks[at]?.block ?? [])),
    ...(minActive > 0 && { minActive }),
    ...(required !== undefined && { monitorsRequired: required }),
  };
}

/** Observed and predictive modes look at connections, as least connections does; nothing measures a dynamic ratio here. */
function methodOf(mode: string): CarriedMethod {
  if (mode.startsWith('fastest')) return { name: 'least-response-time' };
  if (mode === 'least-sessions') return { name: 'least-sessions' };
  return { name: /least-connections|observed|predictive/.test(mode) ? 'least-connections' : 'round-robin' };
}

interface InPool {
  readonly pool: TmObject;
  readonly mode: string;
  readonly minActive: number;
}

function memberOf(
  by: CarriedBy,
  { pool, mode, minActive }: InPool,
  member: Member,
  block: readonly Item[],
): CarriedMember {
  const node = findObject(by.config, 'ltm node', member.node)?.items ?? [];
  const limit = Number(valueOf(block, 'connection-limit') ?? 0);
  const { address, port } = member;
  return {
    key: memberKey(pool.name, member.name),
    address: address.replace(/%0$/, ''),
    port: Number(port),
    weight: weightOf(mode, { ratio: member.ratio, node, limit, block }),
    // Without a number of members that activates them, groups are not looked at.
    priority: minActive > 0 ? member.priority : 0,
    state: stateOf(by, member),
    connectionLimit: limit,
    monitors: monitorsFor(by.config, findItem(block, 'monitor') ?? findItem(pool.items, 'monitor')),
    cookieValue: cookieValueOf(address, Number(port)),
  };
}

/** Disabled members still serve persistent and active connections, those forced offline active ones alone (tmsh Reference, ltm pool). */
function stateOf({ isBroken }: CarriedBy, { monitorStatus, isEnabled, address, port }: Member): CarriedMember['state'] {
  if (monitorStatus === 'forced-down' || isBroken(address, port)) return 'disabled';
  return isEnabled ? 'enabled' : 'draining';
}

/** Weighted least connections takes connection limits for weights. */
function weightOf(
  mode: string,
  {
    ratio,
    node,
    limit,
    block,
  }: {
    readonly ratio: number;
    readonly node: readonly Item[];
    readonly limit: number;
    readonly block: readonly Item[];
  },
): number {
  if (mode.startsWith('weighted-least-connections')) return Math.max(1, limit);
  if (mode === 'ratio-node' || mode === 'ratio-least-connections-node') return Number(valueOf(node, 'ratio') ?? 1);
  if (mode === 'dynamic-ratio-node') return Number(valueOf(node, 'dynamic-ratio') ?? 1);
  if (mode === 'dynamic-ratio-member') return Number(valueOf(block, 'dynamic-ratio') ?? 1);
  return mode.startsWith('ratio') ? ratio : 1;
}

/** What counters are kept of. */
export function memberKey(pool: string, member: string): string {
  return `${pool} ${member}`;
}

function persistenceOf(
  config: Configuration,
  items: readonly Item[],
  pool: string,
  isTls: boolean,
): CarriedPersistence | undefined {
  const names = (findItem(items, 'persist')?.block ?? []).map(({ words: [name = ''] }) => name);
  const name = names[0] ?? valueOf(items, 'persist') ?? '';
  const fallback = valueOf(items, 'fallback-persistence') ?? '';
  const isBySource = kindOfName(config, 'ltm persistence source-addr', fallback) !== undefined;
  const kind = objectsOf(config, 'ltm persistence').find((one) => one.name === name)?.kind;
  const timeoutS = Number(inherited(config, name, 'timeout') ?? 180);
  const timed = { timeoutMs: Number.isNaN(timeoutS) ? 0 : timeoutS * 1000 };
  if (kind === 'ltm persistence cookie') {
    const own = inherited(config, name, 'cookie-name') ?? 'none';
    return {
      method: 'cookie-insert',
      cookieName: own === 'none' ? cookieNameOf(pool) : unquote(own),
      isCookieHttpOnly: inherited(config, name, 'httponly') !== 'disabled',
      isCookieSecure: isTls && inherited(config, name, 'secure') !== 'disabled',
      ...(isBySource && { fallback: 'source-ip' }),
    };
  }
  if (kind === 'ltm persistence source-addr') {
    return { method: 'source-ip', ...prefixOf(inherited(config, name, 'mask')), ...timed };
  }
  if (kind === 'ltm persistence dest-addr') return { method: 'dest-ip', ...timed };
  if (kind === 'ltm persistence ssl') {
    return { method: 'tls-session-id', ...timed, ...(isBySource && { fallback: 'source-ip' }) };
  }
  return undefined;
}

function prefixOf(mask = 'none'): { readonly ipv4Prefix?: number } {
  if (!/^\d+(\.\d+){3}$/.test(mask)) return {};
  const bits = mask.split('.').map((part) => Number(part).toString(2).replaceAll('0', '').length);
  return { ipv4Prefix: bits.reduce((sum, one) => sum + one, 0) };
}

/** `BIGipServerweb` of a pool in /Common, `BIGipServer~part~web` of one in another partition. */
function cookieNameOf(pool: string): string {
  const name = partitionOf(pool) === 'Common' ? pool.replace(/^\/Common\//, '') : pool.replaceAll('/', '~');
  return `BIGipServer${name}`;
}

/** `16777343.36895.0000`: address and port of IPv4 as numbers whose bytes stand the other way round (K6917). */
function cookieValueOf(address: string, port: number): string {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4) return `${address.replaceAll(':', '')}i${port}`;
  const number = parts.reduceRight((sum, part) => sum * 256 + part, 0);
  return `${number}.${(port % 256) * 256 + Math.floor(port / 256)}.0000`;
}
