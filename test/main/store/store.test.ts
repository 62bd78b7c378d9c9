import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { DeviceSpec } from '../../../src-main/contract/api.ts';
import { plan } from './plan-maker.ts';
import { openTestStore, tempDirectory } from './temp-directory.ts';

const edge: DeviceSpec = { name: 'edge', address: 'haproxy+ssh://u@h', environment: 'production', tags: ['x'] };
const at = '2026-11-22T10:00:00.000Z';

function version(fingerprint: string, text = fingerprint) {
  const files = [{ path: '/etc/haproxy/haproxy.cfg', bytes: Buffer.from(text) }];
  return { device: 'edge', at, fingerprint, files, who: 'j.brandt', why: 'read' };
}

describe('inventory and settings', () => {
  test('devices are listed by name and outlive the process', async () => {
    const directory = await tempDirectory();
    const first = await openTestStore(directory);
    await first.inventory.put(edge);
    await first.inventory.put({ ...edge, name: 'api' });
    await first.settings.set('theme', 'dark');
    await first.close();
    const second = await openTestStore(directory);
    expect(await second.inventory.list()).toEqual([{ ...edge, name: 'api' }, edge]);
    expect(await second.settings.all()).toEqual({ theme: 'dark' });
  });

  test('a device put again replaces the one of that name', async () => {
    const { inventory } = await openTestStore();
    await inventory.put(edge);
    await inventory.put({ ...edge, site: 'fra1' });
    expect(await inventory.list()).toEqual([{ ...edge, site: 'fra1' }]);
  });

  test('removing a device that is not there is an error that names it', async () => {
    const { inventory } = await openTestStore();
    await inventory.put(edge);
    await inventory.remove('edge');
    await expect(inventory.remove('edge')).rejects.toMatchObject({ code: 'NOT_FOUND', detail: /"edge"/ });
  });

  test('a setting that was never set is absent', async () => {
    const { settings } = await openTestStore();
    expect(await settings.get('theme')).toBeUndefined();
    await settings.set('theme', 'light');
    expect(await settings.get('theme')).toBe('light');
  });
});

describe('versions', () => {
  test('a version gives back its files byte for byte', async () => {
    const { versions } = await openTestStore();
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256));
    const files = [
      { path: 'b', bytes },
      { path: 'a', bytes: Buffer.alloc(0) },
    ];
    const { id } = await versions.put({ ...version('1'), files });
    const stored = await versions.get('edge', id);
    expect(stored.files.map(({ path }) => path)).toEqual(['b', 'a']);
    expect(
      stored.files.map((file) => Buffer.from(file.bytes).equals(file.path === 'b' ? bytes : Buffer.alloc(0))),
    ).toEqual([true, true]);
  });

  test('the same fingerprint as the newest is not stored twice, an older one is a new version', async () => {
    const { versions } = await openTestStore();
    const first = await versions.put(version('1'));
    expect(await versions.put({ ...version('1'), why: 'again' })).toEqual(first);
    await versions.put(version('2'));
    await versions.put({ ...version('1'), why: 'rolled back', pushId: 'abcdef' });
    expect(
      (await versions.list('edge')).map(({ fingerprint, why, isCurrent, pushId }) => [
        fingerprint,
        why,
        isCurrent,
        pushId,
      ]),
    ).toEqual([
      ['1', 'rolled back', true, 'abcdef'],
      ['2', 'read', false, undefined],
      ['1', 'read', false, undefined],
    ]);
  });

  test('a version of another device is not found', async () => {
    const { versions } = await openTestStore();
    const { id } = await versions.put(version('1'));
    await expect(versions.get('api', id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('journal', () => {
  test('an open push comes back with its plan and its entries in order, an ended one does not', async () => {
    const directory = await tempDirectory();
    const first = await openTestStore(directory);
    const push = { id: 'push01', device: 'edge', startedAt: at, plan: plan('push01') };
    await first.journal.begin({ ...push, id: 'push00' });
    await first.journal.end('push00', 'kept');
    await first.journal.begin(push);
    for (const step of ['one', 'two', 'three']) await first.journal.note('push01', { step });
    await first.close();
    const { journal } = await openTestStore(directory);
    expect(await journal.open()).toEqual([{ ...push, entries: [{ step: 'one' }, { step: 'two' }, { step: 'three' }] }]);
    expect((await journal.list(10)).map(({ id, outcome }) => [id, outcome])).toEqual([
      ['push00', 'kept'],
      ['push01', undefined],
    ]);
  });

  test('a push cannot begin twice, nor be noted or ended once it has ended', async () => {
    const { journal } = await openTestStore();
    const push = { id: 'push01', device: 'edge', startedAt: at, plan: plan('push01') };
    await journal.begin(push);
    await expect(journal.begin(push)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await journal.end('push01', 'reverted');
    await expect(journal.note('push01', {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(journal.end('push01', 'kept')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await journal.list(1))[0]?.outcome).toBe('reverted');
  });
});

test('every file of the data directory is closed to others while it is open', async () => {
  const directory = await tempDirectory();
  const store = await openTestStore(directory);
  await store.settings.set('a', 'b');
  const modes = await Promise.all(
    (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).mode & 0o077),
  );
  expect(modes.length).toBeGreaterThan(3);
  expect(modes.every((mode) => mode === 0)).toBe(true);
});

test('a store without a directory keeps everything until it is closed', async () => {
  const store = await openTestStore();
  await store.inventory.put(edge);
  expect(await store.inventory.list()).toEqual([edge]);
  expect(store.damagedFiles()).toEqual([]);
  await store.close();
  await expect(store.inventory.list()).rejects.toMatchObject({ code: 'INTERNAL', detail: 'The store is closed.' });
});

describe('samples', () => {
  const poll = { device: 'edge', intervalMs: 1000, everyMs: 1000 };
  const rows = [{ pool: 'app', member: 'a', values: { requestsPerSecond: 12 } }];

  test('a chart has its points and the markers of its device in its span', async () => {
    const directory = await tempDirectory();
    const first = await openTestStore(directory);
    const now = Date.now();
    await first.samples.write({ ...poll, atMs: now - 1000, rows });
    await first.mark({ device: 'edge', atMs: now - 500, label: 'kept', pushId: 'push01' });
    await first.mark({ device: 'edge', atMs: now - 90_000, label: 'too old' });
    await first.mark({ device: 'api', atMs: now - 500, label: 'of another device' });
    await first.close();
    const { samples } = await openTestStore(directory);
    const query = { device: 'edge', pool: 'app', metric: 'requestsPerSecond', maxPixels: 100 } as const;
    const series = await samples.series({ ...query, fromMs: now - 60_000, toMs: now });
    expect(series.lines).toEqual([{ name: 'a', times: [now - 1000], values: [12] }]);
    expect(series.markers).toEqual([{ atMs: now - 500, label: 'kept', pushId: 'push01' }]);
  });

  test('a damaged sample file does not keep the store from opening, and is named', async () => {
    const directory = await tempDirectory();
    const first = await openTestStore(directory);
    await first.inventory.put(edge);
    await first.close();
    await writeFile(join(directory, 'samples.db'), 'damaged '.repeat(1000));
    const store = await openTestStore(directory);
    expect(await store.inventory.list()).toEqual([edge]);
    expect(store.damagedFiles()).toEqual([expect.stringContaining('samples.db.damaged-')]);
  });

  test('samples that turn out to be damaged are refused once and begun anew', async () => {
    const directory = await tempDirectory();
    const first = await openTestStore(directory);
    const now = Date.now();
    await first.samples.write({ ...poll, atMs: now - 1000, rows });
    await first.close();
    const database = new DatabaseSync(join(directory, 'samples.db'));
    database.exec("UPDATE block SET data = x'00'");
    database.close();
    const { samples, damagedFiles } = await openTestStore(directory);
    const query = { device: 'edge', pool: 'app', metric: 'requestsPerSecond', maxPixels: 100 } as const;
    const asked = { ...query, fromMs: now - 60_000, toMs: now };
    await expect(samples.series(asked)).rejects.toMatchObject({ code: 'STORE_CORRUPT', detail: /charts begin anew/ });
    expect((await samples.series(asked)).lines).toEqual([]);
    expect(damagedFiles()).toHaveLength(1);
  });
});
