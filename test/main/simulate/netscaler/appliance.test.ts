import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Appliance, makeAppliance } from '../../../../src-main/simulate/netscaler/appliance.ts';
import { forms } from '../../../../src-main/simulate/netscaler/forms.ts';
import { type Authority, openAuthority } from '../../../rigs/certificates.ts';

const config = `#NS13.1 Build 37.38
# Last modified by \`save config\`, Mon May 03 12:34:56 2021
set ns config -IPAddress 192.0.2.10 -netmask 255.255.255.0
add server w1 192.0.2.1
add server w2 192.0.2.2 -comment "rack \\"7\\""
add server spare 192.0.2.3
add service old w2 HTTP 8080 -gslb NONE -maxClient 9
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO
add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
bind lb vserver shop app
add cs policy p -rule q{HTTP.REQ.URL.EQ("/a")}
bind service old -monitorName tcp
bind serviceGroup app w1 80
bind serviceGroup app w2 80 -weight 2
`;

function start(more: Partial<Parameters<typeof makeAppliance>[0]> = {}): Appliance {
  return makeAppliance({ config, now: () => new Date('2024-02-03T04:05:06Z'), ...more });
}

/** The lines of the running configuration that a command took away and brought. */
function changeBy(appliance: Appliance, command: string): { gone: string[]; come: string[] } {
  const before = appliance.running().split('\n');
  expect(appliance.run(command)).toMatchObject({ text: ' Done\n', isRefused: false });
  const after = appliance.running().split('\n');
  return { gone: before.filter((line) => !after.includes(line)), come: after.filter((line) => !before.includes(line)) };
}

/** What the examples of the forms are about; the tests of exact lines have their own. */
const tls = `add ssl certKey site -cert site.pem -key site.key
add ssl certKey unused -cert spare.pem -key spare.key
add ssl certKey ca -cert ca.pem
add ssl cipher own
add ssl profile strict -tls1 DISABLED
add lb vserver secure SSL 192.0.2.100 443 -persistenceType NONE -cltTimeout 180
add lb monitor probe HTTP -respCode 200 -httpRequest "GET /a" -LRTM DISABLED -interval 9
link ssl certKey site ca
set ssl vserver secure -tls11 DISABLED
bind ssl cipher own -cipherName TLS1.2-ECDHE-RSA-AES128-GCM-SHA256
bind ssl vserver secure -certkeyName site
`;

let authority: Authority;
let disk: Readonly<Record<string, string>> = {};
beforeAll(() => {
  authority = openAuthority();
  const files = ['site', 'spare'].flatMap((file) => {
    const { certFile, keyFile } = authority.issue({ names: [`${file}.example`], file });
    return [certFile, keyFile];
  });
  disk = Object.fromEntries(
    [...files, authority.caFile].map((file) => [`/nsconfig/ssl/${basename(file)}`, readFileSync(file, 'utf8')]),
  );
});
afterAll(() => {
  authority.close();
});

test.each(forms.map((form) => [form.example, form] as const))(
  '%s is taken, and its answer names its source',
  (_, form) => {
    const answer = start({ config: config + tls, files: disk, role: 'primary' }).run(form.example);
    expect(answer).toMatchObject({ isRefused: false, source: form.source });
    expect(answer.text).toMatch(/ Done\n$/);
    expect([form.source, form.versions]).not.toContain('');
  },
);

test.each(['frobnicate server w1', 'add lb meter m HTTP', 'rename server w1 w9', 'show', ''])(
  'what has no form is no command: "%s"',
  (command) => {
    const { text, source } = start().run(command);
    expect([text, source]).toEqual([command === '' ? '' : 'ERROR: No such command\n', undefined]);
  },
);

test.each<[string, string[], string[]]>([
  [
    'set serviceGroup app w2 80 -weight 5',
    ['bind serviceGroup app w2 80 -weight 2'],
    ['bind serviceGroup app w2 80 -weight 5'],
  ],
  ['set servicegroup app w2 80 -WEIGHT 1', ['bind serviceGroup app w2 80 -weight 2'], ['bind serviceGroup app w2 80']],
  ['bind serviceGroup app spare 80', [], [String.raw`bind serviceGroup app spare 80 -CustomServerID "\"None\""`]],
  [
    'bind serviceGroup app 192.0.2.7 80 -weight 3',
    [],
    [
      'add server 192.0.2.7 192.0.2.7',
      String.raw`bind serviceGroup app 192.0.2.7 80 -weight 3 -CustomServerID "\"None\""`,
    ],
  ],
  ['bind service old -monitorName ping -passive', [], ['bind service old -monitorName ping -passive']],
  ['unbind serviceGroup app w1 80', ['bind serviceGroup app w1 80'], []],
  [
    'disable serviceGroup app w1 80 -graceFul YES',
    ['bind serviceGroup app w1 80'],
    ['bind serviceGroup app w1 80 -state DISABLED'],
  ],
  ['disable server w1', ['add server w1 192.0.2.1'], ['add server w1 192.0.2.1 -state DISABLED']],
  [
    'set lb vserver shop -lbmethod sourceiphash',
    ['add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180'],
    ['add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -lbMethod SOURCEIPHASH -cltTimeout 180'],
  ],
  [
    'set lb vserver shop -lbMethod LEASTCONNECTION -timeout 5',
    ['add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180'],
    ['add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -timeout 5 -cltTimeout 180'],
  ],
  [
    'add serviceGroup g2 tcp -comment "of tests"',
    [],
    [
      'add serviceGroup g2 TCP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO -useproxyport YES -cltTimeout 9000 -svrTimeout 9000 -CKA NO -TCPB NO -CMP NO -comment "of tests"',
    ],
  ],
  [
    'rm server w2',
    [
      String.raw`add server w2 192.0.2.2 -comment "rack \"7\""`,
      'add service old w2 HTTP 8080 -gslb NONE -maxClient 9',
      'bind serviceGroup app w2 80 -weight 2',
    ],
    [],
  ],
  [
    'rm serviceGroup app',
    [
      'add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO',
      'bind lb vserver shop app',
      'bind serviceGroup app w1 80',
      'bind serviceGroup app w2 80 -weight 2',
    ],
    [],
  ],
  [
    'unset service old -maxClient',
    ['add service old w2 HTTP 8080 -gslb NONE -maxClient 9'],
    ['add service old w2 HTTP 8080 -gslb NONE -maxClient 0'],
  ],
])('%s changes exactly its lines of the running configuration', (command, gone, come) => {
  expect(changeBy(start(), command)).toEqual({ gone, come });
});

test('shell rm removes the files that are named, those there and those not, and nothing outside /nsconfig and /var', () => {
  const appliance = start({ files: { '/nsconfig/ssl/a.pem': 'a', '/var/tmp/b': 'b', '/config/c': 'c' } });
  expect(appliance.run('shell rm -f /config/c /var/tmp/b').text).toBe('ERROR: Operation not permitted [/config/c]\n');
  expect(appliance.run('shell rm -f /nsconfig/../config/c').isRefused).toBe(true);
  expect(appliance.files.read('/var/tmp/b')).toBe('b');
  expect(appliance.run('shell rm -f /nsconfig/ssl/a.pem /var/tmp/b /var/tmp/none').text).toBe(' Done\n');
  expect(appliance.run('shell rm -f /nsconfig/ssl').text).toBe('rm: /nsconfig/ssl: is a directory\n Done\n');
  expect(['/nsconfig/ssl/a.pem', '/var/tmp/b', '/config/c'].map(appliance.files.read)).toEqual([
    undefined,
    undefined,
    'c',
  ]);
  expect(appliance.run('shell ls /nsconfig').text).toBe('ERROR: No such command\n');
});

test('files are synchronised from either node of a pair, not from an appliance alone', () => {
  const appliance = start({ role: 'secondary' });
  for (const command of ['sync HA files ssl', 'sync files all']) expect(appliance.run(command).text).toBe(' Done\n');
  expect(appliance.run('sync HA files keys').text).toBe('ERROR: Invalid argument value [Mode, keys]\n');
  appliance.become('standalone');
  expect(appliance.run('sync HA files ssl').text).toBe('ERROR: Operation not permitted\n');
});

test('a change and what takes it back leave every byte as it was', () => {
  const appliance = start();
  const before = appliance.running();
  for (const command of [
    'disable serviceGroup app w2 80 -graceFul YES',
    'enable serviceGroup app w2 80',
    'bind serviceGroup app spare 80',
    'unbind serviceGroup app spare 80',
    'set server w2 -IPAddress 192.0.2.77',
    'set server w2 -IPAddress 192.0.2.2',
  ]) {
    expect(appliance.run(command).text).toBe(' Done\n');
  }
  expect(appliance.running()).toBe(before);
});

test.each([
  ['set serviceGroup nope w1 80 -weight 3', 'ERROR: No such resource [serviceGroupName, nope]'],
  ['set serviceGroup app w9 80 -weight 3', 'ERROR: No such resource [serverName, w9]'],
  ['set lb vserver nope -lbMethod TOKEN', 'ERROR: No such resource [vServerName, nope]'],
  ['bind serviceGroup app nowhere 80', 'ERROR: No such resource [serverName, nowhere]'],
  ['bind serviceGroup app w1 80', 'ERROR: Resource already exists [serverName, w1]'],
  ['add server w1 192.0.2.9', 'ERROR: Resource already exists [serverName, w1]'],
  ['set serviceGroup app w1 80 -weight 0', 'ERROR: Argument value is out of range [weight, 0]'],
  ['set serviceGroup app w1 80 -weight 101', 'ERROR: Argument value is out of range [weight, 101]'],
  ['set lb vserver shop -lbMethod FASTEST', 'ERROR: Invalid argument value [lbMethod, FASTEST]'],
  ['set lb vserver shop -colour red', 'ERROR: No such argument [colour]'],
  ['set lb vserver shop -lbMethod TOKEN TOKEN', 'ERROR: Invalid argument [TOKEN]'],
  ['enable server', 'ERROR: Required argument missing [name]'],
  ['unbind serviceGroup app spare 80', 'ERROR: No such resource [serverName, spare]'],
  ['add server x "192.0.2.9', 'ERROR: Unbalanced quotes'],
])('%s is refused in the words of the appliance and changes nothing', (command, words) => {
  const appliance = start();
  const before = appliance.running();
  expect(appliance.run(command)).toMatchObject({ text: `${words}\n`, isRefused: true });
  expect(appliance.running()).toBe(before);
});

test('what was not saved is lost by a reboot, what was saved is not', () => {
  const appliance = start();
  appliance.run('set serviceGroup app w2 80 -weight 5');
  expect(appliance.saved()).not.toContain('-weight 5');
  appliance.reboot();
  expect(appliance.running()).not.toContain('-weight 5');
  appliance.run('set serviceGroup app w2 80 -weight 7');
  appliance.run('save ns config');
  appliance.reboot();
  expect(appliance.running()).toContain('bind serviceGroup app w2 80 -weight 7\n');
  expect(appliance.run('show ns ns.conf').text).toBe(`${appliance.saved()} Done\n`);
});

test('the configuration is kept as it was loaded; saving changes the line that tells when', () => {
  const appliance = start();
  expect(appliance.running()).toBe(config);
  appliance.run('save config');
  expect(appliance.saved()).toBe(config.replace(/Mon May 03 .*/, 'Sat Feb 03 04:05:06 2024'));
});

test('a secondary shows what it has and lets nobody change it', () => {
  const appliance = start({ role: 'secondary' });
  expect(appliance.run('show ha node').text).toMatch(/Node ID: +0\n[^]*Master State: Secondary\n[^]*Node ID: +1\n/);
  expect(appliance.run('set serviceGroup app w1 80 -weight 3').text).toBe('ERROR: Operation not permitted\n');
  expect(appliance.run('save ns config').isRefused).toBe(true);
  appliance.become('primary');
  expect(appliance.run('set serviceGroup app w1 80 -weight 3').text).toBe(' Done\n');
});

test('objects are shown with the state of their members', () => {
  const appliance = start();
  appliance.run('disable serviceGroup app w1 80');
  const { text } = appliance.run('sh servicegroup app');
  expect(text).toContain('app - HTTP\n\tState: ENABLED\tEffective State: PARTIAL-UP');
  expect(text).toContain('192.0.2.1:80\tState: OUT OF SERVICE\tServer Name: w1\tServer ID: None\tWeight: 1\n');
  expect(text).toContain('192.0.2.2:80\tState: UP\tServer Name: w2\tServer ID: None\tWeight: 2\n');
  expect(appliance.run('sh lb vs').text).toContain('1)\tshop (192.0.2.100:80) - HTTP\tType: ADDRESS \n');
  expect(appliance.run('show server nope').isRefused).toBe(true);
});
