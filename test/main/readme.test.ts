import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorRules } from '../../src-main/contract/errors.ts';

test('the README lists exactly the error codes that there are, as they are', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const rows = readme.split('\n').filter((line) => /^\| `[A-Z_]+` +\|/.test(line));
  const listed = rows.map((row) =>
    row
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''))
      .slice(1, 5),
  );
  const known = Object.entries(errorRules).map(([code, { family, title, retryable }]) => {
    return [code, family, title, retryable ? 'yes' : 'no'];
  });
  expect(listed).toEqual(known);
});
