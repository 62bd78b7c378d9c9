import type { EngineSettings } from '../config/settings.ts';
import type { HeldInPool } from '../messages.ts';
import { decide } from '../persistence/decision.ts';
import { Keeper } from '../persistence/keeper.ts';
import {
  reportEveryMs,
  type HeldAnswer,
  type HeldEntry,
  type HeldNews,
  type HeldReplies,
} from '../persistence/messages.ts';
import { planTables, type TablePlan } from '../persistence/table-names.ts';

interface Table {
  readonly plan: TablePlan;
  readonly keeper: Keeper;
}

/**
 * The supervisor's copy of every table: it answers workers that do not know a client, tells them what others have moved,
 * and outlives them. The first worker that asks has decided.
 */
export class HeldClients {
  readonly #tell: (worker: number, replies: HeldReplies) => void;
  readonly #workers: number;
  #tables: ReadonlyMap<string, Table> = new Map();
  #evicted: HeldEntry[] = [];

  constructor(workers: number, tell: (worker: number, replies: HeldReplies) => void) {
    this.#workers = workers;
    this.#tell = tell;
  }

  /** Makes the tables of these settings beside those there are; `keepOnly` then drops the others. */
  prepare(settings: EngineSettings): void {
    const tables = new Map(this.#tables);
    for (const plan of planTables(settings)) {
      const { table, limits } = plan;
      // Uses are told in turns: what seems to be too old may have been used meanwhile.
      const patient = { ...limits, timeoutMs: limits.timeoutMs + reportEveryMs(limits.timeoutMs) };
      const onEvicted = (key: string) => this.#evicted.push({ table, key, member: '' });
      const keeper = this.#tables.get(table)?.keeper ?? new Keeper(patient, onEvicted);
      keeper.configure(patient);
      tables.set(table, { plan, keeper });
    }
    this.#tables = tables;
  }

  keepOnly(settings: EngineSettings): void {
    const used = new Set(planTables(settings).map(({ table }) => table));
    this.#tables = new Map([...this.#tables].filter(([table]) => used.has(table)));
  }

  receive(worker: number, { questions, entries, touched }: HeldNews): void {
    const nowMs = performance.now();
    const changes: HeldEntry[] = [];
    for (const { table, key, idleMs } of touched) this.#tables.get(table)?.keeper.touch(key, nowMs - idleMs);
    for (const { table, key, member } of entries) {
      const keeper = this.#tables.get(table)?.keeper;
      const before = keeper?.look(key, nowMs)?.member ?? '';
      keeper?.set(key, member, nowMs);
      if (before !== '' && before !== member) changes.push({ table, key, member });
    }
    // To the teller too: two that learn at once end with the same.
    this.#changed(-1, changes);
    if (questions.length === 0) return;
    // What another worker has just learned may stand in a channel that is read in the same turn: it is read before this is answered.
    setImmediate(() => {
      this.#answer(worker, questions);
    });
  }

  /** Where a client is held: by address, or by the key that its pool knows it by. */
  look(text: string): HeldInPool[] {
    const nowMs = performance.now();
    return [...this.#tables.values()].flatMap(({ plan, keeper }) => {
      const key = plan.method.keyOfText(plan.settings, text);
      const kept = key === '' ? undefined : keeper.look(key, nowMs);
      if (kept === undefined) return [];
      const idleMs = Math.round(nowMs - kept.usedAtMs);
      return [
        {
          pool: plan.pool.name,
          ...(plan.server === '' ? {} : { virtualServer: plan.server }),
          method: plan.method.id,
          client: key,
          member: kept.member,
          idleMs,
          expiresInMs: Math.max(0, plan.limits.timeoutMs - idleMs),
        },
      ];
    });
  }

  /** Releases a client; workers must be told the changes that are answered. */
  forget(text: string): HeldEntry[] {
    return [...this.#tables].flatMap(([table, { plan, keeper }]) => {
      const key = plan.method.keyOfText(plan.settings, text);
      return key !== '' && keeper.delete(key) ? [{ table, key, member: '' }] : [];
    });
  }

  /** How many entries a pool has, forgotten ones left out, and how many of them point at each member. */
  counts(pool: string): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { plan, keeper } of this.#tables.values()) {
      if (plan.pool.name !== pool) continue;
      keeper.sweep(performance.now());
      for (const [member, count] of keeper.counts) counts.set(member, (counts.get(member) ?? 0) + count);
    }
    return counts;
  }

  #answer(worker: number, questions: HeldNews['questions']): void {
    const nowMs = performance.now();
    const changes: HeldEntry[] = [];
    const answers = questions.map((question): HeldAnswer => {
      const { member, by, set, moved } = decide(question, (table) => this.#tables.get(table)?.keeper, nowMs);
      changes.push(...moved.map(({ table, key }) => ({ table, key, member })));
      return { id: question.id, member, by, set };
    });
    this.#tell(worker, { answers, changes: [] });
    this.#changed(worker, changes);
  }

  /** Told to every worker but the one that did it; what had to make room, to all. */
  #changed(by: number, changes: readonly HeldEntry[]): void {
    const evicted = this.#evicted;
    this.#evicted = [];
    for (let worker = 0; worker < this.#workers; worker++) {
      const all = worker === by ? evicted : [...evicted, ...changes];
      if (all.length > 0) this.#tell(worker, { answers: [], changes: all });
    }
  }
}
