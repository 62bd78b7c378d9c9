import type { CallOptions, SnmpSession } from '../../transports/transport.ts';
import { textOf } from './cells.ts';
import { KeptRows } from './kept-rows.ts';
import type { Mib, ObjectMap } from './mib.ts';
import { distinct, type MibObject, objectsOf } from './objects.ts';
import { type Row, withDetails } from './rows.ts';

export interface MibPool {
  /** Absent where only members name the pool: its settings are unknown. */
  readonly object: MibObject | undefined;
  readonly name: string;
  readonly members: readonly MibObject[];
}
export interface MibObjects {
  readonly virtualServers: readonly MibObject[];
  readonly pools: readonly MibPool[];
  readonly nodes: readonly MibObject[];
}

type How = 'all' | 'polled' | 'seldom';

/** Everything that a box tells of its balancing, tables side by side. Columns that it lacks are absent. */
export class MibReader {
  readonly #session: SnmpSession;
  readonly #mib: Mib;
  readonly #nowMs: () => number;
  readonly #kept = new Map<ObjectMap, KeptRows>();

  constructor(session: SnmpSession, mib: Mib, nowMs: () => number) {
    this.#session = session;
    this.#mib = mib;
    this.#nowMs = nowMs;
  }

  /** `all`: every column; `polled`: what moves, with names and addresses as they were read of late. */
  async read(how: 'all' | 'polled', options: CallOptions): Promise<MibObjects> {
    const mib = this.#mib;
    const hasOwnPools = mib.hasPoolPerVirtualServer !== true;
    const kinds = [
      mib.virtualServers,
      mib.moreVirtualServers,
      hasOwnPools ? mib.pools : undefined,
      mib.members,
      mib.moreMembers,
    ];
    const [nodes, servers, moreServers, pools, members, moreMembers] = await Promise.all([
      // Of nodes a sample has the addresses alone.
      this.#kind(mib.nodes, how === 'all' ? 'all' : 'seldom', options),
      ...kinds.map((map) => this.#kind(map, how, options)),
    ]);
    const virtualServers = distinct([...(servers ?? []), ...(moreServers ?? [])]);
    return joined(mib, {
      virtualServers,
      pools: hasOwnPools ? distinct(pools ?? []) : virtualServers,
      members: [...(members ?? []), ...(moreMembers ?? [])],
      nodes: distinct(nodes),
    });
  }

  async #kind(map: ObjectMap | undefined, how: How, options: CallOptions): Promise<readonly MibObject[]> {
    if (map === undefined) return [];
    const [rows, ...details] = await Promise.all(
      [map, ...(map.details ?? [])].map((one) => this.#keptOf(one)[how](options)),
    );
    return objectsOf(withDetails(rows ?? [], details.flat()), map);
  }

  #keptOf(map: ObjectMap): KeptRows {
    const known = this.#kept.get(map) ?? new KeptRows(this.#session, map, this.#nowMs);
    this.#kept.set(map, known);
    return known;
  }
}

interface Kinds {
  readonly virtualServers: readonly MibObject[];
  readonly pools: readonly MibObject[];
  readonly members: readonly MibObject[];
  readonly nodes: readonly MibObject[];
}

/** Members under their pools: by the pool's row, else by its name. A pool that only its members name is listed without settings. */
function joined(mib: Mib, { virtualServers, pools, members, nodes }: Kinds): MibObjects {
  const byRow = new Map(pools.map((pool) => [pool.row.index, pool]));
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  const addresses = new Map(nodes.map((node) => [node.name, node.address]));
  const lists = new Map<string, MibObject[]>(pools.map((pool) => [pool.name, []]));
  for (const member of members) {
    const row = poolRowOf(member.row, member.map);
    const named = member.row.parts.pool ?? textOf(member.row.cells.pool) ?? mib.poolName;
    const pool = (row === undefined ? undefined : byRow.get(row))?.name ?? named ?? row ?? '?';
    const list = lists.get(pool) ?? [];
    lists.set(pool, list);
    list.push(withAddress(member, addresses));
  }
  return {
    virtualServers,
    pools: [...lists].map(([name, list]) => ({ object: byName.get(name), name, members: distinct(list) })),
    nodes,
  };
}

/** A member whose own row has no address has that of its node. */
function withAddress(member: MibObject, addresses: ReadonlyMap<string, string | undefined>): MibObject {
  if (member.address !== undefined) return member;
  const address = addresses.get(member.row.parts.node ?? textOf(member.row.cells.node) ?? '');
  return address === undefined ? member : { ...member, address };
}

function poolRowOf(row: Row, map: ObjectMap): string | undefined {
  if (map.poolRow === undefined) return undefined;
  if (map.poolRow === 'poolRow') return textOf(row.cells.poolRow);
  return row.index.split('.').slice(0, map.poolRow.parts).join('.');
}
