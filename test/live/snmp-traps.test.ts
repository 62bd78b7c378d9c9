import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeviceEvent } from '../../src-main/contract/events.ts';
import { openConsole } from '../../src-main/console.ts';
import { runCommandLine } from '../rigs/command-line.ts';
import { type CalledConsole, openCalledConsole } from '../rigs/console-calls.ts';
import { findProgram, isMissing } from '../rigs/need.ts';
import { startSnmpAgent, type SnmpAgent } from '../rigs/snmp-agent.ts';
import { agentRows } from '../rigs/snmp-recording.ts';

const orchard = agentRows(readFileSync(join(import.meta.dirname, '../fixtures/f5/snmp/orchard.snmprec'), 'latin1'));
const run = promisify(execFile);
const f5 = '1.3.6.1.4.1.3375.2.4';
const sealed = [
  '-v3',
  '-u',
  'ops',
  '-l',
  'authPriv',
  '-a',
  'SHA-256',
  '-A',
  'authentication-1',
  '-x',
  'AES',
  '-X',
  'privacy-pass-1',
];
const senders = {
  community: 'orchard-traps',
  users: [
    {
      user: 'ops',
      auth: { protocol: 'SHA-256', password: 'authentication-1' },
      priv: { protocol: 'AES', password: 'privacy-pass-1' },
    },
    { user: 'old', auth: { protocol: 'MD5', password: 'authentication-1' } },
  ],
};

describe.skipIf(isMissing('snmptrap', 'snmpinform'))('traps and informs of Net-SNMP’s own programs', () => {
  let dataDir = '';
  let agent: SnmpAgent;
  let called: CalledConsole;
  let place = '';

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'steelyard-traps-'));
    agent = await startSnmpAgent({ rows: orchard });
    called = await openCalledConsole(dataDir);
    await called.call('devices.add', {
      spec: { name: 'lb', address: `f5+snmp://orchard@127.0.0.1:${agent.port}`, environment: 'lab' },
    });
    await called.call('devices.poll', { device: 'lb' });
    const state = await called.call('traps.set', { listen: '127.0.0.1:0', ...senders });
    place = state.listen ?? '';
  });
  afterAll(async () => {
    await called.console.close();
    await agent.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Exit status of a program of Net-SNMP; its own state lies in a directory of this test. */
  async function send(program: 'snmptrap' | 'snmpinform', words: readonly string[]): Promise<number> {
    try {
      await run(findProgram(program) ?? program, words, {
        env: { ...process.env, SNMP_PERSISTENT_DIR: dataDir, MIBS: '' },
      });
      return 0;
    } catch {
      return 1;
    }
  }
  async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      const found = await look();
      if (found !== undefined) return found;
      await sleep(50);
    }
    throw new Error(
      `It never came. ${JSON.stringify([await called.call('traps.get', {}), await called.call('events.list', {})])}`,
    );
  }
  function event(isMeant: (event: DeviceEvent) => boolean): Promise<DeviceEvent> {
    return eventually(async () => (await called.call('events.list', {})).find(isMeant));
  }

  test('become events on the pool and member that they name, by every version', async () => {
    const message = 'Pool /Common/pool member /Common/pear1:80 monitor status down.';
    const values = [`${f5}.1.1`, 's', message, `${f5}.1.2`, 's', '/Common/pear1', `${f5}.1.3`, 's', '80'];
    expect(
      await send('snmptrap', ['-v1', '-c', senders.community, place, f5, '127.0.0.1', '6', '10', '500', ...values]),
    ).toBe(0);
    const first = await event(({ name }) => name === 'bigipServiceDown');
    expect(first).toMatchObject({
      kind: 'trap',
      device: 'lb',
      severity: 'bad',
      sentence: message,
      objects: [{ pool: 'pool', member: 'pear1:80' }],
    });
    expect(await send('snmpinform', ['-v2c', '-c', senders.community, place, '', `${f5}.0.11`, ...values])).toBe(0);
    expect(await event(({ name }) => name === 'bigipServiceUp')).toMatchObject({ kind: 'inform', severity: 'good' });
    expect(
      await send('snmpinform', [
        ...sealed,
        place,
        '',
        `${f5}.0.135`,
        `${f5}.1.1`,
        's',
        'Virtual /Common/web has become available',
      ]),
    ).toBe(0);
    expect(await event(({ name }) => name === 'bigipLtmVsAvail')).toMatchObject({
      objects: [{ virtualServer: 'web' }],
    });
    expect(
      await send('snmptrap', [
        '-e',
        '0x80001f8880aabbccdd',
        ...sealed,
        place,
        '',
        '1.3.6.1.4.1.99999.0.7',
        '1.3.6.1.2.1.2.2.1.1.3',
        'i',
        '3',
      ]),
    ).toBe(0);
    expect(await event(({ name }) => name === '1.3.6.1.4.1.99999.0.7')).toMatchObject({
      severity: 'note',
      values: [{ name: 'ifIndex.3', value: '3' }],
    });
    const old = ['-v3', '-u', 'old', '-l', 'authNoPriv', '-a', 'MD5', '-A', 'authentication-1'];
    expect(await send('snmpinform', [...old, place, '', '1.3.6.1.6.3.1.1.5.3'])).toBe(0);
    expect(await event(({ name }) => name === 'linkDown')).toMatchObject({ severity: 'bad' });
    const shown = await runCommandLine(['events', 'lb', '--data', dataDir], {
      openConsole: () => Promise.resolve({ ...called.console, close: () => Promise.resolve() }),
    });
    expect(shown.stdout).toContain(`- lb pool/pear1:80: bigipServiceDown: ${message}`);
  });

  test('of a wrong community, user or password are counted, and get no answer', async () => {
    await send('snmptrap', ['-v2c', '-c', 'public', place, '', '1.3.6.1.6.3.1.1.5.4']);
    const short = ['-r', '0', '-t', '1'];
    const wrong = ['-v3', '-u', 'old', '-l', 'authNoPriv', '-a', 'MD5', '-A', 'not-this-one'];
    expect(await send('snmpinform', [...short, ...wrong, place, '', '1.3.6.1.6.3.1.1.5.4'])).toBe(1);
    const nobody = ['-v3', '-u', 'nobody', '-l', 'noAuthNoPriv'];
    expect(await send('snmpinform', [...short, ...nobody, place, '', '1.3.6.1.6.3.1.1.5.4'])).toBe(1);
    await eventually(async () => {
      const { refused } = await called.call('traps.get', {});
      return refused.community === 1 && refused.digest === 1 && refused.user === 1 ? true : undefined;
    });
    expect((await called.call('events.list', {})).filter(({ name }) => name === 'linkUp')).toEqual([]);
    const told = JSON.stringify([await called.call('traps.get', {}), await called.call('settings.get', {})]);
    for (const secret of ['authentication-1', 'privacy-pass-1', senders.community]) expect(told).not.toContain(secret);
  });

  test('of a box whose up-time fell are a restart too', async () => {
    const from = ['-v1', '-c', senders.community, place, f5, '127.0.0.1', '6'];
    await send('snmptrap', [...from, '18', '9000000']);
    await send('snmptrap', [...from, '18', '100']);
    expect(await event(({ kind }) => kind === 'restarted')).toMatchObject({ device: 'lb', name: 'restarted' });
  });

  test('find the same engine after a restart of the console, with one start more, and secrets sealed', async () => {
    const before = await called.call('traps.get', {});
    await called.console.close();
    called = await openCalledConsole(dataDir);
    const after = await eventually(async () => {
      const state = await called.call('traps.get', {});
      return state.listen === undefined ? undefined : state;
    });
    place = after.listen ?? '';
    expect(after).toMatchObject({ engineId: before.engineId, users: ['ops', 'old'], hasCommunity: true });
    const settings = await called.call('settings.get', {});
    expect(Number(settings['traps.engineBoots'])).toBeGreaterThan(1);
    expect(await send('snmpinform', [...sealed, place, '', '1.3.6.1.6.3.1.1.5.2'])).toBe(0);
    expect(await event(({ name }) => name === 'warmStart')).toMatchObject({ kind: 'inform' });
    await called.call('traps.set', { listen: '' });
    expect(await called.call('traps.get', {})).not.toHaveProperty('listen');
    expect(await send('snmpinform', ['-r', '0', '-t', '1', ...sealed, place, '', '1.3.6.1.6.3.1.1.5.2'])).toBe(1);
  });
});

test('a command sets traps for the console that will run, and says so', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'steelyard-traps-'));
  const given = {
    env: { STEELYARD_COMMUNITY: 'orchard-traps' },
    openConsole: (options: { readonly dataDir: string; readonly shell: 'cli' | 'web' }) =>
      openConsole({ ...options, isWatching: false }),
  };
  try {
    const set = await runCommandLine(['traps', 'listen', '127.0.0.1:1162', '--data', dataDir], given);
    expect(set).toMatchObject({ status: 0, stderr: expect.stringContaining('steelyard serve') as string });
    expect(JSON.parse(set.stdout)).toMatchObject({ wanted: '127.0.0.1:1162', hasCommunity: true, received: 0 });
    const wrong = await runCommandLine(['traps', 'listen', 'nowhere', '--data', dataDir], given);
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining('HOST:PORT') as string });
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
});
