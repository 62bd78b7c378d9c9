import { address, counter, gauge, integer, type MibValue, type MibView, text } from '../snmp.ts';
import { systemGroup } from '../system-group.ts';
import type { Counters, Traffic } from '../traffic.ts';
import { type Bound, groupMembersOf, type Vserver, vserversOf } from './bindings.ts';
import type { Configuration } from './configuration.ts';
import type { Health, HealthOf } from './health.ts';
import type { HaRole } from './show.ts';

/** What the agent is made of, at one moment. */
export interface Watched {
  readonly config: Configuration;
  readonly role: HaRole;
  readonly traffic: Traffic;
  readonly upMs: number;
  readonly health: HealthOf;
}

type Row = Readonly<Record<number, MibValue>>;

const root = '1.3.6.1.4.1.5951.4.1';

/**
 * NS-ROOT-MIB of 13.1: the vserver, lbvserver and service group member tables. Columns, types and index are the MIB's. As recordings of
 * devices do, a virtual server is UP (7) whatever its health says.
 */
export function mibOf({ config, role, traffic, upMs, health }: Watched): MibView {
  const release = config.lines[0]?.text.slice(1).replace(' Build', ': Build') ?? 'NS13.1: Build 37.38';
  const version = `NetScaler ${release}.nc, Date: Nov 23 2022, 04:42:36   (64-bit)`;
  const vservers = vserversOf(config);
  return {
    scalars: [
      ...systemGroup({ description: version, product: '1.3.6.1.4.1.5951.1', hostname: 'ns1', upMs }),
      { oid: `${root}.1.1`, value: text(version) },
      { oid: `${root}.1.23.3`, value: integer({ standalone: 0, primary: 2, secondary: 1 }[role]) },
      { oid: `${root}.1.23.23`, value: integer(role === 'standalone' ? 0 : 1) },
      { oid: `${root}.1.23.24`, value: integer(3) },
      { oid: `${root}.1.41.1`, value: gauge(2) },
      { oid: `${root}.1.41.2`, value: gauge(11) },
    ],
    tables: [
      {
        oid: `${root}.2.7.1`,
        index: [1, 2],
        rows: groupMembersOf(config).map((one) =>
          memberRow(one, traffic.of(one.name), health(one.name, one.isEnabled)),
        ),
      },
      {
        oid: `${root}.3.1.1`,
        index: [1],
        rows: vservers.map((one) => vserverRow(one, traffic.of(`vserver ${one.name}`), health)),
      },
      // Indexed by the other table's name: it stands in the index alone.
      { oid: `${root}.3.6.1`, index: [nameColumn], hidden: [nameColumn], rows: vservers.map(methodRow) },
    ],
  };
}

const nameColumn = 99;

/** EntityState. */
const states: Readonly<Record<Health, number>> = {
  DOWN: 1,
  'OUT OF SERVICE': 4,
  'GOING OUT OF SERVICE': 5,
  UP: 7,
};

/** EntityProtocolType. */
const protocols: Readonly<Record<string, number>> = {
  HTTP: 0,
  FTP: 1,
  TCP: 2,
  UDP: 3,
  SSL_BRIDGE: 4,
  ANY: 13,
  SSL: 14,
  DNS: 16,
  SSL_TCP: 21,
  DNS_TCP: 48,
};

function protocolOf(name: string): MibValue {
  return integer(protocols[name.toUpperCase()] ?? 99);
}

function vserverRow(
  { name, address: ip, port, protocol, isEnabled, bound }: Vserver,
  counted: Counters,
  health: HealthOf,
): Row {
  const all = bound.map((one) => health(one.name, one.isEnabled));
  const [up = 0, down = 0] = ['UP', 'DOWN'].map((state) => all.filter((one) => one === state).length);
  const out = bound.length - up - down;
  return {
    1: text(name),
    2: address(ip),
    3: integer(port),
    4: protocolOf(protocol),
    5: integer(states[isEnabled ? 'UP' : 'OUT OF SERVICE']),
    7: gauge(counted.current),
    8: gauge(counted.current),
    30: counter(counted.requests),
    31: counter(counted.bitsIn / 8),
    32: counter(counted.requests),
    33: counter(counted.bitsOut / 8),
    34: counter(counted.packetsIn),
    35: counter(counted.packetsOut),
    37: gauge(down),
    39: gauge(out),
    41: gauge(up),
    43: text(String(counted.current)),
    44: text(String(Math.round((counted.current * counted.bitsIn) / Math.max(1, counted.total) / 8))),
    45: text(String(Math.round((counted.current * counted.bitsOut) / Math.max(1, counted.total) / 8))),
    48: counter(counted.requests),
    56: counter(counted.total),
    59: text(name),
    61: gauge(bound.length),
    62: integer(bound.length === 0 ? 0 : Math.round((100 * up) / bound.length)),
    71: gauge(counted.current),
  };
}

function memberRow(one: Bound, counted: Counters, health: Health): Row {
  return {
    1: text(one.group),
    2: text(one.name),
    3: address(one.address),
    4: integer(one.port),
    5: protocolOf(one.protocol),
    6: integer(states[health]),
    7: integer(one.weight),
    10: gauge(counted.current),
    11: gauge(counted.current),
    13: counter(counted.requests),
    14: counter(counted.bitsIn / 8),
    15: counter(counted.requests),
    16: counter(counted.bitsOut / 8),
    24: gauge(counted.current),
    25: text(String(counted.current)),
    32: text(one.group),
    33: text(one.name),
    36: text(one.server),
  };
}

/** LbPolicy and PersistanceType. */
const methods: Readonly<Record<string, number>> = {
  ROUNDROBIN: 1,
  LEASTCONNECTION: 2,
  LEASTRESPONSETIME: 3,
  URLHASH: 5,
  DOMAINHASH: 6,
  DESTINATIONIPHASH: 7,
  SOURCEIPHASH: 8,
  LEASTBANDWIDTH: 9,
  LEASTPACKETS: 10,
  CUSTOMLOAD: 11,
  TOKEN: 12,
  STATICPROXIMITY: 13,
  LEASTREQUEST: 15,
  SRCIPDESTIPHASH: 17,
  SRCIPSRCPORTHASH: 18,
  LRTM: 19,
  CALLIDHASH: 20,
};
const persistences: Readonly<Record<string, number>> = {
  NONE: 0,
  SOURCEIP: 1,
  COOKIEINSERT: 2,
  SSLSESSION: 6,
  CUSTOMSERVERID: 10,
  RULE: 8,
  URLPASSIVE: 9,
  DESTIP: 14,
  SRCIPDESTIP: 16,
  CALLID: 17,
  RTSPSID: 19,
  DIAMETER: 20,
  FIXSESSION: 21,
};

function methodRow({ name, method, persistence }: Vserver): Row {
  return {
    1: integer(methods[method.toUpperCase()] ?? 1),
    2: integer(persistences[persistence.toUpperCase()] ?? 0),
    3: integer(2),
    [nameColumn]: text(name),
  };
}
