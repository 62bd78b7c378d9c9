import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeviceModel } from '../../src-main/contract/model.ts';
import { type SimulatedNetscaler, startNetscaler } from '../../src-main/simulate/netscaler/start.ts';
import { type ApplianceSite, openApplianceSite, password } from '../rigs/appliance-scenario/site.ts';

const config = `#NS13.1 Build 37.38
# Last modified by \`save config\`, Mon May 03 12:34:56 2021
set ns config -IPAddress 192.0.2.10 -netmask 255.255.255.0
add server w1 192.0.2.1
add server w2 192.0.2.2
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO -useproxyport YES -cltTimeout 180 -svrTimeout 360 -CKA NO -TCPB NO -CMP NO
add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
bind lb vserver shop app
bind serviceGroup app w1 80 -CustomServerID "\\"None\\""
bind serviceGroup app w2 80 -CustomServerID "\\"None\\""
`;
let netscaler: SimulatedNetscaler;
let site: ApplianceSite;

function ofApp(keys: object): object {
  return { pools: [{ name: 'shop/app', ...keys }] };
}

/** Pushes and keeps a change, and answers the commands that the appliance got for it, without those that look. */
async function become(desired: unknown): Promise<readonly string[]> {
  const plan = await site.cli.planFor('lb', desired);
  const before = netscaler.commands().length;
  const { status, stderr } = await site.cli.push('lb', plan, 'confirm');
  expect(status, stderr).toBe(0);
  const sent = netscaler.commands().slice(before);
  return sent.filter((line) => !line.startsWith('show '));
}

describe('the command line on a simulated NetScaler', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    netscaler = await startNetscaler({ config, accounts: { nsroot: password } });
    site = await openApplianceSite('netscaler', netscaler, { lb: 'nsroot' });
  });
  afterAll(() => site.close());

  test('it is read as virtual server, pool and members', async () => {
    const { status, stdout, stderr } = await site.cli.run('read', 'lb');
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('"lb": this kind of device was never tried as a real one');
    const { virtualServers, pools } = JSON.parse(stdout) as DeviceModel;
    expect(virtualServers).toMatchObject([{ name: 'shop', listen: ['192.0.2.100:80'], pool: 'shop/app' }]);
    expect(pools.map(({ name, members }) => [name, members.map((member) => member.name)])).toEqual([
      ['shop/app', ['w1:80', 'w2:80']],
    ]);
  });

  test('a weight, a drain, a new member and a method are pushed at once and, kept, saved', async () => {
    const members = [
      { name: 'w1:80', weight: 5 },
      { name: 'w2:80', adminState: 'draining' },
      { name: 'w3:80', address: '192.0.2.3', port: 80 },
    ];
    const sent = await become(ofApp({ algorithm: 'source-ip-hash', members }));
    expect(sent.slice(0, -1).toSorted()).toEqual([
      'add server w3 192.0.2.3',
      'bind serviceGroup app w3 80',
      'disable serviceGroup app w2 80 -graceFul YES',
      'set lb vserver shop -lbMethod SOURCEIPHASH',
      'set serviceGroup app w1 80 -weight 5',
    ]);
    expect([sent.at(-1), netscaler.saved()]).toEqual(['save ns config', netscaler.running()]);
    expect(netscaler.saved()).toContain('bind serviceGroup app w1 80 -weight 5 -CustomServerID "\\"None\\""\n');
    expect(netscaler.saved()).toMatch(/^bind serviceGroup app w2 80 .*-state DISABLED$/m);
  });

  test('a change that nobody keeps goes back, and was never saved', async () => {
    const before = netscaler.running();
    const plan = await site.cli.planFor('lb', ofApp({ members: [{ name: 'w1:80', weight: 9 }] }));
    const { status, stderr } = await site.cli.run('apply', plan, '--yes', '--confirm-within', '1s');
    expect([status, stderr]).toEqual([1, expect.stringContaining('Push: reverted')]);
    expect(netscaler.commands()).toContain('set serviceGroup app w1 80 -weight 9');
    expect([netscaler.running(), netscaler.saved()]).toEqual([before, before]);
  });

  test('a plan that another hand has overtaken is refused, and a secondary takes none', async () => {
    const wish = ofApp({ members: [{ name: 'w1:80', weight: 7 }] });
    const plan = await site.cli.planFor('lb', wish);
    netscaler.run('set serviceGroup app w1 80 -weight 2');
    const theirs = netscaler.running();
    const stale = await site.cli.run('apply', plan, '--yes');
    expect([stale.status, stale.stderr]).toEqual([1, expect.stringContaining('PLAN_STALE')]);
    netscaler.become('secondary');
    const { ended } = await site.cli.wish('lb', wish);
    expect([ended.status, ended.stderr]).toEqual([1, expect.stringMatching(/secondary/i)]);
    expect(netscaler.running()).toBe(theirs);
  });
});
