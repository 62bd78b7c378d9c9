import { createHash, randomInt } from 'node:crypto';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress } from './contract/address.ts';
import type { AppInfo, Credentials, DeviceSpec } from './contract/api.ts';
import type { Console } from './contract/console.ts';
import { AppError, toProblem } from './contract/errors.ts';
import { Certificates } from './console/certificates/certificates.ts';
import { readFacts } from './console/certificates/facts.ts';
import { keptSession, testedSession } from './console/connect.ts';
import { DeviceLink } from './console/device-link.ts';
import { defaultIntervalMs } from './console/device.ts';
import { Estate } from './console/estate.ts';
import { DeviceAddresses } from './console/device-addresses.ts';
import { EventBook } from './console/events.ts';
import { Finder } from './console/finder.ts';
import { besideCredentials, makeHandlers, readCredentials } from './console/handlers.ts';
import { useKeyChain, useKeyFile } from './console/key-chain.ts';
import { History } from './console/history.ts';
import { HistoryWrites } from './console/history-writes.ts';
import { LabInEstate } from './console/lab.ts';
import { driverNamed, nativeTools } from './console/native.ts';
import { Planner } from './console/planner.ts';
import { Pushes } from './console/pushes.ts';
import { Questions } from './console/questions.ts';
import { recordDevice } from './console/recorder.ts';
import { type SshSurroundings, usualSurroundings } from './console/ssh.ts';
import { pushTarget } from './console/target.ts';
import { testDevice, type TestRequest } from './console/tester.ts';
import { Sleeper } from './console/sleep.ts';
import { Ticker } from './console/ticker.ts';
import { Traps } from './console/traps.ts';
import { Watchers } from './console/watchers.ts';
import type { Clock } from './core/clock.ts';
import { Locks } from './core/lock.ts';
import { startNightly } from './core/nightly.ts';
import { PollSchedule } from './core/schedule.ts';
import { SteadyClock } from './core/steady-clock.ts';
import type { JournalEntry, PushRecord } from './core/push/target.ts';
import type { KeySealer } from './store/key-sealer.ts';
import { openStore, type Store } from './store/open.ts';
import { unknownHostKey } from './transports/ssh-handshake.ts';
import { drivers } from './vendors/registry.ts';
import type { DriverTools } from './vendors/vendor.ts';
import { version } from './version.ts';

export interface ConsoleOptions {
  readonly dataDir: string;
  readonly shell: AppInfo['shell'];
  /** Polls and reads the devices of the inventory by itself; default true. A command that comes and goes does not. */
  readonly isWatching?: boolean;
  /** The desktop's key chain, where there is one: it seals the stored secrets. */
  readonly keyChain?: KeySealer;
  /** Why it does not, where a desktop should have one. */
  readonly keyChainProblem?: string;
  /** The options of the desktop window, where there is one. */
  readonly desktop?: AppInfo['desktop'];
}

const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  setTimer: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
/** Samples are stamped by it: their order and their intervals are true whatever is done to the wall clock. */
const steadyClock = new SteadyClock({ wall: Date.now, monotonic: () => performance.now() });
const driverTools: DriverTools = {
  now: () => new Date(steadyClock.now()),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
  sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  certificate: readFacts,
};
/** Signing in may wait for a person as long as sshd does. */
const testTimeoutMs = 180_000;
const tickMs = 1000;
/** How long the end of the console waits for the reading after a push. */
const lastReadingMs = 10_000;

/** Builds the parts of the console and joins them. Throws STORE_BUSY where another process owns the data directory. */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const store = await openStore(options.dataDir);
  try {
    if (options.keyChain) await useKeyChain(store.secrets, options.keyChain);
    else if (options.shell !== 'electron') await useKeyFile(store.secrets, join(options.dataDir, 'key'));
    return await assemble(store, options);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function assemble(store: Store, options: ConsoleOptions): Promise<Console> {
  const watchers = new Watchers();
  const writes = new HistoryWrites();
  const schedule = new PollSchedule({
    clock: systemClock,
    chance: Math.random,
    onJump: (jumpMs) => {
      writes.track(sleeper.jumped(jumpMs));
    },
  });
  const locks = new Locks({ clock: systemClock, onChange: tellDevices });
  await store.sleeps.end(systemClock.now()); // one that is open was never woken from
  const sleeper = new Sleeper({
    nowMs: systemClock.now,
    schedule,
    lockAll: () => {
      locks.lockAll();
    },
    sleeps: store.sleeps,
    retryAll: () => {
      estate.wake();
    },
    onSlept: (sleep) => {
      watchers.tellAll('slept', sleep);
    },
  });
  const questions = new Questions(
    () => watchers.isAnybodyListening(),
    (open) => {
      watchers.tellAll('questions', open);
    },
  );
  const surroundings = {
    ...usualSurroundings(options.dataDir, process.env, userInfo().username),
    ask: questions.ask.bind(questions),
  };

  /** The secrets of one of the ways into a device. */
  async function secretsOf(spec: DeviceSpec, way: string): Promise<Credentials> {
    const known = await credentialsOf(spec.name);
    return way === spec.poll ? besideCredentials(known, parseAddress(way)) : known;
  }
  function openWay(spec: DeviceSpec, text: string, beside?: DeviceLink): DeviceLink {
    const address = parseAddress(text);
    const { session, retryNow } = keptSession(address, () => secretsOf(spec, text), surroundingsOf(spec.name));
    return new DeviceLink(driverNamed(address.vendor), address, session, driverTools, retryNow, beside);
  }
  /** A simulated appliance of the lab has a password and a host key that are new at each start, and kept nowhere. */
  async function credentialsOf(device: string): Promise<Credentials> {
    return lab.accessOf(device)?.credentials ?? readCredentials(store, device);
  }
  function surroundingsOf(device: string): SshSurroundings {
    const access = lab.accessOf(device);
    return access === undefined ? surroundings : { ...surroundings, ownKnownHosts: access.knownHosts };
  }
  function openLink(spec: DeviceSpec): Promise<DeviceLink> {
    const beside = spec.poll === undefined ? undefined : openWay(spec, spec.poll);
    return Promise.resolve(openWay(spec, spec.address, beside));
  }
  function environmentOf(device: string): DeviceSpec['environment'] {
    return estate.opened(device).spec.environment;
  }
  function tellDevices(): void {
    watchers.tellAll('devices', estate.states());
  }

  const estate = new Estate({
    openLink,
    now: driverTools.now,
    clockJumps: () => steadyClock.jumps,
    isWatching: options.isWatching ?? true,
    lockOf: (spec) => locks.stateOf(spec.name, spec.environment),
    nextPollAt: (device) => schedule.nextPollAt(device),
    startPolling: (device, intervalMs, poll) => {
      schedule.start(device, intervalMs, poll);
    },
    stopPolling: (device) => {
      schedule.stop(device);
    },
    pacePolling: (device, intervalMs) => {
      schedule.pace(device, intervalMs);
    },
    pollSoon: (device) => {
      schedule.wake(device);
    },
    onPoll: (device, poll) => {
      const everyMs = device.pace?.everyMs ?? device.spec.pollIntervalMs ?? defaultIntervalMs;
      writes.track(store.samples.write(device.chartRows(poll, everyMs)));
      if (poll.isNewEpoch) events.restarted(device.spec.name);
    },
    onRead: (device, reading, occasion) => {
      writes.track(history.keep(device.spec.name, reading, occasion));
    },
    onChange: tellDevices,
  });
  const addresses = new DeviceAddresses(
    () => estate.list().map(({ spec }) => spec),
    () => performance.now(),
  );
  const events = new EventBook({
    devices: () => estate.list(),
    deviceAt: (address) => addresses.deviceAt(address),
    now: driverTools.now,
    keep: (list) => store.events.put(list),
    tell: tellEvents,
  });
  const traps = new Traps({
    store,
    onNotification: (notification) => {
      events.take(notification);
    },
    onChange: tellEvents,
  });
  function tellEvents(): void {
    watchers.tellAll('events', { traps: traps.state(), latest: events.latest });
  }
  const pushes = new Pushes({
    clock: systemClock,
    journal: {
      begin: (push) => store.journal.begin(push),
      note: (id, entry) => store.journal.note(id, entry),
      end: (id, outcome) => store.journal.end(id, outcome),
    },
    targetOf: (device) => pushTarget(estate.opened(device).link, certificates.secretOf),
    onChange: (state) => {
      watchers.tellAll('push', state);
    },
    onEnded: (state) => {
      const { device, id, phase } = state;
      writes.track(certificates.ended(state));
      writes.track(store.mark({ device, atMs: systemClock.now(), label: phase, pushId: id }));
      const reading = estate.readAnew(estate.opened(device));
      lastReadings.add(reading);
      void reading.finally(() => lastReadings.delete(reading));
    },
  });
  const history = new History({
    versions: store.versions,
    now: driverTools.now,
    user: surroundings.user,
    pushes: () => pushes.list(),
    driverOf: (device) => estate.opened(device).link.driver,
    mark: (marker) => store.mark(marker),
  });
  /** Of devices whose push has ended: the history is whole only with them. */
  const lastReadings = new Set<Promise<void>>();
  const lab = new LabInEstate({
    folder: join(options.dataDir, 'lab'),
    version,
    seed: randomInt(2 ** 31),
    estate: () => estate,
    onChange: (state) => {
      watchers.tellAll('lab', state);
    },
  });
  const planner = new Planner({
    linkOf: (device) => estate.opened(device).link,
    read: (device, signal) => estate.readDevice(estate.opened(device), signal),
    now: driverTools.now,
    versions: store.versions,
  });

  const finder = new Finder({
    devices: () => estate.list(),
    specOf: (device) => estate.stateOf(device).spec,
    versions: store.versions,
    parse: ({ link }, files) => nativeTools.parseNative(link.driver.id, files),
  });
  const certificates = new Certificates({
    linkOf: (device) => estate.opened(device).link,
    read: (device, signal) => estate.readDevice(estate.opened(device), signal),
    now: driverTools.now,
    secrets: store.secrets,
  });

  for (const spec of await store.inventory.list()) {
    await estate.add(spec).catch((error: unknown) => {
      process.stderr.write(
        `Device "${spec.name}" is left out. ${toProblem(error).detail} Remove it, or add it anew.\n`,
      );
    });
  }
  pushes.resume(await takeUp(store, estate));
  addresses.warm();
  await traps.start(options.isWatching ?? true);

  const ticking = setInterval(() => {
    if (sleeper.isAsleep) return;
    const ticker = new Ticker(estate.list(), driverTools.now(), schedule.statistics());
    for (const client of watchers.clients()) watchers.tell(client, 'tick', ticker.tickFor(watchers.poolsOf(client)));
  }, tickMs);

  const endNights = startNightly({
    clock: systemClock,
    zoneMs: () => -new Date().getTimezoneOffset() * 60_000,
    work: () => {
      if (options.isWatching === false) return;
      for (const device of estate.list()) void estate.readAnew(device, 'night');
    },
  });

  const handlers = makeHandlers({
    store,
    estate,
    history,
    planner,
    finder,
    certificates,
    pushes,
    questions,
    watchers,
    locks,
    assertWritable: (device, typed) => {
      locks.assertWritable(device, environmentOf(device), typed);
    },
    info: () => ({
      version,
      node: process.versions.node,
      secrets: {
        ...store.secrets.state(),
        ...(options.keyChainProblem === undefined ? {} : { why: options.keyChainProblem }),
      },
      ...(options.desktop === undefined ? {} : { desktop: options.desktop }),
      vendors: drivers.map(({ id, label, transports, untried, ssh }) => ({
        id,
        label,
        transports,
        ...(untried === undefined ? {} : { untried }),
        ...(ssh === undefined ? {} : { ssh }),
      })),
    }),
    test: (request: TestRequest) => {
      const owner = estate.list().find(({ spec }) => spec.address === request.address)?.spec.name ?? '';
      const access = lab.accessOf(owner);
      return testDevice(
        access === undefined ? request : { ...request, credentials: access.credentials },
        {
          driverOf: (address) => driverNamed(address.vendor),
          driverTools,
          connect: (address, wanted, report, signal) =>
            testedSession(address, wanted, surroundingsOf(owner), report, signal),
          newHostKeyOf: unknownHostKey,
          onReport: (report) => {
            watchers.tellAll('test', report);
          },
        },
        AbortSignal.timeout(testTimeoutMs),
      );
    },
    series: (query) => store.samples.series(query),
    lab,
    record: (spec) =>
      recordDevice(spec, {
        openSession: (of, address) =>
          keptSession(parseAddress(address), () => secretsOf(of, address), surroundingsOf(of.name)).session,
        credentials: credentialsOf,
        driverTools,
      }),
    traps,
    isWatching: options.isWatching ?? true,
    maskText: (device, text) => estate.opened(device).link.mask(text),
  });

  return {
    handlers,
    onEvent: (client, listener) => watchers.onEvent(client, listener),
    dropClient: (client) => {
      watchers.drop(client);
    },
    sleep: () => sleeper.sleep(),
    wake: () => sleeper.wake(),
    close: async () => {
      clearInterval(ticking);
      endNights();
      await pushes.stop();
      await Promise.race([Promise.all(lastReadings), sleep(lastReadingMs, undefined, { ref: false })]);
      await lab.stop();
      schedule.close();
      locks.lockAll();
      estate.close();
      await traps.close();
      await events.close();
      await writes.close();
      await store.close();
    },
  };
}

/**
 * The pushes that a stopped console left. One whose device is in no inventory was of the lab, whose engine ended with that console and
 * starts from its own file: there is nothing to take back.
 */
async function takeUp(store: Store, estate: Estate): Promise<readonly PushRecord[]> {
  const records: PushRecord[] = [];
  for (const push of await store.journal.open()) {
    try {
      await estate.resolve(push.device);
      // The entries are the ones that `note` was given.
      records.push({ ...push, entries: push.entries as readonly JournalEntry[] });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'NOT_FOUND') throw error;
      await store.journal.end(push.id, 'reverted');
    }
  }
  return records;
}
