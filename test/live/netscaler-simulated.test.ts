import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  return sent.filter((line) => !/^(?:show|stat) /.test(line));
}

/** What the scenario of every appliance (`cli-netscaler-scenario.test.ts`) does not walk: exact commands, and a secondary. */
describe('the command line on a simulated NetScaler', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    netscaler = await startNetscaler({ config, accounts: { nsroot: password } });
    site = await openApplianceSite('netscaler', netscaler, { lb: 'nsroot' });
  });
  afterAll(() => site.close());

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

  test('a secondary takes no change', async () => {
    netscaler.become('secondary');
    const theirs = netscaler.running();
    const { ended } = await site.cli.wish('lb', ofApp({ members: [{ name: 'w1:80', weight: 7 }] }));
    expect([ended.status, ended.stderr]).toEqual([1, expect.stringMatching(/secondary/i)]);
    expect(netscaler.running()).toBe(theirs);
  });
});
