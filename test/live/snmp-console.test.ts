import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Tick } from '../../src-main/contract/api.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { startSite } from '../rigs/haproxy-site.ts';
import { integer } from '../rigs/ber.ts';
import { isMissing } from '../rigs/need.ts';
import { startSnmpAgent } from '../rigs/snmp-agent.ts';
import { agentRows } from '../rigs/snmp-recording.ts';
import { snmpPasswords, startSnmpd } from '../rigs/snmpd.ts';

describe.skipIf(isMissing('snmpd', 'haproxy', 'sshd'))(
  'the console on a HAProxy with its machine’s agent beside it',
  () => {
    test('draws the machine’s figures with the pools, and the community leaves it nowhere', async () => {
      const site = await startSite();
      const agent = await startSnmpd();
      const { console, call } = await openCalledConsole(site.dataDir);
      const ticks: Tick[] = [];
      const drawn = new Promise<void>((resolve) => {
        console.onEvent('test', (name, data) => {
          if (name !== 'tick') return;
          const tick = data as Tick; // the name says so
          ticks.push(tick);
          const [device] = tick.devices;
          if (device?.machine?.bytesInPerSecond !== undefined && device.machine.cpuPercent !== undefined) resolve();
        });
      });
      try {
        const poll = `host+snmp://orchard@127.0.0.1:${agent.port}`;
        const added = await call('devices.add', {
          spec: { name: 'lb', address: site.address, environment: 'staging', poll },
        });
        expect(added.spec.poll).toBe(`host+snmp://***@127.0.0.1:${agent.port}`);
        await drawn;
        const device = ticks.at(-1)?.devices[0];
        expect(device?.members.total).toBeGreaterThan(0);
        expect(device?.machine).toMatchObject({ memoryPercent: expect.any(Number) as number });
        expect(JSON.stringify([ticks, await call('devices.list', {})])).not.toContain('orchard@');
        await agent.stop();
        const sample = await call('devices.poll', { device: 'lb' });
        expect(sample.pools.length).toBeGreaterThan(0);
        expect(sample.errors.map((problem) => problem.code)).toEqual(['UNREACHABLE']);
      } finally {
        await console.close();
        await agent.stop();
        await site.close();
      }
    }, 120_000);
  },
);

describe.skipIf(isMissing('snmpd'))('a device of the inventory by SNMPv3', () => {
  test('is tested with its sealed passwords, and says which one is wrong', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'steelyard-snmp-'));
    const agent = await startSnmpd([{ name: 'ops', auth: 'SHA-256', priv: 'AES' }]);
    const { console, call } = await openCalledConsole(dataDir);
    const address = `host+snmpv3://ops@127.0.0.1:${agent.port}?auth=SHA-256&priv=AES`;
    const credentials = { password: snmpPasswords.auth, privacyPassword: snmpPasswords.priv };
    try {
      await call('devices.add', { spec: { name: 'machine', address, environment: 'lab' }, credentials });
      const well = await call('devices.test', { testId: 'a', address });
      expect(well.steps.map(({ id, state }) => [id, state])).toEqual([
        ['name', 'done'],
        ['authentication', 'done'],
        ['privilege', 'done'],
        ['version', 'done'],
        ['read', 'done'],
      ]);
      const wrong = { ...credentials, password: 'not-this-one' };
      const ill = await call('devices.test', { testId: 'b', address, credentials: wrong });
      expect(ill.steps[1]).toMatchObject({ state: 'failed', problem: { code: 'AUTH_FAILED' } });
      expect(JSON.stringify(ill)).not.toContain('not-this-one');
    } finally {
      await console.close();
      await agent.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  }, 60_000);
});

describe('an appliance whose management CPU is busy', () => {
  test('is asked less often, the list says why, and as often as before when it is calm again', async () => {
    const rows = agentRows(readFileSync(join(import.meta.dirname, '../fixtures/f5/snmp/orchard.snmprec'), 'latin1'));
    function withCpu(percent: number) {
      return rows.map((row) =>
        row.oid === '1.3.6.1.4.1.3375.2.1.1.2.20.29.0' ? { ...row, value: integer(percent, 66) } : row,
      );
    }
    const dataDir = await mkdtemp(join(tmpdir(), 'steelyard-snmp-'));
    const agent = await startSnmpAgent({ rows: withCpu(93) });
    const { console, call } = await openCalledConsole(dataDir);
    async function until(isMeant: (pace: string | undefined) => boolean): Promise<void> {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const [device] = await call('devices.list', {});
        if (isMeant(device?.pace)) return;
        if (Date.now() > deadline) throw new Error(`The pace stayed "${device?.pace ?? ''}".`);
        await sleep(50);
      }
    }
    try {
      const address = `f5+snmp://orchard@127.0.0.1:${agent.port}`;
      await call('devices.add', { spec: { name: 'lb', address, environment: 'lab', pollIntervalMs: 200 } });
      await until((pace) => pace?.includes('instead of 0.2 s: its management CPU is at 93 %') === true);
      agent.load(withCpu(10));
      await until((pace) => pace === undefined);
    } finally {
      await console.close();
      await agent.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 90_000);
});
