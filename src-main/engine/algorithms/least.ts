import type { Candidate } from './algorithm.ts';
import { stepSmoothly } from './smooth.ts';

/** The candidate with the least load per weight; equals take turns by smooth weighted round robin. */
export function chooseLeast(candidates: readonly Candidate[], loadOf: (candidate: Candidate) => number): Candidate {
  let best: Candidate | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  let isTied = false;
  for (const candidate of candidates) {
    const load = loadOf(candidate) / candidate.weight;
    if (best === undefined || load < lowest) {
      best = candidate;
      lowest = load;
      isTied = false;
    } else if (load === lowest) isTied = true;
  }
  if (best === undefined) throw new RangeError('a choice among no candidates');
  return isTied ? stepSmoothly(candidates.filter((each) => loadOf(each) / each.weight === lowest)) : best;
}
