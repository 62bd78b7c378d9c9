import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Desired, DeviceModel, VirtualServer } from '../../../../src-main/contract/model.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import { commandsOf } from '../../../../src-main/vendors/f5/edit.ts';
import { parseBigip } from '../../../../src-main/vendors/f5/parse.ts';
import { draftPlan, type Place, standingOf } from '../../../../src-main/vendors/f5/plan.ts';
import { applyTmsh, applyTransaction } from '../../../../src-main/vendors/f5/write.ts';
import { asListed } from '../../../rigs/f5-listing.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const fixture = readFileSync(join(import.meta.dirname, '../../../fixtures/f5/orchard/bigip.conf'), 'utf8');
function address(host: string, more = ''): string {
  return `ltm virtual-address /Common/${host} {\n    address ${host}\n    traffic-group /Common/traffic-group-2\n${more}}\n`;
}
const orchard = fixture + address('192.0.2.80') + address('2001:db8:20::80') + address('192.0.2.90');

const group = { self: undefined, name: undefined, isAutomatic: false, status: '', newer: [], isConflict: false };
const place: Place = { shell: 'bash', version: [15, 1], group, planId: 'abc123' };

function modelOf(text: string): DeviceModel {
  return parseBigip([{ path: 'bigip.conf', bytes: Buffer.from(text) }]);
}
function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function plan(text: string, desired: Desired) {
  const model = modelOf(text);
  const edit = diffModel(model, desired, 'merge');
  const sent = commandsOf(text, edit);
  return { edit, sent, commands: sent.map(({ command }) => command), ...draftPlan(text, sent, model, place, sha256) };
}

/** The device reads as was wished, and from wherever it came to it is given back. */
function expectThereAndBack(text: string, drafted: ReturnType<typeof plan>, where?: string): void {
  const { sent, commands, edit, after, plan: draft } = drafted;
  expect(serversOf(modelOf(after)), where).toEqual(serversOf(edit.target));
  const back = sent.toReversed().map(({ inverse }) => inverse);
  for (let count = 0; count <= commands.length; count += 1) {
    const partly = applyTmsh(text, commands.slice(0, count));
    expect(partly.refused, where).toEqual([]);
    const returned = applyTmsh(applyTransaction(partly.text, back), back).text;
    expect(standingOf(draft, 'old', returned, sha256), where).toEqual({ file: 'old', differences: [] });
    expect(modelOf(returned).virtualServers, where).toEqual(expect.arrayContaining([...modelOf(text).virtualServers]));
  }
  expect(standingOf(draft, 'new', after, sha256), where).toEqual({ file: 'new', differences: [] });
}

/** Without what a reading says beside a wish: the device's own words, what holds anyway, and settings of a profile. */
function serversOf({ virtualServers }: DeviceModel): unknown {
  const plain = virtualServers.map(({ native, persistence, ...one }) => ({
    ...one,
    ...(native?.['source'] === undefined ? {} : { source: native['source'] }),
    persistence: persistence?.method,
    tls: one.tls?.profiles,
    profiles: one.profiles?.toSorted(),
  }));
  return plain.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((one) => JSON.parse(JSON.stringify(one)) as unknown);
}

function https(keys: object): Desired {
  return { virtualServers: [{ name: '/Common/orchard_https', ...keys }] };
}
function added(keys: Partial<VirtualServer>): Desired {
  return { virtualServers: [{ name: '/Common/new', ...keys }] };
}
const ofHttps = 'modify ltm virtual /Common/orchard_https';

const edits: readonly (readonly [string, Desired, readonly string[]])[] = [
  [
    'a new virtual server for HTTP with all that it can have',
    added({
      listen: ['192.0.2.81:443'],
      protocol: 'http',
      pool: '/Common/orchard_api',
      tls: { profiles: ['/Common/orchard-tls'] },
      connectionLimit: 90,
      sourceNat: 'automap',
      persistence: { method: 'source-ip', timeoutMs: 60_000 },
      profiles: ['/Common/http', '/Common/serverssl', '/Common/tcp'],
      rules: ['/Common/orchard-maintenance', '/Common/_sys_https_redirect'],
      adminState: 'disabled',
      native: { source: '10.0.0.0/8' },
    }),
    [
      'create ltm persistence source-addr /Common/new_persist { defaults-from /Common/source_addr timeout 60 }',
      'create ltm virtual /Common/new { connection-limit 90 destination /Common/192.0.2.81:443 disabled ip-protocol tcp pool /Common/orchard_api profiles replace-all-with { /Common/http { } /Common/orchard-tls { context clientside } /Common/serverssl { context serverside } /Common/tcp { } } rules { /Common/orchard-maintenance /Common/_sys_https_redirect } source 10.0.0.0/8 source-address-translation { type automap } persist replace-all-with { /Common/new_persist { default yes } } }',
    ],
  ],
  [
    'a new one in a partition by IPv6, with a SNAT pool',
    {
      virtualServers: [
        {
          name: '/North/site/v6',
          listen: ['[2001:db8::5%3]:53'],
          protocol: 'udp',
          profiles: ['/Common/udp'],
          sourceNat: '/North/out',
        },
      ],
    },
    [
      'create ltm virtual /North/site/v6 { destination /North/2001:db8::5%3.53 ip-protocol udp profiles replace-all-with { /Common/udp { } } source-address-translation { pool /North/out type snat } }',
    ],
  ],
  [
    'a new one on an address that is there and unused keeps the address from going with it again',
    added({ listen: ['192.0.2.90:80'], protocol: 'tcp', profiles: ['/Common/tcp'] }),
    [
      'modify ltm virtual-address /Common/192.0.2.90 auto-delete false',
      'create ltm virtual /Common/new { destination /Common/192.0.2.90:80 ip-protocol tcp profiles replace-all-with { /Common/tcp { } } }',
      'modify ltm virtual-address /Common/192.0.2.90 auto-delete true',
    ],
  ],
  [
    'a new one on every address',
    added({ listen: ['0.0.0.0:0'], protocol: 'tcp', profiles: ['/Common/fastL4'] }),
    [
      'create ltm virtual /Common/new { destination /Common/0.0.0.0:0 ip-protocol tcp mask any profiles replace-all-with { /Common/fastL4 { } } }',
    ],
  ],
  [
    'a new pool and a virtual server for it',
    {
      virtualServers: [
        {
          name: '/Common/new',
          listen: ['192.0.2.82:80'],
          protocol: 'tcp',
          pool: '/Common/p',
          profiles: ['/Common/tcp'],
        },
      ],
      pools: [{ name: '/Common/p' }],
    },
    [
      'create ltm pool /Common/p {  }',
      'create ltm virtual /Common/new { destination /Common/192.0.2.82:80 ip-protocol tcp pool /Common/p profiles replace-all-with { /Common/tcp { } } }',
    ],
  ],
  [
    'one gone, and its address, which the way back makes again with its traffic group',
    https({ absent: true }),
    [
      'modify ltm virtual-address /Common/192.0.2.80 auto-delete false',
      'delete ltm virtual /Common/orchard_https',
      'delete ltm virtual-address /Common/192.0.2.80',
    ],
  ],
  [
    'one gone whose address another takes',
    {
      virtualServers: [
        { name: '/Common/orchard_https', absent: true },
        { name: '/Common/new', listen: ['192.0.2.80:8443'], protocol: 'tcp', profiles: ['/Common/tcp'] },
      ],
    },
    [
      'create ltm virtual /Common/new { destination /Common/192.0.2.80:8443 ip-protocol tcp profiles replace-all-with { /Common/tcp { } } }',
      'delete ltm virtual /Common/orchard_https',
    ],
  ],
  ['another port', https({ listen: ['192.0.2.80:8443'] }), [`${ofHttps} destination /Common/192.0.2.80:8443`]],
  [
    'another address, new to the device',
    https({ listen: ['192.0.2.83:443'] }),
    [
      'modify ltm virtual-address /Common/192.0.2.80 auto-delete false',
      `${ofHttps} destination /Common/192.0.2.83:443`,
      'delete ltm virtual-address /Common/192.0.2.80',
    ],
  ],
  [
    'another address that is there',
    https({ listen: ['192.0.2.90:443'] }),
    [
      'modify ltm virtual-address /Common/192.0.2.80 auto-delete false',
      'modify ltm virtual-address /Common/192.0.2.90 auto-delete false',
      `${ofHttps} destination /Common/192.0.2.90:443`,
      'modify ltm virtual-address /Common/192.0.2.90 auto-delete true',
      'delete ltm virtual-address /Common/192.0.2.80',
    ],
  ],
  [
    'rules in their order, and none',
    {
      virtualServers: [
        { name: '/Common/orchard_https', rules: ['/Common/_sys_https_redirect', '/Common/orchard-maintenance'] },
        { name: '/Common/orchard_http', rules: [] },
      ],
    },
    [
      `${ofHttps} rules { /Common/_sys_https_redirect /Common/orchard-maintenance }`,
      'modify ltm virtual /Common/orchard_http rules none',
    ],
  ],
  [
    'profiles that come and go',
    https({ profiles: ['/Common/http', '/Common/tcp', '/Common/serverssl'] }),
    [
      `${ofHttps} profiles delete { /Common/oneconnect }`,
      `${ofHttps} profiles add { /Common/serverssl { context serverside } }`,
    ],
  ],
  [
    'a protocol with the profiles that say it',
    https({ protocol: 'tcp', profiles: ['/Common/oneconnect', '/Common/tcp'] }),
    [`${ofHttps} profiles delete { /Common/http }`],
  ],
  [
    'addresses of clients by a SNAT pool',
    https({ sourceNat: '/Common/out' }),
    [`${ofHttps} source-address-translation { pool /Common/out type snat }`],
  ],
];

describe.each(edits)('%s', (_title, desired, commands) => {
  test('is these commands; the device reads as wished, and is given back from wherever it came to', () => {
    const drafted = plan(orchard, desired);
    expect(drafted.commands).toEqual(commands);
    const target = modelOf(drafted.after);
    if (desired.virtualServers?.some(({ rules }) => rules?.length === 0))
      expect(target.virtualServers[1]?.rules).toBeUndefined();
    else expectThereAndBack(orchard, drafted);
  });
});

test('a protocol alone takes the profile for HTTP on and off', () => {
  const off = plan(orchard, https({ protocol: 'tcp' }));
  expect(off.commands).toEqual([`${ofHttps} profiles delete { /Common/http }`]);
  expect(plan(off.after, https({ protocol: 'http' })).commands).toEqual([
    `${ofHttps} profiles add { /Common/http { } }`,
  ]);
});

test('an address that the device makes with a virtual server is no other hand’s change, whatever it fills in', () => {
  const { plan: draft, after } = plan(orchard, added({ listen: ['192.0.2.81:80'], protocol: 'http' }));
  const filled = after
    .replace('ltm virtual-address /Common/192.0.2.81 { }', address('192.0.2.81', '    arp enabled\n').trimEnd())
    .replace(
      '    destination /Common/192.0.2.81:80\n',
      '    destination /Common/192.0.2.81:80\n    mask 255.255.255.255\n    vs-index 9\n',
    );
  expect(filled).not.toBe(after);
  expect(standingOf(draft, 'new', filled, sha256)).toEqual({ file: 'new', differences: [] });
  expect(standingOf(draft, 'old', orchard, sha256)).toEqual({ file: 'old', differences: [] });
  // Nor is one that the device would leave there once its virtual server is taken back.
  expect(standingOf(draft, 'old', orchard + address('192.0.2.81'), sha256)).toEqual({ file: 'old', differences: [] });
  expect(standingOf(draft, 'old', orchard + address('192.0.2.82'), sha256)).toMatchObject({ file: 'foreign' });
  const candidate = draft.steps.find(({ id }) => id === 'candidate')?.commands[0];
  expect(candidate).toMatchObject({ text: expect.stringContaining('ltm virtual /Common/new {') as string });
});

const refused: readonly (readonly [string, Desired, RegExp])[] = [
  [
    'routes',
    added({ listen: ['192.0.2.1:80'], routes: [{ host: 'a', pool: '/Common/orchard_api' }] }),
    /policies are only read/,
  ],
  ['a redirection', added({ listen: ['192.0.2.1:80'], redirect: { to: 'https://x' } }), /an iRule does it/],
  ['two addresses', added({ listen: ['192.0.2.1:80', '192.0.2.2:80'] }), /make one for each/],
  ['no address', added({}), /listens on an address and a port.*not on nothing/],
  ['a name of a host', added({ listen: ['shop:80'] }), /not on "shop:80"/],
  ['a short name', { virtualServers: [{ name: 'new', listen: ['192.0.2.1:80'] }] }, /would be \/Common\/new/],
  ['a pool that is not there', added({ listen: ['192.0.2.1:80'], pool: '/Common/x' }), /no pool "\/Common\/x"/],
  ['a rule that is not there', https({ rules: ['/Common/x'] }), /no iRule "\/Common\/x"/],
  [
    'a TLS profile that is not there',
    added({ listen: ['192.0.2.1:80'], tls: { profiles: ['/Common/x'] } }),
    /no client-ssl/,
  ],
  [
    'TLS settings at once',
    added({ listen: ['192.0.2.1:80'], tls: { minVersion: '1.2' } }),
    /name its client-ssl profile/,
  ],
  ['another family', https({ listen: ['[2001:db8::1]:443'] }), /another family/],
  ['udp', https({ protocol: 'udp' }), /make another virtual server/],
  ['an address for clients', https({ sourceNat: '192.0.2.7' }), /SNAT pool/],
];

test.each(refused)('%s is refused in words', (_title, desired, words) => {
  expect(() => plan(orchard, desired)).toThrow(words);
});

describe.skipIf(lacksRecordings)('every configuration of a real device', { timeout: 120_000 }, () => {
  test('gets a virtual server, loses each that it has, and moves one; all goes back from every half-way point', () => {
    const tried = { new: 0, gone: 0, moved: 0, rules: 0, refused: 0 };
    for (const { path, bytes } of recordings('config/f5', '')) {
      const text = asListed(bytes.toString('utf8'));
      const model = modelOf(text);
      const [pool] = model.pools.filter(({ name }) => name.startsWith('/'));
      const wish = {
        name: '/Common/zz9',
        listen: ['198.51.100.9:81'],
        protocol: 'http',
        profiles: ['/Common/http', '/Common/tcp'],
      };
      const rules = [...text.matchAll(/^ltm rule (\/\S+)/gm)].map(([, name = '']) => name).slice(0, 2);
      const whole = {
        ...wish,
        ...(pool === undefined ? {} : { pool: pool.name }),
        ...(rules.length === 0 ? {} : { rules }),
      };
      if (model.virtualServers.length + model.pools.length === 0) continue;
      expectThereAndBack(text, plan(text, { virtualServers: [whole as VirtualServer] }), `${path}: new`);
      tried.new += 1;
      // Another one of that name, or an object that needs it, would keep it from going.
      const once = model.virtualServers.filter(({ name }) => name.startsWith('/') && text.split(name).length === 2);
      for (const { name, listen } of once.slice(0, text.length < 60_000 ? 2 : 1)) {
        expectThereAndBack(text, plan(text, { virtualServers: [{ name, absent: true }] }), `${path}: without ${name}`);
        tried.gone += 1;
        if (rules.length > 0) {
          expectThereAndBack(
            text,
            plan(text, { virtualServers: [{ name, rules: rules.toReversed() }] }),
            `${path}: rules of ${name}`,
          );
          tried.rules += 1;
        }
        if (!/^[0-9.]+:\d+$/.test(listen?.[0] ?? '') || listen?.[0]?.startsWith('0.0.0.0') === true) tried.refused += 1;
        else {
          const moved = { virtualServers: [{ name, listen: ['198.51.100.8:82'] }] };
          expectThereAndBack(text, plan(text, moved), `${path}: ${name} moved`);
          tried.moved += 1;
        }
      }
    }
    expect(Math.min(tried.new, tried.gone, tried.moved)).toBeGreaterThan(50);
    expect(tried.rules).toBeGreaterThan(5);
  });
});
