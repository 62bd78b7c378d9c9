import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Plan } from '../../src-main/contract/plan.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { heldBy } from '../rigs/walks/held.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, type SiteOptions, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';

describe.skipIf(isMissing('haproxy', 'sshd', 'socat'))('a reload that goes wrong', { timeout: 180_000 }, () => {
  const opened: { readonly site: Site; readonly called: CalledConsole }[] = [];
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    for (const { site, called } of opened.splice(0)) {
      await called.console.close();
      await site.close();
    }
  });
  async function start(options: SiteOptions = {}) {
    const site = await startSite(options);
    const called = await openCalledConsole(site.dataDir);
    opened.push({ site, called });
    await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    return { site, called };
  }
  /** A plan that brings back a version whose file differs from the one that stands there by one replacement. */
  async function planOfText(site: Site, called: CalledConsole, from: string, to: string): Promise<Plan> {
    const old = site.haproxy.readConfig();
    writeFileSync(site.haproxy.configFile, old.replace(from, to));
    await called.call('devices.read', { device: 'lb' });
    await expect.poll(async () => (await called.call('history.list', { device: 'lb' })).length).toBeGreaterThan(0);
    const [version] = await called.call('history.list', { device: 'lb' });
    writeFileSync(site.haproxy.configFile, old);
    await called.call('devices.read', { device: 'lb' });
    return called.call('history.plan', { device: 'lb', version: version?.id });
  }
  /** Pushes; `strike` is called once, as the step begins. */
  async function push(called: CalledConsole, plan: Plan, stepId: string, strike: () => void, within = 600_000) {
    let hasStruck = false;
    called.onPush = (state) => {
      if (hasStruck || !state.steps.some((step) => step.id === stepId && step.state === 'running')) return;
      hasStruck = true;
      strike();
    };
    await called.call('push.start', { plan, confirmWithinMs: within, typed: 'lb' });
    return called.pushIn(plan.id, endPhases);
  }

  test('onto a port that somebody took meanwhile: told at once, the old process serves on, all is as it was', async () => {
    const { site, called } = await start();
    const port = await freePort();
    const before = await heldBy(site);
    const plan = await planOfText(site, called, 'default_backend', `bind 127.0.0.1:${port}\n    default_backend`);
    const state = await push(called, plan, 'replace', () => {
      servers.push(createServer().listen(port, '127.0.0.1'));
    });
    expect(state.phase).toBe('reverted');
    expect(state.problem?.detail).toMatch(/could not start on the file.* the old one still works/);
    expect(await heldBy(site)).toEqual(before);
  });

  test('whose new process dies: HAProxy ends, which is said, and once it is started again all is as it was', async () => {
    const { site, called } = await start();
    const before = await heldBy(site);
    const old = new Set(site.haproxy.pids());
    const plan = await called.call('plan.make', {
      device: 'lb',
      desired: { pools: [{ name: 'app', algorithm: 'least-connections' }] },
    });
    const dead = new AbortController();
    const state = await push(called, plan, 'reload', () => {
      void killNew(site, old, dead.signal);
    });
    dead.abort();
    expect(site.haproxy.pids()).toEqual([]);
    expect(state.phase).toBe('stuck');
    expect(state.problem?.detail).toMatch(
      /no HAProxy runs with this configuration any more: start it|no process of the host listens on it/,
    );
    expect(site.haproxy.readConfig()).toBe(before.file);
    await site.haproxy.restart();
    const ended = new Promise((resolve) => {
      called.onPush = ({ phase }) => {
        if (phase === 'reverted') resolve(phase);
      };
    });
    await called.call('push.revert', { device: 'lb' });
    await ended;
    expect(await heldBy(site)).toEqual(before);
  });

  test('after which every member fails its checks: it goes back by itself, and says which and why', async () => {
    const { site, called } = await start({ serverWords: 'weight 1 check inter 200ms fall 2 rise 1' });
    await expect.poll(() => site.haproxy.ask('show stat'), { timeout: 20_000 }).toMatch(/^app,BACKEND,.*,UP,/m);
    const before = await heldBy(site);
    const plan = await planOfText(
      site,
      called,
      'balance roundrobin',
      'balance roundrobin\n    option httpchk GET /\n    http-check expect status 418',
    );
    const state = await push(called, plan, 'fingerprint', () => undefined);
    expect(state).toMatchObject({ phase: 'reverted', revertedBy: 'console', problem: { code: 'APPLY_PARTIAL' } });
    expect(state.problem?.detail).toMatch(/No member of pool "app" passes its checks .*b1.*b2.*before it 2 served/);
    expect(await heldBy(site)).toEqual(before);
  });
});

async function killNew(site: Site, old: ReadonlySet<number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const found = site.haproxy.pids().find((pid) => !old.has(pid));
    if (found !== undefined) {
      process.kill(found, 'SIGKILL');
      return;
    }
    await sleep(1);
  }
}
