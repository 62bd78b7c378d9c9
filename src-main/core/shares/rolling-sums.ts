import type { Sample, SampleRates } from '../../contract/metrics.ts';

/** What a member did in the window: counts over it, open connections on average. Absent where the device does not tell. */
export interface Counts {
  readonly requests?: number;
  readonly connections?: number;
  readonly bytes?: number;
  readonly openConnections?: number;
}

/** One poll's counts of a pool: four numbers for each name, NaN where there is none. */
interface PollCounts {
  readonly names: readonly string[];
  readonly numbers: Float64Array;
}
export interface Poll {
  readonly atMs: number;
  readonly intervalMs: number;
  readonly pools: ReadonlyMap<string, PollCounts>;
}
const [requestsAt, connectionsAt, bytesAt, openAt, numbersEach] = [0, 1, 2, 3, 4];
/** Behind the sums: how many polls told each number, and the time over which open connections were told. */
const tellsAt = numbersEach;
const openMsAt = 2 * numbersEach;

/** What each member counted in one poll, as whole numbers, so that what was added can be taken away again without a rest. */
export function pollOf(atMs: number, sample: Sample, rates: SampleRates): Poll {
  const gauges = new Map(sample.pools.map((pool) => [pool.name, pool]));
  const seconds = rates.intervalMs / 1000;
  const pools = rates.pools.map((pool) => {
    const open = new Map(gauges.get(pool.name)?.members.map((member) => [member.name, member.currentConnections]));
    const numbers = new Float64Array(pool.members.length * numbersEach).fill(NaN);
    pool.members.forEach((member, place) => {
      const at = place * numbersEach;
      const bytes = sumOfKnown(member.bytesInPerSecond, member.bytesOutPerSecond);
      numbers[at + requestsAt] = Math.round((member.requestsPerSecond ?? NaN) * seconds);
      numbers[at + connectionsAt] = Math.round((member.connectionsPerSecond ?? NaN) * seconds);
      numbers[at + bytesAt] = Math.round((bytes ?? NaN) * seconds);
      numbers[at + openAt] = (open.get(member.name) ?? NaN) * rates.intervalMs;
    });
    return [pool.name, { names: pool.members.map((member) => member.name), numbers }] as const;
  });
  return { atMs, intervalMs: rates.intervalMs, pools: new Map(pools) };
}

function sumOfKnown(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0);
}

/** Sums over the polls that are in the window: what comes in is added, what goes out is taken away. */
export class RollingSums {
  readonly #pools = new Map<string, Map<string, Float64Array>>();

  /** `sign` 1: the poll comes in; -1: it goes out. */
  take(poll: Poll, sign: 1 | -1): void {
    for (const [pool, { names, numbers }] of poll.pools) {
      const members = this.#pools.get(pool) ?? new Map<string, Float64Array>();
      this.#pools.set(pool, members);
      names.forEach((name, place) => {
        const sums = members.get(name) ?? new Float64Array(openMsAt + 1);
        addTo(sums, numbers, place * numbersEach, sign, poll.intervalMs);
        if (isEmpty(sums)) members.delete(name);
        else members.set(name, sums);
      });
      if (members.size === 0) this.#pools.delete(pool);
    }
  }

  counts(pool: string, member: string): Counts {
    const sums = this.#pools.get(pool)?.get(member);
    if (!sums) return {};
    function told(place: number): number | undefined {
      return (sums?.[tellsAt + place] ?? 0) > 0 ? sums?.[place] : undefined;
    }
    const [requests, connections, bytes, open] = [told(requestsAt), told(connectionsAt), told(bytesAt), told(openAt)];
    return {
      ...(requests === undefined ? {} : { requests }),
      ...(connections === undefined ? {} : { connections }),
      ...(bytes === undefined ? {} : { bytes }),
      ...(open === undefined ? {} : { openConnections: open / (sums[openMsAt] ?? NaN) }),
    };
  }
}

function addTo(sums: Float64Array, numbers: Float64Array, from: number, sign: 1 | -1, intervalMs: number): void {
  for (let place = 0; place < numbersEach; place += 1) {
    const number = numbers[from + place] ?? NaN;
    if (Number.isNaN(number)) continue;
    sums[place] = (sums[place] ?? 0) + sign * number;
    sums[tellsAt + place] = (sums[tellsAt + place] ?? 0) + sign;
    if (place === openAt) sums[openMsAt] = (sums[openMsAt] ?? 0) + sign * intervalMs;
  }
}

function isEmpty(sums: Float64Array): boolean {
  return sums.subarray(tellsAt, openMsAt).every((tells) => tells === 0);
}
