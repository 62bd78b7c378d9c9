import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { deviceModelSchema } from '../../../../src-main/contract/model.ts';
import { parseBigip } from '../../../../src-main/vendors/f5/parse.ts';
import { drivers } from '../../../../src-main/vendors/registry.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const orchard = join(import.meta.dirname, '../../../fixtures/f5/orchard');

function parse(text: string) {
  return parseBigip([{ path: 'bigip.conf', bytes: Buffer.from(text) }]);
}

test('a bigip.conf is the model that was written by hand', () => {
  const expected: unknown = JSON.parse(readFileSync(join(orchard, 'model.json'), 'utf8'));
  expect(parse(readFileSync(join(orchard, 'bigip.conf'), 'utf8'))).toEqual(expected);
  expect(drivers.find(({ id }) => id === 'f5')?.parse).toBe(parseBigip);
});

test.each([
  ['/Common/10.0.0.1:http', '10.0.0.1:80'],
  ['/Common/10.0.0.1%7:any', '10.0.0.1%7:0'],
  ['/Common/2001:db8::1.443', '[2001:db8::1]:443'],
  ['/Part/Folder/any6.0', 'any6.0'],
  ['10.0.0.1:webcache', '10.0.0.1:8080'],
])('the destination %s is %s', (destination, listen) => {
  expect(parse(`ltm virtual /Common/v {\n    destination ${destination}\n}\n`).virtualServers[0]?.listen).toEqual([
    listen,
  ]);
});

test('a lone brace in an iRule’s comment does not swallow the next object', () => {
  const text =
    'ltm rule /Common/r {\n  when HTTP_REQUEST {\n  # bad { comment\n  pool /Common/p\n  }\n}\n\nltm pool /Common/p { }\n';
  const model = parse(text);
  expect(model.pools.map(({ name }) => name)).toEqual(['/Common/p']);
  expect(model.unmodelled).toEqual([expect.objectContaining({ line: 1, endLine: 6 })]);
});

test('disabled lets held clients come, forced offline nobody', () => {
  const text = `ltm pool /Common/p {
    members {
        /Common/a:80 { session user-disabled }
        /Common/b:80 { session user-disabled
            state user-down }
    }
}`;
  expect(parse(text).pools[0]?.members.map(({ adminState }) => adminState)).toEqual(['draining', 'disabled']);
});

test('a key with nothing behind it says nothing', () => {
  const model = deviceModelSchema.parse(
    parse('ltm virtual /Common/v {\n    pool\n    destination /Common/192.0.2.1:80\n}\n'),
  );
  expect(model.virtualServers[0]).toMatchObject({ name: '/Common/v', listen: ['192.0.2.1:80'] });
  expect(model.virtualServers[0]).not.toHaveProperty('pool');
});

test('any text is a model by the schema, quickly, its unmodelled lines the very lines', () => {
  const word = fc.constantFrom(
    'ltm',
    'pool',
    'virtual',
    'rule',
    'monitor',
    'http',
    '/Common/x',
    '{',
    '}',
    '"',
    '\\',
    '\n',
    ' ',
    '#',
    'members',
    'address',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 80 }), (words) => {
      const text = words.join(' ');
      const model = deviceModelSchema.parse(parse(text));
      const lines = text.split('\n');
      for (const { line, endLine, text: kept } of model.unmodelled)
        expect(lines.slice(line - 1, endLine).join('\n')).toBe(kept);
    }),
    { numRuns: 500 },
  );
});

describe.skipIf(lacksRecordings)('the configurations of real BIG-IPs', () => {
  test('give every virtual server, pool, node, monitor and profile by name', () => {
    const missing: string[] = [];
    for (const { path, bytes } of ['.conf', '.txt', '.scf'].flatMap((ending) => recordings('config/f5', ending))) {
      const text = bytes.toString('utf8');
      const model = parseBigip([{ path, bytes }]);
      deviceModelSchema.parse(model);
      const told = new Map([
        ['virtual', new Set(model.virtualServers.map(({ name }) => name))],
        ['pool', new Set(model.pools.map(({ name }) => name))],
        ['node', new Set(model.nodes?.map(({ name }) => name))],
        ['monitor', new Set(model.monitors.map(({ name }) => name))],
        ['profile', new Set(model.profiles.map(({ name }) => name))],
      ]);
      for (const [, kind = '', name = ''] of text.matchAll(
        /^ltm (virtual|pool|node|(?:monitor|profile) [a-z0-9-]+) ("[^"]+"|[^\s{]+) \{/gm,
      )) {
        const names = told.get(kind.split(' ')[0] ?? '');
        if (names?.has(name.replaceAll('"', '')) !== true) missing.push(`${path}: ${kind} ${name}`);
      }
    }
    expect(missing).toEqual([]);
  }, 120_000);
});
