import { expect, test } from 'vitest';
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
const surroundings = { version: '2.6.12' };
function edit(
  text: string,
  kind: Change['subject']['kind'],
  path: readonly string[],
  key: string,
  desired: unknown,
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
  expect(now).toContain('are read');
});
