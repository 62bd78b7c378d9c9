import { AppError, type ErrorCode } from '../../../contract/errors.ts';
import type { SourceFile } from '../../vendor.ts';
import type { Surroundings } from './conditions.ts';
import { type CfgDocument, type CfgFile, readTexts, type Section, type Statement } from './document.ts';
import { configurationsAmong } from './model.ts';
import { namePools, readServerLines, type ServerLine } from './servers.ts';
import { type Settings, settleDocument } from './settings.ts';
import { asBytes, asByteText } from './text.ts';
import { isBlank } from './words.ts';

/** Bytes `start` to `end` of a file give way to `text` (one character per byte). */
export interface Splice {
  readonly file: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A pool as it stands in the text now. Stale after the next `apply`. */
export interface PoolPlace {
  readonly name: string;
  readonly section: Section;
  readonly settings: Settings;
  readonly lines: readonly ServerLine[];
}

/** The files under the pen: each `apply` changes bytes and reads the result anew. */
export class Editor {
  document: CfgDocument;
  private readonly base: readonly SourceFile[];
  private readonly chosen: readonly SourceFile[];
  private readonly surroundings: Surroundings;

  constructor(base: readonly SourceFile[], surroundings: Surroundings) {
    this.base = base;
    this.surroundings = surroundings;
    this.chosen = base.filter(configurationsAmong(base));
    const files: readonly CfgFile[] = this.chosen.map(({ path, bytes }) => ({ path, text: asByteText(bytes) }));
    this.document = readTexts(files, surroundings);
  }

  /** HAProxy's version, where it is known: what its lines may say hangs on it. */
  get version(): string | undefined {
    return this.surroundings.version;
  }

  /** Splices must not overlap. */
  apply(splices: readonly Splice[]): void {
    if (splices.length === 0) return;
    const ordered = [...splices].sort((a, b) => b.start - a.start);
    const files = this.document.files.map(({ path, text }, file) => {
      let changed = text;
      for (const splice of ordered) {
        if (splice.file === file) changed = changed.slice(0, splice.start) + splice.text + changed.slice(splice.end);
      }
      return { path, text: changed };
    });
    this.document = readTexts(files, this.surroundings);
  }

  /** The pool of this name. Throws PLAN_INVALID where there is none. */
  pool(name: string): PoolPlace {
    const section = [...namePools(this.document.sections)].find(([, poolName]) => poolName === name)?.[0];
    const settings = section && settleDocument(this.document)[this.document.sections.indexOf(section)];
    if (section === undefined || settings === undefined) {
      throw new AppError(
        'PLAN_INVALID',
        `There is no pool "${name}" in ${this.document.files.map(({ path }) => path).join(', ')}.`,
      );
    }
    return { name, section, settings, lines: readServerLines(settings, { templateRoom: 16_384 }) };
  }

  /** The server line of a member that may be changed. Throws PLAN_INVALID, or CAPABILITY_MISSING for one of a template. */
  member(pool: string, name: string): ServerLine {
    const line = this.pool(pool).lines.find((each) => each.name === name);
    if (!line) throw new AppError('PLAN_INVALID', `There is no member "${name}" in the pool "${pool}".`);
    if (line.template !== undefined) {
      const why = `it comes from the server-template "${line.template}", whose one line stands for several members`;
      throw this.refusal(
        'CAPABILITY_MISSING',
        line.statement,
        `The member "${pool}/${name}" cannot be changed alone: ${why}. Write it as a server line of its own.`,
      );
    }
    this.refuseBroken(line.statement);
    return line;
  }

  /** Throws PLAN_INVALID for a line that HAProxy itself would refuse or cut short. */
  refuseBroken(statement: Statement): void {
    const isCut = statement.words.some((word) => word.value === '');
    const why = statement.problem ?? (isCut ? 'it holds an empty word, at which HAProxy stops reading' : undefined);
    if (why !== undefined)
      throw this.refusal('PLAN_INVALID', statement, `The line cannot be changed: ${why}. Mend it first.`);
  }

  /** An error about a statement: its file and line lead. */
  refusal(code: ErrorCode, statement: Statement, detail: string): AppError {
    return new AppError(code, `${this.place(statement)}: ${detail}`);
  }

  place(statement: Statement): string {
    return `${this.document.files[statement.file]?.path ?? ''}:${statement.line}`;
  }

  text(statement: Statement): string {
    return this.document.files[statement.file]?.text ?? '';
  }

  /** The blanks before a statement's first word. */
  indent(statement: Statement): string {
    return this.text(statement).slice(statement.start, statement.words[0].start);
  }

  /** The line's end: LF, or CR LF; empty on a last line without one. */
  lineBreak(statement: Statement): string {
    const text = this.text(statement);
    if (text.charAt(statement.next - 1) !== '\n') return '';
    return text.charAt(statement.next - 2) === '\r' && statement.next - 2 >= statement.start ? '\r\n' : '\n';
  }

  /** A new line after a statement's line, with the same line break. */
  insertAfter(statement: Statement, line: string): Splice {
    const lineBreak = this.lineBreak(statement);
    const text = lineBreak === '' ? `${this.guessBreak(statement)}${line}` : `${line}${lineBreak}`;
    return { file: statement.file, start: statement.next, end: statement.next, text };
  }

  /** A statement's whole line taken out; of a last line without a line break the break before it goes instead. */
  removeLine(statement: Statement): Splice {
    const text = this.text(statement);
    let { start } = statement;
    if (this.lineBreak(statement) === '' && start > 0) {
      start -= text.startsWith('\r\n', start - 2) ? 2 : 1;
    }
    return { file: statement.file, start, end: statement.next, text: '' };
  }

  /** True where nothing but one-space words stands on the line: no comment, no blanks at the end. */
  isBare(statement: Statement): boolean {
    const text = this.text(statement);
    const last = statement.words.at(-1)?.end ?? statement.words[0].end;
    return last === statement.next - this.lineBreak(statement).length && !isBlank(text.charCodeAt(last));
  }

  /** The files as they are now: one that nothing changed is the very same object as in the base. */
  result(): readonly SourceFile[] {
    return this.base.map((file) => {
      const index = this.chosen.indexOf(file);
      const text = this.document.files[index]?.text;
      return text === undefined || text === asByteText(file.bytes) ? file : { path: file.path, bytes: asBytes(text) };
    });
  }

  private guessBreak(statement: Statement): string {
    return this.text(statement).slice(0, statement.start).endsWith('\r\n') ? '\r\n' : '\n';
  }
}
