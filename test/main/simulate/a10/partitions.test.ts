import { expect, test } from 'vitest';
import { makeDevice } from '../../../../src-main/simulate/a10/device.ts';
import { configuring, noon, typistAt, vthunder } from './vthunder.ts';

const partitions = { p1: 'slb server a 192.0.2.7\n', p2: 'slb server b 192.0.2.8\n' };

function statements(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('!') && line !== 'end');
}

test('the configuration of one partition, of all of them and of the one that is active', async () => {
  const typist = await configuring({ partitions });
  expect(statements(await typist.type('show running-config partition p2'))).toEqual(['slb server b 192.0.2.8']);
  for (const words of ['all-partitions', 'partition-config all']) {
    const all = statements(await typist.type(`show running-config ${words}`));
    expect(all.slice(0, 2)).toEqual(['multi-config enable', 'hostname vThunder']);
    expect(all.slice(-4)).toEqual([
      'active-partition p1',
      'slb server a 192.0.2.7',
      'active-partition p2',
      'slb server b 192.0.2.8',
    ]);
  }
  await typist.type('active-partition p1');
  expect(statements(await typist.type('show running-config'))).toEqual(['slb server a 192.0.2.7']);
  expect(await typist.type('show running-config partition nope')).toBe("Partition 'nope' does not exist\n");
});

test('what was saved differs from what runs in the partitions that were changed, and only until they are written', async () => {
  const typist = await configuring({ partitions });
  for (const name of ['p1', 'p2']) {
    await typist.type(`active-partition ${name}`);
    await typist.type('configure');
    await typist.type('slb server new 192.0.2.9');
    await typist.type('end');
  }
  await typist.type('write memory partition p1');
  const saved = await typist.type('show startup-config all-partitions');
  expect(statements(saved).slice(-4)).toEqual([
    'slb server a 192.0.2.7',
    'slb server new 192.0.2.9',
    'active-partition p2',
    'slb server b 192.0.2.8',
  ]);
  expect(statements(await typist.type('show startup-config partition p2'))).toEqual(['slb server b 192.0.2.8']);
  expect(typist.device.isModified()).toBe(true);
  expect(await typist.type('write memory primary all-partitions')).toMatch(/partition p2\n\[OK\]\n$/);
  expect(typist.device.isModified()).toBe(false);
  expect(await typist.type('write memory partition nope')).toBe("Partition 'nope' does not exist\n");
});

test('objects of one partition are not seen in another', async () => {
  const typist = await configuring({ partitions });
  await typist.type('active-partition p1');
  await typist.type('configure');
  await typist.type('slb service-group g tcp');
  expect(await typist.type('member s1 80')).toContain('does not exist (object: slb server s1)');
  expect(await typist.type('member a 80')).toBe('');
});

test('a full disk lets nothing be written, and what runs runs on', async () => {
  const typist = await configuring({ partitions });
  await typist.type('slb server new 192.0.2.9');
  typist.device.fill(true);
  expect(await typist.type('write memory all-partitions')).toBe(
    'Write configuration failed: No space left on device\n',
  );
  expect(typist.device.isModified()).toBe(true);
  typist.device.fill(false);
  expect(await typist.type('write memory all-partitions')).toContain('[OK]');
});

test('configure sync gives a peer one partition or all, and with "all" what it starts with too', async () => {
  const peer = makeDevice({ config: vthunder, partitions, now: () => noon });
  const typist = typistAt(makeDevice({ config: vthunder, partitions, now: () => noon }), {
    peers: { '192.0.2.11': peer },
  });
  await typist.type('enable', '');
  await typist.type('active-partition p1');
  await typist.type('configure');
  await typist.type('slb server new 192.0.2.9');
  await typist.type('end');
  expect(await typist.type('configure sync running shared 192.0.2.11', 'admin', 'a10')).toBe(
    'User name []?Password []?\nSync successful\n',
  );
  expect(peer.running()).not.toContain('slb server new');
  expect(await typist.type('configure sync running partition p1 auto-authentication 192.0.2.11')).toBe(
    '\nSync successful\n',
  );
  expect([peer.running(), peer.saved()].map((text) => text.includes('slb server new'))).toEqual([true, false]);
  await typist.type('configure sync all all-partitions auto-authentication 192.0.2.11');
  expect(peer.saved()).toContain('slb server new');
  expect(await typist.type('configure sync running all-partitions auto-authentication 192.0.2.99')).toContain(
    'timed out',
  );
});
