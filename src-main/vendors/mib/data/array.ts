import type { Mib } from '../mib.ts';

const slb = '1.3.6.1.4.1.7564.19.1';

/** Array APV: virtual and real services; its MIB does not tell which of them belong together. */
export const array: Mib = {
  id: 'array',
  label: 'Array APV',
  product: 'Array APV',
  source: 'CA-SNMP-MIB8 (vsTable, rsTable)',
  isSeen: false,
  virtualServers: {
    tables: [{ entry: `${slb}.2.2.1`, columns: { name: 2, protocol: 3, address: 4, port: 5 } }],
    index: [],
    names: ['{name}'],
    protocols: { 0: 'tcp', 1: 'udp', 2: 'ftp', 3: 'ftps', 4: 'http', 5: 'https', 6: 'tcps', 7: 'dns' },
  },
  nodes: {
    tables: [{ entry: `${slb}.1.2.1`, columns: { name: 2, address: 4, port: 5, health: 8 } }],
    index: [],
    names: ['{name}'],
    health: { 0: 'down', 1: 'up' },
  },
};
