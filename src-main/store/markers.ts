import type { DatabaseSync } from 'node:sqlite';
import type { Series } from '../contract/metrics.ts';
import { integer, text } from './database.ts';

export interface NewMarker {
  readonly device: string;
  readonly atMs: number;
  /** What a chart says at that moment: "kept", "taken back", "configuration changed". */
  readonly label: string;
  readonly pushId?: string;
}

/** Moments that charts of a device show, on the worker's side. */
export function markerCalls(database: DatabaseSync) {
  const insert = database.prepare('INSERT INTO marker (device, at_ms, label, push_id) VALUES (?, ?, ?, ?)');
  const between = database.prepare(
    'SELECT at_ms, label, push_id FROM marker WHERE device = ? AND at_ms BETWEEN ? AND ? ORDER BY at_ms, id',
  );
  return {
    putMarker: ({ device, atMs, label, pushId }: NewMarker): void => {
      insert.run(device, atMs, label, pushId ?? null);
    },
    listMarkers: (device: string, fromMs: number, toMs: number): Series['markers'] =>
      between.all(device, fromMs, toMs).map((row) => {
        const marker = { atMs: integer(row, 'at_ms'), label: text(row, 'label') };
        return row['push_id'] === null ? marker : { ...marker, pushId: text(row, 'push_id') };
      }),
  };
}
