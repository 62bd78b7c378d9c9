import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sampleRates } from '../../../../src-main/core/rates.ts';
import { addressOfBytes } from '../../../../src-main/vendors/mib/cells.ts';
import { mibs } from '../../../../src-main/vendors/mib/data/index.ts';
import { UpTime } from '../../../../src-main/vendors/mib/up-time.ts';
import { integer } from '../../../rigs/ber.ts';
import { startMibDevice } from '../../../rigs/mib-device.ts';
import { agentRows } from '../../../rigs/snmp-recording.ts';

const orchard = agentRows(
  readFileSync(join(import.meta.dirname, '../../../fixtures/f5/snmp/orchard.snmprec'), 'latin1'),
);
const signal = AbortSignal.timeout(60_000);

describe('a BIG-IP by SNMP', () => {
  test('is a sample in our words: states by what happens, counters whole, orphans under the pool of their index', async () => {
    const { device, stop } = await startMibDevice('f5', orchard, () => new Date('2026-01-02T03:04:05Z'));
    const sample = await device.poll(signal).finally(stop);
    expect(sample).toEqual({
      at: '2026-01-02T03:04:05.000Z',
      epoch: '2026-01-02T02:04:05.000Z',
      device: { vendor: 'f5', product: 'BIG-IP', version: '17.1.0', failover: 'active' },
      system: { cpuPercent: 12, memoryPercent: 25 },
      virtualServers: [
        {
          name: 'web',
          address: '10.0.0.10%7',
          port: 443,
          protocol: 'tcp',
          health: 'up',
          adminState: 'enabled',
          bytesIn: '11',
          bytesOut: '22',
        },
      ],
      pools: [
        {
          name: 'pool',
          algorithm: 'least-connections',
          health: 'up',
          members: [
            {
              name: 'pear1:80',
              address: '10.0.0.1',
              port: 80,
              weight: 3,
              health: 'limited',
              adminState: 'draining',
              requests: '77',
              bytesIn: '18446744073709551000',
              bytesOut: '900',
            },
            {
              name: 'pear2:80',
              address: 'fd00::2%7',
              port: 80,
              weight: 1,
              health: 'down',
              adminState: 'disabled',
              lastCheck: { result: 'Forced down' },
            },
          ],
        },
        { name: 'orphan', members: [{ name: 'pear1:81', address: '10.0.0.1', port: 81, health: 'unmonitored' }] },
      ],
      errors: [],
    });
  });

  test('is read as a model with its nodes, and is not changed', async () => {
    const { device, stop } = await startMibDevice('f5', orchard);
    try {
      const reading = await device.read(signal);
      expect(reading.model.virtualServers).toEqual([
        { name: 'web', listen: ['10.0.0.10%7:443'], protocol: 'tcp', pool: 'pool', adminState: 'enabled' },
      ]);
      expect(reading.model.pools.map(({ name, algorithm }) => [name, algorithm])).toEqual([
        ['pool', { name: 'least-connections', native: '2' }],
        ['orphan', undefined],
      ]);
      expect(reading.model.nodes).toEqual([
        { name: 'pear1', address: '10.0.0.1' },
        { name: 'pear2', address: 'fd00::2%7' },
      ]);
      expect(reading.facts.capabilities).toEqual([expect.objectContaining({ id: 'write', isPresent: false })]);
      await expect(device.plan(reading, {} as never, 'p', signal)).rejects.toMatchObject({
        code: 'CAPABILITY_MISSING',
      });
    } finally {
      await stop();
    }
  });

  test('gives rates over a counter of 64 bits that wraps, and none over a start of the box', async () => {
    let seconds = 0;
    const { device, agent, stop } = await startMibDevice(
      'f5',
      orchard,
      () => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)),
    );
    function counting(bytes: bigint, hundredths: number) {
      return orchard.map((row) => {
        if (row.oid === '1.3.6.1.2.1.1.3.0') return { ...row, value: integer(hundredths, 67) };
        return row.oid.includes('.5.4.3.1.6.4.') ? { ...row, value: integer(bytes, 70) } : row;
      });
    }
    const first = await device.poll(signal);
    seconds = 10;
    agent.load(counting(384n, 361_000));
    const second = await device.poll(signal);
    seconds = 20;
    agent.load(counting(500n, 200));
    const third = await device.poll(signal).finally(stop);
    expect(sampleRates(first, second).pools[0]?.members[0]?.bytesInPerSecond).toBe((384 + 616) / 10);
    expect(sampleRates(second, third)).toMatchObject({ isReset: true });
  });
});

test('a poll of which every table fails is one failure, and nothing fails behind it', async () => {
  const { device, agent, stop } = await startMibDevice('f5', orchard);
  await agent.stop();
  await expect(device.poll(signal)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await expect(device.read(signal)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  // A rejection that nobody waits for ends the run here, as it would end the program.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await stop().catch(() => undefined);
});

test('the epoch outlives a wrap of sysUpTime after 497 days', () => {
  const upTime = new UpTime();
  const first = upTime.epochAt(new Date(0), 2 ** 32 - 100);
  expect(upTime.epochAt(new Date(10_000), 900)).toBe(first);
  expect(upTime.epochAt(new Date(20_000), 10)).not.toBe(first);
});

test.each([
  ['0a000001', '10.0.0.1'],
  ['0a00000100000002', '10.0.0.1%2'],
  ['a05c11df0000ffff', '160.92.17.223'],
  ['20010db8000000000000000000000001', '2001:db8::1'],
  ['00000000000000000000000000000000', '::'],
  ['00010000000000010001000000000000', '1:0:0:1:1::'],
  ['0a0000', undefined],
])('the bytes %s are the address %s', (hex, address) => {
  expect(addressOfBytes(Buffer.from(hex, 'hex'))).toBe(address);
});

test('every MIB names its source, and each column once in a table', () => {
  for (const mib of mibs) {
    expect(mib.source).toMatch(/MIB/);
    const maps = [mib.virtualServers, mib.pools, mib.members, mib.nodes].filter((map) => map !== undefined);
    for (const { entry } of maps.flatMap(({ tables }) => tables)) expect(entry).toMatch(/^1\.3\.6\.1(\.\d+)+$/);
  }
});
