import type { Algorithm, Candidate } from './algorithm.ts';

/** Members in the order of the list, each as often in a row as its weight. */
export const staticRoundRobin: Algorithm = {
  id: 'static-round-robin',
  label: 'Static round robin',
  isWeighted: true,
  isSequence: true,
  settings: [],
  create: () => {
    let turn = 0;
    return { choose: (candidates) => pick(candidates, turn++) };
  },
};

function pick(candidates: readonly Candidate[], turn: number): Candidate {
  let total = 0;
  for (const candidate of candidates) total += candidate.weight;
  let left = turn % total;
  for (const candidate of candidates) {
    left -= candidate.weight;
    if (left < 0) return candidate;
  }
  throw new RangeError('a choice among no candidates');
}
