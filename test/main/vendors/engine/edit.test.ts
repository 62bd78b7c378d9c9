import { describe, expect, test } from 'vitest';
import type { Change } from '../../../../src-main/contract/plan.ts';
import { editFiles } from '../../../../src-main/vendors/engine/edit.ts';
import { parseFiles } from '../../../../src-main/vendors/engine/parse.ts';
import type { SourceFile } from '../../../../src-main/vendors/vendor.ts';

const base = `# The web farm
version: 1

pools:
  - name: app   # keep in step with DNS
    members:
      - { name: a,  address: 127.0.0.1, port: 9001 }   # rack 1
      - { name: b,  address: 127.0.0.1, port: 9002, weight: 3 }
    monitors: [http]

  - name: api
    algorithm:
      name: round-robin   # for now
    members:
      - name: c
        address: 127.0.0.1
        port: 9003
        # the small one
        weight: 1
      - address: 127.0.0.1
        port: 9004
monitors:
  - {name: http, type: http}
admin: { socket: admin.sock, token: 'very secret' }
`;

function file(text: string): readonly SourceFile[] {
  return [{ path: 'engine.yaml', bytes: Buffer.from(text) }];
}
function edited(text: string, ...changes: Change[]): string {
  return editFiles(file(text), { changes, target: parseFiles(file(text)) })[0]?.bytes.toString() ?? '';
}
function update(kind: Change['subject']['kind'], path: string, key: string, desired: unknown): Change {
  return { action: 'update', subject: { kind, path: path.split('/') }, key, prior: undefined, desired };
}
function create(kind: Change['subject']['kind'], path: string, desired: unknown): Change {
  return { action: 'create', subject: { kind, path: path.split('/') }, prior: undefined, desired };
}
function remove(kind: Change['subject']['kind'], path: string): Change {
  return { action: 'delete', subject: { kind, path: path.split('/') }, prior: {}, desired: undefined };
}

describe('the engine file as text', () => {
  test('gains how clients are held where the pool stands, and nothing else changes', () => {
    const text = edited(base, update('pool', 'app', 'persistence', { method: 'header', key: 'X-User', native: 'x' }));
    const [before = '', after = ''] = base.split('    monitors: [http]\n');
    expect(text.startsWith(before)).toBe(true);
    expect(text.endsWith(after)).toBe(true);
    expect(parseFiles(file(text)).pools[0]?.persistence).toEqual({ method: 'header', key: 'X-User' });
  });

  test('without a change it is the same bytes, even where they are not UTF-8', () => {
    const bytes = Buffer.from([0x23, 0xff, 0x0a]);
    expect(editFiles([{ path: 'x', bytes }], { changes: [], target: parseFiles(file('')) })[0]?.bytes).toBe(bytes);
  });

  test('a weight that is written is replaced in its place, one that is not is added behind the last key', () => {
    expect(edited(base, update('member', 'app/b', 'weight', 5))).toBe(base.replace('weight: 3', 'weight: 5'));
    expect(edited(base, update('member', 'app/a', 'weight', 5))).toBe(
      base.replace('port: 9001 }', 'port: 9001, weight: 5 }'),
    );
    expect(edited(base, update('member', 'api/c', 'adminState', 'draining'))).toBe(
      base.replace('        weight: 1\n', '        weight: 1\n        adminState: draining\n'),
    );
  });

  test('a member without a name is found by its address and port', () => {
    expect(edited(base, update('member', 'api/127.0.0.1:9004', 'weight', 2))).toBe(
      base.replace('        port: 9004\n', '        port: 9004\n        weight: 2\n'),
    );
  });

  test('taking a key out leaves its neighbours and their comments', () => {
    expect(edited(base, update('member', 'app/b', 'weight', undefined))).toBe(base.replace(', weight: 3', ''));
    expect(edited(base, update('member', 'api/c', 'weight', undefined))).toBe(base.replace('        weight: 1\n', ''));
    expect(edited(base, update('pool', 'app', 'monitors', undefined))).toBe(base.replace('    monitors: [http]\n', ''));
  });

  test('an algorithm is added on a line of its own, and a long one is replaced as a whole', () => {
    expect(edited(base, update('pool', 'app', 'algorithm', 'least-connections'))).toBe(
      base.replace('[http]\n', '[http]\n    algorithm: least-connections\n'),
    );
    expect(edited(base, update('pool', 'api', 'algorithm', { name: 'least-connections', native: 'x' }))).toBe(
      base.replace('algorithm:\n      name: round-robin', 'algorithm: least-connections'),
    );
  });

  test('a new member is written in the manner of the last one', () => {
    const member = { name: 'n', address: '::1', port: 80, weight: 2 };
    expect(edited(base, create('member', 'app/n', member))).toBe(
      base.replace(', weight: 3 }\n', ', weight: 3 }\n      - { name: n, address: ::1, port: 80, weight: 2 }\n'),
    );
    expect(edited(base, create('member', 'api/n', member))).toBe(
      base.replace(
        'port: 9004\n',
        'port: 9004\n      - name: n\n        address: ::1\n        port: 80\n        weight: 2\n',
      ),
    );
  });

  test('a removed member takes its line along, the last one leaves an empty list', () => {
    const without = base.replace(/ {6}- \{ name: a.*\n/, '');
    expect(edited(base, remove('member', 'app/a'))).toBe(without);
    expect(edited(base, remove('member', 'app/a'), remove('member', 'app/b'))).toContain('    members:\n       []\n');
  });

  test('whole objects come and go in sections that are there and in new ones', () => {
    const pool = { name: 'spare', members: [{ name: 'x', address: '127.0.0.1', port: 1, native: { a: 'b' } }] };
    const more = edited(
      base,
      create('pool', 'spare', pool),
      create('virtualServer', 'web', { name: 'web', pool: 'app' }),
    );
    const model = parseFiles(file(more));
    expect(model.pools[2]).toEqual({ name: 'spare', members: [{ name: 'x', address: '127.0.0.1', port: 1 }] });
    expect(more.endsWith('virtualServers:\n  - name: web\n    pool: app\n')).toBe(true);
    expect(edited(more, remove('pool', 'spare')).startsWith(base)).toBe(true);
  });

  test('line ends of CR and LF stay', () => {
    const text = base.replaceAll('\n', '\r\n');
    const after = edited(text, update('member', 'api/c', 'maxConnections', 9), create('pool', 'p', { name: 'p' }));
    expect(after.replaceAll('\r\n', '').includes('\n')).toBe(false);
    expect(parseFiles(file(after)).pools.map((pool) => pool.name)).toEqual(['app', 'api', 'p']);
  });

  test('a value that others refer to is refused instead of changed behind their back', () => {
    const text =
      'pools:\n  - name: a\n    members:\n      - { name: x, weight: &w 2 }\n      - { name: y, weight: *w }\n';
    expect(() => edited(text, update('member', 'a/x', 'weight', 3))).toThrow(
      expect.objectContaining({ code: 'CAPABILITY_MISSING' }),
    );
    expect(edited(text, update('member', 'a/y', 'weight', 3))).toBe(text.replace('*w', '3'));
  });

  test('what is not there cannot be changed, and what the engine cannot run is refused', () => {
    expect(() => edited(base, update('member', 'app/z', 'weight', 3))).toThrow(
      expect.objectContaining({ code: 'PLAN_INVALID' }),
    );
    expect(() => edited(base, update('pool', 'app', 'algorithm', 'predictive'))).toThrow(
      expect.objectContaining({ code: 'CAPABILITY_MISSING' }),
    );
    expect(() => edited(base, create('certificate', 'x', { name: 'x' }))).toThrow(
      expect.objectContaining({ code: 'CAPABILITY_MISSING' }),
    );
  });
});

describe('the engine file as model', () => {
  test('sections, wrong values and unknown keys that the model cannot hold are listed with their lines, secrets masked', () => {
    const text = base.replace('weight: 3', 'weight: heavy, colour: red');
    const model = parseFiles(file(text));
    expect(model.pools.map((pool) => pool.members.map((member) => member.name))).toEqual([
      ['a', 'b'],
      ['c', '127.0.0.1:9004'],
    ]);
    expect(model.unmodelled.map(({ line, endLine, text: shown }) => [line, endLine, shown])).toEqual([
      [24, 24, 'admin: { socket: admin.sock, token: *** }'],
      [8, 8, 'weight: heavy'],
      [8, 8, 'colour: red'],
    ]);
    expect(JSON.stringify(model)).not.toContain('very secret');
  });

  test('any text is read, whatever is wrong with it', () => {
    for (const text of [
      '',
      '- x',
      ': :',
      'pools: 3',
      'pools: [1, {}]',
      '\u0000\u0001',
      'pools: *x',
      'pools:\n - name: a\n  bad',
    ]) {
      expect(parseFiles(file(text)).pools.length).toBeLessThan(2);
    }
  });
});
