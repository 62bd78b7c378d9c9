import { counter, integer, type MibValue, type MibView, text } from '../snmp.ts';
import { systemGroup } from '../system-group.ts';
import { type Device, shared } from './device.ts';
import { type Group, groupsOf, memberName, serversOf, virtualServersOf, vportName } from './health.ts';

type Row = Readonly<Record<number, MibValue>>;

const root = '1.3.6.1.4.1.22610.2.4';

/** A10-AX-MIB, of the shared partition: servers, service groups with their members, virtual servers' ports. Columns and index: the MIB's. */
export function mibOf(device: Device): MibView {
  const config = device.config(shared);
  const servers = serversOf(config, device.probe);
  const groups = groupsOf(config, device.probe);
  const virtuals = virtualServersOf(config, device.probe);
  const members = groups.flatMap((group) => group.members.map((member) => ({ group, member })));
  const ports = virtuals.flatMap((virtual) => virtual.ports.map((port) => ({ virtual, port })));
  const [release = ''] = device.version.split(',');
  return {
    scalars: systemGroup({
      description: `Thunder Series Unified Application Service Gateway vThunder, ACOS ${release},`,
      product: '1.3.6.1.4.1.22610.1.3.25',
      hostname: device.hostname(),
      upMs: device.now().getTime() - device.startedAt().getTime(),
    }),
    tables: [
      {
        oid: `${root}.3.2.1.2.1`,
        index: [1],
        rows: servers.map(({ name, address, state }) => ({
          1: text(name),
          2: text(address),
          3: integer(state === 'Disabled' ? 0 : 1),
          4: text(''),
          5: integer(states[state]),
          6: integer(addressType(address)),
        })),
      },
      {
        oid: `${root}.3.3.1.2.1`,
        index: [1],
        rows: groups.map((group) => ({
          1: text(group.name),
          2: integer(group.protocol === 'udp' ? 3 : 2),
          3: integer(methods[group.method] ?? 0),
          4: integer(displays[group.state]),
        })),
      },
      {
        oid: `${root}.3.3.3.1.1`,
        index: [1, 2, 3, 4],
        rows: members.map(({ group, member }) => ({
          1: text(group.name),
          2: integer(typeOf(group)),
          3: text(member.server),
          4: integer(Number(member.port)),
          5: integer(member.priority),
          6: integer(states[member.state]),
        })),
      },
      {
        oid: `${root}.3.3.4.1.1`,
        index: [1, 2, 3, 4],
        rows: members.map(({ group, member }) => memberCounters(device, group, member)),
      },
      {
        oid: `${root}.3.4.3.1.1`,
        index: [1, 2, 3],
        rows: ports.map(({ virtual, port }) => ({
          1: text(virtual.name),
          2: integer(portTypes[port.protocol] ?? 5),
          3: integer(Number(port.port)),
          4: text(virtual.address),
          5: integer(port.isEnabled ? 1 : 0),
          6: text(port.group),
          23: integer(displays[port.state]),
          24: integer(addressType(virtual.address)),
        })),
      },
      {
        oid: `${root}.3.4.4.1.1`,
        index: [1, 2, 3],
        rows: ports.map(({ virtual, port }) => {
          const counted = device.traffic.of(vportName(shared, virtual.name, port.port, port.protocol));
          return {
            1: text(virtual.address),
            2: integer(portTypes[port.protocol] ?? 5),
            3: integer(Number(port.port)),
            4: text(virtual.name),
            5: integer(port.state === 'Disabled' ? 3 : port.state === 'Down' ? 2 : 1),
            6: counter(counted.packetsIn),
            7: counter(counted.bitsIn / 8),
            8: counter(counted.packetsOut),
            9: counter(counted.bitsOut / 8),
            10: counter(0),
            11: counter(counted.total),
            12: integer(counted.current),
          };
        }),
      },
    ],
  };
}

const states = { Disabled: 0, Up: 1, Down: 2 } as const;
/** allUp(1), functionalUp(2), stopped(4), disabled(0). */
const displays = { Disabled: 0, 'All Up': 1, 'Functional Up': 2, Down: 4 } as const;

/** axServiceGroupLbAlgorithm. */
const methods: Readonly<Record<string, number>> = {
  'round-robin': 0,
  'weighted-rr': 1,
  'service-weighted-rr': 1,
  'least-connection': 2,
  'weighted-least-connection': 3,
  'service-least-connection': 4,
  'service-weighted-least-connection': 5,
  'fastest-response': 6,
  'least-request': 7,
  'round-robin-strict': 8,
  'src-ip-only-hash': 15,
  'src-ip-hash': 16,
  'dst-ip-only-hash': 17,
  'dst-ip-hash': 18,
};
const portTypes: Readonly<Record<string, number>> = {
  tcp: 2,
  udp: 3,
  others: 5,
  ftp: 9,
  sip: 11,
  'fast-http': 12,
  http: 14,
  https: 15,
  'ssl-proxy': 16,
  smtp: 17,
  'tcp-proxy': 20,
  'dns-udp': 22,
  'dns-tcp': 24,
};

function typeOf({ protocol }: Group): number {
  return protocol === 'udp' ? 3 : 2;
}

/** InetAddressType (RFC 4001). */
function addressType(address: string): number {
  return address.includes(':') ? 2 : 1;
}

function memberCounters(device: Device, group: Group, member: Group['members'][number]): Row {
  const counted = device.traffic.of(memberName(shared, group.name, member.server, member.port));
  return {
    1: text(group.name),
    2: integer(typeOf(group)),
    3: text(member.server),
    4: integer(Number(member.port)),
    5: counter(counted.packetsIn),
    6: counter(counted.bitsIn / 8),
    7: counter(counted.packetsOut),
    8: counter(counted.bitsOut / 8),
    9: counter(0),
    10: counter(counted.total),
    11: integer(counted.current),
    12: integer(states[member.state]),
    13: counter(counted.requests),
  };
}
