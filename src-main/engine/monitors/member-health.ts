import type { Health } from '../../contract/model.ts';
import type { MonitorSettings } from '../config/settings.ts';
import type { Verdict } from './monitor.ts';

/** What one monitor knows about one member: pure, so that rise and fall can be tested without a probe. */
export interface Track {
  readonly health: Extract<Health, 'up' | 'down' | 'checking'>;
  /** Checks in a row that contradict `health`. */
  readonly streak: number;
  readonly isDraining: boolean;
}

/** A member takes traffic from the start, so its first passing check makes it up and only `fall` failures make it down. */
export const firstTrack: Track = { health: 'checking', streak: 0, isDraining: false };

/** The track after one more check: `fall` failures in a row go down, `rise` passes in a row come up again. */
export function nextTrack(track: Track, verdict: Verdict, rule: Pick<MonitorSettings, 'rise' | 'fall'>): Track {
  const isDraining = verdict.isDraining === true;
  if (track.health === 'down') {
    if (!verdict.isPassing) return { health: 'down', streak: 0, isDraining };
    const streak = track.streak + 1;
    return streak >= rule.rise ? { health: 'up', streak: 0, isDraining } : { health: 'down', streak, isDraining };
  }
  if (verdict.isPassing) return { health: 'up', streak: 0, isDraining };
  const streak = track.streak + 1;
  return streak >= rule.fall ? { health: 'down', streak: 0, isDraining } : { health: track.health, streak, isDraining };
}
