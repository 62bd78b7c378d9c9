import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Desired, DeviceModel } from '../../../../src-main/contract/model.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import { commandsOf, editNetscaler } from '../../../../src-main/vendors/netscaler/edit.ts';
import { commandsTo } from '../../../../src-main/vendors/netscaler/history.ts';
import { parseNetscaler } from '../../../../src-main/vendors/netscaler/parse.ts';
import { draftPlan, fingerprintOf, standingOf } from '../../../../src-main/vendors/netscaler/plan.ts';
import { applyCommands } from '../../../../src-main/vendors/netscaler/write.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const fixture = readFileSync(join(import.meta.dirname, '../../../fixtures/netscaler/orchard/ns.conf'), 'utf8');
const orchard = `${fixture}add service svc_two apple2 SSL 8443 -svrTimeout 360
bind lb vserver lb_api svc_two
add ssl certKey second-cert -cert second.crt -key second.key
add ssl certKey clients-ca -cert ca.crt
add ssl profile strict -tls1 DISABLED
add ssl profile plain -sessReuse ENABLED
add lb vserver lb_tls SSL 192.0.2.81 443 -persistenceType NONE -cltTimeout 180
add lb vserver lb_strict SSL 192.0.2.82 443 -persistenceType NONE -cltTimeout 180
add lb vserver lb_too SSL 192.0.2.83 443 -persistenceType NONE -cltTimeout 180
add serviceGroup sg_tls SSL -maxClient 0 -maxReq 0
bind lb vserver lb_tls sg_tls
bind serviceGroup sg_tls apple1 443 -weight 5 -hashId 77
set ssl vserver lb_strict -sslProfile strict
set ssl vserver lb_too -sslProfile strict
bind ssl vserver lb_tls -certkeyName orchard-cert
bind ssl vserver lb_tls -cipherName HIGH
bind ssl vserver lb_tls -cipherName MEDIUM
bind ssl vserver lb_tls -eccCurveName P_256
`;

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
function tls(wish: object, name = 'lb_tls'): Desired {
  return { virtualServers: [{ name, tls: wish }] };
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

const tlsEdits: typeof edits = [
  [
    'TLS from 1.2 on',
    tls({ minVersion: '1.2' }),
    ['set ssl vserver lb_tls -ssl3 DISABLED -tls1 DISABLED -tls11 DISABLED'],
  ],
  [
    'TLS 1.2 and 1.3',
    tls({ minVersion: '1.2', maxVersion: '1.3' }, 'cs_orchard'),
    ['set ssl vserver cs_orchard -tls13 ENABLED'],
  ],
  [
    'TLS 1.0 again',
    tls({ minVersion: '1.0' }, 'cs_orchard'),
    ['set ssl vserver cs_orchard -tls1 ENABLED -tls11 ENABLED'],
  ],
  [
    'TLS of a profile that two have',
    tls({ minVersion: '1.3', maxVersion: '1.3', sessionTickets: true }, 'lb_strict'),
    ['set ssl profile strict -ssl3 DISABLED -tls11 DISABLED -tls12 DISABLED -tls13 ENABLED -sessionTicket ENABLED'],
  ],
  [
    'other ciphers',
    tls({ ciphers: ['TLS1.2-ECDHE-RSA-AES256-GCM-SHA384', 'HIGH'] }),
    [
      'bind ssl vserver lb_tls -cipherName TLS1.2-ECDHE-RSA-AES256-GCM-SHA384',
      'unbind ssl vserver lb_tls -cipherName MEDIUM',
      'unbind ssl vserver lb_tls -cipherName HIGH',
      'bind ssl vserver lb_tls -cipherName HIGH',
    ],
  ],
  [
    'a cipher more behind the others',
    tls({ ciphers: ['HIGH', 'MEDIUM', 'LOW'] }),
    ['bind ssl vserver lb_tls -cipherName LOW'],
  ],
  [
    'the first cipher of the two gone',
    tls({ ciphers: ['MEDIUM'] }),
    [
      'unbind ssl vserver lb_tls -cipherName MEDIUM',
      'unbind ssl vserver lb_tls -cipherName HIGH',
      'bind ssl vserver lb_tls -cipherName MEDIUM',
    ],
  ],
  [
    'ciphers of a profile, in their order',
    tls({ ciphers: ['A', 'B'] }, 'lb_strict'),
    [
      'bind ssl profile strict -cipherName A -cipherPriority 1',
      'unbind ssl profile strict -cipherName DEFAULT',
      'bind ssl profile strict -cipherName B -cipherPriority 2',
    ],
  ],
  [
    'certificates of clients, HSTS and a staple',
    tls({ clientAuth: 'required', caFile: 'clients-ca', hsts: { maxAgeS: 600, preload: true }, ocspStapling: true }),
    [
      'set ssl vserver lb_tls -clientAuth ENABLED -clientCert Mandatory -ocspStapling ENABLED -HSTS ENABLED -maxage 600 -preload YES',
      'bind ssl vserver lb_tls -certkeyName clients-ca -CA',
    ],
  ],
  [
    'HSTS taken away',
    tls(
      { minVersion: '1.2', certificates: [{ name: 'orchard-cert' }], groups: ['P_256', 'P_384'], exact: true },
      'cs_orchard',
    ),
    ['unset ssl vserver cs_orchard -HSTS -maxage'],
  ],
  [
    'a second certificate, by its name',
    tls({ certificates: [{ name: 'orchard-cert' }, { name: 'second-cert' }] }),
    ['set ssl vserver lb_tls -SNIEnable ENABLED', 'bind ssl vserver lb_tls -certkeyName second-cert -SNICert'],
  ],
  [
    'another default certificate',
    tls({ certificates: [{ name: 'second-cert' }] }),
    ['unbind ssl vserver lb_tls -certkeyName orchard-cert', 'bind ssl vserver lb_tls -certkeyName second-cert'],
  ],
  ['a profile', tls({ profiles: ['plain'] }), ['set ssl vserver lb_tls -sslProfile plain']],
  [
    'TLS to members checked',
    { pools: [{ name: 'lb_tls/sg_tls', tls: { verify: true, serverName: 'in.example', sendSni: true } }] },
    ['set ssl serviceGroup sg_tls -serverAuth ENABLED -commonName in.example -SNIEnable ENABLED'],
  ],
  [
    'TLS to services checked',
    { pools: [{ name: 'lb_api', tls: { verify: true } }] },
    ['set ssl service svc_api -serverAuth ENABLED', 'set ssl service svc_two -serverAuth ENABLED'],
  ],
];

const wholeEdits: typeof edits = [
  [
    'a new virtual server with a new pool',
    {
      virtualServers: [
        {
          name: 'lb_new',
          listen: ['192.0.2.90:80'],
          protocol: 'http',
          pool: 'lb_new/sg_new',
          persistence: { method: 'source-ip', timeoutMs: 300_000 },
          backupVirtualServer: 'lb_sorry',
          http: { clientTimeoutMs: 60_000 },
        },
      ],
      pools: [
        {
          name: 'lb_new/sg_new',
          algorithm: 'round-robin',
          monitors: ['mon_ready'],
          responseTimeoutMs: 90_000,
          members: [
            { name: 'apple1:8080', address: '10.20.0.11', port: 8080, weight: 4, maxConnections: 9 },
            {
              name: 'kiwi:80',
              node: 'kiwi',
              address: '10.20.0.40',
              port: 80,
              adminState: 'disabled',
              maxConnections: 9,
            },
            { name: 'kiwi:81', node: 'kiwi', address: '10.20.0.40', port: 81, maxConnections: 9 },
          ],
        },
      ],
    },
    [
      'add serviceGroup sg_new HTTP -maxClient 9 -svrTimeout 90',
      'bind serviceGroup sg_new apple1 8080 -weight 4',
      'add server kiwi 10.20.0.40',
      'bind serviceGroup sg_new kiwi 80 -state DISABLED',
      'bind serviceGroup sg_new kiwi 81',
      'bind serviceGroup sg_new -monitorName mon_ready',
      'add lb vserver lb_new HTTP 192.0.2.90 80 -persistenceType SOURCEIP -timeout 5 -lbMethod ROUNDROBIN -cltTimeout 60 -backupVServer lb_sorry',
      'bind lb vserver lb_new sg_new',
    ],
  ],
  [
    'a new virtual server over TLS, on IPv6, with members over TLS',
    {
      virtualServers: [
        {
          name: 'lb_six',
          listen: ['[2001:db8::9]:443'],
          protocol: 'http',
          pool: 'lb_six/sg_six',
          tls: { certificates: [{ name: 'second-cert' }], minVersion: '1.2', ciphers: ['HIGH'] },
        },
      ],
      pools: [
        {
          name: 'lb_six/sg_six',
          tls: { verify: true },
          members: [{ name: 'apple1:443', address: '10.20.0.11', port: 443 }],
        },
      ],
    },
    [
      'add serviceGroup sg_six SSL',
      'set ssl serviceGroup sg_six -serverAuth ENABLED',
      'bind serviceGroup sg_six apple1 443',
      'add lb vserver lb_six SSL 2001:db8::9 443',
      'bind lb vserver lb_six sg_six',
      'bind ssl vserver lb_six -cipherName HIGH',
      'unbind ssl vserver lb_six -cipherName DEFAULT',
      'set ssl vserver lb_six -ssl3 DISABLED -tls1 DISABLED -tls11 DISABLED',
      'bind ssl vserver lb_six -certkeyName second-cert',
    ],
  ],
  [
    'a new pool under a virtual server that is there',
    {
      pools: [
        {
          name: 'lb_web/sg_more',
          algorithm: 'least-connections',
          members: [{ name: 'apple1:81', address: '10.20.0.11', port: 81 }],
        },
      ],
      virtualServers: [{ name: 'lb_web', morePools: ['lb_web/sg_spare', 'lb_web/sg_more'] }],
    },
    ['add serviceGroup sg_more HTTP', 'bind serviceGroup sg_more apple1 81', 'bind lb vserver lb_web sg_more'],
  ],
  [
    'a new pool by itself',
    { pools: [{ name: 'sg_alone', protocol: 'tcp', members: [] }] },
    ['add serviceGroup sg_alone TCP'],
  ],
  [
    'a pool gone that one virtual server has',
    {
      pools: [{ name: 'lb_web/sg_web', absent: true }],
      virtualServers: [{ name: 'lb_web', pool: 'lb_web/sg_spare', morePools: [] }],
    },
    [
      'unbind lb vserver lb_web sg_web',
      'unbind serviceGroup sg_web -monitorName mon_ready',
      'unbind serviceGroup sg_web apple2 8080',
      'unbind serviceGroup sg_web apple1 8080',
      'rm serviceGroup sg_web',
    ],
  ],
  [
    'a pool gone that another virtual server has as well',
    { pools: [{ name: 'lb_web/sg_spare', absent: true }], virtualServers: [{ name: 'lb_web', morePools: [] }] },
    ['unbind lb vserver lb_web sg_spare'],
  ],
  [
    'a virtual server gone, with its pool',
    { virtualServers: [{ name: 'lb_tls', absent: true }], pools: [{ name: 'lb_tls/sg_tls', absent: true }] },
    [
      'disable lb vserver lb_tls',
      'unbind lb vserver lb_tls sg_tls',
      'unbind ssl vserver lb_tls -cipherName MEDIUM',
      'unbind ssl vserver lb_tls -cipherName HIGH',
      'unbind ssl vserver lb_tls -certkeyName orchard-cert',
      'rm lb vserver lb_tls',
      'unbind serviceGroup sg_tls apple1 443',
      'rm serviceGroup sg_tls',
    ],
  ],
  [
    'a virtual server with a profile gone',
    { virtualServers: [{ name: 'lb_too', absent: true }] },
    ['disable lb vserver lb_too', 'unset ssl vserver lb_too -sslProfile', 'rm lb vserver lb_too'],
  ],
  [
    'another address',
    { virtualServers: [{ name: 'lb_tls', listen: ['192.0.2.99:443'] }] },
    ['set lb vserver lb_tls -IPAddress 192.0.2.99'],
  ],
  [
    'a backup, and a shorter idle time',
    { virtualServers: [{ name: 'lb_tls', backupVirtualServer: 'lb_sorry', http: { clientTimeoutMs: 30_000 } }] },
    ['set lb vserver lb_tls -backupVServer lb_sorry', 'set lb vserver lb_tls -cltTimeout 30'],
  ],
  [
    'no backup any more',
    { virtualServers: [{ name: 'lb_web', backupVirtualServer: 'lb_api' }] },
    ['set lb vserver lb_web -backupVServer lb_api'],
  ],
  [
    'a whole group stopped, with a longer time for its answers',
    { pools: [{ name: 'lb_tls/sg_tls', adminState: 'disabled', responseTimeoutMs: 500_000 }] },
    ['disable serviceGroup sg_tls', 'set serviceGroup sg_tls -svrTimeout 500'],
  ],
];

describe.each([...edits, ...tlsEdits, ...wholeEdits])('%s', (_title, desired, commands) => {
  test('is these commands, and the appliance that took them reads as was wished', () => {
    const made = plan(orchard, desired);
    const { commands: sent, after, edit } = made;
    expect(sent).toEqual(commands);
    expect(differences(desired, made)).toEqual([]);
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
    comesBack(draft.resultsIn, after, orchard, sent.join('; '));
    comesBack(draft.basedOn, orchard, after, sent.join('; '));
    expect(draft.resultsIn).not.toBe(draft.basedOn);
  });
});

/** How the appliance that took the commands reads otherwise than was wished; what the plan names as touched too need not stay as it was. */
function differences(desired: Desired, { edit, plan: draft, after }: ReturnType<typeof plan>): readonly unknown[] {
  const touched = new Set(draft.affects.map(({ kind, name }) => `${kind} ${name}`));
  for (const { name } of desired.pools ?? []) touched.delete(`pool ${name}`);
  for (const { name } of desired.virtualServers ?? []) touched.delete(`virtualServer ${name}`);
  const target = {
    ...edit.target,
    pools: edit.target.pools.filter(({ name }) => !touched.has(`pool ${name}`)),
    virtualServers: edit.target.virtualServers.filter(({ name }) => !touched.has(`virtualServer ${name}`)),
  };
  return diffModel(plainModel(modelOf(after)), plainModel(target), 'named').changes;
}

/** A configuration tells no drain from a stop: both stand there as DISABLED. */
function plainModel(model: DeviceModel): DeviceModel {
  // The pools of content switching are those of the virtual servers that it hands to.
  const virtualServers = model.virtualServers.map((one): typeof one => {
    if (one.native?.['kind'] !== 'cs vserver') return one;
    const routes = one.routes?.map((route) => ({ ...route, pool: undefined }));
    return { ...one, pool: undefined, morePools: undefined, routes };
  });
  const text = JSON.stringify({ ...model, virtualServers }, (key, value: unknown) => {
    if (key === 'native' || key === 'nodes') return undefined;
    if (key === 'adminState') return value === 'enabled' ? undefined : 'disabled';
    if (key === 'node' || (key === 'weight' && value === 1)) return undefined;
    if (key === 'method' && value === 'GET') return undefined;
    if (key === 'morePools' && Array.isArray(value) && value.length === 0) return undefined;
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
  [
    'another port',
    { virtualServers: [{ name: 'lb_tls', listen: ['192.0.2.81:444'] }] },
    /port of "lb_tls" cannot be changed/,
  ],
  [
    'a virtual server that another names',
    { virtualServers: [{ name: 'lb_sorry', absent: true }] },
    /still named by lb vserver lb_web/,
  ],
  [
    'a virtual server that content switching names',
    { virtualServers: [{ name: 'lb_api', absent: true }] },
    /still named by cs action act_api/,
  ],
  [
    'two addresses',
    { virtualServers: [{ name: 'n', listen: ['192.0.2.1:80', '192.0.2.2:80'] }] },
    /listens at one address/,
  ],
  ['a name that is taken', { virtualServers: [{ name: 'n', pool: 'sg_web' }] }, /called "n\/GROUP"/],
  ['a group that is there with members of its own', { pools: [{ name: 'lb_tls/sg_web', members: [] }] }, /already/],
  ['a pool of services as a whole', { pools: [{ name: 'lb_api', absent: true }] }, /made of services/],
  ['TLS for a virtual server without', tls({ minVersion: '1.2' }, 'lb_web'), /type HTTP/],
  ['TLS to members without', { pools: [{ name: 'lb_web/sg_web', tls: { verify: true } }] }, /type of a service group/],
  ['tickets of a virtual server without a profile', tls({ sessionTickets: true }), /has none: give it one first/],
  ['no version at all', tls({ minVersion: '1.3', maxVersion: '1.1' }), /leaves no version/],
  ['a certificate that is not there', tls({ certificates: [{ name: 'nobody' }] }), /no certificate "nobody"/],
  [
    'limits that differ',
    {
      pools: [
        {
          name: 'sg_l',
          members: [
            { name: 'a', address: '10.0.0.1', port: 1, maxConnections: 1 },
            { name: 'b', address: '10.0.0.1', port: 2, maxConnections: 2 },
          ],
        },
      ],
    },
    /give all its members the same/,
  ],
  ['a member that is not there', group({ name: 'nobody:1', weight: 2, address: 'x' }), /needs an address and a port/],
];
test('with the default profile enabled, TLS of a virtual server is in a profile', () => {
  const text = `${orchard}set ssl parameter -defaultProfile ENABLED\n`;
  expect(() => plan(text, tls({ minVersion: '1.2' }))).toThrow(/the default profile, which is the appliance's own/);
  expect(() => plan(text, tls({ minVersion: '1.2' }, 'lb_strict'))).not.toThrow();
});

test('what else has a profile, and what clients lose, is told', () => {
  const { plan: draft } = plan(orchard, tls({ ciphers: ['DEFAULT', 'B'] }, 'lb_strict'));
  expect(draft.affects.map(({ kind, name }) => [kind, name])).toEqual([
    ['virtualServer', 'lb_strict'],
    ['virtualServer', 'lb_too'],
  ]);
  const gone = plan(orchard, { virtualServers: [{ name: 'lb_tls', absent: true }] }).plan;
  expect(gone.affects).toEqual([
    { kind: 'pool', name: 'lb_tls/sg_tls', why: 'stands under no virtual server without lb_tls' },
  ]);
  expect(gone.losses).toEqual(['connections to "lb_tls"']);
  expect(plan(orchard, tls({ ciphers: ['MEDIUM'] })).plan.losses).toEqual([
    expect.stringMatching(/ciphers are bound anew/),
  ]);
  expect(plan(orchard, tls({ certificates: [{ name: 'second-cert' }] })).plan.losses).toEqual([
    expect.stringMatching(/default certificate is bound anew/),
  ]);
});

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
  const wishes: (readonly [string, (model: DeviceModel) => Desired, number])[] = [
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

  const versions = {
    minVersion: '1.2',
    maxVersion: '1.3',
    ciphers: ['HIGH', 'STEELYARD'],
    clientAuth: 'none' as const,
  };
  wishes.push(
    [
      'tighter TLS on each virtual server that has it in its own hands, or in a profile that is there',
      ({ virtualServers, profiles }) => ({
        virtualServers: virtualServers
          .filter(({ native, tls: has }) => {
            const own = has?.profiles ?? [];
            return (
              /^SSL$|^SSL_TCP$/.test(native?.['type'] ?? '') &&
              own.every((name) => profiles.some((one) => one.name === name))
            );
          })
          .map(({ name }) => ({ name, tls: versions })),
      }),
      60,
    ],
    [
      'a new virtual server with a new pool, beside the others',
      () => ({
        virtualServers: [
          {
            name: 'steelyard vip',
            listen: ['198.51.100.7:8080'],
            protocol: 'http',
            pool: 'steelyard vip/steelyard group',
          },
        ],
        pools: [
          {
            name: 'steelyard vip/steelyard group',
            algorithm: 'source-ip-hash',
            members: [{ name: '198.51.100.8:80', address: '198.51.100.8', port: 80, weight: 3 }],
          },
        ],
      }),
      100,
    ],
    [
      'the end of each virtual server that nothing names, with its groups, or those that it alone has',
      ({ virtualServers, pools }) => {
        const named = new Set(
          virtualServers.flatMap((one) => [
            one.backupVirtualServer ?? '',
            one.native?.['lbvserver'] ?? '',
            ...(one.routes ?? []).flatMap((route) => route.virtualServer ?? ''),
          ]),
        );
        const gone = virtualServers.filter(({ name, native }) => native?.['kind'] === 'lb vserver' && !named.has(name));
        return {
          virtualServers: gone.map(({ name }) => ({ name, absent: true as const })),
          pools: pools
            .filter(({ name, native }) =>
              gone.some((one) => name === one.name || name === `${one.name}/${native?.['serviceGroup'] ?? ''}`),
            )
            .map(({ name }) => ({ name, absent: true as const })),
        };
      },
      100,
    ],
  );

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
  const made = plan(text, desired);
  const { plan: draft, commands } = made;
  const said = `${path}: ${commands.join('; ')}`;
  expect(differences(desired, made), said).toEqual([]);
  const back = draft.revert.flatMap((step) => step.commands.flatMap((one) => ('text' in one ? [one.text] : [])));
  const step = Math.max(1, Math.floor(commands.length / 6));
  for (let count = commands.length; count > 0; count -= step) {
    const partly = applyCommands(text, commands.slice(0, count));
    expect(fingerprintOf(applyCommands(partly, back), sha256), said).toBe(draft.basedOn);
  }
  comesBack(draft.resultsIn, made.after, text, said);
  return commands.length;
}

/** A version from history comes back by commands, whole, and the way there has a way back. */
function comesBack(fingerprint: string, now: string, then: string, said: string): void {
  const { sent, left } = commandsTo(now, then);
  expect(left, said).toEqual([]);
  const back = applyCommands(
    now,
    sent.map(({ command }) => command),
  );
  expect(fingerprintOf(back, sha256), said).toBe(fingerprintOf(then, sha256));
  const again = applyCommands(
    back,
    sent.toReversed().map(({ inverse }) => inverse),
  );
  expect(fingerprintOf(again, sha256), said).toBe(fingerprint);
}
