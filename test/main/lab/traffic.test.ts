import { afterEach, expect, test } from 'vitest';
import { seededChance } from '../../../src-main/engine/runtime/chance.ts';
import { startTraffic } from '../../../src-main/lab/traffic.ts';
import { type Backends, startBackends } from '../../rigs/backends.ts';

let backends: Backends | undefined;
afterEach(() => backends?.close());

test('once drained, the clients and the back end have counted the same requests and bytes', async () => {
  backends = await startBackends(1);
  const [port = 0] = backends.ports;
  const chance = seededChance(1, 0);
  const traffic = startTraffic({ host: '127.0.0.1', port, chance, lowestPerSecond: 2000, highestPerSecond: 2000 });
  await expect.poll(() => traffic.counts().sent).toBeGreaterThan(100);
  await traffic.drain();
  const seen = traffic.counts();
  const truth = backends.counts()['b1'];
  expect(seen).toMatchObject({ inFlight: 0, failures: {}, statuses: { 200: truth?.requests } });
  expect(seen.bodyBytes).toBe(truth?.bodyBytesOut);
  traffic.stop();
});

test('a back end that refuses is counted as failures by cause, and the clients go on when it is back', async () => {
  backends = await startBackends(1);
  const [port = 0] = backends.ports;
  await backends.setFault('b1', 'refuse');
  const chance = seededChance(1, 0);
  const traffic = startTraffic({ host: '127.0.0.1', port, chance, lowestPerSecond: 500, highestPerSecond: 500 });
  await expect.poll(() => traffic.counts().failures['ECONNREFUSED'] ?? 0).toBeGreaterThan(0);
  await backends.setFault('b1', 'none');
  await expect.poll(() => traffic.counts().byBackend['b1'] ?? 0).toBeGreaterThan(0);
  await traffic.drain();
  const { sent, statuses, failures } = traffic.counts();
  expect(sent).toBe((statuses['200'] ?? 0) + (failures['ECONNREFUSED'] ?? 0));
  traffic.stop();
});
