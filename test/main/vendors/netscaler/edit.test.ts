import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Desired, DeviceModel } from '../../../../src-main/contract/model.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import { commandsOf, editNetscaler } from '../../../../src-main/vendors/netscaler/edit.ts';
import { parseNetscaler } from '../../../../src-main/vendors/netscaler/parse.ts';
import { draftPlan, fingerprintOf, standingOf } from '../../../../src-main/vendors/netscaler/plan.ts';
import { applyCommands } from '../../../../src-main/vendors/netscaler/write.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const fixture = readFileSync(join(import.meta.dirname, '../../../fixtures/netscaler/orchard/ns.conf'), 'utf8');
const orchard = `${fixture}add service svc_two apple2 SSL 8443 -svrTimeout 360\nbind lb vserver lb_api svc_two\n`;

function modelOf(text: string): DeviceModel {
  return parseNetscaler([{ path: 'ns.conf', bytes: Buffer.from(text) }]);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function plan(text: string, desired: Desired) {
  const edit = diffModel(modelOf(text), desired, 'merge');
  const sent = commandsOf(text, edit);
  return { edit, sent, commands: sent.map(({ command }) => command), ...draftPlan(text, sent, modelOf(text), sha256) };
}

function group(member: object): Desired {
  return { pools: [{ name: 'lb_web/sg_web', members: [{ name: 'apple1:8080', ...member }] }] };
}
function service(member: object): Desired {
  return { pools: [{ name: 'lb_api', members: [{ name: 'svc_api', ...member }] }] };
}

const edits: readonly (readonly [string, Desired, readonly unknown[]])[] = [
  ['a weight', group({ weight: 7 }), ['set serviceGroup sg_web apple1 8080 -weight 7']],
  ['a drain', group({ adminState: 'draining' }), ['disable serviceGroup sg_web apple1 8080 -graceFul YES']],
  ['a member taken out', group({ adminState: 'disabled' }), ['disable serviceGroup sg_web apple1 8080']],
  [
    'a member taken in again',
    { pools: [{ name: 'lb_web/sg_web', members: [{ name: 'apple2:8080', adminState: 'enabled' }] }] },
    ['enable serviceGroup sg_web apple2 8080'],
  ],
  [
    'a new member on a new server',
    group({ name: 'plum:8080', node: 'plum', address: '10.20.0.31', port: 8080, weight: 2, maxConnections: 500 }),
    ['add server plum 10.20.0.31', 'bind serviceGroup sg_web plum 8080 -weight 2'],
  ],
  [
    'a new member on a server that is there',
    group({ name: 'apple2:9090', address: '10.20.0.12', port: 9090, maxConnections: 500 }),
    ['bind serviceGroup sg_web apple2 9090'],
  ],
  ['a member gone', group({ absent: true }), ['unbind serviceGroup sg_web apple1 8080']],
  ['the weight of a service', service({ weight: 9 }), ['set lb vserver lb_api -weight 9 svc_api']],
  ['the limit of a service', service({ maxConnections: 40 }), ['set service svc_api -maxClient 40']],
  ['a service drained', service({ adminState: 'draining' }), ['disable service svc_api -graceFul YES']],
  [
    'a new service',
    service({ name: 'svc_new', address: '10.20.0.11', port: 9443 }),
    [
      expect.stringMatching(/^add service svc_new apple1 SSL 9443 .*-svrTimeout 360 /),
      'bind lb vserver lb_api svc_new',
    ],
  ],
  ['a service gone', service({ absent: true }), ['unbind lb vserver lb_api svc_api']],
  [
    'a method',
    { pools: [{ name: 'lb_sorry/sg_spare', algorithm: 'least-connections' }] },
    ['set lb vserver lb_sorry -lbMethod LEASTCONNECTION'],
  ],
  [
    'a method that hashes a header',
    { pools: [{ name: 'lb_sorry/sg_spare', algorithm: { name: 'header-hash', key: 'X-User' } }] },
    [
      'set lb vserver lb_sorry -lbMethod ROUNDROBIN',
      'set lb vserver lb_sorry -lbMethod TOKEN -rule "HTTP.REQ.HEADER(\\"X-User\\")"',
    ],
  ],
  [
    'persistence',
    {
      virtualServers: [
        { name: 'lb_api', persistence: { method: 'cookie-insert', cookieName: 'KEEP', timeoutMs: 600_000 } },
      ],
    },
    [
      'set lb vserver lb_api -persistenceType NONE',
      'set lb vserver lb_api -persistenceType COOKIEINSERT -timeout 10 -cookieName KEEP',
    ],
  ],
  [
    'a virtual server stopped',
    { virtualServers: [{ name: 'lb_api', adminState: 'disabled' }] },
    ['disable lb vserver lb_api'],
  ],
];

describe.each(edits)('%s', (_title, desired, commands) => {
  test('is these commands, and the appliance that took them reads as was wished', () => {
    const { commands: sent, after, edit } = plan(orchard, desired);
    expect(sent).toEqual(commands);
    const [read, wished] = [modelOf(after), edit.target];
    expect(diffModel(plainModel(read), plainModel(wished) as Desired, 'named').changes).toEqual([]);
    expect(editNetscaler([{ path: 'ns.conf', bytes: Buffer.from(orchard) }], edit)[0]?.bytes.toString()).toBe(after);
  });

  test('is taken back by the inverse commands, from wherever it came to', () => {
    const { plan: draft, commands: sent, after } = plan(orchard, desired);
    const back = draft.revert.flatMap((step) =>
      step.commands.flatMap((command) => ('text' in command ? [command.text] : [])),
    );
    for (let count = 0; count <= sent.length; count += 1) {
      const partly = applyCommands(orchard, sent.slice(0, count));
      expect(fingerprintOf(applyCommands(partly, back), sha256)).toBe(draft.basedOn);
    }
    expect(fingerprintOf(after, sha256)).toBe(draft.resultsIn);
    expect(draft.resultsIn).not.toBe(draft.basedOn);
  });
});

/** A configuration tells no drain from a stop: both stand there as DISABLED. */
function plainModel(model: DeviceModel): DeviceModel {
  const text = JSON.stringify(model, (key, value: unknown) => {
    if (key === 'native' || key === 'nodes') return undefined;
    if (key === 'adminState') return value === 'enabled' ? undefined : 'disabled';
    if (key === 'node' || (key === 'weight' && value === 1)) return undefined;
    return value;
  });
  return JSON.parse(text) as DeviceModel; // the same model with fewer keys
}

test('what the appliance stands at is told: old, new, between, or changed by another hand', () => {
  const desired = group({ name: 'plum:8080', node: 'plum', address: '10.20.0.31', port: 8080 });
  const { plan: draft, commands, after } = plan(orchard, desired);
  const made = { ...draft } as unknown as Parameters<typeof standingOf>[0]; // only `driver` is looked at
  expect(standingOf(made, 'old', orchard, sha256)).toEqual({ file: 'old', differences: [] });
  expect(standingOf(made, 'new', after, sha256)).toEqual({ file: 'new', differences: [] });
  const between = applyCommands(orchard, commands.slice(0, 1));
  expect(standingOf(made, 'new', between, sha256)).toEqual({
    file: 'old',
    differences: ['"bind servicegroup sg_web plum 8080" is missing'],
  });
  const other = applyCommands(after, ['set lb vserver lb_api -cltTimeout 90']);
  expect(standingOf(made, 'old', other, sha256).file).toBe('foreign');
});

test('a group under two virtual servers: the plan names both pools', () => {
  const { plan: draft } = plan(orchard, {
    pools: [{ name: 'lb_web/sg_spare', members: [{ name: 'pear:8080', weight: 5 }] }],
  });
  expect(draft.affects.map(({ name }) => name)).toEqual(['lb_web/sg_spare', 'lb_sorry/sg_spare']);
});

test.each([
  ['a weight of 0', group({ weight: 0 }), /weights are 1 to 100/],
  ['a limit of one member of a group', group({ maxConnections: 5 }), /stands on the whole service group/],
  ['a member that is not there', group({ name: 'nobody:1', weight: 2, address: 'x' }), /needs an address and a port/],
])('%s is refused in words', (_title, desired, words) => {
  expect(() => plan(orchard, desired)).toThrow(words);
});

describe.skipIf(lacksRecordings)('every configuration of a real appliance', () => {
  test('takes a new weight and a drain of each member of a group, and gives them back', () => {
    let tried = 0;
    for (const { path, bytes } of recordings('config/netscaler', '.conf')) {
      const text = bytes.toString('utf8');
      const model = modelOf(text);
      for (const pool of model.pools.filter(({ native }) => native?.['serviceGroup'] !== undefined)) {
        const [member] = pool.members;
        if (member === undefined) continue;
        const wish = { name: member.name, weight: 42, adminState: 'disabled' as const };
        const { plan: draft, commands, after } = plan(text, { pools: [{ name: pool.name, members: [wish] }] });
        expect(modelOf(after).pools.find(({ name }) => name === pool.name)?.members[0], path).toMatchObject(wish);
        const back = draft.revert.flatMap((step) => step.commands.flatMap((one) => ('text' in one ? [one.text] : [])));
        expect(fingerprintOf(applyCommands(after, back), sha256), `${path}: ${commands.join('; ')}`).toBe(
          draft.basedOn,
        );
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(20);
  });
});
