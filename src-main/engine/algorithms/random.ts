import type { Algorithm, AlgorithmOptions, Candidate, Chooser } from './algorithm.ts';

/** Weighted chance. */
export const random: Algorithm = {
  id: 'random',
  label: 'Random',
  isWeighted: true,
  isSequence: false,
  looksAtLoad: ({ choices = 1 }) => choices > 1,
  settings: ['choices'],
  create: ({ chance, settings }) => createRandom(chance, settings.choices ?? 1),
};

/** Weighted chance among `choices` drawn members: the one with fewest connections per weight. */
export const randomTwoChoices: Algorithm = {
  id: 'random-two-choices',
  label: 'Random, best of two',
  isWeighted: true,
  isSequence: false,
  looksAtLoad: ({ choices = 2 }) => choices > 1,
  settings: ['choices'],
  create: ({ chance, settings }: AlgorithmOptions) => createRandom(chance, settings.choices ?? 2),
};

function createRandom(chance: () => number, choices: number): Chooser {
  return {
    choose: (candidates) => {
      let best = draw(candidates, chance());
      for (let drawn = 1; drawn < choices; drawn++) {
        const other = draw(candidates, chance());
        if (other.inFlight * best.weight < best.inFlight * other.weight) best = other;
      }
      return best;
    },
  };
}

function draw(candidates: readonly Candidate[], at: number): Candidate {
  let total = 0;
  for (const candidate of candidates) total += candidate.weight;
  let left = at * total;
  let last: Candidate | undefined;
  for (const candidate of candidates) {
    last = candidate;
    left -= candidate.weight;
    if (left < 0) break;
  }
  if (last === undefined) throw new RangeError('a choice among no candidates');
  return last;
}
