import type { Counter, MemberSample, PoolSample, Rates, Sample, SampleRates } from '../contract/metrics.ts';

export interface RateOptions {
  /** Width of the device's counters, where its driver knows it; else wraps are told from resets by the numbers. */
  readonly counterBits?: 32 | 64;
}

/**
 * Rates of every object between two polls of one device, objects matched by name. A rate is absent where either poll lacks the
 * counter or the object. Where the counters started anew in between (another `epoch`; with no epoch told, any counter that fell)
 * nothing is taken at all; one object whose counters fell while the epoch stood was made anew, and goes without alone.
 * A pool's rates are the sums over its members.
 */
export function sampleRates(previous: Sample, next: Sample, options: RateOptions = {}): SampleRates {
  const intervalMs = Date.parse(next.at) - Date.parse(previous.at);
  const steps = { intervalMs, counterBits: options.counterBits };
  const isNewEpoch = previous.epoch !== next.epoch;
  if (isNewEpoch || intervalMs <= 0) return noRates(next, Math.max(0, intervalMs), isNewEpoch);

  const virtualServers = matched(previous.virtualServers, next.virtualServers, steps);
  const before = new Map(previous.pools.map((pool) => [pool.name, pool]));
  const pools = next.pools.map((pool) => poolRates(before.get(pool.name), pool, steps));
  const hasFallen = [...virtualServers, ...pools.flatMap((pool) => pool.members)].some((object) => object.hasFallen);
  if (hasFallen && next.epoch === undefined) return noRates(next, intervalMs, true);
  return {
    intervalMs,
    isReset: false,
    virtualServers: virtualServers.map(ratesOf),
    pools: pools.map(sumOf),
    ...interfaceRates(previous, next, steps),
  };
}

/** Of each interface by itself: its counters may start anew while the machine runs on. */
function interfaceRates(previous: Sample, next: Sample, steps: Steps): Pick<SampleRates, 'interfaces'> {
  if (next.interfaces === undefined) return {};
  const before = new Map(previous.interfaces?.map((one) => [one.name, one]));
  const interfaces = next.interfaces.map((one) => {
    const old = before.get(one.name);
    const width = { ...steps, counterBits: one.counterBits ?? steps.counterBits };
    return objectRates(old?.epoch === one.epoch ? old : undefined, one, width).rates;
  });
  return { interfaces };
}

type Countable = Pick<
  MemberSample,
  'name' | 'requests' | 'totalConnections' | 'bytesIn' | 'bytesOut' | 'responses' | 'errors' | 'responseTimeCounts'
>;
interface Steps {
  readonly intervalMs: number;
  readonly counterBits: 32 | 64 | undefined;
}
interface ObjectRates {
  readonly rates: Rates;
  readonly hasFallen: boolean;
}
const rateKeys = [
  'requestsPerSecond',
  'connectionsPerSecond',
  'bytesInPerSecond',
  'bytesOutPerSecond',
  'serverErrorsPerSecond',
  'failuresPerSecond',
] as const satisfies readonly Exclude<keyof Rates, 'name'>[];
type RateKey = (typeof rateKeys)[number];

function noRates(next: Sample, intervalMs: number, isReset: boolean): SampleRates {
  return {
    intervalMs,
    isReset,
    virtualServers: next.virtualServers.map(bare),
    pools: next.pools.map((pool) => ({ name: pool.name, members: pool.members.map(bare) })),
  };
}

function bare({ name }: { readonly name: string }): Rates {
  return { name };
}

function matched(previous: readonly Countable[], next: readonly Countable[], steps: Steps): ObjectRates[] {
  const before = new Map(previous.map((object) => [object.name, object]));
  return next.map((object) => objectRates(before.get(object.name), object, steps));
}

function poolRates(previous: PoolSample | undefined, next: PoolSample, steps: Steps) {
  return { name: next.name, members: matched(previous?.members ?? [], next.members, steps) };
}

function objectRates(previous: Countable | undefined, next: Countable, steps: Steps): ObjectRates {
  if (!previous) return { rates: { name: next.name }, hasFallen: false };
  const deltas: Record<RateKey, bigint | 'fallen' | undefined> = {
    requestsPerSecond: delta(previous.requests, next.requests, steps),
    connectionsPerSecond: delta(previous.totalConnections, next.totalConnections, steps),
    bytesInPerSecond: delta(previous.bytesIn, next.bytesIn, steps),
    bytesOutPerSecond: delta(previous.bytesOut, next.bytesOut, steps),
    serverErrorsPerSecond: delta(previous.responses?.['5xx'], next.responses?.['5xx'], steps),
    failuresPerSecond: sumOfCauses(previous.errors, next.errors, steps),
  };
  if (Object.values(deltas).includes('fallen')) return { rates: { name: next.name }, hasFallen: true };
  const rates = Object.entries(deltas).flatMap(([key, value]) =>
    typeof value === 'bigint' ? [[key, (Number(value) * 1000) / steps.intervalMs] as const] : [],
  );
  const times = timesBetween(previous.responseTimeCounts, next.responseTimeCounts);
  return { rates: { name: next.name, ...Object.fromEntries(rates), ...times }, hasFallen: false };
}

/** Buckets count from zero: one that was not there before had none. Where one fell, nothing is taken. */
function timesBetween(
  before: Countable['responseTimeCounts'],
  now: Countable['responseTimeCounts'],
): Pick<Rates, 'times'> {
  if (!before || !now) return {};
  const steps = Object.entries(now).map(
    ([bucket, count]) => [bucket, Number(count) - Number(before[bucket] ?? 0)] as const,
  );
  if (steps.some(([, step]) => step < 0)) return {};
  return { times: Object.fromEntries(steps.filter(([, step]) => step > 0)) };
}

/** A cause that was not listed before had not happened yet. */
function sumOfCauses(previous: Countable['errors'], next: Countable['errors'], steps: Steps) {
  if (!previous || !next) return undefined;
  let sum = 0n;
  for (const [cause, count] of Object.entries(next)) {
    const more = delta(previous[cause] ?? '0', count, steps);
    if (more === 'fallen') return more;
    sum += more ?? 0n;
  }
  return sum;
}

/**
 * How far a counter went. One that fell has wrapped where its width is known and less than half of it was passed, or, the width
 * unknown, where it stood in the last quarter of 2^32 or 2^64 and now stands in the first; else it has fallen.
 */
function delta(previous: Counter | undefined, next: Counter | undefined, { counterBits }: Steps) {
  if (previous === undefined || next === undefined) return undefined;
  const [before, now] = [BigInt(previous), BigInt(next)];
  if (now >= before) return now - before;
  const span = 1n << BigInt(counterBits ?? (before >> 32n === 0n ? 32 : 64));
  const passed = now + span - before;
  const isNear = before >= span - span / 4n && now < span / 4n;
  return before < span && (counterBits === undefined ? isNear : passed < span / 2n) ? passed : 'fallen';
}

function ratesOf(object: ObjectRates): Rates {
  return object.rates;
}

function sumOf(pool: ReturnType<typeof poolRates>): SampleRates['pools'][number] {
  const members = pool.members.map(ratesOf);
  const sums: Partial<Record<RateKey, number>> = {};
  for (const rates of members) {
    for (const key of rateKeys) {
      if (rates[key] !== undefined) sums[key] = (sums[key] ?? 0) + rates[key];
    }
  }
  return { name: pool.name, ...sums, members };
}
