import type { Algorithm } from './algorithm.ts';
import { stepSmoothly } from './smooth.ts';

/** Smooth weighted round robin, choice for choice NGINX's. */
export const roundRobin: Algorithm = {
  id: 'round-robin',
  label: 'Round robin',
  isWeighted: true,
  isSequence: true,
  settings: [],
  create: () => ({ choose: stepSmoothly }),
};
