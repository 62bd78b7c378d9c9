import type { Mib } from '../mib.ts';

const b100 = '1.3.6.1.4.1.12196.13';

/** LoadMaster: real servers hang on virtual services by row; a sub-service says "slave of" its parent's address. */
export const kemp: Mib = {
  id: 'kemp',
  label: 'Kemp LoadMaster',
  product: 'LoadMaster',
  source: 'B100-MIB (b100VSTable, b100RSTable)',
  isSeen: true,
  device: {
    version: `${b100}.0.10.0`,
  },
  hasPoolPerVirtualServer: true,
  virtualServers: {
    tables: [
      {
        entry: `${b100}.1.1`,
        columns: {
          name: 13,
          address: 2,
          port: 3,
          protocol: 5,
          algorithm: 6,
          health: 14,
          adminState: 14,
          totalConnections: 16,
          bytesIn: 19,
          bytesOut: 20,
          currentConnections: 21,
        },
      },
    ],
    index: [],
    names: ['{name}', '{address}:{port}'],
    health: { 1: 'up', 2: 'down', 4: 'unknown', 5: 'down', 6: 'down', 7: 'down', 8: 'down' },
    adminState: { 1: 'enabled', 2: 'enabled', 4: 'disabled', 5: 'enabled', 6: 'enabled', 7: 'enabled', 8: 'enabled' },
    protocols: { 6: 'tcp', 17: 'udp' },
    algorithms: {
      rr: 'round-robin',
      wrr: 'round-robin',
      lc: 'least-connections',
      wlc: 'least-connections',
      fixed: 'first-available',
      adaptive: 'dynamic-ratio',
      sh: 'source-ip-hash',
    },
  },
  members: {
    tables: [
      {
        entry: `${b100}.2.1`,
        columns: {
          poolRow: 1,
          address: 2,
          port: 3,
          weight: 7,
          health: 8,
          adminState: 8,
          totalConnections: 12,
          bytesIn: 15,
          bytesOut: 16,
          currentConnections: 17,
        },
      },
    ],
    index: [],
    names: ['{address}:{port}'],
    poolRow: 'poolRow',
    health: { 1: 'up', 2: 'down', 4: 'unknown' },
    adminState: { 1: 'enabled', 2: 'enabled', 4: 'disabled' },
  },
};
