import type {
  CallContext,
  CallName,
  Handlers,
  LabAppliance,
  LabState,
  Shown,
  TestReport,
  TestStep,
} from '../../src-main/contract/api.ts';
import { AppError, toProblem } from '../../src-main/contract/errors.ts';
import type { PushState } from '../../src-main/contract/plan.ts';
import { findObjects, type Searched } from '../../src-main/core/find/find.ts';
import { indexDevice } from '../../src-main/core/find/index-device.ts';
import { serveConsole, type WebServer } from '../../src-main/web/server.ts';
import { type DemoDevice, demoDevices, demoState, hostileDevice } from './demo-estate.ts';
import { demoPlan, demoPush } from './demo-plan.ts';
import { demoSeries, demoTick, demoWhole } from './demo-traffic.ts';
import { openSmallConsole } from './small-console.ts';

export interface DemoOptions {
  /** The built renderer. */
  readonly pages: string;
  readonly devices?: readonly DemoDevice[];
  readonly isHostile?: boolean;
  /** As in the desktop window: with its options. */
  readonly isDesktop?: boolean;
}

export interface DemoConsole {
  readonly link: () => string;
  /** Names of calls in the order they came, with their input. */
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  /** Puts a push in place and tells it. */
  readonly showPush: (push: PushState) => void;
  /** Tells the window what the desktop would. */
  readonly show: (shown: Shown) => void;
  /** The next call of this name is refused. */
  readonly refuseNext: (name: CallName, error: AppError) => void;
  readonly pushOf: (device: string) => PushState | undefined;
  readonly server: WebServer;
  readonly close: () => Promise<void>;
}

const reports: readonly { readonly id: TestStep['id']; readonly title: string; readonly detail: string }[] = [
  { id: 'name', title: 'Name', detail: 'hap-fra2.example is 10.60.2.22' },
  { id: 'tcp', title: 'TCP', detail: '10.60.2.22:22' },
  { id: 'host-key', title: 'Host key', detail: 'ed25519 SHA256:Qm4kN0s…x8E' },
  { id: 'authentication', title: 'Sign in', detail: 'key of the agent, the second of two' },
  { id: 'prompt', title: 'Prompt', detail: 'a POSIX shell' },
  { id: 'privilege', title: 'Privilege', detail: 'file and socket can be written' },
  { id: 'version', title: 'Version', detail: 'HAProxy 3.2.8' },
  { id: 'read', title: 'Read', detail: '4 virtual servers, 3 pools' },
];

/** The real web bridge before a console that is all fixture: the window's every screen with something on it. */
export async function openDemoConsole(options: DemoOptions): Promise<DemoConsole> {
  const devices = [...(options.devices ?? demoDevices), ...(options.isHostile === true ? [hostileDevice] : [])];
  const unlocked = new Map<string, string>();
  const watches = new Map<string, readonly { readonly device: string; readonly pool: string }[]>();
  const pushes = new Map<string, PushState>();
  const settings = new Map<string, string>();
  const calls: { name: string; input: unknown }[] = [];
  const refusals = new Map<string, AppError>();
  let lab: LabState = demoLab(devices.some(({ environment }) => environment === 'lab'));

  function find(name: string): DemoDevice {
    const device = devices.find((candidate) => candidate.name === name);
    if (device === undefined) throw new AppError('NOT_FOUND', `The inventory has no device "${name}".`);
    return device;
  }
  function states() {
    return devices.map((device) => demoState(device, Date.now(), unlocked.get(device.name)));
  }
  function setPush(push: PushState): PushState {
    pushes.set(push.device, push);
    small.tell('push', push);
    return push;
  }
  function endPush(device: string, phase: 'kept' | 'reverted'): PushState {
    const push = pushes.get(device);
    if (push === undefined) throw new AppError('NOT_FOUND', `No push of "${device}" waits.`);
    return setPush(demoPush(push.plan, phase, Date.now()));
  }

  const handlers: Partial<Handlers> = {
    'app.info': () =>
      Promise.resolve({
        version: '0.1.0',
        shell: 'web',
        node: process.version,
        vendors: [
          { id: 'haproxy', label: 'HAProxy', transports: ['ssh'] },
          { id: 'engine', label: 'Steelyard engine', transports: ['unix', 'http'] },
        ],
        secrets: { protection: 'memory', isLocked: false },
        ...(options.isDesktop === true
          ? {
              desktop: [
                { id: 'notifications', isAvailable: true },
                { id: 'tray', isAvailable: true },
                { id: 'closeToTray', isAvailable: true },
                { id: 'autostart', isAvailable: false, why: 'Only the installed program can be started at sign-in.' },
              ],
            }
          : {}),
      }),
    'devices.list': () => Promise.resolve(states()),
    'devices.add': ({ spec }) => Promise.resolve({ ...demoState(find('hap-ams2'), Date.now(), undefined), spec }),
    'devices.remove': () => Promise.resolve(null),
    'devices.read': ({ device }) => {
      const { reading } = demoState(find(device), Date.now(), undefined);
      if (reading === undefined) throw new AppError('UNREACHABLE', 'The demo has no reading.');
      return Promise.resolve(reading);
    },
    'devices.poll': ({ device }) =>
      Promise.reject(new AppError('TIMED_OUT', `SSH to ${device} timed out at the jump host. The last values stand.`)),
    'devices.test': (input) =>
      walkTest(input, (report) => {
        small.tell('test', report);
      }),
    'devices.unlock': ({ devices: names, minutes }) => {
      for (const name of names) unlocked.set(name, new Date(Date.now() + minutes * 60_000).toISOString());
      small.tell('devices', states());
      return Promise.resolve(null);
    },
    'devices.lock': ({ devices: names }) => {
      for (const name of names) unlocked.delete(name);
      small.tell('devices', states());
      return Promise.resolve(null);
    },
    'watch.set': ({ pools }, { client }) => {
      watches.set(client, pools);
      return Promise.resolve(null);
    },
    'members.load': () => Promise.resolve({ processes: [{ id: '1', connections: 0 }], unknown: [] }),
    'series.get': ({ device, pool, metric, members, fromMs, toMs }) => {
      const holder = find(device);
      if (pool === '') return Promise.resolve(demoWhole(holder, metric, { fromMs, toMs }));
      const found = holder.pools.find(({ name }) => name === pool);
      if (found === undefined) throw new AppError('NOT_FOUND', `${device} has no pool "${pool.slice(0, 60)}".`);
      return Promise.resolve(demoSeries(holder, found, metric, { fromMs, toMs }, members));
    },
    'find.objects': ({ query, limit }) => {
      const searched = states().map(({ spec, reading, problem }): Searched => {
        const entries = indexDevice(spec, reading);
        const offline = { standing: 'offline', ...(reading === undefined ? {} : { asOf: reading.at }) } as const;
        return { device: spec.name, ...(problem === undefined ? { standing: 'live' } : offline), entries };
      });
      return Promise.resolve(findObjects(searched, query, limit));
    },
    'plan.make': ({ device, desired }) => Promise.resolve(demoPlan(find(device), desired, Date.now())),
    'push.start': ({ plan, confirmWithinMs }) => {
      const push = setPush(demoPush(plan, 'running', Date.now()));
      setTimeout(() => setPush(demoPush(plan, 'waiting', Date.now(), confirmWithinMs)), 400).unref();
      return Promise.resolve(push);
    },
    'push.keep': ({ device }) => Promise.resolve(endPush(device, 'kept')),
    'push.revert': ({ device }) => Promise.resolve(endPush(device, 'reverted')),
    'push.list': () => Promise.resolve([...pushes.values()]),
    'history.list': () => Promise.resolve([3, 2, 1].map(demoVersion)),
    'history.show': ({ version }) =>
      Promise.resolve([
        {
          path: '/etc/haproxy/haproxy.cfg',
          text: `# version ${version}\nglobal\n    maxconn 4000\n\nbackend dl-origin\n    balance roundrobin\n    server dl-fra-01 10.20.4.11:8443 weight 4 check\n`,
        },
      ]),
    'history.diff': ({ version }) =>
      Promise.resolve({
        version: demoVersion(version),
        ...(version === 1 ? {} : { against: demoVersion(version - 1) }),
        changes: version === 1 ? [] : ['weight of dl-fra-01 in pool dl-origin 3 -> 4'],
        files:
          version === 1
            ? []
            : [
                {
                  path: '/etc/haproxy/haproxy.cfg',
                  hunks: [
                    '@@ -6,2 +6,2 @@\n     balance roundrobin\n-    server dl-fra-01 10.20.4.11:8443 weight 3 check\n+    server dl-fra-01 10.20.4.11:8443 weight 4 check',
                  ],
                },
              ],
      }),
    'history.markers': () => Promise.resolve([{ atMs: Date.now() - 120_000, label: 'kept', pushId: 'demo' }]),
    'history.plan': ({ device }) => {
      const [pool] = find(device).pools;
      const [member] = pool?.members ?? [];
      return Promise.resolve(
        demoPlan(
          find(device),
          { pools: [{ name: pool?.name ?? '', members: [{ name: member?.name ?? '', weight: 1 }] }] },
          Date.now(),
        ),
      );
    },
    'questions.list': () => Promise.resolve([]),
    'history.sleeps': () => Promise.resolve([{ fromMs: Date.now() - 9_000_000, toMs: Date.now() - 5_400_000 }]),
    'lab.get': () => Promise.resolve(lab),
    'lab.appliance': ({ kind, isOn }) => {
      lab = {
        ...lab,
        appliances: (lab.appliances ?? []).map((one) => (one.kind === kind ? demoAppliance(kind, isOn) : one)),
      };
      small.tell('lab', lab);
      return Promise.resolve(lab);
    },
    'lab.start': () => setLab(true),
    'lab.stop': () => setLab(false),
    'settings.get': () => Promise.resolve(Object.fromEntries(settings)),
    'settings.set': ({ key, value }) => {
      settings.set(key, value);
      small.tell('settings', Object.fromEntries(settings));
      return Promise.resolve(null);
    },
    'secrets.protect': () => Promise.resolve(null),
    'secrets.unlock': () => Promise.resolve(null),
  };
  function setLab(isRunning: boolean): Promise<LabState> {
    lab = demoLab(isRunning);
    small.tell('lab', lab);
    return Promise.resolve(lab);
  }
  const small = openSmallConsole(recorded(handlers, calls, refusals));
  const timer = setInterval(() => {
    const watched = [...watches.values()].flat();
    small.tell('tick', demoTick(devices, watched, Math.floor(Date.now() / 1000) * 1000));
  }, 1000);
  const server = await serveConsole(small, { listen: '127.0.0.1:0', pages: options.pages, report: () => undefined });
  return {
    link: () => server.mintLink(),
    calls,
    refuseNext: (name, error) => {
      refusals.set(name, error);
    },
    show: (shown) => {
      small.tell('shown', shown);
    },
    showPush: (push) => {
      setPush(push);
    },
    pushOf: (device) => pushes.get(device),
    server,
    close: async () => {
      clearInterval(timer);
      await server.close();
    },
  };
}

function recorded(
  handlers: Partial<Handlers>,
  calls: { name: string; input: unknown }[],
  refusals: Map<string, AppError>,
): Partial<Handlers> {
  const entries = Object.entries(handlers).map(([name, handler]) => [
    name,
    async (input: never, context: CallContext) => {
      calls.push({ name, input });
      const refusal = refusals.get(name);
      refusals.delete(name);
      if (refusal !== undefined) throw refusal;
      return handler(input, context);
    },
  ]);
  return Object.fromEntries(entries) as Partial<Handlers>; // the same names, each with its own handler
}

function demoLab(isRunning: boolean): LabState {
  if (!isRunning) return { isRunning, backends: [] };
  return {
    isRunning,
    device: 'lab',
    listen: '127.0.0.1:8080',
    requestsPerSecond: 40,
    backends: [12, 18, 26, 90].map((latencyMs, at) => ({
      name: `files-${at + 1}`,
      address: `127.0.0.1:${9001 + at}`,
      latencyMs,
      requests: 1200 - at * 7,
    })),
    appliances: demoAppliances(),
  };
}

/** On, off, and one that a dead process has left behind. */
function demoAppliances(): NonNullable<LabState['appliances']> {
  const lost = new AppError('SESSION_CLOSED', "The lab's A10 Thunder ended by SIGKILL.").toProblem();
  return [
    demoAppliance('f5', true),
    demoAppliance('netscaler', false),
    { kind: 'a10', label: 'A10 Thunder', phase: 'failed', problem: lost },
  ];
}

function demoAppliance(kind: LabAppliance['kind'], isOn: boolean): LabAppliance {
  const label = { f5: 'F5 BIG-IP', netscaler: 'NetScaler ADC', a10: 'A10 Thunder' }[kind];
  if (!isOn) return { kind, label, phase: 'off' };
  return {
    kind,
    label,
    phase: 'on',
    device: `lab-${kind}`,
    account: 'admin',
    listen: '127.0.0.1:8081',
    ssh: '127.0.0.1:2201',
    snmp: '127.0.0.1:1161',
    faults: ['The virtual server lab-web is not served on 127.0.0.1:8081: another program listens there.'],
  };
}

type TestInput = Parameters<Handlers['devices.test']>[0];

/** Walks the stepwise test: asks for the host key first; `changed` and `sudo` in the address fail as those do. */
async function walkTest(
  { testId, address, acceptHostKey }: TestInput,
  tell: (report: TestReport) => void,
): Promise<TestReport> {
  const stop = address.includes('changed')
    ? { id: 'host-key', state: 'failed' as const }
    : acceptHostKey === undefined
      ? { id: 'host-key', state: 'question' as const }
      : address.includes('sudo')
        ? { id: 'privilege', state: 'failed' as const }
        : undefined;
  const stopAt = reports.findIndex(({ id }) => id === stop?.id);
  const problem = toProblem(
    stop?.id === 'host-key'
      ? new AppError('HOST_KEY_CHANGED', 'hap-fra2 showed SHA256:9Qe…7kM, known is SHA256:tX1…a0c. Nothing was sent.')
      : new AppError('PERMISSION_DENIED', 'Reading /etc/haproxy/haproxy.cfg needs root here. Nothing was changed.', {
          raw: 'sudo: a password is required',
        }),
  );
  const steps = reports.map(({ id, title, detail }, at): TestStep => {
    const base = { id, title };
    if (stop !== undefined && at === stopAt) {
      return stop.state === 'failed' ? { ...base, state: 'failed', problem } : { ...base, state: 'question', detail };
    }
    return stop !== undefined && at > stopAt
      ? { ...base, state: 'pending' }
      : { ...base, state: 'done', durationMs: 4 + at * 21, detail };
  });
  tell({
    testId,
    steps: steps.map((step, at) =>
      at === 0 ? { ...step, state: 'running' } : { id: step.id, title: step.title, state: 'pending' },
    ),
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    testId,
    steps,
    ...(stop?.state === 'question'
      ? { newHostKey: { algorithm: 'ssh-ed25519', fingerprint: 'SHA256:Qm4kN0s7Lw1v2Xr9Zt3Yp5Ub8Cd6Ef4Gh2Ij0Kl1x8E' } }
      : {}),
    ...(stop === undefined
      ? { discovered: { config: '/etc/haproxy/haproxy.cfg', socket: '/run/haproxy/admin.sock', sudo: '1' } }
      : {}),
  };
}

function demoVersion(id: number) {
  return {
    id,
    at: new Date(Date.now() - (4 - id) * 3_600_000).toISOString(),
    fingerprint: `${id}f`.repeat(32),
    why: id === 1 ? 'first read' : 'weight of dl-fra-04',
    ...(id === 2 ? {} : { who: 'j.brandt' }),
    isCurrent: id === 3,
  };
}
