import type { DeviceModel } from '../../contract/model.ts';
import type { Plan, Step } from '../../contract/plan.ts';
import {
  type CommandVendor,
  draftCommandPlan,
  fingerprintOfSaid,
  type Said,
  type Sha256,
  standingOfSaid,
  typedCommand,
} from '../command-plan.ts';
import type { PlanDraft } from '../vendor.ts';
import { doneAnswer, doneOrAlreadyAnswer } from './cli.ts';
import { readCommands } from './commands.ts';
import type { Sent } from './edit.ts';
import { subjectOf } from './objects.ts';
import { applyCommands, canonicalCommand } from './write.ts';

/** Over all commands of a configuration, in no order: the appliance writes them in an order of its own. */
export function fingerprintOf(text: string, sha256: Sha256): string {
  return fingerprintOfSaid(said(text), sha256);
}

function said(text: string): readonly Said[] {
  return readCommands(text).map((command) => {
    const { kind, name } = subjectOf(command);
    return { subject: keyOf(kind, name), lines: [canonicalCommand(command)] };
  });
}

function keyOf(kind: string, name: string): string {
  return JSON.stringify([kind.toLowerCase(), name]);
}

const keepStep: Step = {
  id: 'save',
  stage: 'keep',
  title: 'Save the running configuration',
  commands: [typedCommand('save ns config', doneAnswer)],
  isHarmless: false,
};

const vendor: CommandVendor<string, Sent> = {
  said,
  subjectOf: ({ of }) => keyOf(of.kind, of.name),
  applied: (before, sent) =>
    applyCommands(
      before,
      sent.map(({ command }) => command),
    ),
  sends: (sent) => sent.map(({ command }) => ({ title: command, commands: [typedCommand(command, doneAnswer)] })),
  // Backwards, and each may find its work done: a push may have come to no more than its first.
  reverts: (sent) => sent.toReversed().map(({ inverse }) => typedCommand(inverse, doneOrAlreadyAnswer)),
  reads: [typedCommand('show ns runningConfig', doneAnswer)],
  keep: [keepStep],
  losses: (sent) =>
    sent.some(({ command }) => isCut(command)) ? ['connections on what is disabled without -graceFul'] : [],
  affects: affectsOf,
  words: {
    check: 'A NetScaler cannot try a change out. It checks each command as it takes it.',
    hold: 'A NetScaler holds no timer. Nothing is saved before the change is kept: a restart brings the old back.',
    device: 'appliance',
    others: 'other lines changed',
  },
};

function isCut(command: string): boolean {
  return /^disable (?:service|serviceGroup) /.test(command) && !command.includes('-graceFul YES');
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

/** The draft of a plan, and the configuration as it will read. */
export function draftPlan(
  before: string,
  sent: readonly Sent[],
  model: DeviceModel,
  sha256: Sha256,
): { readonly plan: Omit<PlanDraft, 'hunks' | 'warnings'>; readonly after: string } {
  return draftCommandPlan(vendor, before, sent, model, sha256);
}

/** Where the appliance stands against a plan, by the lines that the plan touches; `foreign` where another hand changed the others. */
export function standingOf(
  plan: Pick<Plan, 'driver'>,
  wanted: 'old' | 'new',
  text: string,
  sha256: Sha256,
): { readonly file: 'old' | 'new' | 'foreign'; readonly differences: readonly string[] } {
  return standingOfSaid(plan, wanted, said(text), vendor.words.others, sha256);
}
