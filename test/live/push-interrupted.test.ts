import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Desired } from '../../src-main/contract/model.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { sendRequests } from '../rigs/backends.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { killAt } from '../rigs/killed-console.ts';
import { isMissing } from '../rigs/need.ts';

const wishes: Readonly<Record<string, Desired>> = {
  'a weight (run-time)': { pools: [{ name: 'app', members: [{ name: 'b1', weight: 3 }] }] },
  'an algorithm and a new member (reload)': {
    pools: [
      {
        name: 'app',
        algorithm: 'least-connections',
        members: [{ name: 'b3', address: '127.0.0.1', port: 1, adminState: 'disabled' }],
      },
    ],
  },
};
/** Steps of every HAProxy plan of the two kinds, by their ids; the plan of the test says which of them it has. */
const stepIds = [
  'fingerprint',
  'backup',
  'candidate',
  'check',
  'hold-script',
  'hold',
  'replace',
  'run-time',
  'reload',
  'countdown',
  'waiting',
];
/** Where an answer that is lost leaves in doubt whether anything was done. */
const sendIds = ['replace', 'run-time', 'reload'];

let site: Site;
let oldHash: string;

async function addDevice(): Promise<void> {
  const called = await openCalledConsole(site.dataDir);
  await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
  await called.console.close();
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The file is one of the two at every instant that anybody looks. */
function expectWhole(plan: Plan): void {
  const now = hashOf(site.haproxy.readConfig());
  const hunk = plan.hunks[0]?.text ?? '';
  const isNew = hunk
    .split('\n')
    .filter((line) => /^\+[^+]/.test(line))
    .every((line) => site.haproxy.readConfig().includes(line.slice(1)));
  expect(now === oldHash || isNew).toBe(true);
}

/** File, leftovers, running process, measured traffic, and a process that starts on the file: all say the old version. */
async function expectWhollyOld(): Promise<void> {
  expect(hashOf(site.haproxy.readConfig())).toBe(oldHash);
  expect(readdirSync(dirname(site.haproxy.configFile)).filter((name) => name.includes('steelyard-'))).toEqual([]);
  expect(await site.weights()).toEqual({ b1: 1, b2: 1 });
  expect((await sendRequests(site.haproxy.port, 40)).byBackend).toEqual({ b1: 20, b2: 20 });
}

async function backAndEnded(called: CalledConsole, planId: string): Promise<string> {
  const state = await called.pushIn(planId, endPhases);
  expect(state.problem?.code === 'PLAN_STALE' ? state.problem : undefined).toBeUndefined();
  return state.phase;
}

describe.skipIf(isMissing('haproxy', 'sshd')).each(Object.keys(wishes))('a push of %s', (kind) => {
  beforeAll(async () => {
    site = await startSite();
    oldHash = site.configHash();
    await addDevice();
  });
  afterAll(async () => {
    await site.close();
  });

  async function makePlan(called: CalledConsole): Promise<Plan> {
    return called.call('plan.make', { device: 'lb', desired: wishes[kind] ?? {} });
  }

  describe.each(['before it is sent', 'while it is answered'] as const)('whose link is cut at a step, %s', (moment) => {
    const ids = moment === 'before it is sent' ? stepIds : sendIds;
    test.each(ids)('ends wholly old: %s', async (stepId) => {
      const called = await openCalledConsole(site.dataDir);
      try {
        const plan = await makePlan(called);
        let isCut = false;
        called.onPush = (state) => {
          const isThere =
            stepId === 'waiting'
              ? state.phase === 'waiting'
              : state.steps.some((step) => step.id === stepId && step.state === 'running');
          if (isCut || !isThere) return;
          isCut = true;
          if (moment === 'before it is sent') site.relay.cut();
          else site.relay.cutAfter('down', 60);
          site.relay.refuse(true);
          setTimeout(() => {
            expectWhole(plan);
            site.relay.refuse(false);
          }, 300);
          if (stepId === 'waiting') setTimeout(() => void called.call('push.keep', { device: 'lb' }), 50);
        };
        await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
        const hasStep = stepId === 'waiting' || plan.steps.some((step) => step.id === stepId);
        if (!hasStep) {
          await called.pushIn(plan.id, ['waiting']);
          await called.call('push.revert', { device: 'lb' });
        }
        expect(['reverted', 'refused']).toContain(await backAndEnded(called, plan.id));
        expect(isCut).toBe(hasStep);
      } finally {
        await called.console.close();
      }
      await expectWhollyOld();
    });
  });

  describe('whose console is killed at a step', () => {
    test.each(stepIds)('is wholly old after the next start: %s', async (stepId) => {
      const planner = await openCalledConsole(site.dataDir);
      const plan = await makePlan(planner);
      await planner.console.close();
      if (stepId !== 'waiting' && !plan.steps.some((step) => step.id === stepId)) return;
      await killAt(site.dataDir, plan, stepId);
      await sleep(200); // a command that was sent already may still end on the host
      expect(existsSync(site.haproxy.configFile)).toBe(true);
      expectWhole(plan);
      const next = await openCalledConsole(site.dataDir);
      try {
        expect(['reverted', 'refused']).toContain(await backAndEnded(next, plan.id));
      } finally {
        await next.console.close();
      }
      await expectWhollyOld();
    });
  });
});
