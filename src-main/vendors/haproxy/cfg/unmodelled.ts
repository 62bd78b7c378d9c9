import type { Unmodelled } from '../../../contract/model.ts';
import type { CfgDocument, Statement } from './document.ts';
import { maskSecrets } from './secrets.ts';
import { readable } from './text.ts';

/** A longer text is cut for the eye; the file itself keeps every byte. */
const longestText = 4_000;

/** A statement, or several that follow one another in one file, that the model has no place for. */
export interface Leftover {
  readonly first: Statement;
  readonly last: Statement;
  readonly why: string;
}

/** The entries of `unmodelled`, in the order of files and lines, secrets masked. */
export function listUnmodelled(document: CfgDocument, leftovers: readonly Leftover[]): Unmodelled[] {
  const ordered = [...leftovers].sort((a, b) => a.first.file - b.first.file || a.first.line - b.first.line);
  return ordered.map(({ first, last, why }) => {
    const file = document.files[first.file];
    const whole = file?.text.slice(first.start, last.next) ?? '';
    const cut = whole.length > longestText ? `${whole.slice(0, longestText)}…` : whole;
    const text = cut
      .replace(/[\r\n]+$/, '')
      .split('\n')
      .map((line) => maskSecrets(readable(line)))
      .join('\n');
    return { file: file?.path ?? '', line: first.line, endLine: last.line, text, why };
  });
}

/** Neighbouring statements with one reason as one leftover. `statements` are in order. */
export function joinLeftovers(statements: readonly Statement[], whyOf: (statement: Statement) => string): Leftover[] {
  const joined: { first: Statement; last: Statement; why: string }[] = [];
  for (const statement of statements) {
    const why = whyOf(statement);
    const open = joined.at(-1);
    if (open?.why === why && open.last.file === statement.file && open.last.line + 1 === statement.line)
      open.last = statement;
    else joined.push({ first: statement, last: statement, why });
  }
  return joined;
}
