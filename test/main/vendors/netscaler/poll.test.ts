import { expect, test } from 'vitest';
import { AppError } from '../../../../src-main/contract/errors.ts';
import { sampleSchema } from '../../../../src-main/contract/metrics.ts';
import { parseNetscaler } from '../../../../src-main/vendors/netscaler/parse.ts';
import { pollByStat } from '../../../../src-main/vendors/netscaler/poll.ts';
import { parseStat } from '../../../../src-main/vendors/netscaler/stat-answer.ts';
import { openAppliance } from './appliance.ts';

// The head of the table is that of a public transcript of a VPX; the rest of the layout is from memory (docs/appliances.md).

const virtual = `
Virtual Server Summary
                      vsvrIP  port     Protocol        State   Health  actSvcs
lb web           192.0.2.100    80         HTTP           UP       66        2

           inactSvcs
lb web             1

Virtual Server Statistics
                                          Rate (/s)                Total
Vserver hits                                      3                 9007
Requests                                          2  9007199254740993000
Request bytes                                    10                 1234
Response bytes                                   20                56789
Current client connections                       --                    7

Bound Service(s) Summary
                       IP  port         Type        State     Hits   Hits/s
sg?w1?80        192.0.2.1    80         HTTP           UP      101      1/s
sg?w2?80        192.0.2.2    80         HTTPOUT OF SERVICE      5      0/s
sg?w3?80  2001:db8::1    80         HTTPGOING OUT OF SERVICE (Graceful, 40)      5      0/s
svc one         192.0.2.4  8080          TCP         DOWN        0      0/s

                Req    Req/s ClntConn SvrConn   SurgeQ
sg?w1?80        100        1        4       3        2
sg?w2?80          5        0        0       0        0
sg?w3?80          6        0        0       1        0
svc one           0        0        0       0        0
`;

test('tables too wide for one line, states close to their types and names with spaces are read', () => {
  const { itself, bound, totals } = parseStat(virtual);
  expect(itself).toMatchObject({ name: 'lb web', address: '192.0.2.100', port: 80, state: 'UP' });
  expect([itself?.values.get('Health'), itself?.values.get('inactSvcs')]).toEqual(['66', '1']);
  expect(
    bound.map(({ name, state, values }) => [name, state, values.get('Hits'), values.get('Req'), values.get('SvrConn')]),
  ).toEqual([
    ['sg?w1?80', 'UP', '101', '100', '3'],
    ['sg?w2?80', 'OUT OF SERVICE', '5', '5', '0'],
    ['sg?w3?80', 'GOING OUT OF SERVICE (Graceful, 40)', '5', '6', '1'],
    ['svc one', 'DOWN', '0', '0', '0'],
  ]);
  expect(totals.get('requests')).toBe('9007199254740993000');
  expect(totals.get('current client connections')).toBe('7');
});

const config = `add server w1 192.0.2.1
add server w2 192.0.2.2
add server w3 2001:db8::1
add server w4 192.0.2.4
add serviceGroup sg HTTP
bind serviceGroup sg w1 80 -weight 3
bind serviceGroup sg w2 80 -state DISABLED
bind serviceGroup sg w3 80
add service "svc one" w4 TCP 8080
add lb vserver "lb web" HTTP 192.0.2.100 80
bind lb vserver "lb web" sg
bind lb vserver "lb web" "svc one"
`;
const own = `
Servicegroup Member summary
                       IP  port         Type        State
sg?w1?80        192.0.2.1    80         HTTP           UP

Servicegroup Member statistics
                                          Rate (/s)                Total
Total number of requests                          0                  100
Request bytes                                     0                  111
Response bytes                                    0                  222
Current server connections                       --                    3
`;
const model = parseNetscaler([{ path: 'ns.conf', bytes: Buffer.from(config) }]);

test('figures are of virtual servers, pools and members: state, health, connections, requests, bytes', async () => {
  const asked: string[] = [];
  const { virtualServers, pools, errors, isStale } = await pollByStat(model, (command) => {
    asked.push(command);
    if (command === 'stat lb vserver "lb web" -fullValues') return Promise.resolve(virtual);
    return Promise.resolve(command.startsWith('stat serviceGroupMember sg w1 80') ? own : '');
  });
  expect(asked).toContain('stat service "svc one" -fullValues');
  expect(asked).toContain('stat serviceGroupMember sg w2 80 -fullValues');
  sampleSchema.parse({ at: new Date(0).toISOString(), device: { vendor: 'netscaler' }, virtualServers, pools, errors });
  expect([errors, isStale]).toEqual([[], false]);
  expect(virtualServers).toEqual([
    {
      name: 'lb web',
      address: '192.0.2.100',
      port: 80,
      health: 'up',
      currentConnections: 7,
      requests: '9007199254740993000',
      bytesIn: '1234',
      bytesOut: '56789',
    },
  ]);
  const group = pools.find(({ name }) => name === 'lb web/sg');
  expect(group?.members).toMatchObject([
    {
      name: 'w1:80',
      weight: 3,
      health: 'up',
      currentConnections: 3,
      queuedRequests: 2,
      requests: '100',
      bytesIn: '111',
      bytesOut: '222',
    },
    { name: 'w2:80', adminState: 'disabled', requests: '5' },
    {
      name: 'w3:80',
      health: 'up',
      adminState: 'draining',
      lastCheck: { result: 'GOING OUT OF SERVICE (Graceful, 40)' },
    },
  ]);
  expect(pools.find(({ name }) => name === 'lb web')?.members).toMatchObject([
    { name: 'svc one', health: 'down', currentConnections: 0 },
  ]);
});

test('a virtual server without a service that is up is down, whatever it says of itself', async () => {
  const { virtualServers } = await pollByStat(model, () =>
    Promise.resolve(virtual.replace('       66 ', '        0 ')),
  );
  expect(virtualServers[0]?.health).toBe('down');
});

test('what is no longer there leaves the rest standing, and the configuration is read again', async () => {
  const refusal = new AppError('COMMAND_REJECTED', 'No such resource');
  const { pools, errors, isStale } = await pollByStat(model, (command) => {
    return command.includes('Member sg w2') ? Promise.reject(refusal) : Promise.resolve(virtual);
  });
  expect([errors.length, isStale, pools.length]).toEqual([1, true, 2]);
  const lost = new AppError('SESSION_CLOSED', 'gone');
  await expect(pollByStat(model, () => Promise.reject(lost))).rejects.toBe(lost);
});

test('many members are not asked for one by one', async () => {
  const lines = Array.from({ length: 41 }, (_none, at) => `bind serviceGroup sg 198.51.100.${String(at)} 80`);
  const many = parseNetscaler([{ path: 'ns.conf', bytes: Buffer.from(config + lines.join('\n')) }]);
  const asked: string[] = [];
  await pollByStat(many, (command) => {
    asked.push(command);
    return Promise.resolve(virtual);
  });
  expect(asked).toEqual(['stat lb vserver "lb web" -fullValues']);
});

test('the driver reads the configuration once and then only asks for figures', async () => {
  const { appliance, link, close } = await openAppliance();
  try {
    const { signal } = new AbortController();
    const first = await link.device.poll(signal);
    expect(first.device.version).toBe('NS13.1: Build 37.38.nc');
    expect(first.pools.map(({ name }) => name)).toContain('lb_web/sg_web');
    const before = appliance.sent.length;
    await link.device.poll(signal);
    expect(appliance.sent.slice(before).every((command) => command.startsWith('stat '))).toBe(true);
    appliance.refuses = 'stat lb vserver lb_sorry -fullValues';
    appliance.running = appliance.running.replace(/^.*lb_sorry.*\n/gm, '');
    const { errors, virtualServers } = await link.device.poll(signal);
    expect([errors, virtualServers.map(({ name }) => name)]).toEqual([[], expect.not.arrayContaining(['lb_sorry'])]);
  } finally {
    await close();
  }
});
