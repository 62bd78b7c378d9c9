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
