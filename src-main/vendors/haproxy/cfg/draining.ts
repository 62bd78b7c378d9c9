import type { Statement } from './document.ts';
import { highestWeight, readCount } from './units.ts';
import { splitWords } from './words.ts';

/**
 * HAProxy's file has no word for draining. A member that drains is written `weight 0`, and a comment at the line's end keeps
 * what stood there: ` # steelyard: draining, weight 3`, or ` # steelyard: draining` where the line wrote no weight.
 */
export interface Drain {
  /** Source of the weight word that `weight 0` took the place of (quotes included); undefined where there was none. */
  readonly weight: string | undefined;
  /** Byte range of the mark, its leading space included. */
  readonly start: number;
  readonly end: number;
}

const mark = / # steelyard: draining(?:, weight (\S+))?$/;
const longestMark = 400;

/** Where the text of a line ends: before its line feed and the carriage returns before that. */
export function lineEnd(text: string, statement: Statement): number {
  let end = statement.next;
  if (end > statement.start && text.charAt(end - 1) === '\n') end -= 1;
  while (end > statement.start && text.charAt(end - 1) === '\r') end -= 1;
  return end;
}

/** The mark on a server line, if it has one. */
export function readDrain(text: string, statement: Statement): Drain | undefined {
  if (statement.commentAt < 0) return undefined;
  const end = lineEnd(text, statement);
  const from = Math.max(statement.commentAt - 1, end - longestMark);
  const match = mark.exec(text.slice(from, end));
  if (!match) return undefined;
  return { weight: match[1], start: from + match.index, end };
}

export function writeDrain(weight: string | undefined): string {
  return weight === undefined ? ' # steelyard: draining' : ` # steelyard: draining, weight ${weight}`;
}

/** The number in the source of a weight word, however it is quoted. */
export function weightOfSource(source: string | undefined): number | undefined {
  if (source === undefined) return undefined;
  const { words, problem } = splitWords(source, 0, source.length, () => undefined);
  return problem === undefined && words.length === 1 ? readCount(words[0]?.value ?? '', highestWeight) : undefined;
}
