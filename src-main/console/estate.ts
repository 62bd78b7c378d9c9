import { maskAddress } from '../contract/address.ts';
import type { DeviceSpec, DeviceState, Reading } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import type { Sample } from '../contract/metrics.ts';
import type { DeviceReading } from '../vendors/vendor.ts';
import { defaultIntervalMs, Device, type DevicePoll, shownReading } from './device.ts';
import type { DeviceLink } from './device-link.ts';
import type { ReadingOccasion } from './origin.ts';

export interface EstateTools {
  readonly openLink: (spec: DeviceSpec) => Promise<DeviceLink>;
  readonly now: () => Date;
  /** How often the clock behind `now` has jumped. */
  readonly clockJumps: () => number;
  readonly lockOf: (spec: DeviceSpec) => DeviceState['lock'];
  /** Milliseconds since 1970. */
  readonly nextPollAt: (device: string) => number | undefined;
  /** False for a command: a device is asked for what the command is about, and no other device for anything. */
  readonly isWatching: boolean;
  readonly startPolling: (device: string, intervalMs: number, poll: (signal: AbortSignal) => Promise<void>) => void;
  readonly stopPolling: (device: string) => void;
  /** Another interval from now on. */
  readonly pacePolling: (device: string, intervalMs: number) => void;
  /** Polls at once, whatever it waited for. */
  readonly pollSoon: (device: string) => void;
  readonly onPoll: (device: Device, poll: DevicePoll) => void;
  /** A device was read, whoever asked for it. */
  readonly onRead: (device: Device, reading: DeviceReading, occasion: ReadingOccasion) => void;
  /** Devices, their readings or their failures are others than before. */
  readonly onChange: () => void;
}

/** How old a reading of a polled device becomes: what another hand changes without a new process is seen by then. */
const readEveryMs = 10 * 60_000;
/** So soon where the last reading failed and the device answers polls. */
const readAgainMs = 20_000;
const readTimeoutMs = 60_000;

/** The devices of the inventory, polled; and, for the command line, others by their address, not polled. */
export class Estate {
  readonly #tools: EstateTools;
  readonly #devices = new Map<string, Device>();
  readonly #guests = new Map<string, Device>();
  readonly #reads = new Map<string, Promise<void>>();
  readonly #readAtMs = new Map<string, number>();
  #wasFresh = new Map<string, string>();
  readonly #paces = new Map<string, string>();

  constructor(tools: EstateTools) {
    this.#tools = tools;
  }

  async add(spec: DeviceSpec): Promise<void> {
    if (this.#devices.has(spec.name)) throw new AppError('ALREADY_EXISTS', `A device is named "${spec.name}" already.`);
    const device = new Device(spec, await this.#tools.openLink(spec), this.#tools.now, this.#tools.clockJumps);
    this.#devices.set(spec.name, device);
    if (this.#tools.isWatching) {
      this.#tools.startPolling(spec.name, spec.pollIntervalMs ?? defaultIntervalMs, (signal) =>
        this.#poll(device, signal),
      );
      this.readSoon(device);
    }
    this.#tools.onChange();
  }

  remove(name: string): void {
    const device = this.#named(name);
    this.#tools.stopPolling(name);
    this.#devices.delete(name);
    device.link.close();
    this.#tools.onChange();
  }

  list(): readonly Device[] {
    return [...this.#devices.values()];
  }

  states(): readonly DeviceState[] {
    return this.list().map((device) => this.stateOf(device));
  }

  stateOf(device: Device): DeviceState {
    const nextPollAt = this.#tools.nextPollAt(device.spec.name);
    return device.state(
      this.#tools.lockOf(device.spec),
      nextPollAt === undefined ? undefined : new Date(nextPollAt).toISOString(),
    );
  }

  /** A device by its name, or by an address that is not in the inventory. Throws NOT_FOUND, INPUT_INVALID. */
  async resolve(nameOrAddress: string): Promise<Device> {
    const known = this.#devices.get(nameOrAddress) ?? this.#guests.get(nameOrAddress);
    if (known) return known;
    if (!nameOrAddress.includes('+')) this.#named(nameOrAddress);
    const spec: DeviceSpec = { name: maskAddress(nameOrAddress), address: nameOrAddress, environment: 'other' };
    const guest = new Device(spec, await this.#tools.openLink(spec), this.#tools.now, this.#tools.clockJumps);
    this.#guests.set(nameOrAddress, guest);
    return guest;
  }

  /** A device that was resolved or added before. */
  opened(nameOrAddress: string): Device {
    return this.#guests.get(nameOrAddress) ?? this.#named(nameOrAddress);
  }

  async read(nameOrAddress: string, timeoutMs = readTimeoutMs): Promise<Reading> {
    const device = await this.resolve(nameOrAddress);
    device.link.retryNow();
    const signal = AbortSignal.timeout(timeoutMs);
    const reading = await this.readDevice(device, signal).catch(inTime(signal, timeoutMs));
    return shownReading(reading, device.link, this.#tools.now());
  }

  async readDevice(device: Device, signal: AbortSignal, occasion: ReadingOccasion = 'seen'): Promise<DeviceReading> {
    this.#readAtMs.set(device.spec.name, this.#tools.now().getTime());
    try {
      const { reading, isNewest } = await device.read(signal);
      if (isNewest) this.#tools.onRead(device, reading, occasion);
      return reading;
    } finally {
      this.#tools.onChange();
    }
  }

  async pollOnce(nameOrAddress: string, timeoutMs = readTimeoutMs): Promise<Sample> {
    const device = await this.resolve(nameOrAddress);
    const signal = AbortSignal.timeout(timeoutMs);
    // Figures without those names are worth more than none.
    if (device.lacksNames) await device.read(signal).catch(() => undefined);
    return (await device.poll(signal).catch(inTime(signal, timeoutMs))).sample;
  }

  /** Something may have been mended (secrets unlocked, a host key accepted): tries the devices again that wait for that. */
  wake(isMeant: (device: Device) => boolean = () => true): void {
    for (const device of this.#guests.values()) if (isMeant(device)) device.link.retryNow();
    for (const device of this.#devices.values()) {
      if (!isMeant(device)) continue;
      device.link.retryNow();
      if (device.problem !== undefined) this.#tools.pollSoon(device.spec.name);
    }
  }

  /** Reads in the background; what fails stands in the state of the device. */
  readSoon(device: Device): void {
    const { name } = device.spec;
    if (!this.#reads.has(name)) this.#keepReading(name, this.#readQuietly(device));
  }

  /** Reads what stands on the device from now on: a reading under way may be of what stood there before. Never fails. */
  readAnew(device: Device, occasion: ReadingOccasion = 'seen'): Promise<void> {
    const { name } = device.spec;
    const reading = (this.#reads.get(name) ?? Promise.resolve()).then(() => this.#readQuietly(device, occasion));
    this.#keepReading(name, reading);
    return reading;
  }

  async #readQuietly(device: Device, occasion: ReadingOccasion = 'seen'): Promise<void> {
    await this.readDevice(device, AbortSignal.timeout(readTimeoutMs), occasion).catch(() => undefined); // the device keeps its own problem
  }

  #keepReading(name: string, reading: Promise<void>): void {
    this.#reads.set(name, reading);
    void reading.finally(() => {
      if (this.#reads.get(name) === reading) this.#reads.delete(name);
    });
  }

  close(): void {
    for (const device of [...this.#devices.values(), ...this.#guests.values()]) device.link.close();
    this.#devices.clear();
    this.#guests.clear();
  }

  async #poll(device: Device, signal: AbortSignal): Promise<void> {
    try {
      const poll = await device.poll(signal);
      this.#tools.onPoll(device, poll);
      this.#keepPace(device);
      const readAtMs = this.#readAtMs.get(device.spec.name) ?? 0;
      const isOld = this.#tools.now().getTime() - readAtMs >= (device.couldNotBeRead ? readAgainMs : readEveryMs);
      const needsReading = poll.isNewEpoch || device.reading === undefined || isOld;
      if (needsReading) this.readSoon(device);
    } finally {
      this.#tellFreshness(device);
    }
  }

  #keepPace({ spec, pace }: Device): void {
    if (pace === undefined) return;
    this.#tools.pacePolling(spec.name, pace.everyMs);
    if ((this.#paces.get(spec.name) ?? '') === (pace.why ?? '')) return;
    this.#paces.set(spec.name, pace.why ?? '');
    this.#tools.onChange();
  }

  /** Numbers go by the tick; that a device went stale, or came back, is a change of the list. */
  #tellFreshness(device: Device): void {
    const { freshness } = device;
    if (this.#wasFresh.get(device.spec.name) === freshness) return;
    this.#wasFresh.set(device.spec.name, freshness);
    this.#tools.onChange();
  }

  #named(name: string): Device {
    const device = this.#devices.get(name);
    if (device) return device;
    const known = [...this.#devices.keys()];
    const hint = known.length === 0 ? 'the inventory is empty' : `known are ${known.slice(0, 10).join(', ')}`;
    throw new AppError(
      'NOT_FOUND',
      `No device is named "${name}"; ${hint}. An address looks like haproxy+ssh://user@host.`,
    );
  }
}

/** What the end of its time called off was not called off by anyone: it took too long. */
function inTime(signal: AbortSignal, timeoutMs: number): (error: unknown) => never {
  return (error) => {
    if (signal.aborted && error instanceof AppError && error.code === 'CANCELLED') {
      throw new AppError('TIMED_OUT', `${error.detail} It had ${timeoutMs} ms.`, { cause: error });
    }
    throw error;
  };
}
