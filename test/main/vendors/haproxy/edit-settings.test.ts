import { describe, expect, test } from 'vitest';
import { AppError } from '../../../../src-main/contract/errors.ts';
import type { Change } from '../../../../src-main/contract/plan.ts';
import { editHaproxy } from '../../../../src-main/vendors/haproxy/edit.ts';
import type { SourceFile } from '../../../../src-main/vendors/vendor.ts';
import { effectiveModel } from '../../../../src-main/vendors/haproxy/parse.ts';
import { recordings } from '../../../rigs/recordings.ts';

const base = `global
    log /dev/log local0   # kept

defaults
    mode http
    timeout check 2s

frontend web
    bind :80
    bind :443  ssl crt /etc/ssl/site.pem alpn h2,http/1.1 # main
    bind :8443 ssl crt /etc/ssl/other.pem strict-sni
    default_backend app

backend app
\tbalance roundrobin
\toption httpchk GET /health HTTP/1.1
\thttp-check expect status 200
\tserver a 10.0.0.1:80 check inter 5s cookie one # first
\tserver b 10.0.0.2:80 check inter 5s
`;

function edit(text: string, ...changes: readonly Partial<Change>[]): string {
  const files = [{ path: 'haproxy.cfg', bytes: Buffer.from(text) }];
  const whole = changes.map((each) => ({
    action: 'update' as const,
    prior: undefined,
    desired: undefined,
    ...each,
  })) as Change[]; // each names its subject
  const target = effectiveModel(files);
  return editHaproxy(files, { changes: whole, target })[0]?.bytes.toString() ?? '';
}
function tls(desired: unknown): Partial<Change> {
  return { subject: { kind: 'virtualServer', path: ['web'] }, key: 'tls', desired };
}
function persistence(desired: unknown): Partial<Change> {
  return { subject: { kind: 'pool', path: ['app'] }, key: 'persistence', desired };
}
function monitor(key: string, desired: unknown, name = 'app/check'): Partial<Change> {
  return { subject: { kind: 'monitor', path: [name] }, key, desired };
}
/** Lines that differ, as they are now. */
function changed(after: string): readonly string[] {
  const old = new Set(base.split('\n'));
  return after.split('\n').filter((line) => !old.has(line));
}
const now = effectiveModel([{ path: 'haproxy.cfg', bytes: Buffer.from(base) }]);
const tlsNow = now.virtualServers[0]?.tls ?? {};

describe('TLS settings of bind lines', () => {
  test('are written on each line that speaks TLS, and taken out again to the same bytes', () => {
    const wanted = { ...tlsNow, minVersion: '1.2', cipherSuites: ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256'] };
    const after = edit(base, tls(wanted));
    const more = ' ssl-min-ver TLSv1.2 ciphersuites TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256';
    expect(changed(after)).toEqual([
      `    bind :443  ssl crt /etc/ssl/site.pem alpn h2,http/1.1${more} # main`,
      `    bind :8443 ssl crt /etc/ssl/other.pem strict-sni${more}`,
    ]);
    expect(edit(after, tls(tlsNow))).toBe(base);
    expect(edit(edit(after, tls({ ...wanted, minVersion: '1.3' })), tls(wanted))).toBe(after);
  });

  test('a certificate is not changed by them, nor a version taken that HAProxy does not name', () => {
    const other = { ...tlsNow, certificates: [{ certFile: '/etc/ssl/new.pem' }] };
    expect(() => edit(base, tls(other))).toThrow(/certificates/);
    expect(() => edit(base, tls({ ...tlsNow, minVersion: '2.0' }))).toThrow(/no version/);
    expect(() => edit(base, tls({ ...tlsNow, ciphers: ['a b\n'] }))).toThrow(/control character/);
  });

  test('a bind line without TLS gets none', () => {
    expect(() => edit('frontend web\n bind :80\n', tls({ minVersion: '1.2' }))).toThrow(/no bind line with "ssl"/);
  });
});

describe('persistence', () => {
  test('by a cookie of its own names each member that has none, and goes again', () => {
    const cookie = { httpOnly: true, secure: false, sameSite: 'Lax' as const };
    const after = edit(base, persistence({ method: 'cookie-insert', cookieName: 'SRV', cookie, timeoutMs: 60_000 }));
    expect(changed(after)).toEqual([
      '\tcookie SRV insert indirect nocache httponly attr SameSite=Lax maxidle 60',
      '\tserver b 10.0.0.2:80 check inter 5s cookie b',
    ]);
    expect(edit(after, persistence(undefined))).toBe(base.replace('10.0.0.2:80 check inter 5s', '$& cookie b'));
    const table = edit(after, persistence({ method: 'source-ip', maxEntries: 5000, timeoutMs: 30_000 }));
    expect(changed(table).slice(0, 2)).toEqual(['\tstick-table type ip size 5000 expire 30000ms', '\tstick on src']);
    expect(table).not.toContain('cookie SRV');
  });

  test('what cannot be said is refused, and so is what defaults would keep up', () => {
    expect(() => edit(base, persistence({ method: 'header', key: 'X' }))).toThrow(/cannot be written yet/);
    expect(() => edit(base, persistence({ method: 'cookie-insert' }))).toThrow(/has no name/);
    const inherited = base.replace('mode http', 'mode http\n    cookie X insert');
    expect(() => edit(inherited, persistence(undefined))).toThrow(/cookie/);
  });
});

describe('slow start, times and tries of a pool', () => {
  function pool(key: string, desired: unknown): Partial<Change> {
    return { subject: { kind: 'pool', path: ['app'] }, key, desired };
  }
  test('are written on their lines, changed in place, and taken out to the same bytes', () => {
    const after = edit(
      base,
      pool('slowStartMs', 30_000),
      pool('queue', { timeoutMs: 500 }),
      pool('retry', { attempts: 2 }),
    );
    expect(changed(after)).toEqual([
      '\tretries 2',
      '\ttimeout queue 500ms',
      '\tserver a 10.0.0.1:80 check inter 5s cookie one slowstart 30000ms # first',
      '\tserver b 10.0.0.2:80 check inter 5s slowstart 30000ms',
    ]);
    expect(edit(after, pool('retry', { attempts: 5 }))).toBe(after.replace('retries 2', 'retries 5'));
    const back = [pool('retry', undefined), pool('queue', undefined), pool('slowStartMs', undefined)];
    expect(edit(after, ...back)).toBe(base);
  });

  test('what is tried again, and that another member may be, keeps the words that the model has none for', () => {
    const odd = base.replace('\tbalance', '\tretry-on  0rtt-rejected conn-failure # ours\n\tbalance');
    const retry = { when: ['connect-error' as const, 'timeout' as const], statuses: [503], redispatch: true };
    const after = edit(odd, pool('retry', retry));
    expect(changed(after)).toEqual([
      '\toption redispatch',
      '\tretry-on conn-failure response-timeout 0rtt-rejected 503 # ours',
    ]);
    expect(edit(after, pool('retry', { when: ['connect-error'] }))).toBe(
      odd.replace('  0rtt-rejected conn-failure', ' conn-failure 0rtt-rejected'),
    );
    const given = base.replace('mode http', 'mode http\n    option redispatch');
    expect(edit(given, pool('retry', { redispatch: false }))).toBe(
      given.replace('\tbalance', '\tno option redispatch\n\tbalance'),
    );
    expect(edit(edit(given, pool('retry', { redispatch: false })), pool('retry', { redispatch: true }))).toBe(given);
    expect(() => edit(given, pool('retry', undefined))).toThrow(/would read/);
  });

  test('what has no words there, or comes from defaults, is refused', () => {
    expect(() => edit(base, pool('queue', { limit: 5 }))).toThrow(/would read/);
    expect(() => edit(base, pool('retry', { attempts: -1 }))).toThrow(/no whole number/);
    const inherited = base.replace('mode http', 'mode http\n    retries 7');
    expect(() => edit(inherited, pool('retry', undefined))).toThrow(/would read/);
  });
});

describe('a check that all members share', () => {
  test('asks another path, takes another answer, at another pace', () => {
    const after = edit(
      base,
      monitor('path', '/ready?a=1'),
      monitor('expectStatus', ['200-299', '301']),
      monitor('intervalMs', 1000),
      monitor('fall', 2),
    );
    expect(changed(after)).toEqual([
      '\toption httpchk GET /ready?a=1 HTTP/1.1',
      '\thttp-check expect status 200-299,301',
      '\tserver a 10.0.0.1:80 check inter 1000ms cookie one fall 2 # first',
      '\tserver b 10.0.0.2:80 check inter 1000ms fall 2',
    ]);
    expect(edit(after, monitor('fall', undefined), monitor('path', '/health'))).toContain('GET /health HTTP/1.1\n');
  });

  test('a send rule is changed in its place', () => {
    const text = base
      .replace('GET /health HTTP/1.1', '\n\thttp-check send meth GET uri /health hdr Host uri')
      .replace('httpchk \n', 'httpchk\n');
    expect(edit(text, monitor('path', '/x y'.replace(' ', '')))).toBe(text.replace('uri /health', 'uri /xy'));
  });

  test('a key that its type has no use for, or that no version of it has, is refused', () => {
    expect(() => edit(base.replace(/\toption httpchk.*\n/, ''), monitor('path', '/x'))).toThrow(/type tcp.*no path/);
    expect(() => edit(base, monitor('path', '/x', 'app/check-2'))).toThrow(/There is no monitor/);
    expect(() => edit(base, monitor('path', '/x', 'probe'))).toThrow(/POOL\/check/);
  });
});

const configurations = recordings('config/haproxy', '.cfg');

describe.skipIf(configurations.length === 0)('configurations of others', () => {
  /** The bytes after the change, or undefined where it is refused. */
  function tried(files: readonly SourceFile[], change: Partial<Change>): readonly SourceFile[] | undefined {
    try {
      const whole = { action: 'update', prior: undefined, desired: undefined, ...change } as Change; // each names its subject
      return editHaproxy(files, { changes: [whole], target: effectiveModel(files) });
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }
  test.each(configurations)('$path: what is switched on and off again leaves every other byte', ({ bytes }) => {
    const files = [{ path: 'haproxy.cfg', bytes }];
    const model = effectiveModel(files);
    for (const { name: server, tls: had } of model.virtualServers) {
      const subject = { kind: 'virtualServer' as const, path: [server] };
      const on = tried(files, { subject, key: 'tls', desired: { ...had, minVersion: '1.1' } });
      const back = on && tried(on, { subject, key: 'tls', desired: had });
      if (on !== undefined) expect(back?.[0]?.bytes.equals(bytes), server).toBe(true);
    }
    for (const { name: pool, persistence: had } of model.pools) {
      if (had !== undefined) continue;
      const subject = { kind: 'pool' as const, path: [pool] };
      const on = tried(files, { subject, key: 'persistence', desired: { method: 'source-ip' } });
      const back = on && tried(on, { subject, key: 'persistence', desired: undefined });
      if (on !== undefined) expect(back?.[0]?.bytes.equals(bytes), pool).toBe(true);
    }
  });
});

describe('addresses of bind lines', () => {
  const plain = 'frontend f\n    bind :80 # first\n    bind 10.0.0.9:81,10.0.0.9:82\n    default_backend app\n';
  function listen(text: string, ...desired: readonly string[]): string {
    return edit(text, {
      subject: { kind: 'virtualServer', path: [text === base ? 'web' : 'f'] },
      key: 'listen',
      desired,
    });
  }

  test('one for another keeps everything else on its line', () => {
    expect(changed(listen(base, '*:80', '*:444', '*:8443'))).toEqual([
      '    bind *:444  ssl crt /etc/ssl/site.pem alpn h2,http/1.1 # main',
    ]);
  });
  test('a further one gets a line that says what the others say, and goes again to the same bytes', () => {
    const more = listen(plain, '*:80', '10.0.0.9:81', '10.0.0.9:82', '[::1]:83', 'unix:/run/f.sock');
    expect(more).toBe(plain.replace('    default', '    bind [::1]:83\n    bind /run/f.sock\n    default'));
    expect(listen(more, '*:80', '10.0.0.9:81', '10.0.0.9:82')).toBe(plain);
  });
  test('the last of a line takes the line with it, one of several goes alone', () => {
    expect(listen(plain, '10.0.0.9:82')).toBe('frontend f\n    bind 10.0.0.9:82\n    default_backend app\n');
  });
  test('none is added where the lines differ, none is written that is no address, none at all is refused', () => {
    expect(() => listen(base, '*:80', '*:443', '*:8443', '*:9')).toThrow(/bind lines differ/);
    expect(() => listen(plain, '*:80', '10.0.0.9')).toThrow(/host:port/);
    expect(() => listen(plain, '*:80', '*:70000')).toThrow(/host:port/);
    expect(() => listen(plain)).toThrow(/listen nowhere/);
  });
});

describe('TLS towards members', () => {
  function serverTls(desired: unknown): Partial<Change> {
    return { subject: { kind: 'pool', path: ['app'] }, key: 'tls', desired };
  }
  const wanted = {
    verify: true,
    caFile: '/etc/ssl/ca.pem',
    serverName: 'app.internal',
    sendSni: true,
    minVersion: '1.2',
  };

  test('is written on each server line, and taken away again to the same bytes', () => {
    const after = edit(base, serverTls(wanted));
    const words = 'ssl verify required ca-file /etc/ssl/ca.pem sni str(app.internal) ssl-min-ver TLSv1.2';
    expect(changed(after)).toEqual([
      `\tserver a 10.0.0.1:80 check inter 5s cookie one ${words} # first`,
      `\tserver b 10.0.0.2:80 check inter 5s ${words}`,
    ]);
    expect(edit(after, serverTls(undefined))).toBe(base);
    expect(changed(edit(after, serverTls({ verify: false })))).toEqual([
      '\tserver a 10.0.0.1:80 check inter 5s cookie one ssl verify none # first',
      '\tserver b 10.0.0.2:80 check inter 5s ssl verify none',
    ]);
  });
  test('is refused where members would be verified against nothing, or a line cannot unsay what it inherits', () => {
    expect(() => edit(base, serverTls({ verify: true }))).toThrow(/caFile/);
    const inherited = base.replace('\tserver a', '\tdefault-server ssl verify none\n\tserver a');
    expect(() => edit(inherited, serverTls(undefined))).toThrow(/would read/);
  });
});

test('how many may wait for a member is read and written', () => {
  const change = { subject: { kind: 'member' as const, path: ['app', 'b'] }, key: 'maxQueue' };
  const after = edit(base, { ...change, desired: 7 });
  expect(changed(after)).toEqual(['\tserver b 10.0.0.2:80 check inter 5s maxqueue 7']);
  const [pool] = effectiveModel([{ path: 'haproxy.cfg', bytes: Buffer.from(after) }]).pools;
  expect(pool?.members.map(({ maxQueue }) => maxQueue)).toEqual([undefined, 7]);
  expect(edit(after, { ...change, desired: undefined })).toBe(base);
});
