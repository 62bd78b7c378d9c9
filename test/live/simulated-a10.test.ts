import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fetchBySsh } from '../../src-main/simulate/a10/fetch.ts';
import { type SimulatedA10, startA10 } from '../../src-main/simulate/a10/start.ts';
import { vthunder } from '../main/simulate/a10/vthunder.ts';
import { openAuthority } from '../rigs/certificates.ts';
import { isMissing } from '../rigs/need.ts';
import { inIndex, walkSnmp } from '../rigs/snmp-walk.ts';
import { openSshClient, type SshClient } from '../rigs/ssh-client.ts';
import { startSshd } from '../rigs/sshd.ts';

describe.skipIf(isMissing('ssh'))("a simulated Thunder to OpenSSH's client", () => {
  let a10: SimulatedA10;
  let ssh: SshClient;
  beforeEach(async () => {
    a10 = await startA10({ config: vthunder, accounts: { admin: 'orchard 7' }, enablePassword: 'orchard 8' });
    ssh = openSshClient(a10, 'admin', 'orchard 7', { hasTerminal: true });
  });
  afterEach(async () => {
    ssh.close();
    await a10.close();
  });

  /** A terminal that can be waited for. */
  function openTerminal(): {
    readonly type: (text: string) => void;
    readonly saw: (text: string) => Promise<void>;
    readonly ended: Promise<unknown>;
    readonly seen: () => string;
  } {
    const { child, ended } = ssh.open(undefined);
    let seen = '';
    child.stdout.on('data', (part) => (seen += String(part)));
    return {
      type: (text) => child.stdin.write(text),
      saw: async (text) => {
        await vi.waitFor(
          () => {
            expect(seen).toContain(text);
          },
          { timeout: 30_000, interval: 20 },
        );
      },
      ended,
      seen: () => seen,
    };
  }

  test('a person enables, configures, writes and leaves; the password is not echoed', async () => {
    const terminal = openTerminal();
    await terminal.saw('vThunder>');
    terminal.type('enable\r');
    await terminal.saw('Password:');
    terminal.type('orchard 8\r');
    await terminal.saw('vThunder#');
    terminal.type('terminal length 0\rconfigure\rslb service-group sg1\rmember s1 80\rdisable\r');
    await terminal.saw('vThunder(config-slb svc group-member:80)#');
    terminal.type('end\rwrite memory\r');
    await terminal.saw('[OK]');
    terminal.type('exit\r');
    await terminal.saw('Are you sure to quit (N/Y)?:');
    terminal.type('Y\r');
    await terminal.ended;
    expect(a10.saved()).toContain('  member s1 80\n    disable\n');
    expect(terminal.seen()).not.toContain('orchard 8');
  });

  test('long answers come a screen at a time until the terminal has no length', async () => {
    const terminal = openTerminal();
    await terminal.saw('vThunder>');
    terminal.type('enable\rorchard 8\rshow running-config\r');
    await terminal.saw('--MORE--');
    expect(terminal.seen()).not.toContain('slb virtual-server vip1');
    terminal.type(' ');
    await terminal.saw('slb virtual-server vip1');
    terminal.type('q');
    terminal.type('terminal length 0\rshow startup-config\r');
    await terminal.saw('commit point');
    a10.cut();
    await terminal.ended;
  });

  test('a statement in the middle of a series is refused on demand, and not done', async () => {
    a10.misbehave({ refuses: { pattern: /^slb server s8/, words: 'No more room for servers' } });
    const terminal = openTerminal();
    await terminal.saw('vThunder>');
    terminal.type('enable\rorchard 8\rconfigure\rslb server s8 192.0.2.8\rslb server s9 192.0.2.9\r');
    await terminal.saw('No more room for servers');
    await terminal.saw('(config-real server)#');
    a10.cut();
    await terminal.ended;
    expect(['s8', 's9'].map((name) => a10.running().includes(`slb server ${name}`))).toEqual([false, true]);
  });

  test('a command by exec does nothing', async () => {
    const client = openSshClient(a10, 'admin', 'orchard 7');
    expect(await client.run('show version')).toEqual({ status: 1, stdout: '', stderr: '' });
    client.close();
  });

  test('a connection cut before or after a command leaves it undone or done', async () => {
    for (const [fault, isDone] of [
      ['cutBefore', false],
      ['cutAfter', true],
    ] as const) {
      a10.misbehave({ [fault]: /^slb server s9/ });
      const terminal = openTerminal();
      await terminal.saw('vThunder>');
      terminal.type('enable\rorchard 8\rconfigure\rslb server s9 192.0.2.9\r');
      await terminal.ended;
      expect(a10.running().includes('slb server s9')).toBe(isDone);
    }
  });

  test.skipIf(isMissing('snmpbulkwalk'))('shows states and counters by SNMP', async () => {
    let now = 0;
    const device = await startA10({
      config: vthunder,
      accounts: {},
      snmp: { community: 'public' },
      now: () => new Date(now),
      connectionsPerSecond: 10,
    });
    now = 400_000;
    device.setHealth('192.0.2.2', 80, false);
    const values = await walkSnmp(device.snmpPort, '.1.3.6.1.4.1.22610');
    await device.close();
    const root = '.1.3.6.1.4.1.22610.2.4.3';
    const members = ['s1', 's2'].map((name) => `${inIndex('sg1')}.2.${inIndex(name)}.80`);
    expect(members.map((row) => values.get(`${root}.3.4.1.1.10.${row}`))).toEqual(['2000', '2000']);
    expect(members.map((row) => values.get(`${root}.3.3.1.1.6.${row}`))).toEqual(['1', '2']);
    // The group is functional up; the port has taken 4,000 connections.
    expect(values.get(`${root}.3.1.2.1.4.${inIndex('sg1')}`)).toBe('2');
    expect(values.get(`${root}.4.4.1.1.11.${inIndex('192.0.2.100')}.14.80`)).toBe('4000');
  });

  test('steelyard simulate a10 prints one line, the address, and ends when it is interrupted', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'steelyard-simulate-'));
    const file = join(directory, 'running-config');
    writeFileSync(file, vthunder);
    const command = join(import.meta.dirname, '../../src-main/cli.ts');
    const child = spawn(process.execPath, [command, 'simulate', 'a10', '--config', file]);
    let stdout = '';
    child.stdout.on('data', (part) => (stdout += String(part)));
    const ended = new Promise((resolve) => child.on('close', resolve));
    try {
      await vi.waitFor(
        () => {
          expect(stdout).toMatch(/^a10\+ssh:\/\/admin@127\.0\.0\.1:\d+\n$/);
        },
        { timeout: 30_000, interval: 50 },
      );
    } finally {
      child.kill('SIGINT');
    }
    expect(await ended).toBe(0);
    rmSync(directory, { recursive: true });
  });
});

const isRoot = process.getuid?.() === 0;

test.skipIf(isMissing('sshd', 'ssh-keygen', 'openssl') || !isRoot)(
  'a simulated Thunder imports a certificate from a real SSH server, and nothing with a wrong password',
  async () => {
    const sshd = await startSshd({ user: true });
    const authority = openAuthority();
    const { certFile } = authority.issue({ names: ['shop.example'] });
    const path = join(sshd.directory, 'shop.pem');
    copyFileSync(certFile, path);
    chmodSync(path, 0o644);
    chmodSync(sshd.directory, 0o755);
    const { name = '', password = '' } = sshd.guest ?? {};
    const file = { host: sshd.host, port: sshd.port, user: name, path };
    try {
      expect(await fetchBySsh({ ...file, password })).toBe(readFileSync(certFile, 'utf8'));
      await expect(fetchBySsh({ ...file, password: 'wrong' })).rejects.toThrow(/authentication/i);
      await expect(fetchBySsh({ ...file, password, path: '/nowhere.pem' })).rejects.toThrow(/no such file/i);
    } finally {
      authority.close();
      await sshd.close();
    }
  },
);
