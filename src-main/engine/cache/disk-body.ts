import { Body, type BodyListener } from './body.ts';
import { blockBytes, openDiskFile, readDiskBlock, type OpenDiskFile } from './disk-file.ts';

/** Blocks kept while they are read, beside two for each reader. */
const spareBlocks = 2;

/** A body in a file. Its readers wait for blocks as they would for a member; what they have not asked for is not read. */
export class DiskBody extends Body {
  readonly #path: string;
  readonly #onDamaged: () => void;
  readonly #blocks = new Map<number, Buffer>();
  readonly #loading = new Set<number>();
  #file: OpenDiskFile | undefined;
  #preparing: Promise<boolean> | undefined;

  constructor(path: string, length: number, onDamaged: () => void) {
    super(length);
    this.#path = path;
    this.#onDamaged = onDamaged;
    this.arrived = length;
    this.isComplete = true;
  }

  /** Open, its first block there and right: a response may begin. */
  get isReady(): boolean {
    return this.#file !== undefined && (this.#blocks.has(0) || this.length === 0);
  }

  /** Opens and checks the head and the first block. False = it cannot be used. */
  prepare(): Promise<boolean> {
    this.#preparing ??= this.#open().finally(() => {
      this.#preparing = undefined;
    });
    return this.#preparing;
  }

  /** Closes the file where nobody reads it. */
  release(): void {
    if (this.listenerCount > 0) return;
    const file = this.#file;
    this.#file = undefined;
    this.#blocks.clear();
    // Waits for reads that are under way.
    void file?.handle.close().catch(() => undefined);
  }

  override read(from: number, to: number): Buffer | undefined {
    const index = Math.floor(from / blockBytes);
    const block = this.#blocks.get(index);
    if (block === undefined) {
      void this.#load(index);
      return undefined;
    }
    const place = from - index * blockBytes;
    return block.subarray(place, Math.min(place + to - from, block.length));
  }

  override leave(listener: BodyListener): void {
    super.leave(listener);
    this.release();
  }

  override get heldBytes(): number {
    return 0;
  }

  async #open(): Promise<boolean> {
    const file = this.#file ?? (await openDiskFile(this.#path));
    if (file === undefined) return false;
    this.#file = file;
    if (file.head.length !== this.length) return false;
    if (this.length === 0) return true;
    const block = await readDiskBlock(file, 0).catch(() => undefined); // unreadable is damaged
    if (block !== undefined) this.#blocks.set(0, block);
    return block !== undefined;
  }

  async #load(index: number): Promise<void> {
    const file = this.#file;
    if (file === undefined || this.#loading.has(index)) return;
    this.#loading.add(index);
    const block = await readDiskBlock(file, index).catch(() => undefined); // unreadable is damaged
    this.#loading.delete(index);
    if (this.#file !== file) return;
    if (block === undefined) {
      this.#onDamaged();
      this.break();
      return;
    }
    this.#blocks.set(index, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= 2 * this.listenerCount + spareBlocks) break;
      this.#blocks.delete(oldest);
    }
    this.tell();
  }
}
