import type { Problem } from '$contract/errors.ts';
import type { Shape } from '../format/condition.ts';

export interface Notice {
  readonly id: number;
  readonly shape: Shape;
  readonly title: string;
  readonly detail: string;
  readonly href?: string;
}

const longestList = 3;

/** What is told without being asked: toasts for the end of something that was started, and words for screen readers. */
export class Notices {
  toasts = $state.raw<readonly Notice[]>([]);
  polite = $state('');
  assertive = $state('');
  #nextId = 1;

  /** Shows a toast; the oldest leaves when there are more than three. */
  tell(notice: Omit<Notice, 'id'>): void {
    this.toasts = [...this.toasts, { ...notice, id: this.#nextId++ }].slice(-longestList);
    this.say(`${notice.title} ${notice.detail}`);
  }

  /** Shows a failure that has no better place. */
  fail(problem: Problem): void {
    this.tell({ shape: 'down', title: problem.title, detail: problem.detail });
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  say(words: string): void {
    this.polite = words;
  }

  /** For what cannot wait: a push that stopped, a revert, a lock about to close. */
  interrupt(words: string): void {
    this.assertive = words;
  }
}
