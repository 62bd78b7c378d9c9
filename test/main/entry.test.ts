import { expect, test } from 'vitest';
import { entryBeside } from '../../src-main/entry.ts';

test('an entry is the source beside a source, and the bundled file beside a bundled module', () => {
  expect(entryBeside('file:///s/src-main/store/open.ts', 'history').href).toBe(
    'file:///s/src-main/store/history.entry.ts',
  );
  expect(entryBeside('file:///s/out/main/store/open.js', 'history').href).toBe(
    'file:///s/out/main/store/history.entry.js',
  );
  expect(entryBeside('file:///s/resources/app.asar/out/main/store/open.js', 'history').href).toBe(
    'file:///s/resources/app.asar.unpacked/out/main/store/history.entry.js',
  );
});
