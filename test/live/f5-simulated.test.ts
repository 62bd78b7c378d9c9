import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDeviceGroup } from '../../src-main/simulate/f5/group.ts';
import { type SimulatedF5, startF5 } from '../../src-main/simulate/f5/start.ts';
import { type ApplianceSite, openApplianceSite, password } from '../rigs/appliance-scenario/site.ts';

function node(name: string, address: string): string {
  return `ltm node /Common/${name} {\n    address ${address}\n}\n`;
}
function member(name: string, address: string): string {
  return `        /Common/${name}:80 {\n            address ${address}\n        }\n`;
}
const config = `${node('w1', '192.0.2.1')}${node('w2', '192.0.2.2')}ltm pool /Common/app {
    members {
${member('w1', '192.0.2.1')}${member('w2', '192.0.2.2')}    }
    monitor /Common/http
}
ltm profile client-ssl /Common/shop-tls {
    defaults-from /Common/clientssl
}
ltm virtual /Common/shop {
    destination /Common/192.0.2.100:443
    ip-protocol tcp
    mask 255.255.255.255
    pool /Common/app
    profiles {
        /Common/http { }
        /Common/shop-tls {
            context clientside
        }
        /Common/tcp { }
    }
    source 0.0.0.0/0
    translate-address enabled
    translate-port enabled
}
ltm virtual-address /Common/192.0.2.100 {
    address 192.0.2.100
    arp enabled
    mask 255.255.255.255
    traffic-group /Common/traffic-group-1
}
`;
const accounts = {
  admin: { password, shell: 'bash' },
  operator: { password, shell: 'tmsh' },
} as const;
let f5: SimulatedF5;
let peer: SimulatedF5;
let site: ApplianceSite;

/** Pushes and keeps a change, and answers the commands of tmsh that came for it, without those that look. */
async function become(device: string, desired: unknown): Promise<readonly string[]> {
  const plan = await site.cli.planFor(device, desired);
  const before = f5.commands().length;
  const { status, stderr } = await site.cli.push(device, plan, 'confirm');
  expect(status, stderr).toBe(0);
  const sent = f5.commands().slice(before);
  return sent.filter((line) => !/^(?:show|list|cd) /.test(line));
}

const weight = ofApp({ members: [{ name: '/Common/w1:80', weight: 9 }] });

function ofApp(keys: object): object {
  return { pools: [{ name: '/Common/app', ...keys }] };
}

/** What the scenario of every appliance (`cli-f5-scenario.test.ts`) does not walk: exact commands, a pair, an account whose shell is tmsh. */
describe('the command line on a simulated pair of BIG-IPs', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    const group = makeDeviceGroup('dg1');
    function named(name: string): string {
      const host = `sys global-settings {\n    hostname ${name}.example.com\n}\n`;
      const units = ['bigip-a', 'bigip-b'].map((one) => `        /Common/${one}.example.com { }\n`).join('');
      return `${config}cm device-group /Common/dg1 {\n    devices {\n${units}    }\n    type sync-failover\n}\n${host}`;
    }
    f5 = await startF5({ config: named('bigip-a'), accounts, group, role: 'active' });
    peer = await startF5({ config: named('bigip-b'), accounts, group, role: 'standby' });
    site = await openApplianceSite('f5', f5, { lb: 'admin', lb2: 'operator' });
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await peer.close();
  });

  test('a change of everything goes in one transaction and, kept, is saved and given to the other unit', async () => {
    const sent = await become(
      'lb',
      `monitors:
  - { name: /Common/deep, type: http, method: GET, path: /deep, intervalMs: 5000, timeoutMs: 16000 }
pools:
  - name: /Common/app
    algorithm: { name: least-connections, weighted: false }
    monitors: [/Common/deep]
    members:
      - { name: '/Common/w1:80', weight: 5 }
      - { name: '/Common/w2:80', adminState: draining }
      - { name: '/Common/w3:80', address: 192.0.2.3, port: 80 }
virtualServers:
  - { name: /Common/shop, persistence: { method: source-ip, timeoutMs: 600000 }, tls: { minVersion: '1.2' } }
`,
    );
    expect(sent.map((line) => line.replace(/steelyard-\w+/, 'steelyard-ID'))).toEqual([
      'load sys config file /var/tmp/steelyard-ID.conf merge verify',
      'create cli transaction',
      String.raw`create ltm monitor http /Common/deep { defaults-from /Common/http interval 5 send "GET /deep\r\n" timeout 16 }`,
      'modify ltm pool /Common/app load-balancing-mode least-connections-member',
      'modify ltm pool /Common/app members modify { /Common/w1:80 { ratio 5 } }',
      'modify ltm pool /Common/app members modify { /Common/w2:80 { session user-disabled state user-up } }',
      'create ltm node /Common/w3 { address 192.0.2.3 }',
      'modify ltm pool /Common/app members add { /Common/w3:80 { address 192.0.2.3 } }',
      'modify ltm pool /Common/app monitor /Common/deep',
      'modify ltm profile client-ssl /Common/shop-tls options { dont-insert-empty-fragments no-tlsv1.3 no-tlsv1 no-tlsv1.1 }',
      'create ltm persistence source-addr /Common/shop_persist { defaults-from /Common/source_addr timeout 600 }',
      'modify ltm virtual /Common/shop persist replace-all-with { /Common/shop_persist { default yes } }',
      'submit cli transaction',
      'save sys config',
      'run cm config-sync to-group dg1',
    ]);
    expect(f5.saved()).toMatch(/address 192\.0\.2\.2\n +session user-disabled\n/);
    expect(peer.running()).toContain('/Common/w3:80');
  });

  test('by an account whose shell is tmsh a member is forced offline, and another goes', async () => {
    const members = [
      { name: '/Common/w2:80', adminState: 'disabled' },
      { name: '/Common/w3:80', absent: true },
    ];
    const sent = await become('lb2', ofApp({ members }));
    expect(sent.filter((line) => !line.startsWith('tmsh '))).toEqual([
      'load sys config from-terminal merge verify',
      'create cli transaction',
      'modify ltm pool /Common/app members modify { /Common/w2:80 { session user-disabled state user-down } }',
      'modify ltm pool /Common/app members delete { /Common/w3:80 }',
      'submit cli transaction',
      'save sys config',
      'run cm config-sync to-group dg1',
    ]);
    expect(f5.saved()).toContain('state user-down');
    expect(f5.saved()).not.toContain('/Common/w3:80');
  });

  test('a change that nobody keeps goes back, and neither was saved nor came to the other unit', async () => {
    const before = [f5.running(), f5.saved(), peer.running()];
    const plan = await site.cli.planFor('lb', weight);
    const { status, stderr } = await site.cli.run('apply', plan, '--yes', '--confirm-within', '1s');
    expect([status, stderr]).toEqual([1, expect.stringContaining('Push: reverted')]);
    expect(f5.commands().join('\n')).toContain('{ /Common/w1:80 { ratio 9 } }');
    expect([f5.running(), f5.saved(), peer.running()]).toEqual(before);
  });

  test('a unit whose peer has newer changes takes none, neither planned before nor after', async () => {
    f5.run('run cm config-sync to-group dg1');
    const [plan, theirs] = [await site.cli.planFor('lb', weight), f5.running()];
    peer.run('modify ltm pool /Common/app description theirs');
    const newer = await site.cli.run('apply', plan, '--yes');
    expect([newer.status, newer.stderr]).toEqual([
      1,
      expect.stringMatching(/sync-status'" was not taken[^]*Changes Pending/),
    ]);
    const { ended } = await site.cli.wish('lb', weight);
    expect([ended.status, ended.stderr]).toEqual([
      1,
      expect.stringMatching(/bigip-b\.example\.com has changes that are newer/),
    ]);
    expect(f5.running()).toBe(theirs);
  });
});
