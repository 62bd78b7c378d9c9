import { expect, test } from 'vitest';
import { openStore } from '../../../src-main/store/open.ts';
import { killed, nextLine, startChild } from './child/start.ts';
import { openTestStore, tempDirectory } from './temp-directory.ts';

test('a directory in use is refused with the id of its owner, and taken over when that was killed', async () => {
  const directory = await tempDirectory();
  const owner = startChild('hold', directory);
  expect(await nextLine(owner)).toBe('open');
  await expect(openStore(directory)).rejects.toMatchObject({
    code: 'STORE_BUSY',
    detail: expect.stringContaining(`process ${owner.pid ?? 0}.`) as unknown,
  });
  await killed(owner);
  const store = await openTestStore(directory);
  expect(await store.inventory.list()).toEqual([]);
});

test('of several that start at once on a directory that a killed one left, exactly one wins', async () => {
  const directory = await tempDirectory();
  const dead = startChild('hold', directory);
  await nextLine(dead);
  await killed(dead);
  const children = Array.from({ length: 4 }, () => startChild('hold', directory));
  const answers = await Promise.all(children.map(nextLine));
  expect(answers.toSorted()).toEqual(['STORE_BUSY', 'STORE_BUSY', 'STORE_BUSY', 'open']);
});

test('a closed store gives its directory free', async () => {
  const directory = await tempDirectory();
  const first = await openTestStore(directory);
  await expect(openStore(directory)).rejects.toMatchObject({ code: 'STORE_BUSY' });
  await first.close();
  await openTestStore(directory);
});
