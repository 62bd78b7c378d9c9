import type { DeviceFacts, TestStep } from '../../contract/api.ts';
import { AppError, toProblem } from '../../contract/errors.ts';
import type { Sample } from '../../contract/metrics.ts';
import type { Plan } from '../../contract/plan.ts';
import type { HostSession } from '../../transports/transport.ts';
import { unifiedHunks } from '../hunks.ts';
import { maskWith } from '../mask.ts';
import type { DeviceReading, DriverTools, OpenDevice, PlanDraft, SourceFile } from '../vendor.ts';
import { offeredAlgorithms } from './algorithms.ts';
import { askShown } from './certificates/ask.ts';
import type { CertificateContext } from './certificates/chain.ts';
import { listCertificates } from './certificates/list.ts';
import { planAddition, planRenewal, type Serials } from './certificates/plan.ts';
import { isSameSerial } from './certificates/show.ts';
import { ask } from './cli.ts';
import { readCommands } from './commands.ts';
import { commandsOf } from './edit.ts';
import { commandsTo, type WayThere } from './history.ts';
import { Objects } from './objects.ts';
import { tlsPaths, unwritableOf } from './unwritable.ts';
import { netscalerSecrets, parseNetscaler } from './parse.ts';
import { offeredPersistence } from './persistence.ts';
import { draftPlan, fingerprintOf, standingOf } from './plan.ts';
import { pollByStat } from './poll.ts';

const path = 'ns.conf';

/** What is asked for by `stat` is known from the configuration; it is read again after so long, and when something is no longer there. */
const knownForMs = 5 * 60_000;

/** A NetScaler by its command line over SSH: read, changed, saved and, where no agent is given, polled there. */
export function openNetscaler(host: HostSession, tools: DriverTools): OpenDevice {
  let known: { readonly reading: DeviceReading; readonly atMs: number } | undefined;
  async function read(signal: AbortSignal): Promise<DeviceReading> {
    const reading = await readAppliance(host, tools, signal);
    known = { reading, atMs: tools.now().getTime() };
    return reading;
  }
  async function poll(signal: AbortSignal): Promise<Sample> {
    const at = tools.now();
    const isFresh = known !== undefined && at.getTime() - known.atMs < knownForMs;
    const first = isFresh && known !== undefined ? known.reading : await read(signal);
    const asked = await pollByStat(first.model, (command) => ask(host, command, signal));
    // What was asked for by an older configuration may be gone: the newer one is asked for at once.
    const reading = asked.isStale && isFresh ? await read(signal) : first;
    const again = reading === first ? asked : await pollByStat(reading.model, (command) => ask(host, command, signal));
    const { version } = reading.facts;
    const device = { vendor: 'netscaler', product: 'NetScaler', ...(version === undefined ? {} : { version }) };
    const { virtualServers, pools, errors } = again;
    return { at: at.toISOString(), device, virtualServers, pools, errors };
  }
  return {
    test: (report, signal) => testAppliance(host, tools, report, signal),
    read,
    poll,
    plan: (reading, edit, _planId, signal) =>
      plan(host, tools, reading, (before) => ({ sent: commandsOf(before, edit), left: [] }), signal),
    planFiles: (reading, files, _planId, signal) =>
      plan(host, tools, reading, (before) => wayBack(before, textOf(files)), signal),
    standing: (made, wanted, signal) => {
      known = undefined; // a push is under way
      return standing(host, tools, made, wanted, signal);
    },
    certificates: {
      list: async (reading, signal) => listCertificates(objectsOf(reading), await askShown(host, signal)),
      plan: async (reading, name, material, planId, signal) =>
        planRenewal(await certificateContext(host, tools, reading, planId, signal), name, material),
      add: async (reading, wish, material, planId, signal) =>
        planAddition(await certificateContext(host, tools, reading, planId, signal), wish, material),
    },
  };
}

function objectsOf({ files }: DeviceReading): Objects<ReturnType<typeof readCommands>[number]> {
  return new Objects(readCommands(textOf(files)));
}

async function certificateContext(
  host: HostSession,
  tools: DriverTools,
  reading: DeviceReading,
  planId: string,
  signal: AbortSignal,
): Promise<CertificateContext> {
  const nodes = await ask(host, 'show ha node', signal);
  if (roleOf(nodes) === 'Secondary') throw new AppError('CAPABILITY_MISSING', secondary);
  const shown = await askShown(host, signal);
  return { reading, shown, planId, tools, isPair: (nodes.match(/Node ID:/g) ?? []).length > 1 };
}

/** By the lines of the configuration and, where a certificate was loaded, by the serial number that the appliance tells. */
async function standing(
  host: HostSession,
  tools: DriverTools,
  made: Plan,
  wanted: 'old' | 'new',
  signal: AbortSignal,
): ReturnType<OpenDevice['standing']> {
  const found = standingOf(made, wanted, await running(host, signal), tools.sha256);
  const serials = made.driver['serials'] as Serials | undefined; // written by planRenewal or planAddition, kept as JSON
  const serial = serials?.[wanted];
  if (serials === undefined || serial === undefined || found.differences.length > 0) return found;
  const shown = (await askShown(host, signal)).find(({ name }) => name === serials.name);
  if (isSameSerial(shown?.facts?.serial, serial)) return found;
  const told = shown?.facts?.serial ?? 'none';
  return { ...found, differences: [`certificate "${serials.name}" has serial ${told}, not ${serial}`] };
}

/** The running configuration, whole. */
async function running(host: HostSession, signal: AbortSignal): Promise<string> {
  return ask(host, 'show ns runningConfig', signal);
}

async function readAppliance(host: HostSession, tools: DriverTools, signal: AbortSignal): Promise<DeviceReading> {
  const facts = await readFacts(host, signal);
  const text = await running(host, signal);
  const files: readonly SourceFile[] = [{ path, bytes: Buffer.from(text) }];
  const model = parseNetscaler(files);
  const fingerprint = fingerprintOf(text, tools.sha256);
  return { files, fingerprint, facts: { ...facts, unwritable: unwritableOf(model) }, model };
}

/** `NetScaler NS13.1: Build 37.38.nc, Date: ...`, and the role that `show ha node` gives to this node, the first it lists. */
async function readFacts(host: HostSession, signal: AbortSignal): Promise<DeviceFacts> {
  const version = /NetScaler\s+(NS[\d.]+:\s*Build\s+[\w.]+)/i.exec(await ask(host, 'show ns version', signal))?.[1];
  const role = await readRole(host, signal);
  const why = role === 'Secondary' ? secondary : undefined;
  return {
    vendor: 'netscaler',
    label: 'NetScaler ADC',
    product: 'NetScaler',
    ...(version === undefined ? {} : { version }),
    capabilities: [
      { id: 'write', isPresent: why === undefined, why: why ?? 'By the command line; saved once the change is kept.' },
      { id: 'certificates', isPresent: true, why: 'Listed with their ends.' },
      ...(why === undefined ? [] : [{ id: 'certificate-renewal', isPresent: false, why }]),
    ],
    weightRange: { lowest: 1, highest: 100 },
    algorithms: offeredAlgorithms(),
    persistence: offeredPersistence(),
    monitors: { offered: [], names: { check: '{pool}_check' }, named: 20 },
    memberNames: { newNode: '{address}' },
    writes: [
      'member.maxConnections',
      'virtualServer.listen',
      'virtualServer.adminState',
      'virtualServer.persistence',
      ...tlsPaths,
    ],
  };
}

const secondary =
  'This is the secondary of a pair: what is changed here, the primary overwrites. Add the primary and change it there.';

async function readRole(host: HostSession, signal: AbortSignal): Promise<string | undefined> {
  return roleOf(await ask(host, 'show ha node', signal));
}

function roleOf(nodes: string): string | undefined {
  return /Master State:\s*(\w+)/i.exec(nodes)?.[1];
}

async function plan(
  host: HostSession,
  tools: DriverTools,
  reading: DeviceReading,
  wayOf: (before: string) => WayThere,
  signal: AbortSignal,
): Promise<PlanDraft> {
  if ((await readRole(host, signal)) === 'Secondary') throw new AppError('CAPABILITY_MISSING', secondary);
  const before = textOf(reading.files);
  const saved = await ask(host, 'show ns ns.conf', signal);
  const { sent, left } = wayOf(before);
  const draft = draftPlan(before, sent, reading.model, tools.sha256);
  const [old, now] = [before, draft.after].map((text) => maskWith(netscalerSecrets, text));
  const isUnsaved = readCommands(saved).length > 0 && fingerprintOf(saved, tools.sha256) !== reading.fingerprint;
  const unsaved = 'The appliance holds changes that nobody has saved yet: keeping this one saves them too.';
  return {
    ...draft.plan,
    hunks: unifiedHunks(path, old ?? '', now ?? ''),
    warnings: [...left, ...(isUnsaved ? [unsaved] : [])],
  };
}

/** Throws PLAN_INVALID where nothing of an old version can be brought back. */
function wayBack(before: string, then: string): WayThere {
  const way = commandsTo(before, then);
  if (way.sent.length > 0) return way;
  const why = way.left.length === 0 ? 'nothing differs' : way.left.join(' ');
  throw new AppError('PLAN_INVALID', `Nothing of that version is to be brought back here: ${why}`);
}

function textOf(files: readonly SourceFile[]): string {
  return files[0]?.bytes.toString('utf8') ?? '';
}

async function testAppliance(
  host: HostSession,
  tools: DriverTools,
  report: (step: TestStep) => void,
  signal: AbortSignal,
): Promise<{ facts: DeviceFacts; discovered: Record<string, string> }> {
  const step = { id: 'version', title: 'Version' } as const;
  const startedAt = tools.now().getTime();
  report({ ...step, state: 'running' });
  try {
    const facts = await readFacts(host, signal);
    const role = (await readRole(host, signal)) ?? 'unknown';
    const durationMs = tools.now().getTime() - startedAt;
    report({ ...step, state: 'done', durationMs, detail: facts.version ?? 'The appliance does not say what it is.' });
    report({
      id: 'privilege',
      title: 'Rights',
      state: 'done',
      detail: `The command line answers; this node is ${role}.`,
    });
    return { facts, discovered: { 'high availability': role } };
  } catch (error) {
    const problem = toProblem(error);
    report({ ...step, state: 'failed', detail: problem.detail, problem });
    throw error;
  }
}
