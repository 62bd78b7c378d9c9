import { type DeviceAddress, maskAddress, parseAddress } from '../contract/address.ts';
import type {
  AppInfo,
  Credentials,
  DeviceSpec,
  Handlers,
  LabState,
  MemberLoad,
  RecordedFile,
} from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import type { LogEntry } from '../contract/log.ts';
import type { Sample, Series } from '../contract/metrics.ts';
import type { CallInput } from '../contract/api.ts';
import type { Locks } from '../core/lock.ts';
import type { Store } from '../store/open.ts';
import { type Certificates, certificatesName } from './certificates/certificates.ts';
import type { DeviceLink } from './device-link.ts';
import type { Estate } from './estate.ts';
import type { Finder } from './finder.ts';
import type { History } from './history.ts';
import type { Planner } from './planner.ts';
import type { Pushes } from './pushes.ts';
import type { Questions } from './questions.ts';
import type { TestRequest } from './tester.ts';
import type { Traps } from './traps.ts';
import type { Watchers } from './watchers.ts';

const loadTimeoutMs = 20_000;

export interface HandlerParts {
  readonly store: Store;
  readonly estate: Estate;
  readonly history: History;
  readonly planner: Planner;
  readonly finder: Finder;
  readonly certificates: Certificates;
  readonly pushes: Pushes;
  readonly questions: Questions;
  readonly watchers: Watchers;
  readonly locks: Locks;
  /** Throws LOCKED; `typed` is the device's name as a person typed it, which lets one plan through. */
  readonly assertWritable: (device: string, typed: string | undefined) => void;
  readonly info: () => Omit<AppInfo, 'shell'>;
  readonly test: (request: TestRequest) => ReturnType<Handlers['devices.test']>;
  readonly series: (query: CallInput<'series.get'>) => Promise<Series>;
  readonly lab: {
    readonly get: () => LabState;
    readonly start: () => Promise<LabState>;
    readonly stop: () => Promise<LabState>;
    readonly setAppliance: (kind: CallInput<'lab.appliance'>['kind'], isOn: boolean) => Promise<LabState>;
  };
  readonly record: (spec: DeviceSpec) => Promise<readonly RecordedFile[]>;
  readonly traps: Traps;
  /** False: a command that comes and goes opens no listener. */
  readonly isWatching: boolean;
  readonly maskText: (device: string, text: string) => string;
}

/** What each call does: one line or a few over the parts that know how. */
export function makeHandlers(parts: HandlerParts): Handlers {
  const { store, estate, planner, certificates, pushes, watchers, locks, lab } = parts;
  return {
    'app.info': (_input, context) => Promise.resolve({ ...parts.info(), shell: context.shell }),
    'secrets.unlock': async ({ passphrase }) => {
      await store.secrets.unlock(passphrase);
      estate.wake();
      if (parts.isWatching) void parts.traps.reopen();
      return null;
    },
    'secrets.protect': async ({ passphrase }) => {
      await store.secrets.protect(passphrase);
      return null;
    },

    'devices.list': () => Promise.resolve(estate.states()),
    'devices.add': async ({ spec, credentials }) => {
      parseAddress(spec.address);
      if (spec.poll !== undefined) parseAddress(spec.poll);
      if (estate.list().some((device) => device.spec.name === spec.name)) {
        throw new AppError('ALREADY_EXISTS', `A device is named "${spec.name}" already. Nothing was added.`);
      }
      await putCredentials(store, spec.name, credentials ?? {});
      await estate.add(spec); // what cannot be opened is not stored: it would meet the next start
      await store.inventory.put(spec);
      return estate.stateOf(estate.opened(spec.name));
    },
    'devices.remove': async ({ device }) => {
      if (pushes.isRunning(device)) {
        throw new AppError('LOCK_HELD', `A change of "${device}" is under way; keep it or take it back first.`);
      }
      if (estate.list().some(({ spec }) => spec.name === device)) estate.remove(device);
      locks.forget(device);
      await store.inventory.remove(device);
      for (const name of credentialNames) await store.secrets.remove(secretName(device, name));
      await store.secrets.remove(certificatesName(device));
      return null;
    },
    'devices.test': async (request) => {
      const known = estate.list().find(({ spec }) => maskAddress(spec.address) === request.address)?.spec;
      const address = known?.address ?? request.address;
      const credentials = request.credentials ?? (known && (await storedCredentials(store, known.name)));
      const report = await parts.test({ ...request, address, credentials });
      const isWell = report.steps.every(({ state }) => state === 'done');
      if (isWell) estate.wake((device) => device.spec.address === address);
      return report;
    },
    'devices.read': ({ device, timeoutMs }) => estate.read(device, timeoutMs),
    'devices.poll': ({ device, timeoutMs }) => estate.pollOnce(device, timeoutMs),
    'devices.record': async ({ device }) => parts.record((await estate.resolve(device)).spec),
    'devices.unlock': ({ devices, reason, minutes }) => {
      for (const device of devices) estate.opened(device);
      locks.unlock(devices, reason, minutes);
      return Promise.resolve(null);
    },
    'devices.lock': ({ devices }) => {
      locks.lock(devices);
      return Promise.resolve(null);
    },

    'watch.set': ({ pools }, context) => {
      watchers.set(context.client, pools);
      return Promise.resolve(null);
    },
    'series.get': (query) => parts.series(query),

    'find.objects': (wish) => parts.finder.find(wish),

    'members.load': async ({ device, pool, member }) => {
      const found = await estate.resolve(device);
      const signal = AbortSignal.timeout(loadTimeoutMs);
      const { memberLoad, poll } = found.link.device;
      if (memberLoad !== undefined) return memberLoad(pool, member, signal);
      return loadOf(found.named(await poll(signal)), pool, member);
    },
    'log.read': async ({ device, after }) => {
      const { link } = await estate.resolve(device);
      const { log } = link.device;
      if (log === undefined) {
        throw new AppError('CAPABILITY_MISSING', `The log of ${link.driver.label} cannot be read from here yet.`);
      }
      const page = await log(after, AbortSignal.timeout(loadTimeoutMs));
      return { ...page, entries: page.entries.map((entry) => maskedEntry(entry, link)) };
    },
    'plan.make': async (wish) => {
      await estate.resolve(wish.device);
      return planner.make(wish);
    },
    'certificates.list': async ({ device }) => {
      await estate.resolve(device);
      return certificates.list(device);
    },
    'certificates.plan': async (wish) => {
      await estate.resolve(wish.device);
      return certificates.plan(wish);
    },
    'push.start': async ({ plan, confirmWithinMs, typed }) => {
      await estate.resolve(plan.device);
      parts.assertWritable(plan.device, typed);
      return pushes.start(plan, confirmWithinMs);
    },
    'push.keep': ({ device }) => {
      estate.opened(device).link.retryNow();
      return Promise.resolve(pushes.keep(device));
    },
    'push.revert': ({ device }) => {
      estate.opened(device).link.retryNow();
      return Promise.resolve(pushes.revert(device));
    },
    'push.list': () => Promise.resolve(pushes.list()),

    'history.list': ({ device }) => store.versions.list(device),
    'history.show': async ({ device, version }) => {
      const { files } = await store.versions.get(device, version);
      return files.map((file) => ({
        path: file.path,
        text: parts.maskText(device, Buffer.from(file.bytes).toString('utf8')),
      }));
    },
    'history.diff': async ({ device, version, against }) => {
      await estate.resolve(device);
      return parts.history.diff(device, version, against);
    },
    'history.since': async ({ device, fingerprint }) => {
      await estate.read(device);
      return parts.history.since(device, fingerprint);
    },
    'history.markers': ({ device, fromMs, toMs }) => store.markers(device, fromMs, toMs),
    'history.plan': async (wish) => {
      await estate.resolve(wish.device);
      return planner.makeFromHistory(wish);
    },

    'history.sleeps': () => store.sleeps.list(),

    'questions.list': () => Promise.resolve(parts.questions.list()),
    'questions.answer': ({ id, answers }) => {
      parts.questions.answer(id, answers);
      return Promise.resolve(null);
    },

    'events.list': ({ device, limit }) => store.events.list(device, limit ?? 200),
    'traps.get': () => Promise.resolve(parts.traps.state()),
    'traps.set': (settings) => parts.traps.set(settings, parts.isWatching),

    'lab.get': () => Promise.resolve(lab.get()),
    'lab.start': () => lab.start(),
    'lab.stop': () => lab.stop(),
    'lab.appliance': ({ kind, isOn }) => lab.setAppliance(kind, isOn),

    'settings.get': () => store.settings.all(),
    'settings.set': async ({ key, value }) => {
      await store.settings.set(key, value);
      watchers.tellAll('settings', await store.settings.all());
      return null;
    },
  };
}

/** Captured headers and queries may hold what the driver knows for secrets. */
function maskedEntry(entry: LogEntry, link: DeviceLink): LogEntry {
  const { text, request } = entry;
  return { ...entry, text: link.mask(text), ...(request === undefined ? {} : { request: link.mask(request) }) };
}

/** The secrets of a device, each sealed under a name of its own. */
const credentialNames = [
  'password',
  'keyPassphrase',
  'privacyPassword',
  'sudoPassword',
  'pollPassword',
  'pollPrivacyPassword',
] as const;

/**
 * The secrets of the way that is polled beside the first, where it has none of its own those of the first, but no password that
 * somebody signs in with is sent as a community, in clear text.
 */
export function besideCredentials(known: Credentials, { options }: DeviceAddress): Credentials {
  const { pollPassword, pollPrivacyPassword, ...others } = known;
  const isSealed = options['version'] === '3';
  if (pollPassword === undefined) return isSealed ? others : {};
  return {
    password: pollPassword,
    ...(pollPrivacyPassword === undefined ? {} : { privacyPassword: pollPrivacyPassword }),
  };
}

function secretName(device: string, name: (typeof credentialNames)[number]): string {
  return `device/${device}/${name}`;
}

/** The sealed secrets of a device; none while they are locked: what needs none can still be tested. */
async function storedCredentials(store: Store, device: string): Promise<Credentials> {
  if (store.secrets.state().isLocked) return {};
  return readCredentials(store, device);
}

/** A balancer of one process, which its sample tells of. */
function loadOf({ pools }: Sample, pool: string, member: string): MemberLoad {
  const found = pools.find(({ name }) => name === pool)?.members.find(({ name }) => name === member);
  if (found?.currentConnections !== undefined) {
    return { processes: [{ id: pool, connections: found.currentConnections }], unknown: [] };
  }
  return { processes: [], unknown: [`the device does not tell of connections on ${pool}/${member}`] };
}

/** The sealed secrets of a device. Throws SECRETS_LOCKED. */
export async function readCredentials(store: Store, device: string): Promise<Credentials> {
  const found = await Promise.all(
    credentialNames.map(async (name) => [name, await store.secrets.get(secretName(device, name))] as const),
  );
  return Object.fromEntries(found.filter(([, secret]) => secret !== undefined));
}

async function putCredentials(
  store: Store,
  device: string,
  credentials: CallInput<'devices.add'>['credentials'],
): Promise<void> {
  for (const name of credentialNames) {
    const secret = credentials?.[name];
    if (secret !== undefined && secret !== '') await store.secrets.put(secretName(device, name), secret);
  }
}
