import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../src-main/contract/address.ts';
import type { TestReport } from '../../../src-main/contract/api.ts';
import { DeviceDraft, kindsOf } from '../../../src-renderer/state/device-draft.svelte.ts';
import { fakeConnection } from '../makers.ts';

const vendors = { ssh: 'haproxy', unix: 'engine', http: 'engine', snmp: 'f5' };

function draftOf(transport: 'ssh' | 'unix' | 'http' | 'snmp', answers = {}) {
  const connection = fakeConnection(answers);
  let next = 0;
  const draft = new DeviceDraft(connection, () => `test-${next++}`);
  draft.kind = { vendor: vendors[transport], label: 'Kind', transport };
  return { draft, connection };
}

describe('the address of a device draft', () => {
  test('sudo with a password and legacy algorithms stand in the address, the password beside it', () => {
    const { draft } = draftOf('ssh');
    draft.host = 'lb1';
    draft.hasSudo = true;
    expect(draft.address).toContain('?sudo=1');
    draft.sudoPassword = 'a secret';
    draft.isLegacyAllowed = true;
    expect(draft.address).toContain('?sudo=password&legacy=1');
    expect(draft.address).not.toContain('secret');
    expect(draft.credentials).toEqual({ sudoPassword: 'a secret' });
  });

  test('is what the console reads back, options and odd characters included', () => {
    const { draft } = draftOf('ssh');
    draft.host = 'fd00::7';
    draft.port = '2222';
    draft.user = 'ops@corp';
    draft.config = '/etc/ha proxy/h+a.cfg';
    draft.hasSudo = true;
    expect(parseAddress(draft.address)).toMatchObject({
      vendor: 'haproxy',
      transport: 'ssh',
      host: 'fd00::7',
      port: 2222,
      user: 'ops@corp',
      options: { config: '/etc/ha proxy/h+a.cfg', sudo: '1' },
    });
  });

  test('of a local socket is its path', () => {
    const { draft } = draftOf('unix');
    draft.path = ' /run/engine.sock ';
    expect(draft.address).toBe('engine+unix:/run/engine.sock');
  });

  test('of an agent holds neither community nor password, but what they are for', () => {
    const { draft } = draftOf('snmp');
    draft.host = 'lb1';
    draft.community = 'orchard';
    expect(draft.address).toBe('f5+snmp://lb1');
    expect(draft.credentials).toEqual({ password: 'orchard' });
    draft.snmpVersion = '3';
    draft.user = 'ops';
    draft.password = 'apple-tree';
    draft.privacyPassword = 'pear-tree';
    expect(parseAddress(draft.address)).toMatchObject({
      vendor: 'f5',
      transport: 'snmp',
      user: 'ops',
      options: { version: '3', auth: 'SHA-256', priv: 'AES' },
    });
    expect(draft.credentials).toEqual({ password: 'apple-tree', privacyPassword: 'pear-tree' });
  });

  test('never holds a password', () => {
    const { draft } = draftOf('ssh');
    draft.host = 'h';
    draft.method = 'password';
    draft.password = 'hunter2';
    expect(draft.address).not.toContain('hunter2');
    expect(draft.credentials).toEqual({ password: 'hunter2' });
  });
});

describe('an agent that is polled beside a command line', () => {
  function polled(answers = {}) {
    const made = draftOf('ssh', answers);
    made.draft.kind = {
      vendor: 'a10',
      label: 'Kind',
      transport: 'ssh',
      ssh: { asksEnable: true, polledBy: 'a10' },
    };
    made.draft.host = 'fd00::7';
    made.draft.poll.isWanted = true;
    return made;
  }

  test('has secrets of its own, and its community stands in no address', () => {
    const { draft } = polled();
    draft.poll.port = '1161';
    draft.poll.community = 'pears';
    draft.method = 'password';
    draft.password = 'orchard';
    draft.sudoPassword = 'enabling';
    expect(draft.spec.poll).toBe('a10+snmp://[fd00::7]:1161');
    expect(draft.credentials).toEqual({ password: 'orchard', sudoPassword: 'enabling', pollPassword: 'pears' });
    draft.poll.isWanted = false;
    expect(draft.spec.poll).toBeUndefined();
    expect(draft.credentials).toEqual({ password: 'orchard', sudoPassword: 'enabling' });
  });

  test('is tested after the device, with secrets of its own', async () => {
    const report: TestReport = { testId: '', steps: [{ id: 'name', title: 'Name', state: 'done' }] };
    const { draft, connection } = polled({ 'devices.test': report });
    draft.poll.community = 'pears';
    await draft.test();
    expect(connection.sent.map(({ input }) => input)).toMatchObject([
      { address: 'a10+ssh://[fd00::7]' },
      { address: 'a10+snmp://[fd00::7]', credentials: { password: 'pears' } },
    ]);
    expect(draft.hasPassed).toBe(true);
  });
});

describe('the stepwise test', () => {
  const passed: TestReport = { testId: 'test-0', steps: [{ id: 'name', title: 'Name', state: 'done' }] };

  test('follows the reports of its own test alone', async () => {
    const { draft, connection } = draftOf('ssh', { 'devices.test': passed });
    draft.start();
    const running = draft.test();
    connection.tell('test', { testId: 'somebody else', steps: [] });
    expect(draft.report).toBeUndefined();
    connection.tell('test', { testId: 'test-0', steps: [{ id: 'name', title: 'Name', state: 'running' }] });
    expect(draft.report?.steps[0]?.state).toBe('running');
    await running;
    expect(draft.hasPassed).toBe(true);
    expect(draft.isTesting).toBe(false);
  });

  test('hands an accepted host key over by its fingerprint', async () => {
    const { draft, connection } = draftOf('ssh', { 'devices.test': passed });
    draft.host = 'h';
    await draft.test('SHA256:abc');
    expect(connection.sent[0]?.input).toMatchObject({ acceptHostKey: 'SHA256:abc' });
  });

  test('a test that fails as a whole says why', async () => {
    const { draft } = draftOf('ssh');
    await draft.test();
    expect(draft.problem?.code).toBe('INTERNAL');
    expect(draft.hasFailed).toBe(true);
  });
});

test('adding forgets the secrets it has handed over', async () => {
  const { draft } = draftOf('ssh', { 'devices.add': {} });
  draft.method = 'password';
  draft.password = 'hunter2';
  draft.name = 'hap-1';
  expect(await draft.add()).toBe(true);
  expect(draft.password).toBe('');
});

test('a kind of device is offered once for each way in that its driver names', () => {
  const info = {
    version: '0',
    shell: 'web',
    node: '',
    vendors: [{ id: 'engine', label: 'Engine', transports: ['unix', 'http', 'carrier-pigeon'] }],
    secrets: { protection: 'memory', isLocked: false },
  } as const;
  expect(kindsOf(info).map(({ transport }) => transport)).toEqual(['unix', 'http']);
});
