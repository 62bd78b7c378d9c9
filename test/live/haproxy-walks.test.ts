import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CalledConsole, openCalledConsole } from '../rigs/console-calls.ts';
import { type FaultName, judgeWalk } from '../rigs/failure-walk.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { canMountDisks } from '../rigs/small-disk.ts';

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
];

describe.skipIf(isMissing('haproxy', 'sshd', 'socat') || !canMountDisks())(
  'a push that something befalls',
  { timeout: 120_000 },
  () => {
    let site: Site;
    let called: CalledConsole;
    beforeAll(async () => {
      site = await startSite({ hasSmallDisks: true });
      called = await openCalledConsole(site.dataDir);
      await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    });
    afterAll(async () => {
      await called.console.close();
      await site.close();
    });

    test.each(walks)(
      '%s, at %s: the device is whole, nothing is left, and what is said is true',
      async (name, step) => {
        const desired = { pools: [{ name: 'app', algorithm: 'least-connections' as const }] };
        const plan = await called.call('plan.make', { device: 'lb', desired });
        expect(await judgeWalk(site, called, plan, step, name)).toEqual([]);
      },
    );

    test('a console that starts again has nothing to put right after all of it', async () => {
      await called.console.close();
      called = await openCalledConsole(site.dataDir);
      expect((await called.call('push.list', {})).map(({ phase }) => phase)).toEqual([]);
    });
  },
);
