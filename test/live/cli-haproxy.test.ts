import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { TestReport, Version, VersionDiff } from '../../src-main/contract/api.ts';
import type { Sample, SampleRates } from '../../src-main/contract/metrics.ts';
import type { DeviceModel } from '../../src-main/contract/model.ts';
import { type Backends, sendRequests, startBackends } from '../rigs/backends.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
interface Running {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
}

const command = join(import.meta.dirname, '../../src-main/cli.ts');
let site: Site;
let dataDir: string;
let plans = 0;
let more: Backends | undefined;

/** A command as a person starts it: a process of its own, on the sources. */
function start(...words: readonly string[]): Running {
  const child = spawn(process.execPath, [command, ...words, '--data', dataDir], { stdio: ['ignore', 'pipe', 'pipe'] });
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

function run(...words: readonly string[]): Promise<Ended> {
  return start(...words).ended;
}

/** The values of stdout where the command succeeded; the test fails with its messages where it did not. */
async function runForJson(...words: readonly string[]): Promise<unknown[]> {
  const { status, stdout, stderr } = await run(...words);
  expect(status, stderr).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  const isOnePerLine = lines.every((line) => line.startsWith('{') && line.endsWith('}'));
  return (isOnePerLine ? lines : [stdout]).map((text): unknown => JSON.parse(text));
}

function makePlan(weight: number): Promise<string> {
  return planFor(`members: [{ name: b1, weight: ${weight} }]`);
}

/** The file of a plan that brings these keys of `app` about. */
async function planFor(keys: string): Promise<string> {
  const wish = join(dataDir, 'wish.yaml');
  const plan = join(dataDir, `plan-${String(++plans)}.json`);
  await writeFile(wish, `pools:\n  - { name: app, ${keys} }\n`);
  const { status, stdout, stderr } = await run('plan', 'lb', wish, '--out', plan);
  expect([status, stdout], stderr).toEqual([0, '']);
  return plan;
}

describe.skipIf(isMissing('haproxy', 'sshd'))(
  'the command line on a real HAProxy over SSH',
  { timeout: 300_000 },
  () => {
    beforeAll(async () => {
      site = await startSite();
      dataDir = await mkdtemp(join(tmpdir(), 'steelyard-cli-'));
    });
    afterAll(async () => {
      await more?.close();
      await site.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    });

    test('a new host key stops the test of a device until a person accepts it', async () => {
      const first = await run('devices', 'test', site.address);
      expect(first.status).toBe(1);
      const { newHostKey } = JSON.parse(first.stdout) as TestReport;
      expect(newHostKey?.fingerprint).toMatch(/^SHA256:/);
      const accepted = await run('devices', 'test', site.address, '--accept-host-key', newHostKey?.fingerprint ?? '');
      expect(accepted.status, accepted.stderr).toBe(0);
      expect(accepted.stderr).toContain('done');
    });

    test('a device is added, read and polled: the figures are those of the back ends', async () => {
      const [added] = await runForJson('devices', 'add', 'lb', site.address, '--environment', 'production');
      expect(added).toMatchObject({ spec: { name: 'lb', environment: 'production' }, lock: { isLocked: true } });
      const [model] = (await runForJson('read', 'lb')) as [DeviceModel];
      const pool = model.pools.find(({ name }) => name === 'app');
      expect(pool?.members.map(({ name, weight }) => [name, weight])).toEqual([
        ['b1', 1],
        ['b2', 1],
      ]);
      await sendRequests(site.haproxy.port, 200);
      const samples = (await runForJson('poll', 'lb', '--every', '200ms', '--count', '2')) as (Sample & {
        rates?: SampleRates;
      })[];
      const last = samples.at(-1)?.pools.find(({ name }) => name === 'app');
      expect(last?.members.map(({ requests }) => Number(requests))).toEqual([100, 100]);
      expect(samples.map(({ rates }) => rates !== undefined)).toEqual([false, true]);
    });

    test('a plan is refused on the locked device, pushed with --yes, and kept by another process', async () => {
      const plan = await makePlan(3);
      const refused = await run('apply', plan);
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('LOCKED')]);
      expect(await site.weights()).toEqual({ b1: 1, b2: 1 });

      const applying = start('apply', plan, '--yes', '--confirm-within', '60s');
      await vi.waitFor(
        () => {
          expect(applying.stderr()).toContain('steelyard confirm lb');
        },
        { timeout: 60_000, interval: 100 },
      );
      const confirmed = await run('confirm', 'lb');
      expect([confirmed.status, JSON.parse(confirmed.stdout)], confirmed.stderr).toMatchObject([0, { phase: 'kept' }]);
      expect((await applying.ended).status).toBe(0);
      expect(await site.weights()).toEqual({ b1: 3, b2: 1 });
      expect((await sendRequests(site.haproxy.port, 400)).byBackend).toEqual({ b1: 300, b2: 100 });
    });

    test('a push that nobody keeps goes back by itself, and the command says so', async () => {
      const plan = await makePlan(7);
      const before = site.configHash();
      const { status, stderr } = await run('apply', plan, '--yes', '--confirm-within', '2s');
      expect([status, stderr]).toEqual([1, expect.stringContaining('Push: reverted')]);
      expect([await site.weights(), site.configHash()]).toEqual([{ b1: 3, b2: 1 }, before]);
    });

    test('an interrupted apply takes its change back before it ends', async () => {
      const applying = start('apply', await makePlan(5), '--yes', '--confirm-within', '60s');
      await vi.waitFor(
        () => {
          expect(applying.stderr()).toContain('steelyard confirm lb');
        },
        { timeout: 60_000, interval: 100 },
      );
      applying.child.kill('SIGINT');
      expect((await applying.ended).status).toBe(1);
      expect(await site.weights()).toEqual({ b1: 3, b2: 1 });
    });

    test('a version of the history is brought back', async () => {
      const [versions] = (await runForJson('history', 'lb')) as [Version[]];
      const oldest = versions.reduce((a, b) => (a.id < b.id ? a : b));
      expect(versions.length).toBeGreaterThan(1);
      const [{ changes }] = (await runForJson('history', 'lb', '--against', String(oldest.id))) as [VersionDiff];
      expect(changes).toContain('weight of b1 in pool app 1 -> 3');
      const rolling = start('rollback', 'lb', String(oldest.id), '--yes', '--confirm-within', '60s');
      await vi.waitFor(
        () => {
          expect(rolling.stderr()).toContain('steelyard confirm lb');
        },
        { timeout: 60_000, interval: 100 },
      );
      expect((await run('confirm', 'lb')).status).toBe(0);
      expect((await rolling.ended).status).toBe(0);
      expect(await site.weights()).toEqual({ b1: 1, b2: 1 });
    });

    test('a member is added, drained, enabled and removed, and an algorithm changed: the traffic follows', async () => {
      more = await startBackends(['b3']);
      const [third = 0] = more.ports;
      async function become(keys: string): Promise<Readonly<Record<string, number>>> {
        const applying = start('apply', await planFor(keys), '--yes', '--confirm-within', '60s');
        await vi.waitFor(
          () => {
            expect(applying.stderr()).toContain('steelyard confirm lb');
          },
          { timeout: 60_000, interval: 100 },
        );
        const confirmed = await run('confirm', 'lb');
        expect(confirmed.status, confirmed.stderr).toBe(0);
        expect((await applying.ended).status).toBe(0);
        const { byBackend, failures } = await sendRequests(site.haproxy.port, 300);
        expect(failures).toEqual([]);
        return byBackend;
      }
      expect(await become(`members: [{ name: b3, address: 127.0.0.1, port: ${String(third)} }]`)).toEqual({
        b1: 100,
        b2: 100,
        b3: 100,
      });
      expect(Object.keys(await become('members: [{ name: b2, adminState: draining }]')).toSorted()).toEqual([
        'b1',
        'b3',
      ]);
      expect(Object.keys(await become('members: [{ name: b2, adminState: enabled }]'))).toHaveLength(3);
      expect(Object.keys(await become('algorithm: source-ip-hash'))).toHaveLength(1);
      expect(await become('algorithm: round-robin')).toEqual({ b1: 100, b2: 100, b3: 100 });
      expect(await become('members: [{ name: b3, absent: true }]')).toEqual({ b1: 150, b2: 150 });
    });

    test("what HAProxy refuses changes nothing, and HAProxy's own words are told", async () => {
      const before = site.configHash();
      const plan = await planFor('members: [{ name: b9, address: no-such-host.invalid, port: 80 }]');
      const { status, stderr } = await run('apply', plan, '--yes');
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining("could not resolve address 'no-such-host.invalid'"),
      ]);
      expect(site.configHash()).toBe(before);
    });

    test('a plan that another hand has overtaken is refused, and nothing is sent', async () => {
      const plan = await makePlan(9);
      writeFileSync(site.haproxy.configFile, `# another hand\n${site.haproxy.readConfig()}`);
      const theirs = site.configHash();
      const { status, stderr } = await run('apply', plan, '--yes');
      expect([status, stderr]).toEqual([1, expect.stringContaining('PLAN_STALE')]);
      expect(stderr).toMatch(/^Meanwhile another hand changed "[^"]+":\n {2}\S/m);
      expect(site.configHash()).toBe(theirs);
      expect(await site.weights()).toEqual({ b1: 1, b2: 1 });
    });

    test('a device that is not there fails in words, with nothing on stdout', async () => {
      const { status, stdout, stderr } = await run('read', 'nowhere');
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^steelyard: [A-Z_]+: /m);
    });
  },
);
