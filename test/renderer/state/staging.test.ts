import { describe, expect, test } from 'vitest';
import { desiredSchema } from '../../../src-main/contract/model.ts';
import { type StagedEdit, Staging } from '../../../src-renderer/state/staging.svelte.ts';

const at = { device: 'hap-1', pool: 'web' } as const;

function weight(member: string, prior: number, value: number): StagedEdit {
  return { ...at, kind: 'weight', member, prior, value };
}

describe('staged edits', () => {
  test('a second edit of the same weight replaces the first and keeps what the device has', () => {
    const staging = new Staging();
    staging.stage(weight('a', 1, 2));
    staging.stage(weight('a', 1, 3));
    expect(staging.edits).toEqual([weight('a', 1, 3)]);
    expect(staging.weight('hap-1', 'web', 'a')).toBe(3);
  });

  test('an edit back to what the device has leaves nothing staged', () => {
    const staging = new Staging();
    staging.stage(weight('a', 1, 2));
    staging.stage(weight('a', 1, 1));
    expect(staging.count).toBe(0);
  });

  test('members of the same name on other pools and devices are not touched', () => {
    const staging = new Staging();
    staging.stage(weight('a', 1, 2));
    expect(staging.weight('hap-1', 'api', 'a')).toBeUndefined();
    expect(staging.weight('hap-2', 'web', 'a')).toBeUndefined();
  });

  test('an algorithm with the same settings in another order and another native word is no change', () => {
    const staging = new Staging();
    staging.stage({
      ...at,
      kind: 'algorithm',
      prior: { name: 'uri-hash', hash: 'ring', depth: 2, native: 'balance uri depth 2' },
      value: { depth: 2, name: 'uri-hash', hash: 'ring' },
    });
    expect(staging.count).toBe(0);
  });

  test('removing a member takes its other edits out', () => {
    const staging = new Staging();
    staging.stage(weight('a', 1, 2));
    staging.stage({ ...at, kind: 'removeMember', member: 'a' });
    expect(staging.edits).toEqual([{ ...at, kind: 'removeMember', member: 'a' }]);
    expect(staging.isRemoved('hap-1', 'web', 'a')).toBe(true);
  });

  test('removing a member that was only staged leaves nothing', () => {
    const staging = new Staging();
    staging.stage({ ...at, kind: 'addMember', member: 'new', value: { name: 'new', address: '10.0.0.9', port: 80 } });
    staging.stage({ ...at, kind: 'removeMember', member: 'new' });
    expect(staging.count).toBe(0);
  });

  test('undo brings back what discarding took', () => {
    const staging = new Staging();
    staging.stage(weight('a', 1, 2));
    staging.discard();
    staging.undo();
    expect(staging.edits).toEqual([weight('a', 1, 2)]);
  });

  test('what a push took is staged again where it was refused, below what was staged since', () => {
    const staging = new Staging();
    const at = { device: 'lb', pool: 'app', prior: 1 } as const;
    staging.stage({ kind: 'weight', ...at, member: 'b1', value: 4 });
    staging.stage({ kind: 'weight', ...at, member: 'b2', value: 5 });
    staging.send('lb');
    expect(staging.count).toBe(0);
    staging.stage({ kind: 'weight', ...at, member: 'b2', value: 6 });
    staging.takeUp('lb');
    expect(staging.edits.map((edit) => [edit.kind === 'weight' && edit.member, 'value' in edit && edit.value])).toEqual(
      [
        ['b1', 4],
        ['b2', 6],
      ],
    );
    staging.takeUp('lb');
    expect(staging.count).toBe(2);
  });

  test('discarding one device leaves the edits of another', () => {
    const staging = new Staging();
    staging.stage(weight('a', 1, 2));
    staging.stage({ kind: 'weight', device: 'hap-2', pool: 'web', member: 'a', prior: 1, value: 5 });
    staging.discard('hap-1');
    expect(staging.devices).toEqual(['hap-2']);
  });

  test('each change of the edits makes plans of before out of date', () => {
    const staging = new Staging();
    const revisions = [staging.revision];
    staging.stage(weight('a', 1, 2));
    revisions.push(staging.revision);
    staging.undo();
    revisions.push(staging.revision);
    expect(new Set(revisions).size).toBe(3);
  });
});

describe('the wish made of staged edits', () => {
  test('holds what was edited, by pool and member, and nothing else', () => {
    const staging = new Staging();
    staging.stage(weight('a', 1, 3));
    staging.stage({ ...at, kind: 'adminState', member: 'a', prior: 'enabled', value: 'draining' });
    staging.stage({ ...at, kind: 'removeMember', member: 'b' });
    staging.stage({
      ...at,
      kind: 'addMember',
      member: 'c',
      value: { name: 'c', address: '10.0.0.3', port: 80, weight: 2 },
    });
    staging.stage({ ...at, pool: 'api', kind: 'algorithm', prior: undefined, value: { name: 'least-connections' } });
    const desired = staging.desired('hap-1');
    expect(desired).toEqual({
      pools: [
        {
          name: 'web',
          members: [
            { name: 'a', weight: 3, adminState: 'draining' },
            { name: 'b', absent: true },
            { name: 'c', address: '10.0.0.3', port: 80, weight: 2 },
          ],
        },
        { name: 'api', algorithm: { name: 'least-connections' } },
      ],
    });
    expect(desiredSchema.safeParse(desired).success).toBe(true);
  });

  test('holds a persistence, and one without anything in it as the wish for none', () => {
    const staging = new Staging();
    const prior = { method: 'cookie-insert', cookieName: 'SRV', native: 'cookie SRV insert' } as const;
    staging.stage({ ...at, kind: 'persistence', prior, value: { cookieName: 'SRV', method: 'cookie-insert' } });
    expect(staging.count).toBe(0);
    staging.stage({ ...at, kind: 'persistence', prior: undefined, value: {} });
    expect(staging.count).toBe(0);
    staging.stage({ ...at, kind: 'persistence', prior, value: { method: 'source-ip', timeoutMs: 60_000 } });
    const desired = staging.desired('hap-1');
    expect(desired).toEqual({ pools: [{ name: 'web', persistence: { method: 'source-ip', timeoutMs: 60_000 } }] });
    expect(desiredSchema.safeParse(desired).success).toBe(true);
    staging.stage({ ...at, kind: 'persistence', prior, value: {} });
    expect(staging.desired('hap-1')).toEqual({ pools: [{ name: 'web', persistence: {} }] });
  });

  test('holds the checks of a pool: what becomes of them, which the pool uses, and what goes', () => {
    const staging = new Staging();
    const check = { name: 'web/check', type: 'tcp' as const, intervalMs: 2000 };
    const agent = { name: 'web/agent', type: 'agent' as const, port: 9 };
    const none = { check: undefined, agent: undefined };
    staging.stage({ ...at, kind: 'monitors', prior: { ...none, check }, value: { ...none, check: { ...check } } });
    expect(staging.count).toBe(0);
    const value = { check: { name: 'web/check', type: 'http' as const, path: '/h' }, agent };
    staging.stage({ ...at, kind: 'monitors', prior: { ...none, check }, value });
    const desired = staging.desired('hap-1');
    expect(desired).toEqual({
      monitors: [{ ...value.check, intervalMs: 0 }, agent],
      pools: [{ name: 'web', monitors: ['web/check', 'web/agent'] }],
    });
    expect(desiredSchema.safeParse(desired).success).toBe(true);
    staging.stage({ ...at, kind: 'monitors', prior: { check, agent }, value: { ...none, check } });
    expect(staging.desired('hap-1')).toEqual({
      monitors: [{ name: 'web/agent', absent: true }],
      pools: [{ name: 'web', monitors: ['web/check'] }],
    });
  });

  test('a weight given to a member that is only staged goes into the member', () => {
    const staging = new Staging();
    staging.stage({ ...at, kind: 'weight', member: 'c', prior: 1, value: 7 });
    staging.stage({ ...at, kind: 'addMember', member: 'c', value: { name: 'c', address: '10.0.0.3', port: 80 } });
    expect(staging.desired('hap-1')).toEqual({
      pools: [{ name: 'web', members: [{ name: 'c', address: '10.0.0.3', port: 80, weight: 7 }] }],
    });
  });

  test('leaves the edits of other devices out', () => {
    const staging = new Staging();
    staging.stage(weight('a', 1, 3));
    expect(staging.desired('hap-2')).toEqual({ pools: [] });
  });
});
