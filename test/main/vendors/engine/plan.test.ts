import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../../src-main/contract/address.ts';
import { desiredSchema } from '../../../../src-main/contract/model.ts';
import type { Edit } from '../../../../src-main/contract/plan.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import { findDifferences, fingerprintText } from '../../../../src-main/vendors/engine/compare.ts';
import { parseFiles } from '../../../../src-main/vendors/engine/parse.ts';
import { configText, draftPlan, planEdit } from '../../../../src-main/vendors/engine/plan.ts';
import type { PlanDraft } from '../../../../src-main/vendors/vendor.ts';

const address = parseAddress("engine+unix:/run/it's/admin.sock");
const before = {
  version: 1,
  virtualServers: [{ name: 'web', listen: ['127.0.0.1:8080'], pool: 'app' }],
  pools: [
    {
      name: 'app',
      members: [
        { name: 'a', address: '127.0.0.1', port: 9001, weight: 2 },
        { address: '::1', port: 9002 },
      ],
    },
  ],
};

function edit(desired: unknown): Edit {
  const model = parseFiles([{ path: 'x', bytes: Buffer.from(configText(before)) }]);
  return diffModel(model, desiredSchema.parse(desired), 'merge');
}
function draft(desired: unknown): PlanDraft {
  return draftPlan(address, planEdit(address, before, edit(desired)), sha256);
}
function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
function sent(plan: PlanDraft, list: 'steps' | 'revert'): (readonly [string, string, unknown])[] {
  return plan[list]
    .filter((step) => !step.isHarmless)
    .flatMap((step) => step.commands)
    .flatMap((one) => (one.kind === 'http' ? [[one.method, one.path, JSON.parse(one.body ?? 'null')] as const] : []));
}

describe("the engine's plan", () => {
  test('what one member is told is one PATCH, and its inverse says what was, written or not', () => {
    const plan = draft({
      pools: [{ name: 'app', members: [{ name: '[::1]:9002', weight: 3, adminState: 'draining' }] }],
    });
    const path = '/v1/pools/app/members/%5B%3A%3A1%5D%3A9002';
    expect(sent(plan, 'steps')).toEqual([['PATCH', path, { weight: 3, adminState: 'draining' }]]);
    expect(sent(plan, 'revert')).toEqual([['PATCH', path, { weight: 1, adminState: 'enabled' }]]);
    expect(plan.cost).toBe('runtime');
    expect(plan.hunks[0]?.text).toContain('+          "weight": 3');
  });

  test('a new member is one POST, taken back by the whole old configuration', () => {
    const member = { name: 'n', address: '127.0.0.1', port: 9003 };
    const plan = draft({ pools: [{ name: 'app', members: [member] }] });
    expect(sent(plan, 'steps')).toEqual([['POST', '/v1/pools/app/members', member]]);
    expect(sent(plan, 'revert')).toEqual([['PUT', '/v1/config', before]]);
  });

  test('how clients are held is one PUT, without the words of another device', () => {
    const persistence = { method: 'cookie-insert', cookieName: 'S', native: 'cookie S insert', name: 'cookie' };
    const [[method, path, body] = []] = sent(draft({ pools: [{ name: 'app', persistence }] }), 'steps');
    expect([method, path]).toEqual(['PUT', '/v1/config']);
    expect(body).toEqual({
      ...before,
      pools: [{ ...before.pools[0], persistence: { method: 'cookie-insert', cookieName: 'S' } }],
    });
    const other = { pools: [{ name: 'app', persistence: { method: 'rdp' } }] };
    expect(() => draft(other)).toThrow('The engine cannot hold clients by "rdp". It has cookie-insert,');
  });

  test('everything else, and several things at once, is one PUT: never half of a change', () => {
    const several = {
      pools: [
        {
          name: 'app',
          members: [
            { name: 'a', weight: 5 },
            { name: '[::1]:9002', weight: 5 },
          ],
        },
      ],
    };
    for (const desired of [
      several,
      { pools: [{ name: 'app', algorithm: 'least-connections' }] },
      { pools: [{ name: 'app', members: [{ name: 'a', absent: true }] }] },
    ]) {
      const plan = draft(desired);
      expect(sent(plan, 'steps')).toHaveLength(1);
      expect(sent(plan, 'steps')[0]).toMatchObject(['PUT', '/v1/config', {}]);
      expect(sent(plan, 'revert')).toEqual([['PUT', '/v1/config', before]]);
      expect(plan.basedOn).not.toBe(plan.resultsIn);
    }
  });

  test('a wish that holds already sends nothing', () => {
    const plan = draft({ pools: [{ name: 'app', members: [{ name: 'a', weight: 2 }] }] });
    expect(plan).toMatchObject({ cost: 'none', steps: [], revert: [], hunks: [] });
  });

  test('a token never stands in what is shown', () => {
    const http = parseAddress('engine+http://127.0.0.1:9900');
    const plan = draftPlan(
      http,
      planEdit(http, before, edit({ pools: [{ name: 'app', algorithm: 'random' }] })),
      sha256,
    );
    for (const command of [...plan.steps, ...plan.revert].flatMap((step) => step.commands)) {
      expect(command.shown).toContain('Bearer $STEELYARD_TOKEN');
    }
  });
});

test('a fingerprint is the same whether a default is written or not, and in whatever order', () => {
  const written = {
    pools: [{ members: [{ name: 'a', weight: 1, adminState: 'enabled', maxConnections: 0, port: 1 }], name: 'p' }],
  };
  expect(fingerprintText(written)).toBe(fingerprintText({ pools: [{ name: 'p', members: [{ port: 1, name: 'a' }] }] }));
  expect(fingerprintText(written)).not.toBe(
    fingerprintText({ pools: [{ name: 'p', members: [{ port: 1, name: 'a', weight: 2 }] }] }),
  );
});

test('differences are told by name', () => {
  const found = structuredClone(before) as { pools: { members: { weight?: number }[] }[]; seed?: number };
  const member = found.pools[0]?.members[0];
  if (member) member.weight = 7;
  found.seed = 3;
  expect(findDifferences(before, found)).toEqual([
    'pools/app/members/a/weight is 7 instead of 2',
    'seed is 3 instead of not there',
  ]);
  expect(findDifferences(before, before)).toEqual([]);
});
