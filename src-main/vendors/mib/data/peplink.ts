import type { Mib } from '../mib.ts';

/** Peplink and Pepwave balance links: each WAN connection is a member of one pool. Their bytes stand in IF-MIB: watch the box as `host` too. */
export const peplink: Mib = {
  id: 'peplink',
  label: 'Peplink Balance',
  product: 'Peplink',
  source: 'Peplink’s MIB module WAN (wanTable, wanNetworkIpTable)',
  isSeen: true,
  poolName: 'WAN',
  members: {
    tables: [
      { entry: '1.3.6.1.4.1.23695.2.1.2.1', columns: { name: 2, health: 3, adminState: 3 } },
      { entry: '1.3.6.1.4.1.23695.2.1.3.1.1', columns: { address: 3 } },
    ],
    index: [],
    names: ['{name}'],
    health: {
      0: 'unknown',
      1: 'unknown',
      2: 'down',
      3: 'up',
      4: 'checking',
      5: 'checking',
      6: 'down',
      7: 'unknown',
      8: 'up',
    },
    adminState: {
      1: 'disabled',
      2: 'enabled',
      3: 'enabled',
      4: 'enabled',
      5: 'enabled',
      6: 'enabled',
      7: 'disabled',
      8: 'enabled',
    },
  },
};
