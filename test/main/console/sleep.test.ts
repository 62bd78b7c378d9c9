import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EventName } from '../../../src-main/contract/api.ts';
import type { Console } from '../../../src-main/contract/console.ts';
import { openConsole } from '../../../src-main/console.ts';

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
