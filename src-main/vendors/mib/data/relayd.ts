import type { Mib } from '../mib.ts';

const relay = '1.3.6.1.4.1.30155.3.2';

/** OpenBSD's relayd: relays and redirections (pf) are virtual servers, tables pools, hosts members. */
export const relayd: Mib = {
  id: 'relayd',
  label: 'relayd',
  product: 'OpenBSD relayd',
  source: 'OPENBSD-RELAYD-MIB (relaydRelays, relaydRedirects, relaydTables, relaydHosts)',
  isSeen: false,
  virtualServers: {
    tables: [{ entry: `${relay}.2.1`, columns: { health: 2, adminState: 2, name: 3, totalConnections: 4 } }],
    index: [],
    names: ['{name}'],
    health: { 0: 'up', 1: 'unknown' },
    adminState: { 0: 'enabled', 1: 'disabled' },
  },
  moreVirtualServers: {
    tables: [{ entry: `${relay}.1.1`, columns: { health: 2, adminState: 2, name: 3, totalConnections: 4 } }],
    index: [],
    names: ['{name}'],
    // Backup: the fallback table has taken over.
    health: { 0: 'up', 1: 'unknown', 2: 'down', 3: 'limited' },
    adminState: { 0: 'enabled', 1: 'disabled', 2: 'enabled', 3: 'enabled' },
  },
  pools: {
    tables: [{ entry: `${relay}.7.1`, columns: { name: 2, health: 3, adminState: 3 } }],
    index: [],
    names: ['{name}'],
    health: { 0: 'up', 1: 'down', 2: 'unknown' },
    adminState: { 0: 'enabled', 1: 'enabled', 2: 'disabled' },
  },
  members: {
    tables: [{ entry: `${relay}.5.1`, columns: { poolRow: 3, name: 4, address: 5, health: 7, adminState: 7 } }],
    index: [],
    names: ['{name}', '{address}'],
    poolRow: 'poolRow',
    health: { 0: 'up', 1: 'unknown', 2: 'down', 3: 'checking' },
    adminState: { 0: 'enabled', 1: 'disabled', 2: 'enabled', 3: 'enabled' },
  },
};
