import { AppError } from '../../contract/errors.ts';
import { maskWith } from '../mask.ts';
import { a10Secrets } from './secrets.ts';
import { type A10Text, beginsWith, findIn, isSaid, type Line, wordsOf } from './text.ts';
import type { Typed } from './write.ts';

/** What is typed in configuration mode, and what takes it back. `of` is the block that it is said to, as `slb server s1`. */
export interface Sent {
  readonly typed: Typed;
  readonly inverse: readonly Typed[];
  readonly of: string;
}

/** The same, said in a partition; `''` is the shared one. */
export interface PartSent extends Sent {
  readonly partition: string;
}

/** The configuration as the lines before have left it. */
export interface Scene {
  readonly text: A10Text;
}

/** One setting below a block; where it was not said before, `no` takes it back. */
export function setting(
  block: Line,
  below: readonly Line[],
  key: string,
  value: string | undefined,
  rest?: string,
): readonly Sent[] {
  const inner = below.at(-1) ?? block;
  const modes = [block, ...below].map(({ text }) => text);
  const found = findIn(inner.children, wordsOf(key));
  const now = found?.text;
  const then = value === undefined ? undefined : `${key} ${value}`.trim();
  if (now === then || (now === undefined && value === rest)) return [];
  function line(text: string | undefined, other: string | undefined): string {
    return text ?? `no ${other ?? key}`;
  }
  return [{ typed: [...modes, line(then, now)], inverse: [[...modes, line(now, then)]], of: headOf(block) }];
}

/** A line below a block that stands beside others of its kind. */
export function added(block: Line, below: readonly Line[], text: string): Sent {
  const modes = [block, ...below].map((line) => line.text);
  return { typed: [...modes, text], inverse: [[...modes, `no ${text}`]], of: headOf(block) };
}

export function removed(block: Line, below: readonly Line[], line: Line): Sent {
  const modes = [block, ...below].map((one) => one.text);
  return { typed: [...modes, `no ${line.text}`], inverse: retyped(line, modes), of: headOf(block) };
}

/** A new block of its own. */
export function made(text: string): Sent {
  return { typed: [text], inverse: [[`no ${headOf({ text })}`]], of: headOf({ text }) };
}

/** A whole block gone; on the way back each of its lines is typed again. */
export function unmade(block: Line): Sent {
  const inverse = retyped(block, []);
  const shown = inverse.map((typed) => typed.at(-1) ?? '').join('\n');
  if (maskWith(a10Secrets, shown) !== shown)
    throw lacking(`the end of "${headOf(block)}", whose way back would have to show the secret in it`);
  return { typed: [`no ${headOf(block)}`], inverse, of: headOf(block) };
}

function retyped(line: Line, modes: Typed): readonly Typed[] {
  const here = [...modes, line.text];
  return [here, ...line.children.filter(isSaid).flatMap((child) => retyped(child, here))];
}

/** The words that name a block, without its address or type. */
export function headOf({ text }: Pick<Line, 'text'>): string {
  return text.startsWith('slb template ') ? text : wordsOf(text).slice(0, 3).map(word).join(' ');
}

/** A block that begins so, by kind and name. */
export function blockOf({ text }: Scene, kind: string, name: string, what: string): Line {
  const block = text.find([...kind.split(' '), name]);
  if (block === undefined) throw gone(`${what} "${name}"`);
  return block;
}

/** Every template of that name, whatever its kind. */
export function templatesNamed({ text }: Scene, name: string): readonly Line[] {
  return text.lines.filter((line) => beginsWith(line.text, ['slb', 'template']) && wordsOf(line.text).at(-1) === name);
}

export function word(text: string): string {
  return /^[^\s"]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}

export function limitOf(value: unknown): string | undefined {
  return numberOf(orNone(value), 'limit', 1, 64_000_000);
}

/** 0 is how the model says that there is no limit. */
export function orNone(value: unknown): unknown {
  return value === 0 ? undefined : value;
}

export function numberOf(value: unknown, what: string, lowest: number, highest: number): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= lowest && value <= highest) return String(value);
  throw lacking(`the ${what} ${JSON.stringify(value)}: it is ${String(lowest)} to ${String(highest)}`);
}

export function gone(what: string): AppError {
  return new AppError('PLAN_INVALID', `There is no ${what} on the device. Read it again.`);
}

export function lacking(what: string): AppError {
  return new AppError(
    'CAPABILITY_MISSING',
    `Steelyard cannot change this on an A10 yet: ${what}. Do it on the device; the next reading shows it.`,
  );
}
