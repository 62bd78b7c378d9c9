import { ObjectType } from 'net-snmp';
import type { AdminState, Health } from '../../contract/model.ts';
import type { EngineStatistics } from '../supervisor/stats.ts';

/** The objects of resources/mibs/STEELYARD-MIB.txt from the statistics: columns in the MIB's order, after the index. */

export type SnmpValue = string | number | Buffer;

export interface Column {
  readonly type: number;
  readonly value: SnmpValue;
}

export interface Table {
  readonly name: string;
  /** Below `prefix.1`. */
  readonly number: number;
  readonly rows: readonly { readonly index: readonly number[]; readonly columns: readonly Column[] }[];
}

export interface Scalar {
  readonly name: string;
  readonly oid: string;
  readonly type: number;
  readonly value: SnmpValue;
}

const adminStates: Readonly<Record<AdminState, number>> = { enabled: 1, draining: 2, disabled: 3 };
const healths: Readonly<Record<Health, number>> = {
  up: 1,
  down: 2,
  limited: 3,
  unmonitored: 4,
  checking: 5,
  unknown: 6,
};

/** The system group (RFC 3418) and the engine's own scalars. */
export function scalarsOf(stats: EngineStatistics, prefix: string, hostName: string): Scalar[] {
  const upTime = Math.floor((Date.parse(stats.at) - Date.parse(stats.startedAt)) / 10) % 4_294_967_296;
  const system = '1.3.6.1.2.1.1';
  return [
    { name: 'sysDescr', oid: `${system}.1`, type: ObjectType.OctetString, value: `Steelyard ${stats.version}` },
    { name: 'sysObjectID', oid: `${system}.2`, type: ObjectType.OID, value: prefix },
    { name: 'sysUpTime', oid: `${system}.3`, type: ObjectType.TimeTicks, value: upTime },
    { name: 'sysContact', oid: `${system}.4`, type: ObjectType.OctetString, value: '' },
    { name: 'sysName', oid: `${system}.5`, type: ObjectType.OctetString, value: hostName },
    { name: 'sysLocation', oid: `${system}.6`, type: ObjectType.OctetString, value: '' },
    // RFC 3418: layers 4 and 7.
    { name: 'sysServices', oid: `${system}.7`, type: ObjectType.Integer, value: 72 },
    { name: 'syEngineVersion', oid: `${prefix}.1.1.1`, type: ObjectType.OctetString, value: stats.version },
    { name: 'syEngineWorkers', oid: `${prefix}.1.1.2`, type: ObjectType.Gauge, value: stats.workers.length },
    { name: 'syEngineGeneration', oid: `${prefix}.1.1.3`, type: ObjectType.Gauge, value: stats.generation },
  ];
}

export function tablesOf(stats: EngineStatistics): Table[] {
  return [
    {
      name: 'syVirtualServerTable',
      number: 2,
      rows: stats.virtualServers.map((server, index) => ({
        index: [index + 1],
        columns: [
          text(server.name),
          text(server.listen.join(',')),
          integer(adminStates[server.adminState]),
          integer(healths[server.health]),
          gauge(server.currentConnections),
          ...counted(server),
          counter(total(server.drops)),
        ],
      })),
    },
    {
      name: 'syPoolTable',
      number: 3,
      rows: stats.pools.map((pool, index) => ({
        index: [index + 1],
        columns: [
          text(pool.name),
          text(pool.algorithm),
          integer(healths[pool.health]),
          gauge(pool.currentConnections),
          ...counted(pool),
          counter(total(pool.errors)),
          counter(pool.retries),
        ],
      })),
    },
    {
      name: 'syMemberTable',
      number: 4,
      rows: stats.pools.flatMap((pool, poolIndex) =>
        pool.members.map((member, index) => ({
          index: [poolIndex + 1, index + 1],
          columns: [
            text(pool.name),
            text(member.name),
            text(member.address),
            integer(member.port),
            integer(adminStates[member.adminState]),
            integer(healths[member.health]),
            gauge(member.weight),
            gauge(member.currentConnections),
            ...counted(member),
            counter(total(member.errors)),
          ],
        })),
      ),
    },
  ];
}

function counted(of: {
  readonly totalConnections: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly responses: Readonly<Record<string, number>>;
}): Column[] {
  const classes = ['1xx', '2xx', '3xx', '4xx', '5xx'].map((each) => of.responses[each] ?? 0);
  return [of.totalConnections, of.requests, of.bytesIn, of.bytesOut, ...classes].map(counter);
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

/** SyText holds at most 255 bytes. */
function text(value: string): Column {
  return { type: ObjectType.OctetString, value: Buffer.from(value).subarray(0, 255) };
}

function integer(value: number): Column {
  return { type: ObjectType.Integer, value };
}

function gauge(value: number): Column {
  return { type: ObjectType.Gauge, value };
}

/** Counter64: the package takes eight bytes. */
function counter(value: number): Column {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(Math.floor(value)));
  return { type: ObjectType.Counter64, value: bytes };
}
