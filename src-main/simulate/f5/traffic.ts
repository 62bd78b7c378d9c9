import { type Configuration, findObject, objectsOf, valueOf } from './configuration.ts';
import { type Member, membersOf, type Probe } from './health.ts';

/** What was counted of one object since the start; whole numbers. */
export interface Counters {
  readonly current: number;
  readonly most: number;
  readonly total: number;
  readonly requests: number;
  readonly bitsIn: number;
  readonly bitsOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
}

export const noTraffic: Counters = {
  current: 0,
  most: 0,
  total: 0,
  requests: 0,
  bitsIn: 0,
  bitsOut: 0,
  packetsIn: 0,
  packetsOut: 0,
};

/** Pretended traffic: so many connections a second to every virtual server that is on, spread over what serves by ratio. */
export interface Traffic {
  /** Counts up to this time. */
  readonly advance: (config: Configuration, probe: Probe, now: Date) => void;
  /** A virtual server, or a member as `POOL MEMBER`. */
  readonly of: (name: string) => Counters;
  readonly reset: () => void;
}

/** Each connection carries one request. The sizes are ours. */
const perConnection = { bitsIn: 4_000, bitsOut: 40_000, packetsIn: 5, packetsOut: 6 };

export function startTraffic(connectionsPerSecond: number, start: Date): Traffic {
  const counted = new Map<string, number>();
  const open = new Map<string, number>();
  const most = new Map<string, number>();
  let last = start.getTime();

  function count(name: string, connections: number, perSecond: number): void {
    counted.set(name, (counted.get(name) ?? 0) + connections);
    open.set(name, perSecond);
    most.set(name, Math.max(most.get(name) ?? 0, perSecond));
  }
  return {
    advance: (config, probe, now) => {
      const seconds = Math.max(0, (now.getTime() - last) / 1000);
      last = Math.max(last, now.getTime());
      open.clear();
      if (connectionsPerSecond === 0) return;
      for (const virtual of objectsOf(config, 'ltm virtual')) {
        const pool = findObject(config, 'ltm pool', valueOf(virtual.items, 'pool') ?? '');
        const isOff = virtual.items.some(({ words }) => words[0] === 'disabled');
        if (pool === undefined || isOff) continue;
        const serving = servingOf(membersOf(config, pool, probe));
        if (serving.length === 0) continue;
        count(virtual.name, connectionsPerSecond * seconds, connectionsPerSecond);
        const isByRatio = (valueOf(pool.items, 'load-balancing-mode') ?? '').startsWith('ratio');
        const sum = serving.reduce((all, { ratio }) => all + (isByRatio ? ratio : 1), 0);
        for (const { name, ratio } of serving) {
          const share = (isByRatio ? ratio : 1) / sum;
          count(`${pool.name} ${name}`, connectionsPerSecond * seconds * share, connectionsPerSecond * share);
        }
      }
    },
    of: (name) => {
      const total = Math.floor((counted.get(name) ?? 0) + 1e-6);
      if (total === 0) return noTraffic;
      return {
        current: Math.round(open.get(name) ?? 0),
        most: Math.round(most.get(name) ?? 0),
        total,
        requests: total,
        bitsIn: total * perConnection.bitsIn,
        bitsOut: total * perConnection.bitsOut,
        packetsIn: total * perConnection.packetsIn,
        packetsOut: total * perConnection.packetsOut,
      };
    },
    reset: () => {
      counted.clear();
      most.clear();
    },
  };
}

/** Those of the highest priority group that has any. */
function servingOf(members: readonly Member[]): readonly Member[] {
  const serving = members.filter(({ isServing }) => isServing);
  const highest = Math.max(...serving.map(({ priority }) => priority));
  return serving.filter(({ priority }) => priority === highest);
}

export function sumOf(list: readonly Counters[]): Counters {
  const keys = ['current', 'most', 'total', 'requests', 'bitsIn', 'bitsOut', 'packetsIn', 'packetsOut'] as const;
  return list.reduce(
    (all, one) => keys.reduce((sum, key) => ({ ...sum, [key]: all[key] + one[key] }), noTraffic),
    noTraffic,
  );
}

/** As `show` writes it: raw, or `36.2K` and `7.8M`. */
export function spellCount(count: number, isRaw: boolean): string {
  if (isRaw || count < 1000) return String(count);
  const steps = ['K', 'M', 'G', 'T', 'P'];
  let value = count;
  let step = -1;
  while (value >= 999.95 && step < steps.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${value.toFixed(1)}${steps[step] ?? ''}`;
}
