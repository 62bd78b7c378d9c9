import { describe, expect, test } from 'vitest';
import {
  bandwidthForm,
  limitsForm,
  listenForm,
  namedMonitorsForm,
  queueForm,
  serverForm,
  serverTlsForm,
  serviceForm,
} from '../../../src-renderer/state/settings-form.ts';
import { Staging } from '../../../src-renderer/state/staging.svelte.ts';

const writes = ['member.maxConnections', 'member.maxQueue', 'pool.queue.timeoutMs'] as const;

describe('where a virtual server listens', () => {
  test('is a list of addresses, one a line', () => {
    const form = listenForm(['*:80', '[::1]:443']);
    expect(form.read(form.values)).toEqual({ settings: { listen: ['*:80', '[::1]:443'] } });
    expect(form.read({ listen: ' unix:/run/a.sock \n\n10.0.0.1:8080' })).toEqual({
      settings: { listen: ['unix:/run/a.sock', '10.0.0.1:8080'] },
    });
  });

  test.each(['', '80', '*:0', '*:65536', 'a:b', '*:80 nowhere'])('is not %j', (listen) => {
    expect(listenForm([]).read({ listen })).toEqual({ wrong: 'listen' });
  });
});

describe('limits of a member', () => {
  test('are those that the device takes; one that is cleared is none, one that never was stays absent', () => {
    const form = limitsForm({ name: 'a', maxConnections: 100 }, writes);
    expect(form.fields(form.values).map(({ key }) => key)).toEqual(['maxConnections', 'maxQueue']);
    expect(form.read({ maxConnections: '', maxQueue: '' })).toEqual({
      settings: { maxConnections: 0, maxQueue: undefined },
    });
    expect(form.read({ maxConnections: '5', maxQueue: '-1' })).toEqual({ wrong: 'maxQueue' });
    expect(limitsForm(undefined, ['member.maxConnections']).fields({})).toHaveLength(1);
  });
});

describe('the bandwidth of a virtual server', () => {
  const paths = ['virtualServer.bandwidth.perConnectionBytesPerSecond'] as const;
  test('is asked for in kilobytes, to the byte, and keeps what cannot be written here', () => {
    const form = bandwidthForm({ perConnectionBytesPerSecond: 1_048_576, afterBytes: 9 }, paths);
    expect(form.values).toEqual({ perConnectionBytesPerSecond: '1048.576' });
    expect(form.read(form.values)).toEqual({
      settings: { bandwidth: { perConnectionBytesPerSecond: 1_048_576, afterBytes: 9 } },
    });
    expect(form.read({ perConnectionBytesPerSecond: 'much' })).toEqual({ wrong: 'perConnectionBytesPerSecond' });
  });

  test('that is cleared is the wish for none, and no wish where there was none', () => {
    const empty = { perConnectionBytesPerSecond: '' };
    expect(bandwidthForm({ perConnectionBytesPerSecond: 5 }, paths).read(empty)).toEqual({
      settings: { bandwidth: {} },
    });
    expect(bandwidthForm(undefined, paths).read(empty)).toEqual({ settings: { bandwidth: undefined } });
  });
});

describe('the queue of a pool', () => {
  test('is asked for in seconds, and keeps what cannot be written here', () => {
    const form = queueForm({ limit: 10, timeoutMs: 1500 }, writes);
    expect(form.values['timeoutMs']).toBe('1.5');
    expect(form.read({ timeoutMs: '2' })).toEqual({ settings: { queue: { limit: 10, timeoutMs: 2000 } } });
    expect(form.read({ timeoutMs: 'long' })).toEqual({ wrong: 'timeoutMs' });
  });

  test('that is cleared is the wish for none, and no wish where there was none', () => {
    expect(queueForm({ timeoutMs: 1500 }, writes).read({ timeoutMs: '' })).toEqual({ settings: { queue: {} } });
    expect(queueForm(undefined, writes).read({ timeoutMs: '' })).toEqual({ settings: { queue: undefined } });
  });
});

describe('TLS to the members of a pool', () => {
  test('asks for more once it is on, and keeps what it does not ask for', () => {
    const form = serverTlsForm({ verify: true, caFile: '/ca.pem', maxVersion: '1.3', sendSni: true });
    expect(form.fields({ isOn: false }).map(({ key }) => key)).toEqual(['isOn']);
    expect(form.read({ ...form.values, sendSni: false, serverName: 'a.example' })).toEqual({
      settings: { tls: { verify: true, caFile: '/ca.pem', maxVersion: '1.3', serverName: 'a.example' } },
    });
    expect(form.read({ ...form.values, caFile: 'two words' })).toEqual({ wrong: 'caFile' });
    expect(form.read({ ...form.values, isOn: false })).toEqual({ settings: { tls: undefined } });
  });
});

test('settings of virtual servers, pools and members are staged, told and wished for', () => {
  const staging = new Staging();
  const at = { device: 'lb', pool: 'app' };
  staging.stageSettings({ of: 'virtualServer', device: 'lb', virtualServer: 'web' }, {}, { listen: ['*:81'] });
  staging.stageSettings({ of: 'pool', ...at }, { tls: { verify: true } }, { tls: undefined });
  staging.stageSettings({ of: 'pool', ...at }, undefined, { queue: { timeoutMs: 2000 } });
  staging.stageSettings({ of: 'member', ...at, member: 'a' }, { maxQueue: 5 }, { maxConnections: 9, maxQueue: 5 });
  expect(staging.count).toBe(4);
  expect(staging.setting({ of: 'member', ...at, member: 'a' }, 'maxConnections')?.value).toBe(9);
  expect(staging.desired('lb')).toEqual({
    virtualServers: [{ name: 'web', listen: ['*:81'] }],
    pools: [
      { name: 'app', tls: { absent: true }, queue: { timeoutMs: 2000 }, members: [{ name: 'a', maxConnections: 9 }] },
    ],
  });
  staging.stageSettings({ of: 'pool', ...at }, undefined, { tls: { verify: false } });
  expect(staging.desired('lb').pools?.[0]?.tls).toEqual({ verify: false, exact: true });
  staging.stage({ kind: 'removeMember', ...at, member: 'a' });
  expect(staging.setting({ of: 'member', ...at, member: 'a' }, 'maxConnections')).toBeUndefined();
});

test('a virtual server is asked for what its device takes, and says 0 for a limit that goes', () => {
  const server = { name: 'shop', pool: 'app', connectionLimit: 9 };
  const form = serverForm(server, ['app', 'api'], ['virtualServer.adminState', 'virtualServer.connectionLimit']);
  expect(form.fields(form.values).map(({ key }) => key)).toEqual(['adminState', 'connectionLimit']);
  expect(form.read({ ...form.values, connectionLimit: '' })).toEqual({
    settings: { adminState: 'enabled', connectionLimit: 0 },
  });
  const staging = new Staging();
  const own = { of: 'virtualServer', device: 'd', virtualServer: 'shop' } as const;
  staging.stageSettings(own, server, { adminState: 'enabled', persistence: {}, connectionLimit: 9 });
  expect(staging.count).toBe(0);
});

test('monitors are chosen by name, no more than the device takes', () => {
  const one = namedMonitorsForm(['a'], ['b', 'a'], 1);
  expect(one.fields(one.values)).toMatchObject([{ kind: 'choice', choices: ['a', 'b'] }]);
  expect(one.read({ monitor: '' })).toEqual({ settings: { monitors: [] } });
  const two = namedMonitorsForm(['a'], ['b', 'c'], 2);
  expect(two.read({ ...two.values, c: true })).toEqual({ settings: { monitors: ['a', 'c'] } });
  expect(two.read({ a: true, b: true, c: true })).toEqual({ wrong: 'c' });
});

test('slow start is asked for in whole seconds, and 0 is at once', () => {
  const form = serviceForm({ name: 'p', members: [], slowStartMs: 10_000 }, ['pool.slowStartMs']);
  expect(form.values).toMatchObject({ slowStartMs: '10' });
  expect(form.read({ slowStartMs: '25' })).toEqual({ settings: { slowStartMs: 25_000 } });
  expect(form.read({ slowStartMs: '2.5' })).toEqual({ wrong: 'slowStartMs' });
  expect(form.read({ slowStartMs: '' })).toEqual({ settings: { slowStartMs: 0 } });
});
