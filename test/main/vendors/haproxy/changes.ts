import { expect } from 'vitest';
import type { Algorithm, DeviceModel, Member } from '../../../../src-main/contract/model.ts';
import type { Change } from '../../../../src-main/contract/plan.ts';
import { editHaproxy, type EditOptions } from '../../../../src-main/vendors/haproxy/edit.ts';
import { parseHaproxy } from '../../../../src-main/vendors/haproxy/parse.ts';
import type { SourceFile } from '../../../../src-main/vendors/vendor.ts';

/** One file from text of one character per byte. */
export function cfg(text: string, path = 'haproxy.cfg'): readonly SourceFile[] {
  return [{ path, bytes: Buffer.from(text, 'latin1') }];
}

export function textOf(files: readonly SourceFile[]): string {
  return files.map((file) => file.bytes.toString('latin1')).join('');
}

export function memberChange(pool: string, name: string, key: keyof Member, prior: unknown, desired: unknown): Change {
  return { action: 'update', subject: { kind: 'member', path: [pool, name] }, key, prior, desired };
}

export function algorithmChange(pool: string, prior: Algorithm | undefined, desired: Algorithm | undefined): Change {
  return { action: 'update', subject: { kind: 'pool', path: [pool] }, key: 'algorithm', prior, desired };
}

/** The files with the changes written in; `target` is not looked at by the driver's edit. */
export function edited(
  files: readonly SourceFile[],
  changes: readonly Change[],
  options?: EditOptions,
): readonly SourceFile[] {
  return editHaproxy(files, { changes, target: parseHaproxy(files) }, options);
}

/** The model without line numbers, which move when a line comes or goes. */
export function withoutLines(model: DeviceModel): unknown {
  const unmodelled = model.unmodelled.map(({ file, text, why }) => ({ file, text, why }));
  return { ...model, unmodelled };
}

/** What one text has in place of what in the other, their common start and end taken away. */
export function difference(before: string, after: string): { readonly gone: string; readonly come: string } {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return { gone: before.slice(start, before.length - end), come: after.slice(start, after.length - end) };
}

/** Asserts that two lists of files are the same, name for name and byte for byte. */
export function expectSameBytes(actual: readonly SourceFile[], wanted: readonly SourceFile[]): void {
  expect(actual.map((file) => file.path)).toEqual(wanted.map((file) => file.path));
  for (const [index, file] of actual.entries()) {
    const other = wanted[index]?.bytes ?? Buffer.alloc(0);
    if (!file.bytes.equals(other)) expect(file.bytes.toString('latin1')).toBe(other.toString('latin1'));
  }
}
