/** How long and how many a table keeps. */
export interface KeeperLimits {
  readonly timeoutMs: number;
  readonly maxEntries: number;
}

export interface Kept {
  readonly member: string;
  readonly usedAtMs: number;
}

interface Entry {
  readonly key: string;
  member: string;
  usedAtMs: number;
  isTouched: boolean;
}

/**
 * Entries by key, each pointing at a member by name: so they outlast a reload. Bounded by number and by age; the longest
 * unused go first. Times are `performance.now`'s of the process that it lives in.
 */
export class Keeper {
  #limits: KeeperLimits;
  /** The longest unused first: whoever comes is put to the end. */
  readonly #entries = new Map<string, Entry>();
  readonly #counts = new Map<string, number>();
  #touched: Entry[] = [];
  /** Told of each entry that had to make room. */
  readonly #onEvicted: (key: string) => void;

  constructor(limits: KeeperLimits, onEvicted: (key: string) => void = () => undefined) {
    this.#limits = limits;
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How many entries point at each member. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  configure(limits: KeeperLimits): void {
    this.#limits = limits;
    this.#evict(limits.maxEntries);
  }

  /** The member of a key that has not been away too long; it counts as used now. Empty = none. */
  find(key: string, nowMs: number): string {
    const entry = this.#live(key, nowMs);
    if (entry === undefined) return '';
    this.#use(entry, nowMs);
    if (!entry.isTouched) {
      entry.isTouched = true;
      this.#touched.push(entry);
    }
    return entry.member;
  }

  /** As `find`, without using it. */
  look(key: string, nowMs: number): Kept | undefined {
    return this.#live(key, nowMs);
  }

  set(key: string, member: string, usedAtMs: number): void {
    this.delete(key);
    this.#evict(this.#limits.maxEntries - 1);
    this.#entries.set(key, { key, member, usedAtMs, isTouched: false });
    this.#count(member, 1);
  }

  /** Points an entry that is there at another member. */
  move(key: string, member: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#count(entry.member, -1);
    this.#count(member, 1);
    entry.member = member;
  }

  /** Somebody else has used it meanwhile. */
  touch(key: string, usedAtMs: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && usedAtMs > entry.usedAtMs) this.#use(entry, usedAtMs);
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#count(entry.member, -1);
    return this.#entries.delete(key);
  }

  /** Forgets who has been away too long. */
  sweep(nowMs: number): void {
    for (const entry of this.#entries.values()) {
      if (nowMs - entry.usedAtMs < this.#limits.timeoutMs) return;
      this.delete(entry.key);
    }
  }

  /** What `find` has found since the last call, with the time of its last use. */
  takeTouched(): readonly { readonly key: string; readonly usedAtMs: number }[] {
    const touched = this.#touched;
    this.#touched = [];
    for (const entry of touched) entry.isTouched = false;
    return touched;
  }

  #live(key: string, nowMs: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || nowMs - entry.usedAtMs < this.#limits.timeoutMs) return entry;
    this.delete(key);
    return undefined;
  }

  #use(entry: Entry, usedAtMs: number): void {
    entry.usedAtMs = usedAtMs;
    this.#entries.delete(entry.key);
    this.#entries.set(entry.key, entry);
  }

  /** Leaves at most so many. */
  #evict(maximum: number): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= maximum) return;
      this.delete(key);
      this.#onEvicted(key);
    }
  }

  #count(member: string, difference: number): void {
    const count = (this.#counts.get(member) ?? 0) + difference;
    if (count === 0) this.#counts.delete(member);
    else this.#counts.set(member, count);
  }
}
