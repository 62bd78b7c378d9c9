import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printfFormat, quote } from '../../../../src-main/vendors/haproxy/driver-shell.ts';
import { spliceCommands, spliceParts } from '../../../../src-main/vendors/haproxy/plan-splice.ts';

/** Lines that repeat, so that much is common. */
const text = fc
  .array(fc.constantFrom('server a\n', 'server b\n', '\n', '  # x\n', '\u00e9\n', 'no end'), { maxLength: 30 })
  .map((lines) => Buffer.from(lines.join(''), 'latin1'));

function build(before: Buffer, after: Buffer): Buffer {
  const parts = spliceParts(before, after);
  return Buffer.concat(parts.map((part) => (part.kind === 'text' ? part.bytes : before.subarray(part.from, part.to))));
}

describe('spliceParts', () => {
  it('makes the new bytes of the old ones, whatever differs', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(build(before, after).equals(after)).toBe(true);
      }),
    );
  });

  it('sends the changed line alone', () => {
    const before = Buffer.from('a\nb\nc\nd\n');
    const parts = spliceParts(before, Buffer.from('a\nB\nc\nd\n'));
    expect(parts).toEqual([
      { kind: 'copy', from: 0, to: 2 },
      { kind: 'text', bytes: Buffer.from('B\n') },
      { kind: 'copy', from: 4, to: 8 },
    ]);
  });

  it('cuts a long text into commands that a shell takes', () => {
    const after = Buffer.alloc(300_000, "'");
    const commands = spliceCommands('/live', '/new', 0, spliceParts(Buffer.alloc(0), after));
    expect(commands.length).toBeGreaterThan(1);
    expect(Math.max(...commands.map((command) => command.length))).toBeLessThan(131_072);
    expect(commands.map((command) => /\}( >+) \/new$/.exec(command)?.[1])).toEqual([
      ' >',
      ...commands.slice(1).map(() => ' >>'),
    ]);
  });
});

describe('quote and printfFormat', () => {
  it('leaves plain words plain and lets nothing else have a meaning', () => {
    expect(quote('/etc/haproxy/haproxy.cfg')).toBe('/etc/haproxy/haproxy.cfg');
    expect(quote('')).toBe("''");
    expect(quote("it's $(x) `y`")).toBe(String.raw`'it'\''s $(x) ${'`'}y${'`'}'`);
    expect(() => quote('a\0b')).toThrow(RangeError);
  });

  it('writes every byte that could mean something as octal', () => {
    expect(printfFormat(Buffer.from("-a\t%d \\ 'q'\n\u00e9\0", 'latin1'))).toBe(
      String.raw`'\055a\t%%d \\ \047q\047\n\351\000'`,
    );
  });
});
