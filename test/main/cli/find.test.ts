import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FindAnswer } from '../../../src-main/contract/find.ts';
import { openSecrets, runCommandLine } from '../../rigs/command-line.ts';
import { openSmallConsole } from '../../rigs/small-console.ts';

const answer: FindAnswer = {
  found: [
    {
      kind: 'member',
      device: 'lb1',
      pool: 'app',
      name: 'web\t1',
      rank: 'exact',
      matched: { field: 'address', text: '10.0.0.1:80' },
      standing: 'offline',
      place: { screen: 'pool', device: 'lb1', pool: 'app' },
    },
  ],
  total: 3,
  objects: 9,
  behind: [
    { device: 'lb1', standing: 'offline', asOf: '2026-01-01T00:00:00.000Z', why: 'It timed out.' },
    { device: 'lb2', standing: 'unread', why: 'It was never read.' },
  ],
};

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'steelyard-find-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

function run(words: readonly string[], given: FindAnswer) {
  const asked: unknown[] = [];
  const console = openSmallConsole({
    ...openSecrets,
    'find.objects': (input) => {
      asked.push(input);
      return Promise.resolve(given);
    },
  });
  const result = runCommandLine(['find', ...words, '--data', dataDir], {
    openConsole: () => Promise.resolve(console),
  });
  return result.then((ended) => ({ ...ended, asked }));
}

test('find writes a line for each object, and says what was not searched as it is now', async () => {
  const { status, stdout, stderr, asked } = await run(['10.0.0.1', 'app', '--limit', '1'], answer);
  expect([status, asked]).toEqual([0, [{ query: '10.0.0.1 app', limit: 1 }]]);
  expect(stdout).toBe('exact\tmember\tlb1\tapp/web 1\taddress\t10.0.0.1:80\toffline\n');
  expect(stderr).toContain(
    '"lb1" was searched as it was at 2026-01-01T00:00:00.000Z: it does not answer. It timed out.',
  );
  expect(stderr).toContain('"lb2" was searched by name and address alone.');
  expect(stderr).toContain('3 fit, the best 1 are listed');
});

test('find --json writes the answer as one document; where nothing fits the status is 1', async () => {
  const none = { found: [], total: 0, objects: 9, behind: [] };
  const { status, stdout, stderr } = await run(['nothing', '--json'], none);
  expect([status, JSON.parse(stdout), stderr]).toEqual([1, none, '']);
  expect((await run([], none)).status).toBe(2);
});
