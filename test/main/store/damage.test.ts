import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openStore } from '../../../src-main/store/open.ts';
import { openTestStore, tempDirectory } from './temp-directory.ts';

async function storeWithSetting(): Promise<string> {
  const directory = await tempDirectory();
  const store = await openTestStore(directory);
  for (let index = 0; index < 60; index += 1) await store.settings.set(`key${index}`, 'value'.repeat(200));
  await store.close();
  return directory;
}

test.each([
  ['another kind of file', () => Buffer.from('not a database '.repeat(1000))],
  ['a file with a page overwritten', (old: Buffer) => old.fill(0x5a, 4096 * 6, 4096 * 9)],
  ['a file cut short', (old: Buffer) => old.subarray(0, 4096 * 4)],
])('%s is refused, kept aside as it is and named', async (_name, damage) => {
  const directory = await storeWithSetting();
  const path = join(directory, 'steelyard.db');
  const bytes = damage(await readFile(path));
  await writeFile(path, bytes);
  const refused = await openStore(directory).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'STORE_CORRUPT', detail: /was moved to ".*steelyard\.db\.damaged-/ });

  const next = await openTestStore(directory);
  expect(await next.settings.all()).toEqual({});
  expect(next.damagedFiles()).toHaveLength(1);
  expect((await readFile(String(next.damagedFiles()[0]))).equals(bytes)).toBe(true);
});

test('a file of a newer Steelyard is refused and left alone', async () => {
  const directory = await storeWithSetting();
  const path = join(directory, 'steelyard.db');
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 999');
  database.close();
  await expect(openStore(directory)).rejects.toMatchObject({ code: 'VERSION_UNSUPPORTED', detail: /schema 999/ });
  const untouched = new DatabaseSync(path);
  expect(untouched.prepare('SELECT count(*) AS n FROM setting').get()).toEqual({ n: 60 });
  untouched.close();
});
