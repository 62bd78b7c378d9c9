import type { ToWorker } from '../messages.ts';
import type { LeaseTotals } from '../runtime/leases.ts';
import type { LeaseNews } from '../runtime/leases.ts';

interface Limit {
  readonly total: number;
  readonly granted: number[];
}

interface Borrowing {
  readonly worker: number;
  readonly id: number;
  readonly keys: readonly string[];
  /** Workers that have not said yet what they can spare. */
  readonly missing: Set<number>;
}

type Tell = (worker: number, message: Extract<ToWorker, { type: 'lease' }>) => void;

/**
 * Gives out limits in parts. What is granted never adds up to more than the limit: a part is granted again only when the
 * worker that had it has said that it gave it back, or has ended.
 */
export class LeaseOffice {
  readonly #workers: number;
  readonly #tell: Tell;
  #limits = new Map<string, Limit>();
  readonly #borrowings = new Map<number, Borrowing>();
  #nextRecall = 1;
  /** Workers that have ended and are not replaced yet: nobody answers for them. */
  readonly #gone = new Set<number>();
  /** What each worker's queues wait for. */
  readonly #hungry: (readonly string[])[];
  /** When each was given something that it waited for, in turns. */
  readonly #fed: number[] = [];
  #feeds = 0;

  constructor(workers: number, tell: Tell) {
    this.#workers = workers;
    this.#tell = tell;
    this.#hungry = Array.from({ length: workers }, () => []);
  }

  get totals(): LeaseTotals {
    return Object.fromEntries([...this.#limits].map(([key, { total }]) => [key, total]));
  }

  /** Exactly these limits from now on; new ones are split evenly. */
  configure(totals: LeaseTotals): void {
    this.#limits = new Map(
      Object.entries(totals).map(([key, total]) => {
        const granted = Array.from({ length: this.#workers }, (_, worker) =>
          this.#gone.has(worker) ? 0 : this.#part(total, worker),
        );
        return [key, this.#limits.get(key) ?? { total, granted }];
      }),
    );
  }

  /** What a worker begins with; it ignores what it has already. One that takes another's place gets an even part of what is free. */
  grantsOf(worker: number): LeaseTotals {
    if (this.#gone.delete(worker)) {
      for (const limit of this.#limits.values()) {
        limit.granted[worker] = Math.max(0, Math.min(this.#part(limit.total, worker), free(limit)));
      }
    }
    return Object.fromEntries([...this.#limits].map(([key, { granted }]) => [key, granted[worker] ?? 0]));
  }

  /** A worker has ended: what it had is free until the next one takes its place. */
  onEnded(worker: number): void {
    this.#gone.add(worker);
    for (const limit of this.#limits.values()) limit.granted[worker] = 0;
    this.setHungry(worker, []);
    this.#feed([...this.#limits.keys()], worker);
    for (const [recall, borrowing] of this.#borrowings) {
      if (borrowing.worker === worker) this.#borrowings.delete(recall);
      else this.#onReturned(recall, worker);
    }
  }

  receive(worker: number, news: LeaseNews): void {
    if (news.kind === 'borrow') {
      this.#borrow({ worker, id: news.id, keys: news.keys, missing: new Set() });
      return;
    }
    for (const [key, count] of Object.entries(news.counts)) {
      const limit = this.#limits.get(key);
      if (limit !== undefined) limit.granted[worker] = (limit.granted[worker] ?? 0) - count;
    }
    this.#onReturned(news.recall, worker);
    this.#feed(Object.keys(news.counts), worker);
  }

  /** A worker's queues wait for these. */
  setHungry(worker: number, keys: readonly string[]): void {
    if (this.#hungry[worker]?.join() === keys.join()) return;
    this.#hungry[worker] = keys;
    for (let each = 0; each < this.#workers; each++) {
      const owed = [...new Set(this.#hungry.flatMap((wanted, other) => (other === each ? [] : wanted)))];
      this.#tell(each, { type: 'lease', owed });
    }
    this.#feed(keys, -1);
  }

  #borrow(borrowing: Borrowing): void {
    if (this.#answer(borrowing)) return;
    for (let worker = 0; worker < this.#workers; worker++) {
      const hasSome = borrowing.keys.some((key) => (this.#limits.get(key)?.granted[worker] ?? 0) > 0);
      if (worker !== borrowing.worker && hasSome) borrowing.missing.add(worker);
    }
    if (borrowing.missing.size === 0) {
      this.#refuse(borrowing);
      return;
    }
    const recall = this.#nextRecall++;
    this.#borrowings.set(recall, borrowing);
    for (const worker of borrowing.missing)
      this.#tell(worker, { type: 'lease', recall: { id: recall, keys: borrowing.keys } });
  }

  #onReturned(recall: number, worker: number): void {
    const borrowing = this.#borrowings.get(recall);
    if (borrowing === undefined) return;
    borrowing.missing.delete(worker);
    if (this.#answer(borrowing)) this.#borrowings.delete(recall);
    else if (borrowing.missing.size === 0) {
      this.#borrowings.delete(recall);
      this.#refuse(borrowing);
    }
  }

  /** Grants one of the first that has some; whoever lacks one will lack more: with plenty it gets a part of it at once. */
  #answer({ worker, id, keys }: Borrowing): boolean {
    for (const key of keys) {
      const limit = this.#limits.get(key);
      const spare = limit === undefined ? 0 : free(limit);
      if (limit === undefined || spare <= 0) continue;
      const more = Math.floor((spare - 1) / 2);
      limit.granted[worker] = (limit.granted[worker] ?? 0) + 1 + more;
      this.#tell(worker, { type: 'lease', grants: { [key]: more }, answer: { id, key } });
      return true;
    }
    return false;
  }

  #refuse({ worker, id }: Borrowing): void {
    this.#tell(worker, { type: 'lease', answer: { id, key: '' } });
  }

  /** What is free goes in turns to those whose queues wait for it, to whoever gave it back only if nobody else waits. */
  #feed(keys: readonly string[], giver: number): void {
    for (const key of keys) {
      const limit = this.#limits.get(key);
      const hungry = this.#hungry.flatMap((wanted, worker) => (wanted.includes(key) ? [worker] : []));
      if (limit === undefined || hungry.length === 0) continue;
      const others = hungry.filter((worker) => worker !== giver);
      while (free(limit) > 0) {
        const worker = this.#longestUnfed(others.length > 0 ? others : hungry);
        limit.granted[worker] = (limit.granted[worker] ?? 0) + 1;
        this.#tell(worker, { type: 'lease', grants: { [key]: 1 } });
      }
    }
  }

  #longestUnfed(workers: readonly number[]): number {
    const worker = workers.reduce((one, other) => (this.#fedAt(other) < this.#fedAt(one) ? other : one));
    this.#fed[worker] = ++this.#feeds;
    return worker;
  }

  #fedAt(worker: number): number {
    return this.#fed[worker] ?? 0;
  }

  #part(total: number, worker: number): number {
    return Math.floor(total / this.#workers) + (worker < total % this.#workers ? 1 : 0);
  }
}

function free({ total, granted }: Limit): number {
  return total - granted.reduce((sum, each) => sum + each, 0);
}
