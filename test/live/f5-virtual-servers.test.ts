import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SimulatedF5, startF5 } from '../../src-main/simulate/f5/start.ts';
import { type ApplianceSite, openApplianceSite, password } from '../rigs/appliance-scenario/site.ts';

const config = `ltm node /Common/w1 {
    address 192.0.2.1
}
ltm node /Common/w2 {
    address 192.0.2.2
}
ltm pool /Common/app {
    members {
        /Common/w1:80 {
            address 192.0.2.1
        }
        /Common/w2:80 {
            address 192.0.2.2
            priority-group 3
        }
    }
    monitor /Common/http
    slow-ramp-time 30
}
ltm rule /Common/first {
when CLIENT_ACCEPTED { log local0. "{ first }" }
}
ltm rule /Common/second {
when HTTP_REQUEST { pool /Common/app }
}
ltm virtual /Common/shop {
    destination /Common/192.0.2.100:80
    ip-protocol tcp
    mask 255.255.255.255
    pool /Common/app
    profiles {
        /Common/http { }
        /Common/tcp { }
    }
    source 0.0.0.0/0
    translate-address enabled
    translate-port enabled
}
ltm virtual /Common/old {
    destination /Common/192.0.2.103:8080
    ip-protocol tcp
    mask 255.255.255.255
    pool /Common/app
    profiles {
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
const accounts = { admin: { password, shell: 'bash' } } as const;
let f5: SimulatedF5;
let site: ApplianceSite;

/** Without what the device notes of a change by itself. */
function running(): string {
  return f5.running().replaceAll(/^ +(?:creation|last-modified)-time .*\n/gm, '');
}

/** Every object, whatever the order in which they were made. */
function objects(): readonly string[] {
  return running()
    .split(/(?<=^\}\n)/m)
    .toSorted();
}

function addresses(): readonly string[] {
  return [...f5.running().matchAll(/^ltm virtual-address (\S+) /gm)].map(([, name = '']) => name).toSorted();
}

/** The commands of tmsh that came meanwhile, without those that look. */
async function sentIn(run: () => Promise<void>): Promise<readonly string[]> {
  const before = f5.commands().length;
  await run();
  return f5
    .commands()
    .slice(before)
    .filter((line) => !/^(?:show|list|cd|tmsh) /.test(line))
    .map((line) => line.replace(/steelyard-\w+/, 'steelyard-ID'));
}

async function kept(device: string, desired: unknown): Promise<void> {
  const { status, stderr } = await site.cli.push(device, await site.cli.planFor(device, desired), 'confirm');
  expect(status, stderr).toBe(0);
}

describe('virtual servers and versions on a simulated BIG-IP', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    f5 = await startF5({ config, accounts, role: 'active' });
    site = await openApplianceSite('f5', f5, { lb: 'admin' });
  }, 120_000);
  afterAll(async () => {
    await site.close();
  });

  test('a version from history comes back by commands for the objects that differ, and is saved when it is kept', async () => {
    const before = running();
    await site.cli.done('read', 'lb');
    await kept('lb', {
      pools: [
        {
          name: '/Common/app',
          slowStartMs: 5000,
          members: [
            { name: '/Common/w2:80', absent: true },
            { name: '/Common/w3:80', address: '192.0.2.3', port: 80 },
          ],
        },
      ],
      virtualServers: [
        { name: '/Common/shop', adminState: 'disabled', persistence: { method: 'source-ip', timeoutMs: 60_000 } },
      ],
    });
    expect(f5.saved()).toContain('/Common/w3:80');
    const sent = await sentIn(async () => {
      const pushing = await site.cli.waiting('lb', 'rollback', 'lb');
      await site.cli.done('confirm', 'lb');
      expect((await pushing.ended).status).toBe(0);
    });
    expect(sent).toEqual([
      'load sys config file /var/tmp/steelyard-ID.conf merge verify',
      'create cli transaction',
      'modify ltm pool /Common/app members delete { /Common/w3:80 }',
      'modify ltm pool /Common/app members add { /Common/w2:80 { address 192.0.2.2 priority-group 3 } }',
      'modify ltm pool /Common/app slow-ramp-time 30',
      'modify ltm virtual /Common/shop enabled',
      'modify ltm virtual /Common/shop persist none',
      'delete ltm persistence source-addr /Common/shop_persist',
      'delete ltm node /Common/w3',
      'submit cli transaction',
      'save sys config',
    ]);
    expect(running()).toBe(before);
    expect(f5.saved()).not.toContain('/Common/w3');
  });

  test('a new virtual server with rules in their order and its address is made, and goes again where it is taken back', async () => {
    const wish = { name: '/Common/api', listen: ['192.0.2.101:80'], protocol: 'http', pool: '/Common/app' };
    const rules = ['/Common/second', '/Common/first'];
    const plan = await site.cli.planFor('lb', { virtualServers: [{ ...wish, sourceNat: 'automap', rules }] });
    const sent = await sentIn(async () => {
      const { status, stderr } = await site.cli.push('lb', plan, 'rollback', () => {
        expect(f5.running()).toMatch(/ltm virtual \/Common\/api \{[^]*rules \{\s+\/Common\/second\s+\/Common\/first\s/);
        expect(f5.running()).toContain('ltm virtual-address /Common/192.0.2.101 {');
      });
      expect(status, stderr).toBe(1);
    });
    expect(sent).toEqual([
      'load sys config file /var/tmp/steelyard-ID.conf merge verify',
      'create cli transaction',
      'create ltm virtual /Common/api { destination /Common/192.0.2.101:80 ip-protocol tcp pool /Common/app profiles replace-all-with { /Common/http { } /Common/tcp { } } rules { /Common/second /Common/first } source-address-translation { type automap } }',
      'submit cli transaction',
      'create cli transaction',
      'delete ltm virtual /Common/api',
      'submit cli transaction',
    ]);
    expect(running()).not.toContain('ltm virtual /Common/api');
  });

  test('one virtual server moves and another goes, with their addresses, and both stand as they were after the version before them', async () => {
    const before = objects();
    const virtualServers = [
      { name: '/Common/shop', listen: ['192.0.2.102:80'] },
      { name: '/Common/old', absent: true },
    ];
    const there = await sentIn(() => kept('lb', { virtualServers }));
    expect(there.slice(2, -2)).toEqual([
      'modify ltm virtual-address /Common/192.0.2.100 auto-delete false',
      'modify ltm virtual /Common/shop destination /Common/192.0.2.102:80',
      'delete ltm virtual-address /Common/192.0.2.100',
      'modify ltm virtual-address /Common/192.0.2.103 auto-delete false',
      'delete ltm virtual /Common/old',
      'delete ltm virtual-address /Common/192.0.2.103',
    ]);
    expect(addresses()).toEqual(['/Common/192.0.2.102']);
    const back = await sentIn(async () => {
      const pushing = await site.cli.waiting('lb', 'rollback', 'lb');
      await site.cli.done('confirm', 'lb');
      expect((await pushing.ended).status).toBe(0);
    });
    expect(back.map((line) => line.replace(/ \{.*/, ''))).toEqual([
      'load sys config file /var/tmp/steelyard-ID.conf merge verify',
      'create cli transaction',
      'modify ltm virtual-address /Common/192.0.2.102 auto-delete false',
      'create ltm virtual-address /Common/192.0.2.100',
      'create ltm virtual-address /Common/192.0.2.103',
      'create ltm virtual /Common/old',
      'modify ltm virtual /Common/shop destination /Common/192.0.2.100:80',
      'delete ltm virtual-address /Common/192.0.2.102',
      'modify ltm virtual-address /Common/192.0.2.100 auto-delete true',
      'modify ltm virtual-address /Common/192.0.2.103 auto-delete true',
      'submit cli transaction',
      'save sys config',
    ]);
    expect(objects()).toEqual(before);
    expect(addresses()).toEqual(['/Common/192.0.2.100', '/Common/192.0.2.103']);
    expect(f5.saved()).toBe(f5.running());
  });
});
