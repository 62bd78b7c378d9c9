import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataDirectory, prepareDirectory } from '../../../src-main/store/data-directory.ts';
import { tempDirectory } from './temp-directory.ts';

test.each([
  [{ XDG_CONFIG_HOME: '/c', HOME: '/h' }, 'linux', '/c/steelyard'],
  [{ XDG_CONFIG_HOME: 'relative', HOME: '/h' }, 'linux', '/h/.config/steelyard'],
  [{ XDG_CONFIG_HOME: '', HOME: '/h' }, 'linux', '/h/.config/steelyard'],
  [{ HOME: '/Users/a' }, 'darwin', '/Users/a/Library/Application Support/Steelyard'],
  [{ APPDATA: 'C:\\Users\\a\\AppData\\Roaming' }, 'win32', 'C:\\Users\\a\\AppData\\Roaming\\Steelyard'],
] as const)('with %o on %s the data directory is %s', (env, platform, expected) => {
  expect(dataDirectory(env, platform)).toBe(expected);
});

test('where no home is known the message says how to name a directory', () => {
  expect(() => dataDirectory({}, 'linux')).toThrow(/HOME is not set.*--data/);
});

test('a new data directory, with the ones above it, is closed to others', async () => {
  const directory = join(await tempDirectory(), 'a', 'b');
  await prepareDirectory(directory);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
});

test('an open data directory of ours is closed, one with things of others keeps its mode', async () => {
  const [ours, others] = [join(await tempDirectory(), 'ours'), join(await tempDirectory(), 'others')];
  for (const directory of [ours, others]) {
    await mkdir(directory);
    await chmod(directory, 0o755);
  }
  await writeFile(join(ours, 'steelyard.db'), '');
  await writeFile(join(others, 'notes.txt'), '');
  await prepareDirectory(ours);
  await prepareDirectory(others);
  expect((await stat(ours)).mode & 0o777).toBe(0o700);
  expect((await stat(others)).mode & 0o777).toBe(0o755);
});

test('a directory that cannot be made is refused with its name', async () => {
  const file = join(await tempDirectory(), 'file');
  await writeFile(file, '');
  await expect(prepareDirectory(join(file, 'below'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});
