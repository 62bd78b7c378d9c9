import type { Version, VersionDiff } from '../contract/api.ts';
import type { NativeFile } from '../contract/console.ts';
import { AppError } from '../contract/errors.ts';
import type { PushState } from '../contract/plan.ts';
import { diffModel } from '../core/plan/diff.ts';
import { changeSentence } from '../core/plan/sentence.ts';
import type { Versions } from '../store/sealed-versions.ts';
import { compareLines, unifiedHunks } from '../vendors/hunks.ts';
import type { DeviceReading, SourceFile, VendorDriver } from '../vendors/vendor.ts';
import { maskSecrets } from './device-link.ts';
import { originOf, type ReadingOccasion } from './origin.ts';

export interface HistoryTools {
  readonly versions: Versions;
  readonly now: () => Date;
  /** Who sits here. */
  readonly user: string;
  readonly pushes: () => readonly PushState[];
  /** The driver of a device that was opened. Throws NOT_FOUND. */
  readonly driverOf: (device: string) => VendorDriver;
  readonly mark: (marker: { readonly device: string; readonly atMs: number; readonly label: string }) => Promise<void>;
}

/** Versions of each device's configuration: kept as they are seen, and compared. */
export class History {
  readonly #tools: HistoryTools;
  /** One reading after another: two of the same change are one version and one marker. */
  #previous: Promise<void> = Promise.resolve();

  constructor(tools: HistoryTools) {
    this.#tools = tools;
  }

  /** Keeps what was read, where it differs from the newest version; what another hand changed is marked on the charts. */
  keep(device: string, reading: DeviceReading, occasion: ReadingOccasion): Promise<void> {
    const kept = this.#previous.then(() => this.#keep(device, reading, occasion));
    this.#previous = kept.catch(() => undefined); // whoever asked is told
    return kept;
  }

  async #keep(device: string, { fingerprint, files }: DeviceReading, occasion: ReadingOccasion): Promise<void> {
    const { versions, user, pushes, mark } = this.#tools;
    const before = await versions.newest(device);
    if (before?.fingerprint === fingerprint) return;
    const at = this.#tools.now();
    const found = { isFirst: before === undefined, occasion };
    const origin = originOf(pushes(), device, fingerprint, user, found);
    await versions.put({ device, at: at.toISOString(), fingerprint, files, ...origin });
    const isForeign = before !== undefined && origin.pushId === undefined;
    if (isForeign) await mark({ device, atMs: at.getTime(), label: 'changed outside' });
  }

  /** Throws NOT_FOUND, SECRETS_LOCKED. */
  async diff(device: string, id: number, against?: number): Promise<VersionDiff> {
    const { versions } = this.#tools;
    const now = await versions.get(device, id);
    const other = against ?? (await this.#before(device, id))?.id;
    if (other === undefined) return { version: now.version, changes: [], files: [] };
    const then = await versions.get(device, other);
    const difference = differenceOf(this.#tools.driverOf(device), then.files, now.files);
    return { version: now.version, against: then.version, ...difference };
  }

  /** The newest version against the one with this fingerprint; null where they are one, or no version has it. Throws SECRETS_LOCKED. */
  async since(device: string, fingerprint: string): Promise<VersionDiff | null> {
    await this.#previous; // a reading is answered before it is kept
    const versions = await this.#tools.versions.list(device);
    const [now] = versions;
    const then = versions.find((version) => version.fingerprint === fingerprint);
    return now === undefined || then === undefined || now.id === then.id ? null : this.diff(device, now.id, then.id);
  }

  async #before(device: string, id: number): Promise<Version | undefined> {
    return (await this.#tools.versions.list(device)).find((version) => version.id < id);
  }
}

/** Both are masked before they are compared, so that nothing made of the difference can hold a secret. */
export function differenceOf(
  driver: VendorDriver,
  then: readonly NativeFile[],
  now: readonly NativeFile[],
): Pick<VersionDiff, 'changes' | 'files'> {
  const [before, after] = [texts(then), texts(now)];
  const [maskedBefore, maskedAfter] = [masked(driver, before), masked(driver, after)];
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  const files = paths.flatMap((path) => {
    const hunks = unifiedHunks(path, maskedBefore.get(path) ?? '', maskedAfter.get(path) ?? '');
    return hunks.length === 0 ? [] : [{ path, hunks: hunks.map(({ text }) => text) }];
  });
  const secrets = paths
    .filter((path) => changedLines(before, after, path) > changedLines(maskedBefore, maskedAfter, path))
    .map((path) => `a secret in ${path} changed, which is not shown`);
  return { changes: [...modelChanges(driver, maskedBefore, maskedAfter), ...secrets], files };
}

type Texts = ReadonlyMap<string, string>;

function texts(files: readonly NativeFile[]): Texts {
  return new Map(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString('utf8')]));
}

function masked(driver: VendorDriver, files: Texts): Texts {
  return new Map([...files].map(([path, text]) => [path, maskSecrets(driver, text)]));
}

function changedLines(before: Texts, after: Texts, path: string): number {
  const lines = compareLines((before.get(path) ?? '').split('\n'), (after.get(path) ?? '').split('\n'));
  return lines.filter(({ mark }) => mark !== ' ').length;
}

function modelChanges(driver: VendorDriver, before: Texts, after: Texts): readonly string[] {
  try {
    const then = driver.parse(sources(before));
    const { virtualServers, pools, monitors, certificates } = driver.parse(sources(after));
    return diffModel(then, { virtualServers, pools, monitors, certificates }, 'exact').changes.map(changeSentence);
  } catch (error) {
    // A version that the driver cannot read as a model still differs by its text.
    if (error instanceof AppError) return [];
    throw error;
  }
}

function sources(files: Texts): readonly SourceFile[] {
  return [...files].map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
}
