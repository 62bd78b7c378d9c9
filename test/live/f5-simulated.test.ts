import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DeviceModel } from '../../src-main/contract/model.ts';
import { makeDeviceGroup } from '../../src-main/simulate/f5/group.ts';
import { type SimulatedF5, startF5 } from '../../src-main/simulate/f5/start.ts';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

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
const command = join(import.meta.dirname, '../../src-main/cli.ts');
const accounts = {
  admin: { password: 'orchard', shell: 'bash' },
  operator: { password: 'orchard', shell: 'tmsh' },
} as const;
let f5: SimulatedF5;
let peer: SimulatedF5;
let dataDir: string;
let plans = 0;

function start(...words: readonly string[]): { child: ChildProcess; stderr: () => string; ended: Promise<Ended> } {
  const env = { ...process.env, STEELYARD_PASSWORD: 'orchard', STEELYARD_PASSPHRASE: 'of this test' };
  const child = spawn(process.execPath, [command, ...words, '--data', dataDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part) => (stdout += String(part)));
  child.stderr.on('data', (part) => (stderr += String(part)));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status) => {
      resolve({ status, stdout, stderr });
    });
  });
  return { child, stderr: () => stderr, ended };
}

async function wish(device: string, text: string): Promise<{ readonly path: string; readonly ended: Ended }> {
  const file = join(dataDir, 'wish.yaml');
  const path = join(dataDir, `plan-${String(++plans)}.json`);
  await writeFile(file, text);
  return { path, ended: await start('plan', device, file, '--out', path).ended };
}

/** The file of a plan that brings this about. */
async function planFor(device: string, text: string): Promise<string> {
  const { path, ended } = await wish(device, text);
  expect(ended.status, ended.stderr).toBe(0);
  return path;
}

/** Pushes and keeps a change, and answers the commands of tmsh that came for it, without those that look. */
async function become(device: string, text: string): Promise<readonly string[]> {
  const plan = await planFor(device, text);
  const before = f5.commands().length;
  const applying = start('apply', plan, '--yes', '--confirm-within', '60s');
  await vi.waitFor(
    () => {
      expect(applying.stderr()).toContain(`steelyard confirm ${device}`);
    },
    { timeout: 60_000, interval: 50 },
  );
  const confirmed = await start('confirm', device).ended;
  expect(confirmed.status, confirmed.stderr + applying.stderr()).toBe(0);
  expect((await applying.ended).status).toBe(0);
  const sent = f5.commands().slice(before);
  return sent.filter((line) => !/^(?:show|list|cd) /.test(line));
}

const weight = "pools:\n  - { name: /Common/app, members: [{ name: '/Common/w1:80', weight: 9 }] }\n";

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
    dataDir = await mkdtemp(join(tmpdir(), 'steelyard-f5-'));
    const address = `f5+ssh://admin@${f5.host}:${String(f5.port)}`;
    const tested = await start('devices', 'test', address, '--accept-host-key', f5.fingerprint).ended;
    expect(tested.status, tested.stderr).toBe(0);
    const added = await start('devices', 'add', 'lb', address).ended;
    expect(added.status, added.stderr).toBe(0);
    const other = await start('devices', 'add', 'lb2', address.replace('admin@', 'operator@')).ended;
    expect(other.status, other.stderr).toBe(0);
  }, 120_000);
  afterAll(async () => {
    await f5.close();
    await peer.close();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  test('it is read as virtual server, pool and members', async () => {
    const { status, stdout, stderr } = await start('read', 'lb').ended;
    expect(status, stderr).toBe(0);
    const { virtualServers, pools } = JSON.parse(stdout) as DeviceModel;
    expect(virtualServers).toMatchObject([{ name: '/Common/shop', listen: ['192.0.2.100:443'], pool: '/Common/app' }]);
    expect(pools.map(({ name, members }) => [name, members.map((one) => one.name)])).toEqual([
      ['/Common/app', ['/Common/w1:80', '/Common/w2:80']],
    ]);
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
    const members = "{ name: '/Common/w2:80', adminState: disabled }, { name: '/Common/w3:80', absent: true }";
    const sent = await become('lb2', `pools:\n  - { name: /Common/app, members: [${members}] }\n`);
    expect(sent.filter((line) => !line.startsWith('tmsh '))).toEqual([
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
    const plan = await planFor('lb', weight);
    const { status, stderr } = await start('apply', plan, '--yes', '--confirm-within', '1s').ended;
    expect([status, stderr]).toEqual([1, expect.stringContaining('Push: reverted')]);
    expect(f5.commands().join('\n')).toContain('{ /Common/w1:80 { ratio 9 } }');
    expect([f5.running(), f5.saved(), peer.running()]).toEqual(before);
  });

  test('what the device refuses changes nothing and is told in its own words', async () => {
    const before = f5.running();
    const plan = await planFor('lb', 'pools:\n  - { name: /Common/app, monitors: [/Common/none] }\n');
    const { status, stderr } = await start('apply', plan, '--yes').ended;
    expect([status, stderr]).toEqual([1, expect.stringMatching(/\/Common\/none/)]);
    expect(f5.running()).toBe(before);
  });

  test('a unit whose peer has newer changes takes none, neither planned before nor after', async () => {
    f5.run('run cm config-sync to-group dg1');
    const [plan, theirs] = [await planFor('lb', weight), f5.running()];
    peer.run('modify ltm pool /Common/app description theirs');
    const newer = await start('apply', plan, '--yes').ended;
    expect([newer.status, newer.stderr]).toEqual([
      1,
      expect.stringMatching(/sync-status'" was not taken[^]*Changes Pending/),
    ]);
    const { ended } = await wish('lb', weight);
    expect([ended.status, ended.stderr]).toEqual([
      1,
      expect.stringMatching(/bigip-b\.example\.com has changes that are newer/),
    ]);
    expect(f5.running()).toBe(theirs);
  });
});
