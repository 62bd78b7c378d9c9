import { expect, test } from 'vitest';
import { algorithms } from '../../../../src-main/engine/algorithms/registry.ts';
import { persistenceMethods } from '../../../../src-main/engine/persistence/registry.ts';
import { engineAlgorithms, engineMethods, offeredMethods } from '../../../../src-main/vendors/engine/config.ts';

test('the driver offers just the algorithms that the engine runs', () => {
  expect([...engineAlgorithms].sort()).toEqual([...algorithms.keys()].sort());
});

test('the driver offers just the ways to hold clients that the engine has', () => {
  expect([...engineMethods].sort()).toEqual([...persistenceMethods.keys()].sort());
});

test('each way to hold clients is offered with settings that the engine takes, and all that it cannot do without', () => {
  for (const { name, settings = [], needs = [] } of offeredMethods()) {
    const method = persistenceMethods.get(name);
    const taken: readonly string[] = method?.settings ?? [];
    expect([...needs, ...settings].filter((key) => !taken.includes(key))).toEqual([]);
    expect(needs).toEqual(method?.required ?? []);
  }
});
