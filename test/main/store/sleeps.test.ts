import { expect, test } from 'vitest';
import { openTestStore, tempDirectory } from './temp-directory.ts';

const startMs = Date.UTC(2026, 10, 22, 10);
const minute = 60_000;

test('a sleep is kept from its beginning, and one that nobody woke from ends at the next start', async () => {
  const directory = await tempDirectory();
  const first = await openTestStore(directory);
  await first.sleeps.end(startMs); // none is open: nothing happens
  await first.sleeps.begin(startMs);
  await first.sleeps.end(startMs + minute);
  await first.sleeps.begin(startMs + 5 * minute);
  await first.close(); // switched off asleep
  const second = await openTestStore(directory);
  expect(await second.sleeps.list()).toEqual([{ fromMs: startMs, toMs: startMs + minute }]);
  await second.sleeps.end(startMs + 9 * minute);
  expect(await second.sleeps.list()).toEqual([
    { fromMs: startMs + 5 * minute, toMs: startMs + 9 * minute },
    { fromMs: startMs, toMs: startMs + minute },
  ]);
});

test('the hole in a chart tells that the computer slept; another hole tells nothing', async () => {
  const store = await openTestStore(await tempDirectory());
  const base = Math.floor(Date.now() / minute) * minute - 20 * minute;
  async function poll(fromMs: number, count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      const rows = [{ pool: 'p', member: 'm', values: { requestsPerSecond: 1 } }];
      await store.samples.write({ device: 'd', atMs: fromMs + at * 1000, intervalMs: 1000, everyMs: 1000, rows });
    }
  }
  await poll(base, 10);
  await poll(base + 2 * minute, 10); // an unexplained hole before it
  await store.sleeps.begin(base + 2 * minute + 11_000);
  await store.sleeps.end(base + 9 * minute);
  await poll(base + 9 * minute + 2000, 10);
  const query = { device: 'd', pool: 'p', metric: 'requestsPerSecond', maxPixels: 1000 } as const;
  const { gaps } = await store.samples.series({ ...query, fromMs: base, toMs: base + 9 * minute + 11_000 });
  expect(gaps).toEqual([
    { fromMs: base + 9000, toMs: base + 2 * minute },
    {
      fromMs: base + 2 * minute + 9000,
      toMs: base + 9 * minute + 2000,
      sleep: { fromMs: base + 2 * minute + 11_000, toMs: base + 9 * minute },
    },
  ]);
});
