import { expect, test } from 'vitest';
import { Device } from '../../../src-main/console/device.ts';
import { DeviceLink } from '../../../src-main/console/device-link.ts';
import { parseAddress } from '../../../src-main/contract/address.ts';
import { AppError } from '../../../src-main/contract/errors.ts';
import { drivers } from '../../../src-main/vendors/registry.ts';
import type { DeviceReading, VendorDriver } from '../../../src-main/vendors/vendor.ts';

/** A device each of whose readings ends when the test says so. */
function heldDevice() {
  const reads: PromiseWithResolvers<DeviceReading>[] = [];
  const found = drivers.find(({ id }) => id === 'engine');
  if (!found) throw new Error('the driver is not registered');
  function isNotAsked(): never {
    throw new Error('nothing but reading is asked for');
  }
  const driver: VendorDriver = {
    ...found,
    open: () => ({
      test: isNotAsked,
      read: () => {
        const held = Promise.withResolvers<DeviceReading>();
        reads.push(held);
        return held.promise;
      },
      poll: isNotAsked,
      plan: isNotAsked,
      planFiles: isNotAsked,
      standing: isNotAsked,
    }),
  };
  const address = parseAddress('engine+unix:/nowhere.sock');
  const http = { fetch: isNotAsked, close: (): void => undefined };
  function now(): Date {
    return new Date(0);
  }
  const tools = { now, sleep: isNotAsked, sha256: isNotAsked, certificate: isNotAsked };
  const link = new DeviceLink(driver, address, { kind: 'http', http }, tools);
  const device = new Device({ name: 'edge', address: 'engine+unix:/nowhere.sock', environment: 'lab' }, link, now);
  return { device, reads };
}

function readingOf(fingerprint: string): DeviceReading {
  const model = { virtualServers: [], pools: [], monitors: [], profiles: [], certificates: [], unmodelled: [] };
  const facts = {
    vendor: 'engine' as const,
    label: 'engine',
    capabilities: [],
    weightRange: { lowest: 0, highest: 256 },
    algorithms: [],
  };
  return { files: [], fingerprint, facts, model };
}

const signal = AbortSignal.timeout(60_000);

test('of two readings under way at once the one that began later counts, whichever ends last', async () => {
  const { device, reads } = heldDevice();
  const [first, second] = [device.read(signal), device.read(signal)];
  reads[1]?.resolve(readingOf('new'));
  expect(await second).toMatchObject({ isNewest: true });
  reads[0]?.resolve(readingOf('half way'));
  expect(await first).toMatchObject({ isNewest: false, reading: { fingerprint: 'half way' } });
  expect(device.reading?.fingerprint).toBe('new');
});

test('a reading that fails after a later one came does not make the device look unread', async () => {
  const { device, reads } = heldDevice();
  const [first, second] = [device.read(signal), device.read(signal)];
  reads[1]?.resolve(readingOf('new'));
  await second;
  reads[0]?.reject(new AppError('TIMED_OUT', 'late'));
  await expect(first).rejects.toThrow('late');
  expect(device.state({ isLocked: true }, undefined).readProblem).toBeUndefined();
});
