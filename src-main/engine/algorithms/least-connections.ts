import type { Algorithm, Candidate } from './algorithm.ts';
import { stepSmoothly } from './smooth.ts';

/** Fewest connections per weight; equals take turns by smooth weighted round robin, as NGINX's `least_conn`. */
export const leastConnections: Algorithm = {
  id: 'least-connections',
  label: 'Least connections',
  isWeighted: true,
  isSequence: false,
  looksAtLoad: () => true,
  settings: [],
  create: () => ({ choose: chooseLeastConnected }),
};

/** In HTTP what is counted in flight are requests: idle keep-alive connections do not weigh. */
export const leastRequests: Algorithm = { ...leastConnections, id: 'least-requests', label: 'Least requests' };

function chooseLeastConnected(candidates: readonly Candidate[]): Candidate {
  let best = candidates[0];
  let isTied = false;
  for (const candidate of candidates) {
    if (best === undefined || candidate === best) continue;
    // conns / weight compared without a division
    const difference = candidate.inFlight * best.weight - best.inFlight * candidate.weight;
    if (difference < 0) {
      best = candidate;
      isTied = false;
    } else if (difference === 0) isTied = true;
  }
  if (best === undefined) throw new RangeError('a choice among no candidates');
  if (!isTied) return best;
  const { inFlight, weight } = best;
  return stepSmoothly(candidates.filter((other) => other.inFlight * weight === inFlight * other.weight));
}
