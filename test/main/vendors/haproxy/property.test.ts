import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src-main/contract/errors.ts';
import {
  type Algorithm,
  type DeviceModel,
  deviceModelSchema,
  type Member,
} from '../../../../src-main/contract/model.ts';
import type { Change } from '../../../../src-main/contract/plan.ts';
import { effectiveModel, parseHaproxy } from '../../../../src-main/vendors/haproxy/parse.ts';
import type { SourceFile } from '../../../../src-main/vendors/vendor.ts';
import { algorithmChange, cfg, edited, expectSameBytes, memberChange, withoutLines } from './changes.ts';
import { configuration } from './configurations.ts';

/** How many configurations are made up; a soak asks for more, and for more time. */
const soak = Number(process.env['STEELYARD_SOAK'] ?? 1);
const runs = 100 * soak;

const algorithm: fc.Arbitrary<Algorithm> = fc.oneof(
  fc.constantFrom<Algorithm>(
    'round-robin',
    'least-connections',
    'first-available',
    'random-two-choices',
    'source-ip-hash',
  ),
  fc.record(
    {
      name: fc.constantFrom('uri-hash' as const, 'source-ip-hash' as const, 'host-hash' as const),
      hash: fc.constantFrom('ring' as const, 'modulo' as const),
    },
    { requiredKeys: ['name'] },
  ),
  fc.record({
    name: fc.constant('header-hash' as const),
    key: fc.constantFrom('X-User', 'x y'),
    hash: fc.constant('ring' as const),
    hashFunction: fc.constantFrom('sdbm', 'djb2', 'wt6'),
    avalanche: fc.constant(true),
    boundedLoad: fc.constantFrom(1.25, 2),
  }),
);

const memberWish: fc.Arbitrary<readonly [keyof Member, unknown]> = fc.oneof(
  fc.tuple(fc.constant('weight' as const), fc.nat({ max: 256 })),
  fc.tuple(fc.constant('adminState' as const), fc.constantFrom('enabled', 'draining', 'disabled')),
  fc.tuple(fc.constant('maxConnections' as const), fc.nat({ max: 9999 })),
  fc.tuple(fc.constant('priority' as const), fc.constantFrom(0, -1)),
  fc.tuple(fc.constant('cookieValue' as const), fc.constantFrom('c1', 'a b', `it's`, 'x#y', 'é')),
);

/** A change of one thing that the model holds, chosen by numbers so that it can be drawn before the model is known. */
const wish = fc.record({ pool: fc.nat(), member: fc.nat(), memberWish, algorithm, isOfPool: fc.boolean() });
type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

function changeFor(
  model: DeviceModel,
  { pool: poolAt, member: memberAt, memberWish: [key, desired], ...rest }: Wish,
): Change | undefined {
  const pool = model.pools[poolAt % Math.max(model.pools.length, 1)];
  if (!pool) return undefined;
  if (rest.isOfPool) return algorithmChange(pool.name, pool.algorithm, rest.algorithm);
  const member = pool.members[memberAt % Math.max(pool.members.length, 1)];
  return member && memberChange(pool.name, member.name, key, member[key], desired);
}

/** The model with the change in it; where an algorithm changed, its `native` is the driver's to choose. */
function expected(model: DeviceModel, change: Change): unknown {
  const [poolName, memberName] = change.subject.path;
  return withoutLines({
    ...model,
    pools: model.pools.map((pool) => {
      if (pool.name !== poolName) return pool;
      if (memberName === undefined) return { ...pool, algorithm: asSettings(change.desired) };
      const members = pool.members.map((member) =>
        member.name === memberName ? { ...member, [String(change.key)]: change.desired } : member,
      );
      return { ...pool, members };
    }) as DeviceModel['pools'],
  });
}

function asSettings(algorithmWish: unknown): unknown {
  return typeof algorithmWish === 'string' ? { name: algorithmWish } : algorithmWish;
}

function read(files: readonly SourceFile[], change: Change): unknown {
  const model = parseHaproxy(files);
  const [poolName] = change.subject.path;
  if (change.subject.kind === 'member') return withoutLines(model);
  const pools = model.pools.map((pool) => {
    if (pool.name !== poolName || typeof pool.algorithm !== 'object') return pool;
    return { ...pool, algorithm: { ...pool.algorithm, native: undefined } };
  });
  return withoutLines({ ...model, pools });
}

/** The files after a change, or undefined where it is refused for a reason that the configuration gives. */
function tryEdit(files: readonly SourceFile[], change: Change): readonly SourceFile[] | undefined {
  try {
    return edited(files, [change]);
  } catch (error) {
    if (error instanceof AppError && /environment variable|server-template|cannot be changed/.test(error.detail))
      return undefined;
    throw error;
  }
}

describe('any configuration', { timeout: 60_000 * soak }, () => {
  it('is read into a model by the schema, and kept byte for byte when nothing changes', () => {
    fc.assert(
      fc.property(configuration, (text) => {
        deviceModelSchema.parse(parseHaproxy(cfg(text)));
        deviceModelSchema.parse(effectiveModel(cfg(text), { version: '3.2.0', environment: {} }));
        const base = cfg(text);
        expect(edited(base, [])[0]).toBe(base[0]);
      }),
      { numRuns: runs },
    );
  });

  it('takes a change, reads back with that change alone, and gives it back byte for byte', () => {
    fc.assert(
      fc.property(configuration, wish, (text, chosen) => {
        const base = cfg(text);
        const model = parseHaproxy(base);
        const change = changeFor(model, chosen);
        const changed = change && tryEdit(base, change);
        if (!change || !changed) return;
        expect(read(changed, change)).toEqual(expected(model, change));
        expectSameBytes(edited(changed, [{ ...change, prior: change.desired, desired: change.prior }]), base);
      }),
      { numRuns: runs * 4 },
    );
  });

  it('takes several changes and gives them back in turn, byte for byte', () => {
    fc.assert(
      fc.property(configuration, fc.array(wish, { minLength: 2, maxLength: 5 }), (text, wishes) => {
        let files = cfg(text);
        const undo: { readonly change: Change; readonly before: readonly SourceFile[] }[] = [];
        for (const chosen of wishes) {
          const change = changeFor(parseHaproxy(files), chosen);
          const changed = change && tryEdit(files, change);
          if (!change || !changed) continue;
          undo.push({ change, before: files });
          files = changed;
        }
        for (const { change, before } of undo.reverse()) {
          files = edited(files, [{ ...change, prior: change.desired, desired: change.prior }]);
          expectSameBytes(files, before);
        }
      }),
      { numRuns: runs },
    );
  });
});

describe('any bytes', { timeout: 60_000 * soak }, () => {
  it('are read, and never throw', () => {
    const soup = fc.array(
      fc.constantFrom(
        'backend ',
        'server ',
        'defaults',
        ' from ',
        '\n',
        '\r\n',
        '"',
        "'",
        '\\',
        '${',
        '}',
        '#',
        ' ',
        '.if ',
        '.else',
        '.endif',
        'balance ',
        'weight ',
        'x',
        '\0',
        '\u00ff',
        'bind ',
        ':80',
        'acl ',
        '{',
        'use_backend ',
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(soup, (parts) => {
        deviceModelSchema.parse(parseHaproxy(cfg(parts.join(''))));
        deviceModelSchema.parse(effectiveModel(cfg(parts.join('')), { version: '3.3.0', environment: {} }));
      }),
      { numRuns: runs * 4 },
    );
  });
});
