import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CallInput, CallName, CallOutput } from '../../src-main/contract/api.ts';
import type { Outcome } from '../../src-main/contract/errors.ts';
import { startDouble } from '../rigs/electron-double/double.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { type Packed, packProgram } from '../rigs/packed.ts';

/** A packed program that a release machine has built: it is started itself. Elsewhere it is packed here and runs on the double. */
const program = process.env['STEELYARD_PACKED'];
/** A HAProxy that somebody else has started, where this machine cannot: its address, with back ends `b1` and `b2` in `app`. */
const siteAddress = process.env['STEELYARD_SITE'];

let directory: string;
let packed: Packed | undefined;
let site: Site | undefined;
let stop: (() => Promise<void>) | undefined;

type Call = <K extends CallName>(name: K, input: CallInput<K>) => Promise<CallOutput<K>>;
function typed(ask: (name: CallName, input: unknown) => Promise<unknown>): Call {
  return async <K extends CallName>(name: K, input: CallInput<K>) => {
    const outcome = (await ask(name, input)) as Outcome<CallOutput<K>>; // as the contract says
    if (!outcome.ok) throw new Error(`${name}: ${outcome.problem.detail}`);
    return outcome.value;
  };
}

async function startProgram(path: string, dataDir: string): Promise<Call> {
  const words = [`--data=${dataDir}`, ...(process.env['CI'] === undefined ? [] : ['--no-sandbox'])];
  const app = await _electron.launch({ executablePath: path, args: words });
  stop = () => app.close();
  const page = await app.firstWindow();
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  return typed((name, input) => page.evaluate(`steelyard.call(${JSON.stringify(name)}, ${JSON.stringify(input)})`));
}
async function startOnDouble(main: string, dataDir: string): Promise<Call> {
  const double = startDouble([`--data=${dataDir}`], { DOUBLE_IS_PACKAGED: '1' }, main);
  stop = async () => {
    double.kill();
    await double.ended;
  };
  await vi.waitFor(
    async () => {
      expect((await double.ask('look')).windows[0]?.isShown, double.stderr()).toBe(true);
    },
    { timeout: 40_000, interval: 100 },
  );
  return typed((name, input) => double.ask('call', name, input));
}
async function start(dataDir: string): Promise<Call> {
  if (program !== undefined) return startProgram(program, dataDir);
  if (packed === undefined) throw new Error('nothing was packed');
  return startOnDouble(packed.main, dataDir);
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'steelyard-packed-'));
  if (program === undefined) packed = await packProgram(directory);
}, 300_000);
afterEach(async () => {
  await stop?.();
  stop = undefined;
});
afterAll(async () => {
  await site?.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

describe.skipIf(program !== undefined)('what is packed', () => {
  test('is the built program, the packages that it needs at run time and its icons; no source, no test, no tool', () => {
    const { files, resources } = packed ?? { files: [], resources: '' };
    const roots = new Set(files.map((file) => file.split('/')[0]));
    expect([...roots].toSorted()).toEqual(['LICENSE', 'node_modules', 'out', 'package.json', 'resources']);
    for (const part of [
      'out/main/main.js',
      'out/preload/preload.cjs',
      'out/renderer/index.html',
      'out/main/cli.js',
      'resources/icons/tray-up@2x.png',
    ]) {
      expect(files).toContain(part);
    }
    const packages = new Set(files.map((file) => /^node_modules\/([^/]+)$/.exec(file)?.[1]));
    for (const wanted of ['ssh2', 'ws', 'zod', 'yaml', 'net-snmp']) expect(packages).toContain(wanted);
    const strangers = [
      'electron',
      'electron-builder',
      'vite',
      'svelte',
      'typescript',
      'vitest',
      'chart.js',
      'cpu-features',
    ];
    for (const unwanted of strangers) expect(packages).not.toContain(unwanted);
    expect(files.filter((file) => /\.(ts|map)$|^out\/types|\.test\.js$/.test(file))).toEqual([]);
    expect(existsSync(join(resources, 'mibs/STEELYARD-MIB.txt'))).toBe(true);
  });

  test('has each entry of a thread or process as a file of the system, beside its module in the archive', () => {
    const { files, resources } = packed ?? { files: [], resources: '' };
    const entries = files.filter((file) => file.endsWith('.entry.js'));
    expect(entries).toEqual(
      expect.arrayContaining(['out/main/store/store.entry.js', 'out/main/engine/worker.entry.js']),
    );
    for (const entry of entries) expect(existsSync(join(resources, 'app.asar.unpacked', entry)), entry).toBe(true);
  });
});

describe.skipIf(siteAddress === undefined && isMissing('haproxy', 'sshd'))('the packed program', () => {
  test('starts, reads a real HAProxy, and pushes a weight once', async () => {
    site = siteAddress === undefined ? await startSite() : undefined;
    const call = await start(site?.dataDir ?? join(directory, 'data'));
    const address = siteAddress ?? site?.address ?? '';
    if (site === undefined) await acceptKey(call, address);
    await call('devices.add', { spec: { name: 'lb', address, environment: 'lab' } });
    const { model } = await call('devices.read', { device: 'lb' });
    expect(model.pools.find(({ name }) => name === 'app')?.members.map(({ name }) => name)).toEqual(['b1', 'b2']);
    const desired = { pools: [{ name: 'app', members: [{ name: 'b1', weight: 3 }] }] };
    const plan = await call('plan.make', { device: 'lb', desired });
    const { id } = await call('push.start', { plan, confirmWithinMs: 120_000, typed: 'lb' });
    async function phase(wanted: string): Promise<void> {
      await vi.waitFor(
        async () => {
          const push = (await call('push.list', {})).find((each) => each.id === id);
          expect([push?.phase, push?.problem]).toEqual([wanted, undefined]);
        },
        { timeout: 60_000, interval: 100 },
      );
    }
    await phase('waiting');
    await call('push.keep', { device: 'lb' });
    await phase('kept');
    if (site !== undefined) expect(await site.weights()).toEqual({ b1: 3, b2: 1 });
  });

  test('starts its engine and lab, each in processes of their own', async () => {
    const call = await start(join(directory, 'lab-data'));
    const { isRunning, problem } = await call('lab.start', {});
    expect([isRunning, problem]).toEqual([true, undefined]);
    await call('lab.stop', {});
  });
});

async function acceptKey(call: Call, address: string): Promise<void> {
  const { newHostKey } = await call('devices.test', { testId: 'key', address });
  if (newHostKey === undefined) return;
  await call('devices.test', { testId: 'accept', address, acceptHostKey: newHostKey.fingerprint });
}
