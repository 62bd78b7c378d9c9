import type { Algorithm, Candidate } from './algorithm.ts';

/** Peak EWMA: the moving average of the response time times what would then be in flight, per weight. */
export const leastResponseTime: Algorithm = {
  id: 'least-response-time',
  label: 'Least response time',
  isWeighted: true,
  isSequence: false,
  looksAtLoad: () => true,
  settings: [],
  create: () => ({ choose: chooseFastest }),
};

function chooseFastest(candidates: readonly Candidate[]): Candidate {
  let best: Candidate | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    // Never measured counts as very fast, so that it is tried; what is in flight keeps it from being flooded.
    const cost = ((candidate.responseTimeMs + 0.001) * (candidate.inFlight + 1)) / candidate.weight;
    if (cost < lowest) {
      lowest = cost;
      best = candidate;
    }
  }
  if (best === undefined) throw new RangeError('a choice among no candidates');
  return best;
}
