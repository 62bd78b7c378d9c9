import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFacts } from '../../src-main/console/certificates/facts.ts';
import { DeviceLink } from '../../src-main/console/device-link.ts';
import { parseAddress } from '../../src-main/contract/address.ts';
import type { Desired } from '../../src-main/contract/model.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { diffModel } from '../../src-main/core/plan/diff.ts';
import { type SimulatedNetscaler, startNetscaler } from '../../src-main/simulate/netscaler/start.ts';
import { openSsh } from '../../src-main/transports/ssh-connect.ts';
import { drivers } from '../../src-main/vendors/registry.ts';
import type { PlanDraft } from '../../src-main/vendors/vendor.ts';

// Every kind of edit of a NetScaler's objects, sent to the simulated one, whose answers are from the manuals, and taken back.

const config = `#NS13.1 Build 37.38
set ns config -IPAddress 192.0.2.10 -netmask 255.255.255.0
add server w1 192.0.2.1
add server w2 192.0.2.2
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO -useproxyport YES -cltTimeout 180 -svrTimeout 360 -CKA NO -TCPB NO -CMP NO
add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
add lb vserver front SSL 192.0.2.101 443 -persistenceType NONE -cltTimeout 180
add lb monitor ready HTTP -respCode 200 -httpRequest "GET /ready" -LRTM DISABLED
bind lb vserver shop app
bind serviceGroup app w1 80 -CustomServerID "\\"None\\""
bind serviceGroup app w2 80 -CustomServerID "\\"None\\""
bind serviceGroup app -monitorName ready
`;
const { signal } = new AbortController();
const directory = mkdtempSync(join(tmpdir(), 'steelyard-netscaler-objects-'));
let netscaler: SimulatedNetscaler;
let link: DeviceLink;

type Steps = PlanDraft['steps'];

async function send(steps: Steps): Promise<void> {
  for (const step of steps) for (const command of step.commands) await link.send(command, signal);
}

async function standing(draft: PlanDraft, wanted: 'old' | 'new'): Promise<unknown> {
  return link.device.standing(draft as unknown as Plan, wanted, signal); // only `driver` is looked at
}

/** Sends a plan, looks, and takes it back: the appliance stands where it stood. */
async function thereAndBack(draft: PlanDraft): Promise<void> {
  await send(draft.steps);
  expect(await standing(draft, 'new'), netscaler.running()).toEqual({ file: 'new', differences: [] });
  expect((await link.device.read(signal)).fingerprint).toBe(draft.resultsIn);
  await send(draft.revert);
  expect(await standing(draft, 'old'), netscaler.running()).toEqual({ file: 'old', differences: [] });
  expect((await link.device.read(signal)).fingerprint).toBe(draft.basedOn);
}

async function planned(desired: Desired): Promise<PlanDraft> {
  const reading = await link.device.read(signal);
  return link.device.plan(reading, diffModel(reading.model, desired, 'merge'), 'plan123', signal);
}

const wishes: readonly (readonly [string, Desired])[] = [
  [
    'monitors made, bound, changed',
    {
      monitors: [
        {
          name: 'up',
          type: 'https',
          path: '/up',
          host: 'a.example',
          expectBody: 'ok',
          intervalMs: 9000,
          timeoutMs: 4000,
        },
        { name: 'port', type: 'tcp', intervalMs: 2500, timeoutMs: 500 },
        { name: 'ready', path: '/alive', expectStatus: ['200-299', '404'], intervalMs: 7000, fall: 5 },
      ],
      pools: [{ name: 'shop/app', monitors: ['ready', 'up', 'port'] }],
    },
  ],
  [
    'a monitor in the place of another, which goes',
    {
      monitors: [
        { name: 'ready', absent: true },
        { name: 'say', type: 'tcp-send-expect', send: 'PING', expect: '+PONG' },
      ],
      pools: [{ name: 'shop/app', monitors: ['say'] }],
    },
  ],
];

const wholes: typeof wishes = [
  [
    'tighter TLS, another order of ciphers',
    {
      virtualServers: [
        {
          name: 'front',
          tls: {
            minVersion: '1.2',
            ciphers: ['TLS1.2-ECDHE-RSA-AES256-GCM-SHA384', 'TLS1.2-ECDHE-RSA-AES128-GCM-SHA256'],
            hsts: { maxAgeS: 600 },
          },
        },
      ],
    },
  ],
  [
    'a virtual server and a pool made, with all that they hold',
    {
      virtualServers: [
        {
          name: 'new',
          listen: ['192.0.2.120:8080'],
          protocol: 'http',
          pool: 'new/made',
          persistence: { method: 'source-ip', timeoutMs: 300_000 },
        },
      ],
      pools: [
        {
          name: 'new/made',
          algorithm: 'source-ip-hash',
          monitors: ['ready'],
          members: [
            { name: 'w1:8080', address: '192.0.2.1', port: 8080, weight: 4 },
            { name: 'w5:8080', node: 'w5', address: '192.0.2.5', port: 8080 },
          ],
        },
      ],
    },
  ],
  [
    'a virtual server gone with its pool',
    { virtualServers: [{ name: 'shop', absent: true }], pools: [{ name: 'shop/app', absent: true }] },
  ],
  [
    'another address and a backup',
    { virtualServers: [{ name: 'front', listen: ['192.0.2.111:443'], backupVirtualServer: 'shop' }] },
  ],
  [
    'the limit of a group',
    { pools: [{ name: 'shop/app', members: ['w1:80', 'w2:80'].map((name) => ({ name, maxConnections: 50 })) }] },
  ],
];

describe('objects of a simulated NetScaler', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    netscaler = await startNetscaler({ config, accounts: { nsroot: 'orchard' } });
    const { host, port, fingerprint } = netscaler;
    const session = await openSsh({
      host,
      port,
      user: 'nsroot',
      credentials: { password: 'orchard' },
      knownHosts: { own: join(directory, 'known_hosts'), others: [] },
      acceptHostKey: fingerprint,
    });
    const driver = drivers.find(({ id }) => id === 'netscaler');
    if (driver === undefined) throw new Error('no driver');
    const tools = {
      now: () => new Date(),
      sleep: () => Promise.resolve(),
      certificate: readFacts,
      sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex'),
    };
    link = new DeviceLink(
      driver,
      parseAddress(`netscaler+ssh://nsroot@${host}:${String(port)}`),
      { kind: 'host', host: session },
      tools,
    );
  });
  afterAll(async () => {
    link.close();
    await netscaler.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test.each([...wishes, ...wholes])('%s: sent, found so, and taken back', async (_title, desired) => {
    await thereAndBack(await planned(desired));
  });

  test('a version from history comes back, and goes again', async () => {
    const { files } = await link.device.read(signal);
    const others = [
      'add server w6 192.0.2.6',
      'bind serviceGroup app w6 80',
      'unbind serviceGroup app w1 80',
      'set lb vserver shop -lbMethod LEASTCONNECTION -cltTimeout 90',
      'add lb monitor more TCP -interval 9',
      'bind serviceGroup app -monitorName more',
      'unbind serviceGroup app -monitorName ready',
      'disable serviceGroup app w2 80',
    ];
    for (const command of others) expect(netscaler.run(command).text, command).toMatch(/Done\s*$/);
    const reading = await link.device.read(signal);
    const draft = await link.device.planFiles?.(reading, files, 'plan123', signal);
    if (draft === undefined) throw new Error('no way back');
    await thereAndBack(draft);
    await send(draft.steps);
    expect(draft.warnings).toEqual([expect.stringContaining('nobody has saved')]);
  });

  test('it is polled by stat: who is up, who is drained, and nothing that it does not tell', async () => {
    netscaler.run('disable serviceGroup app w2 80 -graceFul YES');
    const sample = await link.device.poll(signal);
    netscaler.run('enable serviceGroup app w2 80');
    expect(sample.errors).toEqual([]);
    expect(new Map(sample.virtualServers.map(({ name, health }) => [name, health]))).toEqual(
      new Map([
        ['shop', 'up'],
        ['front', 'down'],
      ]),
    );
    const pool = sample.pools.find(({ name }) => name === 'shop/app');
    const members = pool?.members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(members?.map(({ name, health, currentConnections }) => [name, health, currentConnections])).toEqual([
      ['w1:80', 'up', 0],
      ['w2:80', undefined, 0],
    ]);
    expect(members?.[1]?.adminState).toMatch(/^(?:draining|disabled)$/);
  });
});
