import type { DeviceFacts, TestStep } from '../../contract/api.ts';
import { AppError, toProblem } from '../../contract/errors.ts';
import type { Sample } from '../../contract/metrics.ts';
import type { Plan } from '../../contract/plan.ts';
import type { HostSession } from '../../transports/transport.ts';
import { unifiedHunks } from '../hunks.ts';
import { maskWith } from '../mask.ts';
import type { DeviceReading, DriverTools, OpenDevice, PlanDraft, SourceFile } from '../vendor.ts';
import { activeUnitsOf, figuresOfActive, type Placement, placementOf, placementText } from './active.ts';
import { offeredModes } from './algorithms.ts';
import { openCertificates } from './certificates/open.ts';
import { noFileByTmsh } from './certificates/plan.ts';
import { certificateDifferences, certificateOfPlan } from './certificates/standing.ts';
import { commandsOf } from './edit.ts';
import { offeredPersistence } from './edit-persistence.ts';
import { writtenTlsKeys } from './edit-tls.ts';
import { type DeviceGroup, readGroup } from './group.ts';
import { wayBack } from './history.ts';
import { readingText, versionOf } from './listing.ts';
import { f5Secrets, parseBigip } from './parse.ts';
import { draftPlan, fingerprintOf, type Place, standingOf, warningsOf } from './plan.ts';
import type { Sent } from './sent.ts';
import { ask, callText, findShell, type LoginShell } from './shell.ts';
import { failoverOf, samplesOf, statisticsCommands } from './stats.ts';
import { asConfiguration } from './text.ts';
import { knownMajors, nextMajor, refuseMissing, whyNoRoutes } from './versions.ts';

const path = 'bigip.conf';

/** What the account and the device are, as far as commands depend on it; asked once per session. */
interface Look {
  readonly shell: LoginShell;
  readonly name: string;
  readonly version: readonly [number, number];
}

type Places = (shell: LoginShell, version: Look['version'], signal: AbortSignal) => Promise<Placement>;

/** What belongs to which traffic group changes seldom: asked for again after five minutes. */
function rememberedPlaces(host: HostSession, tools: DriverTools): Places {
  let known: { readonly placement: Placement; readonly untilMs: number } | undefined;
  return async (shell, version, signal) => {
    const nowMs = tools.now().getTime();
    if (known === undefined || known.untilMs <= nowMs) {
      const placement = placementOf(await ask(host, placementText(shell, version), signal));
      known = { placement, untilMs: nowMs + 300_000 };
    }
    return known.placement;
  };
}

/** A BIG-IP by tmsh over SSH: read, polled, changed, saved and synchronised there. */
export function openBigip(host: HostSession, tools: DriverTools): OpenDevice {
  const places = rememberedPlaces(host, tools);
  let known: Promise<Look> | undefined;
  async function look(signal: AbortSignal): Promise<Look> {
    known ??= lookAt(host, signal);
    try {
      return await known;
    } catch (error) {
      known = undefined;
      throw error;
    }
  }
  async function running(signal: AbortSignal): Promise<string> {
    const { shell, version } = await look(signal);
    return asConfiguration(await ask(host, readingText(shell, version), signal));
  }
  async function group(signal: AbortSignal): Promise<DeviceGroup> {
    const { shell } = await look(signal);
    const sync = await ask(host, callText(shell, ['show cm sync-status']), signal);
    const devices = ['cd /', 'list cm device recursive', 'list cm device-group recursive'];
    return readGroup(sync, await ask(host, callText(shell, devices), signal));
  }
  async function read(signal: AbortSignal): Promise<DeviceReading> {
    const facts = factsOf(await look(signal));
    const text = await running(signal);
    const files: readonly SourceFile[] = [{ path, bytes: Buffer.from(text) }];
    return { files, fingerprint: fingerprintOf(text, tools.sha256), facts, model: parseBigip(files) };
  }
  async function placeOf(planId: string, signal: AbortSignal): Promise<Place> {
    const { shell, version } = await look(signal);
    const units = await group(signal);
    refuseNewer(units);
    return { shell, version, group: units, planId };
  }
  /** The plan of these commands, made from what was read. */
  async function drafted(
    reading: DeviceReading,
    planId: string,
    signal: AbortSignal,
    make: (before: string) => { readonly sent: readonly Sent[]; readonly left?: readonly string[] },
  ): Promise<PlanDraft> {
    const place = await placeOf(planId, signal);
    const before = textOf(reading.files);
    const { sent, left = [] } = make(before);
    refuseMissing(
      place.version,
      sent.map(({ command }) => command),
    );
    const draft = draftPlan(before, sent, reading.model, place, tools.sha256);
    const [old, now] = [before, draft.after].map((text) => maskWith(f5Secrets, text));
    const target = parseBigip([{ path, bytes: Buffer.from(draft.after) }]);
    return {
      ...draft.plan,
      hunks: unifiedHunks(path, old ?? '', now ?? ''),
      warnings: [...left, ...warningsOf(sent, target, place.group)],
    };
  }
  async function standing(made: Plan, wanted: 'old' | 'new', signal: AbortSignal): ReturnType<OpenDevice['standing']> {
    const text = await running(signal);
    const found = standingOf(made, wanted, text, tools.sha256);
    const touched = certificateOfPlan(made);
    if (touched === undefined || found.file === 'foreign') return found;
    const { shell } = await look(signal);
    const more = await certificateDifferences(host, shell, touched, wanted, text, signal);
    if (more.length === 0) return found;
    return { file: wanted === 'new' ? 'old' : 'new', differences: [...found.differences, ...more] };
  }
  return {
    test: (report, signal) => testDevice(look, group, tools, report, signal),
    read,
    poll: async (signal) => poll(host, await look(signal), places, tools, signal),
    plan: (reading, edit, planId, signal) =>
      drafted(reading, planId, signal, (before) => ({ sent: commandsOf(before, edit) })),
    planFiles: (reading, files, planId, signal) =>
      drafted(reading, planId, signal, (before) => wayBack(before, textOf(files))),
    certificates: openCertificates({ tools, placeOf }),
    standing,
  };
}

function textOf(files: readonly SourceFile[]): string {
  return files[0]?.bytes.toString('utf8') ?? '';
}

async function lookAt(host: HostSession, signal: AbortSignal): Promise<Look> {
  const { shell, version: said } = await findShell(host, signal);
  const version = versionOf(said);
  const major = version?.number[0] ?? 0;
  if (version === undefined || major < 11 || major === nextMajor) {
    throw new AppError(
      'VERSION_UNSUPPORTED',
      `This is version ${version?.name ?? 'unknown'}. TMOS 11 to 17 and 21 are read and changed by tmsh; ${major === nextMajor ? 'BIG-IP Next has none' : 'older ones are not'}.`,
      { raw: said.slice(0, 4096) },
    );
  }
  return { shell, name: version.name, version: version.number };
}

function factsOf({ name, shell, version }: Look): DeviceFacts {
  const [major] = version;
  const isKnown = knownMajors.includes(major);
  return {
    vendor: 'f5',
    label: 'F5 BIG-IP',
    product: 'BIG-IP',
    version: name,
    capabilities: [
      {
        id: 'write',
        isPresent: true,
        why: 'By tmsh, in one transaction; saved and synchronised once the change is kept.',
      },
      {
        id: 'check',
        isPresent: true,
        why: `The device checks a change before it takes it${shell === 'bash' ? '' : ': typed to tmsh, as this account cannot leave a file'}.`,
      },
      { id: 'certificates', isPresent: true, why: 'Listed with their ends.' },
      ...(shell === 'bash' ? [] : [{ id: 'certificate-renewal', isPresent: false, why: noFileByTmsh }]),
      { id: 'routes', isPresent: false, why: whyNoRoutes(version) },
      ...(isKnown
        ? []
        : [{ id: 'version', isPresent: false, why: `Version ${String(major)} is newer than this program.` }]),
    ],
    weightRange: { lowest: 1, highest: 65_535 },
    algorithms: offeredModes(),
    persistence: offeredPersistence(),
    memberNames: { newNode: '{folder}{address}' },
    writes: [
      'virtualServer.listen',
      'member.maxConnections',
      'member.priority',
      'pool.minActiveMembers',
      'pool.slowStartMs',
      'virtualServer.adminState',
      'virtualServer.pool',
      'virtualServer.connectionLimit',
      'virtualServer.persistence',
      'pool.tls',
      ...writtenTlsKeys.map((key) => `virtualServer.tls.${key}` as const),
    ],
    monitors: { offered: [], names: { check: '{pool}_check' }, named: 20 },
  };
}

/** Pushing here would lose what is newer elsewhere, or make two versions of the truth. */
function refuseNewer({ newer, isConflict, name, status }: DeviceGroup): void {
  if (name === undefined || (newer.length === 0 && !isConflict)) return;
  const who = isConflict && newer.length === 0 ? 'another unit' : newer.join(' and ');
  throw new AppError(
    'CAPABILITY_MISSING',
    `The device group ${name} is not in sync (${status}): ${who} has changes that are newer than those of this unit. Synchronise ${who} to the group first, or make the change there.`,
  );
}

async function poll(
  host: HostSession,
  { shell, name, version }: Look,
  places: Places,
  tools: DriverTools,
  signal: AbortSignal,
): Promise<Sample> {
  const text = await ask(host, callText(shell, statisticsCommands), signal);
  const failover = failoverOf(text);
  const { active, hasPeers } = activeUnitsOf(text);
  const figures = samplesOf(text);
  return {
    at: tools.now().toISOString(),
    device: { vendor: 'f5', product: 'BIG-IP', version: name, ...(failover === undefined ? {} : { failover }) },
    ...(hasPeers ? figuresOfActive(figures, active, await places(shell, version, signal)) : figures),
    errors: [],
  };
}

async function testDevice(
  look: (signal: AbortSignal) => Promise<Look>,
  group: (signal: AbortSignal) => Promise<DeviceGroup>,
  tools: DriverTools,
  report: (step: TestStep) => void,
  signal: AbortSignal,
): Promise<{ facts: DeviceFacts; discovered: Record<string, string> }> {
  const step = { id: 'version', title: 'Version' } as const;
  const startedAt = tools.now().getTime();
  report({ ...step, state: 'running' });
  try {
    const found = await look(signal);
    const units = await group(signal);
    const durationMs = tools.now().getTime() - startedAt;
    report({ ...step, state: 'done', durationMs, detail: `BIG-IP ${found.name}` });
    report({
      id: 'privilege',
      title: 'Rights',
      state: 'done',
      detail: `tmsh answers; the shell of the account is ${found.shell}.`,
    });
    const discovered = { shell: found.shell, 'device group': units.name ?? 'none', 'sync status': units.status };
    return { facts: factsOf(found), discovered };
  } catch (error) {
    const problem = toProblem(error);
    report({ ...step, state: 'failed', detail: problem.detail, problem });
    throw error;
  }
}
