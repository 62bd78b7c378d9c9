import { endOfWord, type Item } from './block.ts';
import { syntax } from './refusal.ts';

/** A word as it was typed, or what stands in braces. */
export type Argument = string | readonly Argument[];

/** Takes a command line apart: blanks part words, quotes hold them together, braces nest. Throws where one is left open. */
export function readArguments(text: string): readonly Argument[] {
  const { list, next } = readList(text, 0);
  if (next < text.length) throw syntax('"}" unexpected argument');
  return list;
}

function readList(text: string, from: number): { readonly list: readonly Argument[]; readonly next: number } {
  const list: Argument[] = [];
  let at = from;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '}') return { list, next: at };
    if (/\s/.test(char)) at += 1;
    else if (char === '{') {
      const inner = readList(text, at + 1);
      if (text.charAt(inner.next) !== '}') throw syntax('"{" has no matching "}"');
      list.push(inner.list);
      at = inner.next + 1;
    } else {
      const end = endOfArgument(text, at);
      list.push(text.slice(at, end));
      at = end;
    }
  }
  return { list, next: at };
}

function endOfArgument(text: string, from: number): number {
  const end = endOfWord(text, from);
  if (end === undefined) throw syntax('unbalanced quotes');
  if (/^["']/.test(text.charAt(from))) return end;
  const brace = text.slice(from, end).search(/[{}]/);
  return brace < 0 ? end : from + Math.max(brace, 1);
}

/** Whether a line goes on: more braces are opened than closed. */
export function isOpen(text: string): boolean {
  const bare = text.replaceAll(/\\.|"(?:\\.|[^"\\])*"/g, '');
  return bare.split('{').length > bare.split('}').length;
}

/** The words up to the first brace. */
export function leadingWords(list: readonly Argument[]): readonly string[] {
  const end = list.findIndex((one) => typeof one !== 'string');
  return list.slice(0, end < 0 ? list.length : end).map(String);
}

/** A block of a file as the arguments of a command. */
export function toArguments(items: readonly Item[]): readonly Argument[] {
  return items.flatMap<Argument>(({ words, block }) =>
    block === undefined ? [...words] : [...words, toArguments(block)],
  );
}

/** The commands of a line: `;` ends one, outside quotes and braces. */
export function splitCommands(line: string): readonly string[] {
  const commands: string[] = [];
  let [start, depth] = [0, 0];
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === '"' && isWordStart(line, at)) at = (endOfWord(line, at) ?? line.length) - 1;
    else if (char === '\\') at += 1;
    else if (char === '{') depth += 1;
    else if (char === '}') depth -= 1;
    else if (char === ';' && depth <= 0) {
      commands.push(line.slice(start, at));
      start = at + 1;
    }
  }
  return [...commands, line.slice(start)].map((one) => one.trim()).filter((one) => one !== '');
}

function isWordStart(line: string, at: number): boolean {
  return at === 0 || /[\s{]/.test(line.charAt(at - 1));
}
