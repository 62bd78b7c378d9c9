import { AppError } from '../../contract/errors.ts';
import type { Command, Edit, Plan, Step } from '../../contract/plan.ts';
import type { DeviceModel } from '../../contract/model.ts';
import { unifiedHunks } from '../hunks.ts';
import type { DeviceReading, DriverTools, PlanDraft, SourceFile } from '../vendor.ts';
import { maskSecrets } from './cfg/secrets.ts';
import { findReload } from './discover-reload.ts';
import { fingerprintOf } from './driver-fingerprint.ts';
import { type Host, socatCommand } from './driver-host.ts';
import { planHold } from './plan-hold.ts';
import { quote } from './driver-shell.ts';
import { type Look, socketOf } from './driver-rights.ts';
import { editHaproxy } from './edit.ts';
import { refuseTaken } from './listening.ts';
import { effectiveModel } from './parse.ts';
import {
  backupCommands,
  candidateCommands,
  changedFile,
  checkCommand,
  cleanUpCommands,
  type FileChange,
  fingerprintCommands,
  keepCommands,
  locateFile,
  putBackCommands,
  replaceCommands,
} from './plan-files.ts';
import { lossesOf, otherStates } from './plan-losses.ts';
import { reloadBackCommands, reloadCommands, type ReloadPlan, shell } from './plan-reload.ts';
import { findRuntimeChange, type RuntimeChange } from './plan-runtime.ts';
import { isOfRunningCheck } from './plan-runtime-checks.ts';
import { parseRunning, type RunningProcess } from './runtime-state.ts';
import { pollCommand } from './stats.ts';
import { type Expectation, expectationOf, orAsNow } from './standing.ts';

export interface PlanContext {
  readonly host: Host;
  readonly tools: DriverTools;
  readonly look: Look;
  readonly reading: DeviceReading;
  readonly planId: string;
  /** The address's `hold=`: the one way to hold the revert on the host, or `none`. */
  readonly wantedHold?: string | undefined;
  readonly signal: AbortSignal;
}

const runtimeKeys = new Set(['weight', 'adminState']);

/** The steps that bring an edit about. Throws CAPABILITY_MISSING (what, why, the way round), PLAN_INVALID, PLAN_STALE. */
export async function makePlan(context: PlanContext, edit: Edit): Promise<PlanDraft> {
  const after = edited(context, context.reading.files, edit);
  const real = edit.changes.filter((change) => change.action !== 'no-op');
  const isOfMembers = real.every(
    (change) =>
      isOfRunningCheck(change) ||
      (change.action === 'update' && change.subject.kind === 'member' && runtimeKeys.has(change.key ?? '')),
  );
  return draft(context, after, isOfMembers);
}

/** The reading is of what takes effect, so a wish for what is inherited needs no words of its own. */
function edited({ look }: PlanContext, files: readonly SourceFile[], edit: Edit): readonly SourceFile[] {
  return editHaproxy(files, edit, { surroundings: look.surroundings, inherited: 'leave-out' });
}

/** The steps that bring whole files back. Where all that differs are weights and admin states, they need no reload. */
export async function makePlanOfFiles(context: PlanContext, files: readonly SourceFile[]): Promise<PlanDraft> {
  const now = { files: context.reading.files, model: context.reading.model };
  const then = { files, model: effectiveModel(files, context.look.surroundings) };
  // Either way round: a push that wrote the live file over an inherited or written weight cannot tell later which of them it was.
  return draft(context, files, isMadeByMembers(context, now, then) || isMadeByMembers(context, then, now));
}

interface Side {
  readonly files: readonly SourceFile[];
  readonly model: DeviceModel;
}

/** True where editing weights and admin states alone makes exactly the bytes of one side of those of the other. */
function isMadeByMembers(context: PlanContext, from: Side, to: Side): boolean {
  try {
    const made = edited(context, from.files, { changes: memberChanges(from.model, to.model), target: to.model });
    return made.every((file, index) => to.files[index]?.path === file.path && to.files[index].bytes.equals(file.bytes));
  } catch (error) {
    if (error instanceof AppError) return false; // the edit has no words for what differs
    throw error;
  }
}

function memberChanges(base: DeviceModel, target: DeviceModel): Edit['changes'] {
  const old = new Map(
    base.pools.flatMap((pool) => pool.members.map((member) => [`${pool.name}/${member.name}`, member])),
  );
  return target.pools.flatMap((pool) =>
    pool.members.flatMap((member) => {
      const was = old.get(`${pool.name}/${member.name}`);
      return (['weight', 'adminState'] as const)
        .filter((key) => was !== undefined && was[key] !== member[key])
        .map((key) => ({
          action: 'update' as const,
          subject: { kind: 'member' as const, path: [pool.name, member.name] },
          key,
          prior: was?.[key],
          desired: member[key],
        }));
    }),
  );
}

async function draft(context: PlanContext, after: readonly SourceFile[], mayRunTime: boolean): Promise<PlanDraft> {
  const { host, tools, look, reading, planId, signal } = context;
  const changed = changedFile(reading.files, after);
  if (changed === undefined)
    throw new AppError('PLAN_INVALID', 'The configuration says so already: nothing would change.');
  const problem = reading.facts.capabilities.find(
    (one) => (one.id === 'write' || one.id === 'check') && !one.isPresent,
  );
  if (problem)
    throw new AppError(
      'CAPABILITY_MISSING',
      `The change cannot be made: ${problem.why ?? problem.id}. Nothing was sent.`,
    );
  const file = await locateFile(host, look.site, changed, planId, tools.sha256, signal);
  const socket = socketOf(look);
  const running = parseRunning(await host.ask(socket, pollCommand, { signal }));
  const target = effectiveModel(after, look.surroundings);
  const runtime = mayRunTime ? findRuntimeChange(reading.model, target, running) : { why: '' };
  const way =
    'why' in runtime ? await reloadWay(context, file, target, running) : await runtimeWay(context, runtime, running);

  const check = checkCommand(host, look.site, look.environment, new Map([[file.path, file.candidate]]));
  const hold = await planHold(context, file, [...putBackCommands(plainHost(host), file), ...way.backAlone]);
  const names = reading.files.map(({ path, bytes }) => ({ path, hash: tools.sha256(bytes) }));
  const steps: Step[] = [
    step(
      'fingerprint',
      'fingerprint',
      'Compare the files with those that the plan was made from',
      fingerprintCommands(host, names),
    ),
    step('backup', 'backup', `Copy ${file.real}`, backupCommands(host, file)),
    step('candidate', 'candidate', 'Write the new file beside the live one', candidateCommands(host, file)),
    step('check', 'check', 'Let HAProxy check the new file in the place of the old one', [check]),
    ...hold.arm,
    step('replace', 'send', 'Put the new file in place', replaceCommands(host, file)),
    ...way.steps,
    ...hold.begin,
  ];
  return {
    basedOn: reading.fingerprint,
    resultsIn: fingerprintOf(after, tools.sha256),
    cost: way.cost,
    losses: [...way.losses],
    affects: way.affects,
    hunks: unifiedHunks(file.path, maskSecrets(changed.before.toString()), maskSecrets(changed.after.toString())),
    steps,
    hold: hold.hold,
    revert: [
      ...hold.take,
      step('put-back', 'send', 'Put the old file back', putBackCommands(host, file)),
      ...way.revert,
      step('clean-up', 'keep', 'Remove what the push left beside the file', [
        ...cleanUpCommands(host, file),
        ...hold.remove,
      ]),
    ],
    keep: [
      ...hold.release,
      step('forget', 'keep', 'Remove the copy of the old file', [...keepCommands(host, file), ...hold.remove]),
    ],
    verifies: [
      shell(host, `sha256sum -- ${quote(file.real)}`),
      await socketCommand(host, socket, pollCommand, '', signal),
    ],
    warnings: [
      ...hold.warnings,
      ...way.warnings,
      ...('why' in runtime && runtime.why !== '' ? [`${runtime.why} So the change needs a reload.`] : []),
      ...(file.kept === '%u:%g:%a' ? [] : [`${file.real} will belong to the account that pushes, as it is not root.`]),
    ],
    driver: {
      ...way.driver,
      file: file.real,
      candidate: file.candidate,
      before: file.beforeHash,
      after: file.afterHash,
      socket,
    },
  };
}

interface Way {
  readonly cost: Plan['cost'];
  readonly steps: readonly Step[];
  readonly revert: readonly Step[];
  /** What puts the running state back, sent from the host itself, as its own root or account. */
  readonly backAlone: readonly Command[];
  readonly losses: readonly string[];
  readonly affects: Plan['affects'];
  readonly warnings: readonly string[];
  readonly driver: { readonly becomes: Expectation; readonly was: Expectation; readonly pid?: number };
}

async function runtimeWay(
  { host, look, reading, signal }: PlanContext,
  change: RuntimeChange,
  running: RunningProcess,
): Promise<Way> {
  const missing = reading.facts.capabilities.find((one) => one.id === 'run-time' && !one.isPresent);
  if (missing) {
    throw new AppError(
      'CAPABILITY_MISSING',
      `The change cannot be made: ${missing.why ?? missing.id}. Nothing was sent.`,
    );
  }
  const socket = socketOf(look);
  function commandsOf(lines: readonly string[]): Promise<Command[]> {
    return Promise.all(lines.map((line) => socketCommand(host, socket, line, undefined, signal)));
  }
  const touched = change.becomes.servers.map(({ pool, name }) => `${pool}/${name}`);
  const affects = touched.flatMap((key) =>
    (running.followers.get(key) ?? []).map((name) => ({
      kind: 'member',
      name,
      why: `it tracks ${key}, so its state follows`,
    })),
  );
  return {
    cost: 'runtime',
    steps: [step('run-time', 'send', 'Tell the running process', await commandsOf(change.lines), false)],
    revert: [
      step(
        'run-time-back',
        'send',
        'Tell the running process the old values',
        await commandsOf(change.backLines),
        false,
      ),
    ],
    backAlone: change.backLines.map((line) => aloneCommand(host, socket, line)),
    losses: [],
    affects,
    warnings: [],
    driver: { becomes: change.becomes, was: change.was },
  };
}

async function reloadWay(
  { host, look, reading, signal }: PlanContext,
  file: FileChange,
  target: DeviceModel,
  running: RunningProcess,
): Promise<Way> {
  const reload = await findReload(host, look.site, look.config.facts, { signal });
  const { instance } = look.site;
  if (reload.way === 'none' || instance === undefined) {
    const why = reload.way === 'none' ? reload.why : 'no HAProxy runs with this file';
    throw new AppError('CAPABILITY_MISSING', `The change needs a reload, and ${why}. Nothing was sent.`);
  }
  const plan: ReloadPlan = {
    reload,
    instance,
    mark: file.mark,
    environment: look.environment,
    listenersFrom: look.config.listenersFrom,
  };
  await refuseTaken(host, reading.model, target, instance.root.pid, { signal });
  const becomes = expectationOf(reading.model, target);
  const isBlind = reload.way === 'master-socket' && !reload.canSignal;
  return {
    cost: 'reload',
    ...reloadSteps(host, plan),
    losses: lossesOf(look.config.facts),
    affects: otherStates(reading.model, becomes, running),
    warnings: isBlind ? ['Taking the change back reloads even where no reload had been asked for yet.'] : [],
    driver: { becomes, was: orAsNow(expectationOf(target, reading.model), running), pid: running.info.pid },
  };
}

/** A reload, and its way back by the console and by the host alone. */
export function reloadSteps(host: Host, plan: ReloadPlan): Pick<Way, 'steps' | 'revert' | 'backAlone'> {
  return {
    steps: [step('reload', 'send', 'Reload, and wait for the new process', reloadCommands(host, plan), false)],
    revert: [
      step(
        'reload-back',
        'send',
        'Reload the old file, if a reload was asked for',
        reloadBackCommands(host, plan),
        false,
      ),
    ],
    backAlone: reloadBackCommands(plainHost(host), plan),
  };
}

/** One line for HAProxy's socket; through sudo and socat where the account itself may not open it. */
async function socketCommand(
  host: Host,
  socket: string,
  line: string,
  expect: string | undefined,
  signal: AbortSignal,
): Promise<Command> {
  const shown = socatCommand(socket, line);
  if (await host.mayConnect(socket, { signal })) {
    return { kind: 'socket', socket, text: `${line}\n`, shown, ...(expect === undefined ? {} : { expect }) };
  }
  if (expect !== undefined) return shell(host, shown);
  return aloneCommand(host, socket, line);
}

/** A line for the socket by socat on the host; anything but a blank answer is a refusal. */
export function aloneCommand(host: Host, socket: string, line: string): Command {
  return shell(
    host,
    `( a=$(${socatCommand(socket, line)}) && { [ -z "$a" ] || { printf '%s\\n' "$a" >&2; exit 1; }; } )`,
  );
}

/** Commands as they stand in a script that runs on the host already with the rights that sudo gave it. */
export function plainHost(host: Host): Host {
  return { ...host, asSent: (script) => script };
}

export function step(
  id: string,
  stage: Step['stage'],
  title: string,
  commands: readonly Command[],
  isHarmless?: boolean,
): Step {
  return { id, stage, title, commands: [...commands], isHarmless: isHarmless ?? stage !== 'send' };
}
