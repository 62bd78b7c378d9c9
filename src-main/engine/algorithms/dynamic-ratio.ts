import type { Algorithm, Candidate } from './algorithm.ts';

/** Smooth weighted round robin over weights that the members' agents measure; without agents it is `round-robin`. */
export const dynamicRatio: Algorithm = {
  id: 'dynamic-ratio',
  label: 'Dynamic ratio',
  isWeighted: true,
  isSequence: true,
  settings: [],
  create: () => ({ choose: stepByMeasure }),
};

/** `stepSmoothly` with the other weight: a key chosen at run time would cost round robin time. */
function stepByMeasure(candidates: readonly Candidate[]): Candidate {
  let best: Candidate | undefined;
  let total = 0;
  for (const candidate of candidates) {
    candidate.state += candidate.measuredWeight;
    total += candidate.measuredWeight;
    if (best === undefined || candidate.state > best.state) best = candidate;
  }
  if (best === undefined) throw new RangeError('a choice among no candidates');
  best.state -= total;
  return best;
}
