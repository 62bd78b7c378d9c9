import type { DeviceFacts, TestStep } from '../../contract/api.ts';
import { AppError, toProblem } from '../../contract/errors.ts';
import type { Sample } from '../../contract/metrics.ts';
import type { Edit } from '../../contract/plan.ts';
import type { HostSession } from '../../transports/transport.ts';
import { unifiedHunks } from '../hunks.ts';
import { maskWith } from '../mask.ts';
import type { DeviceReading, DriverTools, OpenDevice, PlanDraft, SourceFile } from '../vendor.ts';
import { offeredMethods } from './algorithms.ts';
import { certificatesCommand, listedCertificates, noImport, whyNoImport } from './certificates.ts';
import { offeredMonitors } from './edit-monitor.ts';
import { offeredPersistence } from './edit-persistence.ts';
import { linesOfEdit } from './edit.ts';
import { wayBack } from './history.ts';
import { parseA10 } from './parse.ts';
import { type Part, partsOf, pathOf } from './partitions.ts';
import { askedIn, draftPlan, fingerprintOf, standingOf } from './plan.ts';
import { ask, readRole, running, unsaved } from './reading.ts';
import { a10Secrets } from './secrets.ts';
import type { PartSent } from './sent.ts';
import { samplesOf, type Statistics, statisticsCommands } from './stats.ts';
import { A10Text } from './text.ts';

/** An A10 Thunder by its command line, typed at a terminal over SSH: read, polled, changed and saved there. */
export function openA10(host: HostSession, tools: DriverTools): OpenDevice {
  let known: Known | undefined;
  async function read(signal: AbortSignal): Promise<DeviceReading> {
    const facts = await readFacts(host, signal);
    const { parts, home } = await running(host, signal);
    known = { facts, home, partitions: parts.map(({ partition }) => partition) };
    const files = parts.map(({ partition, text }): SourceFile => ({
      path: pathOf(partition),
      bytes: Buffer.from(text),
    }));
    return { files, fingerprint: fingerprintOf(parts, tools.sha256), facts, model: parseA10(files) };
  }
  return {
    test: (report, signal) => testDevice(host, tools, report, signal),
    read,
    poll: async (signal) => {
      if (known === undefined) await read(signal);
      try {
        return await poll(host, tools, known, signal);
      } catch (error) {
        // A partition may have gone: the next poll looks again.
        known = undefined;
        throw error;
      }
    },
    plan: (reading, edit, _planId, signal) => plan(host, tools, reading, edit, signal),
    planFiles: (reading, files, _planId, signal) => planBack(host, tools, reading, files, signal),
    certificates: {
      list: async (reading, signal) => listedCertificates(await certificatesOf(host, reading, signal), reading.model),
      plan: () => Promise.reject(noImport()),
      add: () => Promise.reject(noImport()),
    },
    standing: async (made, wanted, signal) =>
      standingOf(made, wanted, (await running(host, signal)).parts, tools.sha256),
  };
}

/** What a poll need not ask again: the partitions as they were last read. */
interface Known {
  readonly facts: DeviceFacts;
  readonly home: string;
  readonly partitions: readonly string[];
}

async function poll(
  host: HostSession,
  tools: DriverTools,
  known: Known | undefined,
  signal: AbortSignal,
): Promise<Sample> {
  const { facts, home = '', partitions = [] } = known ?? {};
  const all: Statistics[] = [];
  for (const partition of partitions) {
    const answers: string[] = [];
    for (const command of statisticsCommands) answers.push(await ask(host, askedIn(partition, home, command), signal));
    all.push({ partition, answers });
  }
  const version = facts?.version;
  return {
    at: tools.now().toISOString(),
    device: { vendor: 'a10', product: 'Thunder', ...(version === undefined ? {} : { version }) },
    ...samplesOf(all),
    errors: [],
  };
}

async function certificatesOf(
  host: HostSession,
  reading: DeviceReading,
  signal: AbortSignal,
): Promise<readonly Part[]> {
  const { home } = await readRole(host, signal);
  const found: Part[] = [];
  for (const { partition } of partsOf(reading.files))
    found.push({ partition, text: await ask(host, askedIn(partition, home, certificatesCommand), signal) });
  return found;
}

/** `64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78`. */
async function readFacts(host: HostSession, signal: AbortSignal): Promise<DeviceFacts> {
  const said = await ask(host, 'show version', signal);
  const version = /version\s+(\d+\.\d+[^\s,]*)(?:,?\s+build\s+(\w+))?/i.exec(said);
  const role = await readRole(host, signal);
  const why = refusalOf(role, Number(/^\d+/.exec(version?.[1] ?? '')?.[0] ?? 0));
  return {
    vendor: 'a10',
    label: 'A10 Thunder',
    product: 'Thunder',
    ...(version === null
      ? {}
      : { version: `ACOS ${version[1] ?? ''}${version[2] === undefined ? '' : ` build ${version[2]}`}` }),
    capabilities: [
      { id: 'write', isPresent: why === undefined, why: why ?? 'By the command line; saved once the change is kept.' },
      { id: 'certificates', isPresent: true, why: 'Listed with their ends, renewed elsewhere.' },
      { id: 'certificate-renewal', isPresent: false, why: whyNoImport },
    ],
    weightRange: { lowest: 1, highest: 1000 },
    algorithms: offeredMethods(),
    persistence: offeredPersistence(),
    memberNames: { newNode: '{folder}{address}' },
    writes: [
      'member.maxConnections',
      'member.priority',
      'pool.minActiveMembers',
      'virtualServer.adminState',
      'virtualServer.pool',
      'virtualServer.connectionLimit',
      'virtualServer.persistence',
      'virtualServer.tls.minVersion',
      'virtualServer.tls.maxVersion',
      'virtualServer.tls.ciphers',
    ],
    monitors: { offered: offeredMonitors(), names: { check: '{pool}_check' }, named: 1 },
  };
}

/** Why nothing is changed here; undefined where it may be. */
function refusalOf({ vrrp, vcs, mayChange }: Awaited<ReturnType<typeof readRole>>, major: number): string | undefined {
  if (/^vBlade$/i.test(vcs))
    return 'This is a vBlade of an aVCS: its vMaster overwrites what is changed here. Add the vMaster and change it there.';
  if (/standby/i.test(vrrp))
    return 'This device is standby by VRRP-A: what is changed here, a synchronisation from the active one overwrites. Add the active one.';
  if (!mayChange)
    return 'The account does not get to the privileged mode (enable): store its password where that of sudo is.';
  if (major > 0 && major < 4)
    return `ACOS ${String(major)} writes members in a form of its own; from ACOS 4 on they are changed.`;
  return undefined;
}

async function plan(
  host: HostSession,
  tools: DriverTools,
  reading: DeviceReading,
  edit: Edit,
  signal: AbortSignal,
): Promise<PlanDraft> {
  return draftOf(host, tools, reading, linesOfEdit(partsOf(reading.files), edit), signal);
}

/** Back to a version of the history; what of it stays as it is stands among the warnings. */
async function planBack(
  host: HostSession,
  tools: DriverTools,
  reading: DeviceReading,
  files: readonly SourceFile[],
  signal: AbortSignal,
): Promise<PlanDraft> {
  const { sent, left } = wayBack(partsOf(reading.files), partsOf(files));
  const draft = await draftOf(host, tools, reading, sent, signal);
  return { ...draft, warnings: [...draft.warnings, ...left] };
}

async function draftOf(
  host: HostSession,
  tools: DriverTools,
  reading: DeviceReading,
  sent: readonly PartSent[],
  signal: AbortSignal,
): Promise<PlanDraft> {
  const why = reading.facts.capabilities.find(({ id, isPresent }) => id === 'write' && !isPresent)?.why;
  if (why !== undefined) throw new AppError('CAPABILITY_MISSING', why);
  const role = await readRole(host, signal);
  const before = partsOf(reading.files);
  const draft = draftPlan(before, sent, reading.model, tools.sha256, role.home);
  const left = await unsaved(host, tools.sha256, { parts: before, home: role.home }, signal);
  return { ...draft.plan, hunks: hunksOf(before, draft.after), warnings: warningsOf(before, sent, left, role) };
}

function hunksOf(before: readonly Part[], after: readonly Part[]): PlanDraft['hunks'] {
  return before.flatMap(({ partition, text }, at) => {
    const [old = '', now = ''] = [text, after[at]?.text ?? ''].map((one) => maskWith(a10Secrets, one));
    return unifiedHunks(pathOf(partition), old, now);
  });
}

function warningsOf(
  parts: readonly Part[],
  sent: readonly PartSent[],
  left: readonly string[],
  role: Awaited<ReturnType<typeof readRole>>,
): string[] {
  const where = parts.length === 1 ? '' : ` (partition ${left.join(', ')})`;
  return [
    ...(left.length === 0
      ? []
      : [`The device holds changes that nobody has saved yet${where}: keeping this one saves them too.`]),
    ...(role.vcs === 'none' && role.vrrp !== 'none' ? [peerAdvice(parts, sent)] : []),
  ];
}

/**
 * Not a step of ours: it would overwrite what the peer alone has, and no command of ACOS tells beforehand whether it has any. The form
 * is that of a public course of A10's (5.2.1) and of a public runbook; the address is that of `vrrp-a peer-group`.
 */
function peerAdvice(parts: readonly Part[], sent: readonly PartSent[]): string {
  const shared = parts.find(({ partition }) => partition === '')?.text ?? '';
  const group = new A10Text(shared).find(['vrrp-a', 'peer-group']);
  const peers = group?.children.flatMap(({ text }) => /^peer (\S+)$/.exec(text)?.[1] ?? []) ?? [];
  const touched = [...new Set(sent.map(({ partition }) => partition))];
  const which = touched.length === 1 && touched[0] !== '' ? `partition ${touched[0] ?? ''}` : 'all-partitions';
  const peer = peers.length === 1 ? (peers[0] ?? '') : 'ADDRESS-OF-THE-PEER';
  return (
    'The VRRP-A peer does not get it by itself. Once the change is kept, and where the peer holds nothing of its own that is worth keeping, ' +
    `type in configuration mode of the shared partition: configure sync all ${which} auto-authentication ${peer}`
  );
}

async function testDevice(
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
    const role = await readRole(host, signal);
    const durationMs = tools.now().getTime() - startedAt;
    report({ ...step, state: 'done', durationMs, detail: facts.version ?? 'The device does not say what it is.' });
    const rights = role.mayChange ? 'reads and changes' : 'reads alone';
    report({
      id: 'privilege',
      title: 'Rights',
      state: 'done',
      detail: `The command line answers; the account ${rights}.`,
    });
    return { facts, discovered: { 'VRRP-A': role.vrrp, aVCS: role.vcs } };
  } catch (error) {
    const problem = toProblem(error);
    report({ ...step, state: 'failed', detail: problem.detail, problem });
    throw error;
  }
}
