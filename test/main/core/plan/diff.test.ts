import { describe, expect, test } from 'vitest';
import { type Desired, desiredSchema, type DeviceModel } from '../../../../src-main/contract/model.ts';
import { changeSchema } from '../../../../src-main/contract/plan.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';

function model(): DeviceModel {
  return {
    virtualServers: [{ name: 'web', listen: ['*:80'], pool: 'app' }],
    pools: [
      {
        name: 'app',
        algorithm: { name: 'round-robin', native: 'roundrobin' },
        members: [
          { name: 'a', address: '10.0.0.1', port: 80, weight: 1 },
          { name: 'b', address: '10.0.0.2', port: 80, weight: 1 },
        ],
      },
      { name: 'other', members: [] },
    ],
    monitors: [],
    profiles: [],
    certificates: [],
    unmodelled: [],
  };
}
function wish(value: unknown): Desired {
  return desiredSchema.parse(value);
}

describe('what has to change for a wish', () => {
  test('every change survives JSON: plans go through files, the bridge and the journal', () => {
    const desired = wish({
      pools: [
        {
          name: 'app',
          slowStartMs: 1000,
          members: [
            { name: 'c', address: '10.0.0.3', port: 80 },
            { name: 'a', absent: true },
          ],
        },
        { name: 'other', absent: true },
      ],
    });
    const { changes } = diffModel(model(), desired, 'merge');
    expect(new Set(changes.map(({ action }) => action))).toEqual(new Set(['create', 'update', 'delete']));
    for (const change of changes) {
      const carried: unknown = JSON.parse(JSON.stringify(change));
      expect(changeSchema.parse(carried)).toEqual(carried);
    }
  });

  test('TLS towards members merges key by key, unless it is said to be all there is, and goes where it is said to be absent', () => {
    const tls = { verify: true, caFile: '/ca.pem' };
    const secured: DeviceModel = { ...model(), pools: [{ name: 'app', members: [], tls }] };
    function wanted(value: unknown): unknown {
      const { changes } = diffModel(secured, wish({ pools: [{ name: 'app', tls: value }] }), 'merge');
      return changes.map(({ key, desired }) => [key, desired]);
    }
    expect(wanted({ serverName: 'a.example' })).toEqual([['tls', { ...tls, serverName: 'a.example' }]]);
    expect(wanted({ exact: true, serverName: 'a.example' })).toEqual([['tls', { serverName: 'a.example' }]]);
    expect(wanted({ exact: true, ...tls })).toEqual([]);
    expect(wanted({ absent: true })).toEqual([['tls', undefined]]);
  });

  test('TLS towards clients that is said to be all there is loses what is not named', () => {
    const tls = { certificates: [{ certFile: '/a.pem' }], minVersion: '1.2', alpn: ['h2'] };
    const secured: DeviceModel = { ...model(), virtualServers: [{ name: 'web', tls }] };
    const wanted = { certificates: tls.certificates, minVersion: '1.3' };
    function changesFor(value: unknown): unknown {
      const { changes } = diffModel(secured, wish({ virtualServers: [{ name: 'web', tls: value }] }), 'merge');
      return changes.map(({ key, desired }) => [key, desired]);
    }
    expect(changesFor({ minVersion: '1.3' })).toEqual([['tls', { ...tls, minVersion: '1.3' }]]);
    expect(changesFor({ ...wanted, exact: true })).toEqual([['tls', wanted]]);
    expect(changesFor({ ...tls, exact: true })).toEqual([]);
  });

  test('a persistence without anything in it takes away what is there, and is nothing where nothing is', () => {
    const [app, other] = model().pools;
    const persistence = { method: 'source-ip' as const, timeoutMs: 60_000 };
    const held = { ...model(), pools: [{ name: 'app', members: [], ...app, persistence }, ...(other ? [other] : [])] };
    const none = wish({ pools: [{ name: 'app', persistence: {} }] });
    const { changes, target } = diffModel(held, none, 'merge');
    expect(changes).toEqual([
      {
        action: 'update',
        subject: { kind: 'pool', path: ['app'] },
        key: 'persistence',
        prior: persistence,
        desired: undefined,
      },
    ]);
    expect(target.pools[0]).not.toHaveProperty('persistence');
    expect(diffModel(model(), none, 'merge').changes).toEqual([]);
  });

  test('only the named key of the named member changes', () => {
    const edit = diffModel(model(), wish({ pools: [{ name: 'app', members: [{ name: 'a', weight: 3 }] }] }), 'merge');
    expect(edit.changes).toEqual([
      { action: 'update', subject: { kind: 'member', path: ['app', 'a'] }, key: 'weight', prior: 1, desired: 3 },
    ]);
    expect(edit.target.pools[0]?.members).toEqual([
      { name: 'a', address: '10.0.0.1', port: 80, weight: 3 },
      { name: 'b', address: '10.0.0.2', port: 80, weight: 1 },
    ]);
    expect(edit.target.pools[1]).toEqual({ name: 'other', members: [] });
  });

  test('a wish that already holds changes nothing, whichever way the algorithm is written', () => {
    const desired = wish({ pools: [{ name: 'app', algorithm: 'round-robin', members: [{ name: 'a', weight: 1 }] }] });
    expect(diffModel(model(), desired, 'merge').changes).toEqual([]);
  });

  test('a new member is created with all it was given, and a removed one is deleted after', () => {
    const desired = wish({
      pools: [
        {
          name: 'app',
          members: [
            { name: 'b', absent: true },
            { name: 'c', address: '10.0.0.3', port: 81 },
          ],
        },
      ],
    });
    const edit = diffModel(model(), desired, 'merge');
    expect(edit.changes.map((change) => [change.action, change.subject.path.join('/')])).toEqual([
      ['create', 'app/c'],
      ['delete', 'app/b'],
    ]);
    expect(edit.target.pools[0]?.members.map((member) => member.name)).toEqual(['a', 'c']);
  });

  test('removing what is not there changes nothing', () => {
    expect(diffModel(model(), wish({ pools: [{ name: 'gone', absent: true }] }), 'merge').changes).toEqual([]);
  });

  test('an exact wish removes the objects and keys that it does not name', () => {
    const desired = wish({ pools: [{ name: 'app', members: [{ name: 'a', address: '10.0.0.1', port: 80 }] }] });
    const edit = diffModel(model(), desired, 'exact');
    expect(edit.changes.map((change) => [change.action, change.subject.path.join('/'), change.key])).toEqual([
      ['update', 'app', 'algorithm'],
      ['update', 'app/a', 'weight'],
      ['delete', 'other', undefined],
      ['delete', 'app/b', undefined],
    ]);
    expect(edit.target.virtualServers).toHaveLength(1);
  });

  test('a wish that is whole about what it names leaves the other objects alone', () => {
    const desired = wish({ pools: [{ name: 'app', members: [{ name: 'a', address: '10.0.0.1', port: 80 }] }] });
    const edit = diffModel(model(), desired, 'named');
    expect(edit.target.pools.map((pool) => pool.name)).toEqual(['app', 'other']);
    expect(edit.target.pools[0]).toEqual({ name: 'app', members: [{ name: 'a', address: '10.0.0.1', port: 80 }] });
  });

  test('a member named twice and a new member without an address are refused', () => {
    const twice = wish({ pools: [{ name: 'app', members: [{ name: 'a' }, { name: 'a' }] }] });
    expect(() => diffModel(model(), twice, 'merge')).toThrow(/named twice/);
    const bare = wish({ pools: [{ name: 'app', members: [{ name: 'c' }] }] });
    expect(() => diffModel(model(), bare, 'merge')).toThrow(/needs an address and a port/);
  });

  test('routes merge by their condition', () => {
    const before = model();
    const withRoutes = {
      ...before,
      virtualServers: [
        {
          name: 'web',
          routes: [
            { host: 'a', pool: 'app' },
            { host: 'b', pool: 'app' },
          ],
        },
      ],
    };
    const desired = wish({ virtualServers: [{ name: 'web', routes: [{ host: 'b', pool: 'other' }] }] });
    expect(diffModel(withRoutes, desired, 'merge').target.virtualServers[0]?.routes).toEqual([
      { host: 'a', pool: 'app' },
      { host: 'b', pool: 'other' },
    ]);
  });
});
