import { isArgument, splitWords, toWord, type Word } from './words.ts';

/** An argument as `-cip ENABLED client-ip`: its name without the dash, and the words up to the next one. */
export interface Argument {
  readonly name: string;
  readonly values: readonly Word[];
}

/** One command of ns.conf, taken apart by its own words. A comment or an empty line is `other`. */
export interface ConfigLine {
  readonly verb: string;
  /** `server`, `serviceGroup`, `lb vserver`; of lines that the simulation does not know the second word. */
  readonly object: string;
  readonly positionals: readonly Word[];
  readonly args: readonly Argument[];
  /** As it was loaded; a line that a command has changed is written anew. */
  readonly text: string;
}

/** Objects of two words; of all others the first word is the object. */
const pairs = new Set(['lb', 'ns', 'ha', 'cs', 'ssl', 'gslb', 'cache', 'system']);

export function parseLine(text: string): ConfigLine {
  const other: ConfigLine = { verb: '', object: '', positionals: [], args: [], text };
  const words = text.startsWith('#') ? undefined : splitWords(text);
  const [verb, first, ...more] = words ?? [];
  if (verb === undefined || first === undefined) return other;
  const isPair = pairs.has(first.text.toLowerCase());
  const object = isPair ? `${first.text} ${more[0]?.text ?? ''}` : first.text;
  return { ...other, verb: verb.text, object, ...parseArguments(isPair ? more.slice(1) : more) };
}

export function parseArguments(words: readonly Word[]): Pick<ConfigLine, 'positionals' | 'args'> {
  const start = words.findIndex(isArgument);
  const positionals = start < 0 ? words : words.slice(0, start);
  const args: { name: string; values: Word[] }[] = [];
  for (const word of start < 0 ? [] : words.slice(start)) {
    if (isArgument(word)) args.push({ name: word.text.slice(1), values: [] });
    else args.at(-1)?.values.push(word);
  }
  return { positionals, args };
}

export function makeLine(line: Omit<ConfigLine, 'text'>): ConfigLine {
  const words = [...line.positionals, ...line.args.flatMap(({ name, values }) => [{ raw: `-${name}` }, ...values])];
  return { ...line, text: [line.verb, line.object, ...words.map(({ raw }) => raw)].join(' ') };
}

export function findArgument(line: ConfigLine, name: string): string | undefined {
  return line.args.find((one) => isSame(one.name, name))?.values[0]?.text;
}

/** The line with the argument in the place that the order of the command's syntax gives it; without values it is left out. */
export function withArgument(
  line: ConfigLine,
  name: string,
  values: readonly string[] | undefined,
  order: readonly string[],
): ConfigLine {
  const rest = line.args.filter((one) => !isSame(one.name, name));
  const at = line.args.findIndex((one) => isSame(one.name, name));
  if (values === undefined) return at < 0 ? line : makeLine({ ...line, args: rest });
  const arg = { name, values: values.map(toWord) };
  const rank = rankIn(order, name);
  const after = rest.findIndex((one) => rankIn(order, one.name) > rank);
  const place = at >= 0 ? at : after < 0 ? rest.length : after;
  return makeLine({ ...line, args: rest.toSpliced(place, 0, arg) });
}

function rankIn(order: readonly string[], name: string): number {
  const rank = order.findIndex((one) => isSame(one, name));
  return rank < 0 ? order.length : rank;
}

/** Keywords are compared without regard to case. */
export function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
