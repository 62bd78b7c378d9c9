import { describe, expect, test } from 'vitest';
import type { Change } from '../../../../src-main/contract/plan.ts';
import { factsOf } from '../../../../src-main/vendors/haproxy/driver-facts.ts';
import { editHaproxy } from '../../../../src-main/vendors/haproxy/edit.ts';
import { effectiveModel } from '../../../../src-main/vendors/haproxy/parse.ts';

const base = `frontend web
    bind :80
    bind :443 ssl crt /etc/ssl/site.pem
    default_backend app
backend app
    server a 10.0.0.1:80 check
    server b 10.0.0.2:80 check
`;
const haproxy26 = { version: '2.6.12' };
function edit(
  text: string,
  kind: Change['subject']['kind'],
  path: readonly string[],
  key: string,
  desired: unknown,
  surroundings = haproxy26,
): string {
  const files = [{ path: 'haproxy.cfg', bytes: Buffer.from(text) }];
  const change: Change = { action: 'update', subject: { kind, path: [...path] }, key, desired };
  const target = effectiveModel(files, surroundings);
  return (
    editHaproxy(files, { changes: [change], target }, { surroundings, inherited: 'leave-out' })[0]?.bytes.toString() ??
    ''
  );
}

/** What a HAProxy's administrator sets, each with the text that comes, and the value that takes it back. */
test.each<readonly [string, Change['subject']['kind'], readonly string[], string, unknown, string, unknown]>([
  [
    'TLS of bind lines',
    'virtualServer',
    ['web'],
    'tls',
    { certificates: [{ certFile: '/etc/ssl/site.pem' }], minVersion: '1.2' },
    'ssl-min-ver TLSv1.2',
    { certificates: [{ certFile: '/etc/ssl/site.pem' }] },
  ],
  ['TLS to members', 'pool', ['app'], 'tls', { verify: false }, 'check ssl verify none', undefined],
  ['http-check', 'monitor', ['app/check'], 'type', 'http', 'option httpchk', 'tcp'],
  ['redis-check', 'monitor', ['app/check'], 'type', 'redis', 'option redis-check', 'tcp'],
  ['tcp-check', 'monitor', ['app/check'], 'steps', [{ connect: { port: 81 } }], 'tcp-check connect port 81', []],
  ['times of checks', 'monitor', ['app/check'], 'fastIntervalMs', 100, 'check fastinter 100ms', 0],
  [
    'observe',
    'pool',
    ['app'],
    'passive',
    { observe: 'layer4', maxFails: 3 },
    'observe layer4 error-limit 3',
    undefined,
  ],
  ['on-marked-down', 'pool', ['app'], 'onMemberDown', 'reset', 'on-marked-down shutdown-sessions', undefined],
  ['stick persistence', 'pool', ['app'], 'persistence', { method: 'source-ip' }, 'stick on src', undefined],
  ['slow start', 'pool', ['app'], 'slowStartMs', 5000, 'slowstart 5000ms', undefined],
  [
    'retries',
    'pool',
    ['app'],
    'retry',
    { attempts: 2, when: ['timeout'], redispatch: true },
    'retry-on response-timeout',
    undefined,
  ],
  ['time in the queue', 'pool', ['app'], 'queue', { timeoutMs: 900 }, 'timeout queue 900ms', undefined],
  ['length of the queue', 'member', ['app', 'b'], 'maxQueue', 5, 'maxqueue 5', undefined],
  ['connections', 'member', ['app', 'b'], 'maxConnections', 9, 'maxconn 9', undefined],
  ['a cookie of a member', 'member', ['app', 'b'], 'cookieValue', 'two', 'cookie two', undefined],
  ['backup', 'member', ['app', 'b'], 'priority', -1, 'check backup', undefined],
])('%s', (_name, kind, path, key, desired, come, back) => {
  const after = edit(base, kind, path, key, desired);
  expect(after).toContain(come);
  expect(edit(after, kind, path, key, back)).toBe(base);
});

test('what a version has is told: steps of HTTP checks since 2.2, bandwidth filters since 2.7', () => {
  function factsFor(version: string) {
    const nowhere = { why: 'not asked' };
    return factsOf({
      host: 'h',
      version,
      socket: nowhere,
      reload: { way: 'none', why: '' },
      writeProblem: undefined,
      checkProblem: undefined,
    });
  }
  function keysOfHttp(version: string) {
    return factsFor(version).monitors?.offered.find(({ name }) => name === 'http')?.settings;
  }
  expect(keysOfHttp('2.1.0')).not.toContain('steps');
  expect(keysOfHttp('2.6.12')).toContain('steps');
  const [old, now] = ['2.6.12', '3.2.0'].map(
    (version) => factsFor(version).capabilities.find(({ id }) => id === 'bandwidth')?.why,
  );
  expect(old).toContain('2.7 and later');
  expect(now).toBeUndefined();
});

describe('limits of bandwidth', () => {
  const haproxy30 = { version: '3.0.11' };
  const http = base.replace('    bind :80\n', '    mode http\n    bind :80\n');
  function limit(text: string, desired: unknown, surroundings = haproxy30): string {
    return edit(text, 'virtualServer', ['web'], 'bandwidth', desired, surroundings);
  }

  test('come as filters with the rules that switch them on, change in place, and go with them', () => {
    const one = limit(http, { perConnectionBytesPerSecond: 2_000_000 });
    const added = `    filter bwlim-out per-connection default-limit 2000000 default-period 1s
    http-response set-bandwidth-limit per-connection
`;
    expect(one).toBe(http.replace('backend app\n    server', `${added}$&`));
    const both = limit(one, { perConnectionBytesPerSecond: 2_000_000, perClientBytesPerSecond: 5_000_000 });
    expect(both).toContain('    stick-table type ipv6 size 1m expire 10s store bytes_out_rate(1s)\n');
    expect(both).toContain('    filter bwlim-out per-client limit 5000000 key src\n');
    const changed = limit(both, { perConnectionBytesPerSecond: 1000, perClientBytesPerSecond: 6_000_000 });
    expect(changed).toBe(
      both.replace('default-limit 2000000', 'default-limit 1000').replace('limit 5000000', 'limit 6000000'),
    );
    expect(limit(limit(both, { perConnectionBytesPerSecond: 2_000_000 }), {})).toBe(
      http.replace(
        'backend app\n    server',
        '    stick-table type ipv6 size 1m expire 10s store bytes_out_rate(1s)\n$&',
      ),
    );
  });

  test('keep the period that stands there where it makes whole bytes, and what else the line says', () => {
    const there = limit(http, { perConnectionBytesPerSecond: 4 }).replace(
      'default-limit 4 default-period 1s',
      'default-limit 2 default-period 500ms min-size 10',
    );
    expect(limit(there, { perConnectionBytesPerSecond: 8 })).toBe(there.replace('limit 2', 'limit 4'));
    expect(limit(there, { perConnectionBytesPerSecond: 7 })).toBe(
      there.replace('limit 2 default-period 500ms', 'limit 7 default-period 1s'),
    );
  });

  test('are refused on older versions, as raw TCP, over all clients, and beside a table of other things', () => {
    const wish = { perConnectionBytesPerSecond: 9 };
    expect(() => limit(http, wish, haproxy26)).toThrow('2.7 and later have');
    expect(() => limit(base, wish)).toThrow('haproxy.cfg:1: "web" gets no bandwidth limit: in TCP mode');
    expect(() => limit(http, { bytesPerSecond: 9 })).toThrow('cannot be written so: bytesPerSecond');
    const counted = http.replace('    bind :80\n', '    stick-table type string size 1k store gpc0\n$&');
    expect(() => limit(counted, { perClientBytesPerSecond: 9 })).toThrow('counts no bytes of addresses');
  });
});
