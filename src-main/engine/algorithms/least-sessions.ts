import type { Algorithm } from './algorithm.ts';
import { chooseLeast } from './least.ts';

/** Fewest clients that persistence holds on it, per weight; without tables of held clients all are equal and take turns. */
export const leastSessions: Algorithm = {
  id: 'least-sessions',
  label: 'Least sessions',
  isWeighted: true,
  isSequence: false,
  settings: [],
  create: () => ({ choose: (candidates) => chooseLeast(candidates, (candidate) => candidate.sessions) }),
};
