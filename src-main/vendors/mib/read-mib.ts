import type { CallOptions, SnmpSession } from '../../transports/transport.ts';
import { textOf } from './cells.ts';
import type { Mib, ObjectMap } from './mib.ts';
import { distinct, type MibObject, objectsOf } from './objects.ts';
import { readRows, type Row, withDetails } from './rows.ts';

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

/** Everything that a box tells of its balancing, tables side by side. Columns that it lacks are absent. */
export async function readObjects(session: SnmpSession, mib: Mib, options: CallOptions): Promise<MibObjects> {
  const [servers, moreServers, pools, members, moreMembers, nodes] = await Promise.all(
    [
      mib.virtualServers,
      mib.moreVirtualServers,
      mib.hasPoolPerVirtualServer === true ? undefined : mib.pools,
      mib.members,
      mib.moreMembers,
      mib.nodes,
    ].map((map) => readKind(session, map, options)),
  );
  const virtualServers = distinct([...(servers ?? []), ...(moreServers ?? [])]);
  return joined(mib, {
    virtualServers,
    pools: mib.hasPoolPerVirtualServer === true ? virtualServers : distinct(pools ?? []),
    members: [...(members ?? []), ...(moreMembers ?? [])],
    nodes: distinct(nodes ?? []),
  });
}

async function readKind(
  session: SnmpSession,
  map: ObjectMap | undefined,
  options: CallOptions,
): Promise<readonly MibObject[]> {
  if (map === undefined) return [];
  const [rows, ...details] = await Promise.all(
    [map, ...(map.details ?? [])].map((one) => readRows(session, one, options)),
  );
  return objectsOf(withDetails(rows ?? [], details.flat()), map);
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
