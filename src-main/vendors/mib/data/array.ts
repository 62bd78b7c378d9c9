import type { Mib } from '../mib.ts';

const slb = '1.3.6.1.4.1.7564.19';

/** Array APV: virtual services, groups, and the real services in them; its MIB does not tell which group serves which virtual service. */
export const array: Mib = {
  id: 'array',
  label: 'Array APV',
  product: 'Array APV',
  source: 'CA-SNMP-MIB8 (vsTable, vsStatsTable, gpTable, gpStatsTable, rsTable, rsStatsTable)',
  isSeen: false,
  virtualServers: {
    tables: [{ entry: `${slb}.1.2.2.1`, columns: { name: 2, protocol: 3, address: 4, port: 5 } }],
    details: [
      {
        tables: [{ entry: `${slb}.2.2.1.1`, columns: { name: 2, currentConnections: 19 } }],
        index: [],
        names: ['{name}'],
      },
    ],
    index: [],
    names: ['{name}'],
    protocols: { 0: 'tcp', 1: 'udp', 2: 'ftp', 3: 'ftps', 4: 'http', 5: 'https', 6: 'tcps', 7: 'dns' },
  },
  pools: {
    tables: [{ entry: `${slb}.2.3.1.1`, columns: { name: 2 } }],
    details: [
      { tables: [{ entry: `${slb}.1.3.2.1`, columns: { name: 2, algorithm: 4 } }], index: [], names: ['{name}'] },
    ],
    index: [],
    names: ['{name}'],
    algorithms: {
      1: 'round-robin',
      2: 'least-connections',
      3: 'least-response-time',
      8: 'cookie-hash',
      9: 'header-hash',
      13: 'source-ip-hash',
      14: 'source-ip-port-hash',
      15: 'source-ip-hash',
      24: 'query-param-hash',
    },
  },
  members: {
    tables: [{ entry: `${slb}.1.3.2.1`, columns: { pool: 2, node: 3 } }],
    details: [
      {
        tables: [{ entry: `${slb}.1.1.2.1`, columns: { name: 2, address: 4, port: 5, maxConnections: 6, health: 8 } }],
        index: [],
        names: ['{name}'],
      },
      {
        tables: [{ entry: `${slb}.2.1.1.1`, columns: { name: 2, currentConnections: 6, requests: 7 } }],
        index: [],
        names: ['{name}'],
      },
    ],
    index: [],
    names: ['{node}'],
    health: { 0: 'down', 1: 'up' },
  },
  nodes: {
    tables: [{ entry: `${slb}.1.1.2.1`, columns: { name: 2, address: 4, port: 5, health: 8 } }],
    index: [],
    names: ['{name}'],
    health: { 0: 'down', 1: 'up' },
  },
};
