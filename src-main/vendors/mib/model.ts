import type { DeviceModel } from '../../contract/model.ts';
import { numberOf, textOf } from './cells.ts';
import type { Mib } from './mib.ts';
import { algorithmOf, type MibObject, present, protocolOf } from './objects.ts';
import type { MibObjects } from './read-mib.ts';

/** What the tables tell of the configuration; what they do not tell (monitors' settings, profiles) is absent. */
export function modelOf(mib: Mib, { virtualServers, pools, nodes }: MibObjects): DeviceModel {
  return {
    virtualServers: virtualServers.map((one) => ({
      name: one.name,
      ...present('listen', listenOf(one)),
      ...present('protocol', neutralProtocol(one)),
      ...present('pool', mib.hasPoolPerVirtualServer === true ? one.name : textOf(one.row.cells.pool)),
      ...present('adminState', one.adminState),
    })),
    pools: pools.map(({ name, object, members }) => ({
      name,
      ...(object === undefined ? {} : present('algorithm', algorithmOf(object.row, object.map))),
      ...present('adminState', mib.hasPoolPerVirtualServer === true ? undefined : object?.adminState),
      members: members.map(memberOf),
    })),
    monitors: [],
    ...(mib.nodes === undefined
      ? {}
      : {
          nodes: nodes.map((node) => ({
            name: node.name,
            address: node.address ?? '',
            ...present('adminState', node.adminState),
          })),
        }),
    profiles: [],
    certificates: [],
    unmodelled: [],
  };
}

function memberOf(member: MibObject) {
  const { cells, parts } = member.row;
  const maxConnections = numberOf(cells.maxConnections);
  const weight = numberOf(cells.weight);
  return {
    name: member.name,
    ...present('address', member.address),
    ...present('port', member.port),
    ...(weight === undefined || weight < 0 || weight > 65_535 ? {} : { weight }),
    ...present('priority', numberOf(cells.priority)),
    ...(maxConnections === undefined || maxConnections < 0 ? {} : { maxConnections }),
    ...present('adminState', member.adminState),
    ...present('node', parts.node ?? textOf(cells.node)),
  };
}

function listenOf({ address, port }: MibObject): string[] | undefined {
  if (address === undefined) return undefined;
  const host = address.includes(':') && port !== undefined ? `[${address}]` : address;
  return [port === undefined ? host : `${host}:${port}`];
}

function neutralProtocol({ row, map }: MibObject): 'http' | 'tcp' | 'udp' | undefined {
  const word = protocolOf(row, map);
  return word === 'http' || word === 'tcp' || word === 'udp' ? word : undefined;
}
