import type { EngineStatistics } from '../engine/supervisor/stats.ts';
import { type Counters, noTraffic } from './traffic.ts';

/** What was last read of the engine, and what is to be taken off it. */
export interface Seen {
  readonly raw: ReadonlyMap<string, Counters>;
  readonly zero: ReadonlyMap<string, Counters>;
  readonly counters: ReadonlyMap<string, Counters>;
  readonly failed: ReadonlyMap<string, Date>;
  /** By `address:port`. */
  readonly failedAt: ReadonlyMap<string, Date>;
}
export const nothingSeen: Seen = {
  raw: new Map(),
  zero: new Map(),
  counters: new Map(),
  failed: new Map(),
  failedAt: new Map(),
};

export function look(before: Seen, statistics: EngineStatistics): Seen {
  const raw = new Map<string, Counters>();
  for (const server of statistics.virtualServers) raw.set(server.name, countersOf(server));
  const members = statistics.pools.flatMap((pool) => pool.members);
  for (const member of members) raw.set(member.name, added(raw.get(member.name) ?? noTraffic, countersOf(member)));
  // What was unconfigured meanwhile begins at 0 when it comes back.
  const gone = [...before.raw].filter(([key]) => !raw.has(key));
  const zero = new Map([...before.zero, ...gone]);
  const counters = new Map(
    [...raw].map(([key, value]) => {
      const own = taken(value, zero.get(key) ?? noTraffic);
      return [key, { ...own, most: Math.max(own.current, before.counters.get(key)?.most ?? 0) }];
    }),
  );
  const down = members
    .filter(({ health }) => health === 'down')
    .map(({ name, address, port, downSince = statistics.at }) => ({
      name,
      at: `${address}:${port}`,
      since: new Date(downSince),
    }));
  return {
    raw: new Map([...gone, ...raw]),
    zero,
    counters,
    failed: new Map(down.map(({ name, since }) => [name, since])),
    failedAt: new Map(down.map(({ at, since }) => [at, since])),
  };
}

export function fromZero({ raw, failed, failedAt, counters }: Seen): Seen {
  const now = new Map([...counters].map(([key, { current }]) => [key, { ...noTraffic, current, most: current }]));
  return { raw, zero: raw, counters: now, failed, failedAt };
}

/** Segments are guessed from bytes: the engine sees streams. */
const bytesPerPacket = 1400;

function countersOf(one: {
  readonly currentConnections: number;
  readonly totalConnections: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}): Counters {
  const { currentConnections, totalConnections, requests, bytesIn, bytesOut } = one;
  return {
    current: currentConnections,
    most: currentConnections,
    total: totalConnections,
    requests,
    bitsIn: bytesIn * 8,
    bitsOut: bytesOut * 8,
    // The handshake and the end of each connection, both ways, carry no bytes.
    packetsIn: totalConnections * 3 + Math.ceil(bytesIn / bytesPerPacket),
    packetsOut: totalConnections * 2 + Math.ceil(bytesOut / bytesPerPacket),
  };
}

const sums = ['total', 'requests', 'bitsIn', 'bitsOut', 'packetsIn', 'packetsOut'] as const;

function added(a: Counters, b: Counters): Counters {
  const own = Object.fromEntries(sums.map((key) => [key, a[key] + b[key]]));
  return { ...a, ...own, current: a.current + b.current, most: a.current + b.current };
}

function taken(value: Counters, zero: Counters): Counters {
  return { ...value, ...Object.fromEntries(sums.map((key) => [key, Math.max(0, value[key] - zero[key])])) };
}
