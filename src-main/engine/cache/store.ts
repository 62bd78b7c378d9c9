import type { Entry } from './entry.ts';
import type { Fields } from './fields.ts';
import { Sieve } from './sieve.ts';

/** So many variants of one URL are kept, the oldest goes first: Vary on what differs with every client must not fill the memory. */
const maxVariants = 32;

/** Stored responses of one virtual server in one worker, within a number of bytes. */
export class Store {
  maxBytes: number;
  bytes = 0;
  count = 0;
  evicted = 0;
  readonly #variants = new Map<string, Entry[]>();
  readonly #order = new Sieve<Entry>();
  readonly #onEvicted: (entry: Entry) => void;

  constructor(maxBytes: number, onEvicted: (entry: Entry) => void = () => undefined) {
    this.maxBytes = maxBytes;
    this.#onEvicted = onEvicted;
  }

  /** The newest variant that fits the request. */
  find(key: string, request: Fields): Entry | undefined {
    const variants = this.#variants.get(key);
    if (variants === undefined) return undefined;
    for (let index = variants.length - 1; index >= 0; index--) {
      const entry = variants[index];
      if (entry?.matches(request) !== true) continue;
      entry.wasVisited = true;
      return entry;
    }
    return undefined;
  }

  has(key: string): boolean {
    return this.#variants.has(key);
  }

  /** Takes it in, in place of the same variant. */
  insert(entry: Entry, request: Fields): void {
    for (const other of this.list(entry.key)) if (other.matches(request)) this.remove(other);
    this.add(entry);
  }

  /** All variants, the oldest first. */
  list(key: string): readonly Entry[] {
    return [...(this.#variants.get(key) ?? [])];
  }

  listTagged(tag: string): readonly Entry[] {
    return [...this.#variants.values()].flat().filter((entry) => entry.tags.includes(tag));
  }

  /** Takes it in beside its variants. */
  add(entry: Entry): void {
    const variants = this.#variants.get(entry.key) ?? [];
    if (variants.length >= maxVariants && variants[0] !== undefined) this.remove(variants[0]);
    // `remove` forgets a key without variants.
    this.#variants.set(entry.key, variants);
    variants.push(entry);
    this.#order.add(entry);
    this.count++;
    this.charge(entry, entry.body.length ?? 0);
  }

  /** It holds so many bytes of body, or will. */
  charge(entry: Entry, bodyBytes: number): void {
    if (entry.isRemoved) return;
    const charged = entry.headBytes + bodyBytes;
    this.bytes += charged - entry.chargedBytes;
    entry.chargedBytes = charged;
    while (this.bytes > this.maxBytes) {
      const victim = this.#order.victim();
      if (victim === undefined) return;
      this.evicted++;
      this.remove(victim);
      this.#onEvicted(victim);
    }
  }

  remove(entry: Entry): void {
    if (entry.isRemoved) return;
    entry.isRemoved = true;
    this.bytes -= entry.chargedBytes;
    entry.chargedBytes = 0;
    this.count--;
    this.#order.remove(entry);
    const variants = this.#variants.get(entry.key) ?? [];
    const index = variants.indexOf(entry);
    if (index >= 0) variants.splice(index, 1);
    if (variants.length === 0) this.#variants.delete(entry.key);
  }

  /** Removes every variant; answers how many there were. */
  purge(key: string): number {
    const variants = this.list(key);
    for (const entry of variants) this.remove(entry);
    return variants.length;
  }

  purgeTag(tag: string): number {
    const tagged = this.listTagged(tag);
    for (const entry of tagged) this.remove(entry);
    return tagged.length;
  }
}
