import type { DatabaseSync } from 'node:sqlite';
import { AppError } from '../contract/errors.ts';
import { type Plan, planSchema } from '../contract/plan.ts';
import { inTransaction, type Row, text } from './database.ts';

export interface NewPush {
  readonly id: string;
  readonly device: string;
  readonly startedAt: string;
  readonly plan: Plan;
}

/** A push as the journal knows it. Entries are the writer's own JSON values, in the order in which they were noted. */
export interface JournalledPush extends NewPush {
  readonly entries: readonly unknown[];
  readonly outcome?: string;
  readonly endedAt?: string;
}

/** The journal of pushes, on the worker's side. Each call is on the disk when it returns. */
export function journalCalls(database: DatabaseSync) {
  const begin = database.prepare(
    'INSERT INTO push (id, device, started_at, plan) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const note = database.prepare(
    `INSERT INTO push_entry (push, place, entry)
     SELECT id, (SELECT count(*) FROM push_entry WHERE push = id), ? FROM push WHERE id = ? AND outcome IS NULL`,
  );
  const end = database.prepare('UPDATE push SET outcome = ?, ended_at = ? WHERE id = ? AND outcome IS NULL');
  const open = database.prepare('SELECT * FROM push WHERE outcome IS NULL ORDER BY started_at, id');
  const list = database.prepare('SELECT * FROM push ORDER BY started_at DESC, id LIMIT ?');
  const entries = database.prepare('SELECT entry FROM push_entry WHERE push = ? ORDER BY place');

  function toPush(row: Row): JournalledPush {
    const id = text(row, 'id');
    const push = {
      id,
      device: text(row, 'device'),
      startedAt: text(row, 'started_at'),
      plan: parsePlan(id, text(row, 'plan')),
      entries: entries.all(id).map((entry): unknown => JSON.parse(text(entry, 'entry'))),
    };
    return row['outcome'] === null ? push : { ...push, outcome: text(row, 'outcome'), endedAt: text(row, 'ended_at') };
  }

  return {
    beginPush: (push: NewPush): void => {
      const { changes } = begin.run(push.id, push.device, push.startedAt, JSON.stringify(push.plan));
      if (changes === 0) throw new AppError('ALREADY_EXISTS', `The journal holds a push "${push.id}" already.`);
    },
    notePush: (id: string, entry: unknown): void => {
      if (note.run(JSON.stringify(entry), id).changes === 0) throw notOpen(id);
    },
    endPush: (id: string, outcome: string, at: string): void => {
      if (end.run(outcome, at, id).changes === 0) throw notOpen(id);
    },
    openPushes: (): JournalledPush[] => inTransaction(database, () => open.all().map(toPush)),
    listPushes: (limit: number): JournalledPush[] => inTransaction(database, () => list.all(limit).map(toPush)),
  };
}

function parsePlan(id: string, json: string): Plan {
  const plan = planSchema.safeParse(JSON.parse(json));
  if (plan.success) return plan.data;
  throw new AppError('STORE_CORRUPT', `The journalled plan of push "${id}" cannot be read: ${plan.error.message}`);
}

function notOpen(id: string): AppError {
  return new AppError('NOT_FOUND', `The journal holds no open push "${id}". Nothing was noted.`);
}
