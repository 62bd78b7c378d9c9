import type { Mib } from '../mib.ts';

const l4 = '1.3.6.1.4.1.1991.1.1.4';

/** ServerIron binds ports of real servers to ports of virtual ones; a virtual server's binds are its pool. */
export const serveriron: Mib = {
  id: 'serveriron',
  label: 'Brocade ServerIron',
  product: 'ServerIron',
  source: 'FOUNDRY-SN-SW-L4-SWITCH-GROUP-MIB (snL4VirtualServerTable, snL4BindTable, snL4RealServerTable)',
  isSeen: false,
  hasPoolPerVirtualServer: true,
  virtualServers: {
    tables: [{ entry: `${l4}.2.1.1`, columns: { name: 2, address: 3, adminState: 4, algorithm: 5 } }],
    index: [],
    names: ['{name}'],
    adminState: { 0: 'disabled', 1: 'enabled' },
    algorithms: { 1: 'least-connections', 2: 'round-robin', 3: 'round-robin' },
  },
  members: {
    tables: [{ entry: `${l4}.6.1.1`, columns: { pool: 2, node: 4, port: 5 } }],
    index: [],
    names: ['{node}:{port}'],
  },
  nodes: {
    tables: [{ entry: `${l4}.3.1.1`, columns: { name: 2, address: 3, adminState: 4 } }],
    index: [],
    names: ['{name}'],
    adminState: { 0: 'disabled', 1: 'enabled' },
  },
};
