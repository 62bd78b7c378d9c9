import type { Editor, Splice } from './editor.ts';
import type { Statement } from './document.ts';
import { quoteWord, requoteWord } from './quoting.ts';
import type { Word } from './words.ts';

/** A keyword of a line with its one argument, or none. */
export interface LineWord {
  readonly keyword: string;
  readonly word: Word;
  readonly argument: Word | undefined;
}

/** The keywords of a line from its word number `from`; those in `flags` take no argument, all others one. */
export function lineWords(statement: Statement, from: number, flags: ReadonlySet<string>): readonly LineWord[] {
  const found: LineWord[] = [];
  for (let at = from; at < statement.words.length; at += 1) {
    const word: Word | undefined = statement.words[at];
    if (word === undefined) break;
    const isFlag = flags.has(word.value);
    if (!isFlag) at += 1;
    found.push({ keyword: word.value, word, argument: isFlag ? undefined : statement.words[at] });
  }
  return found;
}

/** Splices that give a keyword another value: in place where it stands, else at the line's end; undefined takes it out. */
export function setLineWord(
  editor: Editor,
  statement: Statement,
  words: readonly LineWord[],
  keyword: string,
  value: string | undefined,
): readonly Splice[] {
  const { file } = statement;
  const found = words.filter((each) => each.keyword === keyword);
  if (value === undefined) {
    return found.map(({ word, argument }) => {
      const before = statement.words[statement.words.indexOf(word) - 1];
      return { file, start: before?.end ?? word.start, end: (argument ?? word).end, text: '' };
    });
  }
  const argument = found.at(-1)?.argument;
  if (argument === undefined) {
    const at = (statement.words.at(-1) ?? statement.words[0]).end;
    return [{ file, start: at, end: at, text: ` ${keyword} ${quoteWord(value)}` }];
  }
  if (argument.hasVariable) {
    const why = `its ${keyword} is taken from an environment variable. Change the variable`;
    throw editor.refusal('CAPABILITY_MISSING', statement, `The line cannot be changed: ${why}.`);
  }
  const source = editor.text(statement).slice(argument.start, argument.end);
  return [{ file, start: argument.start, end: argument.end, text: requoteWord(source, value) }];
}
