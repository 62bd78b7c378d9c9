import { AppError } from '../../contract/errors.ts';
import type { DeviceAddress } from '../../contract/address.ts';
import type { Sample } from '../../contract/metrics.ts';
import type { CallOptions, HostSession, Session } from '../../transports/transport.ts';
import type { DeviceReading, DriverTools, OpenDevice, VendorDriver } from '../vendor.ts';
import { haproxySecrets } from './cfg/secrets.ts';
import { planNewCertificate } from './certificates/add.ts';
import { listCertificates } from './certificates/list.ts';
import { planCertificate } from './certificates/plan.ts';
import type { Instance } from './discover.ts';
import { findInstance, findSite, readSite } from './discover-site.ts';
import { factsOf, factsOfModel } from './driver-facts.ts';
import { fingerprintOf } from './driver-fingerprint.ts';
import { type Host, openHost } from './driver-host.ts';
import { findRights, lookAround, type Look, socketOf } from './driver-rights.ts';
import { testDevice } from './driver-test.ts';
import { editHaproxy } from './edit.ts';
import { effectiveModel, parseHaproxy } from './parse.ts';
import { countConnections } from './leaving.ts';
import type { LogFormat } from './log/format.ts';
import { formatsOf, readLog } from './log/read.ts';
import { makePlan, makePlanOfFiles, type PlanContext } from './plan.ts';
import { parsePoll, pollCommand } from './stats.ts';
import { findStanding } from './standing-device.ts';

export const haproxy: VendorDriver = {
  id: 'haproxy',
  label: 'HAProxy',
  transports: ['ssh'],
  ssh: { hasParts: true, polledBy: 'host' },
  secrets: haproxySecrets,
  parse: (files) => parseHaproxy(files),
  edit: (base, edit) => editHaproxy(base, edit),
  open: (session, address, tools) => openHaproxy(hostOf(session), address, tools),
};

function hostOf(session: Session): HostSession {
  if (session.kind === 'host') return session.host;
  throw new AppError('INTERNAL', 'HAProxy is reached over SSH; it was given another kind of session.');
}

/** A device over one session. What was found on the host is looked for again when it no longer fits. */
function openHaproxy(session: HostSession, address: DeviceAddress, tools: DriverTools): OpenDevice {
  const host = openHost(session, address.options['sudo']);
  let logFormats: readonly LogFormat[] | undefined;
  let knownSocket = address.options['socket'];

  async function look(options: CallOptions): Promise<Look> {
    const site = await findSite(host, address.options['config'], options);
    const found = await lookAround(host, site, await readSite(host, site, options), address.options['socket'], options);
    knownSocket = found.socketPath;
    return found;
  }
  async function instance(options: CallOptions): Promise<Instance | undefined> {
    return (await findInstance(host, address.options['config'], options)).instance;
  }
  async function poll(signal: AbortSignal): Promise<Sample> {
    const options = { signal };
    const known = knownSocket;
    if (known === undefined) return pollAt(host, socketOf(await look(options)), tools, options);
    try {
      return await pollAt(host, known, tools, options);
    } catch (error) {
      // The socket went: perhaps the configuration names another one now.
      if (!(error instanceof AppError) || error.code !== 'NOT_FOUND' || address.options['socket'] !== undefined)
        throw error;
      const found = socketOf(await look(options));
      if (found === known) throw error;
      return pollAt(host, found, tools, options);
    }
  }
  async function contextOf(reading: DeviceReading, planId: string, signal: AbortSignal): Promise<PlanContext> {
    const found = lookWith(await look({ signal }), reading);
    return { host, tools, look: found, reading, planId, wantedHold: address.options['hold'], signal };
  }
  return {
    test: async (report, signal) => testDevice(() => look({ signal }), host, address, tools, report, signal),
    read: async (signal) => readingOf(host, await look({ signal }), address, tools, { signal }),
    poll,
    memberLoad: async (pool, member, signal) => {
      const options = { signal };
      const socket = knownSocket ?? socketOf(await look(options));
      return countConnections(host, await instance(options), socket, [pool, member], options);
    },
    plan: async (reading, edit, planId, signal) => makePlan(await contextOf(reading, planId, signal), edit),
    log: async (after, signal) => {
      // Formats are read anew with each first page.
      if (after === undefined || logFormats === undefined) logFormats = formatsOf(await look({ signal }));
      return readLog(host, logFormats, address.options['log'], after, { signal });
    },
    certificates: {
      list: async (reading, signal) => listCertificates(host, lookWith(await look({ signal }), reading), signal),
      plan: async (reading, name, material, planId, signal) =>
        planCertificate(
          { ...(await contextOf(reading, planId, signal)), handshake: session.handshake },
          name,
          material,
        ),
      add: async (reading, wish, material, planId, signal) =>
        planNewCertificate(
          { ...(await contextOf(reading, planId, signal)), handshake: session.handshake },
          wish,
          material,
        ),
    },
    planFiles: async (reading, files, planId, signal) =>
      makePlanOfFiles(await contextOf(reading, planId, signal), files),
    standing: (plan, wanted, signal) =>
      findStanding(
        { host, tools, handshake: session.handshake, instance: () => instance({ signal }), signal },
        plan,
        wanted,
      ),
  };
}

/** A plan is made of the reading: what stands on the device now only has to be the same. */
function lookWith(look: Look, reading: DeviceReading): Look {
  const isSame =
    look.files.length === reading.files.length &&
    look.files.every(({ path, bytes }, index) => {
      const old = reading.files[index];
      return old?.path === path && old.bytes.equals(bytes);
    });
  if (isSame) return look;
  throw new AppError(
    'PLAN_STALE',
    'The configuration on the device is no longer the one that was read. Read it again, then plan.',
  );
}

async function pollAt(host: Host, socket: string, tools: DriverTools, options: CallOptions): Promise<Sample> {
  const text = await host.ask(socket, pollCommand, options);
  return parsePoll(text, tools.now());
}

async function readingOf(
  host: Host,
  look: Look,
  address: DeviceAddress,
  tools: DriverTools,
  options: CallOptions,
): Promise<DeviceReading> {
  const model = effectiveModel(look.files, look.surroundings);
  return {
    files: look.files,
    fingerprint: fingerprintOf(look.files, tools.sha256),
    facts: factsOfModel(factsOf(await findRights(host, look, address.host, options)), model),
    model,
  };
}
