import { type Command, type Option, readCommands } from './commands.ts';
import { subjectOf } from './objects.ts';
import { isRestingBind, restingOptions } from './resting.ts';

/** What stands escaped in quotes; `\r`, `\n` and `\t` are the CLI's own words for what ends a line, and stay. */
const special = /"|\\(?![nrt])/g;

/** A word as the CLI reads it back: in quotes where it holds white space, quotes or nothing. */
export function quoteWord(word: string): string {
  return /^[^\s"#]+$/.test(word) && !/^-[A-Za-z]/.test(word) ? word : `"${word.replaceAll(special, '\\$&')}"`;
}

export function commandText({ words, options }: Pick<Command, 'words' | 'options'>): string {
  const parts = options.flatMap(({ name, values }) => [`-${name}`, ...values.map(quoteWord)]);
  return [...words.map(quoteWord), ...parts].join(' ');
}

/**
 * A command in the one form by which two are compared: options by name, without those that say what holds anyway. Undefined where it
 * says nothing else.
 */
function canonicalCommand(command: Command): string | undefined {
  const { verb, kind, name, rest } = subjectOf(command);
  const head = `${verb} ${kind} ${quoteWord(name)}`;
  const atRest = restingOptions(command);
  const options = command.options
    .filter((option) => atRest[option.name.toLowerCase()] !== option.values.join(' ').replace(/ SEC$/, ''))
    .map((option) => `-${option.name.toLowerCase()} ${option.values.map(quoteWord).join(' ')}`.trim())
    .sort();
  if (verb === 'set' && options.length === 0 && command.options.length > 0) return undefined;
  return isRestingBind(command) ? undefined : [head, ...rest.map(quoteWord), ...options].join(' ');
}

/** The lines of a configuration in that form; what a later `set`, `enable` or `disable` says of an object stands in the line that adds it. */
export function canonicalLines(
  text: string,
): readonly { readonly kind: string; readonly name: string; readonly line: string }[] {
  const lines: Line[] = [];
  for (const command of readCommands(text)) {
    const { verb, kind, name, rest } = subjectOf(command);
    const isShaping =
      verb === 'enable' || verb === 'disable' || (verb === 'set' && (rest.length === 0 || kind === 'lb monitor'));
    if (isShaping && lines.some((line) => isOf(line, 'add', kind, name))) apply(lines, command);
    else lines.push({ text: command.text, command });
  }
  return lines.flatMap(({ command }) => {
    const line = command === undefined ? undefined : canonicalCommand(command);
    if (command === undefined || line === undefined) return [];
    const { kind, name } = subjectOf(command);
    return [{ kind, name, line }];
  });
}

/**
 * The configuration as the appliance would hold it after these CLI commands: `set` and `unset` change the line that added the object, or
 * one of their own where none did, `enable` and `disable` its state, `bind`, `unbind`, `link` and `unlink` lines of their own, `rm` takes
 * what belongs to the object along (ADC CLI reference, lb, basic, ssl and server groups of commands).
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
type Lines = Line[];

function apply(lines: Lines, command: Command): void {
  const { verb, kind, name, rest } = subjectOf(command);
  if (verb === 'add' || verb === 'link') {
    if (lines.some((line) => isOf(line, verb, kind, name))) return; // refused: it exists already
    insert(lines, command, (found) => found.verb === verb && found.kind === kind);
  } else if (verb === 'bind') {
    if (lines.some((line) => isBind(line, command))) return; // refused: it is bound already
    insert(
      lines,
      command,
      (found) => (found.verb === 'bind' || found.verb === 'add') && found.kind === kind && found.name === name,
    );
  } else if (verb === 'unbind' || verb === 'unlink') {
    const gone = lines.findIndex((line) =>
      verb === 'unlink' ? isOf(line, 'link', kind, name) : isBind(line, command),
    );
    if (gone !== -1) lines.splice(gone, 1);
  } else if (verb === 'rm') {
    const kept = lines.filter((line) => !belongsTo(line, kind, name));
    lines.splice(0, lines.length, ...kept);
  } else if (verb === 'enable' || verb === 'disable') {
    const line = lineOf(lines, kind, name, rest);
    if (line !== undefined) setOption(line, { name: 'state', values: [verb === 'enable' ? 'ENABLED' : 'DISABLED'] });
  } else if (verb === 'set' || verb === 'unset') change(lines, command, verb === 'unset');
  else if (verb === 'update') update(lines, command);
}

/** `set serviceGroup G S P -weight N` and `set lb vserver V -weight N S` change a binding, all else the object. */
function change(lines: Lines, command: Command, isUnset: boolean): void {
  const { kind, name, rest } = subjectOf(command);
  const place = kind === 'lb monitor' ? [] : rest; // the type of a monitor is named again
  for (const option of command.options) {
    const [value = '', service] = option.values;
    const isOfBinding = kind === 'lb vserver' && option.name.toLowerCase() === 'weight' && service !== undefined;
    const line = isOfBinding
      ? lineOf(lines, kind, name, [service])
      : (lineWith(lines, kind, name, place, option.name) ??
        lineOf(lines, kind, name, place) ??
        (isUnset || place.length > 0 ? undefined : ownLine(lines, command)));
    if (line === undefined) continue;
    if (/^IPAddress$/i.test(option.name) && kind.endsWith('vserver')) setAddress(line, value);
    else if (isUnset) removeOption(lines, line, option.name);
    else setOption(line, { name: option.name, values: isOfBinding ? [value] : option.values });
  }
}

/** `add lb vserver NAME TYPE ADDRESS PORT`: the address is a word, not an option. */
function setAddress(line: Line, address: string): void {
  if (line.command === undefined) return;
  const words = line.command.words.map((word, at) => (at === 5 ? address : word));
  replace(line, { ...line.command, words });
}

/** The last line that gives an object this option. */
function lineWith(
  lines: Lines,
  kind: string,
  name: string,
  place: readonly string[],
  option: string,
): Line | undefined {
  if (place.length > 0) return undefined;
  return lines.findLast(
    (line) =>
      (isOf(line, 'add', kind, name) || isOf(line, 'set', kind, name)) &&
      line.command?.options.some((one) => one.name.toLowerCase() === option.toLowerCase()),
  );
}

/** A `set` of its own, for what no command adds: TLS of a virtual server, what the appliance brings along. */
function ownLine(lines: Lines, { words }: Command): Line {
  const [command] = readCommands(words.map(quoteWord).join(' '));
  const line: Line = { text: '', ...(command === undefined ? {} : { command }) };
  const { kind } = subjectOf({ words });
  insertLine(lines, line, (found) => found.kind === kind);
  return line;
}

/** `update ssl certKey NAME -cert F -key F`; how it is to be done is no setting. */
function update(lines: Lines, command: Command): void {
  const { kind, name } = subjectOf(command);
  const line = lineOf(lines, kind, name, []);
  const settings = command.options.filter((option) => option.name.toLowerCase() !== 'nodomaincheck');
  if (line !== undefined) for (const option of settings) setOption(line, option);
}

/** The line that binds what `rest` names, or, where it names nothing, the line that added the object, else one that sets it. */
function lineOf(lines: readonly Line[], kind: string, name: string, rest: readonly string[]): Line | undefined {
  if (rest.length === 0) {
    return lines.find((line) => isOf(line, 'add', kind, name)) ?? lines.find((line) => isOf(line, 'set', kind, name));
  }
  return lines.find(
    (line) =>
      isOf(line, 'bind', kind, name) &&
      line.command !== undefined &&
      rest.every((word, at) => line.command !== undefined && subjectOf(line.command).rest[at] === word),
  );
}

function isOf({ command }: Line, verb: string, kind: string, name: string): boolean {
  if (command === undefined) return false;
  const found = subjectOf(command);
  return found.verb === verb && found.kind === kind && found.name === name;
}

/** Options that say what is bound; the others say how. */
const naming = 'monitorName policyName certkeyName CA SNICert cipherName eccCurveName lbvserver ocspResponder'
  .toLowerCase()
  .split(' ');

function isBind(line: Line, command: Command): boolean {
  const { kind, name, rest } = subjectOf(command);
  if (line.command === undefined || !isOf(line, 'bind', kind, name)) return false;
  const found = subjectOf(line.command).rest;
  return rest.every((word, at) => found[at] === word) && namesOf(line.command) === namesOf(command);
}

function namesOf({ options }: Command): string {
  const named = options.filter((option) => naming.includes(option.name.toLowerCase()));
  return JSON.stringify(named.map((option) => [option.name.toLowerCase(), ...option.values]).sort());
}

/** What goes with an object: all that is said of it, and its TLS. */
function belongsTo({ command }: Line, kind: string, name: string): boolean {
  if (command === undefined) return false;
  const found = subjectOf(command);
  return found.name === name && (found.kind === kind || found.kind === `ssl ${kind.replace(/^[lc][bs] /, '')}`);
}

/** Behind the last line of its kind, else at the end. */
function insert(lines: Lines, command: Command, isKin: (found: ReturnType<typeof subjectOf>) => boolean): void {
  insertLine(lines, { text: commandText(command), command }, isKin);
}

function insertLine(lines: Lines, line: Line, isKin: (found: ReturnType<typeof subjectOf>) => boolean): void {
  const last = lines.findLastIndex((one) => one.command !== undefined && isKin(subjectOf(one.command)));
  const end = lines.at(-1)?.text === '' ? lines.length - 1 : lines.length;
  lines.splice(last === -1 ? end : last + 1, 0, line);
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

/** A line that sets nothing any more goes. */
function removeOption(lines: Lines, line: Line, name: string): void {
  if (line.command === undefined) return;
  const options = line.command.options.filter((one) => one.name.toLowerCase() !== name.toLowerCase());
  replace(line, { ...line.command, options });
  if (options.length === 0 && subjectOf(line.command).verb === 'set') lines.splice(lines.indexOf(line), 1);
}

function replace(line: Line, command: Command): void {
  line.text = commandText(command);
  line.command = { ...command, text: line.text };
}
