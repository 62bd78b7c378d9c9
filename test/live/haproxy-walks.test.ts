import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaultName } from '../rigs/walks/faults.ts';
import { judgeWalk } from '../rigs/walks/walk.ts';
import { cannotWalk, startWalker, type Walker } from '../rigs/walks/walker.ts';

/** Of the whole matrix, which `npm run soak -- haproxy-walks` walks, one place before and one after each turn of a push. */
const walks: readonly (readonly [FaultName, string])[] = [
  ['the disk of the device full', 'candidate'],
  ['the disk of the device full', 'reload'],
  ['the right to write lost', 'candidate'],
  ['the right to write lost', 'reload'],
  ["another hand's change", 'check'],
  ["another hand's change", 'reload'],
  ['the disk of the console full', 'candidate'],
  ['the disk of the console full', 'reload'],
  ['the right to sudo lost', 'reload'],
  ['the reload fails', 'candidate'],
  ['every member fails its checks', 'check'],
  ['the console killed', 'reload'],
  ['the clock set forwards', 'waiting'],
];

describe.skipIf(cannotWalk())('a push that something befalls', { timeout: 120_000 }, () => {
  let walker: Walker;
  beforeAll(async () => {
    walker = await startWalker();
  });
  afterAll(async () => {
    await walker.close();
  });

  test.each(walks)('%s, at %s: the device is whole, nothing is left, and what is said is true', async (name, step) => {
    expect(await judgeWalk(walker, step, name)).toEqual([]);
  });

  test('a console that starts again has nothing to put right after all of it', async () => {
    await walker.reopen();
    expect((await walker.called.call('push.list', {})).map(({ phase }) => phase)).toEqual([]);
  });
});
