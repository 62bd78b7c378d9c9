import { expect, test } from 'vitest';
import { Device } from '../../../src-main/console/device.ts';
import { DeviceLink } from '../../../src-main/console/device-link.ts';
import { parseAddress } from '../../../src-main/contract/address.ts';
import type { Sample } from '../../../src-main/contract/metrics.ts';
import { SteadyClock } from '../../../src-main/core/steady-clock.ts';
import { openDatabase } from '../../../src-main/store/database.ts';
import { openSamples } from '../../../src-main/store/samples.ts';
import { sampleMigrations } from '../../../src-main/store/schema.ts';
import type { HttpSession } from '../../../src-main/transports/transport.ts';
import { drivers } from '../../../src-main/vendors/registry.ts';
import type { VendorDriver } from '../../../src-main/vendors/vendor.ts';

const start = Date.UTC(2026, 10, 27, 10);
const perSecond = 50;
const never = new AbortController().signal;

/** A device that counts 50 requests each second of true time, polled each second by a machine whose wall clock is set about. */
function polledDevice() {
  const at = { trueMs: 0, setMs: 0, asleepMs: 0 };
  const clock = new SteadyClock({
    wall: () => start + at.trueMs + at.setMs,
    monotonic: () => at.trueMs - at.asleepMs,
  });
  const found = drivers.find(({ id }) => id === 'engine');
  if (!found) throw new Error('the driver is not registered');
  function poll(): Promise<Sample> {
    const requests = String((at.trueMs / 1000) * perSecond);
    return Promise.resolve({
      at: new Date(clock.now()).toISOString(),
      epoch: 'one',
      device: { vendor: 'engine' },
      virtualServers: [],
      pools: [{ name: 'app', members: [{ name: 'a', requests }] }],
      errors: [],
    });
  }
  function isNotAsked(): never {
    throw new Error('nothing but polling is asked for');
  }
  const driver: VendorDriver = {
    ...found,
    open: () => ({
      test: isNotAsked,
      read: isNotAsked,
      poll,
      plan: isNotAsked,
      planFiles: isNotAsked,
      standing: isNotAsked,
    }),
  };
  const http: HttpSession = { fetch: isNotAsked, close: () => undefined };
  const address = parseAddress('engine+unix:/nowhere.sock');
  function now(): Date {
    return new Date(clock.now());
  }
  const link = new DeviceLink(
    driver,
    address,
    { kind: 'http', http },
    { now, sleep: isNotAsked, sha256: () => '', certificate: isNotAsked },
  );
  const spec = { name: 'edge', address: 'engine+unix:/nowhere.sock', environment: 'lab' } as const;
  const device = new Device(spec, link, now, () => clock.jumps);
  const database = openDatabase(':memory:', { migrations: sampleMigrations, synchronous: 'NORMAL', isChecked: false });
  const samples = openSamples(database);
  return {
    at,
    pollFor: async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        at.trueMs += 1000;
        samples.write(device.chartRows(await device.poll(never), 1000));
      }
    },
    line: () => {
      const span = { fromMs: start - 7_200_000, toMs: start + 7_200_000, maxPixels: 8000 };
      const query = { device: 'edge', pool: 'app', metric: 'requestsPerSecond' as const, ...span };
      return samples.series(query, span.fromMs).lines[0] ?? { times: [], values: [] };
    },
  };
}

/** Every charted rate is the true one within a hundredth, and every point is later than the one before. */
function expectTrue({
  times,
  values,
}: {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}) {
  for (const value of values) if (value !== null) expect(Math.abs(value / perSecond - 1)).toBeLessThanOrEqual(0.0111);
  expect(times).toEqual([...new Set(times)].toSorted((one, other) => one - other));
}

test.each([-1500, -4000, 700, -90_300, -1_200_000, 90_000, 1_200_000])(
  'a wall clock that is set by %d ms leaves every rate true and every sample in its order',
  async (setMs) => {
    const { at, pollFor, line } = polledDevice();
    await pollFor(150);
    at.setMs += setMs;
    await pollFor(150);
    const { times, values } = line();
    expectTrue({ times, values });
    // The first poll has no rate, nor has the first after a jump that had to be followed.
    const isFollowed = setMs > 1000 || setMs < -5000;
    expect(values.filter((value) => value !== null).length).toBeGreaterThanOrEqual(299 - (isFollowed ? 1 : 0) - 5);
    const lastMs = start + at.trueMs + at.setMs;
    if (isFollowed) expect(times).toContain(lastMs);
  },
);

test('a sleep is a gap, not a peak: what the device counted meanwhile is put on no second', async () => {
  const { at, pollFor, line } = polledDevice();
  await pollFor(60);
  at.trueMs += 3_600_000;
  at.asleepMs += 3_600_000;
  await pollFor(60);
  const { times, values } = line();
  expectTrue({ times, values });
  expect(values.filter((value) => value === null)).toHaveLength(1);
});
