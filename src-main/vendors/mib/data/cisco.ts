import type { Mib } from '../mib.ts';

const slb = '1.3.6.1.4.1.9.9.161.1';

/** SlbVirtualServState, SlbRealServerState. */
const serverHealth = { 1: 'down', 2: 'up', 3: 'unknown', 4: 'up', 5: 'unknown', 6: 'checking', 7: 'down' } as const;
const realHealth = {
  1: 'unknown',
  2: 'up',
  3: 'down',
  4: 'checking',
  5: 'checking',
  6: 'limited',
  7: 'limited',
  8: 'limited',
  9: 'down',
  10: 'checking',
  11: 'checking',
  12: 'checking',
  13: 'down',
  14: 'down',
  15: 'down',
  16: 'up',
  17: 'unknown',
  18: 'limited',
} as const;

/** ACE, CSS and CSM have one MIB; the row's first part is the slot or context. */
function cisco(id: 'ace' | 'css', label: string): Mib {
  return {
    id,
    label,
    product: label,
    source: 'CISCO-SLB-MIB (slbVirtualServerTable, slbServerFarmTable, slbRealTable)',
    isSeen: false,
    virtualServers: {
      tables: [
        {
          entry: `${slb}.4.1.1`,
          columns: {
            health: 2,
            address: 4,
            port: 5,
            protocol: 6,
            pool: 9,
            currentConnections: 17,
            totalConnections: 19,
          },
        },
        { entry: `${slb}.4.1.1`, columns: { totalConnections: 18 } },
      ],
      index: [
        [
          ['poolRow', 'integer'],
          ['name', 'string'],
        ],
      ],
      names: ['{name}'],
      health: serverHealth,
      protocols: { 6: 'tcp', 17: 'udp' },
    },
    pools: {
      tables: [{ entry: `${slb}.2.1.1`, columns: { algorithm: 2 } }],
      index: [
        [
          ['poolRow', 'integer'],
          ['name', 'string'],
        ],
      ],
      names: ['{name}'],
      algorithms: {
        1: 'round-robin',
        2: 'least-connections',
        3: 'src-dst-hash',
        4: 'source-ip-hash',
        5: 'dest-ip-hash',
        6: 'uri-hash',
        8: 'least-connections',
        9: 'cookie-hash',
        10: 'header-hash',
        12: 'least-response-time',
        13: 'least-bandwidth',
      },
    },
    members: {
      tables: [
        {
          entry: `${slb}.3.1.1`,
          columns: { health: 4, currentConnections: 5, maxConnections: 7, weight: 8, totalConnections: 19 },
        },
        { entry: `${slb}.3.1.1`, columns: { totalConnections: 18 } },
      ],
      index: [
        [
          ['priority', 'integer'],
          ['pool', 'string'],
          ['address', 'ipv4'],
          ['port', 'integer'],
        ],
      ],
      names: ['{address}:{port}'],
      health: realHealth,
      adminState: { 1: 'disabled' },
    },
  };
}

export const ace = cisco('ace', 'Cisco ACE');
export const css = cisco('css', 'Cisco CSS');
