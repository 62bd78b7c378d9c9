/** One option of a command, as written: `-cip ENABLED X-Forwarded-For`. */
export interface Option {
  /** Without its dash, in the letters of the file. */
  readonly name: string;
  readonly values: readonly string[];
}

/** One command of ns.conf: `VERB KIND... NAME VALUE... -option value...`. Lines count from 1. */
export interface Command {
  /** What stands before the first option. */
  readonly words: readonly string[];
  readonly options: readonly Option[];
  /** The lines as they stand in the file. */
  readonly text: string;
  readonly line: number;
  readonly endLine: number;
}

/**
 * The commands of an ns.conf, in order; comments and blank lines are none. A word is bare, in double quotes with backslash escapes, or
 * between the delimiters of `q{...}` (CLI reference, "Quoting"). A quotation may run over lines, and a line that begins with white space
 * goes on with the one before it (a listing folded by a terminal). Never throws: a quotation that does not close ends with its line.
 */
export function readCommands(text: string): readonly Command[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const commands: Command[] = [];
  for (let at = 0; at < lines.length;) {
    const first = lines[at] ?? '';
    const count = first.trim() === '' || /^\s*#/.test(first) ? 0 : linesOf(lines, at);
    if (count > 0) {
      const whole = lines.slice(at, at + count);
      commands.push({ ...takeApart(whole.join('\n')), text: whole.join('\n'), line: at + 1, endLine: at + count });
    }
    at += Math.max(1, count);
  }
  return commands;
}

const longest = 200;

/** How many lines the command that begins here has. */
function linesOf(lines: readonly string[], from: number): number {
  let text = lines[from] ?? '';
  let count = 1;
  while (count < longest && from + count < lines.length) {
    const next = lines[from + count] ?? '';
    const isFolded = /^\s+\S/.test(next) && !/^\s*#/.test(next);
    if (!isFolded && !isOpen(text)) break;
    if (!isFolded && startsCommand.test(next)) break; // the quotation was never closed
    text += `\n${next}`;
    count += 1;
  }
  return count;
}

const startsCommand = /^(?:add|apply|bind|disable|enable|link|rm|set|unbind|unset) \S/;

interface Word {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly isClosed: boolean;
}

const wordPattern = /"((?:[^"\\]|\\[^])*)("?)|q([{<([/|~$^+=&%@`?])|([^\s"][^\s]*)/g;
const closing: Readonly<Record<string, string>> = { '{': '}', '<': '>', '(': ')', '[': ']' };

function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  wordPattern.lastIndex = 0;
  for (let match = wordPattern.exec(text); match !== null; match = wordPattern.exec(text)) {
    const [, quoted, end, delimiter, bare] = match;
    if (quoted !== undefined) words.push({ text: unescape(quoted), isQuoted: true, isClosed: end === '"' });
    else if (delimiter !== undefined) words.push(delimited(text, delimiter));
    else words.push({ text: bare ?? '', isQuoted: false, isClosed: true });
  }
  return words;
}

/** The rest of `q{...}`: everything up to the closing delimiter stands for itself. */
function delimited(text: string, delimiter: string): Word {
  const from = wordPattern.lastIndex;
  const end = text.indexOf(closing[delimiter] ?? delimiter, from);
  wordPattern.lastIndex = end === -1 ? text.length : end + 1;
  return { text: text.slice(from, end === -1 ? undefined : end), isQuoted: true, isClosed: end !== -1 };
}

function isOpen(text: string): boolean {
  return wordsOf(text).at(-1)?.isClosed === false;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function unescape(text: string): string {
  return text.replace(/\\([^])/g, (whole, char: string) => (char in escapes ? whole : char));
}

function takeApart(text: string): Pick<Command, 'words' | 'options'> {
  const words: string[] = [];
  const options: { name: string; values: string[] }[] = [];
  for (const { text: word, isQuoted } of wordsOf(text)) {
    if (!isQuoted && /^-[A-Za-z]/.test(word)) options.push({ name: word.slice(1), values: [] });
    else if (options.length > 0) options.at(-1)?.values.push(word);
    else if (word.trim() !== '') words.push(word);
  }
  return { words, options };
}

/** The options of one object, whichever commands gave them; names are compared without regard to case, the later word wins. */
export class Options {
  readonly #found = new Map<string, Option>();

  constructor(commands: readonly Pick<Command, 'options'>[]) {
    for (const { options } of commands) for (const one of options) this.#found.set(one.name.toLowerCase(), one);
  }

  has(name: string): boolean {
    return this.#found.has(name.toLowerCase());
  }

  /** An empty text is none: `-backupVServer ""` takes a setting back. */
  text(name: string): string | undefined {
    const text = this.#found.get(name.toLowerCase())?.values.join(' ').trim();
    return text === '' ? undefined : text;
  }

  /** The words behind an option; absent where it is not said, or takes a setting back. */
  values(name: string): readonly string[] | undefined {
    return this.text(name) === undefined ? undefined : this.#found.get(name.toLowerCase())?.values;
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  }

  /** What none of `known` (lower case) names and what is not at rest: the device's own words, for `native`. */
  others(known: ReadonlySet<string>, resting: Readonly<Record<string, string>> = {}): Record<string, string> {
    return Object.fromEntries(
      [...this.#found].flatMap(([key, { name, values }]) =>
        known.has(key) || resting[key] === values.join(' ') ? [] : [[name, values.join(' ')]],
      ),
    );
  }
}
