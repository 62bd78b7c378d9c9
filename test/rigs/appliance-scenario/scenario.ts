import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeviceModel } from '../../../src-main/contract/model.ts';
import { type Plan, planSchema, withCountdown } from '../../../src-main/contract/plan.ts';
import type { ApplianceVendor, StartedAppliance } from './appliance.ts';
import { type ApplianceSite, openApplianceSite } from './site.ts';
import { judgeWalk } from './walk.ts';

/**
 * The scenario (read, change, drain, refusal, stale plan, link and console lost, nobody keeps it, least rights) on one simulated appliance, by
 * the command line as processes of its own. The numbers are those of the steps; each is proved by the device's own words.
 */
export function walkScenario(one: ApplianceVendor): void {
  describe(`the scenario by commands on a simulated ${one.label}`, { timeout: 180_000 }, () => {
    let device: StartedAppliance;
    let site: ApplianceSite;

    beforeAll(async () => {
      device = await one.start();
      site = await openApplianceSite(one.vendor, device, { lb: one.pusher, watched: one.reader });
    }, 120_000);
    afterAll(() => site.close());

    /** What changed nothing: running and saved configuration are compared as the device says them. */
    function words(): readonly string[] {
      return [device.running(), device.saved()];
    }
    function sentSince(count: number): readonly string[] {
      const sent = device.commands().slice(count);
      return sent.filter((line) => !one.looks.test(line));
    }
    const weight = { pools: [{ name: one.pool, members: [{ name: one.members[0], weight: 7 }] }] };

    test('1, 16: all that is configured is read by an account that may read alone, and the rest is listed with its lines', async () => {
      const { status, stdout, stderr } = await site.cli.run('read', 'watched');
      expect(status, stderr).toBe(0);
      expect(stderr).toContain('this kind of device was never tried as a real one');
      const model = JSON.parse(stdout) as DeviceModel;
      expect(model).toMatchObject(one.model);
      expect(model.unmodelled.map(({ text }) => text).join('\n')).toContain(one.unmodelled);
      expect(model.unmodelled.every(({ line }) => line > 0)).toBe(true);
      expect(sentSince(0)).toEqual([]);
    });

    test('3 to 7, 16: a change of everything is shown, sent as shown, kept, saved, and then stands in the device’s own words', async () => {
      const before = words();
      const path = await site.cli.planFor('lb', one.change.desired);
      const from = device.commands().length;
      const { status, stderr } = await site.cli.push('lb', path, 'confirm', () => {
        expect(device.saved()).toBe(before[1]); // nothing is saved before it is kept
      });
      expect(status, stderr).toBe(0);
      for (const said of one.change.says) expect(device.running()).toMatch(said);
      expect(device.saved()).toBe(device.running());
      const plan = planOf(path);
      expect(sentSince(from).filter((line) => !isShown(line, plan, stderr))).toEqual([]);
      expect(sentSince(from).slice(-one.saving.length)).toEqual(one.saving);
    });

    test('8: a drain and its end are commands of one line, each saved', async () => {
      const drained = await site.cli.run('drain', `lb/${one.pool}/${one.members[1]}`, '--yes');
      expect(drained.status, drained.stderr).toBe(0);
      expect(device.running()).toMatch(one.draining);
      expect(device.saved()).toBe(device.running());
      const resumed = await site.cli.run('resume', `lb/${one.pool}/${one.members[1]}`, '--yes');
      expect(resumed.status, resumed.stderr).toBe(0);
      expect(device.running()).not.toMatch(one.draining);
    });

    test('11: what the device refuses changes nothing and is told in its own words', async () => {
      const before = words();
      const plan = await site.cli.planFor('lb', one.refused.desired);
      const { status, stderr } = await site.cli.run('apply', plan, '--yes', '--confirm-within', '5s');
      expect(status).toBe(1);
      for (const said of one.refused.says) expect(stderr).toMatch(said);
      expect(words()).toEqual(before);
    });

    test('12, 16: a plan that another hand has overtaken is refused, and so is one of an account that may not change', async () => {
      const plan = await site.cli.planFor('lb', weight);
      const before = words();
      const forbidden = await site.cli.run(
        'apply',
        await site.cli.planFor('watched', weight),
        '--yes',
        '--confirm-within',
        '5s',
      );
      expect([forbidden.status, forbidden.stderr]).toEqual([1, expect.stringMatching(one.forbidden)]);
      expect(words()).toEqual(before);
      device.otherHand();
      const theirs = words();
      const from = device.commands().length;
      const stale = await site.cli.run('apply', plan, '--yes', '--confirm-within', '5s');
      expect([stale.status, stale.stderr]).toEqual([1, expect.stringContaining('PLAN_STALE')]);
      expect(stale.stderr).toMatch(/^Meanwhile another hand changed "lb":\n {2}\S/m);
      expect(sentSince(from)).toEqual([]);
      expect(words()).toEqual(theirs);
    });

    test('14: what nobody keeps goes back, as the plan said beforehand that the device cannot by itself', async () => {
      const before = words();
      const plan = await site.cli.planFor('lb', weight);
      const { status, stderr } = await site.cli.run('apply', plan, '--yes', '--confirm-within', '1s');
      expect([status, stderr]).toEqual([1, expect.stringContaining('Push: reverted')]);
      expect(stderr).toMatch(/Nothing is saved (?:or synchronised )?before the change is kept/);
      expect(words()).toEqual(before);
    });

    test('13, 14: the console killed and the link cut as it waits, the next command puts it back and says so', async () => {
      const before = words();
      const pushing = await site.cli.waiting('lb', 'apply', await site.cli.planFor('lb', one.walk.there.desired));
      expect(device.running()).not.toBe(before[0]);
      pushing.child.kill('SIGKILL');
      site.relay.cut();
      await pushing.ended;
      const next = await site.cli.run('read', 'lb');
      expect([next.status, next.stderr]).toEqual([0, expect.stringContaining('"lb" is as it was before that change')]);
      expect(words()).toEqual(before);
    });

    test.each(['the link forgotten after it', 'the console killed after it'] as const)(
      '13: in the midst of what is sent, at its third command, %s: it is put back, nothing is saved, and the console says so',
      async (fault) => {
        const before = words();
        let changing = 0;
        const walk = await judgeWalk({ one, device, site, isThere: false }, fault, (command) => {
          if (!one.looks.test(command)) changing += 1;
          return changing === 3;
        });
        expect(walk).toMatchObject({ broken: [], hasStruck: true });
        expect(words()).toEqual(before);
      },
    );

    test('3: the member goes again, and what is left is what a restart of the device brings back', async () => {
      const plan = await site.cli.planFor('lb', one.removal.desired);
      const { status, stderr } = await site.cli.push('lb', plan, 'confirm');
      expect(status, stderr).toBe(0);
      expect(device.running()).not.toContain('w3:80');
      const kept = device.running();
      device.reboot();
      expect(device.running()).toBe(kept);
    });
  });
}

function planOf(path: string): Plan {
  return withCountdown(planSchema.parse(JSON.parse(readFileSync(path, 'utf8'))), 120_000);
}

/** A command that the device got stands in one that the plan shows, and that one in what was said before anything was sent. */
function isShown(line: string, plan: Plan, said: string): boolean {
  const steps = [...plan.steps, ...plan.keep, ...plan.revert];
  const shown = steps.flatMap(({ commands }) => commands.map((command) => command.shown));
  return shown.some((text) => text.includes(line)) && said.includes(line);
}
