import { describe, expect, test } from 'vitest';
import type { DeviceModel, Monitor } from '../../../../src-main/contract/model.ts';
import type { Change } from '../../../../src-main/contract/plan.ts';
import { editHaproxy } from '../../../../src-main/vendors/haproxy/edit.ts';
import { effectiveModel } from '../../../../src-main/vendors/haproxy/parse.ts';

type Wish = Readonly<Record<string, unknown>>;

function read(text: string, version = '2.6.12'): DeviceModel {
  return effectiveModel([{ path: 'haproxy.cfg', bytes: Buffer.from(text) }], { version });
}
function monitorOf(text: string, version?: string, name = 'app/check'): Monitor | undefined {
  return read(text, version).monitors.find((monitor) => monitor.name === name);
}
function edit(text: string, changes: readonly Change[], version = '2.6.12'): string {
  const files = [{ path: 'haproxy.cfg', bytes: Buffer.from(text) }];
  const options = { surroundings: { version }, inherited: 'leave-out' as const };
  return editHaproxy(files, { changes, target: read(text) }, options)[0]?.bytes.toString() ?? '';
}
function updates(wish: Wish, name = 'app/check'): readonly Change[] {
  return Object.entries(wish).map(([key, desired]) => ({
    action: 'update',
    subject: { kind: 'monitor', path: [name] },
    key,
    desired,
  }));
}
function changed(text: string, wish: Wish, version?: string): string {
  return edit(text, updates(wish), version);
}
/** Lines that came, and lines that went. */
function difference(
  before: string,
  after: string,
): { readonly gone: readonly string[]; readonly come: readonly string[] } {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return {
    gone: old.filter((line) => !now.includes(line)).map((line) => line.trim()),
    come: now.filter((line) => !old.includes(line)).map((line) => line.trim()),
  };
}

const tcp = `backend app
    balance roundrobin
    server a 10.0.0.1:80 check inter 2s  # first
    server b 10.0.0.2:80 check inter 2s
`;
function backend(...lines: readonly string[]): string {
  return `backend app\n${lines.map((line) => `    ${line}\n`).join('')}    server a 10.0.0.1:80 check\n`;
}

describe('what a check does is read', () => {
  test.each<readonly [string, readonly string[], Partial<Monitor>]>([
    [
      'a status list',
      ['option httpchk GET /x', 'http-check expect status 200-299,404'],
      { type: 'http', method: 'GET', path: '/x', expectStatus: ['200-299', '404'] },
    ],
    [
      'a send rule over the option',
      ['option httpchk GET /x', 'http-check send hdr Host w hdr X-A b body c'],
      { type: 'http', method: 'GET', path: '/x', host: 'w', headers: { 'X-A': 'b' }, send: 'c' },
    ],
    [
      'switches',
      ['option httpchk', 'http-check disable-on-404', 'http-check send-state'],
      { type: 'http', drainStatus: ['404'], sendState: true },
    ],
    [
      'a dialogue in its order',
      [
        'option httpchk',
        'http-check connect port 443 ssl sni w alpn h2',
        'http-check send meth GET uri /a',
        'http-check expect ! status 500',
        'http-check set-var(check.a) int(1)',
        'http-check send meth GET uri /b',
        'http-check expect comment "no b" string ok',
      ],
      {
        type: 'http',
        steps: [
          { connect: { port: 443, tls: true, serverName: 'w', alpn: ['h2'] } },
          { request: { method: 'GET', path: '/a' } },
          { expectStatus: ['500'], isNegated: true },
          { native: 'set-var(check.a) int(1)' },
          { request: { method: 'GET', path: '/b' } },
          { expectBody: 'ok', comment: 'no b' },
        ],
      },
    ],
    [
      'one question and answer',
      ['option tcp-check', 'tcp-check send PING\\r\\n', 'tcp-check expect string +PONG'],
      { type: 'tcp-send-expect', send: 'PING\\r\\n', expect: '+PONG' },
    ],
    [
      'bytes',
      ['option tcp-check', 'tcp-check send-binary 000150', 'tcp-check expect rstring ^a.c$'],
      { type: 'tcp-send-expect', send: '\\0\\x01P', expect: '/^a.c$/' },
    ],
    [
      'turns',
      [
        'option tcp-check',
        'tcp-check comment "first"',
        'tcp-check connect',
        'tcp-check expect string hello',
        'tcp-check send-lf %[src]',
        'tcp-check expect binary 4f4b',
      ],
      {
        type: 'tcp-send-expect',
        steps: [
          { comment: 'first' },
          { connect: {} },
          { expect: 'hello' },
          { native: 'send-lf %[src]' },
          { expect: 'OK' },
        ],
      },
    ],
    ['the connection alone', ['option tcp-check'], { type: 'tcp' }],
    ['kinds without settings', ['option redis-check'], { type: 'redis' }],
    ['a user', ['option mysql-check user probe post-41'], { type: 'mysql', user: 'probe' }],
    ['a greeting', ['option smtpchk EHLO example.org'], { type: 'smtp', method: 'EHLO', host: 'example.org' }],
    [
      'a command',
      ['option external-check', 'external-check command /bin/probe'],
      { type: 'script', script: '/bin/probe' },
    ],
  ])('%s', (_name, lines, wanted) => {
    expect(monitorOf(backend(...lines))).toEqual({ name: 'app/check', ...wanted });
  });

  test('a step that is kept by its words is listed with its line too', () => {
    const model = read(backend('option tcp-check', 'tcp-check send-lf %[src]', 'tcp-check expect string x'));
    expect(model.unmodelled).toMatchObject([{ line: 3, text: '    tcp-check send-lf %[src]' }]);
  });

  test('words of server lines are keys, and https is a check by TLS', () => {
    const words =
      'inter 1s fastinter 200ms downinter 5s rise 1 fall 4 port 81 addr 10.0.0.9 check-ssl check-sni w check-alpn h2,http/1.1 check-send-proxy check-via-socks4';
    expect(monitorOf(backend('option httpchk').replace('check\n', `check ${words}\n`))).toEqual({
      name: 'app/check',
      type: 'https',
      intervalMs: 1000,
      fastIntervalMs: 200,
      downIntervalMs: 5000,
      rise: 1,
      fall: 4,
      port: 81,
      address: '10.0.0.9',
      tls: { serverName: 'w', sendSni: true },
      alpn: ['h2', 'http/1.1'],
      proxyProtocol: true,
      viaSocks4: true,
    });
  });

  const defaults =
    'defaults\n    option httpchk GET /d\n    http-check expect status 200\n    http-check disable-on-404\n';
  test('rules of a section take the place of inherited ones, and of the request with them, since 2.2', () => {
    expect(monitorOf(defaults + backend())).toMatchObject({ path: '/d', expectStatus: ['200'], drainStatus: ['404'] });
    expect(monitorOf(defaults + backend('option httpchk GET /c'))).toEqual({
      name: 'app/check',
      type: 'http',
      method: 'GET',
      path: '/c',
      drainStatus: ['404'],
    });
    const own = defaults + backend('http-check expect status 201');
    expect(monitorOf(own)).toEqual({
      name: 'app/check',
      type: 'http',
      steps: [{ expectStatus: ['201'] }],
      drainStatus: ['404'],
    });
    expect(monitorOf(own, '2.0.33')).toMatchObject({ path: '/d', expectStatus: ['201'] });
  });
  test('rules of a tcp-check are inherited where the section has none', () => {
    const dialogue = 'defaults\n    option tcp-check\n    tcp-check send A\n    tcp-check expect string B\n';
    expect(monitorOf(dialogue + backend('option tcp-check'))).toMatchObject({ send: 'A', expect: 'B' });
    expect(monitorOf(dialogue + backend('tcp-check expect string C'))).toEqual({
      name: 'app/check',
      type: 'tcp-send-expect',
      expect: 'C',
    });
  });
});

describe('a check is changed', () => {
  test('from a connection to a request with an answer, and back to the same bytes', () => {
    const after = changed(tcp, { type: 'http', method: 'GET', path: '/health', expectStatus: ['200'] });
    expect(difference(tcp, after)).toEqual({
      gone: [],
      come: ['option httpchk GET /health', 'http-check expect status 200'],
    });
    expect(changed(after, { type: 'tcp' })).toBe(tcp);
  });
  test('a request with a host is one rule', () => {
    const after = changed(tcp, {
      type: 'http',
      method: 'GET',
      path: '/h',
      httpVersion: '1.1',
      host: 'w',
      headers: { 'X-A': 'b c' },
      send: 'x',
    });
    expect(difference(tcp, after).come).toEqual([
      'option httpchk',
      'http-check send meth GET uri /h ver HTTP/1.1 hdr Host w hdr X-A b\\ c body x',
    ]);
    const other = changed(after, { host: 'v', headers: undefined });
    expect(difference(after, other).come).toEqual(['http-check send meth GET uri /h ver HTTP/1.1 hdr Host v body x']);
    expect(changed(other, { type: 'tcp' })).toBe(tcp);
  });
  test('before 2.2 it is written as those versions take it', () => {
    const after = changed(
      tcp,
      { type: 'http', path: '/h', method: 'GET', httpVersion: '1.1', host: 'w', expectStatus: ['200-399'] },
      '2.0.33',
    );
    expect(difference(tcp, after).come).toEqual([
      'option httpchk GET /h HTTP/1.1\\r\\nHost:\\ w',
      'http-check expect rstatus ^([2-3]..)$',
    ]);
    expect(monitorOf(after, '2.0.33')).toMatchObject({ host: 'w', httpVersion: '1.1', expectStatus: ['200-399'] });
    expect(() => changed(tcp, { type: 'http', path: '/', send: 'body' }, '1.8.30')).toThrow(/2\.2 and later/);
    expect(() => changed(tcp, { type: 'http', steps: [{ request: { path: '/' } }] }, '2.1.0')).toThrow(
      /2\.2 and later/,
    );
  });
  test('to a dialogue, step by step: what stays keeps its bytes', () => {
    const steps = [
      { send: 'PING\\r\\n' },
      { expect: '+PONG' },
      { send: '\\x00a' },
      { expect: '/role:(master|slave)/', comment: 'its role' },
    ];
    const after = changed(tcp, { type: 'tcp-send-expect', steps });
    expect(difference(tcp, after).come).toEqual([
      'option tcp-check',
      'tcp-check send PING\\r\\n',
      'tcp-check expect string +PONG',
      'tcp-check send-binary 0061',
      'tcp-check expect comment its\\ role rstring /role'.replace('/role', 'role:(master|slave)'),
    ]);
    const odd = after.replace('tcp-check send PING\\r\\n', 'tcp-check   send "PING\\r\\n"   # ours');
    const [first, ...rest] = steps;
    const more = changed(odd, { steps: [first, { expect: '+OK' }, ...rest.slice(1), { send: 'QUIT' }] });
    expect(difference(odd, more)).toEqual({
      gone: ['tcp-check expect string +PONG'],
      come: ['tcp-check expect string +OK', 'tcp-check send QUIT'],
    });
    expect(changed(more, { steps })).toBe(odd);
    expect(changed(odd, { type: 'tcp' })).toBe(tcp);
  });
  test.each<readonly [Wish, readonly string[]]>([
    [{ type: 'redis' }, ['option redis-check']],
    [{ type: 'tls-hello' }, ['option ssl-hello-chk']],
    [{ type: 'ldap' }, ['option ldap-check']],
    [{ type: 'mysql', user: 'probe' }, ['option mysql-check user probe']],
    [{ type: 'postgresql', user: 'probe' }, ['option pgsql-check user probe']],
    [{ type: 'smtp', method: 'EHLO', host: 'example.org' }, ['option smtpchk EHLO example.org']],
    [{ type: 'script', script: '/bin/probe' }, ['option external-check', 'external-check command /bin/probe']],
    [
      { type: 'tcp-send-expect', send: 'a b#', expect: 'c' },
      ['option tcp-check', 'tcp-check send a\\ b\\#', 'tcp-check expect string c'],
    ],
    [{ timeoutMs: 1500 }, ['timeout check 1500ms']],
  ])('to %j and back to the same bytes', (wish, come) => {
    const after = changed(tcp, wish);
    expect(difference(tcp, after).come).toEqual(come);
    expect(changed(after, wish['type'] === undefined ? { timeoutMs: undefined } : { type: 'tcp' })).toBe(tcp);
  });
  test('from one kind to another in the same line', () => {
    const redis = changed(tcp, { type: 'redis' });
    expect(difference(redis, changed(redis, { type: 'http', path: '/x' }))).toEqual({
      gone: ['option redis-check'],
      come: ['option httpchk /x'],
    });
    const post = backend('option mysql-check user "one" post-41 # probe');
    expect(changed(post, { user: 'two' })).toBe(post.replace('"one"', '"two"'));
  });
  test('in the words of its server lines', () => {
    const wish = {
      intervalMs: 500,
      fastIntervalMs: 100,
      downIntervalMs: 9000,
      rise: 1,
      fall: 9,
      port: 81,
      address: '10.9.9.9',
      alpn: ['h2'],
      proxyProtocol: true,
      viaSocks4: true,
    };
    const after = changed(tcp, wish);
    const words =
      'fastinter 100ms downinter 9000ms rise 1 fall 9 port 81 addr 10.9.9.9 check-alpn h2 check-send-proxy check-via-socks4';
    expect(difference(tcp, after).come).toEqual([
      `server a 10.0.0.1:80 check inter 500ms ${words}  # first`,
      `server b 10.0.0.2:80 check inter 500ms ${words}`,
    ]);
    const back = Object.fromEntries(Object.keys(wish).map((key) => [key, key === 'intervalMs' ? 2000 : undefined]));
    expect(changed(after, back)).toBe(tcp.replaceAll('inter 2s', 'inter 2000ms'));
    const secure = changed(tcp, { type: 'https', path: '/', tls: { serverName: 'w' } });
    expect(difference(tcp, secure).come).toContain('server b 10.0.0.2:80 check inter 2s check-ssl check-sni w');
    expect(changed(secure, { type: 'tcp', tls: undefined })).toBe(tcp);
  });
  test('what a default-server says is unsaid where it can be, and else refused', () => {
    const given = tcp.replace('    server a', '    default-server check-send-proxy port 81\n    server a');
    expect(difference(given, changed(given, { proxyProtocol: undefined })).come).toContain(
      'server b 10.0.0.2:80 check inter 2s no-check-send-proxy',
    );
    expect(() => changed(given, { port: undefined })).toThrow(/port .*would read 81/);
  });
  test('where defaults check by HTTP, a plain connection is said by a line of its own', () => {
    const text = `defaults\n    option httpchk GET /d\n${tcp}`;
    expect(difference(text, changed(text, { type: 'tcp' })).come).toEqual(['option tcp-check']);
    expect(difference(text, changed(text, { path: '/e' })).come).toEqual(['option httpchk GET /e']);
    expect(() =>
      changed(`defaults\n    option httpchk\n    http-check disable-on-404\n${tcp}`, { drainStatus: undefined }),
    ).toThrow(/drainStatus/);
  });
  test('nothing that contradicts itself is written', () => {
    expect(() => changed(tcp, { type: 'http', expectStatus: ['200'], expectBody: 'x' })).toThrow(/not both/);
    expect(() => changed(tcp, { type: 'http', drainStatus: ['503'] })).toThrow(/404/);
    expect(() => changed(tcp, { type: 'dns' })).toThrow(/no check of type dns/);
    expect(() => changed(tcp, { type: 'tcp-send-expect' })).toThrow(/something to send/);
    expect(() => changed(tcp, { type: 'tcp-send-expect', steps: [{ send: 'a', expect: 'b' }] })).toThrow(/one thing/);
    expect(() => changed(tcp, { type: 'tcp-send-expect', steps: [{ send: '\\q' }] })).toThrow(/no escape/);
    expect(() => changed(tcp, { type: 'tcp-send-expect', steps: [{ native: 'send a\nglobal' }] })).toThrow(/one line/);
    expect(() => changed(tcp, { intervalMs: -1 })).toThrow(/intervalMs/);
  });
  test('what is awaited in one way is not awaited in another, and an empty wish takes a key away', () => {
    const text = changed(tcp, { type: 'http', path: '/', expectStatus: ['200'], drainStatus: ['404'], port: 81 });
    const other = changed(text, { expectBody: 'fine' });
    expect(difference(text, other)).toEqual({
      gone: ['http-check expect status 200'],
      come: ['http-check expect string fine'],
    });
    expect(monitorOf(changed(other, { expectBody: '', drainStatus: [], port: 0 }))).toEqual({
      name: 'app/check',
      type: 'http',
      path: '/',
      intervalMs: 2000,
    });
  });
  test('a secret that was masked stays what it is', () => {
    const text = backend('option httpchk', 'http-check send meth GET uri /a hdr Authorization "Basic c2VjcmV0"');
    expect(changed(text, { path: '/b' })).toBe(text.replace('uri /a', 'uri /b'));
  });
});

describe('what is watched beside the checks', () => {
  function pool(text: string, key: string, desired: unknown): string {
    return edit(text, [{ action: 'update', subject: { kind: 'pool', path: ['app'] }, key, desired }]);
  }
  test('is read where all members are watched alike, written on each, and taken away to the same bytes', () => {
    const after = pool(tcp, 'passive', { observe: 'layer7', maxFails: 5, onError: 'mark-down' });
    const more = pool(pool(after, 'onMemberDown', 'reset'), 'onMemberUp', 'reset-backups');
    expect(difference(tcp, more).come).toContain(
      'server b 10.0.0.2:80 check inter 2s observe layer7 error-limit 5 on-error mark-down on-marked-down shutdown-sessions on-marked-up shutdown-backup-sessions',
    );
    expect(read(more).pools[0]).toMatchObject({
      passive: { observe: 'layer7', maxFails: 5, onError: 'mark-down' },
      onMemberDown: 'reset',
      onMemberUp: 'reset-backups',
    });
    const back = pool(pool(pool(more, 'onMemberUp', 'finish'), 'onMemberDown', undefined), 'passive', undefined);
    expect(back).toBe(tcp);
    expect(() => pool(tcp, 'onMemberDown', 'reselect')).toThrow(/onMemberDown/);
    expect(() => pool(tcp, 'passive', { statuses: ['500'] })).toThrow(/passive/);
  });
});

describe('which members are checked', () => {
  const none = tcp.replaceAll(' check inter 2s', '');
  const pool = { kind: 'pool' as const, path: ['app'] };
  const check: Change = {
    action: 'create',
    subject: { kind: 'monitor', path: ['app/check'] },
    desired: { name: 'app/check', type: 'http', path: '/h', intervalMs: 1000 },
  };
  test('all, from none, and none again', () => {
    const after = edit(none, [check, { action: 'update', subject: pool, key: 'monitors', desired: ['app/check'] }]);
    expect(difference(none, after).come).toEqual([
      'option httpchk /h',
      'server a 10.0.0.1:80 check inter 1000ms  # first',
      'server b 10.0.0.2:80 check inter 1000ms',
    ]);
    const gone: Change = { action: 'delete', subject: { kind: 'monitor', path: ['app/check'] } };
    expect(
      edit(after, [
        { action: 'update', subject: pool, key: 'monitors', prior: ['app/check'], desired: undefined },
        gone,
      ]),
    ).toBe(none);
  });
  test('one alone, by its own name', () => {
    const text = tcp.replace(' check inter 2s\n', '\n');
    const model = read(text);
    expect(model.pools[0]?.members.map(({ monitors }) => monitors)).toEqual([['app/check'], undefined]);
    const b = { kind: 'member' as const, path: ['app', 'b'] };
    const more = edit(text, [{ action: 'update', subject: b, key: 'monitors', desired: ['app/check'] }]);
    expect(more).toBe(tcp.replace('inter 2s\n', 'inter 2000ms\n'));
  });
  test('an agent beside the check', () => {
    const agent: Change = {
      action: 'create',
      subject: { kind: 'monitor', path: ['app/agent'] },
      desired: { name: 'app/agent', type: 'agent', port: 9000, intervalMs: 500, send: 'who\\n', address: '10.0.0.3' },
    };
    const after = edit(tcp, [agent]);
    expect(difference(tcp, after).come).toContain(
      'server b 10.0.0.2:80 check inter 2s agent-check agent-inter 500ms agent-port 9000 agent-addr 10.0.0.3 agent-send who\\n',
    );
    expect(monitorOf(after, undefined, 'app/agent')).toEqual({ ...(agent.desired as Monitor) });
    expect(edit(after, [{ action: 'delete', subject: { kind: 'monitor', path: ['app/agent'] } }])).toBe(tcp);
    expect(() => edit(tcp, [{ ...agent, subject: { kind: 'monitor', path: ['app/check-2'] } }])).toThrow(/POOL\/agent/);
  });
  test('what differs by member is changed for those alone; what all are asked, for all or not', () => {
    const text = tcp.replace('inter 2s\n', 'inter 3s\n');
    expect(difference(text, edit(text, updates({ intervalMs: 4000 }, 'app/check-2'))).come).toEqual([
      'server b 10.0.0.2:80 check inter 4000ms',
    ]);
    expect(() => edit(text, updates({ type: 'redis' }, 'app/check-2'))).toThrow(/asked the same/);
    expect(edit(text, [...updates({ type: 'redis' }), ...updates({ type: 'redis' }, 'app/check-2')])).toContain(
      'option redis-check',
    );
    expect(() =>
      edit(tcp, [{ action: 'update', subject: pool, key: 'monitors', desired: ['app/other', 'app/check'] }]),
    ).toThrow(/not there/);
  });
});
