import { type Command, type Option, readCommands } from './commands.ts';
import { subjectOf } from './objects.ts';

/** A word as the CLI reads it back: in quotes where it holds white space, quotes or nothing. */
export function quoteWord(word: string): string {
  return /^[^\s"#]+$/.test(word) && !/^-[A-Za-z]/.test(word) ? word : `"${word.replaceAll(/["\\]/g, '\\$&')}"`;
}

export function commandText({ words, options }: Pick<Command, 'words' | 'options'>): string {
  const parts = options.flatMap(({ name, values }) => [`-${name}`, ...values.map(quoteWord)]);
  return [...words.map(quoteWord), ...parts].join(' ');
}

/** What the appliance does without being told, by the kind of command that would tell it: saying it changes nothing. */
const resting: readonly (readonly [RegExp, Readonly<Record<string, string>>])[] = [
  [/^bind (?:servicegroup|lb vserver) /, { weight: '1', state: 'ENABLED', customserverid: '"None"' }],
  [/^add (?:service|servicegroup|server) /, { state: 'ENABLED', maxclient: '0' }],
  [/^add lb vserver /, { state: 'ENABLED', lbmethod: 'LEASTCONNECTION', persistencetype: 'NONE', timeout: '2' }],
];

/** A command in the one form by which two are compared: options by name, without those that say what holds anyway. */
export function canonicalCommand(command: Command): string {
  const { verb, kind, name, rest } = subjectOf(command);
  const head = `${verb} ${kind} ${quoteWord(name)}`;
  const atRest = resting.find(([pattern]) => pattern.test(`${head} `))?.[1] ?? {};
  const options = command.options
    .filter((option) => atRest[option.name.toLowerCase()] !== option.values.join(' '))
    .map((option) => `-${option.name.toLowerCase()} ${option.values.map(quoteWord).join(' ')}`.trim())
    .sort();
  return [head, ...rest.map(quoteWord), ...options].join(' ');
}

/**
 * The configuration as the appliance would hold it after these CLI commands: `set` and `unset` change the line that added the object,
 * `enable` and `disable` its state, `bind` and `unbind` lines of their own (ADC CLI reference, lb, basic and server groups of commands).
 */
export function applyCommands(text: string, commands: readonly string[]): string {
  const lines: Line[] = [];
  const source = text.split('\n');
  let at = 0;
  for (const command of readCommands(text)) {
    for (; at < command.line - 1; at += 1) lines.push({ text: source[at] ?? '' });
    lines.push({ text: command.text, command });
    at = command.endLine;
  }
  for (; at < source.length; at += 1) lines.push({ text: source[at] ?? '' });
  for (const command of commands.flatMap((one) => readCommands(one))) apply(lines, command);
  return lines.map((line) => line.text).join('\n');
}

interface Line {
  text: string;
  command?: Command;
}

function apply(lines: Line[], command: Command): void {
  const { verb, kind, name, rest } = subjectOf(command);
  const isThere =
    (verb === 'add' || verb === 'bind') &&
    lines.some((line) => isBindOf(line, verb, kind, name, verb === 'add' ? [] : rest));
  if (isThere) return; // refused: it exists already
  if (verb === 'add') insert(lines, command, (found) => found.verb === 'add' && found.kind === kind);
  else if (verb === 'bind') {
    insert(
      lines,
      command,
      (found) => (found.verb === 'bind' || found.verb === 'add') && found.kind === kind && found.name === name,
    );
  } else if (verb === 'unbind' || verb === 'rm') {
    const gone = lines.findIndex((line) => isBindOf(line, verb === 'rm' ? 'add' : 'bind', kind, name, rest));
    if (gone !== -1) lines.splice(gone, 1);
  } else if (verb === 'enable' || verb === 'disable') {
    const line = lineOf(lines, kind, name, rest);
    if (line !== undefined) setOption(line, { name: 'state', values: [verb === 'enable' ? 'ENABLED' : 'DISABLED'] });
  } else if (verb === 'set' || verb === 'unset') change(lines, command, verb === 'unset');
}

/** `set serviceGroup G S P -weight N` and `set lb vserver V -weight N S` change a binding, all else the object. */
function change(lines: Lines, command: Command, isUnset: boolean): void {
  const { kind, name, rest } = subjectOf(command);
  for (const option of command.options) {
    const [value = '', service] = option.values;
    const isOfBinding = option.name.toLowerCase() === 'weight' && service !== undefined;
    const line = isOfBinding ? lineOf(lines, kind, name, [service]) : lineOf(lines, kind, name, rest);
    if (line === undefined) continue;
    if (isUnset) removeOption(line, option.name);
    else setOption(line, { name: option.name, values: isOfBinding ? [value] : option.values });
  }
}
type Lines = Line[];

/** The line that binds what `rest` names, or, where it names nothing, the line that added the object. */
function lineOf(lines: readonly Line[], kind: string, name: string, rest: readonly string[]): Line | undefined {
  return lines.find((line) => isBindOf(line, rest.length === 0 ? 'add' : 'bind', kind, name, rest));
}

function isBindOf(line: Line, verb: string, kind: string, name: string, rest: readonly string[]): boolean {
  if (line.command === undefined) return false;
  const found = subjectOf(line.command);
  const isSame = found.verb === verb && found.kind === kind && found.name === name;
  return isSame && rest.every((word, at) => found.rest[at] === word);
}

/** Behind the last line of its kind, else at the end. */
function insert(lines: Line[], command: Command, isKin: (found: ReturnType<typeof subjectOf>) => boolean): void {
  const last = lines.findLastIndex((line) => line.command !== undefined && isKin(subjectOf(line.command)));
  const end = lines.at(-1)?.text === '' ? lines.length - 1 : lines.length;
  lines.splice(last === -1 ? end : last + 1, 0, { text: commandText(command), command });
}

function setOption(line: Line, option: Option): void {
  if (line.command === undefined) return;
  const key = option.name.toLowerCase();
  const isThere = line.command.options.some(({ name }) => name.toLowerCase() === key);
  const options = isThere
    ? line.command.options.map((one) => (one.name.toLowerCase() === key ? { ...one, values: option.values } : one))
    : [...line.command.options, option];
  replace(line, { ...line.command, options });
}

function removeOption(line: Line, name: string): void {
  if (line.command === undefined) return;
  const options = line.command.options.filter((one) => one.name.toLowerCase() !== name.toLowerCase());
  replace(line, { ...line.command, options });
}

function replace(line: Line, command: Command): void {
  line.command = command;
  line.text = commandText(command);
}
