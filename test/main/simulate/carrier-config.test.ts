import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../../src-main/engine/config/load.ts';
import { type CarriedServer, versionsBetween } from '../../../src-main/simulate/carried.ts';
import { engineConfigOf, scaled } from '../../../src-main/simulate/carrier-config.ts';

const monitor = { type: 'http', intervalMs: 1000, timeoutMs: 500, rise: 1, fall: 2, path: '/health' } as const;

function serverOf(more: Partial<CarriedServer>): CarriedServer {
  const member = {
    key: 'p a',
    address: '127.0.0.1',
    port: 9001,
    weight: 3,
    state: 'enabled',
    monitors: [monitor],
  } as const;
  const pool = { name: 'p', method: { name: 'round-robin' }, members: [member] } as const;
  return { key: 'v', address: '127.0.0.1', port: 8080, protocol: 'http', isOn: true, pool, ...more };
}

describe('the configuration of the engine that carries traffic', () => {
  test('is one that the engine takes, one pool and one monitor for all that share them', () => {
    const servers = [
      serverOf({}),
      serverOf({ key: 'w', address: '::1', isOn: false, persistence: { method: 'source-ip', ipv4Prefix: 24 } }),
    ];
    const config = engineConfigOf(servers, () => '');
    expect(checkConfig(config, '/').config).toEqual(config);
    expect(config.virtualServers?.map(({ listen, adminState, pool }) => [listen, adminState, pool])).toEqual([
      [['127.0.0.1:8080'], 'enabled', 'p'],
      [['[::1]:8080'], 'disabled', 'p'],
    ]);
    expect([config.pools?.length, config.monitors?.length]).toEqual([1, 1]);
  });

  test('sends and probes nothing on another machine', () => {
    const far = { key: 'p a', address: '192.0.2.1', port: 80, state: 'enabled', monitors: [monitor] } as const;
    const { pools } = engineConfigOf(
      [serverOf({ pool: { name: 'p', method: { name: 'random' }, members: [far] } })],
      () => '',
    );
    expect(pools?.[0]?.members?.[0]).toMatchObject({ adminState: 'disabled', monitors: [] });
  });

  test('keeps shares where the weights of an appliance are too large for the engine', () => {
    expect(scaled([3000, 1000])).toEqual([3, 1]);
    expect(scaled([65_535, 1])).toEqual([256, 1]);
    expect(scaled([0, 5])).toEqual([0, 1]);
    expect(scaled([])).toEqual([]);
  });

  test('leaves the versions between the oldest and the newest that are on', () => {
    expect(versionsBetween(new Set(['1.2', '1.3']))).toEqual({ minVersion: '1.2', maxVersion: '1.3' });
    expect(versionsBetween(new Set(['1.0', '1.1']))).toEqual({ minVersion: '1.0', maxVersion: '1.1' });
    expect(versionsBetween(new Set())).toEqual({ minVersion: '1.3', maxVersion: '1.3' });
  });
});
