import { expect, test } from 'vitest';
import { parseConfiguration, valueOf } from '../../../../src-main/simulate/f5/configuration.ts';
import type { Appliance } from '../../../../src-main/simulate/f5/appliance.ts';
import type { Tmsh } from '../../../../src-main/simulate/f5/tmsh.ts';
import { shop, startShop } from './shop.ts';

function addressesOf(appliance: Appliance): readonly string[] {
  return parseConfiguration(appliance.running())
    .objects.filter(({ kind }) => kind === 'ltm virtual-address')
    .map(({ name }) => name);
}

function run(tmsh: Tmsh, ...commands: readonly string[]): void {
  for (const command of commands) expect([command, tmsh.run(command).error]).toEqual([command, '']);
}

const made = `    address 192.0.2.101
    arp enabled
    mask 255.255.255.255
    traffic-group /Common/traffic-group-1
}
`;

test('a virtual server makes its address, and the last one on it takes it away', () => {
  const { appliance, tmsh } = startShop();
  run(tmsh, 'create ltm virtual a destination 192.0.2.101:80', 'create ltm virtual b destination 192.0.2.101:81');
  expect(appliance.running()).toContain(`ltm virtual-address /Common/192.0.2.101 {\n${made}`);
  const [asked, all] = ['auto-delete traffic-group', 'all-properties'].map(
    (what) => tmsh.run(`list ltm virtual-address 192.0.2.101 ${what}`).text,
  );
  expect(asked).toBe('ltm virtual-address 192.0.2.101 {\n    auto-delete true\n    traffic-group traffic-group-1\n}\n');
  expect(all).toContain('    enabled yes\n');
  run(tmsh, 'delete ltm virtual a');
  expect(addressesOf(appliance)).toEqual(['/Common/192.0.2.100', '/Common/192.0.2.101']);
  run(tmsh, 'delete ltm virtual b');
  expect(addressesOf(appliance)).toEqual(['/Common/192.0.2.100']);
});

test('an address that is not deleted by itself stays when its last virtual server goes', () => {
  const { appliance, tmsh } = startShop();
  run(tmsh, 'modify ltm virtual-address 192.0.2.100 auto-delete false', 'delete ltm virtual shop');
  expect(addressesOf(appliance)).toEqual(['/Common/192.0.2.100']);
  run(tmsh, 'delete ltm virtual-address 192.0.2.100');
  expect(addressesOf(appliance)).toEqual([]);
});

test('a virtual server that moves leaves its old address behind', () => {
  const { appliance, tmsh } = startShop();
  run(tmsh, 'modify ltm virtual shop destination 192.0.2.101:443');
  expect(addressesOf(appliance)).toEqual(['/Common/192.0.2.100', '/Common/192.0.2.101']);
});

test('a configuration without addresses, in any partition, gets them when it is loaded', () => {
  const without = shop.slice(0, shop.indexOf('ltm virtual-address')).replaceAll('/Common/shop', '/p1/shop');
  const { appliance } = startShop({
    config: without.replace('/Common/192.0.2.100', '/p1/2001:db8::1').replace('::1:443', '::1.443'),
  });
  const [address] = parseConfiguration(appliance.saved()).objects.filter(({ kind }) => kind === 'ltm virtual-address');
  expect(address).toMatchObject({ name: '/p1/2001:db8::1' });
  expect(valueOf(address?.items ?? [], 'address')).toBe('2001:db8::1');
});

test('a virtual server made anew in the same transaction keeps what was set on its address', () => {
  const { appliance, tmsh } = startShop();
  run(
    tmsh,
    'modify ltm virtual-address 192.0.2.100 icmp-echo disabled',
    'create cli transaction',
    'delete ltm virtual shop',
    'create ltm virtual shop2 destination 192.0.2.100:443',
    'submit cli transaction',
  );
  expect(appliance.running()).toContain('    icmp-echo disabled\n');
});

test('an address for a network answers neither ARP nor pings', () => {
  const { appliance, tmsh } = startShop();
  run(tmsh, 'create ltm virtual-address net1 address 192.0.2.0 mask 255.255.255.0');
  expect(appliance.running()).toContain(
    'ltm virtual-address /Common/net1 {\n    address 192.0.2.0\n    arp disabled\n    icmp-echo disabled\n    mask 255.255.255.0\n',
  );
});

test.each([
  [
    'delete ltm virtual-address 192.0.2.100',
    '01070344:3: Cannot delete referenced virtual address /Common/192.0.2.100.',
  ],
  [
    'delete ltm virtual-address 192.0.2.7',
    '01020036:3: The requested Virtual Address (/Common/192.0.2.7) was not found.',
  ],
  [
    'create ltm virtual-address 192.0.2.100',
    '01020066:3: The requested Virtual Address (/Common/192.0.2.100) already exists in partition Common.',
  ],
  [
    'modify ltm virtual-address 192.0.2.100 address 192.0.2.7',
    '0107176a:3: Invalid Virtual Address modification. An address change from 192.0.2.100 to 192.0.2.7 is not supported',
  ],
  [
    'create ltm virtual-address 192.0.2.7 traffic-group nope',
    '01020036:3: The requested traffic group (/Common/nope) was not found.',
  ],
  ['create ltm virtual-address named arp enabled', expect.stringContaining('must have an address')],
  ['modify ltm virtual-address 192.0.2.100 arp maybe', 'Syntax Error: "arp" unknown value "maybe"'],
])('%s is refused: %s', (command, words) => {
  const { appliance, tmsh } = startShop();
  const before = appliance.running();
  expect(tmsh.run(command).error.trimEnd()).toEqual(words);
  expect(appliance.running()).toBe(before);
});

function virtual(rest: string): string {
  return `ltm virtual /Common/v {\n    destination /Common/192.0.2.101:80\n${rest}}\nltm virtual-address /Common/192.0.2.101 {\n${made}`;
}

test.each([
  [
    'ltm pool /Common/n {\n    monitor /Common/nope\n}\n',
    '01070022:3: The monitor template /Common/nope was not found.',
  ],
  [
    'ltm monitor http /Common/m {\n    defaults-from /Common/nope\n}\n',
    '01020036:3: The requested monitor (/Common/nope) was not found.',
  ],
  [virtual('    pool /Common/nope\n'), '01020036:3: The requested Pool (/Common/nope) was not found.'],
  [
    virtual('    profiles {\n        /Common/nope { }\n    }\n'),
    '01020036:3: The requested profile (/Common/nope) was not found.',
  ],
  [virtual('    pool /Common/web\n'), ''],
])('a file to be merged is looked at before it is taken, typed or from the disk: %s', (text, words) => {
  const { appliance, tmsh } = startShop();
  const before = appliance.running();
  appliance.files.write('/var/tmp/new.conf', text);
  const typed = tmsh.run('load sys config from-terminal merge verify').takes?.(text);
  const filed = tmsh.run('load sys config file /var/tmp/new.conf merge verify');
  const end = words === '' ? '' : `${words}\nUnexpected Error: Validating configuration process failed.\n`;
  expect([typed?.error, filed.error]).toEqual([end, end]);
  expect(appliance.running()).toBe(before);
});
