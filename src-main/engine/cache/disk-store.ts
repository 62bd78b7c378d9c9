import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DiskBody } from './disk-body.ts';
import { openDiskFile, writeDiskFile, type DiskHead } from './disk-file.ts';
import { Entry } from './entry.ts';
import type { Fields } from './fields.ts';
import { Store } from './store.ts';

/** So many bytes may wait to be written: more is forgotten rather than held in memory. */
const maxWaitingBytes = 67_108_864;

/**
 * Stored responses in files, one each, within a number of bytes. The index is in memory and is made anew from the files at start; what is
 * damaged is not there.
 */
export class DiskStore {
  readonly #directory: string;
  readonly #defaultTtlMs: number;
  readonly #index: Store;
  readonly #paths = new WeakMap<Entry, string>();
  /** On their way to the disk; false = not wanted any more. */
  readonly #writing = new Map<Entry, boolean>();
  #waitingBytes = 0;
  #queue: Promise<void>;

  constructor(directory: string, maxBytes: number, defaultTtlMs: number) {
    this.#directory = directory;
    this.#defaultTtlMs = defaultTtlMs;
    this.#index = new Store(maxBytes, (entry) => {
      this.#unlink(entry);
    });
    this.#queue = this.#restore();
  }

  get bytes(): number {
    return this.#index.bytes;
  }

  get objects(): number {
    return this.#index.count;
  }

  set maxBytes(maxBytes: number) {
    this.#index.maxBytes = maxBytes;
  }

  /** Resolves when everything that was there at the start is known. */
  get isRestored(): Promise<void> {
    return this.#queue;
  }

  find(key: string, request: Fields): Entry | undefined {
    return this.#index.find(key, request);
  }

  /** Writes it by and by; `onWritten` where it is there. */
  write(entry: Entry, onWritten: () => void = () => undefined): void {
    const length = entry.body.length ?? 0;
    if (!entry.body.isComplete || this.#waitingBytes + length > maxWaitingBytes || length > this.#index.maxBytes)
      return;
    if (this.#writing.has(entry)) return;
    this.#writing.set(entry, true);
    this.#waitingBytes += length;
    this.#queue = this.#queue.then(async () => {
      if (this.#writing.get(entry) === true) await this.#write(entry, onWritten).catch(() => undefined); // a full disk loses a copy, nothing else
      this.#writing.delete(entry);
      this.#waitingBytes -= length;
    });
  }

  remove(entry: Entry): void {
    if (this.#paths.has(entry)) {
      this.#index.remove(entry);
      this.#unlink(entry);
    }
  }

  /** What fits the request is not the newest any more. */
  forgetMatching(key: string, request: Fields): void {
    this.#cancel((entry) => entry.key === key && entry.matches(request));
    const found = this.#index.find(key, request);
    if (found !== undefined) this.remove(found);
  }

  /** Removes every variant; answers how many there were. */
  purge(key: string): number {
    return this.#purge((entry) => entry.key === key, this.#index.list(key));
  }

  purgeTag(tag: string): number {
    return this.#purge((entry) => entry.tags.includes(tag), this.#index.listTagged(tag));
  }

  #purge(isMeant: (entry: Entry) => boolean, entries: readonly Entry[]): number {
    for (const entry of entries) this.remove(entry);
    return entries.length + this.#cancel(isMeant);
  }

  #cancel(isMeant: (entry: Entry) => boolean): number {
    let count = 0;
    for (const [entry, isWanted] of this.#writing) {
      if (!isWanted || !isMeant(entry)) continue;
      this.#writing.set(entry, false);
      count++;
    }
    return count;
  }

  async #write(entry: Entry, onWritten: () => void): Promise<void> {
    const head = { ...entry.describe(), length: entry.body.arrived };
    const path = join(
      this.#directory,
      createHash('sha256')
        .update(JSON.stringify([head.key, head.vary]))
        .digest('hex'),
    );
    await writeDiskFile(path, head, (from, to) => entry.body.read(from, to));
    if (this.#writing.get(entry) !== true) {
      await rm(path, { force: true });
      return;
    }
    this.#insert(path, head);
    onWritten();
  }

  #insert(path: string, head: Omit<DiskHead, 'blocks'>): void {
    const body = new DiskBody(path, head.length, () => {
      this.remove(entry);
    });
    const entry: Entry = Entry.restore(head, body, this.#defaultTtlMs);
    const before = this.#index.list(head.key).find((other) => this.#paths.get(other) === path);
    // The file has been replaced: only the index forgets the old one.
    if (before !== undefined) this.#index.remove(before);
    this.#paths.set(entry, path);
    this.#index.add(entry);
  }

  async #restore(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 }).catch(() => undefined); // the supervisor has said so before
    const names = await readdir(this.#directory).catch(() => []); // nothing there, nothing to restore
    for (const name of names) {
      const path = join(this.#directory, name);
      const file = /^[0-9a-f]{64}$/.test(name) ? await openDiskFile(path) : undefined;
      if (file === undefined) {
        await rm(path, { force: true }).catch(() => undefined);
        continue;
      }
      await file.handle.close();
      this.#insert(path, file.head);
    }
  }

  #unlink(entry: Entry): void {
    const path = this.#paths.get(entry);
    this.#paths.delete(entry);
    if (path === undefined) return;
    const isReplaced = this.#index.list(entry.key).some((other) => this.#paths.get(other) === path);
    if (!isReplaced) void rm(path, { force: true }).catch(() => undefined);
  }
}
