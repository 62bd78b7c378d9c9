import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Daemons, postgresProgram } from '../../rigs/daemon.ts';
import { freePort } from '../../rigs/free-port.ts';
import { findProgram, isMissing } from '../../rigs/need.ts';
import { probe as probeOnce, type ProbedMonitor } from '../../rigs/probe.ts';

/** Each kind of monitor against the server it is for. */

function probe(monitor: ProbedMonitor, port: number) {
  return probeOnce({ timeoutMs: 20_000, ...monitor }, port);
}

/** A certificate for `check.test`, signed by itself. */
function certificateIn(directory: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const subject = ['-subj', '/CN=check.test', '-addext', 'subjectAltName=DNS:check.test'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  chmodSync(key, 0o644);
  return { cert, key };
}

describe.skipIf(isMissing('mariadbd', 'mariadb-install-db'))('the mysql monitor against MariaDB', () => {
  const daemons = new Daemons('mariadb');
  let port = 0;

  beforeAll(async () => {
    port = await freePort();
    const data = join(daemons.directory, 'data');
    mkdirSync(data);
    daemons.own(data);
    const install = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'];
    await daemons.run('mariadb-install-db', [...install, '--skip-test-db']);
    const place = [`--datadir=${data}`, `--socket=${join(data, 's')}`, `--port=${port}`, '--bind-address=127.0.0.1'];
    const init = join(daemons.directory, 'init.sql');
    writeFileSync(init, "CREATE USER locked@'%' IDENTIFIED BY 'secret';\nCREATE USER ed@'%';\n");
    await daemons.start('mariadbd', ['--no-defaults', ...place, `--init-file=${init}`], port);
  });
  afterAll(() => daemons.end());

  it('passes at the greeting', async () => {
    expect(await probe({ type: 'mysql' }, port)).toEqual({
      isPassing: true,
      result: expect.stringMatching(/^MySQL .*MariaDB/) as string,
    });
  });

  it('logs in without a password, to a database too', async () => {
    const verdict = await probe({ type: 'mysql', user: 'root', database: 'mysql' }, port);
    expect(verdict).toEqual({ isPassing: true, result: expect.stringMatching(/, logged in as root$/) as string });
    expect((await probe({ type: 'mysql', user: 'ed' }, port)).isPassing).toBe(true);
  });

  it('fails with the reason where the server lets it not in', async () => {
    const denied = await probe({ type: 'mysql', user: 'locked' }, port);
    expect(denied.isPassing).toBe(false);
    expect(denied.result).toMatch(/^error 1045: "Access denied for user 'locked'/);
    expect((await probe({ type: 'mysql', user: 'root', database: 'none' }, port)).result).toContain('error 1049');
  });
});

describe.skipIf(isMissing('pg_ctlcluster'))('the postgresql monitor against PostgreSQL', () => {
  const daemons = new Daemons('postgresql');
  let port = 0;

  beforeAll(async () => {
    port = await freePort();
    const data = join(daemons.directory, 'data');
    const [initdb = '', postgres = '', isReady = ''] = ['initdb', 'postgres', 'pg_isready'].map(postgresProgram);
    await daemons.run(initdb, ['-D', data, '-A', 'trust', '-U', 'check', '--no-sync']);
    const access = 'host all locked 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n';
    await daemons.run('sh', ['-c', `printf '${access}' > '${join(data, 'pg_hba.conf')}'`]);
    const place = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', daemons.directory, '-F'];
    await daemons.start(postgres, place, port);
    // It takes connections before it takes logins.
    await daemons.runUntilDone(isReady, ['-h', '127.0.0.1', '-p', String(port)]);
  });
  afterAll(() => daemons.end());

  it('passes at a server that is ready, whatever it says of the role', async () => {
    const verdict = await probe({ type: 'postgresql' }, port);
    expect(verdict).toEqual({ isPassing: true, result: 'answers (28000 role "steelyard" does not exist)' });
  });

  it('logs in as a role to a database, or meets the demand for its password', async () => {
    const verdict = await probe({ type: 'postgresql', user: 'check', database: 'postgres' }, port);
    expect(verdict).toEqual({ isPassing: true, result: 'ready, logged in as check' });
    const locked = await probe({ type: 'postgresql', user: 'locked', database: 'postgres' }, port);
    expect(locked).toEqual({ isPassing: true, result: 'answers, asks for a password' });
  });

  it('fails where the database is not there', async () => {
    const verdict = await probe({ type: 'postgresql', user: 'check', database: 'none' }, port);
    expect(verdict).toEqual({ isPassing: false, result: '3D000 database "none" does not exist' });
  });
});

describe.skipIf(isMissing('slapd', 'openssl'))('the ldap monitor against OpenLDAP', () => {
  const daemons = new Daemons('ldap');
  let cert = '';

  async function start(scheme: 'ldap' | 'ldaps', lines: string): Promise<number> {
    const port = await freePort();
    const tls = certificateIn(daemons.directory);
    cert = tls.cert;
    const file = join(daemons.directory, `${port}.conf`);
    const head = `pidfile ${join(daemons.directory, `${port}.pid`)}\ninclude /etc/ldap/schema/core.schema\n`;
    writeFileSync(file, `${head}TLSCertificateFile ${tls.cert}\nTLSCertificateKeyFile ${tls.key}\n${lines}\n`);
    await daemons.start('slapd', ['-f', file, '-h', `${scheme}://127.0.0.1:${port}/`, '-d', '0'], port);
    return port;
  }
  afterAll(() => daemons.end());

  it('binds', async () => {
    expect(await probe({ type: 'ldap' }, await start('ldap', ''))).toEqual({ isPassing: true, result: 'bound' });
  });

  it('fails with the reason where nobody may bind so', async () => {
    const verdict = await probe({ type: 'ldap' }, await start('ldap', 'disallow bind_anon'));
    expect(verdict.result).toBe('the bind was refused: inappropriate authentication (48)');
    expect(verdict.isPassing).toBe(false);
  });

  it('binds inside TLS, with the certificate verified', async () => {
    const port = await start('ldaps', '');
    const tls = { caFile: cert, serverName: 'check.test' };
    expect(await probe({ type: 'ldap', tls }, port)).toEqual({ isPassing: true, result: 'bound' });
    expect((await probe({ type: 'ldap', tls: { caFile: cert } }, port)).isPassing).toBe(false);
  });
});

describe.skipIf(isMissing('exim4', 'socat', 'openssl'))('the smtp monitor against Exim', () => {
  const daemons = new Daemons('smtp');
  let cert = '';

  /** Exim listens as root only: socat hands each connection to one of its own. */
  async function start(...lines: readonly string[]): Promise<number> {
    const port = await freePort();
    const tls = certificateIn(daemons.directory);
    cert = tls.cert;
    const { directory } = daemons;
    const file = join(directory, `${port}.conf`);
    const always = [
      `spool_directory = ${directory}/spool`,
      `log_file_path = ${directory}/log-%s`,
      'keep_environment =',
    ];
    const keys = [`tls_certificate = ${tls.cert}`, `tls_privatekey = ${tls.key}`, 'primary_hostname = check.test'];
    writeFileSync(file, [...always, ...keys, ...lines, ''].join('\n'));
    const exec = `EXEC:${findProgram('exim4') ?? ''} -C ${file} -bs`;
    await daemons.start('socat', [`TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`, exec], port);
    return port;
  }
  afterAll(() => daemons.end());

  it('passes at the answer to EHLO, inside TLS too', async () => {
    const port = await start('tls_advertise_hosts = *');
    expect(await probe({ type: 'smtp' }, port)).toEqual({ isPassing: true, result: '250 to EHLO' });
    const tls = { caFile: cert, serverName: 'check.test' };
    expect(await probe({ type: 'smtp', tls }, port)).toEqual({ isPassing: true, result: '250 to EHLO in TLS' });
    const distrusted = await probe({ type: 'smtp', tls: { caFile: cert } }, port);
    expect(distrusted.isPassing).toBe(false);
    expect(distrusted.result).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('fails where STARTTLS is wanted and not offered', async () => {
    const verdict = await probe({ type: 'smtp', tls: {} }, await start('tls_advertise_hosts ='));
    expect(verdict).toEqual({ isPassing: false, result: 'STARTTLS is not offered' });
  });

  it('fails at a server that turns it away', async () => {
    const port = await start(
      'tls_advertise_hosts =',
      'acl_smtp_connect = no',
      'begin acl',
      'no:',
      'deny message = go away',
    );
    const verdict = await probe({ type: 'smtp' }, port);
    expect(verdict).toEqual({ isPassing: false, result: 'expected answer 220 (greeting), got "550 go away"' });
  });
});

describe.skipIf(isMissing('dnsmasq'))('the dns monitor against dnsmasq', () => {
  const daemons = new Daemons('dns');
  let port = 0;

  beforeAll(async () => {
    port = await freePort();
    const place = ['--keep-in-foreground', '--conf-file=/dev/null', `--port=${port}`, '--listen-address=127.0.0.1'];
    const quiet = ['--bind-interfaces', '--no-resolv', '--no-hosts', '--user=', '--group=', '--pid-file='];
    const texts = Array.from({ length: 12 }, (_, index) => `--txt-record=long.test,${'x'.repeat(80)}${index}`);
    const names = ['--host-record=app.test,10.1.2.3,2001:db8::1:2', '--cname=www.test,app.test'];
    const others = ['--mx-host=test,mail.test,5', '--srv-host=_a._tcp.test,app.test,80', '--address=/test/'];
    await daemons.start('dnsmasq', [...place, ...quiet, ...names, ...others, ...texts], port);
  });
  afterAll(() => daemons.end());

  it.each([
    ['app.test', '', 'NOERROR 10.1.2.3'],
    ['app.test AAAA', '2001:db8::1:2', 'NOERROR 2001:db8::1:2'],
    ['www.test', '10.1.2.3', 'NOERROR 10.1.2.3'],
    ['www.test CNAME', 'app.test', 'NOERROR app.test'],
    ['test MX', '/^mail/', 'NOERROR mail.test'],
    ['_a._tcp.test SRV', 'app.test', 'NOERROR app.test'],
  ])('finds %s', async (query, expected, result) => {
    expect(await probe({ type: 'dns', query, expect: expected }, port)).toEqual({ isPassing: true, result });
  });

  it('asks again over TCP where the answer is cut', async () => {
    const verdict = await probe({ type: 'dns', query: 'long.test TXT', expect: '/x11$/' }, port);
    expect(verdict.isPassing).toBe(true);
  });

  it('fails at a name that is not there, and at another answer than expected', async () => {
    expect(await probe({ type: 'dns', query: 'none.test' }, port)).toEqual({ isPassing: false, result: 'NXDOMAIN' });
    expect(await probe({ type: 'dns', query: 'app.test', expect: '10.9' }, port)).toEqual({
      isPassing: false,
      result: 'NOERROR, but 10.9 is not among the 1 records',
    });
    const empty = await probe({ type: 'dns', query: 'app.test TXT' }, port);
    expect(empty).toEqual({ isPassing: false, result: 'NOERROR, but no record' });
  });

  it('passes without a query at a server that refuses what it is not in charge of', async () => {
    expect(await probe({ type: 'dns' }, port)).toEqual({ isPassing: true, result: 'REFUSED' });
  });
});
