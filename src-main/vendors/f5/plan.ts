import type { DeviceModel } from '../../contract/model.ts';
import type { Command, Plan, Step } from '../../contract/plan.ts';
import type { PlanDraft } from '../vendor.ts';
import { affectsOf } from './affects.ts';
import { usesRatios } from './algorithms.ts';
import { type DeviceGroup, noNewerAnswer } from './group.ts';
import { readingText } from './listing.ts';
import { lineReader } from './inherited-lines.ts';
import type { Sent } from './sent.ts';
import { callText, type LoginShell, quote, takenAnswer, takenOrAlreadyAnswer, transactionText } from './shell.ts';
import { BigipText, type Item, keyOf, linesOf, secretSetting, textOf } from './text.ts';
import { applyTmsh } from './write.ts';

type Sha256 = (bytes: Uint8Array) => string;

/** Over what objects say, in no order: the same configuration has the same fingerprint however it is listed. */
export function fingerprintOf(text: string, sha256: Sha256): string {
  const config = new BigipText(text);
  return hashOf(config.parts.flatMap(lineReader(config)), sha256);
}

function hashOf(lines: readonly string[], sha256: Sha256): string {
  return sha256(Buffer.from([...lines].sort().join('\n')));
}

/** What a plan has to know again: what it touches as it was and as it will be, and the rest by its hash. */
interface Touched {
  readonly subjects: readonly string[];
  readonly old: readonly string[];
  readonly new: readonly string[];
  /** As it will be once it was taken back, where that is not `old` to the letter: what was inherited stands written then. */
  readonly back?: readonly string[];
  readonly rest: string;
  /** Addresses that come and go with their virtual servers by themselves: however they are, it is right. */
  readonly free?: readonly string[];
}

/** Where a plan is to be carried out. */
export interface Place {
  readonly shell: LoginShell;
  readonly group: DeviceGroup;
  readonly version: readonly [number, number];
  /** Names the file that the check leaves in /var/tmp until the push has ended. */
  readonly planId: string;
}

/** The draft of a plan, and the configuration as it will read. */
export function draftPlan(
  before: string,
  sent: readonly Sent[],
  model: DeviceModel,
  place: Place,
  sha256: Sha256,
): { readonly plan: Omit<PlanDraft, 'hunks' | 'warnings'>; readonly after: string } {
  const commands = sent.map(({ command }) => command);
  const after = applyTmsh(before, commands).text;
  const subjects = [...new Set(sent.map(({ of }) => of))];
  const free = comeAndGone(before, after, sent);
  const old = split(before, subjects, free);
  const back = applyTmsh(
    after,
    sent.toReversed().map(({ inverse }) => inverse),
  ).text;
  const returned = split(back, subjects, free).touched;
  const touched: Touched = {
    subjects,
    old: old.touched,
    ...(returned.join('\n') === old.touched.join('\n') ? {} : { back: returned }),
    new: split(after, subjects, free).touched,
    rest: hashOf(old.rest, sha256),
    ...(free.length === 0 ? {} : { free }),
  };
  const isNothing = sent.length === 0;
  const read = shellCommand(readingText(place.shell, place.version), takenAnswer);
  const plan = {
    basedOn: fingerprintOf(before, sha256),
    resultsIn: fingerprintOf(after, sha256),
    cost: isNothing ? ('none' as const) : ('runtime' as const),
    losses: [],
    affects: affectsOf(sent, model),
    steps: isNothing ? [] : stepsOf(sent, after, place, read),
    revert: isNothing ? [] : revertOf(sent, place),
    keep: isNothing ? [] : keepOf(sent, place),
    verifies: [read],
    driver: { ...touched },
  };
  return { plan, after };
}

/** Addresses that no command names, and that come or go with a virtual server that is made, goes or moves. */
function comeAndGone(before: string, after: string, sent: readonly Sent[]): string[] {
  const isMoving = sent.some(
    ({ of, command }) =>
      of.startsWith('ltm virtual ') && /^(?:create|delete) |^\S+ \S+ \S+ \S+ destination /.test(command),
  );
  if (!isMoving) return [];
  const [old, now] = [before, after].map((text) => new Set(new BigipText(text).parts.map(keyOf)));
  const gone = [...(old ?? [])].filter((key) => !now?.has(key));
  const come = [...(now ?? [])].filter((key) => !old?.has(key));
  return [...gone, ...come].filter((key) => !sent.some(({ of }) => of === key));
}

export function shellCommand(text: string, expect?: string): Command {
  return { kind: 'shell', text, shown: text, ...(expect === undefined ? {} : { expect }) };
}

function stepsOf(sent: readonly Sent[], after: string, place: Place, read: Command): Step[] {
  const { shell, group } = place;
  const guard = noNewerAnswer(group);
  const sync = shellCommand(callText(shell, ['show cm sync-status']), guard === '' ? takenAnswer : guard);
  const send = transactionText(
    shell,
    sent.map(({ command }) => command),
  );
  return [
    step('fingerprint', 'fingerprint', 'Read the configuration again', [read], true),
    ...(guard === ''
      ? []
      : [step('sync-status', 'fingerprint', 'See that no other unit has newer changes', [sync], true)]),
    ...checkSteps(sent, after, place),
    {
      ...step('hold', 'hold', 'Let the device hold the way back', [], true),
      lacking:
        'TMOS holds no timer. Nothing is saved or synchronised before the change is kept: a restart brings the old back.',
    },
    step(
      'send',
      'send',
      sent.length === 1 ? (sent[0]?.command ?? '').slice(0, 120) : `${String(sent.length)} commands in one transaction`,
      [shellCommand(send, takenAnswer)],
      false,
    ),
    step('verify', 'verify', 'Read back and compare', [read], true),
  ];
}

export function step(id: string, stage: Step['stage'], title: string, commands: Command[], isHarmless: boolean): Step {
  return { id, stage, title, commands, isHarmless };
}

/** The objects as they will read are loaded with `merge verify`, which changes nothing (tmsh reference, sys config). */
function checkSteps(sent: readonly Sent[], after: string, { shell, planId }: Place): Step[] {
  const text = candidateOf(sent, after);
  const title = 'Let the device check it';
  if (text === '') {
    const why =
      'What only goes cannot be checked beforehand. The transaction is checked as a whole before any of it is carried out.';
    return [{ ...step('check', 'check', title, [], true), lacking: why }];
  }
  if (shell === 'tmsh') return [step('check', 'check', title, [fromTerminal(text)], true)];
  const path = candidatePath(planId);
  return [
    step(
      'candidate',
      'candidate',
      'Put what changes beside it as a file',
      [shellCommand(`printf '%s' ${quote(text)} > ${path}`)],
      true,
    ),
    step(
      'check',
      'check',
      title,
      [shellCommand(callText(shell, [`load sys config file ${path} merge verify`]), takenAnswer)],
      true,
    ),
  ];
}

/** tmsh takes the text where it would be typed, up to ^D; by SSH without a terminal that is the end of the input (tmsh reference, sys config). */
function fromTerminal(input: string): Command {
  const text = callText('tmsh', ['load sys config from-terminal merge verify']);
  return { kind: 'shell', text, shown: `${text}\n${input}^D`, input, expect: takenAnswer };
}

function candidatePath(planId: string): string {
  return `/var/tmp/steelyard-${planId}.conf`;
}

function candidateOf(sent: readonly Sent[], after: string): string {
  const subjects = new Set(sent.map(({ of }) => of));
  const parts = new BigipText(after).parts.filter((part) => subjects.has(keyOf(part)));
  return parts.map((part) => `${textOf(withoutSecrets({ words: part.words, body: part.body ?? [] }))}\n`).join('');
}

function withoutSecrets({ words, body }: Item): Item {
  if (body === undefined) return { words };
  return { words, body: body.filter((item) => !secretSetting.test(keyOf(item))).map(withoutSecrets) };
}

function cleanUp({ shell, planId }: Place): Command[] {
  return shell === 'tmsh' ? [] : [shellCommand(`rm -f ${candidatePath(planId)}`)];
}

/**
 * The inverse as one transaction, which may find that all is as it was. Of several commands each is sent by itself after it: where only
 * a part had been carried out, the transaction took nothing back.
 */
function revertOf(sent: readonly Sent[], place: Place): Step[] {
  const { shell } = place;
  const back = sent.toReversed().map(({ inverse }) => inverse);
  const whole = shellCommand(transactionText(shell, back), takenOrAlreadyAnswer);
  const each =
    back.length < 2 ? [] : back.map((command) => shellCommand(callText(shell, [command]), takenOrAlreadyAnswer));
  return [
    ...(shell === 'tmsh'
      ? []
      : [step('revert-candidate', 'candidate', 'Remove the file of the check', cleanUp(place), true)]),
    step('revert-send', 'send', 'Bring the old settings back', [whole, ...each], false),
  ];
}

/** Saved first, then given to the other units: never `force-full-load-push`, and nothing where the group does it by itself. */
function keepOf(sent: readonly Sent[], place: Place): Step[] {
  const { shell, group } = place;
  const isElsewhere = sent.some(({ of }) => !of.includes(' /Common/'));
  const save = `save sys config${isElsewhere ? ' partitions all' : ''}`;
  const sync =
    group.name === undefined || group.isAutomatic
      ? []
      : [`run cm config-sync to-group ${group.name.replace(/^\/Common\//, '')}`];
  return [
    step('save', 'keep', 'Save the running configuration', [shellCommand(callText(shell, [save]), takenAnswer)], false),
    ...sync.map((text) =>
      step(
        'sync',
        'keep',
        'Give it to the other units of the group',
        [shellCommand(callText(shell, [text]), takenAnswer)],
        false,
      ),
    ),
    ...(shell === 'tmsh' ? [] : [step('clean-up', 'keep', 'Remove the file of the check', cleanUp(place), true)]),
  ];
}

/** What a person should know before the push. */
export function warningsOf(sent: readonly Sent[], after: DeviceModel, group: DeviceGroup): string[] {
  const ratios = sent.flatMap(({ command, of }) =>
    / \{ ratio \d+ \} \}$/.test(command) ? [of.slice('ltm pool '.length)] : [],
  );
  const idle = [...new Set(ratios)].filter((name) => {
    const algorithm = after.pools.find((pool) => pool.name === name)?.algorithm;
    return algorithm === undefined || typeof algorithm === 'string' || !usesRatios(algorithm.native ?? '');
  });
  return [
    ...idle.map(
      (name) => `The algorithm of ${name} does not look at ratios: the weight is kept, and changes nothing by itself.`,
    ),
    ...(group.isAutomatic
      ? [
          `The device group ${group.name ?? ''} synchronises at once: the other units have the change before it is kept.`,
        ]
      : []),
    ...(group.name !== undefined && /pending/i.test(group.status)
      ? ['This unit has changes that the group does not have yet: keeping this one sends them too.']
      : []),
  ];
}

function split(
  text: string,
  subjects: readonly string[],
  free: readonly string[],
): { readonly touched: string[]; readonly rest: string[] } {
  const touched: string[] = [];
  const rest: string[] = [];
  const config = new BigipText(text);
  const linesIn = lineReader(config);
  for (const part of config.parts) {
    const key = keyOf(part);
    if (free.includes(key)) continue;
    if (subjects.includes(key)) touched.push(...linesIn(part));
    else rest.push(...linesOf(part));
  }
  return { touched: touched.sort(), rest };
}

/**
 * Where the device stands against a plan, by the objects that the plan touches; `foreign` where another hand changed the others.
 * A new object may say more than it was told to: the device fills in what it takes from elsewhere.
 */
export function standingOf(
  plan: Pick<Plan, 'driver'>,
  wanted: 'old' | 'new',
  text: string,
  sha256: Sha256,
): { readonly file: 'old' | 'new' | 'foreign'; readonly differences: readonly string[] } {
  const touched = plan.driver as unknown as Touched; // written by draftPlan, kept as JSON
  const found = split(text, touched.subjects, touched.free ?? []);
  const asBefore = differencesOf(found.touched, touched.old);
  const asReturned = touched.back === undefined ? asBefore : differencesOf(found.touched, touched.back);
  const isOld = asBefore.length === 0 || asReturned.length === 0;
  const asAfter = differencesOf(found.touched, touched.new, touched.old);
  const differences = wanted === 'new' ? asAfter : isOld ? [] : asBefore;
  if (hashOf(found.rest, sha256) !== touched.rest)
    return { file: 'foreign', differences: [...differences, 'other objects changed'] };
  return { file: differences.length === 0 ? wanted : wanted === 'old' ? 'new' : 'old', differences };
}

/** `before`: where given, what stands below a thing that was not there then may be more than was asked for. */
function differencesOf(found: readonly string[], should: readonly string[], before?: readonly string[]): string[] {
  const [is, wanted, was] = [new Set(found), new Set(should), new Set(before)];
  return [
    ...should.filter((line) => !is.has(line)).map((line) => `"${line}" is missing`),
    ...found
      .filter((line) => !wanted.has(line) && (before === undefined || !isOfNew(line, was)))
      .map((line) => `"${line}" is there`),
  ];
}

/** Below a thing that was not there before. */
function isOfNew(line: string, before: ReadonlySet<string>): boolean {
  const parent = line.slice(0, line.lastIndexOf(' > '));
  return line.includes(' > ') && !before.has(line) && !before.has(parent);
}
