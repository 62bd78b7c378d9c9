import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Change } from '../../../../src-main/contract/plan.ts';
import { editFiles } from '../../../../src-main/vendors/engine/edit.ts';
import { parseFiles } from '../../../../src-main/vendors/engine/parse.ts';

interface Written {
  readonly name: string;
  readonly weight: number | undefined;
  readonly isFlow: boolean;
  readonly comment: string;
}

const member = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9 :#'"{},[\]-]{0,8}$/),
  weight: fc.option(fc.integer({ min: 0, max: 256 }), { nil: undefined }),
  isFlow: fc.boolean(),
  comment: fc.constantFrom('', '  # note', ' # - { name: no }'),
});
const file = fc.record({
  members: fc.uniqueArray(member, { selector: (one) => one.name, minLength: 1, maxLength: 5 }),
  indent: fc.integer({ min: 0, max: 4 }),
  isOneLine: fc.boolean(),
  lineBreak: fc.constantFrom('\n', '\r\n'),
  tail: fc.constantFrom('', '# the end', 'monitors: []\n'),
});

function render({
  members,
  indent,
  isOneLine,
  lineBreak,
  tail,
}: typeof file extends fc.Arbitrary<infer T> ? T : never): string {
  const pad = ' '.repeat(indent + 2);
  const list = isOneLine
    ? [`${' '.repeat(2)}members: [${members.map((one) => flow(one)).join(',  ')}]`]
    : ['  members:', ...members.flatMap((one) => lines(one).map((line) => pad + line))];
  return ['version: 1 # first', 'pools:', '- name: p', ...list, '', tail].join(lineBreak);
}
function flow({ name, weight }: Written): string {
  const rest = weight === undefined ? '' : `,weight: ${weight} `;
  return `{ name: ${JSON.stringify(name)},  address: h, port: 1${rest}}`;
}
function lines(one: Written): string[] {
  if (one.isFlow) return [`- ${flow(one)}${one.comment}`];
  const rest = one.weight === undefined ? [] : [`  weight:   ${one.weight}${one.comment}`];
  return [
    `-   name: ${JSON.stringify(one.name)}${one.comment}`,
    '    address: h',
    '    port: 1',
    ...rest.map((line) => `  ${line}`),
  ];
}

function change(action: Change['action'], path: string[], key?: string, prior?: unknown, desired?: unknown): Change {
  return { action, subject: { kind: 'member', path }, ...(key === undefined ? {} : { key }), prior, desired };
}
function edited(text: string, one: Change): string {
  const base = [{ path: 'f', bytes: Buffer.from(text) }];
  return editFiles(base, { changes: [one], target: parseFiles(base) })[0]?.bytes.toString() ?? '';
}
function weights(text: string): (readonly [string, number | undefined])[] {
  const { pools } = parseFiles([{ path: 'f', bytes: Buffer.from(text) }]);
  return (pools[0]?.members ?? []).map((one) => [one.name, one.weight] as const);
}

test('a weight changed in any member of any spelling and changed back gives the same bytes, and changes nothing else', () => {
  fc.assert(
    fc.property(file, fc.nat(), fc.integer({ min: 0, max: 256 }), (shape, pick, wanted) => {
      const text = render(shape);
      const one = shape.members[pick % shape.members.length];
      if (!one) throw new Error('no member');
      const there = edited(text, change('update', ['p', one.name], 'weight', one.weight, wanted));
      expect(weights(there)).toEqual(shape.members.map((each) => [each.name, each === one ? wanted : each.weight]));
      expect(edited(there, change('update', ['p', one.name], 'weight', wanted, one.weight))).toBe(text);
    }),
  );
});

test('a member added to any list and removed again gives the same bytes', () => {
  fc.assert(
    fc.property(file, (shape) => {
      const text = render(shape);
      const more = { name: '~new: {x}', address: '::1', port: 9, weight: 7 };
      const there = edited(text, change('create', ['p', more.name], undefined, undefined, more));
      expect(weights(there)).toEqual([...shape.members.map((each) => [each.name, each.weight]), [more.name, 7]]);
      expect(edited(there, change('delete', ['p', more.name]))).toBe(text);
    }),
  );
});

test('any member removed leaves the others as they were', () => {
  fc.assert(
    fc.property(file, fc.nat(), (shape, pick) => {
      const gone = shape.members[pick % shape.members.length];
      if (!gone) throw new Error('no member');
      const after = edited(render(shape), change('delete', ['p', gone.name]));
      expect(weights(after)).toEqual(
        shape.members.filter((each) => each !== gone).map((each) => [each.name, each.weight]),
      );
      expect(parse(after)).toEqual(parse(stringify(parse(after))));
    }),
  );
});
