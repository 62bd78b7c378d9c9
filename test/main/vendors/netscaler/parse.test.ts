import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deviceModelSchema } from '../../../../src-main/contract/model.ts';
import { readCommands } from '../../../../src-main/vendors/netscaler/commands.ts';
import { parseNetscaler } from '../../../../src-main/vendors/netscaler/parse.ts';
import { drivers } from '../../../../src-main/vendors/registry.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const orchard = join(import.meta.dirname, '../../../fixtures/netscaler/orchard');

function parse(...lines: readonly string[]) {
  return parseNetscaler([{ path: 'ns.conf', bytes: Buffer.from(lines.join('\n')) }]);
}

test('an ns.conf is the model that was written by hand', () => {
  const expected: unknown = JSON.parse(readFileSync(join(orchard, 'model.json'), 'utf8'));
  expect(parse(readFileSync(join(orchard, 'ns.conf'), 'utf8'))).toEqual(expected);
  expect(drivers.find(({ id }) => id === 'netscaler')?.parse).toBe(parseNetscaler);
});

describe('words', () => {
  test.each([
    ['add cs policy p -rule "HTTP.REQ.URL.EQ(\\"/a b\\")"', 'HTTP.REQ.URL.EQ("/a b")'],
    ['add cs policy p -rule q{HTTP.REQ.URL.EQ("/a")}', 'HTTP.REQ.URL.EQ("/a")'],
    ['add cs policy p -rule q/HTTP.REQ.HEADER("X")/', 'HTTP.REQ.HEADER("X")'],
    ['add cs policy p -rule "two\nlines"', 'two\nlines'],
    ['add cs policy p -rule\n TRUE', 'TRUE'],
    ['add lb monitor m HTTP -httpRequest "GET /\\r\\nA: b"', 'GET /\\r\\nA: b'],
  ])('of %j: the option is %j', (text, value) => {
    const commands = readCommands(text);
    expect(commands).toHaveLength(1);
    expect(commands[0]?.options[0]?.values).toEqual([value]);
    expect(commands[0]?.text).toBe(text);
  });

  test('a quotation that nobody closed ends where the next command begins', () => {
    expect(readCommands('add server "a 10.0.0.1\nadd server b 10.0.0.2').map(({ words }) => words)).toEqual([
      ['add', 'server', 'a 10.0.0.1'],
      ['add', 'server', 'b', '10.0.0.2'],
    ]);
  });

  test('names with spaces are names', () => {
    const model = parse(
      'add server "web one" 10.0.0.1',
      'add serviceGroup "Production Web" HTTP',
      'add lb vserver "The Web" HTTP 192.0.2.1 80',
      'bind lb vserver "The Web" "Production Web"',
      'bind serviceGroup "Production Web" "web one" 80',
    );
    expect(model.pools[0]).toMatchObject({ name: 'The Web/Production Web', members: [{ name: 'web one:80' }] });
    expect(model.unmodelled).toEqual([]);
  });
});

test('one service group under two virtual servers is two pools, each with its own method', () => {
  const model = parse(
    'add serviceGroup g HTTP',
    'bind serviceGroup g 10.0.0.1 80',
    'add lb vserver a HTTP 192.0.2.1 80 -lbMethod ROUNDROBIN',
    'add lb vserver b HTTP 192.0.2.2 80 -lbMethod SOURCEIPHASH -netmask 255.255.255.0',
    'bind lb vserver a g',
    'bind lb vserver b g',
  );
  expect(model.pools.map(({ name, algorithm }) => [name, algorithm])).toEqual([
    ['a/g', { name: 'round-robin', native: 'ROUNDROBIN' }],
    ['b/g', { name: 'source-ip-hash', netmask: '255.255.255.0', native: 'SOURCEIPHASH' }],
  ]);
  expect(model.pools[0]?.members).toEqual([{ name: '10.0.0.1:80', node: '10.0.0.1', address: '10.0.0.1', port: 80 }]);
});

test('what is bound to no virtual server is a pool by its own name', () => {
  const model = parse('add serviceGroup g TCP', 'bind serviceGroup g 10.0.0.1 *', 'add service s 10.0.0.2 UDP 53');
  expect(model.pools).toEqual([
    {
      name: 'g',
      protocol: 'tcp',
      members: [expect.objectContaining({ name: '10.0.0.1' })],
      native: { serviceGroup: 'g', type: 'TCP' },
    },
    { name: 's', protocol: 'udp', members: [expect.objectContaining({ name: 's', port: 53 })] },
  ]);
});

test('the later command wins, as on the appliance', () => {
  const model = parse(
    'add service s 10.0.0.2 HTTP 80 -maxClient 10',
    'set service s -maxClient 20',
    'disable service s',
    'add lb monitor m HTTP -interval 5 -units3 MIN',
    'set lb monitor m -interval 500 -units3 MSEC',
  );
  expect(model.pools[0]?.members[0]).toMatchObject({ maxConnections: 20, adminState: 'disabled' });
  expect(model.monitors[0]).toMatchObject({ intervalMs: 500 });
});

test.each([
  ['HTTP.REQ.URL.PATH.STARTSWITH("/a/")', [{ pathPrefix: '/a/' }]],
  ['(HTTP.REQ.HOSTNAME.EQ("a.example") && HTTP.REQ.URL.STARTSWITH("/b"))', [{ host: 'a.example', pathPrefix: '/b' }]],
  ['HTTP.REQ.HOSTNAME.EQ("a") || HTTP.REQ.HOSTNAME.EQ("b")', [{ host: 'a' }, { host: 'b' }]],
  ['HTTP.REQ.URL.PATH.REGEX_MATCH(re#^/x(y|z)#)', [{ pathRegex: '^/x(y|z)' }]],
  ['HTTP.REQ.URL.EQ("/a || b")', [{ native: 'HTTP.REQ.URL.EQ("/a || b")' }]],
  [
    'HTTP.REQ.HOSTNAME.EQ("a") && CLIENT.IP.SRC.EQ(10.0.0.1)',
    [{ native: 'HTTP.REQ.HOSTNAME.EQ("a") && CLIENT.IP.SRC.EQ(10.0.0.1)' }],
  ],
  ['true', [{}]],
])('the rule %s', (rule, conditions) => {
  const model = parse(
    'add lb vserver web HTTP 0.0.0.0 0',
    'add cs vserver c HTTP 192.0.2.1 80',
    `add cs policy p -rule "${rule.replaceAll('"', '\\"')}"`,
    'bind cs vserver c -policyName p -targetLBVserver web -priority 10',
  );
  expect(model.virtualServers[0]?.routes).toEqual(conditions.map((one) => ({ ...one, virtualServer: 'web' })));
});

test('no secret is in the model', () => {
  const model = parse(
    'set system user nsroot 11d35d12350021 -encrypted',
    'add snmp community orchard ALL',
    'set ns rpcNode 10.0.0.1 -password 91efc24d -encrypted',
    'add lb monitor r RADIUS -userName u -password "pa ss" -radKey kk1',
    'add lb monitor s USER -scriptArgs "database=d;password=sss1;x=1"',
    'add ssl certKey c -cert c.pfx -inform PFX -passcrypt abcd1',
    'add authentication ldapAction l -ldapBindDnPassword 9f8e -encrypted',
  );
  const text = JSON.stringify(model);
  for (const secret of ['11d35d', 'orchard', '91efc24d', 'pa ss', 'kk1', 'sss1', 'abcd1', '9f8e'])
    expect(text).not.toContain(secret);
  expect(model.monitors).toHaveLength(2);
});

test('any text is a model by the schema, its unmodelled lines the very lines', () => {
  const word = fc.constantFrom(
    ...'add bind set disable lb cs ssl vserver service serviceGroup server monitor certKey a b HTTP 10.0.0.1 80'.split(
      ' ',
    ),
    ...['-weight', '-policyName', '-rule', '-state', 'DISABLED', '"', '\\', '\n', '\n ', 'q{', '}', '#', '3'],
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

describe.skipIf(lacksRecordings)('the configurations of real appliances', () => {
  const kinds = [
    [/^add (?:lb|cs) vserver ("[^"]+"|\S+)/i, 'virtualServers'],
    [/^add lb monitor ("[^"]+"|\S+)/i, 'monitors'],
    [/^add server ("[^"]+"|\S+)/i, 'nodes'],
    [/^add ssl certKey ("[^"]+"|\S+)/i, 'certificates'],
    [/^add \S+ \w*profile ("[^"]+"|\S+)/i, 'profiles'],
  ] as const;

  test('give every virtual server, server, monitor, profile, certificate, group member and service by name', () => {
    const missing: string[] = [];
    for (const { path, bytes } of recordings('config/netscaler', '.conf')) {
      const model = deviceModelSchema.parse(parseNetscaler([{ path, bytes }]));
      const members = new Set(model.pools.flatMap(({ members: all }) => all.map(({ name }) => name)));
      const told = new Set(model.unmodelled.map(({ line }) => line)); // a bind to a group that the file does not add
      for (const [at, line] of bytes.toString('utf8').split(/\r?\n/).entries()) {
        if (told.has(at + 1)) continue;
        for (const [pattern, key] of kinds) {
          const name = pattern.exec(line)?.[1]?.replaceAll('"', '');
          if (name === undefined) continue;
          const found = model[key] ?? [];
          if (!found.some((one) => one.name === name)) missing.push(`${path}: ${line}`);
        }
        const [, service] = /^add service ("[^"]+"|\S+) /.exec(line) ?? [];
        if (service !== undefined && !members.has(service.replaceAll('"', ''))) missing.push(`${path}: ${line}`);
        const [, server, port] = /^bind serviceGroup (?:"[^"]+"|\S+) ("[^"]+"|[^-\s]\S*) (\d+)/.exec(line) ?? [];
        if (server !== undefined && !members.has(`${server.replaceAll('"', '')}:${port ?? ''}`))
          missing.push(`${path}: ${line}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test('lose no line: what is not in the model is told with its lines', () => {
    const lost: string[] = [];
    for (const { path, bytes } of recordings('config/netscaler', '.conf')) {
      const model = parseNetscaler([{ path, bytes }]);
      const told = new Set(model.unmodelled.flatMap(({ line, endLine }) => [line, endLine]));
      const modelled =
        /^(?:add|set|bind|enable|disable|link) (?:lb (?:vserver|monitor)|cs |server|service|ssl (?:certKey|vserver|service|profile))|profile /i;
      bytes
        .toString('utf8')
        .split(/\r?\n/)
        .forEach((line, at) => {
          if (/^(?:add|set|bind|enable|disable|link) /.test(line) && !modelled.test(line) && !told.has(at + 1))
            lost.push(`${path}:${String(at + 1)}: ${line}`);
        });
    }
    expect(lost).toEqual([]);
  });
});
