import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Backends, startBackends } from '../rigs/backends.ts';
import { type CalledConsole, openCalledConsole } from '../rigs/console-calls.ts';
import { type RunningEngine, startEngine } from '../rigs/engine.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';

let site: Site;
let backends: Backends;
let engine: RunningEngine;
let console_: CalledConsole;

describe.skipIf(isMissing('haproxy', 'sshd'))('finding on a real HAProxy and a real engine', () => {
  beforeEach(async () => {
    site = await startSite({ more: 'backend spare\n    http-request set-header X-Spare "kept for Easter"\n' });
    backends = await startBackends(['a']);
    engine = await startEngine({
      version: 1,
      virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
      pools: [{ name: 'app', members: [{ name: 'six', address: '::1', port: backends.ports[0] }] }],
    });
    console_ = await openCalledConsole(site.dataDir);
    await console_.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    const address = `engine+unix:${engine.socket}`;
    await console_.call('devices.add', { spec: { name: 'own', address, environment: 'lab' } });
    await console_.call('devices.read', { device: 'lb' });
    await console_.call('devices.read', { device: 'own' });
  });
  afterEach(async () => {
    await console_.console.close();
    await engine.stop();
    await backends.close();
    await site.close();
  });

  async function find(query: string) {
    return console_.call('find.objects', { query });
  }

  test('one question reaches both; a device that is gone is still found in, and that is said', async () => {
    const pools = (await find('app')).found.filter(({ kind, rank }) => kind === 'pool' && rank === 'exact');
    expect(pools.map(({ device }) => device).toSorted()).toEqual(['lb', 'own']);
    const [member] = (await find(`127.0.0.1:${String(site.backends.ports[0])}`)).found;
    expect(member).toMatchObject({ kind: 'member', device: 'lb', pool: 'app', rank: 'exact' });
    expect((await find('0:0:0:0:0:0:0:1')).found).toMatchObject([{ kind: 'member', device: 'own', name: 'six' }]);
    expect((await find('kept for Easter')).found[0]).toMatchObject({ device: 'lb', standing: 'live' });

    // The next console starts with the host out of reach: what was stored of it is searched.
    await console_.console.close();
    await site.relay.close();
    console_ = await openCalledConsole(site.dataDir);
    const stored = await find('kept for Easter');
    expect(stored.found[0]).toMatchObject({ device: 'lb', standing: 'stored' });
    expect(stored.behind.find(({ device }) => device === 'lb')?.asOf).toMatch(/^\d{4}-/);
  });
});
