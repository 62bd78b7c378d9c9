import type { Mib } from '../mib.ts';

const slb = '1.3.6.1.4.1.22610.2.4.3';
const sys = '1.3.6.1.4.1.22610.2.4.1';

/** Thunder and AX, ACOS 2.7 to 6. A virtual server is one per port here, `<name>:<port>`; a member's weight stands on its server's port. */
export const a10: Mib = {
  id: 'a10',
  label: 'A10 Thunder',
  product: 'ACOS',
  source: 'A10-AX-MIB (axVirtualServerPort, axServiceGroup, axServer)',
  isSeen: false,
  device: { version: `${sys}.6.3.0`, serial: `${sys}.6.2.0` },
  system: { cpuPercent: `${sys}.3.3.0`, memoryPercent: { used: `${sys}.2.2.0`, total: `${sys}.2.1.0` } },
  virtualServers: {
    tables: [
      {
        entry: `${slb}.4.3.1.1`,
        columns: { name: 1, protocol: 2, port: 3, address: 4, adminState: 5, pool: 6, health: 23 },
      },
      { entry: `${slb}.4.6.1.1`, columns: { bytesIn: 6, bytesOut: 8, totalConnections: 10, currentConnections: 11 } },
    ],
    index: [
      [
        ['name', 'string'],
        ['protocol', 'integer'],
        ['port', 'integer'],
      ],
    ],
    names: ['{name}:{port}', '{name}'],
    health: { 0: 'unknown', 1: 'up', 2: 'up', 4: 'down' },
    adminState: { 0: 'disabled', 1: 'enabled' },
    protocols: {
      1: 'firewall',
      2: 'tcp',
      3: 'udp',
      8: 'rtsp',
      9: 'ftp',
      12: 'http',
      14: 'http',
      15: 'https',
      16: 'ssl-proxy',
      17: 'smtp',
    },
  },
  pools: {
    tables: [{ entry: `${slb}.3.1.2.1`, columns: { name: 1, algorithm: 3, health: 4 } }],
    index: [[['name', 'string']]],
    names: ['{name}'],
    health: { 1: 'up', 2: 'up', 3: 'up', 4: 'down' },
    algorithms: {
      0: 'round-robin',
      1: 'round-robin',
      2: 'least-connections',
      3: 'least-connections',
      4: 'least-connections',
      5: 'least-connections',
      6: 'least-response-time',
      7: 'least-requests',
      8: 'round-robin',
      9: 'stateless',
      10: 'stateless',
      11: 'stateless',
      12: 'stateless',
      13: 'stateless',
      15: 'source-ip-hash',
      16: 'source-ip-port-hash',
      17: 'dest-ip-hash',
      18: 'dest-ip-hash',
    },
  },
  members: {
    tables: [
      { entry: `${slb}.3.3.1.1`, columns: { pool: 1, node: 3, port: 4, priority: 5, health: 6, adminState: 6 } },
      {
        entry: `${slb}.3.4.1.1`,
        columns: { bytesIn: 6, bytesOut: 8, totalConnections: 10, currentConnections: 11, requests: 13 },
      },
    ],
    index: [
      [
        ['pool', 'string'],
        ['protocol', 'integer'],
        ['node', 'string'],
        ['port', 'integer'],
      ],
    ],
    names: ['{node}:{port}'],
    health: { 0: 'unknown', 1: 'up', 2: 'down' },
    adminState: { 0: 'disabled', 1: 'enabled', 2: 'enabled' },
  },
  nodes: {
    tables: [{ entry: `${slb}.2.1.2.1`, columns: { name: 1, address: 2, adminState: 3, health: 5 } }],
    index: [[['name', 'string']]],
    names: ['{name}'],
    health: { 0: 'unmonitored', 1: 'up', 2: 'down' },
    adminState: { 0: 'disabled', 1: 'enabled' },
  },
};
