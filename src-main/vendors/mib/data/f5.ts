import type { Mib } from '../mib.ts';

const ltm = '1.3.6.1.4.1.3375.2.2';
const sys = '1.3.6.1.4.1.3375.2.1';

/** AvailabilityState: green, yellow (at its limit), red, blue (no verdict: nothing watches it), gray (not licensed). */
const availability = { 0: 'unknown', 1: 'up', 2: 'limited', 3: 'down', 4: 'unmonitored', 5: 'unknown' } as const;
/** "Disabled" lets held clients come, "forced offline" (monitor state forcedDown) does not. */
const enabled = { 1: 'enabled', 2: 'draining', 3: 'draining', 'monitor 20': 'disabled' } as const;

/**
 * BIG-IP LTM 10 to 17. Rows are named by their index since 11 (partition and all), by address and port before; the states stood in
 * the main tables before they got tables of their own, and both are asked for.
 */
export const f5: Mib = {
  id: 'f5',
  label: 'F5 BIG-IP',
  product: 'BIG-IP',
  source:
    'F5-BIGIP-LOCAL-MIB (ltmVirtualServer, ltmPool, ltmNodeAddr), F5-BIGIP-SYSTEM-MIB (sysGlobalHost, sysProduct, sysCmFailoverStatus)',
  isSeen: true,
  device: {
    version: `${sys}.4.2.0`,
    serial: `${sys}.3.3.3.0`,
    failover: {
      oid: `${sys}.14.3.1.0`,
      words: { 0: 'unknown', 1: 'offline', 2: 'forced offline', 3: 'standby', 4: 'active' },
    },
  },
  system: {
    cpuPercent: `${sys}.1.2.20.29.0`,
    memoryPercent: { used: `${sys}.1.2.20.43.0`, total: `${sys}.1.2.20.42.0` },
    currentConnections: `${sys}.1.2.1.8.0`,
  },
  virtualServers: {
    tables: [
      { entry: `${ltm}.10.13.2.1`, columns: { health: 2, adminState: 3, reason: 5 } },
      { entry: `${ltm}.10.1.2.1`, columns: { name: 1, address: 3, port: 6, protocol: 7, pool: 19, adminState: 9 } },
      {
        entry: `${ltm}.10.2.3.1`,
        columns: { bytesIn: 7, bytesOut: 9, totalConnections: 11, currentConnections: 12, requests: 27 },
      },
    ],
    index: [[['name', 'string']]],
    names: ['{name}'],
    health: availability,
    adminState: { 0: 'disabled', 1: 'enabled', 2: 'disabled', 3: 'disabled' },
    protocols: { 6: 'tcp', 17: 'udp', 0: 'any', 132: 'sctp' },
  },
  pools: {
    tables: [
      { entry: `${ltm}.5.5.2.1`, columns: { health: 2, adminState: 3, reason: 5 } },
      { entry: `${ltm}.5.1.2.1`, columns: { name: 1, algorithm: 2 } },
    ],
    index: [[['name', 'string']]],
    names: ['{name}'],
    health: availability,
    adminState: enabled,
    algorithms: {
      0: 'round-robin',
      1: 'round-robin',
      2: 'least-connections',
      3: 'observed',
      4: 'predictive',
      5: 'round-robin',
      6: 'least-connections',
      7: 'least-response-time',
      8: 'observed',
      9: 'predictive',
      10: 'dynamic-ratio',
      11: 'least-response-time',
      12: 'least-sessions',
      13: 'dynamic-ratio',
      14: 'source-ip-hash',
      15: 'least-connections',
      16: 'least-connections',
      17: 'ratio-session',
      18: 'least-connections',
      19: 'least-connections',
    },
  },
  members: {
    tables: [
      { entry: `${ltm}.5.6.2.1`, columns: { health: 5, adminState: 6, reason: 8 } },
      {
        entry: `${ltm}.5.3.2.1`,
        columns: {
          pool: 1,
          address: 3,
          port: 4,
          maxConnections: 5,
          weight: 6,
          priority: 8,
          monitorState: 10,
          health: 15,
          adminState: 16,
          node: 19,
        },
      },
      {
        entry: `${ltm}.5.4.3.1`,
        columns: {
          bytesIn: 6,
          bytesOut: 8,
          totalConnections: 10,
          currentConnections: 11,
          requests: 19,
          queuedRequests: 22,
        },
      },
    ],
    index: [
      [
        ['pool', 'string'],
        ['node', 'string'],
        ['port', 'integer'],
      ],
      [
        ['pool', 'string'],
        ['address', 'type-and-address'],
        ['port', 'integer'],
      ],
    ],
    names: ['{node}:{port}', '{address}:{port}', '{node}'],
    health: availability,
    adminState: enabled,
  },
  nodes: {
    tables: [
      { entry: `${ltm}.4.3.2.1`, columns: { health: 3, adminState: 4, reason: 6 } },
      { entry: `${ltm}.4.1.2.1`, columns: { address: 2, name: 17, monitorState: 6 } },
    ],
    index: [[['name', 'string']], [['address', 'type-and-address']]],
    names: ['{name}', '{address}'],
    health: availability,
    adminState: enabled,
  },
};
