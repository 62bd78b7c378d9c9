import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { EnginePool } from '../../../src-main/contract/engine-config.ts';
import { sendRequests } from '../../rigs/backends.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** Answers everything with this status, under this name. */
async function member(name: string, status: number): Promise<{ readonly port: number; readonly count: () => number }> {
  let count = 0;
  const server: Server = createServer((_, response) => {
    count++;
    response.writeHead(status, { 'x-backend': name }).end(name);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  });
  const address = server.address();
  return { port: address !== null && typeof address === 'object' ? address.port : 0, count: () => count };
}

function configOf(ports: readonly number[], pool: Partial<EnginePool>) {
  const members = ports.map((port, at) => ({ name: `m${at}`, address: '127.0.0.1', port }));
  return {
    version: 1 as const,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
    pools: [{ name: 'app', members, ...pool }],
  };
}

async function engine(ports: readonly number[], pool: Partial<EnginePool>): Promise<TestEngine> {
  const started = await openEngine(configOf(ports, pool));
  open.push({ close: () => started.stop() });
  return started;
}

describe('retry.statuses', () => {
  it('asks another member where one answers so, and counts both', async () => {
    const [sick, good] = [await member('sick', 503), await member('good', 200)];
    const started = await engine([sick.port, good.port], { retry: { attempts: 1, statuses: [503] } });
    const { statuses, byBackend } = await sendRequests(started.port('web'), 6, { concurrency: 1 });
    expect(statuses).toEqual({ 200: 6 });
    expect(byBackend).toEqual({ good: 6 });
    expect(sick.count()).toBeGreaterThan(0);
    const stats = await started.stats();
    expect(stats.pools[0]?.retries).toBe(sick.count());
    expect(stats.pools[0]?.members[0]?.responses['5xx']).toBe(sick.count());
    expect(stats.virtualServers[0]?.responses).toMatchObject({ '2xx': 6, '5xx': 0 });
  });

  it('lets the answer through where no try is left, and never repeats what is not safe to repeat', async () => {
    const [sick, worse] = [await member('sick', 503), await member('worse', 503)];
    const started = await engine([sick.port, worse.port], { retry: { attempts: 1, statuses: [503] } });
    expect((await sendRequests(started.port('web'), 1)).statuses).toEqual({ 503: 1 });
    expect(sick.count() + worse.count()).toBe(2);
    expect((await sendRequests(started.port('web'), 2, { method: 'POST', body: 'x' })).statuses).toEqual({ 503: 2 });
    expect(sick.count() + worse.count()).toBe(4);
  });
});

describe('adminState of a pool', () => {
  it('disables or drains all its members, and the stricter of both words holds', async () => {
    const only = await member('only', 200);
    const started = await engine([only.port], { adminState: 'disabled' });
    expect((await sendRequests(started.port('web'), 1)).statuses).toEqual({ 503: 1 });
    const config = configOf([only.port], { adminState: 'draining', persistence: { method: 'cookie-insert' } });
    started.write(config);
    await started.reload();
    expect((await sendRequests(started.port('web'), 1)).statuses).toEqual({ 503: 1 });
    const headers = { cookie: 'SRV=m0' };
    expect((await sendRequests(started.port('web'), 1, { headers })).statuses).toEqual({ 200: 1 });
    expect((await started.stats()).pools[0]?.members[0]?.adminState).toBe('draining');
  });
});
