import type { Mib } from '../mib.ts';

const ns = '1.3.6.1.4.1.5951.4.1';

/** EntityState of NS-ROOT-MIB. */
const health = { 1: 'down', 2: 'unknown', 3: 'limited', 4: 'down', 5: 'up', 7: 'up', 8: 'down' } as const;
const adminState = {
  4: 'disabled',
  5: 'draining',
  8: 'draining',
  1: 'enabled',
  2: 'enabled',
  3: 'enabled',
  7: 'enabled',
} as const;
/** EntityProtocolType. */
const protocols = {
  0: 'http',
  1: 'ftp',
  2: 'tcp',
  3: 'udp',
  4: 'ssl-bridge',
  13: 'any',
  14: 'ssl',
  16: 'dns',
  20: 'ping',
  21: 'ssl-tcp',
};

/**
 * NetScaler ADC 10.5 to 14. A virtual server says UP (7) with no service up: `vsvrHealth`, the share of services that are, decides.
 * Names in an index are cut at 31 characters; the full name stands in a column.
 */
export const netscaler: Mib = {
  id: 'netscaler',
  label: 'NetScaler ADC',
  product: 'NetScaler',
  source:
    'NS-ROOT-MIB (vserverTable, serviceGroupMemberTable, vserverServiceTable, serviceTable, nsResourceGroup, nsHighAvailabilityGroup)',
  isSeen: true,
  device: {
    version: `${ns}.1.1.0`,
    failover: { oid: `${ns}.1.6.0`, words: { 0: 'standalone', 1: 'primary', 2: 'secondary', 3: 'unknown' } },
  },
  system: { cpuPercent: `${ns}.1.41.1.0`, memoryPercent: `${ns}.1.41.2.0` },
  virtualServers: {
    tables: [
      {
        entry: `${ns}.3.1.1`,
        columns: {
          name: 59,
          address: 2,
          port: 3,
          protocol: 4,
          health: 5,
          adminState: 5,
          healthPercent: 62,
          currentConnections: 7,
          totalConnections: 56,
          requests: 30,
          bytesIn: 31,
          bytesOut: 33,
        },
      },
    ],
    index: [[['node', 'string']]],
    names: ['{name}', '{node}'],
    health,
    adminState,
    protocols,
  },
  members: {
    tables: [
      {
        entry: `${ns}.2.7.1`,
        columns: {
          pool: 32,
          node: 36,
          address: 3,
          port: 4,
          health: 6,
          adminState: 6,
          weight: 7,
          currentConnections: 10,
          queuedRequests: 12,
          requests: 13,
          bytesIn: 14,
          bytesOut: 16,
        },
      },
    ],
    index: [],
    names: ['{node}:{port}', '{address}:{port}'],
    health,
    adminState,
  },
  moreMembers: {
    tables: [{ entry: `${ns}.3.2.1`, columns: { pool: 10, node: 9, weight: 7, kind: 11 } }],
    // Members of groups stand here too, and with their group above.
    kinds: ['0'],
    details: [
      {
        tables: [
          {
            entry: `${ns}.2.1.1`,
            columns: {
              name: 54,
              address: 2,
              port: 3,
              health: 5,
              adminState: 5,
              maxConnections: 52,
              currentConnections: 8,
              totalConnections: 48,
              queuedRequests: 10,
              requests: 30,
              bytesIn: 31,
              bytesOut: 33,
            },
          },
        ],
        index: [],
        names: ['{name}'],
      },
    ],
    index: [],
    names: ['{node}'],
    health,
    adminState,
  },
};
