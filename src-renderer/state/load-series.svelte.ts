import type { Metric } from '$contract/metrics.ts';
import { untrack } from 'svelte';
import { follow } from './follow.ts';
import type { PoolSeries } from './pool-series.svelte.ts';
import { longestBySecondMs } from './range.svelte.ts';

const reloadMs = 60_000;
/** By the second nothing is reduced: shares need every member's value of the same moment. */
const widest = 8000;
/** Of a roll-up each line has the same moments: as many as a chart has room for. */
const rolledUp = 600;

interface Wanted {
  readonly metrics: readonly Metric[];
  readonly members: readonly string[];
  readonly spanMs: number;
  /** A lost console that is there again is asked again. */
  readonly isReachable: boolean;
}

/**
 * Fills a series from the history now, when something else is wanted, and again each minute. Called while a component is made;
 * returns what fills it at once.
 */
export function loadSeries(series: PoolSeries, wantedOf: () => Wanted): () => void {
  /** Equal wishes are one: the history is not read anew for each tick. */
  const key = $derived(JSON.stringify(wantedOf()));
  function load(): void {
    const { metrics, members, spanMs } = untrack(wantedOf);
    const nowMs = Date.now();
    const maxPixels = spanMs > longestBySecondMs ? rolledUp : widest;
    void series.load({ metrics, members, fromMs: nowMs - spanMs, toMs: nowMs, maxPixels });
  }
  $effect(() => {
    follow(key);
    load();
    const timer = setInterval(load, reloadMs);
    return () => {
      clearInterval(timer);
    };
  });
  return load;
}
