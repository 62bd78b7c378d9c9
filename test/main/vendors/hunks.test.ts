import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedHunks } from '../../../src-main/vendors/hunks.ts';

const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);

test('a changed line stands between three lines of context', () => {
  const after = lines.map((line) => (line === 'line 10' ? 'new' : line));
  expect(unifiedHunks('f', lines.join('\n'), after.join('\n'))).toEqual([
    {
      file: 'f',
      text: '@@ -8,7 +8,7 @@\n line 7\n line 8\n line 9\n-line 10\n+new\n line 11\n line 12\n line 13',
    },
  ]);
});

test('changes far apart are hunks of their own, equal texts have none', () => {
  const after = lines.filter((line) => line !== 'line 1' && line !== 'line 15');
  expect(unifiedHunks('f', lines.join('\n'), after.join('\n')).map((hunk) => hunk.text.split('\n', 1)[0])).toEqual([
    '@@ -1,5 +1,4 @@',
    '@@ -13,7 +12,6 @@',
  ]);
  expect(unifiedHunks('f', 'a', 'a')).toEqual([]);
});

/** What patch(1) does: checks the old lines at their place, puts the new ones there. */
function patched(before: string, hunks: readonly { text: string }[]): string {
  const old = before.split('\n');
  const now: string[] = [];
  let at = 0;
  for (const { text } of hunks) {
    const [head = '', ...part] = text.split('\n');
    const from = Number(/^@@ -(\d+),/.exec(head)?.[1]) - 1;
    now.push(...old.slice(at, from));
    const gone = part.filter((line) => !line.startsWith('+')).map((line) => line.slice(1));
    expect(old.slice(from, from + gone.length)).toEqual(gone);
    now.push(...part.filter((line) => !line.startsWith('-')).map((line) => line.slice(1)));
    at = from + gone.length;
  }
  return [...now, ...old.slice(at)].join('\n');
}

test('the hunks of any two texts make the second of the first', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 }).map((all) => all.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(patched(before, unifiedHunks('f', before, after))).toBe(after);
    }),
  );
});
