import type { Health } from '../../contract/model.ts';
import type { MonitorSettings } from '../config/settings.ts';
import type { Verdict } from './monitor.ts';

/** What one monitor knows about one member: pure, so that rise and fall can be tested without a probe. */
export interface Track {
  readonly health: Extract<Health, 'up' | 'down' | 'checking'>;
  /** Checks in a row that contradict `health`. */
  readonly streak: number;
  readonly isDraining: boolean;
  readonly isStopping: boolean;
  /** Undefined = the member has never asked for a weight. */
  readonly weightPercent: number | undefined;
}

/** A member takes traffic from the start, so its first passing check makes it up and only `fall` failures make it down. */
export const firstTrack: Track = {
  health: 'checking',
  streak: 0,
  isDraining: false,
  isStopping: false,
  weightPercent: undefined,
};

type Rule = Pick<MonitorSettings, 'rise' | 'fall'>;

/** The track after one more check: `fall` failures in a row go down, `rise` passes in a row come up again. */
export function nextTrack(track: Track, verdict: Verdict, rule: Rule): Track {
  return { ...nextHealth(track, verdict, rule), ...nextWishes(track, verdict) };
}

function nextHealth({ health, streak }: Track, verdict: Verdict, rule: Rule): Pick<Track, 'health' | 'streak'> {
  if (verdict.saysNoHealth === true) return { health, streak };
  if (health === 'down') {
    if (!verdict.isPassing) return { health, streak: 0 };
    return streak + 1 >= rule.rise ? { health: 'up', streak: 0 } : { health, streak: streak + 1 };
  }
  if (verdict.isPassing) return { health: 'up', streak: 0 };
  return streak + 1 >= rule.fall ? { health: 'down', streak: 0 } : { health, streak: streak + 1 };
}

function nextWishes(track: Track, verdict: Verdict): Pick<Track, 'isDraining' | 'isStopping' | 'weightPercent'> {
  const before = verdict.isPartial === true ? track : firstTrack;
  return {
    isDraining: verdict.isDraining ?? before.isDraining,
    isStopping: verdict.isStopping ?? before.isStopping,
    weightPercent: verdict.weightPercent ?? before.weightPercent,
  };
}

/** What all monitors of a member say together. */
export interface MemberVerdict {
  readonly health: Track['health'];
  /** It asks to be drained, in so many words or by a weight of 0 %. */
  readonly isDrainAsked: boolean;
  readonly isStopAsked: boolean;
  readonly weightPercent: number | undefined;
}

/** `required` of the tracks must not be down; 0 = all. A member is up when so many are up, and may wait for a first verdict before. */
export function conclude(tracks: readonly Track[], required: number): MemberVerdict {
  const needed = required === 0 ? tracks.length : Math.min(required, tracks.length);
  const up = tracks.filter((track) => track.health === 'up').length;
  const down = tracks.filter((track) => track.health === 'down').length;
  const weightPercent = tracks.find((track) => track.weightPercent !== undefined)?.weightPercent;
  return {
    health: tracks.length - down < needed ? 'down' : up >= needed ? 'up' : 'checking',
    isDrainAsked: weightPercent === 0 || tracks.some((track) => track.isDraining),
    isStopAsked: tracks.some((track) => track.isStopping),
    weightPercent,
  };
}
