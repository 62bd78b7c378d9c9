import type { DeviceModel } from '../../contract/model.ts';
import type { Command, Plan, Step } from '../../contract/plan.ts';
import type { PlanDraft } from '../vendor.ts';
import { doneAnswer, doneOrAlreadyAnswer } from './cli.ts';
import { readCommands } from './commands.ts';
import type { Sent } from './edit.ts';
import { subjectOf } from './objects.ts';
import { applyCommands, canonicalCommand } from './write.ts';

type Sha256 = (bytes: Uint8Array) => string;

/** Over all commands of a configuration, in no order: the appliance writes them in an order of its own. */
export function fingerprintOf(text: string, sha256: Sha256): string {
  return hashOf(linesOf(text), sha256);
}

function linesOf(text: string): string[] {
  return readCommands(text).map(canonicalCommand);
}

function hashOf(lines: readonly string[], sha256: Sha256): string {
  return sha256(Buffer.from([...lines].sort().join('\n')));
}

/** What a plan has to know again: the lines that it touches as they were and as they will be, and the rest by its hash. */
interface Touched {
  readonly subjects: readonly string[];
  readonly old: readonly string[];
  readonly new: readonly string[];
  readonly rest: string;
}

/** The draft of a plan, and the configuration as it will read. */
export function draftPlan(
  before: string,
  sent: readonly Sent[],
  model: DeviceModel,
  sha256: Sha256,
): { readonly plan: Omit<PlanDraft, 'hunks' | 'warnings'>; readonly after: string } {
  const after = applyCommands(
    before,
    sent.map(({ command }) => command),
  );
  const subjects = [...new Set(sent.map(({ of }) => keyOf(of.kind, of.name)))];
  const old = split(before, subjects);
  const touched: Touched = {
    subjects,
    old: old.touched,
    new: split(after, subjects).touched,
    rest: hashOf(old.rest, sha256),
  };
  const read = commandOf('show ns runningConfig', doneAnswer);
  const plan = {
    basedOn: fingerprintOf(before, sha256),
    resultsIn: fingerprintOf(after, sha256),
    cost: sent.length === 0 ? ('none' as const) : ('runtime' as const),
    losses: sent.some(({ command }) => isCut(command)) ? ['connections on what is disabled without -graceFul'] : [],
    affects: affectsOf(sent, model),
    steps: sent.length === 0 ? [] : steps(sent, read),
    revert: sent.length === 0 ? [] : [revertStep(sent)],
    keep: sent.length === 0 ? [] : [keepStep],
    verifies: [read],
    driver: { ...touched },
  };
  return { plan, after };
}

function isCut(command: string): boolean {
  return /^disable (?:service|serviceGroup) /.test(command) && !command.includes('-graceFul YES');
}

function commandOf(text: string, expect: string): Command {
  return { kind: 'shell', text, shown: text, expect };
}

const keepStep: Step = {
  id: 'save',
  stage: 'keep',
  title: 'Save the running configuration',
  commands: [commandOf('save ns config', doneAnswer)],
  isHarmless: false,
};

function steps(sent: readonly Sent[], read: Command): Step[] {
  const lacking = { commands: [], isHarmless: true };
  return [
    {
      id: 'fingerprint',
      stage: 'fingerprint',
      title: 'Read the configuration again',
      commands: [read],
      isHarmless: true,
    },
    {
      id: 'check',
      stage: 'check',
      title: 'Try it out',
      ...lacking,
      lacking: 'A NetScaler cannot try a change out. It checks each command as it takes it.',
    },
    {
      id: 'hold',
      stage: 'hold',
      title: 'Let the appliance hold the way back',
      ...lacking,
      lacking: 'A NetScaler holds no timer. Nothing is saved before the change is kept: a restart brings the old back.',
    },
    ...sent.map(({ command }, at): Step => ({
      id: `send-${String(at + 1)}`,
      stage: 'send',
      title: command.slice(0, 120),
      commands: [commandOf(command, doneAnswer)],
      isHarmless: false,
    })),
    { id: 'verify', stage: 'verify', title: 'Read back and compare', commands: [read], isHarmless: true },
  ];
}

/** Backwards, and each command may find its work done: a push may have come to no more than its first. */
function revertStep(sent: readonly Sent[]): Step {
  return {
    id: 'revert-send',
    stage: 'send',
    title: 'Bring the old settings back',
    commands: sent.toReversed().map(({ inverse }) => commandOf(inverse, doneOrAlreadyAnswer)),
    isHarmless: false,
  };
}

/** Other pools that hold what a command is said to: the same group under another virtual server, all pools of one method. */
function affectsOf(sent: readonly Sent[], model: DeviceModel): PlanDraft['affects'] {
  const found = new Map<string, PlanDraft['affects'][number]>();
  for (const { command, of } of sent) {
    const holders = model.pools.filter(({ name, native }) =>
      of.kind === 'servicegroup'
        ? native?.['serviceGroup'] === of.name
        : command.includes(' -lbMethod ') && (name === of.name || name.startsWith(`${of.name}/`)),
    );
    if (holders.length < 2) continue;
    const why =
      of.kind === 'servicegroup' ? `holds service group ${of.name} too` : `takes its method from ${of.name} too`;
    for (const { name } of holders) found.set(name, { kind: 'pool', name, why });
  }
  return [...found.values()];
}

function keyOf(kind: string, name: string): string {
  return JSON.stringify([kind.toLowerCase(), name]);
}

function split(text: string, subjects: readonly string[]): { readonly touched: string[]; readonly rest: string[] } {
  const touched: string[] = [];
  const rest: string[] = [];
  for (const command of readCommands(text)) {
    const { kind, name } = subjectOf(command);
    (subjects.includes(keyOf(kind, name)) ? touched : rest).push(canonicalCommand(command));
  }
  return { touched: touched.sort(), rest };
}

/** Where the appliance stands against a plan, by the lines that the plan touches; `foreign` where another hand changed the others. */
export function standingOf(
  plan: Plan,
  wanted: 'old' | 'new',
  text: string,
  sha256: Sha256,
): { readonly file: 'old' | 'new' | 'foreign'; readonly differences: readonly string[] } {
  const { subjects, rest, ...touched } = plan.driver as unknown as Touched; // written by draftPlan, kept as JSON
  const found = split(text, subjects);
  const should = touched[wanted];
  const differences = [
    ...should.filter((line) => !found.touched.includes(line)).map((line) => `"${line}" is missing`),
    ...found.touched.filter((line) => !should.includes(line)).map((line) => `"${line}" is there`),
  ];
  if (hashOf(found.rest, sha256) !== rest)
    return { file: 'foreign', differences: [...differences, 'other lines changed'] };
  const other = wanted === 'old' ? 'new' : 'old';
  return { file: differences.length === 0 ? wanted : other, differences };
}
