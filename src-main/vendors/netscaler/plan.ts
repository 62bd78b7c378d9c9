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
import type { Sent } from './sent.ts';
import { applyCommands, canonicalLines } from './write.ts';

/** Over all commands of a configuration, in no order: the appliance writes them in an order of its own. */
export function fingerprintOf(text: string, sha256: Sha256): string {
  return fingerprintOfSaid(said(text), sha256);
}

function said(text: string): readonly Said[] {
  return canonicalLines(text).map(({ kind, name, line }) => ({ subject: keyOf(kind, name), lines: [line] }));
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
  losses: (sent) => [
    ...(sent.some(({ command }) => isCut(command)) ? ['connections on what is disabled without -graceFul'] : []),
    ...new Set(sent.flatMap(({ loss }) => loss ?? [])),
  ],
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

/** Everything else that a command touches: pools of one group, service or method, what a monitor watches, what a profile serves. */
function affectsOf(sent: readonly Sent[], model: DeviceModel): PlanDraft['affects'] {
  const found = new Map<string, PlanDraft['affects'][number]>();
  for (const one of sent) {
    const { kind, why, names, least } = holdersOf(one, model);
    if (names.length >= least) for (const name of names) found.set(`${kind} ${name}`, { kind, name, why });
  }
  return [...found.values()];
}

interface Holders {
  readonly kind: 'pool' | 'virtualServer';
  readonly why: string;
  readonly names: readonly string[];
  /** A pool that is changed holds its own group, so that one alone is no other. */
  readonly least: number;
}

function holdersOf({ command, of }: Sent, { pools, virtualServers }: DeviceModel): Holders {
  function poolsWith(isHolder: (pool: DeviceModel['pools'][number]) => boolean, why: string, least = 2): Holders {
    return { kind: 'pool', why, names: pools.filter(isHolder).map(({ name }) => name), least };
  }
  if (of.kind === 'servicegroup' || of.kind === 'ssl servicegroup') {
    return poolsWith(({ native }) => native?.['serviceGroup'] === of.name, `holds service group ${of.name} too`);
  }
  if (of.kind === 'service' || of.kind === 'ssl service') {
    return poolsWith(({ members }) => members.some(({ name }) => name === of.name), `holds service ${of.name} too`);
  }
  if (of.kind === 'lb monitor') {
    function isWatched({ monitors = [] }: { readonly monitors?: readonly string[] | undefined }): boolean {
      return monitors.includes(of.name);
    }
    return poolsWith((pool) => isWatched(pool) || pool.members.some(isWatched), `is watched by monitor ${of.name}`, 1);
  }
  if (of.kind === 'ssl profile') {
    const names = virtualServers.filter(({ tls }) => tls?.profiles?.includes(of.name)).map(({ name }) => name);
    return { kind: 'virtualServer', why: `has the profile ${of.name} too`, names, least: 2 };
  }
  function isUnder({ name }: { readonly name: string }): boolean {
    return name === of.name || name.startsWith(`${of.name}/`);
  }
  if (command.startsWith('rm lb vserver '))
    return poolsWith(isUnder, `stands under no virtual server without ${of.name}`, 1);
  const isMethod = of.kind === 'lb vserver' && command.includes(' -lbMethod ');
  return poolsWith((pool) => isMethod && isUnder(pool), `takes its method from ${of.name} too`);
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
