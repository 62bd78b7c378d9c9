/** A worker's part in what is leased, and what it asked for. Shares of one key add up to at most 1. */
export interface Leaseholder {
  /** Resolves when the worker keeps to them. */
  readonly setShares: (shares: Readonly<Record<string, number>>) => Promise<void>;
}

type Shares = Record<string, number>;

interface Lease {
  /** By worker: what it keeps to, or may keep to. */
  granted: number[];
  demand: number[];
  askedAtMs: number;
}

/** What a worker keeps of everything, so that its first bytes need not wait for a new lease. */
const floorShare = 0.05;
/** A lease that nobody asked for in this time returns to equal parts. */
const restMs = 2000;
const maxLeases = 20_000;
/** Smaller changes are not worth a message. */
const leastChange = 0.02;

/**
 * Moves parts of limits to the workers that need them. A share is taken from one worker and acknowledged before another
 * gets it, so that the parts never add up to more than the whole.
 */
export class LeaseDesk {
  readonly #workers: readonly Leaseholder[];
  readonly #leases = new Map<string, Lease>();
  #isTurning = false;

  constructor(workers: readonly Leaseholder[]) {
    this.#workers = workers;
  }

  /** What a worker asked for since it last said so. */
  hear(worker: number, demand: Readonly<Record<string, number>>, nowMs: number): void {
    for (const [key, amount] of Object.entries(demand)) {
      const lease = this.#leases.get(key) ?? this.#open(key);
      if (lease === undefined) continue;
      lease.demand[worker] = (lease.demand[worker] ?? 0) + amount;
      lease.askedAtMs = nowMs;
    }
  }

  /** Moves what should be moved; one turn at a time. */
  async turn(nowMs: number): Promise<void> {
    if (this.#isTurning) return;
    this.#isTurning = true;
    try {
      await this.#move(nowMs);
    } finally {
      this.#isTurning = false;
    }
  }

  /** A worker begins anew and keeps to equal parts: so must the others. */
  async reset(): Promise<void> {
    this.#leases.clear();
    await Promise.all(this.#workers.map((worker) => worker.setShares({})));
  }

  async #move(nowMs: number): Promise<void> {
    const wanted = new Map([...this.#leases].map(([key, lease]) => [key, this.#wanted(lease, nowMs)]));
    const lowered = new Set<number>();
    for (const [key, lease] of this.#leases) {
      wanted.get(key)?.forEach((share, worker) => {
        if (share < (lease.granted[worker] ?? 0) - leastChange) lowered.add(worker);
      });
    }
    // First everyone who gives, until they say that they have given; then everyone who gets.
    await Promise.all([...lowered].map((worker) => this.#give(worker, wanted)));
    const raised = new Set<number>();
    for (const [key, lease] of this.#leases) {
      const shares = wanted.get(key) ?? [];
      let free = 1 - lease.granted.reduce((sum, share) => sum + share, 0);
      for (const [worker, share] of shares.entries()) {
        const granted = lease.granted[worker] ?? 0;
        const more = Math.min(free, share - granted);
        if (more <= leastChange / 4) continue;
        lease.granted[worker] = granted + more;
        free -= more;
        raised.add(worker);
      }
    }
    await Promise.all(
      [...raised].map(async (worker) => {
        await this.#workers[worker]?.setShares(this.#sharesOf(worker));
      }),
    );
    for (const [key, lease] of this.#leases) {
      lease.demand.fill(0);
      if (nowMs - lease.askedAtMs > restMs && this.#isEqual(lease)) this.#leases.delete(key);
    }
  }

  async #give(worker: number, wanted: ReadonlyMap<string, readonly number[]>): Promise<void> {
    const shares = this.#sharesOf(worker);
    for (const [key, parts] of wanted) shares[key] = Math.min(shares[key] ?? 1, parts[worker] ?? 0);
    await this.#workers[worker]?.setShares(shares);
    for (const [key, lease] of this.#leases) {
      const share = shares[key];
      if (share !== undefined) lease.granted[worker] = share;
    }
  }

  /** By what each asked for; equal parts again after a rest. */
  #wanted(lease: Lease, nowMs: number): number[] {
    const count = this.#workers.length;
    const total = lease.demand.reduce((sum, each) => sum + each, 0);
    if (total === 0) {
      return nowMs - lease.askedAtMs > restMs ? lease.granted.map(() => 1 / count) : [...lease.granted];
    }
    const floor = Math.min(floorShare, 0.5 / count);
    return lease.demand.map((each) => floor + ((1 - floor * count) * each) / total);
  }

  #open(key: string): Lease | undefined {
    if (this.#leases.size >= maxLeases) return undefined;
    const count = this.#workers.length;
    const lease = {
      granted: Array.from({ length: count }, () => 1 / count),
      demand: new Array<number>(count).fill(0),
      askedAtMs: 0,
    };
    this.#leases.set(key, lease);
    return lease;
  }

  #sharesOf(worker: number): Shares {
    const shares: Shares = {};
    for (const [key, lease] of this.#leases) shares[key] = lease.granted[worker] ?? 0;
    return shares;
  }

  #isEqual(lease: Lease): boolean {
    return lease.granted.every((share) => Math.abs(share - 1 / this.#workers.length) < leastChange);
  }
}
