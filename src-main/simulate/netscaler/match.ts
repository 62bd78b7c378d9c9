import { parseArguments } from './config-line.ts';
import { type ArgumentForm, type Form, forms } from './forms.ts';
import { CommandRefused } from './refusal.ts';
import { splitWords, type Word } from './words.ts';

/** A command taken apart by its form, in the appliance's own spelling. */
export interface Given {
  readonly form: Form;
  readonly positionals: readonly string[];
  readonly args: readonly { readonly name: string; readonly values: readonly string[] }[];
}

/** Words are keywords in any case and may be cut short (`sh lb vs`). Throws `CommandRefused` in the appliance's words. */
export function readCommand(line: string): Given {
  const words = splitWords(line);
  if (words === undefined) throw new CommandRefused('Unbalanced quotes');
  const found = findForm(words);
  if (found === undefined) throw new CommandRefused('No such command');
  const { form, length } = found;
  const { positionals, args } = parseArguments(words.slice(length));
  const needed = form.positionals.filter((name) => !name.startsWith('['));
  const missing = needed[positionals.length];
  if (missing !== undefined) throw new CommandRefused('Required argument missing', bare(missing));
  const extra = positionals[form.positionals.length];
  if (extra !== undefined) throw new CommandRefused('Invalid argument', extra.text);
  return {
    form,
    positionals: positionals.map(({ text }) => text),
    args: args.map(({ name, values }) => readArgument(form, name, values)),
  };
}

function findForm(words: readonly Word[]): { readonly form: Form; readonly length: number } | undefined {
  const [verb = '', ...rest] = words.map(({ text }) => text.toLowerCase());
  const fits = forms.flatMap((form) =>
    [form.object, ...form.aliases].flatMap((name) => {
      const keys = [form.verb, ...name.toLowerCase().split(' ')];
      const given = [verb, ...rest.slice(0, keys.length - 1)];
      if (given.length < keys.length || !keys.every((key, index) => isShortFor(given[index], key))) return [];
      return [{ form, length: keys.length, isWhole: keys.every((key, index) => key === given[index]) }];
    }),
  );
  const whole = fits.find(({ isWhole }) => isWhole);
  if (whole !== undefined) return whole;
  const [first] = fits;
  return fits.every(({ form }) => form === first?.form) ? first : undefined;
}

function isShortFor(given: string | undefined, key: string): boolean {
  return given !== undefined && given.length >= 2 && key.startsWith(given);
}

function readArgument(form: Form, name: string, values: readonly Word[]): Given['args'][number] {
  const known = form.args.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (known === undefined) throw new CommandRefused('No such argument', name);
  if (form.verb === 'unset') return { name: known.name, values: [] };
  const [value, ...more] = values.map(({ text }) => text);
  if (known.takes === 'CODES')
    return { name: known.name, values: values.map((one) => checkCode(known.name, one.text)) };
  if (known.takes === 'PATHS') return { name: known.name, values: values.map((one) => one.text) };
  const [takes = '', units] = known.takes.split('/');
  if (units !== undefined && value !== undefined) {
    const [unit, ...rest] = more;
    if (rest[0] !== undefined) throw new CommandRefused('Invalid argument', rest[0]);
    const number = checkValue({ name: known.name, takes }, value);
    if (unit === undefined) return { name: known.name, values: [number] };
    const spelled = checkValue({ name: known.name, takes: units }, unit);
    return { name: known.name, values: spelled === 'SEC' ? [number] : [number, spelled] };
  }
  // -cip ENABLED may be followed by the name of the header.
  const extra = known.name === 'cip' ? more[1] : more[0];
  if (extra !== undefined) throw new CommandRefused('Invalid argument', extra);
  if (known.takes === '' || (known.takes === '[TEXT]' && value === undefined)) return { name: known.name, values: [] };
  if (value === undefined) throw new CommandRefused('Required argument missing', known.name);
  return { name: known.name, values: [checkValue(known, value), ...more] };
}

/** `200`, `300-305`. */
function checkCode(name: string, value: string): string {
  if (/^\d{1,5}(-\d{1,5})?$/.test(value)) return value;
  throw new CommandRefused('Invalid argument value', name, value);
}

function checkValue({ name, takes }: ArgumentForm, value: string): string {
  if (takes === 'TEXT' || takes === '[TEXT]') return value;
  const [, least, most] = /^(\d+)\.\.(\d+)$/.exec(takes) ?? [];
  if (least === undefined) {
    const spelled = takes.split('|').find((one) => one.toLowerCase() === value.toLowerCase());
    if (spelled === undefined) throw new CommandRefused('Invalid argument value', name, value);
    return spelled;
  }
  if (!/^\d+$/.test(value)) throw new CommandRefused('Invalid argument value', name, value);
  if (Number(value) < Number(least) || Number(value) > Number(most)) {
    throw new CommandRefused('Argument value is out of range', name, value);
  }
  return String(Number(value));
}

function bare(name: string): string {
  return name.replaceAll(/[<>[\]]/g, '');
}
