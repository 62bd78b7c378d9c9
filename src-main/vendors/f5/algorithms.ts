import type { Offered } from '../../contract/api.ts';
import type { AlgorithmSettings } from '../../contract/model.ts';

type Neutral = Pick<AlgorithmSettings, 'name' | 'per' | 'weighted'>;
const member = { per: 'member' } as const;
const node = { per: 'node' } as const;

/** `load-balancing-mode` of `ltm pool` (tmsh reference); the manual's plural `-members` is met too. */
const modes: Readonly<Record<string, Neutral>> = {
  'round-robin': { name: 'round-robin', weighted: false },
  'ratio-member': { name: 'round-robin', ...member },
  'ratio-node': { name: 'round-robin', ...node },
  'ratio-session': { name: 'ratio-session' },
  'dynamic-ratio-member': { name: 'dynamic-ratio', ...member },
  'dynamic-ratio-node': { name: 'dynamic-ratio', ...node },
  'least-connections-member': { name: 'least-connections', ...member, weighted: false },
  'least-connections-node': { name: 'least-connections', ...node, weighted: false },
  'ratio-least-connections-member': { name: 'least-connections', ...member },
  'ratio-least-connections-node': { name: 'least-connections', ...node },
  'weighted-least-connections-member': { name: 'least-connections', ...member },
  'weighted-least-connections-node': { name: 'least-connections', ...node },
  'least-sessions': { name: 'least-sessions' },
  'fastest-node': { name: 'least-response-time', ...node },
  'fastest-app-response': { name: 'least-response-time' },
  'observed-member': { name: 'observed', ...member },
  'observed-node': { name: 'observed', ...node },
  'predictive-member': { name: 'predictive', ...member },
  'predictive-node': { name: 'predictive', ...node },
};

export function algorithmOfMode(mode: string): AlgorithmSettings {
  return { ...(modes[mode.replace(/-members$/, '-member')] ?? { name: 'unknown' }), native: mode };
}

/**
 * The mode that says a wish; undefined where the device has none. `per` and `weighted` choose among those of one name; unsaid, it is per
 * member, and by ratios where the members have some.
 */
export function modeOfAlgorithm(wish: AlgorithmSettings, hasRatios: boolean): string | undefined {
  if (wish.native !== undefined && modes[wish.native]?.name === wish.name) return wish.native;
  const per = wish.per ?? 'member';
  const isWeighted = wish.weighted ?? hasRatios;
  const named = Object.entries(modes).filter(([, mode]) => mode.name === wish.name);
  const fitting = named.filter(([, mode]) => (mode.per ?? per) === per);
  const chosen =
    fitting.find(([, mode]) => (mode.weighted ?? true) === isWeighted) ??
    (wish.weighted === undefined ? fitting[0] : undefined);
  // Who asks for nodes gets them or nothing.
  return chosen?.[0] ?? (wish.per === undefined && wish.weighted === undefined ? named[0]?.[0] : undefined);
}

/** True for modes that look at ratios. */
export function usesRatios(mode: string): boolean {
  return (modes[mode]?.weighted ?? true) && mode.includes('ratio') && !mode.startsWith('dynamic');
}

/** Every algorithm that can be set, once each, with the first mode of that name. */
export function offeredModes(): readonly Offered[] {
  const names = [...new Set(Object.values(modes).map(({ name }) => name))];
  return names.map((name) => {
    const fitting = Object.entries(modes).filter(([, mode]) => mode.name === name);
    const settings = [
      ...(fitting.some(([, { per }]) => per === 'node') ? ['per'] : []),
      ...(fitting.some(([, { weighted }]) => weighted === false) && fitting.length > 1 ? ['weighted'] : []),
    ];
    return { name, native: fitting[0]?.[0] ?? '', ...(settings.length === 0 ? {} : { settings }) };
  });
}
