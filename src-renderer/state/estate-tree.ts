import type { DeviceState, DeviceTick } from '$contract/api.ts';
import type { VirtualServer } from '$contract/model.ts';
import { type Condition, rollUpCondition, worstHealth } from '../format/condition.ts';
import type { Route } from './route.ts';

/** One line of the estate tree, already flattened: only open branches are in the list. */
export interface TreeNode {
  readonly key: string;
  readonly level: number;
  readonly kind: 'group' | 'device' | 'virtual-server' | 'pool';
  readonly name: string;
  readonly condition: Condition;
  /** Count up of total; absent where it says nothing. */
  readonly count?: string;
  /** Time of the last answer, where the device is stale: its age stands in place of the count. */
  readonly staleSince?: string;
  readonly isStale: boolean;
  readonly route?: Route;
  readonly isBranch: boolean;
  readonly isOpen: boolean;
}

export const groupings = ['site', 'kind', 'tag'] as const;
export type Grouping = (typeof groupings)[number];

export interface TreeOptions {
  readonly grouping: Grouping;
  readonly filter: string;
  readonly isFaultsOnly: boolean;
  /** Keys of branches that were folded by hand; the rest are open. */
  readonly folded: ReadonlySet<string>;
}

interface Branch {
  readonly node: Omit<TreeNode, 'level' | 'isOpen' | 'isBranch'>;
  readonly children: readonly Branch[];
}

/** Sites, devices, virtual servers and pools as lines; pools that no virtual server names hang on their device. */
export function estateTree(
  devices: readonly DeviceState[],
  ticks: readonly DeviceTick[],
  options: TreeOptions,
): readonly TreeNode[] {
  const tickOf = new Map(ticks.map((tick) => [tick.device, tick]));
  const branches = devices.map((device) => deviceBranch(device, tickOf.get(device.spec.name)));
  const groups = grouped(devices, branches, options.grouping);
  const wanted = options.filter.trim().toLowerCase();
  const kept = groups.flatMap((branch) => keep(branch, wanted, options.isFaultsOnly));
  return kept.flatMap((branch) => flatten(branch, 0, options.folded));
}

/** Pools that a virtual server hands to: its own, then those of its routes. */
export function poolsOf(server: VirtualServer): readonly string[] {
  const routed = (server.routes ?? []).map(({ pool }) => pool);
  const named = [server.pool, ...(server.morePools ?? []), ...routed];
  return [...new Set(named.filter((pool) => pool !== undefined))];
}

/** The rolled-up state of a virtual server: the worst of its pools; off by us wins. */
export function serverCondition(server: VirtualServer, tick: DeviceTick | undefined): Condition {
  if (server.adminState === 'disabled') return { shape: 'off', word: 'disabled' };
  const names = poolsOf(server);
  const healths = (tick?.pools ?? []).filter(({ name }) => names.includes(name)).map(({ health }) => health);
  if (names.length === 0 && tick?.freshness === 'fresh') return { shape: 'up', word: 'up' };
  return rollUpCondition(worstHealth(healths));
}

function deviceBranch(device: DeviceState, tick: DeviceTick | undefined): Branch {
  const { name } = device.spec;
  const freshness = tick?.freshness ?? device.freshness;
  const isStale = freshness === 'stale';
  const answeredAt = tick?.at ?? device.lastSampleAt;
  const model = device.reading?.model;
  const servers = (model?.virtualServers ?? []).map((server): Branch => {
    const key = JSON.stringify([name, 'vs', server.name]);
    return {
      node: {
        key,
        kind: 'virtual-server',
        name: server.name,
        condition: serverCondition(server, tick),
        isStale,
        route: { screen: 'virtual-server', device: name, virtualServer: server.name },
      },
      children: poolsOf(server).map((pool) => poolBranch(name, pool, tick, isStale, key)),
    };
  });
  const named = new Set((model?.virtualServers ?? []).flatMap(poolsOf));
  const all = model?.pools.map((pool) => pool.name) ?? tick?.pools.map((pool) => pool.name) ?? [];
  const loose = all.filter((pool) => !named.has(pool)).map((pool) => poolBranch(name, pool, tick, isStale, name));
  return {
    node: {
      key: JSON.stringify([name]),
      kind: 'device',
      name,
      condition:
        freshness === 'waiting' ? { shape: 'checking', word: 'waiting' } : rollUpCondition(tick?.health ?? 'unknown'),
      isStale,
      ...(isStale && answeredAt !== undefined ? { staleSince: answeredAt } : {}),
      route: { screen: 'device', device: name },
    },
    children: [...servers, ...loose],
  };
}

function poolBranch(
  device: string,
  pool: string,
  tick: DeviceTick | undefined,
  isStale: boolean,
  under: string,
): Branch {
  const seen = tick?.pools.find(({ name }) => name === pool);
  return {
    node: {
      key: JSON.stringify([device, 'pool', pool, under]),
      kind: 'pool',
      name: pool,
      condition: rollUpCondition(seen?.health ?? 'unknown'),
      ...(seen === undefined ? {} : { count: `${seen.up}/${seen.total}` }),
      isStale,
      route: { screen: 'pool', device, pool },
    },
    children: [],
  };
}

function grouped(devices: readonly DeviceState[], branches: readonly Branch[], grouping: Grouping): readonly Branch[] {
  const groups = new Map<string, Branch[]>();
  for (const [at, device] of devices.entries()) {
    const branch = branches[at];
    if (branch === undefined) continue;
    for (const name of groupNames(device, grouping)) groups.set(name, [...(groups.get(name) ?? []), branch]);
  }
  if (groups.size === 1 && groups.has('')) return branches;
  return [...groups].map(([name, children]) => ({
    node: {
      key: JSON.stringify(['group', grouping, name]),
      kind: 'group',
      name,
      condition: worstCondition(children),
      count: String(children.length),
      isStale: false,
    },
    children,
  }));
}

function groupNames(device: DeviceState, grouping: Grouping): readonly string[] {
  switch (grouping) {
    case 'site':
      return [device.spec.site ?? ''];
    case 'kind':
      return [device.reading?.facts.label ?? ''];
    case 'tag':
      return device.spec.tags === undefined || device.spec.tags.length === 0 ? [''] : device.spec.tags;
  }
}

const badness: readonly Condition['shape'][] = [
  'down',
  'degraded',
  'stale',
  'checking',
  'unknown',
  'draining',
  'up',
  'off',
];

function worstCondition(branches: readonly Branch[]): Condition {
  const worst = branches
    .map(({ node }): Condition => (node.isStale ? { shape: 'stale', word: 'stale' } : node.condition))
    .toSorted((a, b) => badness.indexOf(a.shape) - badness.indexOf(b.shape))[0];
  return worst ?? { shape: 'unknown', word: 'unknown' };
}

function isFault(node: Branch['node']): boolean {
  return node.isStale || node.condition.shape === 'down' || node.condition.shape === 'degraded';
}

/** A branch stays when it or anything under it is wanted; under a wanted name everything stays. */
function keep(branch: Branch, wanted: string, isFaultsOnly: boolean): readonly Branch[] {
  const isNamed = wanted === '' || branch.node.name.toLowerCase().includes(wanted);
  const children = branch.children.flatMap((child) => keep(child, isNamed ? '' : wanted, isFaultsOnly));
  const isKept = isNamed && (!isFaultsOnly || isFault(branch.node));
  return isKept || children.length > 0 ? [{ ...branch, children }] : [];
}

function flatten(branch: Branch, level: number, folded: ReadonlySet<string>): readonly TreeNode[] {
  const isBranch = branch.children.length > 0;
  const isOpen = isBranch && !folded.has(branch.node.key);
  const own: TreeNode = { ...branch.node, level, isBranch, isOpen };
  return isOpen ? [own, ...branch.children.flatMap((child) => flatten(child, level + 1, folded))] : [own];
}
