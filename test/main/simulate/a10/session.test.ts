import { expect, test } from 'vitest';
import { makeDevice } from '../../../../src-main/simulate/a10/device.ts';
import { forms } from '../../../../src-main/simulate/a10/forms.ts';
import { configuring, startVthunder, typistAt, vthunder } from './vthunder.ts';

/** What is typed to come to the mode of a form. */
const ways: Readonly<Record<string, readonly string[]>> = {
  exec: [],
  config: [],
  server: ['slb server s1'],
  port: ['slb server s1', 'port 80 tcp'],
  group: ['slb service-group sg1'],
  member: ['slb service-group sg1', 'member s1 80'],
  virtual: ['slb virtual-server vip1'],
  vport: ['slb virtual-server vip1', 'port 80 http'],
  monitor: ['health monitor hm1'],
  template: ['slb template persist cookie c1'],
  'client-ssl': ['slb template client-ssl t1'],
  'server-ssl': ['slb template server-ssl t2'],
  cipher: ['slb template cipher suites'],
  'vrrp-common': ['vrrp-a common'],
  vrid: ['vrrp-a vrid 1'],
  blade: ['vrrp-a vrid 1', 'blade-parameters'],
  'peer-group': ['vrrp-a peer-group'],
};

test.each(forms.filter(({ example }) => example !== '').map((form) => [form.mode, form.example, form] as const))(
  'in mode %s, "%s" is taken, and its answer names its source',
  async (mode, example, form) => {
    const typist = await configuring();
    for (const line of ways[mode] ?? []) await typist.type(line);
    const answer = await typist.type(example);
    expect(answer).not.toMatch(/\^|Incomplete|does not exist/);
    expect(typist.sources().at(-1)).toBe(form.source);
    expect([form.source, form.versions]).not.toContain('');
  },
);

test('prompts tell host, state, partition and mode, and exit goes up one level', async () => {
  const typist = startVthunder({ role: 'Standby', partitions: { p1: '' } });
  const prompts = [typist.prompt()];
  const lines = [
    'enable',
    'active-partition p1',
    'conf t',
    'slb server s1 192.0.2.9',
    'port 80 tcp',
    'exit',
    'exit',
    'slb service-group g tcp',
    'member s1 80',
    'end',
  ];
  for (const line of lines) {
    await typist.type(line, '');
    prompts.push(typist.prompt());
  }
  expect(prompts).toEqual([
    'vThunder-Standby>',
    'vThunder-Standby#',
    'vThunder-Standby[p1]#',
    'vThunder-Standby[p1](config)#',
    'vThunder-Standby[p1](config-real server)#',
    'vThunder-Standby[p1](config-real server-node port)#',
    'vThunder-Standby[p1](config-real server)#',
    'vThunder-Standby[p1](config)#',
    'vThunder-Standby[p1](config-slb svc group)#',
    'vThunder-Standby[p1](config-slb svc group-member:80)#',
    'vThunder-Standby[p1]#',
  ]);
});

test('a device of a virtual chassis tells its part in prompts and in its summary', async () => {
  const typist = startVthunder({ role: 'Active', vcs: { role: 'vMaster', chassis: 1, device: 2 }, isLicensed: false });
  await typist.type('enable', '');
  expect(typist.prompt()).toBe('vThunder-Active-vMaster[1/2](NOLICENSE)#');
  await typist.type('configure');
  await typist.type('slb server s1');
  expect(typist.prompt()).toBe('vThunder-Active-vMaster[1/2](config:2-real server)(NOLICENSE)#');
  expect(await typist.type('show vcs summary')).toMatch(
    /^ 1 {3}vBlade .* Remote {2}\n 2 {3}vMaster\(\*\) .* Local {3}$/m,
  );
  expect(await startedWithout()).toContain('VCS Enabled:                               No\n');
});

async function startedWithout(): Promise<string> {
  const typist = startVthunder();
  await typist.type('enable', '');
  return typist.type('show vcs summary');
}

test('enable asks for a password, and a wrong one leaves things as they are', async () => {
  const typist = startVthunder({}, { enablePassword: 'orchard' });
  expect(await typist.type('show running-config')).toContain('^');
  expect(await typist.type('enable', 'wrong')).toBe('Password:\n% Bad secrets\n');
  expect(typist.prompt()).toBe('vThunder>');
  expect(await typist.type('en', 'orchard')).toBe('Password:\n');
  expect(typist.prompt()).toBe('vThunder#');
});

test('the running configuration is printed as it was loaded, with its comments', async () => {
  const typist = startVthunder();
  await typist.type('enable', '');
  const text = await typist.type('show running-config');
  const lines = vthunder.split('\n').filter((line) => !line.startsWith('!'));
  expect(text.split('\n').filter((line) => !line.startsWith('!'))).toEqual(lines);
  expect(text).toMatch(
    /^!Current configuration: \d+ bytes\n!Configuration last updated at 12:00:00 GMT Sat Feb 3 2024\n/,
  );
});

test.each<[string[], string[], string[]]>([
  [['slb service-group sg1', 'method least-connection'], [], ['  method least-connection']],
  [['slb service-group sg1', 'member s1 80', 'disable'], [], ['    disable']],
  [['slb service-group sg1', 'member s1 80', 'disable-with-health-check', 'enable'], [], []],
  [['slb service-group sg1', 'no member s2 80'], ['  member s2 80'], []],
  [['slb server s2', 'port 80 tcp', 'weight 9'], ['    weight 3'], ['    weight 9']],
  [['slb server s1', 'disable'], [], ['  disable']],
  [
    ['slb server s9 192.0.2.9', 'exit', 'slb service-group sg1', 'member s9 8080'],
    [],
    ['slb server s9 192.0.2.9', '  port 8080 tcp', '  member s9 8080'],
  ],
  [['slb virtual-server vip1', 'port 80 http', 'template persist cookie c1'], [], ['    template persist cookie c1']],
  [
    ['slb virtual-server vip1', 'port 443 https', 'template client-ssl t1', 'service-group sg1'],
    [],
    ['  port 443 https', '    template client-ssl t1'],
  ],
  [['health monitor hm1', 'interval 7 timeout 3'], [], ['  interval 7 timeout 3']],
  [['no slb server s2'], ['slb server s2 192.0.2.2', '    weight 3', '  member s2 80'], []],
  [
    ['no slb service-group sg1'],
    ['slb service-group sg1 tcp', '  member s1 80', '  member s2 80', '    service-group sg1'],
    [],
  ],
])('%s changes exactly its lines', async (lines, gone, come) => {
  const typist = await configuring();
  const before = typist.device.running().split('\n');
  for (const line of lines) expect(await typist.type(line)).toBe('');
  const after = typist.device.running().split('\n');
  expect(before.filter((line) => !after.includes(line))).toEqual(gone);
  expect(after.filter((line) => !before.includes(line))).toEqual(come);
});

test('a member is disabled in the statement that stands below it', async () => {
  const typist = await configuring();
  for (const line of ['slb service-group sg1', 'member s1 80', 'priority 8', 'member s2 80', 'disable'])
    await typist.type(line);
  expect(await typist.type('show running-config | section slb service-group')).toBe(
    'slb service-group sg1 tcp\n  member s1 80\n    priority 8\n  member s2 80\n    disable\n',
  );
});

test.each([
  [['slb server'], '% Incomplete command.\n'],
  [['slb server s9'], '% Incomplete command.\n'],
  [['slb service-group sg1', 'member s9 80'], 'Object specified does not exist (object: slb server s9)\n'],
  [
    ['slb virtual-server vip1', 'port 80 http', 'service-group g9'],
    'Object specified does not exist (object: slb service-group g9)\n',
  ],
  [['no slb server s9'], 'Object specified does not exist (object: slb server s9)\n'],
  [['slb service-group sg1 udp'], 'This field cannot be modified at runtime\n'],
  [['active-partition nope'], "Partition 'nope' does not exist\n"],
  [
    ['slb service-group sg1', 'method quickest'],
    `${' '.repeat('vThunder(config-slb svc group)#method '.length)}^\n% Unrecognized command.Invalid input detected at '^' marker.\n`,
  ],
  [
    ['frobnicate'],
    `${' '.repeat('vThunder(config)#'.length)}^\n% Unrecognized command.Invalid input detected at '^' marker.\n`,
  ],
])('%s is refused and changes nothing', async (lines, words) => {
  const typist = await configuring();
  const before = typist.device.running();
  let answer = '';
  for (const line of lines) answer = await typist.type(line);
  expect(answer).toBe(words);
  expect(typist.device.running()).toBe(before);
});

test('what was not written is lost by a reboot, and leaving asks about it', async () => {
  const typist = await configuring();
  await typist.type('slb server s1');
  await typist.type('disable');
  await typist.type('end');
  expect(typist.device.isModified()).toBe(true);
  expect(await typist.type('exit', 'no', 'n')).toContain('modified');
  expect(typist.isOver()).toBe(false);
  typist.device.reboot();
  expect(typist.device.running()).not.toContain('disable');
  await typist.type('configure');
  await typist.type('slb server s1');
  await typist.type('disable');
  expect(await typist.type('write memory')).toBe(
    'Building configuration...\nWrite configuration to default primary startup-config\n[OK]\n',
  );
  await typist.type('end');
  expect(await typist.type('exit', 'y')).toBe('Are you sure to quit (N/Y)?: ');
  expect(typist.isOver()).toBe(true);
  typist.device.reboot();
  expect(typist.device.running()).toContain('  disable\n');
});

test('partitions are written alone or all at once', async () => {
  const typist = await configuring({ partitions: { p1: 'slb server a 192.0.2.7\n' } });
  await typist.type('active-partition p1');
  await typist.type('configure');
  await typist.type('no slb server a');
  expect(await typist.type('show startup-config')).toContain('slb server a');
  expect(await typist.type('write memory all-partitions')).toBe(
    'Building configuration...\nWrite configuration to default primary startup-config\nWrite configuration to profile "pri_default" on partition p1\n[OK]\n',
  );
  expect(await typist.type('show startup-config')).not.toContain('slb server a');
});

test('states and counters of servers, groups and virtual servers follow the configuration and the clock', async () => {
  let seconds = 0;
  const typist = startVthunder({ now: () => new Date(seconds * 1000), connectionsPerSecond: 10 });
  await typist.type('enable', '');
  await typist.type('configure');
  seconds = 100;
  await typist.type('slb service-group sg1');
  await typist.type('method weighted-rr');
  seconds = 200;
  await typist.type('member s1 80');
  await typist.type('disable');
  // 100 s of round robin, then 100 s of one to three.
  expect(await typist.type('show slb service-group sg1')).toContain(
    `*sg1                  State: Functional Up
s1:80                           0          750        3750      4500      5
s2:80                           10         1250       6250      7500      10
`,
  );
  expect(await typist.type('show slb virtual-server')).toContain('*vip1 192.0.2.100        Functional Up\n');
  typist.device.setHealth('192.0.2.2', 80, false);
  expect(await typist.type('show slb server s2')).toMatch(/^s2:80\/tcp .* Down$/m);
  expect(await typist.type('show slb service-group')).toContain('State: Down');
});

test('a second session must say yes where only one may configure', async () => {
  const device = makeDevice({ config: vthunder.replace('multi-config enable\n!\n', '') });
  const shared = { configuring: { count: 0 } };
  const [one, two] = [typistAt(device, shared), typistAt(device, shared)];
  await one.type('enable', '');
  await two.type('enable', '');
  expect(await one.type('configure')).toBe('');
  expect(await two.type('configure', 'no')).toContain('(yes/no)');
  expect(two.prompt()).toBe('vThunder#');
  await two.type('configure', 'yes');
  expect(two.prompt()).toBe('vThunder(config)#');
});

test('configure sync asks for an account and gives the peer what runs here', async () => {
  const peer = makeDevice({ config: 'hostname other\n!\n' });
  const typist = startVthunder({}, { peers: { '192.0.2.11': peer } });
  await typist.type('enable', '');
  expect(await typist.type('configure sync running all-partitions 192.0.2.11', 'admin', 'a10')).toContain(
    'Sync successful',
  );
  expect(peer.running()).toBe(typist.device.running());
});
