import { describe, expect, test } from 'vitest';
import type { DeviceTick } from '../../../src-main/contract/api.ts';
import type { DeviceModel } from '../../../src-main/contract/model.ts';
import { estateTree, type TreeOptions } from '../../../src-renderer/state/estate-tree.ts';
import { deviceState } from '../makers.ts';

const model: DeviceModel = {
  virtualServers: [{ name: 'fe', pool: 'web', routes: [{ pool: 'api', host: 'api.example.com' }] }],
  pools: [
    { name: 'web', members: [] },
    { name: 'api', members: [] },
    { name: 'loose', members: [] },
  ],
  monitors: [],
  profiles: [],
  certificates: [],
  unmodelled: [],
};
const reading = {
  at: '2026-11-22T10:00:00.000Z',
  fingerprint: 'f',
  facts: { vendor: 'v', label: 'Kind', capabilities: [], weightRange: { lowest: 0, highest: 1 }, algorithms: [] },
  model,
  files: [],
};
function tick(device: string, healths: Readonly<Record<string, DeviceTick['health']>>): DeviceTick {
  return {
    device,
    freshness: 'fresh',
    health: Object.values(healths).includes('down') ? 'down' : 'up',
    members: { up: 1, down: 0, draining: 0, disabled: 0, total: 1 },
    pools: Object.entries(healths).map(([name, health]) => ({ name, health, up: 1, total: 2 })),
  };
}
const options: TreeOptions = { grouping: 'site', filter: '', isFaultsOnly: false, folded: new Set() };
const one = deviceState('hap-1', { reading });

describe('the estate tree', () => {
  test('shows devices, virtual servers, the pools they hand to, and pools that none names', () => {
    const nodes = estateTree([one], [tick('hap-1', { web: 'up', api: 'up', loose: 'up' })], options);
    expect(nodes.map(({ level, name }) => [level, name])).toEqual([
      [0, 'hap-1'],
      [1, 'fe'],
      [2, 'web'],
      [2, 'api'],
      [1, 'loose'],
    ]);
  });

  test('devices without a site stand without a group; with sites they are grouped', () => {
    const sited = deviceState('hap-2', {
      reading,
      spec: { name: 'hap-2', address: 'x', environment: 'lab', site: 'fra1' },
    });
    expect(
      estateTree([one, sited], [], options)
        .filter(({ kind }) => kind === 'group')
        .map(({ name }) => name),
    ).toEqual(['', 'fra1']);
  });

  test('a virtual server is as bad as the worst of its pools', () => {
    const nodes = estateTree([one], [tick('hap-1', { web: 'up', api: 'down', loose: 'up' })], options);
    expect(nodes.find(({ name }) => name === 'fe')?.condition.shape).toBe('down');
  });

  test('faults only leaves the faults and the way to them', () => {
    const nodes = estateTree([one], [tick('hap-1', { web: 'up', api: 'down', loose: 'up' })], {
      ...options,
      isFaultsOnly: true,
    });
    expect(nodes.map(({ name }) => name)).toEqual(['hap-1', 'fe', 'api']);
  });

  test('a filter keeps what is named, with what hangs on it', () => {
    expect(estateTree([one], [], { ...options, filter: 'FE' }).map(({ name }) => name)).toEqual([
      'hap-1',
      'fe',
      'web',
      'api',
    ]);
    expect(estateTree([one], [], { ...options, filter: 'nothing' })).toEqual([]);
  });

  test('a folded branch hides what is under it', () => {
    const [device] = estateTree([one], [], options);
    const nodes = estateTree([one], [], { ...options, folded: new Set([device?.key ?? '']) });
    expect(nodes.map(({ name, isOpen }) => [name, isOpen])).toEqual([['hap-1', false]]);
  });

  test('a device that no longer answers keeps its last tree and tells since when', () => {
    const stale = deviceState('hap-1', { reading, freshness: 'stale', lastSampleAt: '2026-11-22T09:58:00.000Z' });
    const nodes = estateTree([stale], [], options);
    expect(nodes[0]).toMatchObject({ isStale: true, staleSince: '2026-11-22T09:58:00.000Z' });
    expect(nodes.length).toBe(5);
  });
});
