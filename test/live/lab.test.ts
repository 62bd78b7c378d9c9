import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Lab } from '../../src-main/lab/lab.ts';
import { openHttp } from '../../src-main/transports/http.ts';
import { readSample } from '../../src-main/vendors/engine/sample.ts';
import { descendants, isAlive } from '../rigs/processes.ts';

let folder = '';
let lab: Lab;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steelyard-lab-test-'));
  lab = new Lab({ folder: join(folder, 'lab'), seed: 1, version: '0.0.0-test' });
});
afterEach(async () => {
  await lab.stop();
  await rm(folder, { recursive: true });
});

async function readStats() {
  const socketPath = lab.address?.replace('engine+unix:', '') ?? '';
  const { body } = await openHttp({ socketPath }).fetch('GET', '/v1/stats');
  return readSample(JSON.parse(body.toString()), new Date());
}

async function requests(): Promise<number> {
  return (await lab.report()).backends.reduce((sum, backend) => sum + backend.counts.requests, 0);
}

test("what the engine says of each member is what the member's back end and the clients counted", async () => {
  await lab.start();
  await expect.poll(requests, { timeout: 30_000 }).toBeGreaterThan(150);
  const truth = await lab.drainTraffic();
  const sample = await readStats();
  const told = (sample.pools[0]?.members ?? []).map((member) => ({
    name: member.name,
    requests: member.requests,
    answered: member.responses?.['2xx'],
    bytesIn: member.bytesIn,
  }));
  expect(told).toEqual(
    truth.backends.map(({ name, counts }) => ({
      name,
      requests: String(counts.requests),
      answered: String(counts.responses['2xx']),
      bytesIn: String(counts.wireBytesIn),
    })),
  );
  const byBackend = truth.traffic?.byBackend ?? {};
  expect(byBackend).toEqual(Object.fromEntries(truth.backends.map(({ name, counts }) => [name, counts.requests])));
  expect(sample.virtualServers[0]?.requests).toBe(String(truth.traffic?.sent));
  expect(truth.traffic?.failures).toEqual({});
});

test('the folder is for its owner alone, and stopping leaves no process', async () => {
  const before = descendants(process.pid).map((one) => one.pid);
  const state = await lab.start();
  expect(state).toMatchObject({ isRunning: true, device: 'lab' });
  expect(state.backends.map((backend) => backend.name)).toEqual(['fast', 'steady', 'slow', 'tired']);
  expect((await stat(join(folder, 'lab'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, 'lab', 'engine.yaml'))).mode & 0o777).toBe(0o600);
  const started = descendants(process.pid).filter((one) => !before.includes(one.pid));
  expect(started.length).toBeGreaterThanOrEqual(2);
  await lab.stop();
  await expect.poll(() => started.filter((one) => isAlive(one.pid))).toEqual([]);
  expect(lab.state()).toEqual({ isRunning: false, backends: [] });
});

test('a killed engine and killed back ends come back by themselves, and so does the traffic', async () => {
  await lab.start();
  for (const part of ['engine/engine.entry', 'lab/fleet.entry']) {
    const [victim] = descendants(process.pid).filter((one) => one.command.includes(part));
    if (!victim) throw new Error(`no process of ${part}`);
    process.kill(victim.pid, 'SIGKILL');
    await expect.poll(() => lab.state().problem?.detail ?? '', { timeout: 10_000 }).toContain('started again');
    await expect.poll(() => lab.state().problem, { timeout: 20_000 }).toBeUndefined();
    const then = await requests();
    await expect.poll(requests, { timeout: 20_000 }).toBeGreaterThan(then + 20);
  }
});

test('a fault shows in the health that the engine tells, and leaves it again', async () => {
  await lab.start();
  async function health(): Promise<string | undefined> {
    return (await readStats()).pools[0]?.members.find((member) => member.name === 'tired')?.health;
  }
  await expect.poll(health, { timeout: 10_000 }).toBe('up');
  await lab.setFault('tired', 'no-monitor');
  await expect.poll(health, { timeout: 20_000 }).toBe('down');
  await lab.setFault('tired', 'none');
  await expect.poll(health, { timeout: 20_000 }).toBe('up');
});

test('a port that is taken is a clear error, and nothing is left running', async () => {
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
  const address = taken.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const before = descendants(process.pid).map((one) => one.pid);
  lab = new Lab({ folder: join(folder, 'lab'), seed: 1, version: '0.0.0-test', listen: `127.0.0.1:${address.port}` });
  await expect(lab.start()).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
  expect(lab.state()).toMatchObject({ isRunning: false, problem: { code: 'ADDRESS_IN_USE' } });
  await expect.poll(() => descendants(process.pid).filter((one) => !before.includes(one.pid))).toEqual([]);
  taken.close();
});

test('when the process that runs the lab is killed, nothing of it stays', async () => {
  const script = fileURLToPath(new URL('../rigs/lab-script.ts', import.meta.url));
  const parent = fork(script, [join(folder, 'lab')], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(parent, 'message');
  const started = parent.pid === undefined ? [] : descendants(parent.pid);
  expect(started.length).toBeGreaterThanOrEqual(2);
  parent.kill('SIGKILL');
  await expect.poll(() => started.filter((one) => isAlive(one.pid)), { timeout: 20_000 }).toEqual([]);
});
