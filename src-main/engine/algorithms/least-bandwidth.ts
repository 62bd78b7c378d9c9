import type { Algorithm } from './algorithm.ts';
import { chooseLeast } from './least.ts';

/** Fewest bytes towards clients in the last second, per weight. */
export const leastBandwidth: Algorithm = {
  id: 'least-bandwidth',
  label: 'Least bandwidth',
  isWeighted: true,
  isSequence: false,
  looksAtLoad: () => true,
  settings: [],
  create: () => ({ choose: (candidates) => chooseLeast(candidates, (candidate) => candidate.bytesPerSecond) }),
};
