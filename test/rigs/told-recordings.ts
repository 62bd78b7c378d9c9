import type { VendorId } from '../../src-main/contract/address.ts';
import type { RowReader, toldObjects } from './told-by-names.ts';

type Told = Parameters<typeof toldObjects>[1];

export interface ToldRecording {
  readonly vendor: VendorId;
  /** Below `snmp/` of the recordings. */
  readonly path: string;
  readonly told: Told;
}

const f5Health = { 0: 'unknown', 1: 'up', 2: 'limited', 3: 'down', 4: 'unmonitored', 5: 'unknown' };
const f5Orders = { 1: 'enabled', 2: 'draining', 3: 'draining' };
const f5Counters = {
  bytesIn: 'ltmVirtualServStatClientBytesIn',
  bytesOut: 'ltmVirtualServStatClientBytesOut',
  totalConnections: 'ltmVirtualServStatClientTotConns',
  currentConnections: 'ltmVirtualServStatClientCurConns',
  requests: 'ltmVirtualServStatTotRequests',
};
const f5MemberCounters = {
  bytesIn: 'ltmPoolMemberStatServerBytesIn',
  bytesOut: 'ltmPoolMemberStatServerBytesOut',
  totalConnections: 'ltmPoolMemberStatServerTotConns',
  currentConnections: 'ltmPoolMemberStatServerCurConns',
  requests: 'ltmPoolMemberStatTotRequests',
  queuedRequests: 'ltmPoolMemberStatConnqDepth',
};

/** `names`: from the index (11 and later name rows so), or from the columns, where a recording's indexes were made unlike. */
function f5(names: 'index' | 'columns'): Told {
  function word(row: RowReader, at: number, count: number, column: string): string {
    return names === 'index' ? (row.words(count)[at] ?? '') : (row.text(column) ?? '');
  }
  return [
    {
      kind: 'virtualServers',
      rows: 'ltmVirtualServPort',
      name: (row) => word(row, 0, 1, 'ltmVirtualServName'),
      columns: {
        address: 'ltmVirtualServAddr',
        port: 'ltmVirtualServPort',
        protocol: 'ltmVirtualServIpProto',
        health: 'ltmVsStatusAvailState',
        adminState: ['ltmVsStatusEnabledState', 'ltmVirtualServEnabled'],
        ...f5Counters,
      },
      words: {
        health: f5Health,
        adminState: { 0: 'disabled', 1: 'enabled', 2: 'disabled', 3: 'disabled' },
        protocol: { 6: 'tcp', 17: 'udp', 0: 'any', 132: 'sctp', 1: '1', 50: '50' },
      },
    },
    {
      kind: 'pools',
      rows: 'ltmPoolLbMode',
      name: (row) => word(row, 0, 1, 'ltmPoolName'),
      columns: {
        algorithm: 'ltmPoolLbMode',
        health: 'ltmPoolStatusAvailState',
        adminState: 'ltmPoolStatusEnabledState',
      },
      // LbMode of F5-BIGIP-LOCAL-MIB: roundRobin, ratioMember, leastConnMember, ratioNodeAddress, leastConnNodeAddress.
      words: {
        algorithm: {
          0: 'round-robin',
          1: 'round-robin',
          2: 'least-connections',
          5: 'round-robin',
          6: 'least-connections',
        },
        health: f5Health,
        adminState: f5Orders,
      },
    },
    {
      kind: 'members',
      rows: 'ltmPoolMemberPort',
      name: (row) => {
        const pool = word(row, 0, 2, 'ltmPoolMemberPoolName');
        return `${pool} > ${word(row, 1, 2, 'ltmPoolMemberNodeName')}:${row.text('ltmPoolMemberPort') ?? ''}`;
      },
      columns: {
        address: 'ltmPoolMemberAddr',
        port: 'ltmPoolMemberPort',
        weight: 'ltmPoolMemberRatio',
        health: ['ltmPoolMbrStatusAvailState', 'ltmPoolMemberAvailabilityState'],
        ...f5MemberCounters,
      },
      words: { health: f5Health },
    },
  ];
}

const netscaler: Told = [
  {
    kind: 'virtualServers',
    rows: 'vsvrFullName',
    name: (row) => row.text('vsvrFullName') ?? '',
    columns: {
      address: 'vsvrIpAddress',
      port: 'vsvrPort',
      health: 'vsvrHealth',
      currentConnections: 'vsvrCurClntConnections',
      totalConnections: 'vsvrTotalClients',
      requests: 'vsvrTotalRequests',
      bytesIn: 'vsvrTotalRequestBytes',
      bytesOut: 'vsvrTotalResponseBytes',
    },
    // All say UP: how many of the services are decides.
    words: { health: { 0: 'down', '*': 'up' } },
  },
];

const kempStates = {
  health: { 1: 'up', 2: 'down', 4: 'unknown' },
  adminState: { 1: 'enabled', 2: 'enabled', 4: 'disabled' },
};
const kemp: Told = [
  {
    kind: 'virtualServers',
    rows: 'vSname',
    name: (row) => row.text('vSname') ?? '',
    columns: {
      address: 'vSip',
      port: 'vSport',
      protocol: 'vSprotocol',
      health: 'vSstate',
      adminState: 'vSstate',
      totalConnections: 'vSConns',
      bytesIn: 'vSInBytes',
      bytesOut: 'vSOutBytes',
      currentConnections: 'vSActivConns',
    },
    words: { ...kempStates, protocol: { 6: 'tcp', 17: 'udp' } },
  },
  {
    kind: 'members',
    rows: 'rSip',
    name: (row) =>
      `${row.at('vSname', row.text('rSvsidx') ?? '') ?? ''} > ${row.text('rSip') ?? ''}:${row.text('rSport') ?? ''}`,
    columns: {
      address: 'rSip',
      port: 'rSport',
      weight: 'rSweight',
      health: 'rSstate',
      adminState: 'rSstate',
      totalConnections: 'rSConns',
      bytesIn: 'rSInBytes',
      bytesOut: 'rSOutBytes',
      currentConnections: 'rSActiveConns',
    },
    words: kempStates,
  },
];

const haproxyHealth = {
  OPEN: 'up',
  UP: 'up',
  DOWN: 'down',
  FULL: 'limited',
  MAINT: 'unknown',
  DRAIN: 'up',
  NO: 'unmonitored',
  STOP: 'down',
};
const haproxyOrders = { MAINT: 'disabled', STOP: 'disabled', DRAIN: 'draining', '*': 'enabled' };
function haproxy(base: string, isNamed: boolean): Told {
  /** The vendor's later number has no MIB here: its columns are those of the earlier one. */
  function column(name: string, number: string): string {
    return isNamed ? name : `${base}.${number}`;
  }
  return [
    {
      kind: 'virtualServers',
      rows: column('alFrontendName', '2.1.3'),
      name: (row) => row.text(column('alFrontendName', '2.1.3')) ?? '',
      columns: {
        currentConnections: column('alFrontendSessionCur', '2.1.4'),
        totalConnections: column('alFrontendSessionTotal', '2.1.7'),
        bytesIn: column('alFrontendBytesIN', '2.1.8'),
        bytesOut: column('alFrontendBytesOUT', '2.1.9'),
        health: column('alFrontendStatus', '2.1.13'),
        adminState: column('alFrontendStatus', '2.1.13'),
      },
      words: { health: haproxyHealth, adminState: haproxyOrders },
    },
    {
      kind: 'pools',
      rows: column('alBackendName', '3.1.3'),
      name: (row) => row.text(column('alBackendName', '3.1.3')) ?? '',
      columns: {
        queuedRequests: column('alBackendQueueCur', '3.1.4'),
        currentConnections: column('alBackendSessionCur', '3.1.7'),
        health: column('alBackendStatus', '3.1.20'),
      },
      words: { health: haproxyHealth },
    },
    {
      kind: 'members',
      rows: column('alServerName', '4.1.4'),
      name: (row) => {
        const pool = row.at(column('alBackendName', '3.1.3'), row.index.replace(/\.\d+$/, ''));
        return `${pool ?? ''} > ${row.text(column('alServerName', '4.1.4')) ?? ''}`;
      },
      columns: {
        queuedRequests: column('alServerQueueCur', '4.1.5'),
        currentConnections: column('alServerSessionCur', '4.1.8'),
        totalConnections: column('alServerSessionTotal', '4.1.11'),
        bytesIn: column('alServerBytesIN', '4.1.13'),
        bytesOut: column('alServerBytesOUT', '4.1.14'),
        health: column('alServerStatus', '4.1.19'),
        adminState: column('alServerStatus', '4.1.19'),
        weight: column('alServerWeight', '4.1.21'),
      },
      words: { health: haproxyHealth, adminState: haproxyOrders },
    },
  ];
}

const peplink: Told = [
  {
    kind: 'members',
    rows: 'wanName',
    name: (row) => `WAN > ${row.text('wanName') ?? ''}`,
    columns: { health: 'wanState', adminState: 'wanState', address: 'wanNetworkIpAddress' },
    words: {
      health: { 1: 'unknown', 2: 'down', 3: 'up' },
      adminState: { 1: 'disabled', 2: 'enabled', 3: 'enabled' },
    },
  },
];

/** Every recording of a device that holds rows of balancing. */
export const toldRecordings: readonly ToldRecording[] = [
  { vendor: 'f5', path: 'librenms/f5.snmprec', told: f5('index') },
  { vendor: 'f5', path: 'datadog/f5-big-ip-15.0.1-ve.snmprec', told: f5('columns') },
  { vendor: 'netscaler', path: 'librenms/netscaler.snmprec', told: netscaler },
  { vendor: 'kemp', path: 'kemp/kemp2-ipvs-b100-2016.snmpwalk.txt', told: kemp },
  { vendor: 'aloha', path: 'librenms/aloha_alb5100.snmprec', told: haproxy('', true) },
  { vendor: 'aloha', path: 'centreon/haproxy.snmpwalk', told: haproxy('1.3.6.1.4.1.58750.4.3.1.3', false) },
  { vendor: 'aloha', path: 'centreon/haproxy-front.snmpwalk', told: haproxy('1.3.6.1.4.1.58750.4.3.1.3', false) },
  { vendor: 'peplink', path: 'librenms/pepwave.snmprec', told: peplink },
];
