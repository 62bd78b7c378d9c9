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

/** After a refusal so long goes by before the next question: at its limit the engine must not spend its time on asking. */
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
  /** Who came after a refusal, by what they lack: one question is asked for all of them when its time has come. */
  readonly #later = new Map<string, OnBorrowed[]>();
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

  /**
   * Asks the supervisor for more of one of these. False = there is no more to be had. An answer is never older than the question:
   * what others gave back since the last refusal is seen.
   */
  borrow(leases: readonly Lease[], onBorrowed: OnBorrowed): boolean {
    if (this.#workers === 1) return false;
    const keys = leases.filter(({ key, limit }) => limit < (this.#totals[key] ?? 0)).map(({ key }) => key);
    if (keys.length === 0) return false;
    const lack = keys.join('\n');
    const waiting = this.#later.get(lack);
    if (waiting !== undefined) {
      waiting.push(onBorrowed);
      return true;
    }
    const waitMs = Math.min(...keys.map((key) => this.#refusedUntilMs.get(key) ?? 0)) - performance.now();
    if (waitMs <= 0) this.#ask(keys, onBorrowed);
    else {
      this.#later.set(lack, [onBorrowed]);
      setTimeout(() => {
        this.#askLater(lack, keys);
      }, Math.ceil(waitMs)).unref();
    }
    return true;
  }

  /** A refusal is one for all who waited; where there is some, each asks for its own. */
  #askLater(lack: string, keys: readonly string[]): void {
    const waiting = this.#later.get(lack) ?? [];
    this.#later.delete(lack);
    const [first, ...others] = waiting;
    if (first === undefined) return;
    this.#ask(keys, (isGranted) => {
      first(isGranted);
      for (const other of others) {
        if (isGranted) this.#ask(keys, other);
        else other(false);
      }
    });
  }

  #ask(keys: readonly string[], onBorrowed: OnBorrowed): void {
    const id = this.#nextId++;
    this.#asked.set(id, (isGranted) => {
      if (!isGranted) for (const key of keys) this.#refusedUntilMs.set(key, performance.now() + refusedForMs);
      onBorrowed(isGranted);
    });
    this.#tell({ kind: 'borrow', id, keys });
    setTimeout(() => {
      this.answer(id, '');
    }, answerTimeoutMs).unref();
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
