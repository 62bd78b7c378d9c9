import { AppError } from '../../contract/errors.ts';
import { splitEndpoint } from './addresses.ts';
import { type Both, turnInto } from './differences.ts';
import { lineReader } from './inherited-lines.ts';
import { created, deleted, type Sent, wordsOf } from './sent.ts';
import { unsayable } from './setting.ts';
import { BigipText, isDerived, isOfDevice, type Item, keyOf, type Part } from './text.ts';
import { addressNameOf, addressOf, isKept, keeping, kept, listensOn } from './virtual-address.ts';
import { applyTmsh } from './write.ts';

/** How a configuration becomes what it was, and what of it does not: a sentence each. */
export interface WayThere {
  readonly sent: readonly Sent[];
  readonly left: readonly string[];
}

/** The objects that differ: in `made` those that are only in the old text, in `gone` those that are only in the present one. */
interface Differing {
  readonly made: Map<string, Part>;
  readonly gone: Map<string, Part>;
  readonly changed: Map<string, Both>;
  /** What is not brought back, with the reason. */
  readonly left: Map<string, string>;
}

/**
 * The commands from the configuration that runs to an old one, object by object (create, modify, delete), what others need first and
 * what needs others last; never a load of the whole. Objects of `ltm` alone, and of these neither programs nor policies.
 */
export function commandsTo(nowText: string, thenText: string): WayThere {
  const text = { now: new BigipText(nowText), then: new BigipText(thenText) };
  const found = differing(text);
  const turned = new Map<string, readonly Sent[]>();
  for (const [key, both] of found.changed) {
    const turn = turnInto(both);
    if ('why' in turn) leave(found, key, turn.why);
    else turned.set(key, turn.sent);
  }
  leaveWhatHangsTogether(found, text);
  const sent = ordered(found, turned, text);
  return { sent, left: [...found.left].map(([key, why]) => `Not brought back: ${key}, because ${why}.`) };
}

function differing(text: Both['text']): Differing {
  const [now, then] = [text.now, text.then].map(byKey) as [Map<string, Part>, Map<string, Part>]; // two are mapped
  const [linesNow, linesThen] = [lineReader(text.now), lineReader(text.then)];
  const found: Differing = { made: new Map(), gone: new Map(), changed: new Map(), left: new Map() };
  for (const [key, part] of now) {
    const old = then.get(key);
    if (old === undefined) found.gone.set(key, part);
    else if (linesNow(part).join('\n') !== linesThen(old).join('\n'))
      found.changed.set(key, { now: part, then: old, text });
  }
  for (const [key, part] of then) if (!now.has(key)) found.made.set(key, part);
  for (const [key, part] of [...found.made, ...found.gone]) {
    const why = untouchable(part) ?? unsayable(part);
    if (why !== undefined) leave(found, key, why);
  }
  for (const [key, { now: part }] of found.changed) {
    const why = untouchable(part);
    if (why !== undefined) leave(found, key, why);
  }
  return found;
}

function byKey({ parts }: BigipText): Map<string, Part> {
  const found = new Map<string, Part>();
  for (const part of parts) if (!found.has(keyOf(part))) found.set(keyOf(part), part);
  return found;
}

function leave({ made, gone, changed, left }: Differing, key: string, why: string): void {
  left.set(key, why);
  for (const map of [made, gone, changed]) map.delete(key);
}

function untouchable(part: Part): string | undefined {
  const [module = '', kind = ''] = part.words;
  if (module === 'sys' && kind === 'file') return 'files and keys are not in the text of a version';
  if (module !== 'ltm') return `what belongs to ${module} is not balancing`;
  if (part.isProgram) return 'programs are never written';
  if (kind === 'policy') return 'policies are only read';
  if (!(part.words.at(-1) ?? '').startsWith('/')) return 'it is a setting of the whole device';
  const owner = wordsOf(part, 'app-service');
  return owner === undefined || owner === 'none' ? undefined : `it belongs to the application service ${owner}`;
}

/** What needs an object that does not come back cannot come back either, and what is needed by one that stays cannot go. */
function leaveWhatHangsTogether(found: Differing, text: Both['text']): void {
  for (let isStable = false; !isStable;) {
    isStable = true;
    const missing = text.then.parts.filter(
      (part) => found.left.has(keyOf(part)) && text.now.find(keyOf(part)) === undefined,
    );
    const wished = [...found.made, ...[...found.changed].map(([key, { then }]) => [key, then] as const)];
    for (const [key, part] of wished) {
      const lost = missing.find((other) => needs(part, other));
      if (lost === undefined) continue;
      leave(found, key, `it needs ${keyOf(lost)}, which is not brought back`);
      isStable = false;
    }
    const staying = text.now.parts.filter((part) => found.left.has(keyOf(part)));
    for (const [key, part] of found.gone) {
      const holder = staying.find((other) => (other.isProgram ? says(other, part) : needs(other, part)));
      if (holder === undefined) continue;
      leave(found, key, `${keyOf(holder)}, which stays as it is, needs it`);
      isStable = false;
    }
  }
}

const known = new WeakMap<Part, ReadonlySet<string>>();

/** Whether an object could not be without another: it names it, has a member on that node, or listens on that address. */
function needs(one: Part, other: Part): boolean {
  if (one === other || one.isProgram) return false;
  if (isAddress(other)) return listensOn(one, other);
  const words = known.get(one) ?? wordsIn(one);
  known.set(one, words);
  return words.has(`${kindFor(one, other)}${other.words.at(-1) ?? ''}`);
}

/** Nodes are needed by members that are named after them, and by these alone: other things may have the same name. */
function kindFor(one: Part, other: Part): string {
  if (other.words[1] !== 'node') return '';
  return one.words[1] === 'pool' ? 'node ' : 'nothing ';
}

function wordsIn(part: Part): ReadonlySet<string> {
  const members = part.body?.find(({ words }) => words[0] === 'members')?.body ?? [];
  const found = new Set(members.map(({ words: [name = ''] }) => `node ${nodeOf(name)}`));
  const items = [...(part.body ?? [])];
  for (let item = items.pop(); item !== undefined; item = items.pop()) {
    for (const word of item.words.slice(1).concat(item.body === undefined ? [] : item.words)) found.add(word);
    for (const inner of item.body ?? []) {
      for (const word of inner.words) found.add(word);
      items.push(inner);
    }
  }
  return found;
}

/** `/Common/web` of `/Common/web:80`, `/Common/2001:db8::1` of `/Common/2001:db8::1.80`. */
function nodeOf(member: string): string {
  const { host } = splitEndpoint(member);
  return member.slice(0, member.lastIndexOf(host) + host.length);
}

function says(program: Part, { words }: Part): boolean {
  return program.text?.includes(words.at(-1) ?? '') ?? false;
}

/**
 * Virtual servers that go come first (nothing needs them, and a new one may take their place), then what is made, what changes, and what
 * else goes. Around them addresses are told to stay, as the device would take them away with their last virtual server.
 */
function ordered(found: Differing, turned: ReadonlyMap<string, readonly Sent[]>, text: Both['text']): readonly Sent[] {
  const gone = byNeed([...found.gone.values()]).reverse();
  const changes = [...found.changed].flatMap(([key, both]) => (turned.get(key) ?? []).map((sent) => ({ sent, both })));
  const guards = addressesToKeep(found, text);
  return [
    ...guards.map((part) => keeping(part, true)),
    ...changes.filter(isEarly).map(({ sent }) => sent),
    ...gone.filter(isVirtual).map((part) => deleted(bare(part))),
    ...byNeed([...found.made.values()]).map((part) => created(bare(guarded(part)))),
    ...changes.filter((one) => !isEarly(one)).map(({ sent }) => sent),
    ...gone.filter((part) => !isVirtual(part)).map((part) => deleted(bare(guarded(part)))),
    ...guards.filter((part) => !found.gone.has(keyOf(part))).map((part) => keeping(part, false)),
    ...[...found.made.values()].filter((part) => isAddress(part) && !isKept(part)).map((part) => keeping(part, false)),
  ];
}

function isVirtual(part: Part): boolean {
  return keyOf(part).startsWith('ltm virtual ');
}

/** An address that is to be kept from then on is told so before its virtual servers go. */
function isEarly({ both }: { readonly both: Both }): boolean {
  return isAddress(both.then) && isKept(both.then);
}

function isAddress(part: Part): boolean {
  return keyOf(part).startsWith('ltm virtual-address ');
}

function guarded(part: Part): Item {
  return isAddress(part) ? kept(part) : part;
}

/** Without what the device writes by itself. */
function bare(item: Item): Item {
  const body = (item.body ?? []).filter((one) => !isOfDevice(one) && !isDerived(one, item));
  return { words: item.words, body };
}

/** Addresses that are there and that some virtual server leaves or comes to: those that go too, and those that no other holds. */
function addressesToKeep(found: Differing, text: Both['text']): readonly Part[] {
  const moved = [...found.changed.values()].filter(({ now, then }) => addressNameOf(now) !== addressNameOf(then));
  const leaving = new Set([...found.gone.values(), ...moved.map(({ now }) => now)]);
  const coming = [...found.made.values(), ...moved.map(({ then }) => then)];
  const addresses = [...leaving, ...coming].flatMap((part) => addressOf(text.now, part) ?? []);
  return [...new Set([...[...found.gone.values()].filter(isAddress), ...addresses])].filter((part) => {
    if (isKept(part) || found.left.has(keyOf(part))) return false;
    const isHeld = text.now.parts.some((other) => !leaving.has(other) && listensOn(other, part));
    return !isHeld && (found.gone.has(keyOf(part)) || !isKept(text.then.find(keyOf(part)) ?? part));
  });
}

/** What others need before them. */
function byNeed(parts: readonly Part[]): Part[] {
  const done: Part[] = [];
  const waiting = new Set(parts);
  while (waiting.size > 0) {
    const free = [...waiting].filter((part) => ![...waiting].some((other) => other !== part && needs(part, other)));
    // Objects that need each other cannot be; should they, they come as they stand.
    for (const part of free.length === 0 ? [...waiting] : free) {
      done.push(part);
      waiting.delete(part);
    }
  }
  return done;
}

/** One argument of a program holds 128 KiB on Linux (MAX_ARG_STRLEN), quotes included. */
const mostLetters = 100_000;

/** The same as a plan has it. Throws CAPABILITY_MISSING with all the reasons where nothing of it can be brought back. */
export function wayBack(now: string, then: string): WayThere {
  const way = commandsTo(now, then);
  if (way.sent.length === 0) {
    if (way.left.length > 0) throw new AppError('CAPABILITY_MISSING', way.left.join(' '));
    throw new AppError('PLAN_INVALID', 'The device reads as that version says already: there is nothing to change.');
  }
  const length = way.sent.reduce((sum, { command }) => sum + command.length, 0);
  if (length > mostLetters) {
    const much = `${String(way.sent.length)} commands of ${String(length)} letters, and a call takes ${String(mostLetters)}`;
    throw new AppError('CAPABILITY_MISSING', `The way to that version is ${much}. Go there by versions between.`);
  }
  const { refused } = applyTmsh(
    now,
    way.sent.map(({ command }) => command),
  );
  if (refused[0] === undefined) return way;
  const command = way.sent[refused[0]]?.command ?? '';
  throw new AppError(
    'PLAN_INVALID',
    `That version cannot be brought back: the device would refuse "${command.slice(0, 200)}".`,
  );
}
