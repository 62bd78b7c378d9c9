/** A number by lease. */
export type LeaseTotals = Readonly<Record<string, number>>;

/** A worker's part of a limit over all workers. The parts never add up to more than the limit. */
export interface Lease {
  readonly key: string;
  /** How many this worker may have now. */
  limit: number;
  /** Others wait for room: what is free beyond the fair share goes back. */
  isOwed: boolean;
}

/** No limit. */
export const noLease: Lease = { key: '', limit: Number.POSITIVE_INFINITY, isOwed: false };

/** Told whether there is room now. */
export type OnBorrowed = (isGranted: boolean) => void;

/** What this worker does with a lease now. */
export interface LeaseUse {
  readonly usedOf: (key: string) => number;
  /** Somebody waits for it here. */
  readonly isWanted: (key: string) => boolean;
}

/** What a worker says about its leases. */
export type LeaseNews =
  | { readonly kind: 'borrow'; readonly id: number; readonly keys: readonly string[] }
  | { readonly kind: 'returned'; readonly recall: number; readonly counts: LeaseTotals };

/** After a refusal nobody asks again for so long: at its limit the engine must not spend its time on asking. */
const refusedForMs = 5;
/** A supervisor that does not answer has nothing to give. */
const answerTimeoutMs = 1000;

/**
 * The leases of a worker. It works within its parts without asking anybody; what it lacks it borrows from the supervisor,
 * which recalls what other workers do not use.
 */
export class Leases {
  readonly #tell: (news: LeaseNews) => void;
  readonly #workers: number;
  readonly #use: LeaseUse;
  #leases = new Map<string, Lease>();
  #totals: LeaseTotals = {};
  readonly #asked = new Map<number, OnBorrowed>();
  readonly #refusedUntilMs = new Map<string, number>();
  #nextId = 1;

  constructor(tell: (news: LeaseNews) => void, workers: number, use: LeaseUse) {
    this.#tell = tell;
    this.#workers = workers;
    this.#use = use;
  }

  /** A lease that is there already stays as it is: what others gave or took meanwhile must not be undone. */
  configure(totals: LeaseTotals, grants: LeaseTotals): void {
    const leases = new Map<string, Lease>();
    for (const key of Object.keys(totals)) {
      leases.set(key, this.#leases.get(key) ?? { key, limit: grants[key] ?? 0, isOwed: false });
    }
    this.#leases = leases;
    this.#totals = totals;
    this.#refusedUntilMs.clear();
  }

  of(key: string): Lease {
    return this.#leases.get(key) ?? noLease;
  }

  /** May the supervisor have more of one of these? False = there is no sense in asking now. */
  borrow(leases: readonly Lease[], onBorrowed: OnBorrowed): boolean {
    if (this.#workers === 1) return false;
    const nowMs = performance.now();
    const keys = leases
      .filter(({ key, limit }) => limit < (this.#totals[key] ?? 0) && (this.#refusedUntilMs.get(key) ?? 0) <= nowMs)
      .map(({ key }) => key);
    if (keys.length === 0) return false;
    const id = this.#nextId++;
    this.#asked.set(id, (isGranted) => {
      if (!isGranted) for (const key of keys) this.#refusedUntilMs.set(key, performance.now() + refusedForMs);
      onBorrowed(isGranted);
    });
    this.#tell({ kind: 'borrow', id, keys });
    setTimeout(() => {
      this.answer(id, '');
    }, answerTimeoutMs).unref();
    return true;
  }

  /** `key` = what was granted, empty = nothing. */
  answer(id: number, key: string): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (key !== '') this.grant({ [key]: 1 });
    asked?.(key !== '');
  }

  grant(counts: LeaseTotals): void {
    for (const [key, count] of Object.entries(counts)) {
      const lease = this.#leases.get(key);
      if (lease !== undefined) lease.limit += count;
    }
  }

  /** Somebody lacks these: half of what is free goes back. */
  recall(recall: number, keys: readonly string[]): void {
    const counts: Record<string, number> = {};
    for (const key of keys) {
      const lease = this.#leases.get(key);
      const count = lease === undefined ? 0 : Math.max(0, Math.ceil((lease.limit - this.#use.usedOf(key)) / 2));
      if (lease !== undefined && count > 0) {
        lease.limit -= count;
        counts[key] = count;
      }
    }
    this.#tell({ kind: 'returned', recall, counts });
  }

  /** Others wait for these. What is free goes back (beyond the fair share where somebody waits here too), now and whenever something gets free. */
  setOwed(keys: readonly string[]): void {
    const owed = new Set(keys);
    for (const lease of this.#leases.values()) {
      lease.isOwed = owed.has(lease.key);
      if (lease.isOwed) this.giveBack(lease);
    }
  }

  /** To be called when something of an owed lease has become free. */
  giveBack(lease: Lease): void {
    const { usedOf, isWanted } = this.#use;
    const fair = isWanted(lease.key) ? Math.floor((this.#totals[lease.key] ?? 0) / this.#workers) : 0;
    const count = lease.limit - Math.max(fair, usedOf(lease.key));
    if (count <= 0) return;
    lease.limit -= count;
    this.#tell({ kind: 'returned', recall: 0, counts: { [lease.key]: count } });
  }
}
