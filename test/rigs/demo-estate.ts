import type { DeviceFacts, DeviceState, Environment } from '../../src-main/contract/api.ts';
import type { DeviceModel, Member } from '../../src-main/contract/model.ts';

/** How a member of the demo behaves: requests per second at weight 1, and what it says of itself. */
export interface DemoMember extends Member {
  readonly pull: number;
  readonly latencyMs: number;
  readonly isDown?: boolean;
}
export interface DemoPool {
  readonly name: string;
  readonly algorithm: string;
  readonly rate: number;
  readonly members: readonly DemoMember[];
}
export interface DemoDevice {
  readonly name: string;
  readonly environment: Environment;
  readonly site: string;
  readonly label: string;
  readonly version: string;
  readonly isStale?: boolean;
  readonly hasPercentiles?: boolean;
  /** Of a kind that was never tried on a real device. */
  readonly isUntried?: boolean;
  readonly pools: readonly DemoPool[];
}

function member(name: string, octet: number, settings: Partial<DemoMember> = {}): DemoMember {
  return { name, address: `10.20.4.${octet}`, port: 8443, weight: 4, pull: 1, latencyMs: 60, ...settings };
}

/** A small mixed estate: a slow member, a draining one, one that is down, one device that stopped answering. */
export const demoDevices: readonly DemoDevice[] = [
  {
    name: 'hap-fra1',
    environment: 'production',
    site: 'fra1',
    label: 'HAProxy',
    version: '3.2.8',
    pools: [
      {
        name: 'dl-origin',
        algorithm: 'round-robin',
        rate: 1650,
        members: [
          member('dl-fra-01', 11),
          member('dl-fra-02', 12),
          member('dl-fra-03', 13),
          member('dl-fra-04', 14, { weight: 3, pull: 1.42, latencyMs: 288 }),
          member('dl-fra-05', 15, { weight: 3, pull: 0.72 }),
          member('dl-fra-06', 16, { weight: 2, adminState: 'draining', pull: 0.05 }),
        ],
      },
      {
        name: 'api',
        algorithm: 'least-connections',
        rate: 920,
        members: [
          member('api-01', 21, { weight: 1 }),
          member('api-02', 22, { weight: 1, isDown: true }),
          member('api-03', 23, { weight: 1 }),
          member('api-04', 24, { weight: 1, adminState: 'disabled' }),
        ],
      },
    ],
  },
  {
    name: 'hap-ams2',
    environment: 'staging',
    site: 'ams2',
    label: 'HAProxy',
    version: '2.8.11',
    pools: [
      {
        name: 'be_www',
        algorithm: 'source-ip-hash',
        rate: 410,
        members: [
          member('web-01', 31, { weight: 10, pull: 1.1 }),
          member('web-02', 32, { weight: 10 }),
          member('web-03', 33, { weight: 10, pull: 0.9 }),
        ],
      },
      { name: 'spare', algorithm: 'round-robin', rate: 0, members: [] },
    ],
  },
  {
    name: 'lab',
    environment: 'lab',
    site: 'here',
    label: 'Steelyard engine',
    version: '0.1.0',
    hasPercentiles: true,
    pools: [
      {
        name: 'app',
        algorithm: 'round-robin',
        rate: 40,
        members: [
          member('files-1', 1, { weight: 1, latencyMs: 12 }),
          member('files-2', 2, { weight: 1, latencyMs: 18 }),
          member('files-3', 3, { weight: 1, latencyMs: 26 }),
          member('files-4', 4, { weight: 1, latencyMs: 90 }),
        ],
      },
    ],
  },
  {
    name: 'hap-nyc3',
    environment: 'production',
    site: 'nyc3',
    label: 'HAProxy',
    version: '2.6.12',
    isStale: true,
    isUntried: true,
    pools: [
      {
        name: 'sg_dl',
        algorithm: 'round-robin',
        rate: 300,
        members: [member('dl-nyc-01', 41), member('dl-nyc-02', 42)],
      },
    ],
  },
];

/** Names as an attacker would choose them: markup, text that runs from right to left, and ten thousand characters. */
export const hostileDevice: DemoDevice = {
  name: '<img src=x onerror="window.isHurt=1">',
  environment: 'other',
  site: '"><script>window.isHurt=1</script>',
  label: 'HAProxy',
  version: '\u202Egnp.exe\u202C',
  pools: [
    {
      name: `<svg onload="window.isHurt=1">${'x'.repeat(10_000)}`,
      algorithm: 'round-robin',
      rate: 20,
      members: [
        member('<b onmouseover="window.isHurt=1">member</b>', 51),
        member('\u202Eevitcani\u202C \u0000\u0007', 52),
        member('y'.repeat(10_000), 53),
      ],
    },
  ],
};

/** What the demo says a device can do. */
export function demoFacts(device: DemoDevice): DeviceFacts {
  return {
    vendor: 'haproxy',
    label: device.label,
    product: device.label,
    version: device.version,
    host: `${device.site}.example`,
    capabilities: [
      { id: 'poll', isPresent: true },
      { id: 'write', isPresent: true },
      { id: 'check', isPresent: true },
      {
        id: 'run-time',
        isPresent: false,
        why: 'the socket grants level operator: write "level admin" at its stats socket line to change members without a reload',
      },
    ],
    weightRange: { lowest: 0, highest: 256 },
    algorithms: [
      { name: 'round-robin', native: 'balance roundrobin' },
      { name: 'least-connections', native: 'balance leastconn' },
      { name: 'source-ip-hash', native: 'balance source', settings: ['hash', 'hashFunction', 'avalanche'] },
      { name: 'header-hash', native: 'balance hdr(KEY)', needs: ['key'], settings: ['hash', 'boundedLoad'] },
      { name: 'random', native: 'balance random', settings: ['choices'] },
    ],
    writes: [
      'virtualServer.listen',
      ...(
        [
          'minVersion',
          'maxVersion',
          'ciphers',
          'cipherSuites',
          'groups',
          'alpn',
          'clientAuth',
          'caFile',
          'crlFile',
        ] as const
      ).map((key) => `virtualServer.tls.${key}` as const),
      'pool.tls',
      'pool.queue.limit',
      'pool.queue.timeoutMs',
      'member.maxConnections',
      'member.maxQueue',
    ],
    persistence: [
      { name: 'cookie-insert', native: 'cookie', needs: ['cookieName'], settings: ['timeoutMs'] },
      { name: 'source-ip', native: 'stick on src', settings: ['timeoutMs', 'maxEntries'] },
    ],
    monitors: {
      names: { check: '{pool}/check', agent: '{pool}/agent' },
      offered: [
        { name: 'tcp', native: 'check', settings: ['intervalMs', 'timeoutMs', 'rise', 'fall', 'port'] },
        {
          name: 'http',
          native: 'option httpchk',
          settings: [
            'method',
            'path',
            'expectStatus',
            'expectBody',
            'intervalMs',
            'timeoutMs',
            'rise',
            'fall',
            'port',
            'steps',
          ],
        },
        {
          name: 'tcp-send-expect',
          native: 'option tcp-check',
          settings: ['send', 'expect', 'steps', 'intervalMs', 'timeoutMs', 'rise', 'fall', 'port'],
        },
        { name: 'agent', native: 'agent-check', needs: ['port'], settings: ['address', 'intervalMs', 'send'] },
      ],
    },
  };
}

function configured({ name, address, port, weight, adminState }: DemoMember): Member {
  return {
    name,
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
    ...(weight === undefined ? {} : { weight }),
    ...(adminState === undefined ? {} : { adminState }),
  };
}

/** The configuration of a device as a driver would have read it. */
export function demoModel(device: DemoDevice): DeviceModel {
  return {
    virtualServers: [
      ...device.pools.map((pool, at) => ({
        name: `fe_${pool.name.slice(0, 40)}`,
        listen: [`203.0.113.${20 + at}:443`],
        protocol: 'http' as const,
        pool: pool.name,
        tls: { certificates: [{ certFile: '/etc/haproxy/certs/site.pem' }], minVersion: '1.2', groups: ['x25519'] },
        ...(at === 0 ? { routes: [{ host: 'api.example.com', pathPrefix: '/v2/', pool: pool.name }] } : {}),
      })),
      { name: 'fe_redirect', listen: ['203.0.113.20:80'], redirect: { to: 'https://example.com', status: 301 } },
    ],
    pools: device.pools.map((pool) => ({
      name: pool.name,
      algorithm: { name: pool.algorithm, native: `balance ${pool.algorithm}` } as NonNullable<
        DeviceModel['pools'][number]['algorithm']
      >, // names of the model
      monitors: ['http-ok'],
      persistence: { method: 'cookie-insert', cookieName: 'SRV', timeoutMs: 1_800_000 },
      slowStartMs: 10_000,
      queue: { limit: 100, timeoutMs: 5000 },
      members: pool.members.map(configured),
    })),
    monitors: [{ name: 'http-ok', type: 'http', path: '/health', intervalMs: 2000, fall: 3 }],
    profiles: [],
    certificates: [],
    unmodelled: [
      {
        file: '/etc/haproxy/haproxy.cfg',
        line: 12,
        endLine: 13,
        text: 'tune.ssl.default-dh-param 2048\n<img src=x onerror="window.isHurt=1">',
        why: 'a setting of the process, which the model has no word for',
      },
    ],
  };
}

/** The inventory entry of a device with its reading and its lock. */
export function demoState(device: DemoDevice, nowMs: number, unlockedUntil: string | undefined): DeviceState {
  const lastMs = device.isStale === true ? nowMs - 130_000 : nowMs - 1000;
  return {
    spec: {
      name: device.name,
      address: `haproxy+ssh://deploy@${device.site}.example:22`,
      environment: device.environment,
      site: device.site,
      tags: ['demo'],
      pollIntervalMs: 1000,
    },
    freshness: device.isStale === true ? 'stale' : 'fresh',
    ...(device.isUntried === true ? { isUntried: true } : {}),
    lastSampleAt: new Date(lastMs).toISOString(),
    ...(device.isStale === true
      ? {
          nextPollAt: new Date(nowMs + 40_000).toISOString(),
          problem: {
            code: 'TIMED_OUT' as const,
            title: 'The device did not answer in time.',
            detail: 'SSH timed out at the jump host bastion-nyc3, not at the target.',
          },
        }
      : {}),
    reading: {
      at: new Date(nowMs - 60_000).toISOString(),
      fingerprint: 'a3'.repeat(32),
      facts: demoFacts(device),
      model: demoModel(device),
      files: [{ path: '/etc/haproxy/haproxy.cfg', bytes: 18_342 }],
    },
    lock:
      device.environment === 'lab'
        ? { isLocked: false }
        : unlockedUntil === undefined
          ? { isLocked: true }
          : { isLocked: false, unlockedUntil, reason: 'moving load' },
  };
}
