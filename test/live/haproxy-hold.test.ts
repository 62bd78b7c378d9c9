import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Desired } from '../../src-main/contract/model.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { startAtd } from '../rigs/atd.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { clockFrom } from '../rigs/faketime.ts';
import { type Site, type SiteOptions, startSite } from '../rigs/haproxy-site.ts';
import { killAt } from '../rigs/killed-console.ts';
import { isMissing } from '../rigs/need.ts';

const weight: Desired = { pools: [{ name: 'app', members: [{ name: 'b1', weight: 3 }] }] };
const algorithm: Desired = { pools: [{ name: 'app', algorithm: 'least-connections' }] };
const countdownMs = 3000;
/** What the scenario allows on top of the countdown. */
const marginMs = 5000;

const sites: Site[] = [];
async function start(options: SiteOptions): Promise<Site> {
  const site = await startSite(options);
  sites.push(site);
  const called = await openCalledConsole(site.dataDir);
  await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
  await called.console.close();
  return site;
}
function makePlan(called: CalledConsole, desired: Desired): Promise<Plan> {
  return called.call('plan.make', { device: 'lb', desired });
}
async function planOf(site: Site, desired: Desired): Promise<Plan> {
  const called = await openCalledConsole(site.dataDir);
  const plan = await makePlan(called, desired);
  await called.console.close();
  return plan;
}
async function algorithmOf(site: Site): Promise<string> {
  const rows = (await site.haproxy.ask('show stat')).split('\n').map((line) => line.split(','));
  const column = rows[0]?.indexOf('algo') ?? -1;
  return rows.find((row) => row[0] === 'app' && row[1] === 'BACKEND')?.[column] ?? '';
}
/** What a person sees of the device: file, weights, algorithm. */
async function seen(site: Site): Promise<unknown> {
  return [site.haproxy.readConfig(), await site.weights(), await algorithmOf(site)];
}
function leftovers(site: Site): readonly string[] {
  return readdirSync(dirname(site.haproxy.configFile)).filter((name) => name.includes('steelyard-'));
}
/** Processes that run a plan's revert. */
function timers(site: Site): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words.some((word) => word.startsWith(site.haproxy.configFile) && word.endsWith('.hold'));
    } catch {
      return false; // it ended meanwhile
    }
  });
}

describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'at', 'atd', 'faketime'))(
  'a revert that the host holds',
  { timeout: 120_000 },
  () => {
    let atd: Awaited<ReturnType<typeof startAtd>>;
    beforeAll(async () => {
      atd = await startAtd();
    });
    afterEach(async () => {
      for (const site of sites.splice(0)) await site.close();
    });
    afterAll(async () => {
      await atd.close();
    });

    test.each([
      ['at', 'a weight', weight],
      ['detached', 'an algorithm', algorithm],
    ])(
      'by %s, of %s: console killed and link cut right after, it is back by itself in time',
      async (hold, _, desired) => {
        const site = await start({ hold });
        const before = await seen(site);
        const pid = await site.haproxy.answeringPid();
        const plan = await planOf(site, desired);
        expect(plan.hold).toMatchObject({ isHeld: true, way: hold });
        await killAt(site.dataDir, plan, 'waiting', countdownMs);
        const cutAt = performance.now();
        site.relay.cut();
        site.relay.refuse(true);
        expect(await seen(site)).not.toEqual(before);
        await expect.poll(() => seen(site), { timeout: 60_000, interval: 50 }).toEqual(before);
        expect(performance.now() - cutAt).toBeLessThan(countdownMs + marginMs);
        // A new process answers where one was started for the change.
        expect((await site.haproxy.answeringPid()) === pid).toBe(plan.cost === 'runtime');
        await expect.poll(() => timers(site), { timeout: 10_000 }).toEqual([]);

        site.relay.refuse(false);
        const next = await openCalledConsole(site.dataDir);
        const state = await next.pushIn(plan.id, endPhases);
        await next.console.close();
        expect(state).toMatchObject({ phase: 'reverted', revertedBy: 'device' });
        expect(state.revertSteps.find((step) => step.stage === 'hold')?.answer).toMatch(/by itself at 20\d\d-/);
        expect([await seen(site), leftovers(site)]).toEqual([before, []]);
      },
    );

    test('the clock of the host may jump: it counts the seconds that pass', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'steelyard-clock-'));
      chmodSync(directory, 0o755); // whoever logs in reads it
      const jump = join(directory, 'jump');
      writeFileSync(jump, '+0');
      const fake = Object.entries(clockFrom(jump)).map(([name, value]) => `${name}=${value}`);
      const site = await start({ hold: 'detached', sshd: [`SetEnv ${fake.join(' ')}`] });
      const before = await seen(site);
      const called = await openCalledConsole(site.dataDir);
      const plan = await makePlan(called, weight);
      await called.call('push.start', { plan, confirmWithinMs: 600_000, typed: 'lb' });
      await called.pushIn(plan.id, ['waiting']);
      writeFileSync(jump, '+3600');
      await sleep(1500);
      expect(await seen(site)).not.toEqual(before);
      await called.call('push.revert', { device: 'lb' });
      expect(await called.pushIn(plan.id, endPhases)).toMatchObject({ phase: 'reverted', revertedBy: 'console' });
      const again = await makePlan(called, weight);
      await called.console.close();
      await killAt(site.dataDir, again, 'waiting', countdownMs);
      const from = performance.now();
      writeFileSync(jump, '-7200');
      await expect.poll(() => seen(site), { timeout: 60_000, interval: 50 }).toEqual(before);
      expect(performance.now() - from).toBeLessThan(countdownMs + marginMs);
      // The host did live in another time.
      const when = `${site.haproxy.configFile}.steelyard-${again.id}.when`;
      await expect.poll(() => existsSync(when), { timeout: 10_000 }).toBe(true);
      expect(Date.now() - Date.parse(readFileSync(when, 'utf8').trim())).toBeGreaterThan(3_600_000);
      rmSync(directory, { recursive: true });
    });

    test.each([
      ['hold-keep', 'before it is sent'],
      ['hold-keep', 'while it is answered'],
      ['forget', 'before it is sent'],
      ['forget', 'while it is answered'],
    ])(
      'kept, with link and console gone at %s, %s: device and journal agree on who was first',
      async (stepId, moment) => {
        const site = await start({ hold: 'detached' });
        const before = await seen(site);
        const called = await openCalledConsole(site.dataDir);
        const plan = await makePlan(called, weight);
        const cut = Promise.withResolvers<undefined>();
        called.onPush = (state) => {
          if (!state.steps.some((step) => step.id === stepId && step.state === 'running')) return;
          called.onPush = () => undefined;
          // Before: nothing reached the host. Else the decision has fallen there, and its answer never comes.
          const kept = `${site.haproxy.configFile}.steelyard-${plan.id}.kept`;
          const isToCut =
            moment === 'before it is sent' ? () => true : () => existsSync(kept) === (stepId === 'hold-keep');
          const looking = setInterval(() => {
            if (!isToCut()) return;
            clearInterval(looking);
            site.relay.cut();
            site.relay.refuse(true);
            setTimeout(() => {
              cut.resolve(undefined);
            }, 500);
          }, 2);
          if (moment === 'before it is sent') site.relay.cut();
        };
        await called.call('push.start', { plan, confirmWithinMs: countdownMs, typed: 'lb' });
        await called.pushIn(plan.id, ['waiting']);
        const after = await seen(site);
        await called.call('push.keep', { device: 'lb' });
        await cut.promise;
        await called.console.close();
        // Whatever the timer would do, it has done when it is gone.
        await expect.poll(() => timers(site), { timeout: 30_000 }).toEqual([]);
        const isKept = !(stepId === 'hold-keep' && moment === 'before it is sent');
        expect(await seen(site)).toEqual(isKept ? after : before);
        site.relay.refuse(false);
        const next = await openCalledConsole(site.dataDir);
        const end = await next.pushIn(plan.id, endPhases);
        await next.console.close();
        expect([end.phase, end.revertedBy]).toEqual(isKept ? ['kept', undefined] : ['reverted', 'device']);
        expect([await seen(site), leftovers(site)]).toEqual([isKept ? after : before, []]);
      },
    );

    test('kept, its timer is seen to be gone at once', async () => {
      const site = await start({ hold: 'at' });
      const called = await openCalledConsole(site.dataDir);
      const plan = await makePlan(called, weight);
      await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
      await called.pushIn(plan.id, ['waiting']);
      expect(timers(site)).toHaveLength(1);
      await called.call('push.keep', { device: 'lb' });
      await called.pushIn(plan.id, ['kept']);
      await called.console.close();
      expect([timers(site), leftovers(site)]).toEqual([[], []]);
      expect(await site.weights()).toEqual({ b1: 3, b2: 1 });
    });

    test('where nothing holds it, the plan says so beforehand and the push shows it as lacking', async () => {
      const site = await start({ hold: 'none' });
      const called = await openCalledConsole(site.dataDir);
      const plan = await makePlan(called, weight);
      expect(plan.hold).toMatchObject({ isHeld: false });
      expect(plan.warnings.join(' ')).toContain('Nothing on the device itself takes the change back');
      await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
      const { steps } = await called.pushIn(plan.id, ['waiting']);
      expect(steps.find((step) => step.stage === 'hold')).toMatchObject({ state: 'lacking' });
      await called.call('push.revert', { device: 'lb' });
      await called.pushIn(plan.id, ['reverted']);
      await called.console.close();
    });
  },
);
