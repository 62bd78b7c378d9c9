import { maskAddress, parseAddress } from '../contract/address.ts';
import type { DeviceSpec, DeviceState, Reading } from '../contract/api.ts';
import { type Problem, toProblem } from '../contract/errors.ts';
import type { MetricRows, Sample, SampleRates } from '../contract/metrics.ts';
import type { DeviceModel } from '../contract/model.ts';
import { Pace, type PaceAdvice } from '../core/pace.ts';
import { sampleRates } from '../core/rates.ts';
import { deviceRow } from '../core/shares/device-tick.ts';
import { metricRows } from '../core/shares/metric-rows.ts';
import { RollingMinute } from '../core/shares/rolling-minute.ts';
import type { DeviceReading } from '../vendors/vendor.ts';
import type { DeviceLink } from './device-link.ts';

export interface DevicePoll {
  readonly sample: Sample;
  /** Absent at the first poll. */
  readonly rates: SampleRates | undefined;
  /** The counters started anew: the device's process is another one, and so may be its configuration. */
  readonly isNewEpoch: boolean;
}

/** One device of the estate: what it last said, and how old that is. */
export class Device {
  readonly spec: DeviceSpec;
  readonly link: DeviceLink;
  /** What its members did over the last minute. */
  readonly minute = new RollingMinute();
  readonly #pace: Pace | undefined;
  readonly #now: () => Date;
  readonly #jumps: () => number;
  #jumpsBefore = 0;
  #latest: Sample | undefined;
  #pollProblem: Problem | undefined;
  #reading: Reading | undefined;
  #readProblem: Problem | undefined;
  #readsBegun = 0;
  #readTaken = 0;

  /** `jumps` counts those of the clock that samples are stamped by. */
  constructor(spec: DeviceSpec, link: DeviceLink, now: () => Date, jumps: () => number = () => 0) {
    this.spec = spec;
    this.link = link;
    this.#now = now;
    this.#jumps = jumps;
    this.#pace = paceOf(spec);
  }

  /** How often to ask it, where it is an appliance whose agent has a say in that. */
  get pace(): PaceAdvice | undefined {
    return this.#pace?.advice;
  }

  async poll(signal: AbortSignal): Promise<DevicePoll> {
    try {
      const sample = this.named(await this.link.device.poll(signal));
      const previous = this.#latest;
      this.#latest = sample;
      this.#pollProblem = undefined;
      this.#pace?.note(sample);
      const rates = this.#hasJumped() ? undefined : previous && sampleRates(previous, sample);
      this.minute.add(sample, rates, this.#reading?.model);
      return {
        sample,
        rates,
        isNewEpoch: previous !== undefined && previous.epoch !== sample.epoch,
      };
    } catch (error) {
      this.#pollProblem = toProblem(error);
      throw error;
    }
  }

  /** Its figures have names of their own, and nothing was read yet that tells those of the configuration. */
  get lacksNames(): boolean {
    return this.link.driver.named !== undefined && this.#reading === undefined;
  }

  /** A sample under the names of the configuration, as far as it was read. */
  named(sample: Sample): Sample {
    const model = this.#reading?.model;
    return model === undefined ? sample : (this.link.driver.named?.(sample, model) ?? sample);
  }

  /** Nobody knows how long it is from a poll before a jump of the clock to one after it. */
  #hasJumped(): boolean {
    const before = this.#jumpsBefore;
    this.#jumpsBefore = this.#jumps();
    return before !== this.#jumpsBefore;
  }

  /**
   * Reads the configuration. `reading` keeps what was read without the files' bytes, its texts without secrets: of two readings under way at
   * once that of the one that began later, whichever ends last. `isNewest` tells of that.
   */
  async read(signal: AbortSignal): Promise<{ readonly reading: DeviceReading; readonly isNewest: boolean }> {
    const number = ++this.#readsBegun;
    try {
      const reading = await this.link.device.read(signal);
      const isNewest = number > this.#readTaken;
      if (isNewest) {
        this.#readTaken = number;
        this.#reading = shownReading(reading, this.link, this.#now());
        this.#readProblem = undefined;
      }
      return { reading, isNewest };
    } catch (error) {
      if (number > this.#readTaken) this.#readProblem = toProblem(error);
      throw error;
    }
  }

  /** The last poll, ready for the history. */
  chartRows(poll: DevicePoll, everyMs: number): MetricRows {
    return {
      device: this.spec.name,
      atMs: Date.parse(poll.sample.at),
      intervalMs: poll.rates?.intervalMs ?? 0,
      everyMs,
      rows: [...this.minute.pools().flatMap(metricRows), deviceRow(this.minute)],
    };
  }

  get problem(): Problem | undefined {
    return this.#pollProblem;
  }

  /** The last reading failed: what `reading` tells, if anything, may be old. */
  get couldNotBeRead(): boolean {
    return this.#readProblem !== undefined;
  }

  get reading(): Reading | undefined {
    return this.#reading;
  }

  get latest(): Sample | undefined {
    return this.#latest;
  }

  get freshness(): DeviceState['freshness'] {
    if (this.#pollProblem) return 'stale';
    return this.#latest ? 'fresh' : 'waiting';
  }

  state(lock: DeviceState['lock'], nextPollAt: string | undefined): DeviceState {
    const pace = this.pace?.why;
    return {
      spec: shownSpec(this.spec),
      freshness: this.freshness,
      lock,
      ...(this.link.isUntried ? { isUntried: true } : {}),
      ...(this.#latest === undefined ? {} : { lastSampleAt: this.#latest.at }),
      ...(nextPollAt === undefined ? {} : { nextPollAt }),
      ...(pace === undefined ? {} : { pace }),
      ...(this.#pollProblem === undefined ? {} : { problem: this.#pollProblem }),
      ...(this.#reading === undefined ? {} : { reading: this.#reading }),
      ...(this.#readProblem === undefined ? {} : { readProblem: this.#readProblem }),
    };
  }
}

export const defaultIntervalMs = 1000;

/** A machine's CPU is what is watched, a balancer's own agent is what the polling costs. */
function paceOf({ address, poll, pollIntervalMs }: DeviceSpec): Pace | undefined {
  const { transport, vendor } = parseAddress(poll ?? address);
  if (transport !== 'snmp' || (poll !== undefined && vendor === 'host')) return undefined;
  return new Pace(pollIntervalMs ?? defaultIntervalMs, vendor !== 'host');
}

/** A device's settings as they may leave the main process: no community in an address. */
function shownSpec(spec: DeviceSpec): DeviceSpec {
  const address = maskAddress(spec.address);
  return spec.poll === undefined ? { ...spec, address } : { ...spec, address, poll: maskAddress(spec.poll) };
}

/** A reading as it may leave the main process. */
export function shownReading(reading: DeviceReading, link: DeviceLink, at: Date): Reading {
  return {
    at: at.toISOString(),
    fingerprint: reading.fingerprint,
    facts: reading.facts,
    model: maskModel(reading.model, link),
    files: reading.files.map((file) => ({ path: file.path, bytes: file.bytes.length })),
  };
}

function maskModel(model: DeviceModel, link: DeviceLink): DeviceModel {
  return { ...model, unmodelled: model.unmodelled.map((lines) => ({ ...lines, text: link.mask(lines.text) })) };
}
