import type { Decision, Question } from './decision.ts';

/** What workers and supervisor tell each other about held clients. Ages, not times: each process has a clock of its own. */

export interface HeldEntry {
  readonly table: string;
  readonly key: string;
  /** Empty = forget it. */
  readonly member: string;
}

/** From a worker. */
export interface HeldNews {
  readonly questions: readonly (Question & { readonly id: number })[];
  /** What the worker decided or learned by itself. */
  readonly entries: readonly HeldEntry[];
  readonly touched: readonly { readonly table: string; readonly key: string; readonly idleMs: number }[];
}

export interface HeldAnswer {
  readonly id: number;
  readonly member: string;
  readonly by: Decision['by'];
  readonly set: Question['places'];
}

/** To a worker. */
export interface HeldReplies {
  readonly answers: readonly HeldAnswer[];
  /** What others have moved or released: it concerns a worker that knows the key. */
  readonly changes: readonly HeldEntry[];
}

/** Over several workers an entry may be kept this much longer than its time: uses are told in turns, not one by one. */
export function reportEveryMs(timeoutMs: number): number {
  return Math.min(1000, Math.max(10, timeoutMs / 8));
}
