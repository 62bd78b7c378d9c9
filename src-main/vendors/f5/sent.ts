import { AppError } from '../../contract/errors.ts';
import type { DeviceModel } from '../../contract/model.ts';
import type { PlanDraft } from '../vendor.ts';
import { namedLists } from './command.ts';
import { type BigipText, type Item, keyOf, lineOf, type Part, secretSetting } from './text.ts';

/** A tmsh command and what takes it back. `of` is the object that it is said to, as `ltm pool /Common/web`. */
export interface Sent {
  readonly command: string;
  readonly inverse: string;
  readonly of: string;
  /** What else it touches, where its object alone does not tell. */
  readonly affects?: PlanDraft['affects'];
}

/** What the commands of an edit are made from: the configuration as it is, and the model as it shall read. */
export interface Scene {
  readonly text: BigipText;
  readonly target: DeviceModel;
}

/** An object of the configuration. Throws PLAN_INVALID where it is not there. */
export function partOf({ text }: Scene, key: string): Part {
  const part = text.find(key);
  if (part === undefined) throw gone(key);
  return part;
}

/** An object by a kind that has kinds of its own (`ltm monitor http NAME`), by its name alone. */
export function partNamed({ text }: Pick<Scene, 'text'>, kind: string, name: string): Part | undefined {
  return text.parts.find((part) => keyOf(part).startsWith(`${kind} `) && part.words.at(-1) === name);
}

export function settingOf(item: Item, key: string): Item | undefined {
  return item.body?.find(({ words }) => words[0] === key);
}

/** The words behind a key; undefined where it is not there. */
export function wordsOf(item: Item, key: string): string | undefined {
  const found = settingOf(item, key);
  return found === undefined
    ? undefined
    : [...found.words.slice(1), ...(found.body === undefined ? [] : [listOf(found)])].join(' ');
}

/** The same, of the object or of those that it comes from (`defaults-from`), where the configuration has them. */
export function inheritedWords(scene: Pick<Scene, 'text'>, item: Item, key: string): string | undefined {
  const kind = item.words.slice(0, 3).join(' ');
  let from: Item | undefined = item;
  for (let steps = 0; from !== undefined && steps < 8; steps += 1) {
    const found = wordsOf(from, key);
    if (found !== undefined) return found;
    from = partNamed(scene, kind, wordsOf(from, 'defaults-from') ?? '');
  }
  return undefined;
}

/** `{ a b }`. */
export function listOf(item: Item): string {
  const body = (item.body ?? []).map(lineOf);
  return body.length === 0 ? '{ }' : `{ ${body.join(' ')} }`;
}

/** A setting with one value; `rest` is what holds where none is written. Nothing where it is so already. */
export function setValue(part: Item, key: string, value: string, rest: string): readonly Sent[] {
  const of = keyOf(part);
  const old = wordsOf(part, key) ?? rest;
  if (old === value) return [];
  return [{ command: `modify ${of} ${key} ${value}`, inverse: `modify ${of} ${key} ${old}`, of }];
}

/** A list as a whole; `none` where it goes, which is also what it is without. */
export function setList(part: Item, key: string, value: string | undefined): readonly Sent[] {
  const of = keyOf(part);
  const found = settingOf(part, key);
  const old = found?.body === undefined || found.body.length === 0 ? undefined : listOf(found);
  if (old === value) return [];
  return [{ command: `modify ${of} ${key} ${whole(value)}`, inverse: `modify ${of} ${key} ${whole(old)}`, of }];
}

function whole(list: string | undefined): string {
  return list === undefined ? 'none' : `replace-all-with ${list}`;
}

/** The command that makes an object as it is written; lists in it take a verb. */
export function createText({ words, body = [] }: Item): string {
  const said = body.map((item) =>
    namedLists.has(item.words[0] ?? '') && item.body !== undefined && item.words.length === 1
      ? `${item.words[0] ?? ''} replace-all-with ${listOf(item)}`
      : lineOf(item),
  );
  return `create ${words.join(' ')} { ${said.join(' ')} }`;
}

export function created(item: Item): Sent {
  const of = keyOf(item);
  return { command: createText(item), inverse: `delete ${of}`, of };
}

/** Throws CAPABILITY_MISSING where it holds a secret: its way back would have to. */
export function deleted(item: Item): Sent {
  const of = keyOf(item);
  if (item.body?.some((one) => secretSetting.test(keyOf(one))) === true)
    throw lacking(`taking ${of} away: it holds a secret, without which it could not be brought back`);
  return { command: `delete ${of}`, inverse: createText(item), of };
}

/** A word for tmsh: in quotes where it holds white space, braces or a sign that tmsh reads. */
export function wordFor(text: string): string {
  return /^[^\s"{};#?\\'[\]*|$!&]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** A monitor's text, in which a backslash is already what the device reads (`\r\n`). */
export function phraseFor(text: string): string {
  return `"${text
    .replaceAll('\r', String.raw`\r`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('"', '\\"')}"`;
}

export function gone(what: string): AppError {
  return new AppError('PLAN_INVALID', `There is no ${what} on the device. Read it again.`);
}

export function lacking(what: string): AppError {
  return new AppError(
    'CAPABILITY_MISSING',
    `Steelyard cannot change this on a BIG-IP yet: ${what}. Do it on the device; the next reading shows it.`,
  );
}
