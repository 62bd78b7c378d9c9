import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Desired, DeviceModel } from '../../../../src-main/contract/model.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import { editA10, linesOfEdit } from '../../../../src-main/vendors/a10/edit.ts';
import { parseA10 } from '../../../../src-main/vendors/a10/parse.ts';
import { pathOf } from '../../../../src-main/vendors/a10/partitions.ts';
import { draftPlan, fingerprintOf, standingOf } from '../../../../src-main/vendors/a10/plan.ts';
import { A10Text } from '../../../../src-main/vendors/a10/text.ts';
import { applyTyped, sessionText } from '../../../../src-main/vendors/a10/write.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const orchard = readFileSync(join(import.meta.dirname, '../../../fixtures/a10/orchard/running-config'), 'utf8');

function modelOf(text: string, partition = ''): DeviceModel {
  return parseA10([{ path: pathOf(partition), bytes: Buffer.from(text) }]);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** In a partition where one is given, beside a shared one that nothing may touch. */
function plan(text: string, desired: Desired, partition = '') {
  const model = modelOf(text, partition);
  const edit = diffModel(model, desired, 'merge');
  const parts = besideShared(text, partition);
  const sent = linesOfEdit(parts, edit);
  const draft = draftPlan(parts, sent, model, sha256);
  const typed = sent.map((one) => one.typed.join(' / '));
  return { edit, sent, typed, plan: draft.plan, after: draft.after.at(-1)?.text ?? '', partition };
}

function besideShared(text: string, partition: string) {
  return [...(partition === '' ? [] : [{ partition: '', text: orchard }]), { partition, text }];
}

function web(member: object): Desired {
  return { pools: [{ name: 'orchard_web', members: [{ name: 'apple1:8080', ...member }] }] };
}
function pool(keys: object): Desired {
  return { pools: [{ name: 'orchard_web', ...keys }] };
}
function virtual(keys: object): Desired {
  return { virtualServers: [{ name: 'orchard:443', ...keys }] };
}

const onPort = 'slb server apple1 10.20.0.11 / port 8080 tcp /';
const ofWeb = 'slb service-group orchard_web tcp /';
const of443 = 'slb virtual-server orchard 192.0.2.80 / port 443 https /';
const edits: readonly (readonly [string, Desired, readonly string[]])[] = [
  ['a weight, which stands on the server’s port', web({ weight: 7 }), [`${onPort} weight 7`]],
  ['a limit', web({ maxConnections: 9 }), [`${onPort} conn-limit 9`]],
  ['a priority', web({ priority: 4 }), [`${ofWeb} member apple1 8080 / priority 4`]],
  ['a drain', web({ adminState: 'draining' }), [`${ofWeb} member apple1 8080 / disable-with-health-check`]],
  ['a member taken out', web({ adminState: 'disabled' }), [`${ofWeb} member apple1 8080 / disable`]],
  [
    'a new member on a new server',
    web({ name: 'plum:8080', address: '10.20.0.31', port: 8080, weight: 2, priority: 3, adminState: 'disabled' }),
    [
      'slb server plum 10.20.0.31',
      'slb server plum 10.20.0.31 / port 8080 tcp',
      'slb server plum 10.20.0.31 / port 8080 tcp / weight 2',
      `${ofWeb} member plum 8080`,
      `${ofWeb} member plum 8080 / priority 3`,
      `${ofWeb} member plum 8080 / disable`,
    ],
  ],
  [
    'a new member on a server and port that are there',
    web({ name: 'apple1:8443', address: '10.20.0.11', port: 8443 }),
    [`${ofWeb} member apple1 8443`],
  ],
  ['a member gone with its settings', web({ absent: true }), [`${ofWeb} no member apple1 8080`]],
  ['an algorithm', pool({ algorithm: 'least-requests' }), [`${ofWeb} method least-request`]],
  [
    'an algorithm by weights of members',
    pool({ algorithm: { name: 'round-robin', weighted: true } }),
    [`${ofWeb} method service-weighted-rr`],
  ],
  ['a monitor less', pool({ monitors: [] }), [`${ofWeb} no health-check ready`]],
  ['fewer active members', pool({ minActiveMembers: 1 }), [`${ofWeb} min-active-member 1`]],
  [
    'persistence by the port’s own template',
    virtual({ persistence: { method: 'source-ip', timeoutMs: 600_000, ipv4Prefix: 24 } }),
    ['slb template persist source-ip orchard_source / timeout 10'],
  ],
  [
    'persistence of another kind',
    virtual({ persistence: { method: 'cookie-insert', cookieName: 'KEEP', timeoutMs: 90_000 } }),
    [
      'slb template persist cookie orchard_443_persist',
      'slb template persist cookie orchard_443_persist / name KEEP',
      'slb template persist cookie orchard_443_persist / expire 90',
      `${of443} no template persist source-ip orchard_source`,
      `${of443} template persist cookie orchard_443_persist`,
    ],
  ],
  ['no persistence', virtual({ persistence: {} }), [`${of443} no template persist source-ip orchard_source`]],
  ['a virtual port stopped', virtual({ adminState: 'disabled' }), [`${of443} disable`]],
  [
    'another pool and limit',
    virtual({ pool: 'orchard_api', connectionLimit: 5 }),
    [`${of443} service-group orchard_api`, `${of443} conn-limit 5`],
  ],
  [
    'a new pool with its members, one of them on a server that another one brings',
    {
      pools: [
        {
          name: 'plums',
          algorithm: 'least-connections',
          monitors: ['ready'],
          minActiveMembers: 2,
          protocol: 'tcp',
          members: [
            { name: 'plum:8080', address: '10.20.0.31', port: 8080, weight: 2 },
            { name: 'plum:8081', address: '10.20.0.31', port: 8081, adminState: 'draining' },
          ],
        },
      ],
    },
    [
      'slb service-group plums tcp',
      'slb service-group plums tcp / method service-least-connection',
      'slb service-group plums tcp / health-check ready',
      'slb service-group plums tcp / min-active-member 2',
      'slb server plum 10.20.0.31',
      'slb server plum 10.20.0.31 / port 8080 tcp',
      'slb server plum 10.20.0.31 / port 8080 tcp / weight 2',
      'slb service-group plums tcp / member plum 8080',
      'slb server plum 10.20.0.31 / port 8081 tcp',
      'slb service-group plums tcp / member plum 8081',
      'slb service-group plums tcp / member plum 8081 / disable-with-health-check',
    ],
  ],
  [
    'a pool gone with the virtual port that had it',
    { pools: [{ name: 'orchard_api', absent: true }], virtualServers: [{ name: 'orchard:8443', absent: true }] },
    ['slb virtual-server orchard 192.0.2.80 / no port 8443 tcp', 'no slb service-group orchard_api'],
  ],
  [
    'a virtual server gone with its last port',
    { virtualServers: [{ name: 'orchard_six:80', absent: true }] },
    ['no slb virtual-server orchard_six'],
  ],
  [
    'a new HTTP monitor',
    {
      monitors: [
        {
          name: 'alive',
          type: 'http',
          port: 8081,
          method: 'GET',
          path: '/alive',
          host: 'a.example',
          expectStatus: ['200', '204-299'],
          intervalMs: 10_000,
          timeoutMs: 3000,
          fall: 2,
          rise: 4,
        },
      ],
    },
    [
      'health monitor alive',
      'health monitor alive / method http port 8081 expect response-code 200,204-299 host a.example url GET /alive',
      'health monitor alive / interval 10 timeout 3',
      'health monitor alive / retry 2',
      'health monitor alive / up-retry 4',
    ],
  ],
  [
    'a new HTTPS monitor that looks for a text',
    { monitors: [{ name: 'alive', type: 'https', expectBody: 'all is well' }] },
    ['health monitor alive', 'health monitor alive / method https expect "all is well"'],
  ],
  [
    'a new TCP monitor that talks',
    { monitors: [{ name: 'alive', type: 'tcp-send-expect', port: 6379, send: 'PING', expect: 'PONG' }] },
    ['health monitor alive', 'health monitor alive / method tcp port 6379 send PING response contains PONG'],
  ],
  [
    'a new TCP monitor that half opens',
    { monitors: [{ name: 'alive', type: 'tcp-half-open', port: 80 }] },
    ['health monitor alive', 'health monitor alive / method tcp port 80 halfopen'],
  ],
  [
    'another path and other times of a monitor',
    { monitors: [{ name: 'ready', path: '/other', intervalMs: 20_000, fall: 3 }] },
    [
      'health monitor ready / method http port 8081 expect response-code 200-299 url GET /other',
      'health monitor ready / interval 20 timeout 2',
      'health monitor ready / retry 3',
    ],
  ],
  [
    'a new HTTPS virtual port with a template of its own and certificates by name',
    {
      virtualServers: [
        {
          name: 'plums:443',
          listen: ['192.0.2.90:443'],
          protocol: 'http',
          pool: 'orchard_web',
          sourceNat: 'auto',
          connectionLimit: 90,
          tls: {
            profiles: ['plums_443_tls'],
            certificates: [{ name: 'plum.crt', keyFile: 'plum.key', chainFile: 'plum.chain' }],
            minVersion: '1.2',
            maxVersion: '1.3',
            ciphers: ['ECDHE-RSA-AES128-GCM-SHA256', 'AES256-SHA'],
          },
        },
      ],
    },
    [
      'slb virtual-server plums 192.0.2.90',
      'slb virtual-server plums 192.0.2.90 / port 443 https',
      'slb virtual-server plums 192.0.2.90 / port 443 https / service-group orchard_web',
      'slb virtual-server plums 192.0.2.90 / port 443 https / source-nat auto',
      'slb virtual-server plums 192.0.2.90 / port 443 https / conn-limit 90',
      'slb template client-ssl plums_443_tls',
      'slb template client-ssl plums_443_tls / cert plum.crt',
      'slb template client-ssl plums_443_tls / key plum.key',
      'slb template client-ssl plums_443_tls / chain-cert plum.chain',
      'slb template client-ssl plums_443_tls / version 34 33',
      'slb template client-ssl plums_443_tls / cipher TLS1_ECDHE_RSA_AES_128_GCM_SHA256',
      'slb template client-ssl plums_443_tls / cipher TLS1_RSA_AES_256_SHA',
      'slb virtual-server plums 192.0.2.90 / port 443 https / template client-ssl plums_443_tls',
    ],
  ],
  [
    'a new port of a virtual server that is there, by IPv6',
    {
      virtualServers: [
        {
          name: 'orchard_six:8080',
          listen: ['[2001:db8:20::80]:8080'],
          protocol: 'tcp',
          pool: 'orchard_api',
          adminState: 'disabled',
        },
      ],
    },
    [
      'slb virtual-server orchard_six 2001:db8:20::80 / port 8080 tcp',
      'slb virtual-server orchard_six 2001:db8:20::80 / port 8080 tcp / service-group orchard_api',
    ],
  ],
  [
    'another certificate, version and suite of a template',
    virtual({
      tls: { certificates: [{ name: 'new.crt', keyFile: 'new.key' }], minVersion: '1.1', ciphers: ['AES128-SHA'] },
    }),
    [
      'slb template client-ssl orchard_tls / cert new.crt',
      'slb template client-ssl orchard_tls / key new.key',
      'slb template client-ssl orchard_tls / version 34 32',
      'slb template client-ssl orchard_tls / cipher TLS1_RSA_AES_128_SHA',
    ],
  ],
];

describe.each(edits)('%s', (_title, desired, typed) => {
  test('is these lines, and the device that took them reads as was wished', () => {
    const drafted = plan(orchard, desired);
    expect(drafted.typed.toSorted()).toEqual(typed.toSorted());
    expectWished(drafted);
    const files = [{ path: 'running-config', bytes: Buffer.from(orchard) }];
    expect(editA10(files, drafted.edit)[0]?.bytes.toString()).toBe(drafted.after);
  });

  test('is taken back by the inverse, from wherever it came to', () => {
    const drafted = plan(orchard, desired);
    expectWayBack(orchard, drafted);
    expect(drafted.plan.resultsIn).not.toBe(drafted.plan.basedOn);
  });
});

/** What certificates there are follows from who names them. */
function expectWished({ after, edit, plan: draft, partition }: ReturnType<typeof plan>, where?: string): void {
  // What else has the same port or template changes with it, and the plan names it.
  const named = new Set(edit.changes.map(({ subject }) => subject.path[0]));
  const others = new Set(draft.affects.map(({ name }) => name).filter((name) => !named.has(name)));
  const [read, wished] = [modelOf(after, partition), edit.target].map((model) => {
    const plain = plainModel(model);
    return {
      ...plain,
      certificates: [],
      pools: plain.pools.filter(({ name }) => !others.has(name)),
      virtualServers: plain.virtualServers.filter(({ name }) => !others.has(name)),
    };
  });
  expect(diffModel(read as DeviceModel, wished as Desired, 'exact').changes, where).toEqual([]);
}

/** The lines before the one that was refused have been taken. */
function expectWayBack(text: string, drafted: ReturnType<typeof plan>, where?: string): void {
  const { sent, plan: draft, after, partition } = drafted;
  const old = plainModel(modelOf(text));
  const typed = sent.map((one) => one.typed);
  const back = sent.toReversed().flatMap(({ inverse }) => inverse);
  for (let count = 0; count <= typed.length; count += 1) {
    const partly = applyTyped(text, typed.slice(0, count));
    expect(partly.refused, where).toEqual([]);
    const returned = applyTyped(partly.text, back).text;
    expect(standingOf(draft, 'old', besideShared(returned, partition), sha256), where).toEqual({
      file: 'old',
      differences: [],
    });
    expect(fingerprintOf(besideShared(returned, partition), sha256), where).toBe(draft.basedOn);
    expect(plainModel(modelOf(returned)), where).toEqual(old);
  }
  expect(fingerprintOf(besideShared(after, partition), sha256), where).toBe(draft.resultsIn);
}

/** What is written and what holds anyway are the same; the name of a template is not what was wished for. */
function plainModel(model: DeviceModel): DeviceModel {
  const { virtualServers, pools, monitors, certificates } = model;
  const text = JSON.stringify({ virtualServers, pools, monitors, certificates }, (key, value: unknown) => {
    if (key === 'native' || key === 'node' || key === 'weighted' || key === 'per') return undefined;
    if (key === 'adminState' && value === 'enabled') return undefined;
    if ((key === 'weight' || key === 'priority' || key === 'minActiveMembers') && value === 1) return undefined;
    if (key === 'algorithm') return typeof value === 'string' ? { name: value } : value;
    if (key === 'method' && value === 'GET') return undefined;
    if (key === 'persistence' && value !== null && typeof value === 'object') return { ...value, name: undefined };
    return value;
  });
  const plain = JSON.parse(text) as DeviceModel; // the same model with fewer keys
  function byName(a: { name: string }, b: { name: string }): number {
    return a.name < b.name ? -1 : 1;
  }
  // A device lists objects in an order of its own.
  for (const list of [plain.virtualServers, plain.pools, plain.monitors, plain.certificates]) list.sort(byName);
  for (const { tls } of plain.virtualServers)
    tls?.certificates?.sort((a, b) => byName({ name: a.name ?? '' }, { name: b.name ?? '' }));
  for (const one of plain.pools) {
    one.members.sort(byName);
    if (one.monitors?.length === 0) delete one.monitors;
  }
  return plain;
}

test('a session opens each block once and leaves it before the next; its weight names every pool that has it', () => {
  const drafted = plan(orchard, {
    pools: [{ name: 'orchard_web', members: [{ name: 'apple1:8080', weight: 9, maxConnections: 8, priority: 2 }] }],
  });
  expect(sessionText(drafted.sent.map((one) => one.typed))).toBe(
    [
      'configure',
      'slb server apple1 10.20.0.11',
      'port 8080 tcp',
      'weight 9',
      'conn-limit 8',
      'exit',
      'exit',
      'slb service-group orchard_web tcp',
      'member apple1 8080',
      'priority 2',
      'end',
    ].join('\n'),
  );
  expect(drafted.plan.affects.map(({ name }) => name)).toEqual(['orchard_web']);
  expect(drafted.plan.keep[0]?.commands[0]).toMatchObject({ text: 'write memory all-partitions' });
});

test('a template of any kind is attached to a virtual port, and taken off it', () => {
  const text = orchard.replace(
    'slb template http',
    'slb template server-ssl inner\n  version 33 33\n!\nslb template http',
  );
  const on = plan(text, virtual({ profiles: ['orchard_http', 'inner'] }));
  expect(on.typed).toEqual([`${of443} template server-ssl inner`]);
  expectWished(on);
  expectWayBack(text, on);
  const off = plan(on.after, virtual({ profiles: ['orchard_http'] }));
  expect(off.typed).toEqual([`${of443} no template server-ssl inner`]);
  expectWished(off);
  expectWayBack(on.after, off);
});

test('certificates of ACOS 5 stand in a list: the new one comes before the old one goes', () => {
  const list = 'certificate orchard.crt key orchard.key\n  certificate pear.crt key pear.key chain-cert pear.chain';
  const text = orchard.replace('cert orchard.crt\n  key orchard.key', list);
  const certificates = [
    { name: 'plum.crt', keyFile: 'plum.key' },
    { name: 'pear.crt', keyFile: 'pear.key' },
  ];
  const drafted = plan(text, virtual({ tls: { certificates } }));
  expect(drafted.typed).toEqual([
    'slb template client-ssl orchard_tls / certificate plum.crt key plum.key',
    'slb template client-ssl orchard_tls / certificate pear.crt key pear.key',
    'slb template client-ssl orchard_tls / no certificate orchard.crt key orchard.key',
  ]);
  const read = modelOf(drafted.after).virtualServers.find(({ name }) => name === 'orchard:443')?.tls?.certificates;
  expect(read?.toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))).toEqual(certificates.toReversed());
  expectWayBack(text, drafted);
});

test('suites in a cipher template are read, and not changed from a virtual port', () => {
  const text = orchard.replace(
    'slb template client-ssl orchard_tls',
    'slb template cipher few\n  TLS1_ECDHE_ECDSA_AES_256_SHA priority 5\n!\nslb template client-ssl orchard_tls\n  template cipher few',
  );
  expect(modelOf(text).virtualServers[0]?.tls?.ciphers).toEqual(['ECDHE-ECDSA-AES256-SHA']);
  expect(() => plan(text, virtual({ tls: { ciphers: ['AES128-SHA'] } }))).toThrow(/from a cipher template/);
});

test('a monitor whose end would have to show a secret is not taken away', () => {
  const text = orchard.replace(
    'slb template client-ssl',
    'health monitor box\n  method pop3 user a password encrypted Zm9v\n!\nslb template client-ssl',
  );
  expect(() => plan(text, { monitors: [{ name: 'box', absent: true }] })).toThrow(/show the secret/);
});

test('times of a monitor are the same on one line or several, and where they are what holds anyway', () => {
  function print(...lines: readonly string[]): string {
    return fingerprintOf([{ partition: '', text: ['health monitor m', ...lines, '  method icmp'].join('\n') }], sha256);
  }
  expect(print('  interval 10 timeout 5', '  retry 3')).toBe(print('  interval 10'));
  expect(print('  interval 10', '  timeout 2')).toBe(print('  interval 10 timeout 2'));
  expect(print('  interval 10')).not.toBe(print('  interval 11'));
});

test('a running-config is kept to the letter, but for what was changed', () => {
  expect(new A10Text(orchard).toString()).toBe(orchard);
  const text =
    'slb service-group app tcp\n  member n1 80\n!\n!\nslb service-group api tcp\n  ! two\n  member n1 80\n!\nend';
  expect(new A10Text(text).toString()).toBe(text);
  expect(applyTyped(text, [['slb service-group app tcp', 'method least-request']]).text).toBe(
    text.replace('80\n!', '80\n  method least-request\n!'),
  );
});

test('members of ACOS 2 are read, and refused to be changed', () => {
  const text = 'slb server s1 10.0.0.1\n   port 80  tcp\nslb service-group sg tcp\n   member s1:80\n';
  expect(() => plan(text, { pools: [{ name: 'sg', members: [{ name: 's1:80', priority: 3 }] }] })).toThrow(/ACOS 2/);
});

test.each([
  ['a weight of 0', web({ weight: 0 }), /it is 1 to 1000/],
  ['a member by another name', web({ name: 'plum', address: '10.0.0.9', port: 80 }), /would be plum:80/],
  ['a drain of a virtual port', virtual({ adminState: 'draining' }), /drain its members/],
  ['a pool that a virtual port has', { pools: [{ name: 'orchard_api', absent: true }] }, /still needs it/],
  ['a monitor in use', { monitors: [{ name: 'ready', absent: true }] }, /still needs it/],
  ['a pool that is not there', virtual({ pool: 'nobody' }), /no service group "nobody"/],
  ['a monitor that is not there', pool({ monitors: ['nobody'] }), /no monitor "nobody"/],
  ['a template that is not there', virtual({ profiles: ['orchard_http', 'nobody'] }), /no template "nobody"/],
  ['a TCP monitor without a port', { monitors: [{ name: 'm', type: 'tcp' }] }, /without a port/],
  ['a monitor of a kind', { monitors: [{ name: 'm', type: 'mysql' }] }, /a monitor of type mysql/],
  ['a certificate by its file', virtual({ tls: { certificates: [{ certFile: 'a.pem' }] } }), /has to be on the device/],
  ['a virtual port by another name', { virtualServers: [{ name: 'v:81', listen: ['192.0.2.9:80'] }] }, /does not fit/],
  ['half a minute', virtual({ persistence: { method: 'source-ip', timeoutMs: 30_000 } }), /whole number of minutes/],
] as const satisfies readonly (readonly [string, Desired, RegExp])[])(
  '%s is refused in words',
  (_title, desired, words) => {
    expect(() => plan(orchard, desired)).toThrow(words);
  },
);

describe.skipIf(lacksRecordings)('every configuration of a real device', { timeout: 60_000 }, () => {
  test('takes every kind of edit of what it holds, reads as wished, and gives it back from every half-way point', () => {
    const tried = new Map<string, number>();
    for (const { path, bytes } of [...recordings('config/a10', ''), ...recordings('cli/a10', '')]) {
      if (/_ref$|acos2$|acos_v2$/.test(path)) continue;
      const text = bytes.toString('utf8');
      // Written tests of a parser enter blocks again, take them back, or name ports that are not there; a device lists none of that.
      const heads = new A10Text(text).lines
        .map((line) => line.text.split(' ').slice(0, 3).join(' '))
        .filter((head) => head.startsWith('slb '));
      if (new Set(heads).size < heads.length || /^\s*no /m.test(text)) continue;
      for (const partition of ['', 'north']) {
        const wishes = [...wishesFor(modelOf(text, partition), partition === '' ? '' : 'north/')];
        // In a partition one of each kind is enough: the lines are made by the same code.
        const chosen = partition === '' ? wishes : [...new Map(wishes.map((one) => [one[0], one])).values()];
        for (const [kind, desired] of chosen) {
          const where = `${path}: ${kind}`;
          const drafted = plan(text, desired, partition);
          expectWished(drafted, where);
          expectWayBack(text, drafted, where);
          tried.set(kind, (tried.get(kind) ?? 0) + 1);
        }
      }
    }
    expect(Math.min(...tried.values())).toBeGreaterThan(1);
    expect([...tried.keys()]).toHaveLength(14);
  });
});

function* wishesFor(model: DeviceModel, prefix: string): Generator<readonly [string, Desired]> {
  yield [
    'new monitor',
    {
      monitors: [{ name: `${prefix}zz`, type: 'http', path: '/zz', method: 'GET', intervalMs: 7000, timeoutMs: 3000 }],
    },
  ];
  yield [
    'new pool and virtual port with TLS',
    {
      monitors: [{ name: `${prefix}zz`, type: 'tcp', port: 81 }],
      pools: [
        {
          name: `${prefix}zzpool`,
          algorithm: 'least-connections',
          monitors: [`${prefix}zz`],
          protocol: 'tcp',
          members: [
            { name: `${prefix}zz9:81`, address: '198.51.100.9', port: 81, weight: 3 },
            { name: `${prefix}zz9:82`, address: '198.51.100.9', port: 82, adminState: 'disabled' },
          ],
        },
      ],
      virtualServers: [
        {
          name: `${prefix}zzv:443`,
          listen: ['198.51.100.10:443'],
          protocol: 'http',
          pool: `${prefix}zzpool`,
          persistence: { method: 'source-ip', timeoutMs: 600_000 },
          tls: {
            profiles: [`${prefix}zztls`],
            certificates: [{ name: `${prefix}zz.crt`, keyFile: 'zz.key' }],
            minVersion: '1.2',
            maxVersion: '1.2',
          },
        },
      ],
    },
  ];
  for (const { name, listen } of model.virtualServers) {
    if (/\/[\w-]+$|:0$/.test(name.slice(prefix.length)) || listen === undefined) continue;
    yield ['virtual gone', { virtualServers: [{ name, absent: true }] }];
  }
  for (const { name, type, port } of model.monitors) {
    if (type === 'http' || type === 'https')
      yield ['path', { monitors: [{ name, path: '/zz', method: 'HEAD', port: port ?? 80 }] }];
    yield ['times', { monitors: [{ name, intervalMs: 42_000, timeoutMs: 9000, fall: 7, rise: 2 }] }];
  }
  for (const { name } of model.pools) {
    const holders = model.virtualServers.filter((one) => one.pool === name);
    if (holders.some((one) => /\/[\w-]+$|:0$/.test(one.name.slice(prefix.length)))) continue;
    const virtualServers = holders.map((one) => ({ name: one.name, absent: true as const }));
    yield ['pool gone', { pools: [{ name, absent: true }], virtualServers }];
  }
  for (const { name, members } of model.pools) {
    function at(keys: object): Desired {
      return { pools: [{ name, ...keys }] };
    }
    yield ['method', at({ algorithm: 'source-ip-hash' })];
    yield ['active', at({ minActiveMembers: 3 })];
    yield ['new member', at({ members: [{ name: `${prefix}zz9:81`, address: '198.51.100.9', port: 81, weight: 3 }] })];
    const [member] = members;
    if (member?.address === undefined) continue;
    const on = member.name;
    yield ['weight', at({ members: [{ name: on, weight: 42, priority: 7 }] })];
    yield ['drain', at({ members: [{ name: on, adminState: 'draining' }] })];
    yield ['member gone', at({ members: [{ name: on, absent: true }] })];
  }
  for (const { name, native } of model.virtualServers) {
    if (native?.['port'] === undefined || /\/|:0$/.test(name)) continue;
    function at(keys: object): Desired {
      return { virtualServers: [{ name, ...keys }] };
    }
    yield ['virtual limit', at({ connectionLimit: 5 })];
    yield ['source', at({ persistence: { method: 'source-ip', timeoutMs: 3_600_000 } })];
  }
}
