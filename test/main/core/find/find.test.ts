import { describe, expect, test } from 'vitest';
import type { DeviceSpec } from '../../../../src-main/contract/api.ts';
import type { DeviceModel } from '../../../../src-main/contract/model.ts';
import { findObjects, type Searched } from '../../../../src-main/core/find/find.ts';
import { indexDevice } from '../../../../src-main/core/find/index-device.ts';

const model: DeviceModel = {
  virtualServers: [
    {
      name: '/Common/shop',
      listen: ['[2001:0db8::0:1]:443'],
      pool: 'web',
      tls: { certificates: [{ certFile: '/etc/ssl/shop.example.pem' }] },
    },
  ],
  pools: [
    {
      name: 'web',
      algorithm: { name: 'round-robin', native: 'balance roundrobin' },
      monitors: ['alive'],
      members: [
        { name: 'web1', address: '10.0.0.1', port: 8080, native: { check: 'inter 2s' } },
        { name: 'web2', address: '10.0.1.2', port: 8080 },
      ],
    },
    { name: 'web-old', members: [] },
  ],
  monitors: [{ name: 'alive', type: 'http', path: '/health' }],
  nodes: [],
  profiles: [],
  certificates: [{ name: '/etc/ssl/shop.example.pem', subject: 'CN=shop.example' }],
  unmodelled: [
    { file: 'haproxy.cfg', line: 40, endLine: 42, text: 'peers mates\n  peer one 10.9.9.9:1024', why: 'not modelled' },
  ],
};
const spec: DeviceSpec = {
  name: 'lb1',
  address: 'haproxy+ssh://ops@192.0.2.7:2222',
  environment: 'staging',
  site: 'Frankfurt',
};

function searched(device: DeviceSpec = spec): Searched {
  return { device: device.name, standing: 'live', entries: indexDevice(device, { model }) };
}
function names(query: string): string[] {
  return findObjects([searched()], query).found.map(({ kind, name, rank }) => `${rank} ${kind} ${name}`);
}

describe('anything is found', () => {
  test('by name: the exact one before those that begin so, before those that hold it', () => {
    expect(names('web')).toEqual([
      'exact pool web',
      'exact virtual-server /Common/shop', // its pool
      'prefix pool web-old',
      'prefix member web1',
      'prefix member web2',
    ]);
    expect(names('shop')[0]).toBe('exact virtual-server /Common/shop');
  });

  test('by address in any spelling, with the port or without', () => {
    expect(names('2001:db8:0:0:0:0:0:1')).toEqual(['exact virtual-server /Common/shop']);
    expect(names('[2001:DB8::1]:443')).toEqual(['exact virtual-server /Common/shop']);
    expect(names('[2001:db8::1]:80')).toEqual([]);
    expect(names('10.0.0.1')).toEqual(['exact member web1']);
    expect(names('10.0.1.2:8080')).toEqual(['exact member web2']);
    expect(names('192.0.2.7')).toEqual(['exact device lb1']);
  });

  test('by network', () => {
    expect(names('10.0.0.0/16')).toEqual(['network member web1', 'network member web2']);
    expect(names('10.0.1.0/24')).toEqual(['network member web2']);
  });

  test('by certificate, and leads to where that is used', () => {
    const [first] = findObjects([searched()], 'shop.example.pem').found;
    expect(first).toMatchObject({
      kind: 'certificate',
      rank: 'exact',
      place: { screen: 'virtual-server', device: 'lb1', virtualServer: '/Common/shop' },
    });
    expect(names('CN=shop')).toEqual(['prefix certificate /etc/ssl/shop.example.pem']);
  });

  test("by the device's own words, and by text that the model does not know", () => {
    const [native] = findObjects([searched()], 'inter 2s').found;
    expect(native).toMatchObject({ name: 'web1', matched: { field: 'native.check', text: 'inter 2s' } });
    const [kept] = findObjects([searched()], '10.9.9.9:1024').found;
    expect(kept).toMatchObject({
      kind: 'text',
      name: 'haproxy.cfg:40',
      matched: { text: 'peer one 10.9.9.9:1024' },
      place: { screen: 'device', device: 'lb1' },
    });
  });

  test('by several words, where one may be of what it stands in; that alone finds nothing', () => {
    expect(names('web1 lb1')).toEqual(['exact member web1']);
    expect(names('frankfurt 10.0.0.1')).toEqual(['exact member web1']);
    expect(names('frankfurt')).toEqual(['exact device lb1']);
    expect(names('web1 elsewhere')).toEqual([]);
  });
});

test('a member leads to its line in its pool, a monitor to the pool that it watches', () => {
  function placeOf(query: string) {
    return findObjects([searched()], query).found[0]?.place;
  }
  expect(placeOf('web1')).toEqual({ screen: 'pool', device: 'lb1', pool: 'web', member: 'web1' });
  expect(placeOf('/health')).toEqual({ screen: 'pool', device: 'lb1', pool: 'web' });
});

test('a hundred devices with a thousand members each: every object is looked at once, the best few come back', () => {
  const devices = Array.from({ length: 100 }, (_, at) => {
    const members = Array.from({ length: 1000 }, (_each, member) => ({
      name: `m${String(member)}`,
      address: `10.${String(at)}.${String(member >> 8)}.${String(member & 255)}`,
      port: 80,
    }));
    const big: DeviceModel = {
      ...model,
      virtualServers: [],
      pools: [{ name: 'p', members }],
      certificates: [],
      unmodelled: [],
    };
    const own = { ...spec, name: `d${String(at)}` };
    return { device: own.name, standing: 'live', entries: indexDevice(own, { model: big }) } satisfies Searched;
  });
  const perDevice = 1 + 1 + 1000 + 1; // itself, its pool, the members, a monitor
  const all = findObjects(devices, 'm', 20);
  expect([all.objects, all.total >= 100_000, all.found.length]).toEqual([100 * perDevice, true, 20]);
  const one = findObjects(devices, '10.57.3.99');
  expect([one.objects, one.total, one.found[0]?.device]).toEqual([100 * perDevice, 1, 'd57']);
  expect(findObjects(devices, '10.57.0.0/16').total).toBe(1000);
});
