import type { DatabaseSync } from 'node:sqlite';
import type { DeviceEvent, NewEvent } from '../contract/events.ts';
import { integer, text } from './database.ts';

/** Older events go: whoever keeps logs for long has a log server. */
const kept = 20_000;

/** What devices told by themselves, on the worker's side. */
export function eventCalls(database: DatabaseSync) {
  const insert = database.prepare('INSERT INTO event (device, at_ms, body) VALUES (?, ?, ?)');
  const prune = database.prepare('DELETE FROM event WHERE id <= (SELECT MAX(id) FROM event) - ?');
  const newest = database.prepare('SELECT id, body FROM event ORDER BY id DESC LIMIT ?');
  const newestOf = database.prepare('SELECT id, body FROM event WHERE device = ? ORDER BY id DESC LIMIT ?');
  return {
    /** Gives them their ids, in the order given. */
    putEvents: (events: readonly NewEvent[]): DeviceEvent[] => {
      database.exec('BEGIN');
      try {
        const put = events.map((event) => {
          const { lastInsertRowid } = insert.run(event.device ?? null, Date.parse(event.at), JSON.stringify(event));
          return { ...event, id: Number(lastInsertRowid) };
        });
        prune.run(kept);
        database.exec('COMMIT');
        return put;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    /** Newest first. */
    listEvents: (device: string | undefined, limit: number): DeviceEvent[] =>
      (device === undefined ? newest.all(limit) : newestOf.all(device, limit)).map((row) => ({
        ...(JSON.parse(text(row, 'body')) as NewEvent), // written by `putEvents`
        id: integer(row, 'id'),
      })),
  };
}
