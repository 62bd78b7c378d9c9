import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ClientTls, Desired, DeviceModel, DevicePool } from '../../../../src-main/contract/model.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import { isBuiltInServerSsl } from '../../../../src-main/vendors/f5/built-in.ts';
import { commandsOf } from '../../../../src-main/vendors/f5/edit.ts';
import { parseBigip } from '../../../../src-main/vendors/f5/parse.ts';
import { draftPlan, type Place, standingOf } from '../../../../src-main/vendors/f5/plan.ts';
import { applyTmsh, applyTransaction } from '../../../../src-main/vendors/f5/write.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const orchard = readFileSync(join(import.meta.dirname, '../../../fixtures/f5/orchard/bigip.conf'), 'utf8');
const place: Place = {
  shell: 'bash',
  version: [15, 1],
  group: { self: undefined, name: undefined, isAutomatic: false, status: 'Standalone', newer: [], isConflict: false },
  planId: 'abc123',
};

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
const models = new Map<string, DeviceModel>();
function modelOf(text: string): DeviceModel {
  const known = models.get(text) ?? parseBigip([{ path: 'bigip.conf', bytes: Buffer.from(text) }]);
  models.set(text, known);
  return known;
}

function plan(text: string, desired: Desired) {
  const model = modelOf(text);
  const edit = diffModel(model, desired, 'merge');
  const sent = commandsOf(text, edit);
  const commands = sent.map(({ command }) => command);
  const back = sent.toReversed().map(({ inverse }) => inverse);
  return { text, edit, commands, back, ...draftPlan(text, sent, model, place, sha256) };
}

/** What was wished for, whatever the profile is called that it came to stand in; what is written and what holds anyway are the same. */
function tlsOf({ virtualServers, pools }: DeviceModel) {
  function plain(tls: ClientTls | DevicePool['tls'] = {}) {
    const said = Object.entries(tls).filter(
      ([key, value]) =>
        !['profiles', 'profile'].includes(key) &&
        !['none', false].includes(value as string) && // any value of the model may be compared
        JSON.stringify(value) !== '["DEFAULT"]',
    );
    return Object.fromEntries(said);
  }
  return new Map([...virtualServers, ...pools].map((one) => [one.name, plain(one.tls)]));
}

function expectWished({ after, edit, plan: draft }: ReturnType<typeof plan>, where?: string): void {
  const named = new Set(edit.changes.map(({ subject }) => subject.path[0]));
  const others = new Set(draft.affects.map(({ name }) => name).filter((name) => !named.has(name)));
  const [read, wished] = [tlsOf(modelOf(after)), tlsOf(edit.target)];
  for (const name of others) for (const map of [read, wished]) map.delete(name);
  expect(read, where).toEqual(wished);
}

/** By the transaction, and by single commands from wherever they ended. */
function expectWayBack({ text, commands, back, plan: draft, after }: ReturnType<typeof plan>, where?: string): void {
  expect(commands.length, where).toBeGreaterThan(0);
  for (let count = 0; count <= commands.length; count += 1) {
    const partly = applyTmsh(text, commands.slice(0, count));
    expect(partly.refused, where).toEqual([]);
    const returned = applyTmsh(applyTransaction(partly.text, back), back).text;
    expect(standingOf(draft, 'old', returned, sha256), where).toEqual({ file: 'old', differences: [] });
    expect(tlsOf(modelOf(returned)), where).toEqual(tlsOf(modelOf(text)));
  }
  expect(standingOf(draft, 'new', after, sha256), where).toEqual({ file: 'new', differences: [] });
}

function https(tls: object): Desired {
  return { virtualServers: [{ name: '/Common/orchard_https', tls }] };
}
function web(tls: object): Desired {
  return { pools: [{ name: '/Common/orchard_web', tls }] };
}
const profile = 'modify ltm profile client-ssl /Common/orchard-tls';

const grouped = orchard.replace(
  '    ciphers ECDHE+AES-GCM\n',
  '    cipher-group /Common/f5-secure\n    ciphers none\n',
);
const stock = orchard.replaceAll(
  '/Common/orchard-tls {\n            context',
  '/Common/clientssl {\n            context',
);
const second = `ltm profile client-ssl /Common/another-tls {
    defaults-from /Common/clientssl
    server-name another.example
}
`;
const backends = orchard.replaceAll(
  '        /Common/oneconnect { }\n',
  '        /Common/oneconnect { }\n        /Common/back-tls {\n            context serverside\n        }\n',
);
const backend = `ltm profile server-ssl /Common/back-tls {
    authenticate-name apple.example
    ca-file /Common/ca.crt
    defaults-from /Common/back-parent
    server-name apple.example
}
ltm profile server-ssl /Common/back-parent {
    ciphers ECDHE
    defaults-from /Common/serverssl
    options { dont-insert-empty-fragments no-tlsv1.3 no-tlsv1 }
    peer-cert-mode require
}
`;
const both = backends + backend;

const shopCertificate = { name: '/Common/shop.crt', keyFile: '/Common/shop.key' };
const ofVirtual = 'modify ltm virtual /Common/orchard_https profiles replace-all-with';
function list(...names: readonly string[]): string {
  return `{ ${names.join(' ')} }`;
}
const [http, oneconnect, own, tcp] = [
  'http { }',
  'oneconnect { }',
  'orchard-tls { context clientside }',
  'tcp { }',
].map((name) => `/Common/${name}`);
const edits: readonly (readonly [string, string, Desired, readonly string[]])[] = [
  [
    'versions from and to',
    orchard,
    https({ minVersion: '1.1', maxVersion: '1.2' }),
    [`${profile} options { dont-insert-empty-fragments no-tlsv1 no-tlsv1.3 }`],
  ],
  [
    'suites instead of a group of them, in one command',
    grouped,
    https({ ciphers: ['ECDHE', '!SHA1'] }),
    [`${profile} cipher-group none ciphers ECDHE:!SHA1`],
  ],
  [
    'certificates of clients',
    orchard,
    https({ clientAuth: 'required', caFile: '/Common/ca.crt', crlFile: '/Common/ca.crl' }),
    [`${profile} peer-cert-mode require`, `${profile} ca-file /Common/ca.crt`, `${profile} crl-file /Common/ca.crl`],
  ],
  [
    'tickets, and no client that names no server',
    orchard,
    https({ sessionTickets: true, strictSni: true }),
    [`${profile} session-ticket enabled`, `${profile} sni-require true`],
  ],
  [
    'another certificate of the device',
    orchard,
    https({ certificates: [{ name: '/Common/new.crt', keyFile: '/Common/new.key' }] }),
    [`${profile} cert-key-chain modify { orchard { cert /Common/new.crt chain none key /Common/new.key } }`],
  ],
  [
    'a second profile, the first of them for clients that name no server',
    orchard + second,
    https({ profiles: ['/Common/orchard-tls', '/Common/another-tls'] }),
    [
      `${profile} sni-default true`,
      `${ofVirtual} ${list(http ?? '', oneconnect ?? '', own ?? '', tcp ?? '', '/Common/another-tls { context clientside }')}`,
    ],
  ],
  [
    'a profile of its own instead of the device’s',
    stock,
    https({ minVersion: '1.2' }),
    [
      'create ltm profile client-ssl /Common/orchard_https_clientssl { defaults-from /Common/clientssl options { dont-insert-empty-fragments no-tlsv1 no-tlsv1.1 } }',
      `${ofVirtual} ${list(http ?? '', oneconnect ?? '', tcp ?? '', '/Common/orchard_https_clientssl { context clientside }')}`,
    ],
  ],
  [
    'TLS of a virtual server that had none, with a certificate of the device',
    orchard,
    { virtualServers: [{ name: '/Common/orchard_http', tls: { minVersion: '1.2', certificates: [shopCertificate] } }] },
    [
      'create ltm profile client-ssl /Common/orchard_http_clientssl { cert-key-chain replace-all-with { own { cert /Common/shop.crt key /Common/shop.key } } defaults-from /Common/clientssl options { dont-insert-empty-fragments no-tlsv1 no-tlsv1.1 } }',
      'modify ltm virtual /Common/orchard_http profiles replace-all-with { /Common/http { } /Common/tcp { } /Common/orchard_http_clientssl { context clientside } }',
    ],
  ],
  [
    'TLS towards members that had none',
    orchard,
    web({ verify: true, caFile: '/Common/ca.crt', serverName: 'apple.example', sendSni: true }),
    [
      'create ltm profile server-ssl /Common/orchard_web_serverssl { authenticate-name apple.example ca-file /Common/ca.crt defaults-from /Common/serverssl peer-cert-mode require server-name apple.example }',
      `${ofVirtual} ${list(http ?? '', oneconnect ?? '', own ?? '', tcp ?? '', '/Common/orchard_web_serverssl { context serverside }')}`,
    ],
  ],
  [
    'settings towards members in their profile',
    both,
    web({ verify: false, minVersion: '1.2', serverName: 'plum.example' }),
    [
      'modify ltm profile server-ssl /Common/back-tls options { dont-insert-empty-fragments no-tlsv1.3 no-tlsv1 no-tlsv1.1 }',
      'modify ltm profile server-ssl /Common/back-tls peer-cert-mode ignore',
      'modify ltm profile server-ssl /Common/back-tls server-name plum.example',
      'modify ltm profile server-ssl /Common/back-tls authenticate-name plum.example',
    ],
  ],
  [
    'a name that members must show and are not asked for',
    orchard,
    web({ verify: true, caFile: '/Common/ca.crt', serverName: 'apple.example' }),
    [
      'create ltm profile server-ssl /Common/orchard_web_serverssl { authenticate-name apple.example ca-file /Common/ca.crt defaults-from /Common/serverssl peer-cert-mode require }',
      `${ofVirtual} ${list(http ?? '', oneconnect ?? '', own ?? '', tcp ?? '', '/Common/orchard_web_serverssl { context serverside }')}`,
    ],
  ],
  [
    'a name that is no longer asked for',
    both,
    web({ sendSni: false }),
    ['modify ltm profile server-ssl /Common/back-tls server-name none'],
  ],
  [
    'no TLS towards members',
    both,
    web({ absent: true }),
    [`${ofVirtual} ${list(http ?? '', oneconnect ?? '', own ?? '', tcp ?? '')}`],
  ],
];

describe.each(edits)('%s', (_title, text, desired, commands) => {
  test('is these commands, reads as was wished, and goes back from every half-way point', () => {
    const drafted = plan(text, desired);
    expect(drafted.commands.toSorted()).toEqual(commands.toSorted());
    expectWished(drafted);
    expectWayBack(drafted);
  });
});

test('a server-ssl profile is TLS of the pools behind it, with what it takes from those that it is made from', () => {
  const { pools, virtualServers } = modelOf(both);
  const tls = {
    profile: '/Common/back-tls',
    verify: true,
    caFile: '/Common/ca.crt',
    serverName: 'apple.example',
    sendSni: true,
    minVersion: '1.1',
    maxVersion: '1.2',
    ciphers: ['ECDHE'],
  };
  expect(pools.map((one) => [one.name, one.tls])).toContainEqual(['/Common/orchard_web', tls]);
  expect(virtualServers.find(({ name }) => name === '/Common/orchard_https')?.profiles).toContain('/Common/back-tls');
});

test('a pool that virtual servers reach with and without TLS is told as neither, and not changed from here', () => {
  const text = `${both}ltm virtual /Common/plain {
    destination /Common/192.0.2.9:80
    pool /Common/orchard_web
}
`;
  expect(modelOf(text).pools.find(({ name }) => name === '/Common/orchard_web')).not.toHaveProperty('tls');
  expect(() => plan(text, web({ minVersion: '1.2' }))).toThrow(
    /different server-ssl profiles \(\/Common\/back-tls on \/Common\/orchard_https, none on \/Common\/plain\)/,
  );
});

test('who else has a profile, and who is made from it, is named', () => {
  const heir = `ltm profile client-ssl /Common/heir {
    defaults-from /Common/orchard-tls
}
ltm virtual /Common/other {
    destination /Common/192.0.2.9:443
    profiles {
        /Common/heir {
            context clientside
        }
    }
}
`;
  const { plan: draft } = plan(orchard + heir, https({ sessionTickets: true }));
  expect(draft.affects).toEqual([
    { kind: 'virtualServer', name: '/Common/orchard_https', why: 'uses /Common/orchard-tls' },
    { kind: 'profile', name: '/Common/heir', why: 'is made from /Common/orchard-tls' },
    { kind: 'virtualServer', name: '/Common/other', why: 'uses /Common/heir' },
  ]);
});

test('a setting that says what its parent says is the same written and left out', () => {
  const made = plan(orchard, https({ clientAuth: 'optional', caFile: '/Common/ca.crt' }));
  const written = applyTmsh(made.after, made.back).text;
  expect(written).toContain('    ca-file none\n');
  for (const text of [written, written.replace('    ca-file none\n', ''), orchard])
    expect(standingOf(made.plan, 'old', text, sha256)).toEqual({ file: 'old', differences: [] });
  const other = written.replace('    ca-file none\n', '    ca-file /Common/other.crt\n');
  expect(standingOf(made.plan, 'old', other, sha256).differences).toEqual([
    expect.stringContaining('ca-file /Common/other.crt" is there'),
  ]);
});

test('certificates of the device are read with what it tells of them', () => {
  const told = `sys file ssl-cert /Common/orchard.crt {
    expiration-string "Dec 27 21:06:26 2026 GMT"
    issuer "CN=An authority"
    serial-number 0a:b0
    subject CN=orchard.example
}
`;
  expect(modelOf(orchard + told).certificates).toContainEqual({
    name: '/Common/orchard.crt',
    subject: 'CN=orchard.example',
    issuer: 'CN=An authority',
    notAfter: '2026-12-27T21:06:26.000Z',
    serial: '0AB0',
    native: { key: '/Common/orchard.key', chain: '/Common/orchard-chain.crt' },
  });
});

const certificates = 'sys file ssl-cert /Common/orchard.crt { }\n';
const refused: readonly (readonly [string, string, Desired, RegExp])[] = [
  ['versions that do not meet', orchard, https({ minVersion: '1.3', maxVersion: '1.2' }), /no TLS version from 1\.3/],
  ['a wish of ALPN', orchard, https({ alpn: ['h2'] }), /alpn of TLS/],
  ['clients that nobody trusts', orchard, https({ clientAuth: 'required' }), /nothing says whom to trust/],
  ['members that nobody trusts', orchard, web({ verify: true }), /nothing says whom to trust/],
  [
    'an authority that is not there',
    orchard + certificates,
    https({ caFile: '/Common/none.crt' }),
    /no certificate \/Common\/none.crt/,
  ],
  ['a profile that is not there', orchard, https({ profiles: ['/Common/none'] }), /does not list/],
  [
    'TLS without any certificate',
    orchard,
    { virtualServers: [{ name: '/Common/orchard_http', tls: { minVersion: '1.2' } }] },
    /takes a certificate/,
  ],
  [
    'TLS of a pool behind nothing',
    orchard,
    { pools: [{ name: '/Common/orchard_idle', tls: {} }] },
    /no virtual server/,
  ],
];

test.each(refused)('%s is refused in words', (_title, text, desired, words) => {
  const idle = 'ltm pool /Common/orchard_idle { }\n';
  expect(() => plan(text + idle, desired)).toThrow(words);
});

describe.skipIf(lacksRecordings)('every configuration of a real device', { timeout: 120_000 }, () => {
  test('takes every kind of edit of its TLS, reads as wished, and gives it back from every half-way point', () => {
    const tried = new Map<string, number>();
    for (const { path, bytes } of recordings('config/f5', '')) {
      models.clear();
      const text = bytes.toString('utf8');
      if (!/client-?ssl|server-?ssl|ltm pool/.test(text)) continue;
      const most = text.length < 60_000 ? 3 : 1;
      for (const [kind, desired] of wishesFor(modelOf(text), most)) {
        const where = `${path}: ${kind}`;
        const drafted = plan(text, desired);
        expectWished(drafted, where);
        expectWayBack(drafted, where);
        tried.set(kind, (tried.get(kind) ?? 0) + 1);
      }
    }
    expect([...tried.keys()].toSorted()).toEqual(
      ['clients', 'members', 'members off', 'off', 'suites', 'tickets', 'versions'].toSorted(),
    );
    expect(Math.min(...tried.values())).toBeGreaterThan(2);
  });
});

function* wishesFor(model: DeviceModel, most: number): Generator<readonly [string, Desired]> {
  const [authority = '/Common/ca.crt'] = model.certificates
    .filter(({ native }) => native !== undefined)
    .map(({ name }) => name);
  const secure = model.virtualServers.filter(({ name, tls }) => name.startsWith('/') && tls !== undefined);
  for (const { name, tls } of secure.slice(0, most)) {
    function at(wish: ClientTls): Desired {
      return { virtualServers: [{ name, tls: wish }] };
    }
    const versions = { minVersion: '1.1', maxVersion: tls?.maxVersion === '1.2' ? '1.1' : '1.2' };
    yield ['versions', at(versions)];
    yield ['suites', at({ ciphers: ['ECDHE+AES', '!SHA1'] })];
    yield ['tickets', at({ sessionTickets: tls?.sessionTickets !== true, strictSni: tls?.strictSni !== true })];
    const clientAuth = tls?.clientAuth === 'optional' ? 'required' : 'optional';
    yield ['clients', at({ clientAuth, caFile: authority })];
    yield ['off', { virtualServers: [{ name, tls: { exact: true } }] }];
  }
  for (const { name, tls } of model.pools.filter((one) => reaches(model, one.name)).slice(0, most)) {
    if (tls === undefined) {
      const wish = { verify: true, caFile: authority, serverName: 'x.example', minVersion: '1.2' };
      yield ['members', { pools: [{ name, tls: wish }] }];
    } else yield ['members off', { pools: [{ name, tls: { absent: true } }] }];
  }
}

/** A virtual server hands to it, and none with another profile than the others. */
function reaches({ virtualServers, profiles, pools }: DeviceModel, pool: string): boolean {
  const holders = virtualServers.filter((one) => one.pool === pool || one.routes?.some((route) => route.pool === pool));
  const serverSsl = new Set(profiles.filter(({ kind }) => kind === 'server-ssl').map(({ name }) => name));
  const found = new Set(
    holders.map(({ profiles: has }) => has?.find((one) => serverSsl.has(one) || isBuiltInServerSsl(one)) ?? ''),
  );
  return (
    found.size === 1 && holders.every(({ name }) => name.startsWith('/')) && pools.some(({ name }) => name === pool)
  );
}
