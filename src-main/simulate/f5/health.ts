import type { Item } from './block.ts';
import { type Configuration, findItem, findObject, type TmObject, valueOf } from './configuration.ts';

export type Availability = 'available' | 'offline' | 'unknown';

/** A pool's member as it stands: what was configured, and what the probes say. */
export interface Member {
  /** `/Common/web:80`. */
  readonly name: string;
  readonly node: string;
  readonly port: string;
  readonly address: string;
  readonly ratio: number;
  readonly priority: number;
  /** `/Common/tcp (pool monitor)` or the member's own; none. */
  readonly monitorRule: string;
  readonly monitorStatus: 'unchecked' | 'up' | 'down' | 'forced-down';
  readonly session: 'enabled' | 'user-disabled' | 'addr-disabled';
  readonly availability: Availability;
  readonly isEnabled: boolean;
  readonly reason: string;
  /** Whether it gets new connections. */
  readonly isServing: boolean;
}

/**
 * Since when probes of an address and port fail; undefined while they do not. Whoever simulates the servers behind decides. `member` is
 * `/Common/pool /Common/web:80`: pools may probe one server by different monitors.
 */
export type Probe = (address: string, port: string, member?: string) => Date | undefined;

export function membersOf(config: Configuration, pool: TmObject, probe: Probe): readonly Member[] {
  return (findItem(pool.items, 'members')?.block ?? []).map((item) => readMember(config, pool, item, probe));
}

function readMember(config: Configuration, pool: TmObject, item: Item, probe: Probe): Member {
  const [name = ''] = item.words;
  const block = item.block ?? [];
  const [, node = name, port = '0'] = /^(.*)[:.](\d+)$/.exec(name) ?? [];
  const host = findObject(config, 'ltm node', node);
  const address = valueOf(block, 'address') ?? valueOf(host?.items ?? [], 'address') ?? 'any6';
  const own = monitorOf(block);
  const rule = own ?? monitorOf(pool.items) ?? 'none';
  const isNodeDisabled = host !== undefined && valueOf(host.items, 'session') === 'user-disabled';
  const isForced = [block, host?.items ?? []].some((items) => valueOf(items, 'state') === 'user-down');
  const isDisabled = valueOf(block, 'session') === 'user-disabled';
  const failedAt = rule === 'none' ? undefined : probe(address, port, `${pool.name} ${name}`);
  const monitorStatus: Member['monitorStatus'] = isForced
    ? 'forced-down'
    : rule === 'none'
      ? 'unchecked'
      : failedAt === undefined
        ? 'up'
        : 'down';
  const state = { isForced, isDisabled, isNodeDisabled, monitorStatus, rule, failedAt };
  return {
    name,
    node,
    port,
    address,
    ratio: Number(valueOf(block, 'ratio') ?? 1),
    priority: Number(valueOf(block, 'priority-group') ?? 0),
    monitorRule: rule === 'none' ? 'none' : own === undefined ? `${rule} (pool monitor)` : rule,
    monitorStatus,
    session: isDisabled ? 'user-disabled' : isNodeDisabled ? 'addr-disabled' : 'enabled',
    availability: availabilityOf(monitorStatus),
    isEnabled: !isDisabled && !isNodeDisabled,
    reason: reasonOf(state),
    isServing: !isDisabled && !isNodeDisabled && (monitorStatus === 'up' || monitorStatus === 'unchecked'),
  };
}

function monitorOf(items: readonly Item[]): string | undefined {
  const item = findItem(items, 'monitor');
  if (item === undefined) return undefined;
  const list = item.block?.map(({ words: [one = ''] }) => one).join(' ');
  return list === undefined ? item.words.slice(1).join(' ') : `min ${item.words[2] ?? '1'} of ${list}`;
}

function availabilityOf(status: Member['monitorStatus']): Availability {
  return status === 'up' ? 'available' : status === 'unchecked' ? 'unknown' : 'offline';
}

/** Reasons are those of recordings (go-tmsh, iControl REST of OpenTelemetry's receiver); the words of a failed probe name the monitor. */
function reasonOf(state: {
  readonly isForced: boolean;
  readonly isDisabled: boolean;
  readonly isNodeDisabled: boolean;
  readonly monitorStatus: Member['monitorStatus'];
  readonly rule: string;
  readonly failedAt: Date | undefined;
}): string {
  if (state.isForced) return 'Forced down';
  if (state.monitorStatus === 'down') return failure(state.rule, state.failedAt);
  if (state.monitorStatus === 'unchecked') return 'Pool member does not have service checking enabled';
  if (state.isDisabled) return 'Pool member is available, user disabled';
  return state.isNodeDisabled ? 'Pool member is available, parent disabled' : 'Pool member is available';
}

/** `/Common/http: No successful responses received before deadline. @2022/04/29 08:33:56. `, blank at the end included. */
function failure(rule: string, at = new Date(0)): string {
  const [name = ''] = rule.replace(/^min \d+ of /, '').split(' ');
  const stamp = at.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
  return `${name}: No successful responses received before deadline. @${stamp}. `;
}

export interface Status {
  readonly availability: Availability;
  readonly isEnabled: boolean;
  readonly reason: string;
}

export function poolStatus(members: readonly Member[]): Status {
  const availability = worstOf(members);
  const isEnabled = members.length === 0 || members.some((one) => one.isEnabled);
  if (!isEnabled && availability !== 'offline')
    return { availability, isEnabled, reason: 'The children pool member(s) might be disabled' };
  return {
    availability,
    isEnabled,
    reason: {
      available: 'The pool is available',
      offline: 'The children pool member(s) are down',
      unknown:
        "The children pool member(s) either don't have service checking enabled, or service check results are not available yet",
    }[availability],
  };
}

/** One member up makes all of it available. */
function worstOf(members: readonly Member[]): Availability {
  if (members.some(({ availability }) => availability === 'available')) return 'available';
  if (members.some(({ availability }) => availability === 'unknown')) return 'unknown';
  return members.length === 0 ? 'unknown' : 'offline';
}

export function nodeStatus(
  node: TmObject,
  probe: Probe,
): Status & { readonly monitorStatus: string; readonly session: string } {
  const rule = monitorOf(node.items);
  const isForced = valueOf(node.items, 'state') === 'user-down';
  const isEnabled = valueOf(node.items, 'session') !== 'user-disabled';
  const session = isEnabled ? 'enabled' : 'user-disabled';
  if (isForced)
    return { availability: 'offline', isEnabled, reason: 'Forced down', monitorStatus: 'forced-down', session };
  if (rule === undefined) {
    const reason = 'Node address does not have service checking enabled';
    return { availability: 'unknown', isEnabled, reason, monitorStatus: 'unchecked', session };
  }
  const failedAt = probe(valueOf(node.items, 'address') ?? '', '0');
  const isUp = failedAt === undefined;
  return {
    availability: isUp ? 'available' : 'offline',
    isEnabled,
    reason: isUp ? 'Node address is available' : failure(rule, failedAt),
    monitorStatus: isUp ? 'up' : 'down',
    session,
  };
}

export function virtualStatus(config: Configuration, virtual: TmObject, probe: Probe): Status {
  const isEnabled = findItem(virtual.items, 'disabled') === undefined;
  const pool = findObject(config, 'ltm pool', valueOf(virtual.items, 'pool') ?? '');
  const { availability, reason } = pool === undefined ? poolStatus([]) : poolStatus(membersOf(config, pool, probe));
  return { availability, isEnabled, reason: availability === 'available' ? 'The virtual server is available' : reason };
}
