import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src-main/engine/config/load.ts';
import { formatProblem } from '../../../src-main/engine/config/problem.ts';
import { resolveSettings } from '../../../src-main/engine/config/settings.ts';

const good = `version: 1
virtualServers:
  - name: web
    listen: ['127.0.0.1:8080']
    pool: app
pools:
  - name: app
    members:
      - { address: 10.0.0.1, port: 80 }
      - { name: b, address: '::1', port: 80, weight: 3 }
`;

function problems(text: string): string[] {
  return loadConfig(text, 'engine.yaml').problems.map(formatProblem);
}

describe('a configuration file', () => {
  it('gets every default in one place', () => {
    const { config } = loadConfig(good, 'engine.yaml');
    expect(config).toBeDefined();
    if (config === undefined) return;
    const { pools, virtualServers } = resolveSettings(config, '/etc');
    expect(pools[0]).toMatchObject({
      algorithm: { name: 'round-robin' },
      retry: { attempts: 1, when: ['connect-error', 'reset-before-response', 'timeout'], statuses: [] },
      connectTimeoutMs: 5000,
      responseTimeoutMs: 60_000,
      keepAlive: { maxIdle: undefined, idleTimeoutMs: 60_000 },
      members: [
        { name: '10.0.0.1:80', weight: 1, adminState: 'enabled', cookieValue: '10.0.0.1:80' },
        { name: 'b', weight: 3 },
      ],
    });
    expect(virtualServers[0]?.http).toMatchObject({
      forwardedFor: 'append',
      clientTimeoutMs: 60_000,
      maxHeaderBytes: 16_384,
    });
  });

  it('takes the state of a node for all its members, the stricter one wins', () => {
    const { config } = loadConfig(`${good}nodes: [{ name: n, address: '::1', adminState: draining }]\n`, 'engine.yaml');
    const members = config === undefined ? [] : resolveSettings(config, '/').pools[0]?.members;
    expect(members?.map((member) => member.adminState)).toEqual(['enabled', 'draining']);
  });

  it.each([
    ['an unknown key', good.replace('pool: app', 'pool: app\n    polo: app'), 'engine.yaml:6:5: unknown key "polo"'],
    [
      'a duplicate name',
      good.replace('name: b', 'name: 10.0.0.1:80'),
      'engine.yaml:10:17: the name "10.0.0.1:80" stands twice',
    ],
    [
      'a dangling pool',
      good.replace('pool: app', 'pool: ap'),
      'engine.yaml:5:11: there is no pool "ap", it is used here, name one of app',
    ],
    [
      'a dangling monitor',
      good.replace('    members', '    monitors: [m]\n    members'),
      'engine.yaml:8:16: there is no monitor "m"',
    ],
    [
      'a wrong type',
      good.replace('weight: 3', 'weight: heavy'),
      'engine.yaml:10:54: pools[0].members[1].weight: "heavy" cannot be used',
    ],
    [
      'a weight out of range',
      good.replace('weight: 3', 'weight: 257'),
      'engine.yaml:10:54: pools[0].members[1].weight: 257 cannot be used',
    ],
    ['a missing key', good.replace(', port: 80 }', ' }'), 'pools[0].members[0].port is missing'],
    ['no target', good.replace('    pool: app\n', ''), '"web" has no target'],
    [
      'an address that is none',
      good.replace('127.0.0.1:8080', 'web:http'),
      'engine.yaml:4:14: "web:http" is no address',
    ],
    [
      'a feature that is not there',
      `${good}global: { listen: ['127.0.0.1:5353'], zones: [] }\n`,
      'engine.yaml:11:1: CAPABILITY_MISSING: the DNS server (global)',
    ],
    [
      'a hash of what TCP does not see',
      good
        .replace('pool: app', 'pool: app\n    protocol: tcp')
        .replace('    members', '    algorithm: uri-hash\n    members'),
      '"app" has the algorithm "uri-hash", "web" is tcp and hands to it',
    ],
    [
      'HTTP settings for TCP',
      good.replace('pool: app', 'pool: app\n    protocol: tcp\n    http: {}'),
      'engine.yaml:7:5: "web" is tcp and has http',
    ],
    [
      'UDP on every address',
      good.replace('pool: app', 'pool: app\n    protocol: udp').replace('127.0.0.1', '0.0.0.0'),
      'an answer must come from the very address that the client asked',
    ],
    [
      'a route without a name in pass-through',
      good.replace('pool: app', 'pool: app\n    protocol: tls-passthrough\n    routes: [{ host: x, pool: app }]'),
      'a route of "web" that has no sni',
    ],
    [
      'a TLS version of a monitor that is none',
      `${good}monitors: [{ name: m, type: https, tls: { minVersion: '1.4' } }]\n`,
      'engine.yaml:11:55: "1.4" is no version of TLS that can be used',
    ],
    [
      'an escape of a UDP monitor that is none',
      `${good}monitors: [{ name: m, type: udp, send: 'a\\q' }]\n`,
      'has an escape that is none',
    ],
    [
      'a route by sni in clear text',
      good.replace('pool: app', 'pool: app\n    routes: [{ sni: a, pool: app }]'),
      'engine.yaml:6:16: "web" has a route by sni and no tls, there is no ClientHello that could name it',
    ],
    [
      'a backup virtual server that is not there',
      good.replace('pool: app', 'pool: app\n    backupVirtualServer: x'),
      'engine.yaml:6:26: there is no virtual server "x"',
    ],
    [
      'a virtual server that backs itself',
      good.replace('pool: app', 'pool: app\n    backupVirtualServer: web'),
      'the backups of "web" form a circle',
    ],
    [
      'a backup of another protocol',
      good
        .replace('pool: app', 'pool: app\n    backupVirtualServer: t')
        .replace('pools:', "  - { name: t, listen: ['127.0.0.1:8081'], protocol: tcp, pool: app }\npools:"),
      '"web" is http and its backup "t" is tcp',
    ],
    [
      'source NAT that keeps the client',
      good.replace('pool: app', 'pool: app\n    sourceNat: none'),
      'engine.yaml:6:5: CAPABILITY_MISSING: source NAT "none" of "web" (sourceNat)',
    ],
    [
      'encryption of SNMP without a signature',
      `${good}snmp: { listen: '127.0.0.1:1161', users: [{ name: u, priv: aes, privPassword: password }] }\n`,
      'engine.yaml:11:60: priv has no auth',
    ],
    ['SNMP for nobody', `${good}snmp: { listen: '127.0.0.1:1161' }\n`, 'snmp has neither community nor users'],
    ['a port of a Unix socket', good.replace('10.0.0.1', "'unix:/a'"), '"unix:/a" has a port'],
    ['an address to discover', good.replace('port: 80 }', 'port: 80, discover: a }'), '"10.0.0.1" is no name'],
    [
      'a name server that is none',
      `${good}resolver: { servers: [ns.example.com] }\n`,
      'engine.yaml:11:23: "ns.example.com" is no name server',
    ],
    [
      'an algorithm that it does not run',
      good.replace('    members', '    algorithm: predictive\n    members'),
      'CAPABILITY_MISSING: the algorithm "predictive"',
    ],
    [
      'a setting that the algorithm does not have',
      good.replace('    members', '    algorithm: { name: round-robin, depth: 3 }\n    members'),
      'CAPABILITY_MISSING',
    ],
    [
      'an expression that does not compile in a monitor',
      `${good}monitors:\n  - { name: m, type: http, expectBody: '/(/' }\n`,
      'engine.yaml:12:40: "(" is no regular expression',
    ],
    [
      'an escape that is none in a monitor',
      `${good}monitors:\n  - { name: m, type: tcp-send-expect, send: 'PING\\q' }\n`,
      'has an escape that is none',
    ],
    [
      'a question that is none in a monitor',
      `${good}monitors:\n  - { name: m, type: dns, query: 'a b c' }\n`,
      'is no question',
    ],
    [
      'a script that is not there',
      `${good}monitors:\n  - { name: m, type: script, script: gone }\n`,
      'there is no script "gone"',
    ],
    [
      'a ping that the file does not allow',
      `${good}monitors:\n  - { name: m, type: icmp }\n`,
      'an icmp monitor needs scripts.ping',
    ],
    [
      'TLS for a monitor that speaks clear text',
      `${good}monitors:\n  - { name: m, type: tcp, tls: {} }\n`,
      'CAPABILITY_MISSING: a setting that monitors of type tcp do not have (tls)',
    ],
    [
      'HTTP/2 to members of a pool that is balanced without HTTP',
      good.replace('    members', '    http2: true\n    members').replace('    pool', '    protocol: tcp\n    pool'),
      'engine.yaml:9:5: "app" has http2',
    ],
    [
      'HTTP/2 to members as a protocol',
      good.replace('    members', '    protocol: h2\n    members'),
      'engine.yaml:8:15: HTTP/2 to members is not asked for by h2',
    ],
    [
      'HTTP/2 to members by ALPN',
      good.replace('    members', '    tls: { alpn: [h2] }\n    members'),
      'HTTP/2 to members is not asked for by alpn',
    ],
    [
      'a persistence method that it does not have',
      good.replace('    members', '    persistence: { method: rdp }\n    members'),
      'CAPABILITY_MISSING: the persistence method "rdp"',
    ],
    [
      'a fallback that cannot be one',
      good.replace('    members', '    persistence: { method: header, key: X, fallback: cookie-insert }\n    members'),
      'CAPABILITY_MISSING: "cookie-insert" as the fallback of header',
    ],
    [
      'a header that is not named',
      good.replace('    members', '    persistence: { method: header }\n    members'),
      '"header" has no key, it would not know what to look at',
    ],
    [
      'an expression that is none, of a virtual server',
      good.replace('    pool: app', '    pool: app\n    persistence: { method: expression, expression: "{clients}" }'),
      'engine.yaml:6:52: "{clients}" is no expression',
    ],
    [
      'a session id without pass-through',
      good.replace('    members', '    persistence: { method: tls-session-id, fallback: source-ip }\n    members'),
      'tls-session-id without pass-through, no connection has a session id',
    ],
    [
      'a member whose cookie value would end its prefix',
      good
        .replace('name: b', 'name: "b~1"')
        .replace('    members', '    persistence: { method: cookie-prefix }\n    members'),
      '"b~1" cannot stand before "~"',
    ],
    [
      'a hash of an expression that is none',
      good.replace('    members', '    algorithm: { name: expression-hash, key: "{header}" }\n    members'),
      '"{header}" is no expression',
    ],
    [
      'a setting of another method',
      good.replace('    members', '    persistence: { method: cookie-insert, ipv4Prefix: 24 }\n    members'),
      'CAPABILITY_MISSING: a setting that cookie-insert does not have (ipv4Prefix)',
    ],
    [
      'a cookie that would end a line',
      good.replace('    members', '    persistence: { method: cookie-insert, cookie: { path: "/;x" } }\n    members'),
      '"/;x" cannot stand in a cookie',
    ],
    [
      'a cookie name that is none',
      good.replace('    members', '    persistence: { method: cookie-insert, cookieName: "a b" }\n    members'),
      '"a b" is no cookie name',
    ],
    ['an admin listener without token', `${good}admin: { listen: '127.0.0.1:9900' }\n`, 'admin.listen has no token'],
    [
      'an admin listener for everybody',
      `${good}admin: { listen: '*:9900', token: 12345678abc }\n`,
      '"*:9900" is not loopback',
    ],
    ['backup pools in a circle', good.replace('    members', '    backupPool: app\n    members'), 'form a circle'],
    ['text that is no YAML', `${good}  : [\n`, 'so the file cannot be read as YAML 1.2'],
    ['the same key twice', `${good}pools: []\n`, 'engine.yaml:11:1: Map keys must be unique'],
  ])('with %s is refused at its line', (_, text, expected) => {
    expect(problems(text).join('\n')).toContain(expected);
  });

  it('names each problem, in the order of the lines', () => {
    const text = good.replace('pool: app', 'pool: ap').replace('weight: 3', 'weight: 3, wait: 1');
    expect(problems(text)).toHaveLength(1);
    expect(problems(good.replace('weight: 3', 'weight: 3, wait: 1').replace('listen:', 'lisen:'))).toHaveLength(3);
  });

  it('is not followed into aliases without end', () => {
    const bomb = `version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefgh'
      .split('')
      .map(
        (key, index) =>
          `${key}: &${key} [${Array(9)
            .fill(`*${'abcdefg'.charAt(index)}`)
            .join(', ')}]`,
      )
      .join('\n')}\n`;
    expect(problems(bomb).length).toBeGreaterThan(0);
  });
});
