import type { DeviceFacts, TestStep } from '../../contract/api.ts';
import { AppError, toProblem } from '../../contract/errors.ts';
import type { Edit } from '../../contract/plan.ts';
import type { HostSession } from '../../transports/transport.ts';
import { unifiedHunks } from '../hunks.ts';
import { maskWith } from '../mask.ts';
import type { DeviceReading, DriverTools, OpenDevice, PlanDraft, SourceFile } from '../vendor.ts';
import { offeredMethods } from './algorithms.ts';
import { certificatesCommand, listedCertificates, noImport } from './certificates.ts';
import { linesOfEdit } from './edit.ts';
import { offeredMonitors } from './edit-monitor.ts';
import { offeredPersistence } from './edit-persistence.ts';
import { parseA10 } from './parse.ts';
import { a10Secrets } from './secrets.ts';
import type { PartSent } from './sent.ts';
import { A10Text } from './text.ts';
import { wayBack } from './history.ts';
import { type Part, partitionsIn, partsOf, pathOf } from './partitions.ts';
import { askedIn, draftPlan, fingerprintOf, readingCommand, standingOf } from './plan.ts';

/** An A10 Thunder by its command line, typed at a terminal over SSH: read, changed and saved there. Its figures are polled by SNMP. */
export function openA10(host: HostSession, tools: DriverTools): OpenDevice {
  return {
    test: (report, signal) => testDevice(host, tools, report, signal),
    read: async (signal) => {
      const facts = await readFacts(host, signal);
      const { parts } = await running(host, signal);
      const files = parts.map(({ partition, text }): SourceFile => ({
        path: pathOf(partition),
        bytes: Buffer.from(text),
      }));
      return { files, fingerprint: fingerprintOf(parts, tools.sha256), facts, model: parseA10(files) };
    },
    poll: () => Promise.reject(noFigures()),
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

function noFigures(): AppError {
  return new AppError(
    'CAPABILITY_MISSING',
    'Figures of an A10 come by SNMP: add its agent beside the command line (devices add ... --poll a10+snmp://...).',
  );
}

/** Throws COMMAND_REJECTED with the device's words. */
async function ask(host: HostSession, command: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await host.exec(command, { signal, timeoutMs: 120_000 });
  const said = stdout.toString('utf8');
  const first = said.split('\n').find((line) => /^\s*(?:%|Partition '[^']*' does not exist)/.test(line));
  if (first === undefined) return said;
  throw new AppError('COMMAND_REJECTED', `"${command}" was refused: ${first.trim()}`, { raw: said.slice(0, 4096) });
}

/** What every partition runs, that in which a session begins (`home`) first; an account of one partition is shown that one alone. */
async function running(
  host: HostSession,
  signal: AbortSignal,
): Promise<{ readonly parts: readonly Part[]; readonly home: string }> {
  const { home } = await readRole(host, signal);
  const first = await runningOf(host, home, home, signal);
  if (home !== '') return { parts: [first], home };
  const partitions = partitionsIn(first.text, await listOf(host, signal));
  const parts = [first];
  // One after the other: each is a terminal of its own, and a device has few of them.
  for (const partition of partitions) parts.push(await runningOf(host, partition, home, signal));
  return { parts, home };
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

/** An account that may not list them knows those that the running-config names. */
async function listOf(host: HostSession, signal: AbortSignal): Promise<string> {
  try {
    return await ask(host, 'show partition', signal);
  } catch (error) {
    if (error instanceof AppError && error.code === 'COMMAND_REJECTED') return '';
    throw error;
  }
}

async function runningOf(host: HostSession, partition: string, home: string, signal: AbortSignal): Promise<Part> {
  const command = askedIn(partition, home, readingCommand);
  const text = withoutGreeting(await ask(host, command, signal));
  // A partition that holds nothing yet says no more than its comments.
  if (/^(?:slb|hostname|interface|ip|vlan|health|!|end\b)/m.test(text)) return { partition, text };
  throw new AppError('OUTPUT_UNPARSED', `The answer to "${command}" is no running-config of ACOS.`, {
    raw: text.slice(0, 4096),
  });
}

/** `Current active partition: NAME`, as a session is told that enters one (recorded on 4.1.1). */
function withoutGreeting(said: string): string {
  return said.replace(/^\s*Current active partition:.*\n/, '');
}

/** The partitions whose changes nobody has saved, in words. */
async function unsaved(
  host: HostSession,
  tools: DriverTools,
  { parts, home }: { readonly parts: readonly Part[]; readonly home: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const part of parts) {
    const command = askedIn(part.partition, home, 'show startup-config');
    const text = withoutGreeting(await ask(host, command, signal));
    const isOther =
      text.trim() !== '' && fingerprintOf([{ ...part, text }], tools.sha256) !== fingerprintOf([part], tools.sha256);
    if (isOther) found.push(part.partition === '' ? 'shared' : part.partition);
  }
  return found;
}

/** What the prompt says of the device: `ACOS-Standby-vBlade[1/2](config)#`. */
async function readRole(
  host: HostSession,
  signal: AbortSignal,
): Promise<{ readonly vrrp: string; readonly vcs: string; readonly home: string; readonly mayChange: boolean }> {
  const prompt = await ask(host, '', signal);
  return {
    vrrp: /-(Active|Standby|ForcedStandby)\b/i.exec(prompt)?.[1] ?? 'none',
    vcs: /-(vMaster|vBlade)\b/i.exec(prompt)?.[1] ?? 'none',
    home: homeOf(prompt),
    mayChange: prompt.endsWith('#'),
  };
}

/** The partition in the prompt, `ACOS-Active[p1]#`; `''` is the shared one. A chassis and unit (`[1/2]`) is none. */
function homeOf(prompt: string): string {
  return /\[([A-Za-z0-9_.-]+)\]/.exec(prompt)?.[1] ?? '';
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
  const left = await unsaved(host, tools, { parts: before, home: role.home }, signal);
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
