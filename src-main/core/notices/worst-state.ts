import type { Tick } from '../../contract/api.ts';

/** The state of the whole estate in one word: what a badge can show. `unknown`: no device, or none answered yet. */
export type WorstState = 'up' | 'degraded' | 'down' | 'stale' | 'unknown';

/** A pool that is down before one that is hurt, that before a device whose numbers are old. What is off by us is no fault. */
export function worstState({ devices, attention }: Pick<Tick, 'devices' | 'attention'>): WorstState {
  for (const severity of ['down', 'degraded', 'stale'] as const) {
    if (attention.some((line) => line.severity === severity)) return severity;
  }
  return devices.some(({ freshness }) => freshness === 'fresh') ? 'up' : 'unknown';
}
