import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallInput, CallName, CallOutput } from '../../src-main/contract/api.ts';
import type { Console } from '../../src-main/contract/console.ts';
import type { Plan, PushState } from '../../src-main/contract/plan.ts';
import { openConsole } from '../../src-main/console.ts';
import { sendRequests } from '../rigs/backends.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';

let site: Site;
let console_: Console;

function call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
  const handler = console_.handlers[name] as (input: CallInput<K>, context: object) => Promise<CallOutput<K>>; // one row of the table
  return handler(input, { client: 'test', shell: 'cli' });
}

function pushed(wanted: readonly PushState['phase'][]): Promise<PushState> {
  return new Promise((resolve) => {
    const end = console_.onEvent('test', (name, data) => {
      if (name !== 'push') return;
      const state = data as PushState; // the name says so
      if (!wanted.includes(state.phase)) return;
      end();
      resolve(state);
    });
  });
}

async function planWeight(weight: number): Promise<Plan> {
  return call('plan.make', { device: 'lb', desired: { pools: [{ name: 'app', members: [{ name: 'b1', weight }] }] } });
}

describe.skipIf(isMissing('haproxy', 'sshd'))('the console on a real HAProxy over SSH', () => {
  beforeEach(async () => {
    site = await startSite();
    console_ = await openConsole({ dataDir: site.dataDir, shell: 'cli' });
    await call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
  });
  afterEach(async () => {
    await console_.close();
    await site.close();
  });

  test('changes a weight, keeps it, and the share of requests moves exactly', async () => {
    const before = await sendRequests(site.haproxy.port, 200);
    expect(before.byBackend).toEqual({ b1: 100, b2: 100 });
    const plan = await planWeight(3);
    expect(plan.cost).toBe('runtime');
    await expect(call('push.start', { plan, confirmWithinMs: 60_000 })).rejects.toMatchObject({ code: 'LOCKED' });
    const waiting = pushed(['waiting', 'reverted', 'refused', 'stuck']);
    await call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
    const state = await waiting;
    expect(state.problem).toBeUndefined();
    expect(state.phase).toBe('waiting');
    const ended = pushed(['kept', 'reverted', 'refused', 'stuck']);
    await call('push.keep', { device: 'lb' });
    expect((await ended).phase).toBe('kept');
    expect(await site.weights()).toEqual({ b1: 3, b2: 1 });
    expect(site.haproxy.readConfig()).toContain('weight 3');
    expect((await sendRequests(site.haproxy.port, 2000)).byBackend).toEqual({ b1: 1500, b2: 500 });
  });
});
