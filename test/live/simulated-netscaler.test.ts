import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { scpForm } from '../../src-main/simulate/netscaler/forms-files.ts';
import { type SimulatedNetscaler, startNetscaler } from '../../src-main/simulate/netscaler/start.ts';
import { openAuthority } from '../rigs/certificates.ts';
import { isMissing } from '../rigs/need.ts';
import { inIndex, walkSnmp } from '../rigs/snmp-walk.ts';
import { openSshClient, type SshClient } from '../rigs/ssh-client.ts';

const config = `#NS13.1 Build 37.38
# Last modified by \`save config\`, Mon May 03 12:34:56 2021
add server w1 192.0.2.1
add serviceGroup app HTTP -maxClient 0
bind serviceGroup app w1 80
`;

describe.skipIf(isMissing('ssh'))("a simulated NetScaler to OpenSSH's client", () => {
  let netscaler: SimulatedNetscaler;
  let ssh: SshClient;
  beforeEach(async () => {
    netscaler = await startNetscaler({ config, accounts: { nsroot: 'orchard 7' } });
    ssh = openSshClient(netscaler, 'nsroot', 'orchard 7');
  });
  afterEach(async () => {
    ssh.close();
    await netscaler.close();
  });

  test('answers a command, byte for byte, with its Done', async () => {
    expect(await ssh.run('show ns runningConfig')).toEqual({ status: 0, stdout: `${config} Done\n`, stderr: '' });
    expect((await ssh.run('set serviceGroup app w1 80 -weight 101')).stdout).toMatch(/^ERROR: .*weight, 101/);
    expect((await ssh.run('set serviceGroup app w1 80 -weight 9')).stdout).toBe(' Done\n');
    expect(netscaler.running()).toBe(config.replace('w1 80', 'w1 80 -weight 9'));
    expect(netscaler.saved()).toBe(config);
    expect(netscaler.commands()).toHaveLength(3);
  });

  test('has a shell that prompts, answers line by line and ends with exit', async () => {
    const { status, stdout } = await ssh.run(undefined, 'show ns version\ndisable server w1\nexit\n');
    expect([status, stdout]).toEqual([
      0,
      '> \tNetScaler NS13.1: Build 37.38.nc, Date: Nov 23 2022, 04:42:36   (64-bit)\n Done\n>  Done\n> ',
    ]);
    expect(netscaler.running()).toContain('add server w1 192.0.2.1 -state DISABLED\n');
  });

  test.skipIf(isMissing('openssl', 'scp'))(
    'a pair is copied by scp, asked its passphrase, bound and served',
    async () => {
      const authority = openAuthority();
      const { certFile, keyFile } = authority.issue({ names: ['shop.example'] });
      const locked = join(authority.directory, 'locked.key');
      execFileSync('openssl', ['pkey', '-in', keyFile, '-aes256', '-passout', 'pass:orchard 9', '-out', locked]);
      const copies = [
        await ssh.copy(certFile, '/nsconfig/ssl/shop.pem'),
        await ssh.copy(locked, '/nsconfig/ssl/shop.key'),
      ];
      expect(copies.map(({ status, stderr }) => [status, stderr])).toEqual([
        [0, ''],
        [0, ''],
      ]);
      const text = readFileSync(certFile, 'utf8');
      authority.close();
      await ssh.run('add lb vserver secure SSL 192.0.2.100 443');
      const added = await ssh.run('add ssl certKey shop -cert shop.pem -key shop.key -password', 'orchard 9\n');
      expect([added.status, added.stdout]).toEqual([0, 'Password: \n Done\n']);
      expect((await ssh.run('bind ssl vserver secure -certkeyName shop')).stdout).toBe(' Done\n');
      expect(netscaler.tls('secure')?.certificates[0]?.chain).toEqual([text]);
    },
  );

  test.skipIf(isMissing('scp'))(
    'takes a file by the old protocol of scp, and says what stands against it',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'steelyard-scp-'));
      const [file, large] = ['note', 'large'].map((name) => join(directory, name));
      if (file === undefined || large === undefined) throw new Error('two names make two paths');
      writeFileSync(file, 'näme: 1\n');
      writeFileSync(large, 'é'.repeat(200_000));
      const copies = [
        await ssh.copy(file, '/nsconfig/ssl/a.pem', true),
        await ssh.copy(file, '/var/tmp/', true),
        await ssh.copy(large, '/var/tmp/large', true),
      ];
      expect(copies.map(({ status, stderr }) => [status, stderr])).toEqual([
        [0, ''],
        [0, ''],
        [0, ''],
      ]);
      expect(['/nsconfig/ssl/a.pem', '/var/tmp/note'].map(netscaler.files.read)).toEqual(['näme: 1\n', 'näme: 1\n']);
      expect(netscaler.files.read('/var/tmp/large')).toBe('é'.repeat(200_000));
      expect(netscaler.commands()[0]).toBe(scpForm.example);

      const nowhere = await ssh.copy(file, '/nsconfig/none/a.pem', true);
      expect([nowhere.status, nowhere.stderr]).toEqual([1, 'scp: /nsconfig/none/a.pem: No such file or directory\n']);
      netscaler.files.fill(true);
      const full = await ssh.copy(file, '/nsconfig/ssl/b.pem', true);
      expect([full.status, full.stderr]).toEqual([1, 'scp: /nsconfig/ssl/b.pem: No space left on device\n']);
      expect(netscaler.files.read('/nsconfig/ssl/b.pem')).toBeUndefined();
      netscaler.files.fill(false);

      // All at once, as one who does not wait; a stream that ends too early leaves nothing.
      const sent = await ssh.run('scp -t /nsconfig/ssl/c.key', 'C0600 3 c.key\nabc\0');
      expect([sent.status, sent.stdout, netscaler.files.read('/nsconfig/ssl/c.key')]).toEqual([0, '\0\0\0', 'abc']);
      const short = await ssh.run('scp -t /nsconfig/ssl/d.key', 'C0600 9 d.key\nabc');
      expect([short.status, netscaler.files.read('/nsconfig/ssl/d.key')]).toEqual([1, undefined]);
      const wrong = await ssh.run('scp -t /nsconfig/ssl/d.key', 'hello\n');
      expect([wrong.status, wrong.stdout]).toEqual([1, '\0\u0001scp: protocol error: expected control record\n']);
      rmSync(directory, { recursive: true });
    },
  );

  test('what is disabled with a delay is on its way out until that is over', async () => {
    let now = 0;
    const device = await startNetscaler({
      config: `${config}add service old w1 HTTP 8080\n`,
      accounts: {},
      now: () => new Date(now),
    });
    device.run('disable service old 30');
    device.run('disable serviceGroup app w1 80 -delay 60');
    expect(device.run('show service old').text).toContain('State: GOING OUT OF SERVICE\n');
    now = 45_000;
    expect(device.run('show service old').text).toContain('State: OUT OF SERVICE\n');
    expect(device.run('stat serviceGroup app').text).toMatch(/app\?w1\?80 .*GOING OUT OF SERVICE/);
    device.run('enable serviceGroup app w1 80');
    expect(device.run('show serviceGroup app').text).toContain('192.0.2.1:80\tState: UP\t');
    await device.close();
  });

  test.skipIf(isMissing('snmpbulkwalk'))('a reboot begins sysUpTime and counters again', async () => {
    let now = 0;
    const device = await startNetscaler({
      config: `${config}add lb vserver shop HTTP 192.0.2.100 80\nbind lb vserver shop app\n`,
      accounts: {},
      snmp: { community: 'public' },
      now: () => new Date(now),
      connectionsPerSecond: 10,
    });
    const hits = `.1.3.6.1.4.1.5951.4.1.3.1.1.30.${inIndex('shop')}`;
    async function look(): Promise<unknown[]> {
      const values = await walkSnmp(device.snmpPort, '.1.3.6.1');
      return ['.1.3.6.1.2.1.1.3.0', hits].map((oid) => values.get(oid));
    }
    now = 400_000;
    const [before, counted] = await look();
    device.reboot();
    now += 1000;
    // An answer is at most so old that a walk sees one state.
    await vi.waitFor(
      async () => {
        expect(await look()).not.toEqual([before, counted]);
      },
      { timeout: 30_000, interval: 100 },
    );
    const [after, again] = await look();
    await device.close();
    expect([before, after]).toEqual(['0:0:06:40.00', '0:0:00:01.00']);
    expect([counted, again]).toEqual(['4000', '10']);
  });

  test('a command in the middle of a series is refused on demand, and not done', async () => {
    netscaler.misbehave({ refuses: { pattern: /^bind/, words: 'ERROR: Internal error' } });
    const series = 'add server w8 192.0.2.8\nbind serviceGroup app w8 80\nadd server w9 192.0.2.9';
    expect((await ssh.run(series)).stdout).toBe(' Done\nERROR: Internal error\n Done\n');
    expect(netscaler.running()).toMatch(/^add server w8 .*\nadd server w9 /m);
    expect(netscaler.running()).not.toContain('bind serviceGroup app w8');
  });

  test('lets nobody in with another password', async () => {
    const stranger = openSshClient(netscaler, 'nsroot', 'wrong');
    const { status, stderr } = await stranger.run('show ns version');
    stranger.close();
    expect([status, stderr]).toEqual([255, expect.stringContaining('Permission denied')]);
    expect(netscaler.commands()).toEqual([]);
  });

  test('greets on a secondary, and refuses what changes it', async () => {
    netscaler.become('secondary');
    expect((await ssh.run('disable server w1')).stdout).toBe(
      'Warning: You are connected to a secondary node\nERROR: Operation not permitted\n',
    );
    expect(netscaler.running()).toBe(config);
  });

  test('a silent one answers nothing, and its reboot cuts the connection and loses what was not saved', async () => {
    await ssh.run('disable server w1');
    netscaler.misbehave({ isSilent: true });
    const { ended } = ssh.open('enable server w1');
    await vi.waitFor(
      () => {
        expect(netscaler.commands()).toHaveLength(2);
      },
      { timeout: 30_000, interval: 20 },
    );
    netscaler.reboot();
    expect(await ended).toMatchObject({ status: 255, stdout: '' });
    expect(netscaler.running()).toBe(config);
    netscaler.misbehave({ delayMs: 1 });
    expect((await ssh.run('save ns config')).stdout).toBe(' Done\n');
  });

  test.skipIf(isMissing('snmpbulkwalk'))('shows states, weights and counters by SNMP', async () => {
    let now = 0;
    const device = await startNetscaler({
      config: `${config}add server w2 192.0.2.2\nbind serviceGroup app w2 80 -weight 3\nadd lb vserver shop HTTP 192.0.2.100 80 -lbMethod ROUNDROBIN\nbind lb vserver shop app\n`,
      accounts: {},
      snmp: { community: 'public' },
      now: () => new Date(now),
      connectionsPerSecond: 10,
    });
    now = 400_000;
    device.run('disable server w1');
    const values = await walkSnmp(device.snmpPort, '.1.3.6.1.4.1.5951');
    await device.close();
    const root = '.1.3.6.1.4.1.5951.4.1';
    const members = ['app?w1?80', 'app?w2?80'].map((name) => `${inIndex('app')}.${inIndex(name)}`);
    expect(members.map((row) => values.get(`${root}.2.7.1.13.${row}`))).toEqual(['1000', '3000']);
    expect(members.map((row) => values.get(`${root}.2.7.1.6.${row}`))).toEqual(['4', '7']);
    // The vserver: UP, half healthy, 4,000 requests, round robin.
    expect(
      ['3.1.1.5', '3.1.1.62', '3.1.1.30', '3.6.1.1'].map((column) =>
        values.get(`${root}.${column}.${inIndex('shop')}`),
      ),
    ).toEqual(['7', '50', '4000', '1']);
  });

  test('steelyard simulate prints one line, the address, and ends when it is interrupted', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'steelyard-simulate-'));
    const file = join(directory, 'ns.conf');
    writeFileSync(file, config);
    const command = join(import.meta.dirname, '../../src-main/cli.ts');
    const child = spawn(process.execPath, [command, 'simulate', 'netscaler', '--config', file]);
    let stdout = '';
    child.stdout.on('data', (part) => (stdout += String(part)));
    const ended = new Promise((resolve) => child.on('close', resolve));
    try {
      await vi.waitFor(
        () => {
          expect(stdout).toMatch(/^netscaler\+ssh:\/\/nsroot@127\.0\.0\.1:\d+\n$/);
        },
        { timeout: 30_000, interval: 50 },
      );
      const port = Number(/:(\d+)\n/.exec(stdout)?.[1]);
      const client = openSshClient({ host: '127.0.0.1', port }, 'nsroot', 'nsroot');
      expect((await client.run('show server')).stdout).toContain('w1      State:ENABLED');
      client.close();
    } finally {
      child.kill('SIGINT');
    }
    expect(await ended).toBe(0);
    rmSync(directory, { recursive: true });
  });
});
