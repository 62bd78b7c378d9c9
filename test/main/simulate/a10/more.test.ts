import { expect, test } from 'vitest';
import { configuring } from './vthunder.ts';

test('VRRP-A is switched on by its statements, and the prompt tells the part', async () => {
  const typist = await configuring();
  for (const line of ['vrrp-a common', 'device-id 1', 'set-id 1', 'enable', 'exit']) {
    expect(await typist.type(line)).toBe('');
  }
  expect(typist.prompt()).toBe('vThunder-Active(config)#');
  for (const line of ['vrrp-a vrid 1', 'floating-ip 192.0.2.1', 'blade-parameters', 'priority 200']) {
    expect(await typist.type(line)).toBe('');
  }
  expect(typist.device.running()).toContain(
    'vrrp-a common\n  device-id 1\n  set-id 1\n  enable\n!\nvrrp-a vrid 1\n  floating-ip 192.0.2.1\n  blade-parameters\n    priority 200\n!\n',
  );
  expect(await typist.type('priority 256')).toContain('^');
  for (const line of ['exit', 'exit', 'vrrp-a common', 'disable', 'end']) await typist.type(line);
  expect(typist.prompt()).toBe('vThunder#');
  expect(await typist.type('show vrrp-a')).toBe('VRRP-A is not enabled\n');
});

test('monitors are shown with their times and whether they are in use', async () => {
  const typist = await configuring();
  for (const line of ['health monitor hm2', 'method https port 443', 'interval 9 timeout 4', 'retry 2', 'exit']) {
    expect(await typist.type(line)).toBe('');
  }
  expect(await typist.type('show health monitor hm2')).toMatch(/^hm2 +9 +2 +4 +1 +HTTPS +Idle$/m);
  await typist.type('slb service-group sg1');
  await typist.type('health-check hm2');
  expect(await typist.type('show health monitor')).toMatch(/^hm2 .* In use$/m);
  expect(await typist.type('show health monitor nope')).toContain('does not exist');
});

test('bindings of a virtual server are shown down to its members', async () => {
  const typist = await configuring();
  typist.device.setHealth('192.0.2.2', 80, false);
  expect(await typist.type('show slb virtual-server bind vip1')).toContain(
    '*Virtual Server :vip1 192.0.2.100  Functional Up\n\n    +port 80  http ====>sg1 State :Functional Up\n' +
      '          +s1:80           192.0.2.1           State : Up\n' +
      '          +s2:80           192.0.2.2           State : Down\n',
  );
});
