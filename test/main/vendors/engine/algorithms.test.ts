import { expect, test } from 'vitest';
import { algorithms } from '../../../../src-main/engine/algorithms/registry.ts';
import { engineAlgorithms } from '../../../../src-main/vendors/engine/config.ts';

test('the driver offers just the algorithms that the engine runs', () => {
  expect([...engineAlgorithms].sort()).toEqual([...algorithms.keys()].sort());
});
