import { expect, test } from 'vitest';
import { algorithms } from '../../../../src-main/engine/algorithms/registry.ts';
import { persistenceMethods } from '../../../../src-main/engine/persistence/registry.ts';
import { engineAlgorithms, engineMethods } from '../../../../src-main/vendors/engine/config.ts';

test('the driver offers just the algorithms that the engine runs', () => {
  expect([...engineAlgorithms].sort()).toEqual([...algorithms.keys()].sort());
});

test('the driver offers just the ways to hold clients that the engine has', () => {
  expect([...engineMethods].sort()).toEqual([...persistenceMethods.keys()].sort());
});
