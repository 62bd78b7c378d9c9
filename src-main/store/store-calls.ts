import type { DatabaseSync } from 'node:sqlite';
import { inventoryCalls } from './inventory.ts';
import { journalCalls } from './journal.ts';
import { markerCalls } from './markers.ts';
import { secretCalls } from './secret-rows.ts';
import { versionCalls } from './versions.ts';

/** Everything that the worker thread can be asked: one table, from which both sides take their types. */
export function storeCalls(main: DatabaseSync, close: () => void) {
  return {
    ...inventoryCalls(main),
    ...secretCalls(main),
    ...versionCalls(main),
    ...journalCalls(main),
    ...markerCalls(main),
    close,
  };
}
export type StoreCalls = ReturnType<typeof storeCalls>;
