import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labApplianceKinds, type LabState } from '../../src-main/contract/api.ts';
import type { Sample } from '../../src-main/contract/metrics.ts';
import { type CalledConsole, openCalledConsole } from '../rigs/console-calls.ts';
import { descendants, isAlive } from '../rigs/processes.ts';

const soon = { timeout: 60_000, interval: 100 };

describe('the lab with simulated appliances', () => {
  let folder = '';
  let called: CalledConsole;
  let call: CalledConsole['call'];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'steelyard-lab-appliances-'));
    called = await openCalledConsole(folder);
    call = called.call;
  });
  afterAll(async () => {
    await called.console.close();
    await rm(folder, { recursive: true });
  });
  function phases({ appliances }: LabState): Readonly<Record<string, string>> {
    return Object.fromEntries((appliances ?? []).map(({ kind, phase }) => [kind, phase]));
  }

  test('nothing is switched on while the lab is stopped', async () => {
    await expect(call('lab.appliance', { kind: 'f5', isOn: true })).rejects.toThrow('The lab is not running');
    expect(phases(await call('lab.get', {}))).toEqual({ f5: 'off', netscaler: 'off', a10: 'off' });
  });

  test('each is read over SSH and polled by SNMP, and serves the back ends by their weights', async () => {
    await call('lab.start', {});
    const states = await Promise.all(labApplianceKinds.map((kind) => call('lab.appliance', { kind, isOn: true })));
    expect(states.map((state) => state.isRunning)).toEqual([true, true, true]);
    const { appliances = [], backends } = await call('lab.get', {});
    expect(appliances.map(({ device, phase, faults }) => [device, phase, faults])).toEqual([
      ['lab-f5', 'on', []],
      ['lab-netscaler', 'on', []],
      ['lab-a10', 'on', []],
    ]);
    const ports = backends.map(({ address }) => Number(address.split(':')[1]));
    for (const { device = '', listen = '' } of appliances) {
      const { model } = await call('devices.read', { device });
      const pool = model.pools.find(({ members }) => members.length === 4);
      expect(pool?.members.map(({ port }) => port).toSorted()).toEqual(ports.toSorted());
      const byPort = new Map(pool?.members.map(({ port, weight }) => [port, weight]));
      expect(ports.map((port) => byPort.get(port))).toEqual([4, 3, 2, 1]);
      expect(model.virtualServers.flatMap((server) => server.listen ?? [])).toContain(listen);
      await expect.poll(async () => counted(await call('devices.poll', { device })), soon).toBeGreaterThan(0);
    }
  });

  test('one whose process dies is told as failed, leaves nothing behind, and comes back by its switch', async () => {
    const own = descendants(process.pid).filter(({ command }) => command.includes('appliance.entry'));
    const [first] = own.toSorted((a, b) => a.pid - b.pid);
    const below = descendants(first?.pid ?? 0).map(({ pid }) => pid);
    expect(below).not.toEqual([]);
    process.kill(first?.pid ?? 0, 'SIGKILL');
    await expect.poll(async () => Object.values(phases(await call('lab.get', {}))), soon).toContain('failed');
    const { appliances = [] } = await call('lab.get', {});
    const lost = appliances.find(({ phase }) => phase === 'failed');
    expect(lost?.problem?.detail).toContain('ended by SIGKILL');
    expect((await call('devices.list', {})).map(({ spec }) => spec.name)).not.toContain(`lab-${lost?.kind ?? ''}`);
    await expect.poll(() => below.filter(isAlive), soon).toEqual([]);
    const again = await call('lab.appliance', { kind: lost?.kind ?? 'f5', isOn: true });
    expect(phases(again)).toEqual({ f5: 'on', netscaler: 'on', a10: 'on' });
  });

  test('one that is switched off leaves the estate, and all go with the lab', async () => {
    const off = await call('lab.appliance', { kind: 'a10', isOn: false });
    expect(phases(off)).toEqual({ f5: 'on', netscaler: 'on', a10: 'off' });
    const names = (await call('devices.list', {})).map(({ spec }) => spec.name);
    expect(names.toSorted()).toEqual(['lab', 'lab-f5', 'lab-netscaler']);
    const stopped = await call('lab.stop', {});
    expect([stopped.isRunning, phases(stopped)]).toEqual([false, { f5: 'off', netscaler: 'off', a10: 'off' }]);
    expect(await call('devices.list', {})).toEqual([]);
    const left = descendants(process.pid).filter(({ command }) => /appliance\.entry|engine/.test(command));
    expect(left).toEqual([]);
  });
});

/** Requests, or connections where the agent tells no requests. */
function counted({ pools }: Sample): number {
  const members = pools.flatMap((pool) => pool.members);
  return members.reduce((sum, { requests, totalConnections }) => sum + Number(requests ?? totalConnections ?? 0), 0);
}
