import type { DatabaseSync } from 'node:sqlite';
import type { Sleep } from '../contract/metrics.ts';
import { integer } from './database.ts';

const shown = 100;

/** When the computer slept, on the worker's side: no data came, and nothing is wrong for that. */
export function sleepCalls(database: DatabaseSync) {
  const begin = database.prepare('INSERT INTO sleep (from_ms, to_ms) VALUES (?, NULL)');
  const end = database.prepare('UPDATE sleep SET to_ms = MAX(from_ms, ?) WHERE to_ms IS NULL');
  const newest = database.prepare(
    'SELECT from_ms, to_ms FROM sleep WHERE to_ms IS NOT NULL ORDER BY from_ms DESC LIMIT ?',
  );
  const within = database.prepare(
    'SELECT from_ms, to_ms FROM sleep WHERE to_ms IS NOT NULL AND from_ms <= ? AND to_ms >= ? ORDER BY from_ms',
  );
  return {
    /** Ends one that is still open: its computer was switched off asleep. */
    beginSleep: (fromMs: number): void => {
      end.run(fromMs);
      begin.run(fromMs);
    },
    endSleep: (toMs: number): void => {
      end.run(toMs);
    },
    listSleeps: (): Sleep[] => newest.all(shown).map(toSleep),
    sleepsWithin: (fromMs: number, toMs: number): Sleep[] => within.all(toMs, fromMs).map(toSleep),
  };
}

function toSleep(row: Parameters<typeof integer>[0]): Sleep {
  return { fromMs: integer(row, 'from_ms'), toMs: integer(row, 'to_ms') };
}

/** Gaps with the sleep that explains them: one that covers most of the gap. */
export function explainGaps<G extends Sleep>(gaps: readonly G[], sleeps: readonly Sleep[]): (G & { sleep?: Sleep })[] {
  return gaps.map((gap) => {
    const sleep = sleeps.find(({ fromMs, toMs }) => {
      return Math.min(toMs, gap.toMs) - Math.max(fromMs, gap.fromMs) > (gap.toMs - gap.fromMs) / 2;
    });
    return sleep === undefined ? gap : { ...gap, sleep };
  });
}
