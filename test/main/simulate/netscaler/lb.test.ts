import { expect, test } from 'vitest';
import { type Appliance, makeAppliance } from '../../../../src-main/simulate/netscaler/appliance.ts';
import { noTraffic } from '../../../../src-main/simulate/traffic.ts';

const config = `#NS13.1 Build 37.38
# Last modified by \`save config\`, Mon May 03 12:34:56 2021
add server w1 192.0.2.1
add server w2 192.0.2.2
add service old w2 HTTP 8080 -gslb NONE -maxClient 0
add serviceGroup app HTTP -maxClient 0
add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -cltTimeout 180
add lb vserver a-name-that-is-long HTTP 192.0.2.101 80 -persistenceType NONE -cltTimeout 180
bind lb vserver shop app
bind lb vserver shop old
bind serviceGroup app w1 80
bind serviceGroup app w2 80 -weight 2
`;

function start(more: Partial<Parameters<typeof makeAppliance>[0]> = {}): Appliance {
  return makeAppliance({ config, now: () => new Date('2024-02-03T04:05:06Z'), ...more });
}

function changeBy(appliance: Appliance, ...commands: readonly string[]): { gone: string[]; come: string[] } {
  const before = appliance.running().split('\n');
  for (const command of commands) expect([command, appliance.run(command).text]).toEqual([command, ' Done\n']);
  const after = appliance.running().split('\n');
  return { gone: before.filter((line) => !after.includes(line)), come: after.filter((line) => !before.includes(line)) };
}

test.each<[string, string]>([
  ['add lb monitor m HTTP', 'add lb monitor m HTTP -respCode 200 -httpRequest "HEAD /" -LRTM DISABLED'],
  [
    'add lb monitor m http -respCode 200 301-304 -httpRequest "GET /a b" -interval 500 MSEC -resptimeout 200 MSEC',
    'add lb monitor m HTTP -respCode 200 301-304 -httpRequest "GET /a b" -LRTM DISABLED -interval 500 MSEC -resptimeout 200 MSEC',
  ],
  [
    String.raw`add lb monitor m HTTP-ECV -send "GET /\r\nHost: a" -recv "say \"ok\"" -interval 5 -retries 4 -secure YES`,
    String.raw`add lb monitor m HTTP-ECV -send "GET /\\r\\nHost: a" -recv "say \"ok\"" -LRTM DISABLED -retries 4 -secure YES`,
  ],
  ['add lb monitor m PING -destIP 192.0.2.9', 'add lb monitor m PING -LRTM DISABLED -destIP 192.0.2.9'],
  [
    'add lb monitor m DNS -query . -queryType Address',
    'add lb monitor m DNS -query . -queryType Address -LRTM DISABLED',
  ],
])('%s writes its line', (command, line) => {
  const { gone, come } = changeBy(start(), command);
  expect([gone, come.map((one) => one.replaceAll('\\\\', '\\'))]).toEqual([[], [line.replaceAll('\\\\', '\\')]]);
});

test.each([
  ['add lb monitor m NOPE', 'ERROR: Invalid argument value [type, NOPE]'],
  ['add lb monitor http HTTP', 'ERROR: Resource already exists [monitorName, http]'],
  ['add lb monitor m TCP -httpRequest "GET /"', 'ERROR: Argument pre-requisite missing [httpRequest, type==TCP]'],
  ['add lb monitor m TCP -interval 2', 'ERROR: Response timeout must be less than the interval [resptimeout]'],
  ['add lb monitor m TCP -interval 0', 'ERROR: Argument value is out of range [interval, 0]'],
  ['add lb monitor m TCP -interval 9 HOURS', 'ERROR: Invalid argument value [interval, HOURS]'],
  ['add lb monitor m HTTP -respCode 2xx', 'ERROR: Invalid argument value [respCode, 2xx]'],
  ['set lb monitor m HTTP -interval 9', 'ERROR: No such resource [monitorName, m]'],
  ['rm lb monitor http HTTP', 'ERROR: Operation not permitted'],
  ['bind serviceGroup app -monitorName nope', 'ERROR: No such resource [monitorName, nope]'],
  ['bind service old -monitorName nope', 'ERROR: No such resource [monitorName, nope]'],
  ['stat lb vserver nope', 'ERROR: No such resource [vServerName, nope]'],
  ['stat serviceGroupMember app w9 80', 'ERROR: No such resource [serverName, w9]'],
])('%s is refused and changes nothing', (command, words) => {
  const appliance = start();
  expect(appliance.run(command)).toMatchObject({ text: `${words}\n`, isRefused: true });
  expect(appliance.running()).toBe(config);
});

test('a monitor is bound, cannot be removed while it is, and leaves every byte as it was', () => {
  const appliance = start();
  expect(
    changeBy(
      appliance,
      'add lb monitor m HTTP-ECV -send "GET /" -recv ok',
      'set lb monitor m HTTP-ECV -interval 20 -resptimeout 3',
      'bind serviceGroup app -monitorName m',
      'bind service old -monitorName m',
    ).come,
  ).toEqual([
    'add lb monitor m HTTP-ECV -send "GET /" -recv ok -LRTM DISABLED -interval 20 -resptimeout 3',
    'bind service old -monitorName m',
    'bind serviceGroup app -monitorName m',
  ]);
  expect(appliance.run('rm lb monitor m HTTP-ECV').text).toBe('ERROR: Resource in use [monitorName, m]\n');
  expect(appliance.run('bind service old -monitorName m').text).toBe(
    'ERROR: Resource already exists [serviceName, old]\n',
  );
  expect(appliance.run('show service old').text).toContain('Monitor Name: m \tState: UP');
  for (const command of [
    'unset lb monitor m HTTP-ECV -interval -resptimeout',
    'unbind serviceGroup app -monitorName m',
    'unbind service old -monitorName m',
    'rm lb monitor m HTTP-ECV',
  ]) {
    expect([command, appliance.run(command).text]).toEqual([command, ' Done\n']);
  }
  expect(appliance.running()).toBe(config);
});

test('a built-in monitor is changed by a line of its own', () => {
  const appliance = start();
  expect(changeBy(appliance, 'set lb monitor http HTTP -interval 30').come).toEqual([
    'set lb monitor http HTTP -interval 30',
  ]);
  changeBy(appliance, 'unset lb monitor http HTTP -interval');
  expect(appliance.running()).toBe(config);
});

test('a monitor is shown with its times and what it asks', () => {
  const appliance = start();
  appliance.run('add lb monitor m HTTP -httpRequest "GET /health" -interval 2 MIN');
  const { text } = appliance.run('show lb monitor m');
  expect(text).toMatch(/^1\) {3}Name\.+: +m {3}Type\.+: +HTTP {3}State\.+: +ENABLED\n/);
  expect(text).toMatch(/Interval\.+: +2 min {3}Retries\.+: +3\n/);
  expect(text).toContain('HTTP request.....:"GET /health"\n         Response codes...:\n             200\n');
});

test('statistics tell counters in full or shortened, and are cleared on demand', () => {
  let cleared = 0;
  const appliance = start({
    counted: (name) => (name === 'vserver shop' ? { ...noTraffic, total: 7, requests: 12_345_678_901 } : noTraffic),
    clearCounters: () => (cleared += 1),
  });
  expect(appliance.run('stat lb vserver shop').text).toMatch(/Vserver hits +0 +7\nRequests +0 +12\.35G\n/);
  expect(appliance.run('stat lb vserver shop -fullValues').text).toMatch(/\nRequests +0 +12345678901\n/);
  const summary = appliance.run('stat lb vserver').text;
  expect(summary).toContain('\nshop             192.0.2.100    80         HTTP           UP      0/s        0\n');
  expect(summary).toMatch(/\na-na\.\.\.-long +192\.0\.2\.101 +80 +HTTP +DOWN +0\/s +0\n/);
  expect(appliance.run('stat lb vserver -fullValues').text).toContain('a-name-that-is-long');
  expect(appliance.run('stat serviceGroup app').text.match(/^app\?w\d\?80 .*UP/gm)).toHaveLength(2);
  appliance.run('stat lb vserver -clearstats full');
  expect(cleared).toBe(1);
});

test('a secondary tells its statistics too', () => {
  expect(start({ role: 'secondary' }).run('stat service').isRefused).toBe(false);
});

test('a delay is a number of seconds', () => {
  const appliance = start();
  expect(appliance.run('disable service old soon').text).toBe('ERROR: Invalid argument value [delay, soon]\n');
  expect(changeBy(appliance, 'disable service old 30').come).toEqual([
    'add service old w2 HTTP 8080 -gslb NONE -maxClient 0 -state DISABLED',
  ]);
});

test('changes that are not saved are told', () => {
  const appliance = start();
  expect(appliance.run('show ns config').text).toContain('Config Changed since Last Saved Config: FALSE\n');
  appliance.run('set serviceGroup app -maxClient 9');
  expect(appliance.run('show ns config').text).toContain('Config Changed since Last Saved Config: TRUE\n');
  expect(appliance.run('show savedConfig').text).toContain('add serviceGroup app HTTP -maxClient 0\n');
  expect(appliance.run('show runningConfig').text).toContain('add serviceGroup app HTTP -maxClient 9\n');
});

test('a virtual server is shown with what is bound to it, down when nothing of it serves', () => {
  const appliance = start();
  const { text } = appliance.run('show lb vserver shop');
  expect(text).toContain('\tState: UP\n');
  expect(text).toContain('No. of Bound Services :  3 (Total) \t 3 (Active)\n');
  expect(text).toContain('1)\tGroup Name: app\n');
  expect(text).toContain('2) app (192.0.2.2: 80) - HTTP State: UP\tWeight: 2\n');
  expect(text).toContain('3) old (192.0.2.2: 8080) - HTTP State: UP\tWeight: 1\n');
  for (const command of ['unbind lb vserver shop app', 'disable service old']) appliance.run(command);
  expect(appliance.run('show lb vserver shop').text).toContain('\tState: DOWN\n');
});
