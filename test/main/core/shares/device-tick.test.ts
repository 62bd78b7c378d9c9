import { expect, test } from 'vitest';
import { deviceRow, deviceTick } from '../../../../src-main/core/shares/device-tick.ts';
import { metricRows } from '../../../../src-main/core/shares/metric-rows.ts';
import { RollingMinute } from '../../../../src-main/core/shares/rolling-minute.ts';
import { member, run } from './estate.ts';

test('a device has the sums of its pools and the worst of their health', () => {
  const minute = run({
    members: [
      [member('a', { currentConnections: 4, responseTimeMs: { p95: 20 } }), 30],
      [member('b', { currentConnections: 5, responseTimeMs: { p95: 80 } }), 10],
      [member('c', { health: 'down' }), 0],
      [member('d', { adminState: 'draining' }), 0],
      [member('e', { adminState: 'disabled', health: 'down' }), 0],
    ],
    seconds: 10,
  });
  expect(deviceTick('edge', 'fresh', minute)).toEqual({
    device: 'edge',
    freshness: 'fresh',
    at: '2026-11-22T10:00:10.000Z',
    health: 'degraded',
    members: { up: 2, down: 1, draining: 1, disabled: 1, total: 5 },
    requestsPerSecond: 40,
    currentConnections: 9,
    highestP95Ms: 80,
    pools: [{ name: 'app', health: 'degraded', up: 2, total: 5, offBalance: 0.25, requestsPerSecond: 40 }],
  });
});

test('the history has a row of the device as a whole, with what a tick tells of it', () => {
  const minute = run({
    members: [
      [member('a', { currentConnections: 4, responseTimeMs: { p95: 20 } }), 30],
      [member('b', { currentConnections: 5, responseTimeMs: { p95: 80 } }), 10],
    ],
    seconds: 10,
  });
  expect(deviceRow(minute)).toEqual({
    pool: '',
    member: '',
    values: { requestsPerSecond: 40, currentConnections: 9, responseTimeP95Ms: 80 },
  });
});

test('a machine has its own figures, its network without loopback', () => {
  const minute = new RollingMinute();
  const sample = {
    at: '2026-11-22T10:00:00.000Z',
    device: { vendor: 'haproxy' },
    system: { cpuPercent: 3, hostCpuPercent: 40, memoryPercent: 50, diskPercent: 60 },
    interfaces: [
      { name: 'lo', isLoopback: true, bytesIn: '0', bytesOut: '0' },
      { name: 'eth0', bytesIn: '0', bytesOut: '0' },
      { name: 'eth1', bytesIn: '0', bytesOut: '0' },
    ],
    virtualServers: [],
    pools: [],
    errors: [],
  };
  const rates = [
    { name: 'lo', bytesInPerSecond: 999, bytesOutPerSecond: 999 },
    { name: 'eth0', bytesInPerSecond: 1, bytesOutPerSecond: 10 },
    { name: 'eth1', bytesInPerSecond: 2, bytesOutPerSecond: 20 },
  ];
  minute.add(sample, { intervalMs: 1000, isReset: false, virtualServers: [], pools: [], interfaces: rates }, undefined);
  expect(deviceTick('edge', 'fresh', minute).machine).toEqual({
    cpuPercent: 40,
    memoryPercent: 50,
    diskPercent: 60,
    bytesInPerSecond: 3,
    bytesOutPerSecond: 30,
  });
});

test('a device that has not answered yet has no numbers', () => {
  expect(deviceTick('edge', 'waiting', new RollingMinute())).toEqual({
    device: 'edge',
    freshness: 'waiting',
    health: 'unknown',
    members: { up: 0, down: 0, draining: 0, disabled: 0, total: 0 },
    pools: [],
  });
});

test('rows for charts hold what the device tells and nothing else', () => {
  const minute = run({
    members: [
      [member('a', { currentConnections: 4, responseTimeMs: { average: 7, p95: 20 } }), 30],
      [{ name: 'b', adminState: 'disabled', health: 'unknown' }, 0],
    ],
    seconds: 1,
  });
  expect(minute.pools().flatMap(metricRows)).toEqual([
    {
      pool: 'app',
      member: 'a',
      values: {
        requestsPerSecond: 30,
        currentConnections: 4,
        responseTimeAverageMs: 7,
        responseTimeP95Ms: 20,
        weight: 1,
        healthUp: 1,
        inRotation: 1,
      },
    },
    { pool: 'app', member: 'b', values: { requestsPerSecond: 0, inRotation: 0 } },
  ]);
});
