import { setImmediate } from 'node:timers/promises';
import type { CallInput, DeviceSpec, Reading, Version } from '../contract/api.ts';
import type { NativeFile } from '../contract/console.ts';
import { AppError } from '../contract/errors.ts';
import type { FindAnswer } from '../contract/find.ts';
import type { DeviceModel } from '../contract/model.ts';
import { findObjects, type Searched } from '../core/find/find.ts';
import { type FindEntry, indexDevice } from '../core/find/index-device.ts';
import type { Device } from './device.ts';

export interface FinderTools {
  readonly devices: () => readonly Device[];
  readonly specOf: (device: Device) => DeviceSpec;
  readonly versions: {
    readonly list: (device: string) => Promise<readonly Version[]>;
    readonly get: (device: string, id: number) => Promise<{ readonly files: readonly NativeFile[] }>;
  };
  /** A stored configuration as the model, secrets masked. */
  readonly parse: (device: Device, files: readonly NativeFile[]) => DeviceModel;
}

/** Finds anything on every device: in what it last said, and where it said nothing yet in the newest version that is stored of it. */
export class Finder {
  readonly #tools: FinderTools;
  /** An index is made once for each reading. */
  readonly #ofReadings = new WeakMap<Reading, readonly FindEntry[]>();
  /** For devices not heard of since the console started; while there is no reading there is no newer version. */
  readonly #ofVersions = new WeakMap<Device, Searched>();

  constructor(tools: FinderTools) {
    this.#tools = tools;
  }

  async find({ query, limit }: CallInput<'find.objects'>): Promise<FindAnswer> {
    const searched: Searched[] = [];
    for (const device of this.#tools.devices()) searched.push(await this.#searched(device));
    return findObjects(searched, query, limit);
  }

  async #searched(device: Device): Promise<Searched> {
    const { name } = device.spec;
    const { reading } = device;
    if (reading === undefined) return this.#ofVersions.get(device) ?? this.#stored(device);
    const entries = this.#ofReadings.get(reading) ?? (await this.#index(device, reading));
    const problem = device.problem;
    if (problem === undefined) return { device: name, standing: 'live', entries };
    return { device: name, standing: 'offline', asOf: reading.at, why: problem.detail, entries };
  }

  /** A device at a time: between two the process does other work. */
  async #index(device: Device, reading: Reading): Promise<readonly FindEntry[]> {
    await setImmediate();
    const entries = indexDevice(this.#tools.specOf(device), reading);
    this.#ofReadings.set(reading, entries);
    return entries;
  }

  async #stored(device: Device): Promise<Searched> {
    const { name } = device.spec;
    const spec = this.#tools.specOf(device);
    try {
      const [newest] = await this.#tools.versions.list(name);
      if (newest === undefined) {
        return { device: name, standing: 'unread', why: 'It was never read.', entries: indexDevice(spec, undefined) };
      }
      const { files } = await this.#tools.versions.get(name, newest.id);
      const entries = indexDevice(spec, { model: this.#tools.parse(device, files) });
      const searched: Searched = { device: name, standing: 'stored', asOf: newest.at, entries };
      this.#ofVersions.set(device, searched);
      return searched;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // Sealed and locked, or damaged: what the inventory knows is found all the same, and the next question tries again.
      return { device: name, standing: 'unread', why: error.detail, entries: indexDevice(spec, undefined) };
    }
  }
}
