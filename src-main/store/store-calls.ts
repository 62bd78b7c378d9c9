import type { DatabaseSync } from 'node:sqlite';
import type { MetricRows, Series } from '../contract/metrics.ts';
import { eventCalls } from './events.ts';
import { inventoryCalls } from './inventory.ts';
import { journalCalls } from './journal.ts';
import { markerCalls } from './markers.ts';
import type { SamplesFile } from './samples-file.ts';
import { secretCalls } from './secret-rows.ts';
import type { SeriesQuery } from './series.ts';
import { explainGaps, sleepCalls } from './sleeps.ts';
import { versionCalls } from './versions.ts';

/** Everything that the worker thread can be asked: one table, from which both sides take their types. */
export function storeCalls(main: DatabaseSync, samplesFile: SamplesFile, close: () => void) {
  const markers = markerCalls(main);
  const { sleepsWithin, ...sleeps } = sleepCalls(main);
  return {
    ...inventoryCalls(main),
    ...secretCalls(main),
    ...versionCalls(main),
    ...journalCalls(main),
    ...markers,
    ...eventCalls(main),
    ...sleeps,
    writeSamples: (rows: MetricRows): void => {
      samplesFile.use((samples) => {
        samples.write(rows);
      });
    },
    readSeries: (query: SeriesQuery, nowMs: number): Series => {
      const series = samplesFile.use((samples) => samples.series(query, nowMs));
      return {
        ...series,
        gaps: explainGaps(series.gaps, sleepsWithin(query.fromMs, query.toMs)),
        markers: markers.listMarkers(query.device, query.fromMs, query.toMs),
      };
    },
    close,
  };
}
export type StoreCalls = ReturnType<typeof storeCalls>;
