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
import { headOf, type Sent } from './sent.ts';
import { a10Terminal } from './terminal.ts';
import { A10Text, isSaid, pathsOf, wordsOf } from './text.ts';
import { applyTyped, sessionText } from './write.ts';

/** Over what the blocks say, in no order; counts of bytes and times at the head are none of it. */
export function fingerprintOf(text: string, sha256: Sha256): string {
  return fingerprintOfSaid(said(text), sha256);
}

function said(text: string): readonly Said[] {
  return new A10Text(text).lines.filter(isSaid).map((line) => ({ subject: headOf(line), lines: pathsOf(line) }));
}

/** Nothing in an answer says no. */
const taken = String.raw`^(?![^]*(?:${a10Terminal.refusal.source}))`;
/** Whatever it says: some of it may have been taken back already, and what is read afterwards is what counts. */
const anything = String.raw`^[^]*$`;
export const readingCommand = 'show running-config';

/** Of all partitions: what another hand left unsaved in another one is saved too (ACOS CLI reference, write memory). */
const keepStep: Step = {
  id: 'save',
  stage: 'keep',
  title: 'Save the running configuration',
  commands: [typedCommand('write memory all-partitions', String.raw`^(?![^]*(?:^|\n)\s*%)[^]*\[OK\]`)],
  isHarmless: false,
};

const vendor: CommandVendor<string, Sent> = {
  said,
  subjectOf: ({ of }) => of,
  applied: (before, sent) =>
    applyTyped(
      before,
      sent.map(({ typed }) => typed),
    ).text,
  sends: (sent) => [
    {
      title: sent.length === 1 ? (sent[0]?.typed.join(' / ') ?? '') : `${String(sent.length)} lines of configuration`,
      commands: [typedCommand(sessionText(sent.map(({ typed }) => typed)), taken)],
    },
  ],
  // Backwards, each by itself: a push may have come to no more than its first line.
  reverts: (sent) => sent.toReversed().map(({ inverse }) => typedCommand(sessionText(inverse), anything)),
  reads: [typedCommand(readingCommand, anything)],
  keep: [keepStep],
  losses: (sent) => (sent.some(({ typed }) => typed.at(-1) === 'disable') ? ['connections on what is disabled'] : []),
  affects: affectsOf,
  words: {
    check: 'ACOS cannot try a change out. It checks each line as it takes it.',
    hold: 'ACOS holds no timer. Nothing is saved before the change is kept: a restart brings the old back.',
    device: 'device',
    others: 'other blocks changed',
  },
};

/** The draft of a plan, and the configuration as it will read. */
export function draftPlan(
  before: string,
  sent: readonly Sent[],
  model: DeviceModel,
  sha256: Sha256,
): { readonly plan: Omit<PlanDraft, 'hunks' | 'warnings'>; readonly after: string } {
  return draftCommandPlan(vendor, before, sent, model, sha256);
}

/** A server's port is shared: every group that has it is named; so is every virtual port with a template. */
function affectsOf(sent: readonly Sent[], model: DeviceModel): PlanDraft['affects'] {
  const found = new Map<string, PlanDraft['affects'][number]>();
  for (const { typed } of sent) {
    const [, kind = '', name = ''] = wordsOf(typed[0] ?? '');
    const port = wordsOf(typed[1] ?? '')[1];
    if (kind === 'server' && port !== undefined) {
      const pools = model.pools.filter(({ members }) =>
        members.some((one) => one.node === name && String(one.port) === port),
      );
      for (const pool of pools)
        found.set(`pool ${pool.name}`, { kind: 'pool', name: pool.name, why: `has port ${port} of server ${name}` });
    }
    if (kind !== 'template') continue;
    const template = wordsOf(typed[0] ?? '').at(-1);
    const holders = model.virtualServers.filter(({ persistence }) => persistence?.name === template);
    for (const one of holders)
      found.set(`virtual ${one.name}`, {
        kind: 'virtualServer',
        name: one.name,
        why: `uses template ${template ?? ''}`,
      });
  }
  return [...found.values()];
}

/** Where the device stands against a plan, by the blocks that the plan touches; `foreign` where another hand changed the others. */
export function standingOf(
  plan: Pick<Plan, 'driver'>,
  wanted: 'old' | 'new',
  text: string,
  sha256: Sha256,
): { readonly file: 'old' | 'new' | 'foreign'; readonly differences: readonly string[] } {
  return standingOfSaid(plan, wanted, said(text), vendor.words.others, sha256);
}
