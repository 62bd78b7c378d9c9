import type { Mib } from '../mib.ts';

const check = '1.3.6.1.4.1.9586.100.5.3';

/** LVS under keepalived: connections in 64 bits since keepalived 2.0.7; real servers hang on virtual servers by their row. */
export const keepalived: Mib = {
  id: 'keepalived',
  label: 'keepalived (LVS)',
  product: 'keepalived',
  source: 'KEEPALIVED-MIB (virtualServerTable, realServerTable)',
  isSeen: false,
  device: {
    version: '1.3.6.1.4.1.9586.100.5.1.1.0',
    failover: {
      oid: '1.3.6.1.4.1.9586.100.5.2.3.1.4.1',
      words: { 0: 'init', 1: 'backup', 2: 'master', 3: 'fault', 4: 'unknown' },
    },
  },
  hasPoolPerVirtualServer: true,
  virtualServers: {
    tables: [
      {
        entry: `${check}.3.1`,
        columns: {
          address: 6,
          port: 7,
          protocol: 8,
          algorithm: 9,
          health: 11,
          totalConnections: 38,
          bytesIn: 30,
          bytesOut: 31,
          node: 3,
        },
      },
      { entry: `${check}.3.1`, columns: { totalConnections: 27 } },
    ],
    index: [],
    names: ['{address}:{port}', '{node}'],
    health: { 1: 'up', 2: 'down' },
    protocols: { 1: 'tcp', 2: 'udp', 3: 'sctp' },
    algorithms: {
      1: 'round-robin',
      2: 'round-robin',
      3: 'least-connections',
      4: 'least-connections',
      5: 'dest-ip-hash',
      6: 'dest-ip-hash',
      7: 'dest-ip-hash',
      8: 'source-ip-hash',
      9: 'least-connections',
      10: 'least-connections',
      11: 'first-available',
      12: 'first-available',
      13: 'source-ip-hash',
    },
  },
  members: {
    tables: [
      {
        entry: `${check}.4.1`,
        columns: {
          address: 4,
          port: 5,
          health: 6,
          weight: 7,
          maxConnections: 8,
          currentConnections: 15,
          bytesIn: 20,
          bytesOut: 21,
          totalConnections: 27,
        },
      },
      { entry: `${check}.4.1`, columns: { totalConnections: 14 } },
    ],
    index: [],
    names: ['{address}:{port}'],
    poolRow: { parts: 1 },
    health: { 1: 'up', 2: 'down' },
  },
};
