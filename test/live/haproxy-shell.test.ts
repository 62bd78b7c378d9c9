import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentFrom } from '../../src-main/vendors/haproxy/discover-environment.ts';
import { printfFormat, quote } from '../../src-main/vendors/haproxy/driver-shell.ts';
import { spliceCommands, spliceParts } from '../../src-main/vendors/haproxy/plan-splice.ts';

/** Texts over all bytes, rich in those that shells, printf and terminals give a meaning to. */
const bytes = fc
  .array(fc.oneof(fc.constantFrom(...Buffer.from('\\\'"`$%!\n\r\t -#;&|<>()*?[]{}~=\0')), fc.nat(255)), {
    maxLength: 60,
  })
  .map((list) => Buffer.from(list));

describe.each(['dash', 'bash'])('shell text in %s', (shell) => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'steelyard-shell-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  test('printf gives back exactly the bytes', () => {
    const texts = fc.sample(bytes, { numRuns: 500, seed: 7 });
    const script = texts.map((text) => `printf ${printfFormat(text)}`).join('\n');
    expect(execFileSync(shell, ['-c', script]).equals(Buffer.concat(texts))).toBe(true);
  });

  test('a quoted word is one word, and itself', () => {
    const words = fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), { numRuns: 500, seed: 7 });
    const whole = words.filter((word) => !word.includes('\0') && word.isWellFormed());
    const script = `for w in ${whole.map(quote).join(' ')}; do printf '%s\\0' "$w"; done`;
    expect(execFileSync(shell, ['-c', script]).toString().split('\0').slice(0, -1)).toEqual(whole);
  });

  test('a splice makes the new file of the live one', () => {
    const pairs = fc.sample(fc.tuple(bytes, bytes, bytes), { numRuns: 40, seed: 7 });
    for (const [index, [head, middle, tail]] of pairs.entries()) {
      const [before, after] = [Buffer.concat([head, tail]), Buffer.concat([head, middle, tail])];
      const live = join(directory, `it's ${index}`);
      writeFileSync(live, before);
      const script = spliceCommands(live, `${live}.new`, before.length, spliceParts(before, after)).join('\n');
      execFileSync(shell, ['-c', script]);
      expect(readFileSync(`${live}.new`).equals(after), script).toBe(true);
    }
  });

  test('variables are taken over from a process with every byte of their values', () => {
    const values = { SY_A: 'it\'s "a" $HOME \\ `x`\nsecond line\n  third', SY_EMPTY: '', SY_B: 'plain' };
    const names = [...Object.keys(values), 'SY_ABSENT'];
    const script = `${environmentFrom('$PPID', names)}\nprintf '%s|%s|%s|%s' "$SY_A" "$SY_EMPTY" "$SY_B" "\${SY_ABSENT-none}"`;
    // The outer shell has the variables; the inner one, started without them, takes them from its parent.
    const outer = `env -i PATH="$PATH" ${shell} -c "$SCRIPT"; :`;
    const answer = execFileSync(shell, ['-c', outer], {
      env: { ...process.env, ...values, SCRIPT: script },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(answer.toString()).toBe(`${values.SY_A}||plain|none`);
  });
});
