import { describe, it } from 'vitest';
import { deviceModelSchema } from '../../../../src-main/contract/model.ts';
import { globalFacts } from '../../../../src-main/vendors/haproxy/cfg/facts.ts';
import { effectiveModel, parseHaproxy } from '../../../../src-main/vendors/haproxy/parse.ts';
import type { SourceFile } from '../../../../src-main/vendors/vendor.ts';

function file(bytes: Buffer): readonly SourceFile[] {
  return [{ path: 'haproxy.cfg', bytes }];
}

/** Reads every way and holds the answers against the schema. */
function readAll(bytes: Buffer): void {
  deviceModelSchema.parse(parseHaproxy(file(bytes)));
  deviceModelSchema.parse(effectiveModel(file(bytes), { version: '3.3.0', environment: {} }));
  globalFacts(file(bytes));
}

/** Bytes that look random and are the same in every run. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

function manyDefaults(count: number): Buffer {
  const names = Array.from(
    { length: count },
    (_, index) => `defaults d${index + 1} from d${index}\nbackend b${index}\n`,
  );
  return Buffer.from(names.join(''));
}

function turns(count: number): string {
  return Array.from({ length: count }, (_, index) => ` default-server w${index}\n server s${index} h:1\n`).join('');
}

const tenMegabytes = 10_000_000;
const manyBytes = 50_000;

describe('hostile text', { timeout: 60_000 }, () => {
  it.each([
    ['one word of 10 MB', Buffer.alloc(tenMegabytes, 'a')],
    ['5 million words in one line', Buffer.alloc(tenMegabytes, 'a ')],
    ['a backend name of 10 MB', Buffer.concat([Buffer.from('backend '), Buffer.alloc(tenMegabytes, 'b')])],
    [
      'a server line of 10 MB',
      Buffer.concat([Buffer.from('backend a\n server s '), Buffer.alloc(tenMegabytes, 'weight ')]),
    ],
    ['quotes', Buffer.alloc(manyBytes, '"')],
    ['backslashes', Buffer.alloc(manyBytes, '\\')],
    ['dollars in quotes', Buffer.concat([Buffer.from('"'), Buffer.alloc(manyBytes, '${')])],
    ['10 MB of NULs', Buffer.alloc(tenMegabytes)],
    ['line feeds', Buffer.alloc(manyBytes, '\n')],
    ['nested .if', Buffer.alloc(manyBytes, '.if 0\n.if A\n')],
    ['many .elif', Buffer.concat([Buffer.from('.if A\n'), Buffer.alloc(manyBytes, '.elif A\n')])],
    ['a condition of open brackets', Buffer.concat([Buffer.from('.if '), Buffer.alloc(4_000, '(')])],
    [
      'a server template of a billion members',
      Buffer.from('backend a\n server-template s 1-999999999 h:1\n'.repeat(99)),
    ],
    ['statements without a section', Buffer.alloc(manyBytes, 'a\n')],
    ['many defaults, each from the one before', manyDefaults(1_000)],
    ['default-server and server by turns', Buffer.from(`backend a\n${turns(600)}`)],
    ['words that would be secrets', Buffer.alloc(1_000_000, 'backend a\n setenv passpasspasspass.password ')],
  ])('is read within bounds: %s', (_name, bytes) => {
    readAll(bytes);
  });

  it('is read within bounds: noise', () => {
    for (let seed = 1; seed <= 20; seed += 1) readAll(noise(4_096, seed));
    readAll(noise(200_000, 7));
  });
});
