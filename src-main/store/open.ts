import type { DeviceSpec } from '../contract/api.ts';
import type { DeviceEvent, NewEvent } from '../contract/events.ts';
import type { MetricRows, Series, Sleep } from '../contract/metrics.ts';
import { prepareDirectory } from './data-directory.ts';
import type { JournalledPush, NewPush } from './journal.ts';
import type { ScryptCost } from './key-sealer.ts';
import type { NewMarker } from './markers.ts';
import { damagedFiles } from './open-files.ts';
import { sealedVersions, type Versions } from './sealed-versions.ts';
import { openSecrets, type Secrets } from './secrets.ts';
import type { SeriesQuery } from './series.ts';
import { startStoreWorker, type StoreWorker } from './worker-client.ts';

export interface Inventory {
  /** By name. */
  readonly list: () => Promise<readonly DeviceSpec[]>;
  readonly put: (spec: DeviceSpec) => Promise<void>;
  /** Throws NOT_FOUND. */
  readonly remove: (name: string) => Promise<void>;
}

export interface Settings {
  readonly get: (key: string) => Promise<string | undefined>;
  readonly set: (key: string, value: string) => Promise<void>;
  readonly all: () => Promise<Readonly<Record<string, string>>>;
}

/** Each call is on the disk when its promise is fulfilled. */
export interface Journal {
  /** Throws ALREADY_EXISTS. */
  readonly begin: (push: NewPush) => Promise<void>;
  /** `entry` is a JSON value of the writer's own. Throws NOT_FOUND where no such push is open. */
  readonly note: (pushId: string, entry: unknown) => Promise<void>;
  readonly end: (pushId: string, outcome: string) => Promise<void>;
  /** Pushes that were begun and not ended, oldest first: what a stopped console left. */
  readonly open: () => Promise<readonly JournalledPush[]>;
  /** Newest first. */
  readonly list: (limit: number) => Promise<readonly JournalledPush[]>;
}

export interface SampleStore {
  /** Takes one poll. It is charted at once, and on the disk when its minute is over. */
  readonly write: (rows: MetricRows) => Promise<void>;
  /** A line per member; without `members` all, or the 50 with most. By the second within the last hour, else of the roll-up that fits. */
  readonly series: (query: SeriesQuery) => Promise<Series>;
}

/** When the computer slept. */
export interface Sleeps {
  readonly begin: (fromMs: number) => Promise<void>;
  /** Ends the one that is open; without one it does nothing. */
  readonly end: (toMs: number) => Promise<void>;
  /** Those that ended, newest first, at most a hundred. */
  readonly list: () => Promise<readonly Sleep[]>;
}

/** What devices told by themselves; the oldest go when there are very many. */
export interface EventStore {
  /** Gives each its id, in the order given. */
  readonly put: (events: readonly NewEvent[]) => Promise<readonly DeviceEvent[]>;
  /** Newest first. */
  readonly list: (device: string | undefined, limit: number) => Promise<readonly DeviceEvent[]>;
}

/** Everything that outlives the process. Calls are carried out in the order in which they were made. */
export interface Store {
  readonly inventory: Inventory;
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly versions: Versions;
  readonly journal: Journal;
  readonly samples: SampleStore;
  readonly sleeps: Sleeps;
  readonly events: EventStore;
  /** Puts a moment on the charts of a device. */
  readonly mark: (marker: NewMarker) => Promise<void>;
  /** Moments of a device in some time, oldest first. */
  readonly markers: (device: string, fromMs: number, toMs: number) => Promise<Series['markers']>;
  /** Files that were found damaged, now or before, and lie aside. */
  readonly damagedFiles: () => readonly string[];
  readonly close: () => Promise<void>;
}

/**
 * Opens the data directory (absent: all in memory, gone at the end) and makes this process its owner. Throws STORE_BUSY, STORE_CORRUPT,
 * VERSION_UNSUPPORTED, or INPUT_INVALID where the directory cannot be made.
 */
export async function openStore(
  directory: string | undefined,
  options: { readonly scryptCost?: ScryptCost } = {},
): Promise<Store> {
  if (directory !== undefined) await prepareDirectory(directory);
  const worker = startStoreWorker(directory);
  try {
    const secrets = await openSecrets({ worker, ...options });
    return {
      ...parts(worker),
      versions: sealedVersions(worker, secrets),
      secrets,
      damagedFiles: () => damagedFiles(directory),
    };
  } catch (error) {
    await worker.stop();
    throw error;
  }
}

function parts(worker: StoreWorker): Omit<Store, 'secrets' | 'versions' | 'damagedFiles'> {
  const { call } = worker;
  return {
    inventory: {
      list: () => call('listDevices'),
      put: (spec) => call('putDevice', spec),
      remove: (name) => call('removeDevice', name),
    },
    settings: {
      get: (key) => call('getSetting', key),
      set: (key, value) => call('setSetting', key, value),
      all: () => call('allSettings'),
    },
    journal: {
      begin: (push) => call('beginPush', push),
      note: (pushId, entry) => call('notePush', pushId, entry),
      end: (pushId, outcome) => call('endPush', pushId, outcome, new Date().toISOString()),
      open: () => call('openPushes'),
      list: (limit) => call('listPushes', limit),
    },
    samples: {
      write: (rows) => call('writeSamples', rows),
      series: (query) => call('readSeries', query, Date.now()),
    },
    sleeps: {
      begin: (fromMs) => call('beginSleep', fromMs),
      end: (toMs) => call('endSleep', toMs),
      list: () => call('listSleeps'),
    },
    events: {
      put: (events) => call('putEvents', events),
      list: (device, limit) => call('listEvents', device, limit),
    },
    mark: (marker) => call('putMarker', marker),
    markers: (device, fromMs, toMs) => call('listMarkers', device, fromMs, toMs),
    close: worker.close,
  };
}
