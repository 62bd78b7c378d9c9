import { decide, type Decision, type Question } from './decision.ts';
import { Keeper, type KeeperLimits } from './keeper.ts';
import { reportEveryMs, type HeldEntry, type HeldNews, type HeldReplies } from './messages.ts';

/** Who has asked where a client goes. */
export interface Asker {
  /** `by` as in `Decision`. A ticket that is not the asker's newest any more is out of date. */
  readonly onHeld: (ticket: number, member: string, by: Decision['by']) => void;
}

interface Asked extends Question {
  readonly id: number;
  readonly asker: Asker;
  readonly ticket: number;
}

/** A supervisor that does not answer must not stop traffic. */
const answerTimeoutMs = 1000;

/**
 * The tables of a worker. What it knows it decides alone. What it does not know another worker may: then the supervisor,
 * which has a copy of all, says who decided first. News leave before the loop turns, so before any answer of a member
 * can come: a worker that is killed takes no entry with it that a client has seen at work.
 */
export class HeldTables {
  /** It knows every entry there is: the only worker, never restarted. */
  readonly isComplete: boolean;
  readonly #tell: (news: HeldNews) => void;
  readonly #keepers = new Map<string, Keeper>();
  #questions: Asked[] = [];
  #entries: HeldEntry[] = [];
  #isFlushing = false;
  readonly #asked = new Map<number, Asked>();
  #nextId = 1;
  #reportTimer: NodeJS.Timeout | undefined;
  #reportMs = Number.POSITIVE_INFINITY;

  constructor(tell: (news: HeldNews) => void, isComplete: boolean) {
    this.#tell = tell;
    this.isComplete = isComplete;
  }

  /** Exactly these tables from now on; those that stay keep their entries. */
  configure(tables: ReadonlyMap<string, KeeperLimits>): void {
    for (const id of this.#keepers.keys()) if (!tables.has(id)) this.#keepers.delete(id);
    this.#reportMs = Number.POSITIVE_INFINITY;
    for (const [id, limits] of tables) {
      const known = this.#keepers.get(id);
      if (known === undefined) this.#keepers.set(id, new Keeper(limits));
      else known.configure(limits);
      this.#reportMs = Math.min(this.#reportMs, reportEveryMs(limits.timeoutMs));
    }
    clearInterval(this.#reportTimer);
    this.#reportTimer = tables.size === 0 ? undefined : setInterval(() => { this.report(); }, this.#reportMs).unref(); // prettier-ignore
  }

  keeper(table: string): Keeper | undefined {
    return this.#keepers.get(table);
  }

  /** The member that is held from now on; empty = `asker` will be told. */
  ask(
    question: Question,
    asker: Asker,
    ticket: number,
    nowMs: number,
  ): { readonly member: string; readonly by: Decision['by'] } {
    if (this.isComplete) {
      const decision = decide(question, (table) => this.#keepers.get(table), nowMs);
      for (const { table, key } of decision.set) this.#entries.push({ table, key, member: decision.member });
      this.#flushSoon();
      return decision;
    }
    const asked = { ...question, id: this.#nextId++, asker, ticket };
    this.#asked.set(asked.id, asked);
    this.#questions.push(asked);
    this.#flushSoon();
    return { member: '', by: 'algorithm' };
  }

  /** A member's answer says that this key is its own. Told at once: the client may turn to another worker with it. */
  learn(table: string, key: string, member: string, nowMs: number): void {
    const keeper = this.#keepers.get(table);
    if (keeper === undefined || keeper.look(key, nowMs)?.member === member) {
      keeper?.find(key, nowMs);
      return;
    }
    keeper.set(key, member, nowMs);
    this.#entries.push({ table, key, member });
    this.#flush();
  }

  receive({ answers, changes }: HeldReplies): void {
    const nowMs = performance.now();
    for (const { table, key, member } of changes) {
      if (member === '') this.#keepers.get(table)?.delete(key);
      else this.#keepers.get(table)?.move(key, member);
    }
    for (const { id, member, by, set } of answers) {
      const asked = this.#asked.get(id);
      for (const { table, key } of set) this.#keepers.get(table)?.set(key, member, nowMs);
      if (asked !== undefined) this.#answer(asked, member, by);
    }
  }

  /** Tells what was used since the last time, and forgets who has been away too long. */
  report(): void {
    const nowMs = performance.now();
    const touched = [...this.#keepers].flatMap(([table, keeper]) => {
      keeper.sweep(nowMs);
      return keeper.takeTouched().map(({ key, usedAtMs }) => ({ table, key, idleMs: nowMs - usedAtMs }));
    });
    if (touched.length > 0 || this.#entries.length > 0) this.#flush(touched);
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      if (this.#questions.length > 0 || this.#entries.length > 0) this.#flush();
    });
  }

  #flush(touched: HeldNews['touched'] = []): void {
    const questions = this.#questions;
    const entries = this.#entries;
    this.#questions = [];
    this.#entries = [];
    this.#tell({
      questions: questions.map(({ id, places, proposed, instead }) => ({ id, places, proposed, instead })),
      entries,
      touched,
    });
    if (questions.length === 0) return;
    setTimeout(() => {
      for (const asked of questions) if (this.#asked.has(asked.id)) this.#answer(asked, asked.proposed, 'algorithm');
    }, answerTimeoutMs).unref();
  }

  #answer(asked: Asked, member: string, by: Decision['by']): void {
    this.#asked.delete(asked.id);
    asked.asker.onHeld(asked.ticket, member, by);
  }
}
