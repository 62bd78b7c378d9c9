import { describe, expect, it } from 'vitest';
import type { Algorithm, DeviceModel, Member } from '../../../../src-main/contract/model.ts';
import { deviceModelSchema } from '../../../../src-main/contract/model.ts';
import type { Change } from '../../../../src-main/contract/plan.ts';
import { effectiveModel, parseHaproxy } from '../../../../src-main/vendors/haproxy/parse.ts';
import type { SourceFile } from '../../../../src-main/vendors/vendor.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';
import { algorithmChange, difference, edited, expectSameBytes, memberChange, textOf, withoutLines } from './changes.ts';

const files = recordings('config/haproxy', '.cfg');

/** Changes the files, holds the model against `wanted`, changes back and holds the bytes. Answers the changed text. */
function thereAndBack(base: readonly SourceFile[], there: Change, wanted: DeviceModel): string {
  const changed = edited(base, [there]);
  expect(withoutLines(parseHaproxy(changed))).toEqual(withoutLines(wanted));
  const back = { ...there, prior: there.desired, desired: there.prior };
  expectSameBytes(edited(changed, [back]), base);
  return textOf(changed);
}

function withMember(model: DeviceModel, pool: string, name: string, fields: Partial<Member>): DeviceModel {
  const pools = model.pools.map((each) =>
    each.name === pool
      ? { ...each, members: each.members.map((member) => (member.name === name ? { ...member, ...fields } : member)) }
      : each,
  );
  return { ...model, pools };
}

function membersOf(model: DeviceModel): readonly { readonly pool: string; readonly member: Member }[] {
  return model.pools.flatMap((pool) =>
    pool.members
      .filter((member) => member.native?.['server-template'] === undefined)
      .map((member) => ({ pool: pool.name, member })),
  );
}

/** A model's pools with one algorithm changed, and without `native`: the words of the new one are the driver's to choose. */
function algorithms(model: DeviceModel, changed?: { readonly pool: string; readonly algorithm: Algorithm }): unknown {
  return model.pools.map(({ name, algorithm, ...rest }) => {
    const is = changed?.pool === name ? changed.algorithm : algorithm;
    return { name, algorithm: typeof is === 'object' ? { ...is, native: undefined } : is, rest };
  });
}

describe.skipIf(lacksRecordings)('every recorded haproxy.cfg', () => {
  it('is there to be read', () => {
    expect(files.length).toBeGreaterThan(70);
    expect(files.flatMap((file) => membersOf(parseHaproxy([file]))).length).toBeGreaterThan(120);
  });

  describe.each(files.map((file) => [file.path, file] as const))('%s', (_path, file) => {
    const base = [file];
    const model = parseHaproxy(base);

    it('is a model by the schema, written and in effect', () => {
      deviceModelSchema.parse(model);
      deviceModelSchema.parse(effectiveModel(base, { version: '2.6.12' }));
    });

    it('lists every server line of a pool as a member', () => {
      const lines = file.bytes
        .toString('latin1')
        .split('\n')
        .filter((line) => /^\s*server\s/.test(line)).length;
      const inOthers = model.unmodelled.reduce((sum, { text }) => sum + (text.match(/^\s*server\s/gm)?.length ?? 0), 0);
      expect(membersOf(model).length + inOthers).toBe(lines);
    });

    it('is byte for byte the same when nothing changes', () => {
      expect(edited(base, [])[0]).toBe(file);
    });

    it('takes a weight for every server line and gives it back', () => {
      for (const { pool, member } of membersOf(model)) {
        const weight = member.weight === 7 ? 8 : 7;
        const there = memberChange(pool, member.name, 'weight', member.weight, weight);
        const text = thereAndBack(base, there, withMember(model, pool, member.name, { weight }));
        const { gone, come } = difference(textOf(base), text);
        expect(gone + come).toMatch(member.weight === undefined ? /^(?: weight 7|weight 7 )$/ : /^\d{1,4}$/);
      }
    });

    it.each(['enabled', 'disabled', 'draining'] as const)(
      'takes %s for every server line and gives it back',
      (adminState) => {
        for (const { pool, member } of membersOf(model)) {
          const there = memberChange(pool, member.name, 'adminState', member.adminState, adminState);
          thereAndBack(base, there, withMember(model, pool, member.name, { adminState }));
        }
      },
    );

    it.each<[string, Algorithm]>([
      ['least-connections', 'least-connections'],
      ['random', { name: 'random' }],
      [
        'a bounded ring of URIs',
        { name: 'uri-hash', depth: 3, hash: 'ring', hashFunction: 'wt6', avalanche: true, boundedLoad: 1.5 },
      ],
      ['source hash', { name: 'source-ip-hash' }],
    ])('takes the algorithm %s for every pool and gives it back', (_name, algorithm) => {
      for (const pool of model.pools) {
        const wanted = typeof algorithm === 'string' ? { name: algorithm } : algorithm;
        const changed = edited(base, [algorithmChange(pool.name, pool.algorithm, algorithm)]);
        expect(algorithms(parseHaproxy(changed))).toEqual(algorithms(model, { pool: pool.name, algorithm: wanted }));
        expectSameBytes(edited(changed, [algorithmChange(pool.name, algorithm, pool.algorithm)]), base);
      }
    });
  });
});
