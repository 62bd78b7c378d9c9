import type { Pool } from '../../../contract/model.ts';

export type Retry = NonNullable<Pool['retry']>;

/** Words of `retry-on` (manual 4.2) for the model's causes. */
export const causes = {
  'conn-failure': 'connect-error',
  'empty-response': 'reset-before-response',
  'response-timeout': 'timeout',
} as const;

/** What of the words of `retry-on` the model says, and the words that it does not. */
export function readRetryOn(words: readonly string[]): {
  readonly when: NonNullable<Retry['when']>;
  readonly statuses: readonly number[];
  readonly others: readonly string[];
} {
  const known = Object.entries(causes);
  return {
    when: known.flatMap(([word, cause]) => (words.includes(word) ? [cause] : [])),
    statuses: words.filter(isStatus).map(Number),
    others: words.filter((word) => !isStatus(word) && !(word in causes)),
  };
}

function isStatus(word: string): boolean {
  return /^[45]\d\d$/.test(word);
}
