import { expect, test } from 'vitest';
import type { Sample } from '../../../../src-main/contract/metrics.ts';
import { RollingMinute } from '../../../../src-main/core/shares/rolling-minute.ts';
import { deviceSums } from '../../../../src-main/core/shares/device-tick.ts';
import { namePools } from '../../../../src-main/vendors/netscaler/named.ts';
import { parseNetscaler } from '../../../../src-main/vendors/netscaler/parse.ts';

const text = `add server w1 192.0.2.1
add serviceGroup app HTTP
add service own w1 HTTP 81
add lb vserver shop HTTP 192.0.2.100 80
add lb vserver site HTTP 192.0.2.101 80
bind lb vserver shop app
bind lb vserver site app
bind lb vserver site own
bind serviceGroup app w1 80
`;

test('a service group under two virtual servers gives its figures to both of its pools, and is summed once', () => {
  const model = parseNetscaler([{ path: 'ns.conf', bytes: Buffer.from(text) }]);
  const members = [{ name: 'w1:80', currentConnections: 7 }];
  const sample: Sample = {
    at: '2026-01-01T00:00:00.000Z',
    epoch: '2026-01-01T00:00:00.000Z',
    device: { vendor: 'netscaler' },
    system: {},
    virtualServers: [],
    pools: [
      { name: 'app', members },
      { name: 'site', members: [{ name: 'own', currentConnections: 2 }] },
    ],
    errors: [],
  };
  const named = namePools(sample, model);
  expect(named.pools.map(({ name, isRepeated }) => [name, isRepeated])).toEqual([
    ['shop/app', undefined],
    ['site/app', true],
    ['site', undefined],
  ]);
  const byStat = { ...sample, pools: named.pools.map(({ name, members: own }) => ({ name, members: own })) };
  expect(namePools(byStat, model)).toEqual(named);
  const minute = new RollingMinute();
  minute.add(named, undefined, model);
  expect(deviceSums(minute)).toMatchObject({ currentConnections: 9 });
});
