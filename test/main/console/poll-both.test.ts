import { describe, expect, test } from 'vitest';
import { TwoWayPoll } from '../../../src-main/console/poll-both.ts';
import { AppError } from '../../../src-main/contract/errors.ts';
import type { Sample } from '../../../src-main/contract/metrics.ts';
import type { OpenDevice, VendorDriver } from '../../../src-main/vendors/vendor.ts';
import { drivers } from '../../../src-main/vendors/registry.ts';

const sample: Sample = {
  at: '2026-01-01T00:00:00.000Z',
  epoch: 'one',
  device: { vendor: 'haproxy' },
  system: { cpuPercent: 3 },
  virtualServers: [],
  pools: [],
  errors: [],
};
const signal = AbortSignal.timeout(60_000);

function way(id: string, poll: OpenDevice['poll']): { driver: VendorDriver; device: OpenDevice } {
  const driver = drivers.find((one) => one.id === id);
  if (driver === undefined) throw new Error(`there is no driver ${id}`);
  function never(): never {
    throw new Error('nothing but polling is asked for');
  }
  return { driver, device: { test: never, read: never, poll, plan: never, planFiles: never, standing: never } };
}

describe('a balancer polled with its machine’s agent', () => {
  test('the machine’s figures join the balancer’s, whose own words stay', async () => {
    const both = new TwoWayPoll(
      way('haproxy', () => Promise.resolve(sample)),
      way('host', () => Promise.resolve({ ...sample, system: { cpuPercent: 40, memoryPercent: 50 } })),
      () => new Date(0),
    );
    expect((await both.poll(signal)).system).toEqual({ cpuPercent: 3, hostCpuPercent: 40, memoryPercent: 50 });
  });

  test('an agent that fails is asked again after 5 s, 10 s, 20 s; the balancer’s figures come each time', async () => {
    let nowMs = 0;
    const askedAt: number[] = [];
    const both = new TwoWayPoll(
      way('haproxy', () => Promise.resolve(sample)),
      way('host', () => {
        askedAt.push(nowMs / 1000);
        return Promise.reject(new AppError('UNREACHABLE', 'nobody there'));
      }),
      () => new Date(nowMs),
    );
    for (; nowMs <= 40_000; nowMs += 1000) {
      const { errors, system } = await both.poll(signal);
      expect([errors.map(({ code }) => code), system]).toEqual([['UNREACHABLE'], { cpuPercent: 3 }]);
    }
    expect(askedAt).toEqual([0, 5, 15, 35]);
  });

  test('an agent that is silent is given up, and says so', async () => {
    const both = new TwoWayPoll(
      way('haproxy', () => Promise.resolve(sample)),
      way(
        'host',
        (given) =>
          new Promise((_, reject) => {
            given.addEventListener('abort', () => {
              reject(new AppError('CANCELLED', 'given up'));
            });
          }),
      ),
      () => new Date(0),
      5,
    );
    expect((await both.poll(signal)).errors).toMatchObject([{ code: 'TIMED_OUT' }]);
  });
});
