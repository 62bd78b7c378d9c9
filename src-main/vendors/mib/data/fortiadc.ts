import type { Mib } from '../mib.ts';

const adc = '1.3.6.1.4.1.12356.112';
const health = {
  HEALTHY: 'up',
  UP: 'up',
  AVAILABLE: 'up',
  UNHEALTHY: 'down',
  DOWN: 'down',
  UNAVAILABLE: 'down',
  UNKNOWN: 'unknown',
} as const;
const adminState = {
  ENABLE: 'enabled',
  ENABLED: 'enabled',
  DISABLE: 'disabled',
  DISABLED: 'disabled',
  MAINTAIN: 'draining',
} as const;

/** FortiADC tells states as words; since 5.x its tables stand at a second place too, with the members of pools. */
export const fortiadc: Mib = {
  id: 'fortiadc',
  label: 'FortiADC',
  product: 'FortiADC',
  source: 'FORTINET-FORTIADC-MIB (fadcVSTable, fadcVirtualServerTable, fadcRSTable)',
  isSeen: false,
  virtualServers: {
    tables: [
      { entry: `${adc}.8.2.2.1`, columns: { name: 2, adminState: 3, health: 4, currentConnections: 6 } },
      { entry: `${adc}.3.2.1`, columns: { name: 2, adminState: 3, health: 4, currentConnections: 6 } },
    ],
    index: [],
    names: ['{name}'],
    health,
    adminState,
  },
  members: {
    tables: [{ entry: `${adc}.8.1.3.1`, columns: { pool: 2, adminState: 3, health: 4, name: 6 } }],
    index: [],
    names: ['{name}'],
    health,
    adminState,
  },
};
