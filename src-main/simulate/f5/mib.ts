import { isIPv4 } from 'node:net';
import {
  bytes,
  counter,
  gauge,
  integer,
  type MibScalar,
  type MibTable,
  type MibValue,
  type MibView,
  text,
} from '../snmp.ts';
import { systemGroup } from '../system-group.ts';
import type { Appliance } from './appliance.ts';
import { type Configuration, findItem, objectsOf, type TmObject, valueOf } from './configuration.ts';
import {
  type Availability,
  type Member,
  membersOf,
  nodeStatus,
  poolStatus,
  type Status,
  virtualStatus,
} from './health.ts';
import { type Counters, sumOf } from '../traffic.ts';

/**
 * What the device shows by SNMP: F5-BIGIP-LOCAL-MIB (1.3.6.1.4.1.3375.2.2) and F5-BIGIP-SYSTEM-MIB (.2.1), with the layout of the
 * unit's release. Types and index are the MIBs'; which columns are there, the columns of a walk
 * of a device with 125 pools. Bytes are bits by eight: tmsh shows bits, the MIB bytes.
 */
export function mibOf(appliance: Appliance): MibView {
  const config = appliance.config();
  const pools = objectsOf(config, 'ltm pool').map((pool) => ({
    pool,
    members: membersOf(config, pool, appliance.probe),
  }));
  const virtuals = objectsOf(config, 'ltm virtual');
  return {
    scalars: [...systemGroup(about(appliance)), ...scalarsOf(appliance, [pools.length, virtuals.length])],
    tables: [
      {
        oid: `${local}.4.1.2.1`,
        index: [17],
        rows: objectsOf(config, 'ltm node').map((node) => nodeRow(appliance, node)),
      },
      { oid: `${local}.5.1.2.1`, index: [1], rows: pools.map(({ pool, members }) => poolRow(pool, members)) },
      {
        oid: `${local}.5.2.3.1`,
        index: [1],
        rows: pools.map(({ pool, members }) => poolCounters(appliance, pool, members)),
      },
      {
        oid: `${local}.5.5.2.1`,
        index: [1],
        rows: pools.map(({ pool, members }) => statusRow(pool.name, poolStatus(members))),
      },
      ...memberTables(appliance, pools),
      { oid: `${local}.10.1.2.1`, index: [1], rows: virtuals.map((virtual) => virtualRow(config, virtual, appliance)) },
      {
        oid: `${local}.10.2.3.1`,
        index: [1],
        rows: virtuals.map(({ name }) => virtualCounters(name, appliance.traffic.of(name))),
      },
      {
        oid: `${local}.10.13.2.1`,
        index: [1],
        rows: virtuals.map((virtual) => statusRow(virtual.name, virtualStatus(config, virtual, appliance.probe))),
      },
      ...groupTables(appliance),
    ],
  };
}

const local = '1.3.6.1.4.1.3375.2.2';
const system = '1.3.6.1.4.1.3375.2.1';

type Row = Readonly<Record<number, MibValue>>;

function about({ hostname, version, now, startedAt }: Appliance): Parameters<typeof systemGroup>[0] {
  return {
    description: isFrom(version, 14, 1)
      ? `BIG-IP Virtual Edition : Linux 3.10.0-862.14.4.el7.ve.x86_64 : BIG-IP software release ${version}, build 0.0.5`
      : `Linux ${hostname} 2.6.32-431.56.1.el6.f5.x86_64 #1 SMP Thu Dec 13 14:25:45 PST 2018 x86_64`,
    product: '1.3.6.1.4.1.3375.2.1.3.4.43',
    hostname,
    upMs: now().getTime() - startedAt().getTime(),
  };
}

/** Whether a release is this one or a later one. */
function isFrom(version: string, major: number, minor: number): boolean {
  const [own = 0, ownMinor = 0] = version.split('.').map(Number);
  return own > major || (own === major && ownMinor >= minor);
}

/** Memory of TMM and of the host, and the CPU of the last 5 s, minute and 5 minutes: a device at rest. */
const load: readonly MibScalar[] = [
  { oid: `${system}.1.2.1.44`, value: counter(1_803_550_720) },
  { oid: `${system}.1.2.1.45`, value: counter(266_533_864) },
  { oid: `${system}.1.2.20.21`, value: gauge(4) },
  { oid: `${system}.1.2.20.29`, value: gauge(4) },
  { oid: `${system}.1.2.20.37`, value: gauge(4) },
  { oid: `${system}.1.2.20.44`, value: counter(2_341_679_104) },
  { oid: `${system}.1.2.20.45`, value: counter(1_762_848_768) },
];

/** sysCmSyncStatusId, of the words that tmsh has. */
const syncIds: Readonly<Record<string, number>> = { 'Changes Pending': 2, 'In Sync': 3, Standalone: 6 };
const colors = ['green', 'yellow', 'red', 'blue', 'gray', 'black'];

function scalarsOf(
  { version, group, hostname, isActive }: Appliance,
  [pools = 0, virtuals = 0]: readonly number[],
): readonly MibScalar[] {
  const { status, color, summary, details } = group.status(hostname);
  return [
    ...load,
    { oid: `${system}.4.1`, value: text('BIG-IP') },
    { oid: `${system}.4.2`, value: text(version) },
    { oid: `${system}.4.3`, value: text('0.0.5') },
    { oid: `${system}.4.4`, value: text('Final') },
    { oid: `${system}.14.1.1`, value: integer(syncIds[status] ?? 0) },
    { oid: `${system}.14.1.2`, value: text(status) },
    { oid: `${system}.14.1.3`, value: integer(Math.max(0, colors.indexOf(color))) },
    { oid: `${system}.14.1.4`, value: text(summary) },
    { oid: `${system}.14.2.1`, value: integer(details.length) },
    { oid: `${system}.14.3.1`, value: integer(isActive() ? 4 : 3) },
    { oid: `${system}.14.3.2`, value: text(isActive() ? 'ACTIVE' : 'STANDBY') },
    { oid: `${system}.14.3.3`, value: integer(isActive() ? 0 : 4) },
    { oid: `${system}.14.3.4`, value: text(isActive() ? '1/1 active' : '1/1 standby') },
    { oid: `${local}.5.1.1`, value: integer(pools) },
    { oid: `${local}.10.1.1`, value: integer(virtuals) },
  ];
}

function groupTables({ group, hostname }: Appliance): readonly MibTable[] {
  const { details } = group.status(hostname);
  return [
    { oid: `${system}.14.2.2.1`, index: [1], rows: details.map((one, at) => ({ 1: integer(at + 1), 2: text(one) })) },
    {
      oid: `${system}.14.5.2.1`,
      index: [1, 2],
      rows: group.units().map((unit) => ({
        1: text('/Common/traffic-group-1'),
        2: text(`/Common/${unit.name}`),
        3: integer(unit.isActive() ? 4 : 3),
      })),
    },
  ];
}

const lbModes = [
  'round-robin',
  'ratio-member',
  'least-connections-member',
  'observed-member',
  'predictive-member',
  'ratio-node',
  'least-connections-node',
  'fastest-node',
  'observed-node',
  'predictive-node',
  'dynamic-ratio-node',
  'fastest-app-response',
  'least-sessions',
  'dynamic-ratio-member',
  '',
  'weighted-least-connections-member',
  'weighted-least-connections-node',
  'ratio-session',
];

function poolRow(pool: TmObject, members: readonly Member[]): Row {
  const { items } = pool;
  const status = poolStatus(members);
  const down = ['none', 'reset', 'drop', 'reselect'].indexOf(valueOf(items, 'service-down-action') ?? 'none');
  return {
    1: text(pool.name),
    2: integer(Math.max(0, lbModes.indexOf(valueOf(items, 'load-balancing-mode') ?? 'round-robin'))),
    3: integer(Math.max(0, down)),
    4: integer(Number(valueOf(items, 'min-up-members') ?? 0)),
    7: integer(Number(valueOf(items, 'min-active-members') ?? 0)),
    8: integer(members.filter(({ isServing }) => isServing).length),
    17: text(monitorOf(pool)),
    18: integer(colorOf(status.availability)),
    19: integer(status.isEnabled ? 1 : 2),
    21: text(status.reason),
    22: integer(Number(valueOf(items, 'slow-ramp-time') ?? 10)),
    23: integer(members.length),
    27: text(valueOf(items, 'description') ?? ''),
  };
}

function monitorOf({ items }: TmObject): string {
  const item = findItem(items, 'monitor');
  return [...(item?.words.slice(1) ?? []), ...(item?.block ?? []).map(({ words: [one = ''] }) => one)].join(' ');
}

/** none(0), green(1), yellow(2), red(3), blue(4). */
function colorOf(availability: Availability): number {
  return { available: 1, offline: 3, unknown: 4 }[availability];
}

function statusRow(name: string, { availability, isEnabled, reason }: Status): Row {
  return {
    1: text(name),
    2: integer(colorOf(availability)),
    3: integer(isEnabled ? 1 : 2),
    4: integer(0),
    5: text(reason),
  };
}

function poolCounters({ traffic }: Appliance, pool: TmObject, members: readonly Member[]): Row {
  const counted = sumOf(members.map(({ name }) => traffic.of(`${pool.name} ${name}`)));
  return { 1: text(pool.name), ...counterColumns(counted, 2), 30: counter(counted.requests), 31: gauge(0) };
}

/** Packets and bytes in, packets and bytes out, most, total and current connections: in this order in every table. */
function counterColumns(counted: Counters, first: number): Row {
  return {
    [first]: counter(counted.packetsIn),
    [first + 1]: counter(counted.bitsIn / 8),
    [first + 2]: counter(counted.packetsOut),
    [first + 3]: counter(counted.bitsOut / 8),
    [first + 4]: counter(counted.most),
    [first + 5]: counter(counted.total),
    [first + 6]: gauge(counted.current),
  };
}

/**
 * Which columns name a member: pool, node and port since nodes have names (11.0); before that pool, type of address, address and port
 * (from memory of the MIB of 10).
 */
function memberIndex(version: string, node: number): readonly number[] {
  return isFrom(version, 11, 0) ? [1, node, 4] : [1, 2, 3, 4];
}

function memberTables(
  { traffic, version }: Appliance,
  pools: readonly { readonly pool: TmObject; readonly members: readonly Member[] }[],
): readonly MibTable[] {
  const all = pools.flatMap(({ pool, members }) => members.map((member) => ({ pool, member })));
  return [
    {
      oid: `${local}.5.3.2.1`,
      index: memberIndex(version, 19),
      rows: all.map(({ pool, member }) => memberRow(pool, member)),
    },
    {
      oid: `${local}.5.4.3.1`,
      index: memberIndex(version, 28),
      rows: all.map(({ pool, member }) => {
        const counted = traffic.of(`${pool.name} ${member.name}`);
        const head = {
          1: text(pool.name),
          2: integer(addressType(member.address)),
          3: bytes(packed(member.address)),
          4: gauge(Number(member.port)),
        };
        return {
          ...head,
          ...counterColumns(counted, 5),
          19: counter(counted.requests),
          28: text(member.node),
          29: gauge(0),
        };
      }),
    },
    {
      oid: `${local}.5.6.2.1`,
      index: memberIndex(version, 9),
      rows: all.map(({ pool, member }) => ({
        1: text(pool.name),
        2: integer(addressType(member.address)),
        3: bytes(packed(member.address)),
        4: gauge(Number(member.port)),
        5: integer(colorOf(member.availability)),
        6: integer(member.session === 'enabled' ? 1 : member.session === 'user-disabled' ? 2 : 3),
        7: integer(member.session === 'addr-disabled' ? 1 : 0),
        8: text(member.reason),
        9: text(member.node),
      })),
    },
  ];
}

/** unchecked(0), up(4), down(19), forcedDown(20). */
const monitorStates = { unchecked: 0, up: 4, down: 19, 'forced-down': 20 } as const;

function memberRow(pool: TmObject, member: Member): Row {
  return {
    1: text(pool.name),
    2: integer(addressType(member.address)),
    3: bytes(packed(member.address)),
    4: gauge(Number(member.port)),
    5: gauge(0),
    6: integer(member.ratio),
    7: integer(member.ratio),
    8: integer(member.priority),
    9: integer(1),
    10: integer(monitorStates[member.monitorStatus]),
    11: integer(monitorStates[member.monitorStatus]),
    12: integer(member.session === 'user-disabled' ? 1 : member.monitorStatus === 'unchecked' ? 2 : 3),
    13: integer({ enabled: 1, 'addr-disabled': 2, 'user-disabled': 4 }[member.session]),
    14: text(member.monitorRule),
    15: integer(colorOf(member.availability)),
    16: integer(member.session === 'enabled' ? 1 : member.session === 'user-disabled' ? 2 : 3),
    18: text(member.reason),
    19: text(member.node),
  };
}

function nodeRow({ probe }: Appliance, node: TmObject): Row {
  const status = nodeStatus(node, probe);
  const address = valueOf(node.items, 'address') ?? '0.0.0.0';
  const monitor = { unchecked: 0, up: 4, down: 19, 'forced-down': 20 }[status.monitorStatus] ?? 0;
  return {
    1: integer(addressType(address)),
    2: bytes(packed(address)),
    3: gauge(Number(valueOf(node.items, 'connection-limit') ?? 0)),
    4: integer(Number(valueOf(node.items, 'ratio') ?? 1)),
    7: integer(monitor),
    8: text(monitorOf(node)),
    10: integer(status.isEnabled ? 1 : 4),
    13: integer(colorOf(status.availability)),
    14: integer(status.isEnabled ? 1 : 2),
    16: text(status.reason),
    17: text(node.name),
  };
}

const protocols: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132, any: 255 };

function virtualRow(config: Configuration, virtual: TmObject, appliance: Appliance): Row {
  const { items } = virtual;
  const [, address = '0.0.0.0', port = '0'] =
    /^(?:.*\/)?(.*)[:.](\d+)$/.exec(valueOf(items, 'destination') ?? '') ?? [];
  const status = virtualStatus(config, virtual, appliance.probe);
  return {
    1: text(virtual.name),
    2: integer(addressType(address)),
    3: bytes(packed(address)),
    6: gauge(Number(port)),
    7: integer(protocols[valueOf(items, 'ip-protocol') ?? 'any'] ?? 255),
    9: integer(status.isEnabled ? 1 : 0),
    10: gauge(Number(valueOf(items, 'connection-limit') ?? 0)),
    19: text(valueOf(items, 'pool') ?? ''),
    20: text(valueOf(items, 'fallback-persistence') ?? ''),
    22: integer(colorOf(status.availability)),
    23: integer(status.isEnabled ? 1 : 2),
    25: text(status.reason),
  };
}

function virtualCounters(name: string, counted: Counters): Row {
  return {
    1: text(name),
    2: counter(0),
    3: counter(0),
    4: counter(0),
    5: counter(0),
    ...counterColumns(counted, 6),
    30: counter(counted.requests),
  };
}

/** InetAddressType (RFC 4001): ipv4(1), ipv6(2), ipv4z(3), ipv6z(4) with a route domain. */
function addressType(address: string): number {
  const [bare = '', zone] = address.split('%');
  return (isIPv4(bare) ? 1 : 2) + (zone === undefined ? 0 : 2);
}

/** The address in network order, a route domain as four bytes behind it. */
function packed(address: string): Buffer {
  const [bare = '', zone] = address.split('%');
  const own = isIPv4(bare) ? Buffer.from(bare.split('.').map(Number)) : packedV6(bare);
  if (zone === undefined) return own;
  const domain = Buffer.alloc(4);
  domain.writeUInt32BE(Number(zone));
  return Buffer.concat([own, domain]);
}

function packedV6(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const [left, right] = [head, tail ?? ''].map((part) => part.split(':').filter((one) => one !== ''));
  const gap = Array.from({ length: Math.max(0, 8 - (left?.length ?? 0) - (right?.length ?? 0)) }, () => '0');
  const words = tail === undefined ? (left ?? []) : [...(left ?? []), ...gap, ...(right ?? [])];
  const all = Buffer.alloc(16);
  words.slice(0, 8).forEach((word, at) => all.writeUInt16BE(Number.parseInt(word, 16) || 0, at * 2));
  return all;
}
