import type { PoolSample, Sample, SampleRates } from '../../contract/metrics.ts';
import type { DeviceModel, DevicePool } from '../../contract/model.ts';
import { type Counts, type Poll, pollOf, RollingSums } from './rolling-sums.ts';
import { type Rotation, rotationOf } from './rotation.ts';

/** How far back shares are measured. */
export const windowMs = 60_000;

/** A pool as it is and what its members did over the last minute. */
export interface PoolMinute {
  readonly pool: PoolSample;
  readonly configured: DevicePool | undefined;
  readonly rates: SampleRates['pools'][number] | undefined;
  readonly counts: ReadonlyMap<string, Counts>;
  /** Measured time that the counts are over. */
  readonly coveredMs: number;
  readonly rotation: Rotation;
  /** The latest change of who is in rotation, or of a weight, within the window. */
  readonly change: RotationChange | undefined;
}
export interface RotationChange {
  readonly atMs: number;
  readonly kind: 'entered' | 'left' | 'weighed';
  readonly member: string;
}

/** The last minute of one device. */
export class RollingMinute {
  #sample: Sample | undefined;
  #rates: SampleRates | undefined;
  #polls: Poll[] = [];
  readonly #sums = new RollingSums();
  #configured: ReadonlyMap<string, DevicePool> = new Map();
  #rotations = new Map<string, Rotation>();
  #changes = new Map<string, RotationChange>();
  /** Made once for each poll, when first asked for. */
  #minutes = new Map<string, PoolMinute>();

  /** Takes a poll. `rates` are those from the poll before it, absent where there was none. Counts across a reset are left out. */
  add(sample: Sample, rates: SampleRates | undefined, model: DeviceModel | undefined): void {
    const atMs = Date.parse(sample.at);
    this.#sample = sample;
    this.#rates = rates;
    this.#configured = new Map(model?.pools.map((pool) => [pool.name, pool]));
    const kept = this.#polls.filter((poll) => poll.atMs > atMs - windowMs && poll.atMs < atMs);
    for (const poll of this.#polls) if (!kept.includes(poll)) this.#sums.take(poll, -1);
    this.#polls = kept;
    if (rates && rates.intervalMs > 0 && !rates.isReset) {
      const poll = pollOf(atMs, sample, rates);
      this.#polls.push(poll);
      this.#sums.take(poll, 1);
    }
    this.#followRotations(sample, atMs);
    this.#minutes.clear();
  }

  get sample(): Sample | undefined {
    return this.#sample;
  }

  get rates(): SampleRates | undefined {
    return this.#rates;
  }

  pool(name: string): PoolMinute | undefined {
    const pool = this.#sample?.pools.find((candidate) => candidate.name === name);
    return pool && this.#minuteOf(pool);
  }

  pools(): readonly PoolMinute[] {
    return this.#sample?.pools.map((pool) => this.#minuteOf(pool)) ?? [];
  }

  #minuteOf(pool: PoolSample): PoolMinute {
    const minute = this.#minutes.get(pool.name) ?? this.#makeMinute(pool);
    this.#minutes.set(pool.name, minute);
    return minute;
  }

  #makeMinute(pool: PoolSample): PoolMinute {
    const polls = this.#polls.filter((poll) => poll.pools.has(pool.name));
    return {
      pool,
      configured: this.#configured.get(pool.name),
      rates: this.#rates?.pools.find((rates) => rates.name === pool.name),
      counts: new Map(pool.members.map(({ name }) => [name, this.#sums.counts(pool.name, name)])),
      coveredMs: polls.reduce((sum, poll) => sum + poll.intervalMs, 0),
      rotation: this.#rotations.get(pool.name) ?? new Map<string, number>(),
      change: this.#changes.get(pool.name),
    };
  }

  #followRotations(sample: Sample, atMs: number): void {
    const before = this.#rotations;
    const changesBefore = this.#changes;
    this.#rotations = new Map(
      sample.pools.map((pool) => [pool.name, rotationOf(pool.members, this.#configured.get(pool.name))]),
    );
    this.#changes = new Map();
    for (const [name, rotation] of this.#rotations) {
      const change = changeBetween(before.get(name), rotation, atMs) ?? changesBefore.get(name);
      if (change && change.atMs > atMs - windowMs) this.#changes.set(name, change);
    }
  }
}

function changeBetween(before: Rotation | undefined, now: Rotation, atMs: number): RotationChange | undefined {
  if (!before) return undefined;
  const entered = [...now.keys()].find((name) => !before.has(name));
  if (entered !== undefined) return { atMs, kind: 'entered', member: entered };
  const left = [...before.keys()].find((name) => !now.has(name));
  if (left !== undefined) return { atMs, kind: 'left', member: left };
  const weighed = [...now].find(([name, weight]) => before.get(name) !== weight)?.[0];
  return weighed === undefined ? undefined : { atMs, kind: 'weighed', member: weighed };
}
