import type { Candidate } from './algorithm.ts';

/**
 * One step of smooth weighted round robin, NGINX's sequence: every candidate gains its weight, the one that has most is
 * chosen and pays the sum. Weights 5, 1, 1 give a a b a c a a. The first of equals wins.
 */
export function stepSmoothly(candidates: readonly Candidate[]): Candidate {
  let best: Candidate | undefined;
  let total = 0;
  for (const candidate of candidates) {
    candidate.state += candidate.weight;
    total += candidate.weight;
    if (best === undefined || candidate.state > best.state) best = candidate;
  }
  if (best === undefined) throw new RangeError('a choice among no candidates');
  best.state -= total;
  return best;
}
