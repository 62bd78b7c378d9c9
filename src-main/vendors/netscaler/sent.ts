import { AppError } from '../../contract/errors.ts';
import type { Edit } from '../../contract/plan.ts';
import type { Command, Option, Options } from './commands.ts';
import type { Objects } from './objects.ts';
import { quoteWord } from './write.ts';

/** A command and what takes it back, both as the CLI reads them. `of` is what it is said to: kind (lower case) and name. */
export interface Sent {
  readonly command: string;
  readonly inverse: string;
  readonly of: { readonly kind: string; readonly name: string };
  /** What clients lose by it, in words; absent where nothing. */
  readonly loss?: string;
}

/** The configuration as the commands before have left it, and the whole edit. */
export interface Scene {
  readonly objects: Objects<Command>;
  readonly edit: Edit;
}

/** What is set and how the CLI names it: `lb monitor M HTTP`. */
export interface Target {
  readonly said: string;
  readonly of: Sent['of'];
}

/** The values of options; undefined takes an option back to what the appliance does by itself. */
export type Wanted = Readonly<Record<string, readonly string[] | undefined>>;

/**
 * One `set` with all options that differ; what had no value before is `unset` on the way back. Sent before it, and so taken back
 * after it, is what the older settings need.
 */
export function setOptions({ said, of }: Target, now: Options, wanted: Wanted): readonly Sent[] {
  const changed = Object.entries(wanted).filter(([name, values]) => now.text(name) !== textOf(values));
  const set = changed.filter(([, values]) => values !== undefined);
  const taken = changed.filter(([, values]) => values === undefined).map(([name]) => name);
  const had = set
    .filter(([name]) => now.text(name) !== undefined)
    .map(([name]) => optionText(name, valuesOf(now, name)));
  const lacked = set.filter(([name]) => now.text(name) === undefined).map(([name]) => `-${name}`);
  const sent: Sent[] = [];
  if (set.length > 0) {
    const words = set.map(([name, values]) => optionText(name, values ?? [])).join(' ');
    const back = had.length === 0 ? `unset ${said} ${lacked.join(' ')}` : `set ${said} ${had.join(' ')}`;
    sent.push({ command: `set ${said} ${words}`, inverse: back, of });
    if (had.length > 0 && lacked.length > 0) {
      sent.unshift({ command: `set ${said} ${had.join(' ')}`, inverse: `unset ${said} ${lacked.join(' ')}`, of });
    }
  }
  if (taken.length > 0) {
    const back = taken.map((name) => optionText(name, valuesOf(now, name))).join(' ');
    sent.push({
      command: `unset ${said} ${taken.map((name) => `-${name}`).join(' ')}`,
      inverse: `set ${said} ${back}`,
      of,
    });
  }
  return sent;
}

function textOf(values: readonly string[] | undefined): string | undefined {
  return values?.join(' ');
}

function valuesOf(now: Options, name: string): readonly string[] {
  return now.values(name) ?? [];
}

export function optionText(name: string, values: readonly string[]): string {
  return [`-${name}`, ...values.map(quoteWord)].join(' ');
}

export function optionsText({ options }: { readonly options: readonly Option[] }): string[] {
  return options.map(({ name, values }) => optionText(name, values));
}

/** Everything that was said of an object, in one `add`: what an `rm` is taken back by. */
export function addText(commands: readonly Command[]): string {
  const add = commands.find(({ words }) => words[0]?.toLowerCase() === 'add');
  const last = new Map<string, Option>();
  for (const { options } of commands) for (const option of options) last.set(option.name.toLowerCase(), option);
  const state = commands.filter(({ words }) => /^(?:en|dis)able$/i.test(words[0] ?? '')).at(-1)?.words[0];
  if (state !== undefined) {
    last.set('state', { name: 'state', values: [state.toLowerCase() === 'enable' ? 'ENABLED' : 'DISABLED'] });
  }
  return [...(add?.words ?? []).map(quoteWord), ...optionsText({ options: [...last.values()] })].join(' ');
}

export function gone(what: string): AppError {
  return new AppError('PLAN_INVALID', `There is no ${what} on the appliance. Read it again.`);
}

export function lacking(what: string): AppError {
  return new AppError(
    'CAPABILITY_MISSING',
    `Steelyard cannot change this on a NetScaler yet: ${what}. Do it on the appliance; the next reading shows it.`,
  );
}

/** A wish that the appliance itself has no way to take; `why` is a sentence with the way round it. */
export function refused(why: string): AppError {
  return new AppError('CAPABILITY_MISSING', why);
}

/** Something new under a name that is taken. */
export function refuseTaken({ objects }: Scene, kind: string, name: string, what: string): void {
  if (objects.has(kind, name))
    throw new AppError('PLAN_INVALID', `There is ${what} "${name}" already. Read the appliance again.`);
}
