import type { DeviceModel } from '../../contract/model.ts';
import type { Command, Plan, Step } from '../../contract/plan.ts';
import type { PlanDraft } from '../vendor.ts';
import type { Sent } from './sent.ts';
import { a10Terminal } from './terminal.ts';
import { A10Text, beginsWith, isSaid, pathsOf, wordsOf } from './text.ts';
import { applyTyped, sessionText } from './write.ts';

type Sha256 = (bytes: Uint8Array) => string;

/** Over what the blocks say, in no order; counts of bytes and times at the head are none of it. */
export function fingerprintOf(text: string, sha256: Sha256): string {
  return hashOf(new A10Text(text).lines.filter(isSaid).flatMap(pathsOf), sha256);
}

function hashOf(lines: readonly string[], sha256: Sha256): string {
  return sha256(Buffer.from([...lines].sort().join('\n')));
}

/** What a plan has to know again: the blocks that it touches as they were and as they will be, and the rest by its hash. */
interface Touched {
  readonly subjects: readonly string[];
  readonly old: readonly string[];
  readonly new: readonly string[];
  readonly rest: string;
}

/** Nothing in an answer says no. */
const taken = String.raw`^(?![^]*(?:${a10Terminal.refusal.source}))`;
/** Whatever it says: some of it may have been taken back already, and what is read afterwards is what counts. */
const anything = String.raw`^[^]*$`;
export const readingCommand = 'show running-config';

/** The draft of a plan, and the configuration as it will read. */
export function draftPlan(
  before: string,
  sent: readonly Sent[],
  model: DeviceModel,
  sha256: Sha256,
): { readonly plan: Omit<PlanDraft, 'hunks' | 'warnings'>; readonly after: string } {
  const after = applyTyped(
    before,
    sent.map(({ typed }) => typed),
  ).text;
  const subjects = [...new Set(sent.map(({ of }) => of))];
  const old = split(before, subjects);
  const touched: Touched = {
    subjects,
    old: old.touched,
    new: split(after, subjects).touched,
    rest: hashOf(old.rest, sha256),
  };
  const isNothing = sent.length === 0;
  const read = commandOf(readingCommand, anything);
  const plan = {
    basedOn: fingerprintOf(before, sha256),
    resultsIn: fingerprintOf(after, sha256),
    cost: isNothing ? ('none' as const) : ('runtime' as const),
    losses: sent.some(({ typed }) => typed.at(-1) === 'disable') ? ['connections on what is disabled'] : [],
    affects: affectsOf(sent, model),
    steps: isNothing ? [] : stepsOf(sent, read),
    revert: isNothing ? [] : [revertOf(sent)],
    keep: isNothing ? [] : [keepStep],
    verifies: [read],
    driver: { ...touched },
  };
  return { plan, after };
}

function commandOf(text: string, expect: string): Command {
  return { kind: 'shell', text, shown: text, expect };
}

/** Of all partitions: what another hand left unsaved in another one is saved too (ACOS CLI reference, write memory). */
const keepStep: Step = {
  id: 'save',
  stage: 'keep',
  title: 'Save the running configuration',
  commands: [commandOf('write memory all-partitions', String.raw`^(?![^]*(?:^|\n)\s*%)[^]*\[OK\]`)],
  isHarmless: false,
};

function stepsOf(sent: readonly Sent[], read: Command): Step[] {
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
      lacking: 'ACOS cannot try a change out. It checks each line as it takes it.',
    },
    {
      id: 'hold',
      stage: 'hold',
      title: 'Let the device hold the way back',
      ...lacking,
      lacking: 'ACOS holds no timer. Nothing is saved before the change is kept: a restart brings the old back.',
    },
    {
      id: 'send',
      stage: 'send',
      title:
        sent.length === 1
          ? (sent[0]?.typed.join(' / ') ?? '').slice(0, 120)
          : `${String(sent.length)} lines of configuration`,
      commands: [commandOf(sessionText(sent.map(({ typed }) => typed)), taken)],
      isHarmless: false,
    },
    { id: 'verify', stage: 'verify', title: 'Read back and compare', commands: [read], isHarmless: true },
  ];
}

/** Backwards, each by itself: a push may have come to no more than its first line. */
function revertOf(sent: readonly Sent[]): Step {
  return {
    id: 'revert-send',
    stage: 'send',
    title: 'Bring the old settings back',
    commands: sent.toReversed().map(({ inverse }) => commandOf(sessionText(inverse), anything)),
    isHarmless: false,
  };
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

function split(text: string, subjects: readonly string[]): { readonly touched: string[]; readonly rest: string[] } {
  const touched: string[] = [];
  const rest: string[] = [];
  const heads = subjects.map(wordsOf);
  for (const line of new A10Text(text).lines.filter(isSaid)) {
    (heads.some((words) => beginsWith(line.text, words)) ? touched : rest).push(...pathsOf(line));
  }
  return { touched: touched.sort(), rest };
}

/** Where the device stands against a plan, by the blocks that the plan touches; `foreign` where another hand changed the others. */
export function standingOf(
  plan: Pick<Plan, 'driver'>,
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
    return { file: 'foreign', differences: [...differences, 'other blocks changed'] };
  return { file: differences.length === 0 ? wanted : wanted === 'old' ? 'new' : 'old', differences };
}
