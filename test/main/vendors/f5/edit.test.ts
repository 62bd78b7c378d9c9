import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Desired, DeviceModel } from '../../../../src-main/contract/model.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import { commandsOf, editBigip } from '../../../../src-main/vendors/f5/edit.ts';
import { parseBigip } from '../../../../src-main/vendors/f5/parse.ts';
import { draftPlan, fingerprintOf, type Place, standingOf } from '../../../../src-main/vendors/f5/plan.ts';
import { applyTmsh, applyTransaction } from '../../../../src-main/vendors/f5/write.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const orchard = readFileSync(join(import.meta.dirname, '../../../fixtures/f5/orchard/bigip.conf'), 'utf8');
const alone = {
  self: undefined,
  name: undefined,
  isAutomatic: false,
  status: 'Standalone',
  newer: [],
  isConflict: false,
};
const place: Place = { shell: 'bash', version: [15, 1], group: alone, planId: 'abc123' };

const models = new Map<string, DeviceModel>();
function modelOf(text: string): DeviceModel {
  const known = models.get(text) ?? parseBigip([{ path: 'bigip.conf', bytes: Buffer.from(text) }]);
  models.set(text, known);
  return known;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function plan(text: string, desired: Desired, at: Place = place) {
  const model = modelOf(text);
  const edit = diffModel(model, desired, 'merge');
  const sent = commandsOf(text, edit);
  return { edit, sent, commands: sent.map(({ command }) => command), ...draftPlan(text, sent, model, at, sha256) };
}

function web(member: object): Desired {
  return { pools: [{ name: '/Common/orchard_web', members: [{ name: '/Common/apple1:8080', ...member }] }] };
}
function virtual(keys: object): Desired {
  return { virtualServers: [{ name: '/Common/orchard_https', ...keys }] };
}
function pool(keys: object): Desired {
  return { pools: [{ name: '/Common/orchard_web', ...keys }] };
}

const ofWeb = 'modify ltm pool /Common/orchard_web';
const ofHttps = 'modify ltm virtual /Common/orchard_https';
const edits: readonly (readonly [string, Desired, readonly string[]])[] = [
  ['a weight', web({ weight: 7 }), [`${ofWeb} members modify { /Common/apple1:8080 { ratio 7 } }`]],
  ['a priority', web({ priority: 4 }), [`${ofWeb} members modify { /Common/apple1:8080 { priority-group 4 } }`]],
  ['a limit', web({ maxConnections: 9 }), [`${ofWeb} members modify { /Common/apple1:8080 { connection-limit 9 } }`]],
  [
    'a drain',
    web({ adminState: 'draining' }),
    [`${ofWeb} members modify { /Common/apple1:8080 { session user-disabled state user-up } }`],
  ],
  [
    'a member forced offline',
    web({ adminState: 'disabled' }),
    [`${ofWeb} members modify { /Common/apple1:8080 { session user-disabled state user-down } }`],
  ],
  [
    'a member of another route domain taken in again',
    pool({ members: [{ name: '/Common/pear%3:8080', adminState: 'enabled' }] }),
    [`${ofWeb} members modify { /Common/pear%3:8080 { session user-enabled state user-up } }`],
  ],
  [
    'a monitor of one member',
    web({ monitors: ['/Common/orchard-http'] }),
    [`${ofWeb} members modify { /Common/apple1:8080 { monitor /Common/orchard-http } }`],
  ],
  [
    'a new member on a new node',
    web({ name: '/Common/plum:8080', address: '10.20.0.31', port: 8080, weight: 2, adminState: 'draining' }),
    [
      'create ltm node /Common/plum { address 10.20.0.31 }',
      `${ofWeb} members add { /Common/plum:8080 { address 10.20.0.31 ratio 2 session user-disabled state user-up } }`,
    ],
  ],
  [
    'a new member by IPv6 in a route domain',
    web({ name: '/Common/2001:db8::5%3.8080', address: '2001:db8::5%3', port: 8080 }),
    [
      'create ltm node /Common/2001:db8::5%3 { address 2001:db8::5%3 }',
      `${ofWeb} members add { /Common/2001:db8::5%3.8080 { address 2001:db8::5%3 } }`,
    ],
  ],
  [
    'a new member on a node that is there',
    web({ name: '/Common/apple2:9090', address: '10.20.0.12', port: 9090 }),
    [`${ofWeb} members add { /Common/apple2:9090 { address 10.20.0.12 } }`],
  ],
  ['a member gone', web({ absent: true }), [`${ofWeb} members delete { /Common/apple1:8080 }`]],
  [
    'an algorithm, by ratios as the members have some',
    pool({ algorithm: 'round-robin' }),
    [`${ofWeb} load-balancing-mode ratio-member`],
  ],
  [
    'an algorithm that weights do not count in',
    pool({ algorithm: { name: 'least-connections', weighted: false } }),
    [`${ofWeb} load-balancing-mode least-connections-member`],
  ],
  [
    'an algorithm by node',
    pool({ algorithm: { name: 'observed', per: 'node' } }),
    [`${ofWeb} load-balancing-mode observed-node`],
  ],
  [
    'monitors of a pool',
    pool({ monitors: ['/Common/orchard-half', '/Common/tcp'], monitorsRequired: 2 }),
    [`${ofWeb} monitor min 2 of { /Common/orchard-half /Common/tcp }`],
  ],
  [
    'priority groups, ramp and what becomes of connections',
    pool({ minActiveMembers: 1, slowStartMs: 60_000, onMemberDown: 'reset' }),
    [`${ofWeb} min-active-members 1`, `${ofWeb} slow-ramp-time 60`, `${ofWeb} service-down-action reset`],
  ],
  [
    'a new pool in a folder of a partition',
    {
      pools: [
        {
          name: '/North/site/app',
          algorithm: 'least-connections',
          monitors: ['/Common/orchard-http', '/Common/orchard-half'],
          members: [{ name: '/North/site/fig:80', address: '10.30.0.1', port: 80, priority: 2 }],
        },
      ],
    },
    [
      'create ltm node /North/site/fig { address 10.30.0.1 }',
      'create ltm pool /North/site/app { load-balancing-mode least-connections-member members replace-all-with { /North/site/fig:80 { address 10.30.0.1 priority-group 2 } } monitor /Common/orchard-http and /Common/orchard-half }',
    ],
  ],
  [
    'a check that asks for another path',
    { monitors: [{ name: '/Common/orchard-http', path: '/alive', intervalMs: 10_000, timeoutMs: 31_000 }] },
    [
      String.raw`modify ltm monitor http /Common/orchard-http send "GET /alive HTTP/1.1\r\nHost: orchard.example\r\nConnection: close\r\n\r\n"`,
      'modify ltm monitor http /Common/orchard-http interval 10',
      'modify ltm monitor http /Common/orchard-http timeout 31',
    ],
  ],
  [
    'a new monitor, used at once',
    {
      monitors: [
        {
          name: '/Common/deep',
          type: 'https',
          method: 'GET',
          path: '/deep',
          expect: '"ok"',
          intervalMs: 5000,
          timeoutMs: 16_000,
        },
      ],
      pools: [{ name: '/Common/orchard_web', monitors: ['/Common/deep'], monitorsRequired: 1 }],
    },
    [
      String.raw`create ltm monitor https /Common/deep { defaults-from /Common/https interval 5 recv "\"ok\"" send "GET /deep\r\n" timeout 16 }`,
      `${ofWeb} monitor min 1 of { /Common/deep }`,
    ],
  ],
  [
    'persistence by the virtual server’s own profile',
    virtual({
      persistence: {
        method: 'cookie-insert',
        cookieName: 'KEEP',
        cookie: { httpOnly: true, secure: true },
        timeoutMs: 90_000,
        fallback: 'source-ip',
      },
    }),
    [
      'modify ltm persistence cookie /Common/orchard-cookie cookie-name KEEP',
      'modify ltm persistence cookie /Common/orchard-cookie expiration 0:0:1:30',
    ],
  ],
  [
    'persistence of another kind, with settings of its own',
    virtual({ persistence: { method: 'source-ip', timeoutMs: 600_000, ipv4Prefix: 24 } }),
    [
      'create ltm persistence source-addr /Common/orchard_https_persist { defaults-from /Common/source_addr mask 255.255.255.0 timeout 600 }',
      `${ofHttps} persist replace-all-with { /Common/orchard_https_persist { default yes } }`,
      `${ofHttps} fallback-persistence none`,
    ],
  ],
  [
    'persistence as the device has it',
    virtual({ persistence: { method: 'source-ip' } }),
    [
      `${ofHttps} persist replace-all-with { /Common/source_addr { default yes } }`,
      `${ofHttps} fallback-persistence none`,
    ],
  ],
  ['no persistence', virtual({ persistence: {} }), [`${ofHttps} fallback-persistence none`, `${ofHttps} persist none`]],
  ['a virtual server stopped', virtual({ adminState: 'disabled' }), [`${ofHttps} disabled`]],
  [
    'a virtual server started',
    { virtualServers: [{ name: '/Common/orchard_http', adminState: 'enabled' }] },
    ['modify ltm virtual /Common/orchard_http enabled'],
  ],
  ['another pool', virtual({ pool: '/Common/orchard_api' }), [`${ofHttps} pool /Common/orchard_api`]],
  ['a limit of a virtual server', virtual({ connectionLimit: 7 }), [`${ofHttps} connection-limit 7`]],
  [
    'newer TLS',
    virtual({ tls: { minVersion: '1.3', ciphers: ['ECDHE', '!SHA1'] } }),
    [
      'modify ltm profile client-ssl /Common/orchard-tls ciphers ECDHE:!SHA1',
      'modify ltm profile client-ssl /Common/orchard-tls options { dont-insert-empty-fragments no-tlsv1 no-tlsv1.1 no-tlsv1.2 }',
    ],
  ],
];

describe.each(edits)('%s', (_title, desired, commands) => {
  test('is these commands, and the device that took them reads as was wished', () => {
    const drafted = plan(orchard, desired);
    const { commands: sent, after, edit } = drafted;
    expect(sent.toSorted()).toEqual(commands.toSorted());
    expectWished(drafted);
    expect(editBigip([{ path: 'bigip.conf', bytes: Buffer.from(orchard) }], edit)[0]?.bytes.toString()).toBe(after);
  });

  test('is taken back by the inverse, from wherever it came to', () => {
    const drafted = plan(orchard, desired);
    expectWayBack(orchard, drafted);
    expect(drafted.plan.resultsIn).not.toBe(drafted.plan.basedOn);
  });
});

function expectWished({ after, edit, plan: draft }: ReturnType<typeof plan>, where?: string): void {
  // What else holds a changed profile changes with it, and the plan names it.
  const others = new Set(draft.affects.map(({ name }) => name).filter((name) => !isNamed(edit, name)));
  const [read, wished] = [modelOf(after), edit.target].map((model) => {
    const plain = plainModel(model);
    return { ...plain, virtualServers: plain.virtualServers.filter(({ name }) => !others.has(name)) };
  });
  expect(diffModel(read as DeviceModel, wished as Desired, 'exact').changes, where).toEqual([]);
}

function isNamed({ changes }: ReturnType<typeof diffModel>, name: string): boolean {
  return changes.some(({ subject }) => subject.path[0] === name);
}

/** The transaction may have come to nothing, to all, or (a device that lost its place) to any part of it. */
function expectWayBack(text: string, { sent, plan: draft, after }: ReturnType<typeof plan>, where?: string): void {
  const commands = sent.map(({ command }) => command);
  const back = sent.toReversed().map(({ inverse }) => inverse);
  for (let count = 0; count <= commands.length; count += 1) {
    const partly = applyTmsh(text, commands.slice(0, count));
    expect(partly.refused, where).toEqual([]);
    // As the revert has it: the transaction, then each by itself.
    const returned = applyTmsh(applyTransaction(partly.text, back), back).text;
    expect(standingOf(draft, 'old', returned, sha256), where).toEqual({ file: 'old', differences: [] });
    expect(plainModel(modelOf(returned)), where).toEqual(plainModel(modelOf(text)));
    if (!('back' in draft.driver)) expect(fingerprintOf(returned, sha256), where).toBe(draft.basedOn);
  }
  expect(fingerprintOf(after, sha256), where).toBe(draft.resultsIn);
}

/** What is written and what holds anyway are the same; the name of a profile is not what was wished for. */
function plainModel(model: DeviceModel): DeviceModel {
  const { virtualServers, pools, monitors, certificates } = model;
  const text = JSON.stringify({ virtualServers, pools, monitors, certificates }, (key, value: unknown) => {
    if (key === 'native' || key === 'node' || key === 'weighted' || key === 'per') return undefined;
    if (key === 'adminState' && value === 'enabled') return undefined;
    if ((key === 'weight' && value === 1) || ((key === 'priority' || key === 'maxConnections') && value === 0))
      return undefined;
    if ((key === 'minActiveMembers' || key === 'connectionLimit') && value === 0) return undefined;
    if (key === 'onMemberDown' && value === 'finish') return undefined;
    if (key === 'slowStartMs' && value === 10_000) return undefined;
    if (key === 'algorithm') {
      const whole = typeof value === 'string' ? { name: value } : (value as { name: string }); // both ways to write one
      return whole.name === 'round-robin' ? undefined : whole;
    }
    if (key === 'persistence' && value !== null && typeof value === 'object') return { ...value, name: undefined };
    return value;
  });
  const plain = JSON.parse(text) as DeviceModel; // the same model with fewer keys
  function byName(a: { name: string }, b: { name: string }): number {
    return a.name < b.name ? -1 : 1;
  }
  for (const one of plain.pools) one.members.sort(byName);
  for (const list of [plain.pools, plain.monitors, plain.virtualServers]) list.sort(byName);
  return plain;
}

test('one transaction by bash, checked as a file first; by tmsh itself as text typed to it; saved after it was kept', () => {
  const wish = web({ weight: 7, priority: 4 });
  const { plan: draft } = plan(orchard, wish);
  const texts = draft.steps.flatMap(({ stage, commands }) =>
    commands.map((one) => [stage, 'text' in one ? one.text : '']),
  );
  expect(texts.map(([stage]) => stage)).toEqual(['fingerprint', 'candidate', 'check', 'send', 'verify']);
  expect(texts[2]?.[1]).toBe("tmsh -q -c 'load sys config file /var/tmp/steelyard-abc123.conf merge verify'");
  expect(texts[3]?.[1]).toBe(
    "printf '%s\\n' 'create cli transaction' " +
      "'modify ltm pool /Common/orchard_web members modify { /Common/apple1:8080 { ratio 7 } }' " +
      "'modify ltm pool /Common/orchard_web members modify { /Common/apple1:8080 { priority-group 4 } }' " +
      "'submit cli transaction' | tmsh -q",
  );
  expect(texts[1]?.[1]).toMatch(/^printf '%s' 'ltm pool [^']*ratio 7[^']*' > \/var\/tmp\/steelyard-abc123\.conf$/);
  expect(draft.keep.flatMap(({ commands }) => commands.map((one) => ('text' in one ? one.text : '')))).toEqual([
    "tmsh -q -c 'save sys config'",
    'rm -f /var/tmp/steelyard-abc123.conf',
  ]);
  const group = { ...alone, self: '/Common/bigip1', name: '/Common/DG1' };
  const { plan: other } = plan(orchard, wish, { ...place, shell: 'tmsh', group });
  const typed = texts[1]?.[1]?.replace(/^printf '%s' '([^]*)' > .*$/, '$1') ?? '';
  expect(other.steps.find(({ stage }) => stage === 'check')?.commands).toMatchObject([
    {
      text: 'load sys config from-terminal merge verify',
      input: typed,
      shown: `load sys config from-terminal merge verify\n${typed}^D`,
    },
  ]);
  expect(other.steps.find(({ stage }) => stage === 'send')?.commands[0]).toMatchObject({
    text: expect.stringMatching(/^create cli transaction; modify .*; submit cli transaction$/) as string,
  });
  expect(other.keep.map(({ commands }) => commands[0])).toMatchObject([
    { text: 'save sys config' },
    { text: 'run cm config-sync to-group DG1' },
  ]);
});

test('where the device stands is told: old, new, between, or changed by another hand', () => {
  const drafted = plan(orchard, web({ name: '/Common/plum:8080', address: '10.20.0.31', port: 8080 }));
  const { plan: made, commands, after } = drafted;
  expect(standingOf(made, 'old', orchard, sha256)).toEqual({ file: 'old', differences: [] });
  expect(standingOf(made, 'new', after, sha256)).toEqual({ file: 'new', differences: [] });
  const filled = after.replace(
    'ltm node /Common/plum {\n',
    'ltm node /Common/plum {\n    fqdn {\n        interval 9\n    }\n',
  );
  expect(standingOf(made, 'new', filled, sha256)).toEqual({ file: 'new', differences: [] });
  const between = applyTmsh(orchard, commands.slice(0, 1)).text;
  expect(standingOf(made, 'new', between, sha256).differences).toContainEqual(expect.stringContaining('is missing'));
  const other = applyTmsh(after, ['modify ltm pool /Common/orchard_api slow-ramp-time 5']).text;
  expect(standingOf(made, 'new', other, sha256).file).toBe('foreign');
});

test('what another object holds too is named', () => {
  const { plan: draft } = plan(orchard, { monitors: [{ name: '/Common/orchard-http', intervalMs: 9000 }] });
  expect(draft.affects.map(({ name }) => name)).toEqual(['/Common/orchard_web', '/Common/orchard_api']);
});

test.each([
  ['a weight of 0', web({ weight: 0 }), /ratios are 1 to 65535/],
  [
    'a member by another name',
    web({ name: 'plum', address: '10.0.0.9', port: 80 }),
    /would be \/Common\/10\.0\.0\.9:80/,
  ],
  ['an algorithm that it lacks', pool({ algorithm: 'uri-hash' }), /the algorithm uri-hash/],
  ['a drain of a virtual server', virtual({ adminState: 'draining' }), /drain its members/],
  ['half a second', pool({ slowStartMs: 500 }), /whole number of seconds/],
])('%s is refused in words', (_title, desired, words) => {
  expect(() => plan(orchard, desired)).toThrow(words);
});

const modes = [
  'round-robin',
  'least-connections',
  'observed',
  'predictive',
  'dynamic-ratio',
  'ratio-session',
  'least-sessions',
  'least-response-time',
] as const;

describe.skipIf(lacksRecordings)('every configuration of a real device', { timeout: 120_000 }, () => {
  test('takes every kind of edit of what it holds, reads as wished, and gives it back from every half-way point', () => {
    const tried = new Map<string, number>();
    for (const { path, bytes } of recordings('config/f5', '')) {
      models.clear();
      const text = bytes.toString('utf8');
      const model = modelOf(text);
      if (model.pools.length + model.virtualServers.length + model.monitors.length === 0) continue;
      for (const [kind, desired] of wishesFor(model, text.length < 60_000 ? 2 : 1)) {
        const where = `${path}: ${kind}`;
        const drafted = plan(text, desired);
        expectWished(drafted, where);
        expectWayBack(text, drafted, where);
        tried.set(kind, (tried.get(kind) ?? 0) + 1);
      }
    }
    expect(Math.min(...tried.values())).toBeGreaterThan(5);
    expect([...tried.keys()].length).toBe(22);
  });
});

function* wishesFor(model: DeviceModel, most: number): Generator<readonly [string, Desired]> {
  const [monitor] = model.monitors;
  for (const { name, members } of model.pools.filter((one) => one.name.startsWith('/')).slice(0, most)) {
    const folder = name.slice(0, name.lastIndexOf('/') + 1);
    function at(keys: object): Desired {
      return { pools: [{ name, ...keys }] };
    }
    for (const algorithm of modes.slice(0, most * 4)) yield [algorithm, at({ algorithm })];
    yield ['pool settings', at({ minActiveMembers: 3, slowStartMs: 77_000, onMemberDown: 'reselect' })];
    yield ['new member', at({ members: [{ name: `${folder}zz9:81`, address: '198.51.100.9', port: 81, weight: 3 }] })];
    if (monitor !== undefined) yield ['monitors', at({ monitors: [monitor.name] })];
    const member = members[0]?.name;
    if (member === undefined) continue;
    function on(keys: object): Desired {
      return at({ members: [{ name: member, ...keys }] });
    }
    yield ['weight', on({ weight: 42, priority: 7, maxConnections: 99 })];
    yield ['drain', on({ adminState: 'draining' })];
    yield ['offline', on({ adminState: 'disabled' })];
    yield ['enable', on({ adminState: 'enabled' })];
    yield ['member gone', on({ absent: true })];
  }
  for (const { name, tls } of model.virtualServers.filter((one) => one.name.startsWith('/')).slice(0, most)) {
    function at(keys: object): Desired {
      return { virtualServers: [{ name, ...keys }] };
    }
    yield ['virtual state', at({ adminState: 'disabled', connectionLimit: 5 })];
    yield ['cookie', at({ persistence: { method: 'cookie-insert' } })];
    yield ['source', at({ persistence: { method: 'source-ip', timeoutMs: 3_600_000 } })];
    yield ['no persistence', at({ persistence: {} })];
    const [profile = ''] = tls?.profiles ?? [];
    if (
      model.profiles.some((one) => one.kind === 'client-ssl' && one.name === profile) &&
      !profile.includes('/clientssl')
    )
      yield ['tls', at({ tls: { minVersion: '1.2' } })];
  }
  const checked = model.monitors.find(({ intervalMs, path }) => intervalMs !== undefined && path !== undefined);
  if (checked !== undefined)
    yield ['check', { monitors: [{ name: checked.name, intervalMs: 4000, path: '/x', method: 'GET' }] }];
}
