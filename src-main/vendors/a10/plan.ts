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
import { fullName, type Part } from './partitions.ts';
import { headOf, type PartSent } from './sent.ts';
import { a10Terminal } from './terminal.ts';
import { A10Text, isSaid, pathsOf, wordsOf } from './text.ts';
import { applied, sessionText } from './write.ts';

/** Over what the blocks say, in no order; counts of bytes and times at the head are none of it. */
export function fingerprintOf(parts: readonly Part[], sha256: Sha256): string {
  return fingerprintOfSaid(said(parts), sha256);
}

function said(parts: readonly Part[]): readonly Said[] {
  return parts.flatMap(({ partition, text }) =>
    new A10Text(text).lines.filter(isSaid).map((line) => ({
      subject: within(partition, headOf(line)),
      lines: pathsOf(line).map((path) => within(partition, path)),
    })),
  );
}

/** A line as one of a whole device says it: those of the shared partition stand by themselves. */
function within(partition: string, line: string): string {
  return partition === '' ? line : `[${partition}] ${line}`;
}

/** Nothing in an answer says no. */
const taken = String.raw`^(?![^]*(?:${a10Terminal.refusal.source}))`;
/** Whatever it says: some of it may have been taken back already, and what is read afterwards is what counts. */
const anything = String.raw`^[^]*$`;
export const readingCommand = 'show running-config';

/** What is typed at the beginning of a session for it to be in a partition; nothing where it begins there (`home`). */
function entering(partition: string, home: string): string | undefined {
  return partition === home ? undefined : `active-partition ${partition === '' ? 'shared' : partition}`;
}

/** One session that asks this in a partition. */
export function askedIn(partition: string, home: string, command: string): string {
  const enter = entering(partition, home);
  return enter === undefined ? command : `${enter}\n${command}`;
}

const saved = String.raw`^(?![^]*(?:^|\n)\s*%)[^]*\[OK\]`;

/**
 * Of all partitions: what another hand left unsaved in another one is saved too (ACOS CLI reference, write memory). An account of one
 * partition saves that one.
 */
function keepStep(home: string): Step {
  return {
    id: 'save',
    stage: 'keep',
    title: 'Save the running configuration',
    commands: [typedCommand(home === '' ? 'write memory all-partitions' : 'write memory', saved)],
    isHarmless: false,
  };
}

function vendorOf(parts: readonly Part[], home: string): CommandVendor<readonly Part[], PartSent> {
  return {
    said,
    subjectOf: ({ partition, of }) => within(partition, of),
    applied,
    sends: (sent) =>
      byPartition(sent).map(([partition, own]) => ({
        title: titleOf(partition, own),
        commands: [
          typedCommand(
            sessionText(
              own.map(({ typed }) => typed),
              entering(partition, home),
            ),
            taken,
          ),
        ],
      })),
    // Backwards, each by itself: a push may have come to no more than its first line.
    reverts: (sent) =>
      sent
        .toReversed()
        .map(({ partition, inverse }) => typedCommand(sessionText(inverse, entering(partition, home)), anything)),
    reads: parts.map(({ partition }) => typedCommand(askedIn(partition, home, readingCommand), anything)),
    keep: [keepStep(home)],
    losses: (sent) => (sent.some(({ typed }) => typed.at(-1) === 'disable') ? ['connections on what is disabled'] : []),
    affects: affectsOf,
    words,
  };
}

const words = {
  check: 'ACOS cannot try a change out. It checks each line as it takes it.',
  hold: 'ACOS holds no timer. Nothing is saved before the change is kept: a restart brings the old back.',
  device: 'device',
  others: 'other blocks changed',
};

function titleOf(partition: string, sent: readonly PartSent[]): string {
  const what = sent.length === 1 ? (sent[0]?.typed.join(' / ') ?? '') : `${String(sent.length)} lines of configuration`;
  return within(partition, what);
}

/** In the order in which each is first spoken to. */
function byPartition(sent: readonly PartSent[]): readonly (readonly [string, readonly PartSent[]])[] {
  const found = new Map<string, PartSent[]>();
  for (const one of sent) found.set(one.partition, [...(found.get(one.partition) ?? []), one]);
  return [...found];
}

/** The draft of a plan, and the configuration as it will read. `home` is the partition that a session begins in. */
export function draftPlan(
  before: readonly Part[],
  sent: readonly PartSent[],
  model: DeviceModel,
  sha256: Sha256,
  home = '',
): { readonly plan: Omit<PlanDraft, 'hunks' | 'warnings'>; readonly after: readonly Part[] } {
  return draftCommandPlan(vendorOf(before, home), before, sent, model, sha256);
}

/** A server's port is shared: every group that has it is named; so is every virtual port with a template. */
function affectsOf(sent: readonly PartSent[], model: DeviceModel): PlanDraft['affects'] {
  const found = new Map<string, PlanDraft['affects'][number]>();
  for (const { partition, typed } of sent) {
    const [, kind = '', name = ''] = wordsOf(typed[0] ?? '');
    const port = wordsOf(typed[1] ?? '')[1];
    if (kind === 'server' && port !== undefined) {
      const pools = model.pools.filter(({ members }) =>
        members.some((one) => one.node === fullName(partition, name) && String(one.port) === port),
      );
      for (const pool of pools)
        found.set(`pool ${pool.name}`, { kind: 'pool', name: pool.name, why: `has port ${port} of server ${name}` });
    }
    if (kind !== 'template') continue;
    const template = fullName(partition, wordsOf(typed[0] ?? '').at(-1) ?? '');
    const holders = model.virtualServers.filter(({ persistence }) => persistence?.name === template);
    for (const one of holders)
      found.set(`virtual ${one.name}`, {
        kind: 'virtualServer',
        name: one.name,
        why: `uses template ${template}`,
      });
  }
  return [...found.values()];
}

/** Where the device stands against a plan, by the blocks that the plan touches; `foreign` where another hand changed the others. */
export function standingOf(
  plan: Pick<Plan, 'driver'>,
  wanted: 'old' | 'new',
  parts: readonly Part[],
  sha256: Sha256,
): { readonly file: 'old' | 'new' | 'foreign'; readonly differences: readonly string[] } {
  return standingOfSaid(plan, wanted, said(parts), words.others, sha256);
}
