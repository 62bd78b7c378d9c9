import { afterEach, expect, test } from 'vitest';
import { type Backends, sendRequests, startBackends } from '../../rigs/backends.ts';

let backends: Backends | undefined;
afterEach(() => backends?.close());

test('a back end answers with its name, pads on request, and counts what it saw', async () => {
  backends = await startBackends(['alpha', 'beta']);
  const [alpha = 0, beta = 0] = backends.ports;
  const got = await sendRequests(alpha, 20, {
    path: '/file?bytes=1000',
    method: 'POST',
    body: 'hello',
    concurrency: 4,
  });
  await sendRequests(beta, 3, { keepAlive: false });
  await sendRequests(beta, 2, { path: '/health' });
  expect(got).toMatchObject({ byBackend: { alpha: 20 }, statuses: { 200: 20 }, bodyBytes: 20_000, failures: [] });
  const counts = backends.counts();
  expect(counts['alpha']).toMatchObject({
    requests: 20,
    checks: 0,
    connections: 4,
    responses: { '2xx': 20 },
    bodyBytesIn: 100,
    bodyBytesOut: 20_000,
  });
  expect(counts['alpha']?.wireBytesOut).toBeGreaterThan(20_000);
  expect(counts['beta']).toMatchObject({ requests: 3, checks: 2, connections: 3 });
});

test('each fault is what its name says, and leaves when it is lifted', async () => {
  backends = await startBackends(1);
  const [port = 0] = backends.ports;
  function send(path = '/'): ReturnType<typeof sendRequests> {
    return sendRequests(port, 1, { path, timeoutMs: 100 });
  }
  await backends.setFault('b1', '5xx');
  expect(await send()).toMatchObject({ statuses: { 500: 1 } });
  expect(await send('/health')).toMatchObject({ statuses: { 200: 1 } });
  await backends.setFault('b1', 'no-monitor');
  expect(await send()).toMatchObject({ statuses: { 200: 1 } });
  expect(await send('/health')).toMatchObject({ statuses: { 500: 1 } });
  await backends.setFault('b1', 'refuse');
  expect((await send()).failures[0]).toContain('ECONNREFUSED');
  await backends.setFault('b1', 'cut');
  expect((await send()).failures).toHaveLength(1);
  await backends.setFault('b1', 'hang');
  expect((await send()).failures[0]).toContain('no whole answer');
  await backends.setFault('b1', 'none');
  expect(await send()).toMatchObject({ byBackend: { b1: 1 }, failures: [] });
});
