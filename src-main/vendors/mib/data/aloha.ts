import type { Mib, ObjectMap } from '../mib.ts';

type Columns = ObjectMap['tables'][number]['columns'];

const al = '1.3.6.1.4.1.23263.4.2.1.3';
/** The same tables under the number that HAProxy Technologies uses since (HAProxy Enterprise). */
const enterprise = '1.3.6.1.4.1.58750.4.3.1.3';

/** A table under both numbers: a box has one of them. */
function both(table: number, columns: Columns): ObjectMap['tables'] {
  return [al, enterprise].map((base) => ({ entry: `${base}.${table}.1`, columns }));
}

/** The words of HAProxy's statistics, by their first: `UP 1/2` goes down, `NO CHECK` is watched by nothing. */
const health = {
  OPEN: 'up',
  UP: 'up',
  DOWN: 'down',
  FULL: 'limited',
  NOLB: 'limited',
  STOP: 'down',
  MAINT: 'unknown',
  DRAIN: 'up',
  NO: 'unmonitored',
} as const;
const adminState = {
  OPEN: 'enabled',
  UP: 'enabled',
  DOWN: 'enabled',
  FULL: 'enabled',
  NOLB: 'enabled',
  NO: 'enabled',
  STOP: 'disabled',
  MAINT: 'disabled',
  DRAIN: 'draining',
} as const;

/** HAProxy ALOHA and Enterprise: HAProxy's statistics as tables, by process and proxy. */
export const aloha: Mib = {
  id: 'aloha',
  label: 'HAProxy ALOHA',
  product: 'HAProxy ALOHA / Enterprise',
  source: 'EXCELIANCE-MIB (alFrontendTable, alBackendTable, alServerTable)',
  isSeen: true,
  device: { version: `${al}.1.1.2.1` },
  system: { currentConnections: `${al}.1.1.17.1` },
  virtualServers: {
    tables: both(2, {
      name: 3,
      currentConnections: 4,
      totalConnections: 7,
      bytesIn: 8,
      bytesOut: 9,
      health: 13,
      adminState: 13,
    }),
    index: [],
    names: ['{name}'],
    health,
    adminState,
  },
  pools: {
    tables: both(3, { name: 3, queuedRequests: 4, currentConnections: 7, health: 20 }),
    index: [],
    names: ['{name}'],
    health,
  },
  members: {
    tables: both(4, {
      name: 4,
      queuedRequests: 5,
      currentConnections: 8,
      totalConnections: 11,
      bytesIn: 13,
      bytesOut: 14,
      health: 19,
      adminState: 19,
      weight: 21,
    }),
    index: [],
    names: ['{name}'],
    poolRow: { parts: 2 },
    health,
    adminState,
  },
};
