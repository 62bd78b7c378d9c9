import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Appliance, makeAppliance } from '../../../../src-main/simulate/netscaler/appliance.ts';
import { type Authority, openAuthority } from '../../../rigs/certificates.ts';

const config = `#NS13.1 Build 37.38
# Last modified by \`save config\`, Mon May 03 12:34:56 2021
add ssl certKey site -cert site.pem -key site.key
add ssl certKey ca -cert ca.pem
add lb vserver secure SSL 192.0.2.100 443 -persistenceType NONE -cltTimeout 180
add lb vserver plain HTTP 192.0.2.100 80 -persistenceType NONE -cltTimeout 180
bind ssl vserver secure -certkeyName site
`;

let authority: Authority;
let disk: Record<string, string> = {};
beforeAll(() => {
  authority = openAuthority();
  const site = authority.issue({ names: ['shop.example'], file: 'site' });
  const next = authority.issue({ names: ['shop.example'], file: 'next' });
  const other = authority.issue({ names: ['other.example'], file: 'other' });
  const old = authority.issue({ names: ['old.example'], days: -1, file: 'old' });
  const locked = join(authority.directory, 'locked.key');
  execFileSync('openssl', ['pkey', '-in', next.keyFile, '-aes256', '-passout', 'pass:orchard 7', '-out', locked]);
  const files = [site, next, other, old].flatMap((one) => [one.certFile, one.keyFile]);
  disk = Object.fromEntries(
    [...files, authority.caFile, locked].map((file) => [`/nsconfig/ssl/${basename(file)}`, readFileSync(file, 'utf8')]),
  );
  disk['/nsconfig/ssl/notes.txt'] = 'no certificate\n';
});
afterAll(() => {
  authority.close();
});

function start(more: Partial<Parameters<typeof makeAppliance>[0]> = {}): Appliance {
  return makeAppliance({ config, files: disk, ...more });
}

function lines(appliance: Appliance): readonly string[] {
  return appliance.running().split('\n');
}

test.each([
  ['add ssl certKey c -cert next.pem -key other.key', 'ERROR: Certificate and private key do not match'],
  [
    'add ssl certKey c -cert gone.pem -key next.key',
    'ERROR: Input file(s) not present or not accessible in current partition',
  ],
  ['add ssl certKey c -cert notes.txt -key next.key', 'ERROR: Invalid certificate'],
  [
    'add ssl certKey c -cert next.pem -key locked.key',
    'ERROR: Invalid private key, or PEM pass phrase required for this private key',
  ],
  ['add ssl certKey c -cert next.pem -key locked.key -password wrong', 'ERROR: Invalid password'],
  ['add ssl certKey site -cert next.pem -key next.key', 'ERROR: Resource already exists [certkeyName, site]'],
  ['add ssl certKey c -key next.key', 'ERROR: Required argument missing [cert]'],
  ['update ssl certKey nope -cert next.pem -key next.key', 'ERROR: Certificate does not exist'],
  [
    'update ssl certKey site -cert other.pem -key other.key',
    'ERROR: Certificate domain name does not match that of the current certificate',
  ],
  ['update ssl certKey site -key other.key', 'ERROR: Certificate and private key do not match'],
  [
    'rm ssl certKey site',
    'ERROR: Certificate is referenced by a CRL, OCSP responder, virtual server, service, or another certificate',
  ],
  ['link ssl certKey ca site', 'ERROR: Certificate issuer mismatch'],
  ['bind ssl vserver plain -certkeyName site', 'ERROR: No such resource [vServerName, plain]'],
  ['bind ssl vserver secure -certkeyName nope', 'ERROR: Certificate does not exist'],
  ['bind ssl vserver secure -cipherName NOPE', 'ERROR: No such resource [cipherName, NOPE]'],
  ['set ssl vserver secure -sslProfile nope', 'ERROR: No such resource [sslProfile, nope]'],
  ['set ssl vserver secure -tls12 ON', 'ERROR: Invalid argument value [tls12, ON]'],
])('%s is refused and changes nothing', (command, words) => {
  const appliance = start();
  const before = appliance.running();
  expect(appliance.run(command)).toMatchObject({ text: `${words}\n`, isRefused: true });
  expect(appliance.running()).toBe(before);
});

test('a pair is read from the disk when it is added, and once more when it is updated', () => {
  const appliance = start();
  const first = appliance.tls('secure')?.certificates[0];
  expect(first).toMatchObject({ name: 'site', isForName: false, chain: [disk['/nsconfig/ssl/site.pem']] });
  appliance.files.write('/nsconfig/ssl/site.pem', disk['/nsconfig/ssl/next.pem'] ?? '');
  appliance.files.write('/nsconfig/ssl/site.key', disk['/nsconfig/ssl/next.key'] ?? '');
  expect(appliance.tls('secure')?.certificates[0]).toEqual(first);
  expect(appliance.run('update ssl certKey site').text).toBe(' Done\n');
  expect(appliance.tls('secure')?.certificates[0]?.chain).toEqual([disk['/nsconfig/ssl/next.pem']]);
  expect(appliance.running()).toBe(config);
});

test('a passphrase is asked for, is not in the configuration, and opens the key again after a restart', () => {
  const appliance = start();
  const asked = appliance.run('add ssl certKey c -cert next.pem -key locked.key -password');
  expect([asked.text, asked.question?.text]).toEqual(['', 'Password: ']);
  expect(lines(appliance)).not.toContain('c -cert');
  expect(asked.question?.answer('orchard 7')).toMatchObject({ text: ' Done\n', isRefused: false });
  expect(appliance.running()).toMatch(/^add ssl certKey c -cert next\.pem -key locked\.key -passcrypt \S+$/m);
  expect(appliance.running()).not.toContain('orchard');
  appliance.run('bind ssl vserver secure -certkeyName c');
  appliance.run('save ns config');
  appliance.reboot();
  expect(appliance.tls('secure')?.certificates.map(({ name }) => name)).toEqual(['c']);
});

test('a certificate takes the place of the bound one of its kind, and one for a name stands beside it', () => {
  const appliance = start();
  appliance.run('add ssl certKey next -cert next.pem -key next.key');
  appliance.run('add ssl certKey other -cert other.pem -key other.key');
  appliance.run('bind ssl vserver secure -certkeyName other -SNICert');
  appliance.run('bind ssl vserver secure -certkeyName next');
  expect(lines(appliance).filter((line) => line.startsWith('bind ssl'))).toEqual([
    'bind ssl vserver secure -certkeyName other -SNICert',
    'bind ssl vserver secure -certkeyName next',
  ]);
  expect(appliance.tls('secure')?.certificates.map(({ name }) => name)).toEqual(['next']);
  appliance.run('set ssl vserver secure -SNIEnable ENABLED');
  expect(appliance.tls('secure')?.certificates.map(({ name, isForName }) => [name, isForName])).toEqual([
    ['other', true],
    ['next', false],
  ]);
});

test('linked issuers are sent behind a certificate, a root is not', () => {
  const appliance = start();
  expect(appliance.run('link ssl certKey site ca').text).toBe(' Done\n');
  expect(appliance.run('show ssl certLink').text).toBe('1)\tCert Name: site\tCA Cert Name: ca\n Done\n');
  expect(appliance.tls('secure')?.certificates[0]?.chain).toHaveLength(1);
  expect(appliance.run('rm ssl certKey ca').isRefused).toBe(true);
  appliance.run('unlink ssl certKey site');
  expect(appliance.run('rm ssl certKey ca').isRefused).toBe(false);
});

test('versions are written where they are not the default, and the line goes with the last of them', () => {
  const appliance = start();
  expect(appliance.tls('secure')?.versions).toEqual(['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2']);
  appliance.run('set ssl vserver secure -tls11 DISABLED -ssl3 DISABLED -tls13 ENABLED');
  expect(lines(appliance)).toContain('set ssl vserver secure -ssl3 DISABLED -tls11 DISABLED -tls13 ENABLED');
  expect(appliance.tls('secure')?.versions).toEqual(['TLSv1', 'TLSv1.2', 'TLSv1.3']);
  expect(appliance.run('show ssl vserver secure').text).toContain(
    '\tSSLv3: DISABLED  TLSv1.0: ENABLED  TLSv1.1: DISABLED  TLSv1.2: ENABLED  TLSv1.3: ENABLED\n',
  );
  appliance.run('set ssl vserver secure -ssl3 ENABLED');
  appliance.run('unset ssl vserver secure -tls11 -tls13');
  expect(appliance.running()).toBe(config);
});

test("a profile's settings and ciphers take the place of the virtual server's own", () => {
  const appliance = start();
  for (const command of [
    'add ssl profile strict -tls1 DISABLED -tls11 DISABLED -tls13 ENABLED',
    'bind ssl profile strict -cipherName TLS1.2-AES256-GCM-SHA384 -cipherPriority 2',
    'bind ssl profile strict -cipherName TLS1.2-AES128-GCM-SHA256 -cipherPriority 1',
    'unbind ssl profile strict -cipherName DEFAULT',
    'set ssl vserver secure -sslProfile strict',
  ]) {
    expect([command, appliance.run(command).text]).toEqual([command, ' Done\n']);
  }
  expect(appliance.tls('secure')).toMatchObject({
    versions: ['TLSv1.2', 'TLSv1.3'],
    ciphers: ['AES128-GCM-SHA256', 'AES256-GCM-SHA384'],
  });
  expect(appliance.run('rm ssl profile strict').text).toBe('ERROR: Resource in use [name, strict]\n');
  expect(appliance.run('show ssl vserver secure').text).toContain('\tProfile Name :strict\n');
  appliance.run('unset ssl vserver secure -sslProfile');
  expect(appliance.run('rm ssl profile strict').text).toBe(' Done\n');
  expect(appliance.running()).toBe(config);
});

test('ciphers: DEFAULT is bound at first, is written beside another, and what is taken back leaves every byte', () => {
  const appliance = start();
  expect(appliance.tls('secure')?.ciphers).toContain('AES128-SHA');
  appliance.run('bind ssl vserver secure -cipherName TLS1.2-AES256-GCM-SHA384');
  expect(lines(appliance)).toContain('bind ssl vserver secure -cipherName DEFAULT');
  appliance.run('unbind ssl vserver secure -cipherName DEFAULT');
  expect(appliance.tls('secure')?.ciphers).toEqual(['AES256-GCM-SHA384']);
  appliance.run('unbind ssl vserver secure -cipherName TLS1.2-AES256-GCM-SHA384');
  expect(appliance.tls('secure')?.ciphers).toEqual([]);
  appliance.run('bind ssl vserver secure -cipherName DEFAULT');
  expect(appliance.running()).toBe(config);
});

test('clients are asked for certificates of the bound authorities', () => {
  const appliance = start();
  appliance.run('bind ssl vserver secure -certkeyName ca -CA -ocspCheck Optional');
  appliance.run('set ssl vserver secure -clientAuth ENABLED -clientCert Optional');
  expect(appliance.tls('secure')).toMatchObject({
    clientCertificate: 'asked',
    authorities: [disk['/nsconfig/ssl/ca.pem']],
  });
  appliance.run('set ssl vserver secure -clientCert Mandatory');
  expect(appliance.tls('secure')?.clientCertificate).toBe('required');
  expect(appliance.tls('plain')).toBeUndefined();
});

test('pairs are listed with their files and days, one that has expired as such', () => {
  const appliance = start();
  expect(appliance.run('add ssl certKey old -cert old.pem -key old.key').text).toBe(' Done\n');
  const { text } = appliance.run('sh certkey');
  expect(text).toContain(
    '1)\tName: site\n\tCert Path: /nsconfig/ssl/site.pem\n\tKey Path: /nsconfig/ssl/site.key\n\tFormat: PEM\n\tStatus: Valid,   Days to expiration:29\n',
  );
  expect(text).toContain(
    'Name: old\n\tCert Path: /nsconfig/ssl/old.pem\n\tKey Path: /nsconfig/ssl/old.key\n\tFormat: PEM\n\tStatus: Expired,   Days to expiration:0\n',
  );
  expect(appliance.run('show ssl certKey site').text).toContain('\n\tSubject:  CN=shop.example\n');
  expect(appliance.run('show ssl certKey').text).toMatch(
    /^1\)\tName: site\n[^]*?\n\tVersion: 3\n\tSerial Number: [0-9A-F]+\n[^]*?\n\tSubject: {2}CN=shop\.example\n/,
  );
  expect(appliance.run('show ssl certKey site').text).toContain('\n\t1)\tVServer name: secure\tServer Certificate\n');
});

test('a new SSL virtual server has its curves, and what was set of one goes with it', () => {
  const appliance = start();
  appliance.run('add lb vserver v2 SSL 192.0.2.101 443');
  appliance.run('set ssl vserver v2 -tls1 DISABLED');
  appliance.run('bind ssl vserver v2 -certkeyName site');
  expect(lines(appliance).filter((line) => line.includes('ssl vserver v2'))).toEqual([
    'set ssl vserver v2 -tls1 DISABLED',
    'bind ssl vserver v2 -eccCurveName P_256',
    'bind ssl vserver v2 -eccCurveName P_384',
    'bind ssl vserver v2 -eccCurveName P_224',
    'bind ssl vserver v2 -eccCurveName P_521',
    'bind ssl vserver v2 -certkeyName site',
  ]);
  appliance.run('rm lb vserver v2');
  expect(appliance.running()).toBe(config);
});

test('a full disk lets nothing be saved, and what runs runs on', () => {
  const appliance = start();
  appliance.run('set ssl vserver secure -tls1 DISABLED');
  appliance.files.fill(true);
  expect(appliance.run('save ns config')).toMatchObject({ text: 'ERROR: No space left on device\n', isRefused: true });
  expect(appliance.saved()).toBe(config);
  appliance.files.fill(false);
  expect(appliance.run('save ns config').isRefused).toBe(false);
  expect(appliance.files.read('/nsconfig/ns.conf')).toBe(appliance.saved());
});
