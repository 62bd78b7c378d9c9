import type { DeviceModel } from '../contract/model.ts';
import type { Command, Plan, Step } from '../contract/plan.ts';
import type { PlanDraft } from './vendor.ts';

export type Sha256 = (bytes: Uint8Array) => string;

/** What a configuration says of one subject, in the one form by which two readings are compared. */
export interface Said {
  readonly subject: string;
  readonly lines: readonly string[];
}

/**
 * How an appliance takes changes command by command: what the plan of one has to be told. `C` is its configuration as read, `S` what is
 * sent for one change together with what takes it back.
 */
export interface CommandVendor<C, S> {
  readonly said: (configuration: C) => readonly Said[];
  readonly subjectOf: (sent: S) => string;
  readonly applied: (before: C, sent: readonly S[]) => C;
  /** Each a step of its own. */
  readonly sends: (sent: readonly S[]) => readonly { readonly title: string; readonly commands: readonly Command[] }[];
  /** What takes all of it back, wherever the push came to. */
  readonly reverts: (sent: readonly S[]) => readonly Command[];
  readonly reads: readonly Command[];
  readonly keep: readonly Step[];
  readonly losses: (sent: readonly S[]) => readonly string[];
  readonly affects: (sent: readonly S[], model: DeviceModel) => PlanDraft['affects'];
  /** Why nothing is tried out, why the device does not hold the way back, and what a change of another hand is called. */
  readonly words: { readonly check: string; readonly hold: string; readonly device: string; readonly others: string };
}

/** What a plan has to know again: the lines that it touches as they were and as they will be, and the rest by its hash. */
interface Touched {
  readonly subjects: readonly string[];
  readonly old: readonly string[];
  readonly new: readonly string[];
  readonly rest: string;
}

/** A command as it is typed, and what its whole answer has to match. */
export function typedCommand(text: string, expect: string): Command {
  return { kind: 'shell', text, shown: text, expect };
}

/** Over all that is said, in no order: such a device lists its configuration in an order of its own. */
export function fingerprintOfSaid(said: readonly Said[], sha256: Sha256): string {
  return hashOf(
    said.flatMap(({ lines }) => lines),
    sha256,
  );
}

/** The draft of a plan, and the configuration as it will read. */
export function draftCommandPlan<C, S>(
  vendor: CommandVendor<C, S>,
  before: C,
  sent: readonly S[],
  model: DeviceModel,
  sha256: Sha256,
): { readonly plan: Omit<PlanDraft, 'hunks' | 'warnings'>; readonly after: C } {
  const after = vendor.applied(before, sent);
  const subjects = [...new Set(sent.map(vendor.subjectOf))];
  const [was, will] = [vendor.said(before), vendor.said(after)];
  const old = split(was, subjects);
  const touched: Touched = {
    subjects,
    old: old.touched,
    new: split(will, subjects).touched,
    rest: hashOf(old.rest, sha256),
  };
  const isNothing = sent.length === 0;
  const plan = {
    basedOn: fingerprintOfSaid(was, sha256),
    resultsIn: fingerprintOfSaid(will, sha256),
    cost: isNothing ? ('none' as const) : ('runtime' as const),
    losses: [...vendor.losses(sent)],
    affects: vendor.affects(sent, model),
    steps: isNothing ? [] : stepsOf(vendor, sent),
    revert: isNothing ? [] : [revertOf(vendor, sent)],
    keep: isNothing ? [] : [...vendor.keep],
    verifies: [...vendor.reads],
    driver: { ...touched },
  };
  return { plan, after };
}

function stepsOf<C, S>(vendor: CommandVendor<C, S>, sent: readonly S[]): Step[] {
  const reads = [...vendor.reads];
  const lacking = { commands: [], isHarmless: true };
  const sends = vendor.sends(sent);
  return [
    {
      id: 'fingerprint',
      stage: 'fingerprint',
      title: 'Read the configuration again',
      commands: reads,
      isHarmless: true,
    },
    { id: 'check', stage: 'check', title: 'Try it out', ...lacking, lacking: vendor.words.check },
    {
      id: 'hold',
      stage: 'hold',
      title: `Let the ${vendor.words.device} hold the way back`,
      ...lacking,
      lacking: vendor.words.hold,
    },
    ...sends.map(({ title, commands }, at): Step => ({
      id: `send-${String(at + 1)}`,
      stage: 'send',
      title: title.slice(0, 120),
      commands: [...commands],
      isHarmless: false,
    })),
    { id: 'verify', stage: 'verify', title: 'Read back and compare', commands: reads, isHarmless: true },
  ];
}

function revertOf<C, S>(vendor: CommandVendor<C, S>, sent: readonly S[]): Step {
  return {
    id: 'revert-send',
    stage: 'send',
    title: 'Bring the old settings back',
    commands: [...vendor.reverts(sent)],
    isHarmless: false,
  };
}

/** Where the device stands against a plan, by the lines that the plan touches; `foreign` where another hand changed the others. */
export function standingOfSaid(
  plan: Pick<Plan, 'driver'>,
  wanted: 'old' | 'new',
  said: readonly Said[],
  others: string,
  sha256: Sha256,
): { readonly file: 'old' | 'new' | 'foreign'; readonly differences: readonly string[] } {
  const { subjects, rest, ...touched } = plan.driver as unknown as Touched; // written by draftCommandPlan, kept as JSON
  const found = split(said, subjects);
  const should = touched[wanted];
  const differences = [
    ...should.filter((line) => !found.touched.includes(line)).map((line) => `"${line}" is missing`),
    ...found.touched.filter((line) => !should.includes(line)).map((line) => `"${line}" is there`),
  ];
  if (hashOf(found.rest, sha256) !== rest) return { file: 'foreign', differences: [...differences, others] };
  const other = wanted === 'old' ? 'new' : 'old';
  return { file: differences.length === 0 ? wanted : other, differences };
}

function split(
  said: readonly Said[],
  subjects: readonly string[],
): { readonly touched: readonly string[]; readonly rest: readonly string[] } {
  const ofPlan = new Set(subjects);
  const touched = said.filter(({ subject }) => ofPlan.has(subject)).flatMap(({ lines }) => lines);
  const rest = said.filter(({ subject }) => !ofPlan.has(subject)).flatMap(({ lines }) => lines);
  return { touched: touched.toSorted(), rest };
}

function hashOf(lines: readonly string[], sha256: Sha256): string {
  return sha256(Buffer.from([...lines].sort().join('\n')));
}
