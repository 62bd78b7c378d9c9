import type { Mib } from '../mib.ts';

/** Barracuda: the HTTP proxy's counters by listening address; the MIB has no servers behind them. */
export const barracuda: Mib = {
  id: 'barracuda',
  label: 'Barracuda Load Balancer',
  product: 'Barracuda',
  source: 'BWS-MIB (bwsHttpProxyStatsTable)',
  isSeen: false,
  system: { cpuPercent: '1.3.6.1.4.1.20632.8.20.0', memoryPercent: '1.3.6.1.4.1.20632.8.19.0' },
  virtualServers: {
    tables: [
      {
        entry: '1.3.6.1.4.1.20632.8.50.1.1',
        columns: { currentConnections: 4, totalConnections: 5, requests: 6, bytesIn: 14, bytesOut: 15 },
      },
    ],
    index: [
      [
        ['address', 'type-and-address'],
        ['port', 'integer'],
      ],
    ],
    names: ['{address}:{port}'],
  },
};
