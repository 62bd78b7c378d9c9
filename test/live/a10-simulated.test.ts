import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sample } from '../../src-main/contract/metrics.ts';
import { type SimulatedA10, startA10 } from '../../src-main/simulate/a10/start.ts';
import { type ApplianceSite, openApplianceSite, password } from '../rigs/appliance-scenario/site.ts';

const config = `!Current configuration: 500 bytes
!64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)
!
health monitor hm1
!
slb server w1 192.0.2.1
  port 80 tcp
!
slb server w2 192.0.2.2
  port 80 tcp
!
slb service-group app tcp
  member w1 80
  member w2 80
!
slb service-group api tcp
  member w1 80
!
slb virtual-server shop 192.0.2.100
  port 80 http
    service-group app
!
end
`;
const north = `slb server n1 192.0.2.21
  port 80 tcp
!
slb service-group app tcp
  member n1 80
!
`;
let a10: SimulatedA10;
let site: ApplianceSite;

/** Pushes and keeps a change, and answers the lines that came for it, without those that look and those that every session begins with. */
async function become(device: string, desired: unknown): Promise<readonly string[]> {
  const plan = await site.cli.planFor(device, desired);
  const before = a10.commands().length;
  const { status, stderr } = await site.cli.push(device, plan, 'confirm');
  expect(status, stderr).toBe(0);
  const lines = a10
    .commands()
    .slice(before)
    .map(({ line }) => line);
  return lines.filter(
    (line, at) =>
      !/^(?:show |enable$|terminal length|secret)/.test(line) &&
      // To look into a partition, it is entered.
      !(line.startsWith('active-partition ') && lines[at + 1]?.startsWith('show ') === true),
  );
}

const weight = { pools: [{ name: 'app', members: [{ name: 'w1:80', weight: 9 }] }] };

/** What the scenario of every appliance (`cli-a10-scenario.test.ts`) does not walk: exact lines, and a standby. */
describe('the command line on a simulated A10 Thunder', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    a10 = await startA10({ config, partitions: { north }, accounts: { admin: password } });
    site = await openApplianceSite('a10', a10, { lb: 'admin' });
  }, 120_000);
  afterAll(() => site.close());

  test('a change of everything is typed in one session for each partition and, kept, written', async () => {
    const sent = await become(
      'lb',
      `monitors:
  - { name: alive, type: http, port: 8081, method: GET, path: /alive, expectStatus: ['200'], intervalMs: 10000, timeoutMs: 3000 }
pools:
  - name: app
    algorithm: least-connections
    monitors: [hm1]
    members:
      - { name: 'w1:80', weight: 5 }
      - { name: 'w2:80', adminState: draining, priority: 4 }
      - { name: 'w3:80', address: 192.0.2.3, port: 80 }
  - { name: north/app, members: [{ name: 'north/n1:80', weight: 7 }] }
  - { name: plums, protocol: tcp, monitors: [alive], members: [{ name: 'plum:80', address: 192.0.2.31, port: 80 }] }
virtualServers:
  - { name: 'shop:80', persistence: { method: source-ip, timeoutMs: 600000 } }
  - name: plums:443
    listen: ['192.0.2.110:443']
    protocol: http
    pool: plums
    sourceNat: auto
    tls: { profiles: [plums], certificates: [{ name: plum.crt, keyFile: plum.key }] }
`,
    );
    expect(sent).toEqual([
      'health monitor alive',
      'method http port 8081 expect response-code 200 url GET /alive',
      'interval 10 timeout 3',
      'slb service-group app tcp',
      'method service-least-connection',
      'slb server w1 192.0.2.1',
      'port 80 tcp',
      'weight 5',
      'slb service-group app tcp',
      'member w2 80',
      'disable-with-health-check',
      'priority 4',
      'slb server w3 192.0.2.3',
      'port 80 tcp',
      'slb service-group app tcp',
      'member w3 80',
      'health-check hm1',
      'slb service-group plums tcp',
      'health-check alive',
      'slb server plum 192.0.2.31',
      'port 80 tcp',
      'slb service-group plums tcp',
      'member plum 80',
      'slb template persist source-ip shop_80_persist',
      'timeout 10',
      'slb virtual-server shop 192.0.2.100',
      'port 80 http',
      'template persist source-ip shop_80_persist',
      'slb virtual-server plums 192.0.2.110',
      'port 443 https',
      'service-group plums',
      'slb template client-ssl plums',
      'cert plum.crt',
      'key plum.key',
      'slb virtual-server plums 192.0.2.110',
      'port 443 https',
      'template client-ssl plums',
      'source-nat auto',
      'active-partition north',
      'slb server n1 192.0.2.21',
      'port 80 tcp',
      'weight 7',
      'write memory all-partitions',
    ]);
    expect(a10.saved()).toBe(a10.running());
    expect(a10.saved()).toMatch(/ {2}member w2 80\n {4}(?:priority 4\n {4})?disable-with-health-check/);
    expect(a10.saved()).toContain('    template persist source-ip shop_80_persist\n');
    const { status, stdout, stderr } = await site.cli.run('poll', 'lb');
    expect(status, stderr).toBe(0);
    const polled = JSON.parse(stdout) as Sample;
    expect(polled.virtualServers.map(({ name }) => name)).toEqual(['shop:80', 'plums:443']);
    expect(polled.pools.find(({ name }) => name === 'north/app')?.members).toMatchObject([
      { name: 'north/n1:80', currentConnections: 0, totalConnections: '0' },
    ]);
  });

  test('a standby takes no change', async () => {
    a10.become('Standby');
    const before = a10.running();
    const { ended } = await site.cli.wish('lb', weight);
    expect([ended.status, ended.stderr]).toEqual([1, expect.stringMatching(/standby by VRRP-A/)]);
    expect(a10.running()).toBe(before);
  });
});
