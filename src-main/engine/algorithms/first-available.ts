import type { Algorithm } from './algorithm.ts';

/** The first member in the list that has room (a member at its limit is no candidate). */
export const firstAvailable: Algorithm = {
  id: 'first-available',
  label: 'First available',
  isWeighted: false,
  isSequence: false,
  settings: [],
  create: () => ({
    choose: ([first]) => {
      if (first === undefined) throw new RangeError('a choice among no candidates');
      return first;
    },
  }),
};
