import { AppError } from '../../contract/errors.ts';
import { type A10Text, findIn, type Line, wordsOf } from './text.ts';
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

/** The configuration as it is. */
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
  const then = value === undefined ? undefined : `${key} ${value}`;
  if (now === then || (now === undefined && value === rest)) return [];
  function line(text: string | undefined, other: string | undefined): string {
    return text ?? `no ${other ?? key}`;
  }
  return [{ typed: [...modes, line(then, now)], inverse: [[...modes, line(now, then)]], of: headOf(block) }];
}

/** The words that name a block, without its address or type. */
export function headOf({ text }: Line): string {
  return text.startsWith('slb template ') ? text : wordsOf(text).slice(0, 3).join(' ');
}

export function word(text: string): string {
  return /^[^\s"]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
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
