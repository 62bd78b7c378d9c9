import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type SimulatedF5, startF5 } from '../../src-main/simulate/f5/start.ts';
import { makeDeviceGroup } from '../../src-main/simulate/f5/group.ts';
import { shop } from '../main/simulate/f5/shop.ts';
import { isMissing } from '../rigs/need.ts';
import { inIndex, walkSnmp } from '../rigs/snmp-walk.ts';
import { openSshClient, type SshClient } from '../rigs/ssh-client.ts';

const accounts = {
  root: { password: 'orchard 7', shell: 'bash' },
  admin: { password: 'orchard 8', shell: 'tmsh' },
  reader: { password: 'orchard 9', shell: 'tmsh', role: 'guest' },
} as const;
const pool = 'ltm pool idle { }\n';

describe.skipIf(isMissing('ssh'))("a simulated BIG-IP to OpenSSH's client", () => {
  let f5: SimulatedF5;
  let bash: SshClient;
  let tmsh: SshClient;
  beforeEach(async () => {
    f5 = await startF5({ config: shop, accounts });
    bash = openSshClient(f5, 'root', 'orchard 7');
    tmsh = openSshClient(f5, 'admin', 'orchard 8');
  });
  afterEach(async () => {
    bash.close();
    tmsh.close();
    await f5.close();
  });

  test('answers tmsh in bash, by words, by -c and by standard input, and tmsh as a login shell', async () => {
    expect(await bash.run('tmsh list ltm pool idle')).toEqual({ status: 0, stdout: pool, stderr: '' });
    expect(await bash.run("tmsh -q -c 'cd /; list ltm pool recursive one-line' | grep -c ltm")).toMatchObject({
      stdout: '2\n',
    });
    expect(await bash.run('tmsh -q', 'list ltm pool idle\n')).toMatchObject({ status: 0, stdout: pool });
    expect(await bash.run("printf '%s\\n' 'list ltm pool idle' | tmsh -q")).toMatchObject({ status: 0, stdout: pool });
    expect(await tmsh.run('list ltm pool idle')).toEqual({ status: 0, stdout: pool, stderr: '' });
    expect(await tmsh.run('modify ltm pool none description x')).toEqual({
      status: 1,
      stdout: '',
      stderr: '01020036:3: The requested Pool (/Common/none) was not found.\n',
    });
    expect(f5.commands()).toHaveLength(7);
  });

  test('a transaction of a here-document is done whole or not at all', async () => {
    const before = f5.running();
    const failed = await bash.run(
      "tmsh -q <<'EOF'\ncreate cli transaction\nmodify ltm pool web description one\nmodify ltm virtual shop pool gone\nsubmit cli transaction\nEOF",
    );
    expect(failed).toMatchObject({
      status: 1,
      stderr: 'transaction failed:01020036:3: The requested Pool (/Common/gone) was not found.\n',
    });
    expect(f5.running()).toBe(before);
    const done = await bash.run(
      'tmsh -q',
      'create cli transaction\nmodify ltm pool web description one\nmodify ltm virtual shop pool idle\nsubmit cli transaction\n',
    );
    expect(done).toMatchObject({ status: 0, stderr: '' });
    expect(f5.running()).toContain('    description one\n');
    expect(f5.running()).toContain('    pool /Common/idle\n');
  });

  test('a configuration is typed in by a here-document, by standard input and at a terminal', async () => {
    const text = 'ltm pool /Common/typed {\n    load-balancing-mode ratio-member\n}\n';
    const verified = await bash.run(`tmsh load sys config from-terminal merge verify <<'EOF'\n${text}EOF`);
    expect(verified).toEqual({
      status: 0,
      stdout: 'Enter configuration. Press CTRL-D to submit or CTRL-C to cancel.\nValidating configuration...\n',
      stderr: '',
    });
    expect(f5.running()).not.toContain('typed');
    const wrong = await tmsh.run('load sys config from-terminal merge', text.replace('ratio', 'rate'));
    expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('configuration process failed.')]);
    const piped = await bash.run('tmsh -q', `load sys config from-terminal merge\n${text}`);
    expect([piped.status, f5.running().includes(text)]).toEqual([0, true]);
    const { child, ended } = spawnTerminal(f5, 'admin', 'orchard 8');
    let seen = '';
    child.stdout.on('data', (part) => (seen += String(part)));
    async function saw(words: string): Promise<void> {
      await vi.waitFor(
        () => {
          expect(seen).toContain(words);
        },
        { timeout: 30_000, interval: 20 },
      );
    }
    child.stdin.write(
      `load sys config from-terminal merge\rltm rule /Common/r1 {\rwhen CLIENT_ACCEPTED {\r    pool web\r}\r}\r`,
    );
    await saw('    pool web');
    child.stdin.write('\u0004');
    await saw('Loading configuration...');
    child.stdin.write('quit\r');
    await ended;
    expect(f5.running()).toContain('ltm rule /Common/r1 {\nwhen CLIENT_ACCEPTED {\n    pool web\n}\n}\n');
  });

  test('a command in the middle of a series is refused on demand, and not done', async () => {
    f5.misbehave({ refuses: { pattern: /idle/, words: '01070734:3: Configuration error: no.' } });
    const series =
      'modify ltm pool web description one\nmodify ltm pool idle description one\nmodify ltm pool web description two\n';
    expect((await bash.run('tmsh -q', series)).stderr).toBe('01070734:3: Configuration error: no.\n');
    expect(f5.running().match(/description \w+/g)).toEqual(['description two']);
  });

  test('a connection cut in a transaction, before or after it is submitted, leaves nothing or all of it', async () => {
    const before = f5.running();
    const commands = 'create cli transaction\nmodify ltm pool web description one\nsubmit cli transaction\n';
    f5.misbehave({ cutBefore: /^submit/ });
    expect(await bash.run('tmsh -q', commands)).toMatchObject({ status: 255 });
    expect(f5.running()).toBe(before);
    f5.misbehave({ cutAfter: /^submit/ });
    expect(await bash.run('tmsh -q', commands)).toMatchObject({ status: 255 });
    expect(f5.running()).toContain('    description one\n');
    f5.misbehave({});
    expect(await bash.run('tmsh -q', commands)).toMatchObject({ status: 0 });
  });

  test('a terminal has prompts, a question before many objects, and a pager that q ends', async () => {
    f5.run('modify cli preference display-threshold 0');
    const { child, ended } = spawnTerminal(f5, 'admin', 'orchard 8');
    let seen = '';
    child.stdout.on('data', (part) => (seen += String(part)));
    async function saw(text: string): Promise<void> {
      await vi.waitFor(
        () => {
          expect(seen).toContain(text);
        },
        { timeout: 30_000, interval: 20 },
      );
    }
    await saw('admin@(bigip1)(cfg-sync Standalone)(Active)(/Common)(tmos)# ');
    child.stdin.write('list ltm\r');
    await saw('---(less ');
    child.stdin.write('q');
    child.stdin.write('modify cli preference pager disabled display-threshold 3\rlist ltm\r');
    await saw('items? (y/n) ');
    child.stdin.write('n');
    child.stdin.write('create cli transaction\r');
    await saw('[batch mode]');
    child.stdin.write('quit\r');
    await ended;
    expect(seen).not.toContain('ltm virtual shop');
  });

  test('a full disk saves nothing, a silent device answers nothing, a reboot loses what was not saved', async () => {
    f5.files.fill(true);
    f5.run('modify ltm pool web description one');
    const { status, stderr } = await bash.run('tmsh save sys config');
    expect([status, stderr]).toEqual([1, expect.stringContaining('No space left on device')]);
    expect((await bash.run('echo x > /var/tmp/x')).stderr).toContain('No space left on device');
    f5.misbehave({ isSilent: true });
    const { ended } = bash.open('tmsh modify ltm pool web description two');
    await vi.waitFor(
      () => {
        expect(f5.running()).toContain('    description two\n');
      },
      { timeout: 30_000, interval: 20 },
    );
    f5.reboot();
    expect(await ended).toMatchObject({ status: 255, stdout: '' });
    expect(f5.running()).not.toContain('description');
  });

  test('a pager that is stuck takes no key, and the session can still be cut', async () => {
    const { child, ended } = spawnTerminal(f5, 'admin', 'orchard 8');
    let seen = '';
    child.stdout.on('data', (part) => (seen += String(part)));
    child.stdin.write('list ltm\r');
    await vi.waitFor(
      () => {
        expect(seen).toContain('---(less ');
      },
      { timeout: 30_000, interval: 20 },
    );
    f5.misbehave({ isPagerStuck: true });
    child.stdin.write('q quit\r');
    expect((await tmsh.run('list ltm pool idle')).stdout).toBe(pool);
    expect(seen.split('(tmos)# ')).toHaveLength(2);
    f5.cut();
    await ended;
  });

  test('two units of a group see changes pending until one is synchronised to the other', async () => {
    const group = makeDeviceGroup('dg1');
    const [one, two] = await Promise.all(
      ['a', 'b'].map((name) =>
        startF5({
          config: `${shop}sys global-settings {\n    hostname bigip-${name}.example.com\n}\n`,
          accounts,
          group,
          role: name === 'a' ? 'active' : 'standby',
        }),
      ),
    );
    if (one === undefined || two === undefined) throw new Error('Two were started.');
    const other = openSshClient(two, 'admin', 'orchard 8');
    expect((await other.run('show cm sync-status')).stdout).toContain('Status   In Sync\n');
    expect((await other.run('show cm failover-status')).stdout).toContain('Status   STANDBY\n');
    one.run('modify ltm pool web description one');
    expect((await other.run('show cm sync-status field-fmt')).stdout).toContain('    status Changes Pending\n');
    expect(two.running()).not.toContain('description one');
    expect((await other.run('show cm sync-status')).stdout).toContain(
      ' - Recommended action: Synchronize bigip-a.example.com to group dg1\n',
    );
    expect(one.run('run cm config-sync to-group dg1')).toBe('');
    expect((await other.run('show cm sync-status')).stdout).toContain('Status   In Sync\n');
    expect(two.running()).toContain('    description one\n');
    other.close();
    await Promise.all([one.close(), two.close()]);
  });

  test('a reader may not change, a stranger may not come in', async () => {
    const reader = openSshClient(f5, 'reader', 'orchard 9');
    expect(await reader.run('modify ltm pool web description x')).toMatchObject({
      status: 1,
      stderr: '01070822:3: Access Denied: user (reader) does not have modify access to object (ltm pool)\n',
    });
    expect(await reader.run('list ltm pool idle')).toMatchObject({ stdout: pool });
    reader.close();
    const stranger = openSshClient(f5, 'root', 'wrong');
    expect(await stranger.run('tmsh list')).toMatchObject({ status: 255 });
    stranger.close();
  });

  test.skipIf(isMissing('openssl', 'scp'))(
    'a certificate and its key are copied by scp, installed, and refused where they do not match',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'steelyard-f5-'));
      for (const name of ['a', 'b']) {
        spawnSync('openssl', [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-days',
          '9',
          '-subj',
          `/CN=${name}.example`,
          '-keyout',
          join(directory, `${name}.key`),
          '-out',
          join(directory, `${name}.crt`),
        ]);
      }
      for (const file of ['a.key', 'a.crt', 'b.crt']) {
        expect(await bash.copy(join(directory, file), `/var/tmp/${file}`)).toMatchObject({ status: 0 });
        expect(f5.files.read(`/var/tmp/${file}`)).toBe(readFileSync(join(directory, file), 'utf8'));
      }
      const made = await bash.run(
        "tmsh -q <<'EOF'\ncreate cli transaction\ninstall sys crypto key shop from-local-file /var/tmp/a.key\ninstall sys crypto cert shop from-local-file /var/tmp/a.crt\ncreate ltm profile client-ssl shop cert-key-chain add { own { cert shop.crt key shop.key } }\nsubmit cli transaction\nEOF",
      );
      expect(made).toMatchObject({ status: 0, stderr: '' });
      expect((await bash.run('tmsh list sys file ssl-cert shop.crt')).stdout).toMatch(/ {4}subject CN=a.example\n/);
      expect((await bash.run('tmsh install sys crypto cert shop from-local-file /var/tmp/b.crt')).stderr).toBe(
        "01070317:3: profile /Common/shop's key(/Common/shop.key) and certificate(/Common/shop.crt) do not match.\n",
      );
      expect((await bash.run('tmsh list sys file ssl-cert shop.crt subject')).stdout).toContain('a.example');
      rmSync(directory, { recursive: true });
    },
  );

  test.skipIf(isMissing('snmpbulkwalk'))('shows the same state by SNMP as by tmsh', async () => {
    let now = 0;
    const device = await startF5({
      config: shop,
      accounts,
      snmp: { community: 'public' },
      now: () => new Date(now),
      connectionsPerSecond: 10,
    });
    now = 400_000;
    device.run('modify ltm pool web members modify { w1:80 { session user-disabled } }');
    device.setHealth('192.0.2.2', 8080, false);
    const values = await walkSnmp(device.snmpPort, '.1.3.6.1.4.1.3375');
    await device.close();
    const w1 = `${inIndex('/Common/web')}.${inIndex('/Common/w1')}.80`;
    const w2 = `${inIndex('/Common/web')}.${inIndex('/Common/192.0.2.2')}.8080`;
    const local = '.1.3.6.1.4.1.3375.2.2';
    // ltmPoolLbMode ratioMember; total connections of the members; their availability and what the user said; the virtual server's.
    expect(values.get(`${local}.5.1.2.1.2.${inIndex('/Common/web')}`)).toBe('1');
    expect([w1, w2].map((row) => values.get(`${local}.5.4.3.1.10.${row}`))).toEqual(['3000', '1000']);
    expect([w1, w2].map((row) => values.get(`${local}.5.6.2.1.5.${row}`))).toEqual(['1', '3']);
    expect([w1, w2].map((row) => values.get(`${local}.5.6.2.1.6.${row}`))).toEqual(['2', '1']);
    expect(values.get(`${local}.10.2.3.1.11.${inIndex('/Common/shop')}`)).toBe('4000');
    expect(values.get(`${local}.10.13.2.1.5.${inIndex('/Common/shop')}`)).toBe('"The virtual server is available"');
    expect(values.get('.1.3.6.1.4.1.3375.2.1.14.3.2.0')).toBe('"ACTIVE"');
  });

  test('steelyard simulate f5 prints one line, the address, and ends when it is interrupted', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'steelyard-simulate-'));
    const file = join(directory, 'bigip.conf');
    writeFileSync(file, shop);
    const command = join(import.meta.dirname, '../../src-main/cli.ts');
    const child = spawn(process.execPath, [command, 'simulate', 'f5', '--config', file, '--traffic', '10']);
    let stdout = '';
    child.stdout.on('data', (part) => (stdout += String(part)));
    const ended = new Promise((resolve) => child.on('close', resolve));
    try {
      await vi.waitFor(
        () => {
          expect(stdout).toMatch(/^f5\+ssh:\/\/admin@127\.0\.0\.1:\d+\n$/);
        },
        { timeout: 30_000, interval: 50 },
      );
      const client = openSshClient({ host: '127.0.0.1', port: Number(/:(\d+)\n/.exec(stdout)?.[1]) }, 'admin', 'admin');
      expect((await client.run('list ltm pool idle')).stdout).toBe(pool);
      client.close();
    } finally {
      child.kill('SIGINT');
    }
    expect(await ended).toBe(0);
    rmSync(directory, { recursive: true });
  });
});

/** `ssh -tt`: a terminal of the usual 24 lines. */
function spawnTerminal(
  target: { host: string; port: number },
  user: string,
  password: string,
): ReturnType<SshClient['open']> {
  const client = openSshClient(target, user, password, { hasTerminal: true });
  const opened = client.open(undefined);
  return {
    ...opened,
    ended: opened.ended.finally(() => {
      client.close();
    }),
  };
}
