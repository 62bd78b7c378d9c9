import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EventName } from '../../../src-main/contract/api.ts';
import type { Console } from '../../../src-main/contract/console.ts';
import { openConsole } from '../../../src-main/console.ts';
import { Sleeper } from '../../../src-main/console/sleep.ts';

const context = { client: 'test', shell: 'cli' } as const;
let dataDir: string;
let console_: Console;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'steelyard-sleep-'));
  console_ = await openConsole({ dataDir, shell: 'cli' });
});
afterEach(async () => {
  await console_.close();
  await rm(dataDir, { recursive: true, force: true });
});

test('where no system tells of it, a jump of the clock is the sleep; a short one is a busy machine', async () => {
  const kept: unknown[] = [];
  const told: unknown[] = [];
  let locked = 0;
  const sleeper = new Sleeper({
    nowMs: () => 1_000_000,
    schedule: { pause: () => undefined, resume: () => undefined },
    lockAll: () => (locked += 1),
    sleeps: {
      begin: (fromMs) => Promise.resolve(void kept.push(fromMs)),
      end: (toMs) => Promise.resolve(void kept.push(toMs)),
    },
    retryAll: () => undefined,
    onSlept: (sleep) => told.push(sleep),
  });
  await sleeper.jumped(8000);
  await sleeper.jumped(-600_000); // a clock set back
  expect([kept, told, locked]).toEqual([[], [], 0]);
  await sleeper.jumped(600_000);
  expect([kept, told, locked]).toEqual([[400_000, 1_000_000], [{ fromMs: 400_000, toMs: 1_000_000 }], 1]);
  await sleeper.sleep();
  await sleeper.jumped(600_000); // what the system tells of counts once
  expect(told).toHaveLength(1);
});

test('a sleeping console locks, polls nothing and tells nothing; awake, it tells when it slept and polls anew', async () => {
  const { handlers } = console_;
  const spec = { name: 'lb', address: 'engine+unix:/nonexistent/admin.sock', environment: 'production' } as const;
  await handlers['devices.add']({ spec }, context);
  await handlers['devices.unlock']({ devices: ['lb'], reason: 'test', minutes: 5 }, context);
  const told: EventName[] = [];
  console_.onEvent('test', (name) => told.push(name));
  await console_.sleep();
  const [asleep] = await handlers['devices.list']({}, context);
  expect(asleep?.lock.isLocked).toBe(true);
  expect(asleep?.nextPollAt).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 1100)); // one tick would have come
  expect(told).not.toContain('tick');
  await console_.sleep(); // a second one is no other sleep
  await console_.wake();
  await console_.wake();
  expect(told.filter((name) => name === 'slept')).toHaveLength(1);
  const [slept] = await handlers['history.sleeps']({}, context);
  expect((slept?.toMs ?? 0) - (slept?.fromMs ?? 0)).toBeGreaterThanOrEqual(1000);
  await expect.poll(() => told.includes('tick'), { timeout: 20_000 }).toBe(true);
});
