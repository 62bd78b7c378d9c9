import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DeviceModel } from '../../src-main/contract/model.ts';
import { type SimulatedNetscaler, startNetscaler } from '../../src-main/simulate/netscaler/start.ts';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const config = `#NS13.1 Build 37.38
# Last modified by \`save config\`, Mon May 03 12:34:56 2021
set ns config -IPAddress 192.0.2.10 -netmask 255.255.255.0
add server w1 192.0.2.1
add server w2 192.0.2.2
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO -useproxyport YES -cltTimeout 180 -svrTimeout 360 -CKA NO -TCPB NO -CMP NO
add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
bind lb vserver shop app
bind serviceGroup app w1 80 -CustomServerID "\\"None\\""
bind serviceGroup app w2 80 -CustomServerID "\\"None\\""
`;
const command = join(import.meta.dirname, '../../src-main/cli.ts');
let netscaler: SimulatedNetscaler;
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

/** The file of a plan that brings these keys of the pool about. */
async function planFor(keys: string): Promise<string> {
  const wish = join(dataDir, 'wish.yaml');
  const plan = join(dataDir, `plan-${String(++plans)}.json`);
  await writeFile(wish, `pools:\n  - { name: shop/app, ${keys} }\n`);
  const { status, stderr } = await start('plan', 'lb', wish, '--out', plan).ended;
  expect(status, stderr).toBe(0);
  return plan;
}

/** Pushes and keeps a change, and answers the commands that the appliance got for it, without those that look. */
async function become(keys: string): Promise<readonly string[]> {
  const plan = await planFor(keys);
  const before = netscaler.commands().length;
  const applying = start('apply', plan, '--yes', '--confirm-within', '60s');
  await vi.waitFor(
    () => {
      expect(applying.stderr()).toContain('steelyard confirm lb');
    },
    { timeout: 30_000, interval: 50 },
  );
  const confirmed = await start('confirm', 'lb').ended;
  expect(confirmed.status, confirmed.stderr + applying.stderr()).toBe(0);
  expect((await applying.ended).status).toBe(0);
  const sent = netscaler.commands().slice(before);
  return sent.filter((line) => !line.startsWith('show '));
}

describe('the command line on a simulated NetScaler', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    netscaler = await startNetscaler({ config, accounts: { nsroot: 'orchard' } });
    dataDir = await mkdtemp(join(tmpdir(), 'steelyard-netscaler-'));
    const address = `netscaler+ssh://nsroot@${netscaler.host}:${String(netscaler.port)}`;
    const tested = await start('devices', 'test', address, '--accept-host-key', netscaler.fingerprint).ended;
    expect(tested.status, tested.stderr).toBe(0);
    const added = await start('devices', 'add', 'lb', address).ended;
    expect(added.status, added.stderr).toBe(0);
  });
  afterAll(async () => {
    await netscaler.close();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  test('it is read as virtual server, pool and members', async () => {
    const { status, stdout, stderr } = await start('read', 'lb').ended;
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('"lb": this kind of device was never tried as a real one');
    const { virtualServers, pools } = JSON.parse(stdout) as DeviceModel;
    expect(virtualServers).toMatchObject([{ name: 'shop', listen: ['192.0.2.100:80'], pool: 'shop/app' }]);
    expect(pools.map(({ name, members }) => [name, members.map((member) => member.name)])).toEqual([
      ['shop/app', ['w1:80', 'w2:80']],
    ]);
  });

  test('a weight, a drain, a new member and a method are pushed at once and, kept, saved', async () => {
    const members = [
      '{ name: "w1:80", weight: 5 }',
      '{ name: "w2:80", adminState: draining }',
      '{ name: "w3:80", address: 192.0.2.3, port: 80 }',
    ];
    const sent = await become(`algorithm: source-ip-hash, members: [${members.join(', ')}]`);
    expect(sent.slice(0, -1).toSorted()).toEqual([
      'add server 192.0.2.3 192.0.2.3',
      'bind serviceGroup app 192.0.2.3 80',
      'disable serviceGroup app w2 80 -graceFul YES',
      'set lb vserver shop -lbMethod SOURCEIPHASH',
      'set serviceGroup app w1 80 -weight 5',
    ]);
    expect([sent.at(-1), netscaler.saved()]).toEqual(['save ns config', netscaler.running()]);
    expect(netscaler.saved()).toContain('bind serviceGroup app w1 80 -weight 5 -CustomServerID "\\"None\\""\n');
    expect(netscaler.saved()).toMatch(/^bind serviceGroup app w2 80 .*-state DISABLED$/m);
  });

  test('a change that nobody keeps goes back, and was never saved', async () => {
    const before = netscaler.running();
    const { status, stderr } = await start(
      'apply',
      await planFor('members: [{ name: "w1:80", weight: 9 }]'),
      '--yes',
      '--confirm-within',
      '1s',
    ).ended;
    expect([status, stderr]).toEqual([1, expect.stringContaining('Push: reverted')]);
    expect(netscaler.commands()).toContain('set serviceGroup app w1 80 -weight 9');
    expect([netscaler.running(), netscaler.saved()]).toEqual([before, before]);
  });

  test('a plan that another hand has overtaken is refused, and a secondary takes none', async () => {
    const plan = await planFor('members: [{ name: "w1:80", weight: 7 }]');
    netscaler.run('set serviceGroup app w1 80 -weight 2');
    const theirs = netscaler.running();
    const stale = await start('apply', plan, '--yes').ended;
    expect([stale.status, stale.stderr]).toEqual([1, expect.stringContaining('PLAN_STALE')]);
    netscaler.become('secondary');
    const wish = join(dataDir, 'wish.yaml');
    const refused = await start('plan', 'lb', wish, '--out', join(dataDir, 'never.json')).ended;
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/secondary/i)]);
    expect(netscaler.running()).toBe(theirs);
  });
});
