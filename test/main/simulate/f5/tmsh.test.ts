import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeDeviceGroup } from '../../../../src-main/simulate/f5/group.ts';
import { forms } from '../../../../src-main/simulate/f5/forms.ts';
import { makeAppliance } from '../../../../src-main/simulate/f5/appliance.ts';
import { shop, startShop, tmshOf } from './shop.ts';
import { recordingsFolder } from '../../../rigs/recordings.ts';

/** The lines of the running configuration that a command took away and brought. */
function changeBy(command: string): { gone: string[]; come: string[] } {
  const { appliance, tmsh } = startShop();
  const before = appliance.running().split('\n');
  expect(tmsh.run(command)).toMatchObject({ text: '', error: '' });
  const after = appliance.running().split('\n');
  return { gone: before.filter((line) => !after.includes(line)), come: after.filter((line) => !before.includes(line)) };
}

test.each(forms.filter(({ example }) => example !== '').map((form) => [form.example, form] as const))(
  '%s is taken, and its answer names its source',
  (_, form) => {
    const { tmsh } = startShop();
    if (form.object === 'cli transaction' && form.verb !== 'create') tmsh.run('create cli transaction');
    expect(tmsh.run(form.example)).toMatchObject({ error: '', source: form.source });
    expect([form.source, form.versions]).not.toContain('');
  },
);

test('what has no form is no command', () => {
  const { tmsh } = startShop();
  for (const command of [
    'frobnicate ltm pool web',
    'create ltm',
    'rename ltm pool web x',
    'edit ltm pool web',
    'create ltm frob x',
  ]) {
    const { text, error, source } = tmsh.run(command);
    expect([command, text, error, source]).toEqual([command, '', expect.stringContaining('Syntax Error: '), undefined]);
  }
});

const stamp = '    last-modified-time 2024-02-03:12:00:00';
const old = '    last-modified-time 2020-09-17:08:50:22';

test.each<[string, string[], string[]]>([
  ['modify ltm pool web members modify { w1:http { ratio 9 } }', ['            ratio 3'], ['            ratio 9']],
  ['modify ltm pool web members modify { w1:80 { ratio 1 } }', ['            ratio 3'], []],
  [
    'modify ltm pool web members modify { 192.0.2.2:8080 { session user-disabled state user-down } }',
    [],
    ['            session user-disabled', '            state user-down'],
  ],
  [
    'modify ltm pool web load-balancing-mode least-connections-members',
    ['    load-balancing-mode ratio-member'],
    ['    load-balancing-mode least-connections-member'],
  ],
  ['modify ltm pool web load-balancing-mode round-robin', ['    load-balancing-mode ratio-member'], []],
  [
    'modify ltm pool idle monitor http and tcp',
    ['ltm pool /Common/idle { }'],
    ['ltm pool /Common/idle {', '    monitor /Common/http and /Common/tcp'],
  ],
  [
    'modify ltm pool idle members add { 192.0.2.7:80 }',
    ['ltm pool /Common/idle { }'],
    [
      'ltm node /Common/192.0.2.7 {',
      '    address 192.0.2.7',
      'ltm pool /Common/idle {',
      '        /Common/192.0.2.7:80 {',
      '            address 192.0.2.7',
    ],
  ],
  [
    'modify ltm pool web members delete { w1:80 }',
    ['        /Common/w1:80 {', '            address 192.0.2.1', '            ratio 3'],
    [],
  ],
  ['modify ltm node w1 session user-disabled', [], ['    session user-disabled']],
  ['modify ltm virtual shop disabled', [old], ['    disabled', stamp]],
  [
    'modify ltm virtual shop persist replace-all-with { cookie { default yes } } fallback-persistence source_addr',
    [old],
    [
      '    fallback-persistence /Common/source_addr',
      stamp,
      '    persist {',
      '        /Common/cookie {',
      '            default yes',
    ],
  ],
  [
    'modify ltm virtual shop profiles add { clientssl { context clientside } }',
    [old],
    [stamp, '        /Common/clientssl {', '            context clientside'],
  ],
  ['modify ltm monitor http probe interval 10 timeout 31', [], ['    interval 10', '    timeout 31']],
  [
    'create ltm monitor https deep { interval 7 recv "200 OK" }',
    [],
    ['ltm monitor https /Common/deep {', '    defaults-from /Common/https', '    interval 7', '    recv "200 OK"'],
  ],
  ['delete ltm pool idle', ['ltm pool /Common/idle { }'], []],
])('%s changes exactly its lines of the configuration', (command, gone, come) => {
  expect(changeBy(command)).toEqual({ gone, come });
});

test('a new virtual server gets what the device writes by itself', () => {
  const { appliance, tmsh } = startShop();
  tmsh.run('create ltm virtual v2 destination 192.0.2.101:http ip-protocol tcp pool web');
  expect(appliance.running()).toContain(`ltm virtual /Common/v2 {
    creation-time 2024-02-03:12:00:00
    destination /Common/192.0.2.101:80
    ip-protocol tcp
    last-modified-time 2024-02-03:12:00:00
    mask 255.255.255.255
    pool /Common/web
    profiles {
        /Common/fastL4 { }
    }
    source 0.0.0.0/0
    translate-address enabled
    translate-port enabled
}
`);
  expect(appliance.running()).toContain('ltm virtual-address /Common/192.0.2.101 {\n');
});

test.each([
  ['modify ltm pool nope description x', '01020036:3: The requested Pool (/Common/nope) was not found.'],
  ['create ltm pool web', '01020066:3: The requested Pool (/Common/web) already exists in partition Common.'],
  [
    'create ltm pool /wrong/p',
    "01070734:3: Configuration error: Can't associate Pool (/wrong/p) folder does not exist",
  ],
  ['modify ltm virtual shop pool gone', '01020036:3: The requested Pool (/Common/gone) was not found.'],
  ['modify ltm virtual shop profiles add { gone }', '01020036:3: The requested profile (/Common/gone) was not found.'],
  [
    'modify ltm pool web members modify { 192.0.2.9:80 { ratio 2 } }',
    '01020036:3: The requested Pool Member (/Common/web /Common/192.0.2.9 80) was not found.',
  ],
  ['modify ltm pool web members add { web9:80 }', '01020036:3: The requested Node (/Common/web9) was not found.'],
  [
    'delete ltm pool web',
    '01070265:3: The Pool (/Common/web) cannot be deleted because it is in use by a Virtual Server (/Common/shop).',
  ],
  ['delete ltm monitor http probe', '01070083:3: Monitor /Common/probe is in use.'],
  ['delete ltm node w1', "01070110:3: Node address '/Common/w1' is referenced by a member of pool '/Common/web'."],
  [
    'create ltm virtual v2 destination 192.0.2.100:443 ip-protocol tcp',
    '01070333:3: Virtual Server /Common/v2 illegally shares destination address, source address, service port, ip-protocol, and vlan with Virtual Server /Common/shop.',
  ],
  ['modify ltm pool web colour red', 'Syntax Error: "colour" unknown property'],
  ['modify ltm pool web', 'Syntax Error: one or more properties must be specified'],
  ['create ltm pool', 'Syntax Error: one or more configuration identifiers must be provided'],
  ['modify ltm pool web members { w1:80 }', 'Syntax Error: unexpected argument "{"'],
  [
    'modify ltm pool web members modify { w1:80 { ratio 0 } }',
    'Syntax Error: "ratio" "0" is not in the range 1 - 65535',
  ],
  ['modify ltm pool web load-balancing-mode fastest', 'Syntax Error: "load-balancing-mode" unknown value "fastest"'],
  ['list ltm pool nope', '01020036:3: The requested Pool (/Common/nope) was not found.'],
  [
    'run cm config-sync to-group nope',
    '01070734:3: Configuration error: Device group (nope) not found in device group sync',
  ],
])('%s is refused in the words of the device and changes nothing', (command, words) => {
  const { appliance, tmsh } = startShop();
  const before = appliance.running();
  expect(tmsh.run(command)).toMatchObject({ text: '', error: `${words}\n` });
  expect(appliance.running()).toBe(before);
});

test('a transaction is done whole, or not at all with the words of the command that failed', () => {
  const { appliance, tmsh } = startShop();
  const before = appliance.running();
  expect(tmsh.run('create cli transaction').error).toBe('');
  expect(tmsh.prompt()).toMatch(/^\[batch mode\]/);
  expect(tmsh.run('modify ltm pool web description first').text).toBe('Command added to the current transaction\n');
  expect(tmsh.run('modify ltm pool web colour red').error).toBe('Syntax Error: "colour" unknown property\n');
  tmsh.run('modify ltm virtual shop pool gone');
  expect(appliance.running()).toBe(before);
  expect(tmsh.run('submit cli transaction').error).toBe(
    'transaction failed:01020036:3: The requested Pool (/Common/gone) was not found.\n',
  );
  expect(appliance.running()).toBe(before);

  // In one transaction the pool may go before what names it: the whole is checked at its end.
  tmsh.run('create cli transaction; delete ltm pool web; modify ltm virtual shop pool idle; submit cli transaction');
  expect(appliance.running()).toContain('    pool /Common/idle\n');
  expect(appliance.running()).not.toContain('ltm pool /Common/web');
});

function shown(prefix: string): string {
  return `ltm pool ${prefix}web {
    load-balancing-mode ratio-member
    members {
        ${prefix}192.0.2.2:webcache {
            address 192.0.2.2
            session monitor-enabled
            state down
        }
        ${prefix}w1:http {
            address 192.0.2.1
            ratio 3
            session monitor-enabled
            state up
        }
    }
    monitor ${prefix}probe
}
`;
}

test('names are shown relative to the folder, ports by the names of services, members with what probes say', () => {
  const { appliance, tmsh } = startShop();
  appliance.setHealth('192.0.2.2', 8080, false);
  expect(tmsh.run('list ltm pool web').text).toBe(shown(''));
  expect(tmsh.run('cd /; list ltm pool recursive').text).toBe(`ltm pool Common/idle { }\n${shown('Common/')}`);
  expect(tmsh.run('list ltm pool').text).toBe('');
  expect(tmsh.run('list ltm virtual Common/shop destination description').text).toBe(
    'ltm virtual Common/shop {\n    description none\n    destination Common/192.0.2.100:https\n}\n',
  );
});

test('an object on one line holds the same words', () => {
  const { tmsh } = startShop();
  const lines = tmsh.run('list ltm pool web').text.split(/\s+/).join(' ').trim();
  expect(tmsh.run('list ltm pool web one-line').text).toBe(`${lines}\n`);
});

test('all properties are shown with their normal values', () => {
  const { text } = startShop().tmsh.run('list ltm pool idle all-properties');
  expect(text).toContain('    load-balancing-mode round-robin\n    members none\n');
  expect(text).toContain('    slow-ramp-time 10\n');
});

test('counters run with the clock and follow ratios, raw or shortened', () => {
  let seconds = 0;
  const { tmsh } = startShop({ now: () => new Date(seconds * 1000), connectionsPerSecond: 10 });
  seconds = 400;
  const raw = tmsh.run('show ltm pool web members field-fmt raw').text;
  expect([...raw.matchAll(/ {12}serverside.tot-conns (.*)/g)].map(([, count]) => count)).toEqual(['1000', '3000']);
  expect(raw).toContain('\n    serverside.tot-conns 4000\n');
  expect(tmsh.run('show ltm virtual shop field-fmt').text).toContain('    clientside.tot-conns 4.0K\n');
  tmsh.run('modify ltm pool web members modify { w1:80 { session user-disabled } }');
  seconds = 500;
  const after = tmsh.run('show ltm pool web members field-fmt raw').text;
  expect([...after.matchAll(/ {12}serverside.tot-conns (.*)/g)].map(([, count]) => count)).toEqual(['2000', '3000']);
  expect(after).toContain(
    'session-status user-disabled\n            status.availability-state available\n            status.enabled-state disabled\n',
  );
});

test('what was not saved is lost by a reboot, what was saved is not', () => {
  const { appliance, tmsh } = startShop();
  tmsh.run('modify ltm pool web description first');
  expect(appliance.saved()).not.toContain('first');
  appliance.reboot();
  expect(appliance.running()).not.toContain('first');
  tmsh.run('modify ltm pool web description second');
  expect(tmsh.run('save sys config').text).toBe(
    'Saving running configuration...\n  /config/bigip.conf\n  /config/bigip_base.conf\n  /config/bigip_user.conf\n',
  );
  appliance.reboot();
  expect(appliance.running()).toContain('    description second\n');
  expect(appliance.files.read('/config/bigip.conf')).toContain('    description second\n');
});

test('a full disk saves nothing and says so', () => {
  const { appliance, tmsh } = startShop();
  tmsh.run('modify ltm pool web description first');
  appliance.files.fill(true);
  expect(tmsh.run('save sys config').error).toContain('No space left on device');
  expect(appliance.saved()).not.toContain('first');
});

test('a file is merged, only verified when so asked, and its errors name file and line', () => {
  const { appliance, tmsh } = startShop();
  const before = appliance.running();
  appliance.files.write(
    '/var/tmp/more.conf',
    'ltm pool /Common/web {\n    description merged\n    slow-ramp-time 30\n}\n',
  );
  const verify = 'load sys config file /var/tmp/more.conf merge verify';
  expect(tmsh.run(verify)).toMatchObject({ text: 'Validating configuration...\n  /var/tmp/more.conf\n', error: '' });
  expect(appliance.running()).toBe(before);
  expect(tmsh.run('load sys config file /var/tmp/more.conf merge')).toMatchObject({
    text: 'Loading configuration...\n  /var/tmp/more.conf\n',
    error: '',
  });
  expect(appliance.running()).toContain('    description merged\n');
  expect(appliance.running()).toContain('            ratio 3\n');

  appliance.files.write('/var/tmp/more.conf', 'ltm virtual /Common/shop {\n    pool /Common/gone\n}\n');
  expect(tmsh.run(verify).error).toBe(
    '01020036:3: The requested Pool (/Common/gone) was not found.\nUnexpected Error: Validating configuration process failed.\n',
  );
  appliance.files.write('/var/tmp/more.conf', 'ltm pool /Common/web {\n    members {\n');
  expect(tmsh.run(verify).error).toMatch(/^Syntax Error:\(\/var\/tmp\/more.conf at line: 2\) /);
});

test('a guest may look and not change, an operator may take members out', () => {
  const { appliance } = startShop();
  const guest = tmshOf(appliance, 'guest');
  expect(guest.run('list ltm pool web').error).toBe('');
  expect(guest.run('modify ltm pool web description x').error).toMatch(/^01070822:3: Access Denied: /);
  expect(guest.run('save sys config').error).toMatch(/^01070822:3: Access Denied: /);
  expect(
    tmshOf(appliance, 'operator').run('modify ltm pool web members modify { w1:80 { session user-disabled } }').error,
  ).toBe('');
});

test('a partition has names of its own and takes what it does not have from Common', () => {
  const { appliance, tmsh } = startShop();
  tmsh.run('create auth partition blue { }; cd /blue; create ltm pool p monitor http members add { 192.0.2.8%2:80 }');
  expect(appliance.running()).toContain(
    'ltm pool /blue/p {\n    members {\n        /blue/192.0.2.8%2:80 {\n            address 192.0.2.8%2\n',
  );
  expect(appliance.running()).toContain('    monitor /Common/http\n');
  expect(tmsh.run('list ltm pool p').text).toMatch(/^ltm pool p \{\n {4}members \{\n[^]*\n {4}partition blue\n\}\n$/);
  tmsh.run('save sys config');
  expect(appliance.files.read('/config/partitions/blue/bigip.conf')).toContain('ltm pool /blue/p {\n');
});

test('a group that synchronises by itself has every change on all units at once, and what is of one unit stays there', () => {
  const group = makeDeviceGroup('dg1', { isAutomatic: true });
  const [one, two] = ['a', 'b'].map((name) =>
    makeAppliance({ config: `${shop}sys global-settings {\n    hostname bigip-${name}.example.com\n}\n`, group }),
  );
  if (one === undefined || two === undefined) throw new Error('Two were made.');
  expect(tmshOf(one).run('modify ltm pool web description one').error).toBe('');
  expect(two.running()).toContain('    description one\n');
  expect(two.running()).toContain('hostname bigip-b.example.com');
  expect(group.status('bigip-a.example.com').status).toBe('In Sync');
  expect(two.saved()).not.toContain('description one');
});

const recordings = recordingsFolder('config/f5');
test
  .runIf(existsSync(recordings))
  .each([
    'kylinsoong-f5config.1.txt',
    'llima3000-bigip.conf',
    'corkscrew-archive1/bigip.conf',
    'kylinsoong-f5config.3.txt',
  ])('the public configuration %s is loaded, shown, changed and changed back', (file) => {
  const appliance = makeAppliance({ config: readFileSync(`${recordings}/${file}`, 'utf8') });
  const tmsh = tmshOf(appliance);
  const names = [...tmsh.run('cd /; list ltm pool recursive one-line').text.matchAll(/^ltm pool (\S+)/gm)].map(
    ([, name = '']) => name,
  );
  const before = appliance.running();
  expect(names.length).toBeGreaterThan(0);
  for (const name of names.slice(0, 20))
    expect(tmsh.run(`show ltm pool /${name} members field-fmt raw`)).toMatchObject({ error: '' });
  const [first = ''] = names;
  expect(tmsh.run(`create ltm pool /Common/extra`).error).toBe('');
  expect(appliance.running()).not.toBe(before);
  expect(tmsh.run(`delete ltm pool /Common/extra`).error).toBe('');
  expect(appliance.running()).toBe(before);
  expect(tmsh.run(`list ltm pool /${first}`).error).toBe('');
});

test('the configuration is kept as it was loaded', () => {
  const { appliance } = startShop();
  for (const line of shop.split('\n').slice(2)) expect(appliance.running()).toContain(line);
});
