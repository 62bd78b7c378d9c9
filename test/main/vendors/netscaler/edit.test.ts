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
  const model = modelOf(text);
  const edit = diffModel(model, desired, 'merge');
  const sent = commandsOf(text, edit);
  return { edit, sent, commands: sent.map(({ command }) => command), ...draftPlan(text, sent, model, sha256) };
}

function group(member: object): Desired {
  return { pools: [{ name: 'lb_web/sg_web', members: [{ name: 'apple1:8080', ...member }] }] };
}
function monitor(wish: object): Desired {
  return { monitors: [{ name: 'mon_ready', ...wish }] };
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
    'a new monitor, bound beside the other',
    {
      monitors: [
        {
          name: 'mon_body',
          type: 'https',
          path: '/up',
          host: 'a.example',
          expectBody: 'ok "now"',
          intervalMs: 7000,
          timeoutMs: 3000,
        },
      ],
      pools: [{ name: 'lb_web/sg_web', monitors: ['mon_ready', 'mon_body'] }],
    },
    [
      String.raw`add lb monitor mon_body HTTP-ECV -secure YES -send "GET /up" -customHeaders "Host: a.example\r\n" -recv "ok \"now\"" -interval 7 -resptimeout 3`,
      'bind serviceGroup sg_web -monitorName mon_body',
    ],
  ],
  [
    'a new monitor of statuses, and of half seconds',
    {
      monitors: [
        {
          name: 'm',
          type: 'http',
          method: 'HEAD',
          path: '/',
          expectStatus: ['200-299', '404'],
          intervalMs: 2500,
          timeoutMs: 500,
          fall: 2,
          rise: 4,
          port: 81,
        },
      ],
    },
    [
      'add lb monitor m HTTP -httpRequest "HEAD /" -respCode 200-299 404 -destPort 81 -interval 2500 MSEC -resptimeout 500 MSEC -successRetries 4 -retries 2',
    ],
  ],
  [
    'a new monitor of what a server says over TCP',
    { monitors: [{ name: 'm', type: 'tcp-send-expect', send: 'PING', expect: '+PONG', downIntervalMs: 9000 }] },
    ['add lb monitor m TCP-ECV -send PING -recv +PONG -downTime 9'],
  ],
  [
    'a new monitor of names',
    { monitors: [{ name: 'm', type: 'dns', query: 'a.example', address: '10.0.0.1' }] },
    ['add lb monitor m DNS -destIP 10.0.0.1 -query a.example -queryType Address'],
  ],
  [
    'an interval and a time-out at once',
    monitor({ intervalMs: 9000, timeoutMs: 6000, downIntervalMs: 12_000 }),
    [
      'set lb monitor mon_ready HTTP -interval 4 -resptimeout 2',
      'set lb monitor mon_ready HTTP -interval 9 -resptimeout 6 -downTime 12',
    ],
  ],
  [
    'a request over TLS, with a name',
    monitor({ type: 'https', path: '/alive', host: 'b.example', expectStatus: ['200'] }),
    [
      'set lb monitor mon_ready HTTP -httpRequest "GET /ready" -respCode 200-299',
      String.raw`set lb monitor mon_ready HTTP -secure YES -httpRequest "GET /alive" -customHeaders "Host: b.example\r\n" -respCode 200`,
    ],
  ],
  [
    'another monitor in the place of one that goes',
    {
      monitors: [
        { name: 'mon_ready', absent: true },
        { name: 'mon_tcp', type: 'tcp' },
      ],
      pools: [{ name: 'lb_web/sg_web', monitors: ['mon_tcp'] }],
    },
    [
      'add lb monitor mon_tcp TCP',
      'bind serviceGroup sg_web -monitorName mon_tcp',
      'unbind serviceGroup sg_web -monitorName mon_ready',
      'rm lb monitor mon_ready HTTP',
    ],
  ],
  [
    'a pool without its monitor',
    { pools: [{ name: 'lb_web/sg_web', monitors: [] }] },
    ['unbind serviceGroup sg_web -monitorName mon_ready'],
  ],
  [
    'the monitor of a service',
    service({ monitors: ['mon_ready', 'tcp'] }),
    ['bind service svc_api -monitorName mon_ready', 'bind service svc_api -monitorName tcp'],
  ],
  [
    'a new service with its monitor and limit',
    service({ name: 'svc_new', address: '10.20.0.11', port: 9443, monitors: ['mon_ready'], maxConnections: 7 }),
    [
      expect.stringMatching(/^add service svc_new apple1 SSL 9443 -maxClient 7 .*-svrTimeout 360 /),
      'bind service svc_new -monitorName mon_ready',
      'bind lb vserver lb_api svc_new',
    ],
  ],
  [
    'the limit of all members of a group',
    {
      pools: [
        {
          name: 'lb_web/sg_web',
          members: [
            { name: 'apple1:8080', maxConnections: 90 },
            { name: 'apple2:8080', maxConnections: 90 },
          ],
        },
      ],
    },
    ['set serviceGroup sg_web -maxClient 90'],
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
    if (key === 'method' && value === 'GET') return undefined;
    if (key === 'monitors' && Array.isArray(value) && value.every((one) => typeof one === 'string'))
      return value.length === 0 ? undefined : value.toSorted();
    return value;
  });
  const plain = JSON.parse(text) as Omit<DeviceModel, 'monitors'> & Partial<DeviceModel>; // the same model with fewer keys
  return { ...plain, monitors: plain.monitors ?? [] };
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

const refusals: readonly (readonly [string, Desired, RegExp])[] = [
  ['a weight of 0', group({ weight: 0 }), /weights are 1 to 100/],
  ['a limit of one member of a group', group({ maxConnections: 5 }), /stands on the whole service group/],
  ['a monitor of the appliance’s own', { monitors: [{ name: 'tcp-default', type: 'tcp' }] }, /brings along/],
  [
    'a monitor that something watches with',
    { monitors: [{ name: 'mon_ready', absent: true }] },
    /still watches sg_web/,
  ],
  ['a monitor that nobody made', { pools: [{ name: 'lb_web/sg_web', monitors: ['nobody'] }] }, /no monitor "nobody"/],
  ['another type of a monitor', monitor({ type: 'tcp' }), /type of the monitor "mon_ready" cannot be changed/],
  ['a time that the monitor cannot count', monitor({ intervalMs: 4500 }), /counts in SEC/],
  ['a body for a monitor of statuses', monitor({ expectBody: 'x' }), /expectBody of a monitor of type HTTP/],
  ['monitors of a pool of services', { pools: [{ name: 'lb_api', monitors: ['tcp'] }] }, /name them in its members/],
  ['monitors of one member of a group', group({ monitors: ['tcp'] }), /name them in the pool/],
  ['a member that is not there', group({ name: 'nobody:1', weight: 2, address: 'x' }), /needs an address and a port/],
];
test.each(refusals)('%s is refused in words', (_title, desired, words) => {
  expect(() => plan(orchard, desired)).toThrow(words);
});

describe.skipIf(lacksRecordings)('every configuration of a real appliance', { timeout: 60_000 }, () => {
  const made = {
    name: 'steelyard-new',
    type: 'http' as const,
    path: '/"a"?b',
    host: 'x.example',
    expectStatus: ['204'],
  };
  function groupsOf({ pools }: DeviceModel): DeviceModel['pools'] {
    return pools.filter(({ native }) => native?.['serviceGroup'] !== undefined);
  }
  const wishes: readonly (readonly [string, (model: DeviceModel) => Desired, number])[] = [
    [
      'a new weight and a drain of a member of each group',
      (model) => ({
        pools: groupsOf(model).map(({ name, members }) => ({
          name,
          members: members
            .slice(0, 1)
            .map((member) => ({ name: member.name, weight: 42, adminState: 'disabled' as const })),
        })),
      }),
      60,
    ],
    [
      'another interval, time-out and count of each monitor',
      ({ monitors }) => ({
        monitors: monitors.map(({ name }) => ({ name, intervalMs: 240_000, timeoutMs: 60_000, fall: 7 })),
      }),
      100,
    ],
    [
      'a new monitor on each pool, beside the others',
      (model) => ({
        monitors: [made],
        pools: groupsOf(model).map(({ name, monitors = [] }) => ({ name, monitors: [...monitors, made.name] })),
      }),
      60,
    ],
    [
      'a new monitor on each pool and service, in the place of the others',
      (model) => ({
        monitors: [made],
        pools: model.pools.map(({ name, native, members }): NonNullable<Desired['pools']>[number] => {
          if (native?.['serviceGroup'] !== undefined) return { name, monitors: [made.name] };
          const isBound = name !== members[0]?.name;
          return {
            name,
            members: isBound ? members.map((member) => ({ name: member.name, monitors: [made.name] })) : [],
          };
        }),
      }),
      100,
    ],
    [
      'the end of each monitor, in all groups, that is needed by no service and holds no secret',
      ({ monitors, pools }) => {
        const kept = new Set(pools.flatMap(({ members }) => members.flatMap((member) => member.monitors ?? [])));
        const gone = monitors.filter(
          ({ name, native }) => !kept.has(name) && !JSON.stringify(native ?? {}).includes('***'),
        );
        const names = new Set(gone.map(({ name }) => name));
        return {
          monitors: gone.map(({ name }) => ({ name, absent: true as const })),
          pools: pools
            .filter((pool) => pool.monitors?.some((name) => names.has(name)))
            .map(({ name, monitors: all = [] }) => ({
              name,
              monitors: ['tcp', ...all.filter((one) => !names.has(one))],
            })),
        };
      },
      60,
    ],
  ];

  test.each(wishes)('takes %s, and gives it back from every half-way point', (_what, wishOf, least) => {
    let sent = 0;
    for (const { path, bytes } of recordings('config/netscaler', '.conf')) {
      const text = bytes.toString('utf8');
      sent += prove(text, wishOf(modelOf(text)), path);
    }
    expect(sent).toBeGreaterThan(least);
  });
});

/** The wish comes true by the commands, and the inverse brings the configuration back wherever they came to. Says how many they are. */
function prove(text: string, desired: Desired, path: string): number {
  const { edit, plan: draft, commands, after } = plan(text, desired);
  const said = `${path}: ${commands.join('; ')}`;
  // What the plan says to be touched as well need not stay as it was.
  const named = new Set(desired.pools?.map(({ name }) => name));
  const touched = new Set(draft.affects.map(({ kind, name }) => `${kind} ${name}`));
  const target = {
    ...edit.target,
    pools: edit.target.pools.filter(({ name }) => named.has(name) || !touched.has(`pool ${name}`)),
  };
  const [read, wished] = [plainModel(modelOf(after)), plainModel(target) as Desired];
  expect(diffModel(read, wished, 'named').changes, said).toEqual([]);
  const back = draft.revert.flatMap((step) => step.commands.flatMap((one) => ('text' in one ? [one.text] : [])));
  const step = Math.max(1, Math.floor(commands.length / 6));
  for (let count = commands.length; count > 0; count -= step) {
    const partly = applyCommands(text, commands.slice(0, count));
    expect(fingerprintOf(applyCommands(partly, back), sha256), said).toBe(draft.basedOn);
  }
  return commands.length;
}
