import type { FindAnswer } from '$contract/find.ts';
import { type Problem, toProblem } from '$contract/errors.ts';
import type { Connection } from '../api.ts';

/** Asks the console for objects as a person types: one question at a time, and always the newest after it. */
export class Finding {
  answer = $state.raw<FindAnswer | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  /** What was typed last and has no answer yet. */
  isPending = $state(false);
  readonly #connection: Connection;
  #wanted = '';
  #isAsking = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  ask(query: string): void {
    const wanted = query.trim().slice(0, 400);
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.isPending = wanted !== '';
    if (wanted === '') {
      this.answer = undefined;
      this.problem = undefined;
    }
    if (!this.#isAsking) void this.#askOn();
  }

  async #askOn(): Promise<void> {
    this.#isAsking = true;
    try {
      for (let asked = ''; this.#wanted !== asked && this.#wanted !== '';) {
        asked = this.#wanted;
        const answer = await this.#connection.call('find.objects', { query: asked });
        if (this.#wanted === asked) this.answer = answer;
      }
      this.problem = undefined;
    } catch (error) {
      this.answer = undefined;
      this.problem = toProblem(error);
    } finally {
      this.#isAsking = false;
      this.isPending = false;
    }
  }
}
