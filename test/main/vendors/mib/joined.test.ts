import { expect, test } from 'vitest';
import type { VendorId } from '../../../../src-main/contract/address.ts';
import type { Sample } from '../../../../src-main/contract/metrics.ts';
import { startMibDevice } from '../../../rigs/mib-device.ts';
import { agentRows } from '../../../rigs/snmp-recording.ts';

/** Rows written from the MIBs alone: no device of these kinds has been seen with them. */
async function sampleOf(vendor: VendorId, rows: readonly string[]): Promise<Sample> {
  const { device, stop } = await startMibDevice(vendor, agentRows(['1.3.6.1.2.1.1.3.0|67|100', ...rows].join('\n')));
  return device.poll(AbortSignal.timeout(30_000)).finally(stop);
}

test('relayd: redirections stand beside relays, a number that both have is no row of the other', async () => {
  const relay = '1.3.6.1.4.1.30155.3.2';
  const { virtualServers } = await sampleOf('relayd', [
    `${relay}.2.1.2.1|2|0`,
    `${relay}.2.1.3.1|4|web`,
    `${relay}.2.1.4.1|70|12`,
    `${relay}.1.1.2.1|2|2`,
    `${relay}.1.1.3.1|4|ftp`,
    `${relay}.1.1.4.1|70|34`,
  ]);
  expect(virtualServers).toEqual([
    { name: 'web', health: 'up', adminState: 'enabled', totalConnections: '12' },
    { name: 'ftp', health: 'down', adminState: 'enabled', totalConnections: '34' },
  ]);
});

test('NetScaler: a service has its state and counters from its own table, and a member of a group stands once', async () => {
  const ns = '1.3.6.1.4.1.5951.4.1';
  const { pools } = await sampleOf('netscaler', [
    `${ns}.3.2.1.10.1.1|4|vs-web`,
    `${ns}.3.2.1.9.1.1|4|svc-a`,
    `${ns}.3.2.1.7.1.1|2|5`,
    `${ns}.3.2.1.11.1.1|2|0`,
    `${ns}.3.2.1.10.1.2|4|vs-web`,
    `${ns}.3.2.1.9.1.2|4|group?pear?80`,
    `${ns}.3.2.1.11.1.2|2|1`,
    `${ns}.2.1.1.54.1|4|svc-a`,
    `${ns}.2.1.1.2.1|64|10.0.0.7`,
    `${ns}.2.1.1.3.1|2|8080`,
    `${ns}.2.1.1.5.1|2|7`,
    `${ns}.2.1.1.33.1|70|900`,
    `${ns}.2.7.1.32.1|4|group`,
    `${ns}.2.7.1.36.1|4|pear`,
    `${ns}.2.7.1.4.1|2|80`,
    `${ns}.2.7.1.6.1|2|1`,
    `${ns}.2.7.1.16.1|70|77`,
  ]);
  expect(pools).toEqual([
    { name: 'group', members: [{ name: 'pear:80', port: 80, health: 'down', adminState: 'enabled', bytesOut: '77' }] },
    {
      name: 'vs-web',
      members: [
        {
          name: 'svc-a',
          address: '10.0.0.7',
          port: 8080,
          weight: 5,
          health: 'up',
          adminState: 'enabled',
          bytesOut: '900',
        },
      ],
    },
  ]);
});

test('Array: a group’s members have address and state of the real service, its method from the group’s table', async () => {
  const slb = '1.3.6.1.4.1.7564.19';
  const { pools } = await sampleOf('array', [
    `${slb}.2.3.1.1.2.1|4|g1`,
    `${slb}.1.3.2.1.2.1|4|g1`,
    `${slb}.1.3.2.1.3.1|4|r1`,
    `${slb}.1.3.2.1.4.1|2|2`,
    `${slb}.1.1.2.1.2.9|4|r1`,
    `${slb}.1.1.2.1.4.9|64|10.0.0.9`,
    `${slb}.1.1.2.1.5.9|2|80`,
    `${slb}.1.1.2.1.8.9|2|0`,
    `${slb}.2.1.1.1.2.4|4|r1`,
    `${slb}.2.1.1.1.7.4|65|33`,
  ]);
  expect(pools).toEqual([
    {
      name: 'g1',
      algorithm: 'least-connections',
      members: [{ name: 'r1', address: '10.0.0.9', port: 80, health: 'down', requests: '33' }],
    },
  ]);
});

test('Alteon: a member has the sessions and bytes of its real server', async () => {
  const layer4 = '1.3.6.1.4.1.1872.2.5.4';
  const { pools } = await sampleOf('alteon', [
    `${layer4}.1.1.4.2.1.2.1|64|10.0.0.1`,
    `${layer4}.3.4.1.5.1.1.3|2|80`,
    `${layer4}.3.4.1.6.1.1.3|2|2`,
    `${layer4}.3.1.1.2.3|64|10.0.0.3`,
    `${layer4}.2.2.1.3.3|65|44`,
    `${layer4}.2.2.1.8.3|70|5000`,
  ]);
  expect(pools[0]?.members).toEqual([
    expect.objectContaining({
      name: '3:80',
      address: '10.0.0.3',
      port: 80,
      health: 'up',
      totalConnections: '44',
      bytesOut: '5000',
    }),
  ]);
});
