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

/** A virtual server that takes connections, and the shares of its members; those of one sum up to 1. */
export interface Flow {
  readonly name: string;
  readonly members: readonly { readonly name: string; readonly share: number }[];
}

/** Pretended traffic: so many connections a second to every virtual server that is on, spread over what serves. */
export interface Traffic {
  /** Counts up to this time by the flows since the last one. */
  readonly advance: (flows: readonly Flow[], now: Date) => void;
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
    advance: (flows, now) => {
      const seconds = Math.max(0, (now.getTime() - last) / 1000);
      last = Math.max(last, now.getTime());
      open.clear();
      if (connectionsPerSecond === 0) return;
      for (const { name, members } of flows) {
        count(name, connectionsPerSecond * seconds, connectionsPerSecond);
        for (const member of members) {
          count(member.name, connectionsPerSecond * seconds * member.share, connectionsPerSecond * member.share);
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
