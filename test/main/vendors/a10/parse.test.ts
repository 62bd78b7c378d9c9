import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deviceModelSchema } from '../../../../src-main/contract/model.ts';
import { parseA10 } from '../../../../src-main/vendors/a10/parse.ts';
import { drivers } from '../../../../src-main/vendors/registry.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const orchard = join(import.meta.dirname, '../../../fixtures/a10/orchard');

function parse(...lines: readonly string[]) {
  return parseA10([{ path: 'running-config', bytes: Buffer.from(lines.join('\n')) }]);
}

test('a running-config is the model that was written by hand', () => {
  const expected: unknown = JSON.parse(readFileSync(join(orchard, 'model.json'), 'utf8'));
  expect(parse(readFileSync(join(orchard, 'running-config'), 'utf8'))).toEqual(expected);
  expect(drivers.find(({ id }) => id === 'a10')?.parse).toBe(parseA10);
});

test('members of ACOS 2.7 are SERVER:PORT with their settings on the line, also where the name has a colon', () => {
  const model = parse(
    'slb server S:1 10.0.0.1',
    '   port 80 tcp',
    '      weight 4',
    'slb service-group g tcp',
    '    member S:1:80',
    '    member S:1:81 disable priority 3',
  );
  expect(model.pools[0]?.members).toEqual([
    { name: 'S:1:80', node: 'S:1', address: '10.0.0.1', port: 80, weight: 4 },
    { name: 'S:1:81', node: 'S:1', address: '10.0.0.1', port: 81, adminState: 'disabled', priority: 3 },
  ]);
});

test('an object entered twice adds up, one taken back is gone', () => {
  const model = parse(
    'slb server a 10.0.0.1',
    '  port 80 tcp range 3',
    '    conn-limit 5',
    'slb server a',
    '  port 80 tcp',
    '    weight 9',
    'slb server b 10.0.0.2',
    'no slb server b',
    'slb service-group g tcp',
    '  member a 80',
    'slb service-group g',
    '  member a 81',
    '  method least-request',
  );
  expect(model.nodes).toEqual([
    {
      name: 'a',
      address: '10.0.0.1',
      ports: [{ port: 80, protocol: 'tcp', weight: 9, maxConnections: 5 }],
      native: { 'port 80 tcp range': 'range 3' },
    },
  ]);
  expect(model.pools[0]).toMatchObject({ algorithm: { name: 'least-requests' } });
  expect(model.pools[0]?.members.map(({ name }) => name)).toEqual(['a:80', 'a:81']);
});

test('one number as TCP and as UDP is two virtual servers', () => {
  const model = parse(
    'slb virtual-server dns 192.0.2.53',
    '  port 53 tcp',
    '  port 53 dns-udp',
    'slb virtual-server bare ::1',
  );
  expect(model.virtualServers.map(({ name, protocol, listen }) => [name, protocol, listen])).toEqual([
    ['dns:53', 'tcp', ['192.0.2.53:53']],
    ['dns:53/dns-udp', 'udp', ['192.0.2.53:53']],
    ['bare', undefined, ['::1']],
  ]);
});

test.each([
  ['method tcp port 80 halfopen', { type: 'tcp-half-open', port: 80 }],
  ['method tcp port 22 send HELO expect SSH', { type: 'tcp-send-expect', port: 22, send: 'HELO', expect: 'SSH' }],
  [
    'method http expect Success url GET /foo host a.example',
    { type: 'http', expectBody: 'Success', path: '/foo', host: 'a.example' },
  ],
  ['method https port 8443 expect response-code 200,204 url GET /', { type: 'https', expectStatus: ['200', '204'] }],
  ['method rtsp port 554', { type: 'other', native: { method: 'rtsp port 554' } }],
])('the monitor %s', (line, monitor) => {
  const [found] = parse('health monitor m interval 5 retry 2', `  ${line}`, '  up-retry 3').monitors;
  expect(found).toMatchObject({ name: 'm', intervalMs: 5000, fall: 2, rise: 3, ...monitor });
});

test('what is no balancing is kept with its lines, a member without a port too; secrets are nowhere', () => {
  const model = parse(
    'hostname orchard',
    '!',
    'admin web password encrypted abc123',
    'slb service-group g tcp',
    '  member a',
    'health monitor m',
    '  method http url GET / username u password s3cret',
    'snmp-server community read orchard1',
  );
  expect(model.unmodelled.map(({ line, endLine }) => [line, endLine])).toEqual([
    [1, 3],
    [5, 5],
    [8, 8],
  ]);
  expect(JSON.stringify(model)).not.toMatch(/abc123|s3cret|orchard1/);
});

test('any text is a model by the schema, its unmodelled lines the very lines', () => {
  const word = fc.constantFrom(
    ...'slb server service-group virtual-server template health monitor member port no a b 80 tcp 10.0.0.1'.split(' '),
    ...['weight', 'priority', 'disable', '\n', '\n  ', '\n    ', '"', '!'],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 80 }), (words) => {
      const text = words.join(' ');
      const model = deviceModelSchema.parse(parse(text));
      const lines = text.split('\n');
      for (const { line, endLine, text: kept } of model.unmodelled)
        expect(lines.slice(line - 1, endLine).join('\n')).toBe(kept);
    }),
    { numRuns: 1000 },
  );
});

describe.skipIf(lacksRecordings)('the configurations of ACOS', () => {
  test('give every server, group, member, virtual port, template and monitor by name', () => {
    const missing: string[] = [];
    let seen = 0;
    for (const { path, bytes } of ['config/a10', 'config/a10-f5-batfish-allinone', 'cli/a10'].flatMap((folder) =>
      recordings(folder, ''),
    )) {
      const text = bytes.toString('utf8');
      if (!/^slb /m.test(text) || path.startsWith('f5')) continue;
      const model = deviceModelSchema.parse(parseA10([{ path, bytes }]));
      const gone = new Set([...text.matchAll(/^no slb server (\S+)/gm)].map(([, name]) => name));
      const found = [
        ['slb server', new Set(model.nodes?.map(({ name }) => name))],
        ['slb service-group', new Set(model.pools.map(({ name }) => name))],
        ['slb virtual-server', new Set(model.virtualServers.map(({ native }) => native?.['virtual-server']))],
        ['health monitor', new Set(model.monitors.map(({ name }) => name))],
      ] as const;
      for (const [kind, names] of found) {
        for (const [, name = ''] of text.matchAll(new RegExp(`^${kind} (\\S+)`, 'gm'))) {
          seen += 1;
          if (!names.has(name) && !gone.has(name)) missing.push(`${path}: ${kind} ${name}`);
        }
      }
      const members = model.pools.flatMap((pool) => pool.members.map(({ name }) => name));
      for (const [, name = '', port = ''] of text.matchAll(/^ +member (\S+) (\d+)/gm)) {
        if (!members.includes(`${name}:${port}`)) missing.push(`${path}: member ${name} ${port}`);
      }
    }
    expect(missing).toEqual([]);
    expect(seen).toBeGreaterThan(50);
  });
});
