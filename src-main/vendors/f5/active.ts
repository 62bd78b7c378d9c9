import type { PoolSample, Sample, VirtualServerSample } from '../../contract/metrics.ts';
import { parseBigip } from './parse.ts';
import { callText, type LoginShell } from './shell.ts';
import { asConfiguration, BigipText } from './text.ts';
import { readRaw } from './tree.ts';
import { wordsOf } from './sent.ts';
import { hasFeature, type Tmos } from './versions.ts';
import { addressOf } from './virtual-address.ts';

type Figures = Pick<Sample, 'pools' | 'virtualServers'>;

/** Where each traffic group is active: its name, then the unit's, without partitions. */
export type ActiveUnits = ReadonlyMap<string, string>;

/** What of a unit belongs to which traffic group. Changes seldom, so it is asked for seldom. */
export interface Placement {
  /** The unit that was asked, as traffic groups name it. */
  readonly self: string;
  /** Traffic groups by virtual server; one whose address has none is not here. */
  readonly groupOf: ReadonlyMap<string, string>;
  /** Virtual servers by the pool that they hand to. */
  readonly serversOf: ReadonlyMap<string, readonly string[]>;
}

/**
 * `show cm traffic-group`, a row per group and unit (public transcripts of 11.x to 15.x):
 * `traffic-group-1  bigip1.example.com  active  false`.
 */
export function activeUnitsOf(text: string): { readonly active: ActiveUnits; readonly hasPeers: boolean } {
  const table = text.slice(Math.max(0, text.indexOf('CM::Traffic-Group')));
  const rows = [...table.matchAll(/^(\S+)\s+(\S+)\s+(active|standby|offline|forced-offline)\b/gim)];
  const units = new Set(rows.map(([, , unit = '']) => baseOf(unit)));
  const active = rows.filter(([, , , status]) => status?.toLowerCase() === 'active');
  return {
    active: new Map(active.map(([, group = '', unit = '']) => [baseOf(group), baseOf(unit)])),
    hasPeers: units.size > 1,
  };
}

/** The call whose answer `placementOf` reads. */
export function placementText(shell: LoginShell, version: Tmos): string {
  const policies = hasFeature(version, 'policies') ? ['list ltm policy recursive'] : [];
  const lists = [
    'list cm device recursive',
    ...policies,
    'list ltm virtual-address recursive',
    'list ltm virtual recursive',
  ];
  return callText(shell, ['cd /', ...lists]);
}

export function placementOf(listing: string): Placement {
  const devices = readRaw(listing).statements.filter(({ words }) => words[0] === 'cm' && words[1] === 'device');
  const self = devices.find(({ body = [] }) => body.some(({ words }) => words.join(' ') === 'self-device true'));
  const text = asConfiguration(listing);
  const config = new BigipText(text);
  const groupOf = new Map<string, string>();
  for (const part of config.parts) {
    const address = addressOf(config, part);
    const group = address && wordsOf(address, 'traffic-group');
    if (group !== undefined && group !== 'none') groupOf.set(part.words.at(-1) ?? '', baseOf(group));
  }
  const serversOf = new Map<string, readonly string[]>();
  for (const { name, pool, routes = [] } of parseBigip([{ path: 'bigip.conf', bytes: Buffer.from(text) }])
    .virtualServers) {
    const pools = new Set([pool, ...routes.map((route) => route.pool)].filter((one) => one !== undefined));
    for (const one of pools) serversOf.set(one, [...(serversOf.get(one) ?? []), name]);
  }
  return { self: baseOf(self?.words[2] ?? ''), groupOf, serversOf };
}

/**
 * The figures of a unit, without those of what another unit serves: it counts nothing of that, which is no 0. A pool serves where its
 * virtual servers do; one that no virtual server names stays as it is.
 */
export function figuresOfActive(
  figures: Figures,
  active: ActiveUnits,
  { self, groupOf, serversOf }: Placement,
): Figures {
  if (self === '') return figures;
  function elsewhere(server: string): string | undefined {
    const unit = active.get(groupOf.get(server) ?? '');
    return unit === self ? undefined : unit;
  }
  function poolElsewhere({ name }: PoolSample): string | undefined {
    const units = (serversOf.get(name) ?? []).map(elsewhere);
    return units.includes(undefined) || units.length === 0 ? undefined : [...new Set(units)].join(', ');
  }
  return {
    virtualServers: figures.virtualServers.map((one) => markedServer(one, elsewhere(one.name))),
    pools: figures.pools.map((one) => markedPool(one, poolElsewhere(one))),
  };
}

function markedServer(server: VirtualServerSample, activeOn: string | undefined): VirtualServerSample {
  return activeOn === undefined ? server : { ...withoutFigures(server), activeOn };
}

function markedPool(pool: PoolSample, activeOn: string | undefined): PoolSample {
  if (activeOn === undefined) return pool;
  return { ...withoutFigures(pool), members: pool.members.map(withoutFigures), activeOn };
}

const counted = new Set([
  'currentConnections',
  'totalConnections',
  'requests',
  'bytesIn',
  'bytesOut',
  'queuedRequests',
]);

function withoutFigures<T extends object>(object: T): T {
  // The same object without keys that are all optional.
  return Object.fromEntries(Object.entries(object).filter(([key]) => !counted.has(key))) as T;
}

function baseOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
