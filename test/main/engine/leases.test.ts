import { describe, expect, it } from 'vitest';
import type { ToWorker } from '../../../src-main/engine/messages.ts';
import { resolveSettings } from '../../../src-main/engine/config/settings.ts';
import { MemberRuntime, newMemberStats } from '../../../src-main/engine/runtime/member.ts';
import { Leases, type Lease, type LeaseNews, type LeaseTotals } from '../../../src-main/engine/runtime/leases.ts';
import { LeaseOffice } from '../../../src-main/engine/supervisor/lease-office.ts';
import { seeded } from './candidates.ts';

type LeaseMessage = Extract<ToWorker, { type: 'lease' }>;

/** Workers and the supervisor's office, with channels that are walked by hand: each keeps its order, nothing else is sure. */
class Engine {
  readonly workers: {
    readonly leases: Leases;
    used: number;
    waiting: number;
    inbox: LeaseMessage[];
    outbox: LeaseNews[];
  }[] = [];
  readonly office: LeaseOffice;
  readonly #total: number;

  constructor(workers: number, total: number) {
    this.#total = total;
    this.office = new LeaseOffice(workers, (worker, message) => this.workers[worker]?.inbox.push(message));
    this.office.configure({ k: total });
    for (let index = 0; index < workers; index++) this.workers.push(this.#start(workers));
    for (const [index, { leases }] of this.workers.entries())
      leases.configure(this.office.totals, this.office.grantsOf(index));
  }

  #start(workers: number) {
    const outbox: LeaseNews[] = [];
    const worker: Engine['workers'][number] = {
      leases: new Leases((news) => outbox.push(news), workers, {
        usedOf: () => worker.used,
        isWanted: () => worker.waiting > 0,
      }),
      used: 0,
      waiting: 0,
      inbox: [],
      outbox,
    };
    return worker;
  }

  lease(index: number): Lease {
    const lease = this.workers[index]?.leases.of('k');
    if (lease === undefined) throw new Error('no worker');
    return lease;
  }

  /** A client comes: it is served, or served when the others have given room, or waits. */
  begin(index: number): void {
    const worker = this.workers[index];
    if (worker === undefined) return;
    if (worker.used < this.lease(index).limit) worker.used++;
    else if (!worker.leases.borrow([this.lease(index)], (isGranted) => { this.#onBorrowed(index, isGranted); })) this.#wait(index); // prettier-ignore
  }

  end(index: number): void {
    const worker = this.workers[index];
    if (worker === undefined || worker.used === 0) return;
    worker.used--;
    if (this.lease(index).isOwed) worker.leases.giveBack(this.lease(index));
    this.#wake(index);
  }

  /** One message of one channel. False = there is none. */
  step(chance: () => number): boolean {
    const open = this.workers.flatMap((worker, index) => [
      ...(worker.inbox.length > 0 ? [() => { this.#hear(index, worker.inbox.shift()); }] : []), // prettier-ignore
      ...(worker.outbox.length > 0 ? [() => { this.#receive(index, worker.outbox.shift()); }] : []), // prettier-ignore
    ]);
    open[Math.floor(chance() * open.length)]?.();
    return open.length > 0;
  }

  settle(chance: () => number): void {
    while (this.step(chance)) this.check();
  }

  check(): void {
    const limits = this.workers.map((_, index) => this.lease(index).limit);
    expect(limits.reduce((sum, limit) => sum + limit, 0)).toBeLessThanOrEqual(this.#total);
    for (const [index, { used }] of this.workers.entries()) expect(used).toBeLessThanOrEqual(limits[index] ?? 0);
  }

  /** A new worker in the place of one that has ended. */
  replace(index: number, grants: LeaseTotals): void {
    const worker = this.workers[index];
    if (worker === undefined) return;
    worker.used = 0;
    worker.inbox.splice(0);
    worker.leases.configure({}, {});
    worker.leases.configure(this.office.totals, grants);
  }

  #onBorrowed(index: number, isGranted: boolean): void {
    const worker = this.workers[index];
    if (worker !== undefined && isGranted && worker.used < this.lease(index).limit) worker.used++;
    else this.#wait(index);
  }

  #wait(index: number): void {
    const worker = this.workers[index];
    if (worker !== undefined) worker.waiting++;
    this.#tellHunger(index);
  }

  #wake(index: number): void {
    const worker = this.workers[index];
    if (worker === undefined) return;
    while (worker.waiting > 0 && worker.used < this.lease(index).limit) {
      worker.waiting--;
      worker.used++;
    }
    this.#tellHunger(index);
  }

  #tellHunger(index: number): void {
    this.office.setHungry(index, (this.workers[index]?.waiting ?? 0) > 0 ? ['k'] : []);
  }

  #hear(index: number, message: LeaseMessage | undefined): void {
    const leases = this.workers[index]?.leases;
    if (message?.grants !== undefined) leases?.grant(message.grants);
    if (message?.answer !== undefined) leases?.answer(message.answer.id, message.answer.key);
    if (message?.recall !== undefined) leases?.recall(message.recall.id, message.recall.keys);
    if (message?.owed !== undefined) leases?.setOwed(message.owed);
    this.#wake(index);
  }

  #receive(index: number, news: LeaseNews | undefined): void {
    if (news !== undefined) this.office.receive(index, news);
  }
}

describe('a limit over workers', () => {
  it('goes wholly to the one that needs it', () => {
    for (const total of [1, 2, 7, 20]) {
      const engine = new Engine(3, total);
      for (let turn = 0; turn < total; turn++) {
        engine.begin(2);
        engine.settle(seeded(turn + 1));
      }
      expect([total, engine.workers[2]?.used, engine.workers[2]?.waiting]).toEqual([total, total, 0]);
    }
  });

  it('is never exceeded, and wholly used while anybody waits, whatever order messages come in', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const chance = seeded(seed);
      const engine = new Engine(3, 1 + Math.floor(chance() * 9));
      const total = engine.office.totals['k'] ?? 0;
      for (let turn = 0; turn < 300; turn++) {
        const index = Math.floor(chance() * chance() * 3);
        if (chance() < 0.5) engine.begin(index);
        else engine.end(index);
        for (let steps = Math.floor(chance() * 4); steps > 0; steps--) engine.step(chance);
        engine.check();
      }
      engine.settle(chance);
      const used = engine.workers.reduce((sum, worker) => sum + worker.used, 0);
      const waiting = engine.workers.reduce((sum, worker) => sum + worker.waiting, 0);
      if (waiting > 0) expect([seed, used]).toEqual([seed, total]);
    }
  });

  it('starves no worker that waits: each gets a turn while all others have plenty to do', () => {
    const engine = new Engine(3, 1);
    const chance = seeded(5);
    for (const index of [0, 1, 2]) for (let turn = 0; turn < 50; turn++) engine.begin(index);
    engine.settle(chance);
    const served = [0, 0, 0];
    for (let turn = 0; turn < 60; turn++) {
      const index = engine.workers.findIndex(({ used }) => used > 0);
      served[index] = (served[index] ?? 0) + 1;
      engine.end(index);
      engine.settle(chance);
    }
    expect(Math.min(...served)).toBeGreaterThanOrEqual(15);
  });

  it('that a worker held is free again when it has ended', () => {
    const engine = new Engine(2, 4);
    for (let turn = 0; turn < 4; turn++) {
      engine.begin(0);
      engine.settle(seeded(3));
    }
    engine.office.onEnded(0);
    engine.replace(0, { k: 0 });
    // Until it is replaced nobody answers for it: the other is not kept waiting.
    engine.begin(1);
    engine.settle(seeded(2));
    expect(engine.workers[1]?.used).toBe(1);
    const granted = engine.office.grantsOf(0);
    engine.replace(0, granted);
    expect(granted['k']).toBeGreaterThan(0);
    for (let turn = 0; turn < 3; turn++) {
      engine.begin(1);
      engine.settle(seeded(4));
    }
    expect([engine.workers[1]?.used, engine.lease(0).limit]).toEqual([4, 0]);
  });

  it('goes back from a member whose request ends while others wait', () => {
    const pools = [{ name: 'p', members: [{ name: 'm', address: '10.0.0.1', port: 1, maxConnections: 1 }] }];
    const [settings] = resolveSettings({ version: 1, pools }, '/').pools[0]?.members ?? [];
    if (settings === undefined) throw new Error('no member');
    const member = new MemberRuntime(settings, newMemberStats());
    const news: LeaseNews[] = [];
    const use = { usedOf: () => member.localInFlight, isWanted: () => true };
    member.leases = new Leases((each) => news.push(each), 2, use);
    member.leases.configure({ k: 1 }, { k: 1 });
    member.lease = member.leases.of('k');
    member.begin();
    member.leases.setOwed(['k']);
    expect(news).toEqual([]);
    member.end();
    expect([news, member.isFull]).toEqual([[{ kind: 'returned', recall: 0, counts: { k: 1 } }], true]);
  });
});
