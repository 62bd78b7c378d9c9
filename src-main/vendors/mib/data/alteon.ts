import type { Mib } from '../mib.ts';

const layer4 = '1.3.6.1.4.1.1872.2.5.4';

/** Alteon OS: services of a virtual server with the real servers behind them, by the numbers that the configuration gives them. */
export const alteon: Mib = {
  id: 'alteon',
  label: 'Radware Alteon',
  product: 'Alteon',
  source:
    'ALTEON-CHEETAH-LAYER4-MIB (slbCurCfgVirtServerTable, slbStatVServerTable, slbVirtServicesInfoTable, slbRealServerInfoTable, slbStatRServerTable)',
  isSeen: false,
  hasPoolPerVirtualServer: true,
  virtualServers: {
    tables: [
      { entry: `${layer4}.1.1.4.2.1`, columns: { address: 2, adminState: 4, node: 10 } },
      { entry: `${layer4}.2.4.1`, columns: { currentConnections: 2, totalConnections: 3, bytesOut: 13 } },
    ],
    index: [[['name', 'integer']]],
    names: ['{name}'],
    adminState: { 2: 'enabled', 3: 'disabled' },
  },
  members: {
    tables: [{ entry: `${layer4}.3.4.1`, columns: { port: 5, health: 6, adminState: 6, weight: 8 } }],
    // Of a real server in all its services: Alteon counts by server.
    details: [
      {
        tables: [
          { entry: `${layer4}.3.1.1`, columns: { address: 2 } },
          { entry: `${layer4}.2.2.1`, columns: { currentConnections: 2, totalConnections: 3, bytesOut: 8 } },
        ],
        index: [[['name', 'integer']]],
        names: ['{name}'],
      },
    ],
    index: [
      [
        ['poolRow', 'integer'],
        ['priority', 'integer'],
        ['node', 'integer'],
      ],
    ],
    names: ['{node}:{port}', '{node}'],
    poolRow: { parts: 1 },
    health: { 1: 'down', 2: 'up', 3: 'down', 4: 'unknown' },
    adminState: { 1: 'enabled', 2: 'enabled', 3: 'enabled', 4: 'disabled' },
  },
  nodes: {
    tables: [{ entry: `${layer4}.3.1.1`, columns: { address: 2, health: 7, adminState: 7 } }],
    index: [[['name', 'integer']]],
    names: ['{name}'],
    health: { 2: 'up', 3: 'down', 4: 'unknown' },
    adminState: { 2: 'enabled', 3: 'enabled', 4: 'disabled' },
  },
};
