import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** Tests, long runs and benchmarks that start a HAProxy, and the rigs that do it for them. */
function filesWithHaproxy(): readonly string[] {
  const files = globSync('test/{live,e2e,soak,bench,rigs}/**/*.ts', { cwd: root });
  return files.filter((file) => /\bstartHaproxy\(|\bopenHaproxyDevice\(|\bstartSite\(/.test(textOf(file))).toSorted();
}
function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

test('whatever is sent to a HAProxy in a test is sent under an account of the docs, or a guest, never as root', () => {
  const files = filesWithHaproxy();
  expect(files).toContain('test/live/haproxy-push.test.ts');
  const openToRoot = files.flatMap((file) =>
    [...textOf(file).matchAll(/\bstartSshd\(([^;]*)\)/g)]
      .filter(([, options = '']) => !/\baccounts\b|\buser: true\b/.test(options))
      .map(([call]) => `${file}: ${call}`),
  );
  expect(openToRoot).toEqual([]);
});
