import type { SourceFile } from '../../vendor.ts';
import { evaluateCondition, type Surroundings } from './conditions.ts';
import { proxyKeywords, proxyStatements, sectionKeywords } from './sections.ts';
import { asByteText } from './text.ts';
import { isBlank, type LookUp, splitWords, type Word } from './words.ts';

/** A line that says something. Offsets are bytes in its file; `next` is where the following line starts. */
export interface Statement {
  readonly file: number;
  readonly line: number;
  readonly start: number;
  readonly next: number;
  readonly words: readonly [Word, ...Word[]];
  readonly commentAt: number;
  readonly stop: number;
  readonly problem: string | undefined;
  /** The innermost branch of a `.if` block that it stands in, 0 outside. Statements of one branch come and go together. */
  readonly branch: number;
}

/** A statement that an edit has put out of force by writing `# steelyard: ` before it; `at` is where that comment starts. */
export interface Parked {
  readonly statement: Statement;
  readonly at: number;
}

export interface Section {
  readonly keyword: string;
  readonly name: string;
  readonly from: string | undefined;
  readonly header: Statement;
  readonly statements: readonly Statement[];
  readonly parked: readonly Parked[];
}

/** A line that stands in no section, or steers the reading, or is not in force. */
export interface Aside {
  readonly statement: Statement;
  readonly why: string;
}

export interface CfgFile {
  readonly path: string;
  readonly text: string;
}

/** The concrete syntax of a configuration: its files in their order, cut into sections. Every byte is still in `files`. */
export interface CfgDocument {
  readonly files: readonly CfgFile[];
  readonly sections: readonly Section[];
  readonly asides: readonly Aside[];
}

/** The start of the comment that keeps a line out of force, to be put back in place later. */
export const parkedMark = '# steelyard: ';

type BranchState = 'taken' | 'perhaps' | 'dropped';

interface OpenSection {
  keyword: string;
  header: Statement;
  statements: Statement[];
  parked: Parked[];
  isIndented: boolean;
}

interface Block {
  branch: number;
  state: BranchState;
  /** What the branches before this one leave: nothing where one of them was surely taken. */
  rest: BranchState;
}

/** Reads files in the order in which HAProxy is given them (`-f`). Never throws. */
export function readDocument(files: readonly SourceFile[], surroundings: Surroundings = {}): CfgDocument {
  return readTexts(
    files.map((file) => ({ path: file.path, text: asByteText(file.bytes) })),
    surroundings,
  );
}

/** The same of files that are already text of one character per byte. */
export function readTexts(files: readonly CfgFile[], surroundings: Surroundings): CfgDocument {
  const reader = new DocumentReader(surroundings);
  for (const [index, file] of files.entries()) reader.readFile(index, file.text);
  return { files, sections: reader.sections, asides: reader.asides };
}

/** One pass over the lines; holds the section and the conditional blocks that are open. */
class DocumentReader {
  readonly sections: Section[] = [];
  readonly asides: Aside[] = [];
  private readonly surroundings: Surroundings;
  private readonly lookUp: LookUp;
  private section: OpenSection | undefined;
  private blocks: Block[] = [];
  private branches = 0;
  private dropped = 0;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
    const { environment } = surroundings;
    this.lookUp = (name) =>
      environment === undefined ? undefined : Object.hasOwn(environment, name) ? environment[name] : null;
  }

  readFile(file: number, text: string): void {
    this.blocks = [];
    this.dropped = 0;
    let start = 0;
    for (let line = 1; start < text.length; line += 1) {
      const feed = text.indexOf('\n', start);
      const end = feed < 0 ? text.length : feed;
      const next = feed < 0 ? text.length : feed + 1;
      this.readLine({ file, line, start, end, next }, text);
      start = next;
    }
    this.closeSection();
  }

  private readLine(
    place: { file: number; line: number; start: number; end: number; next: number },
    text: string,
  ): void {
    let from = place.start;
    while (from < place.end && (isBlank(text.charCodeAt(from)) || text.charCodeAt(from) === 0x0d)) from += 1;
    if (from === place.end) return;
    const parkedAt = text.startsWith(parkedMark, from) ? from : -1;
    if (text.charAt(from) === '#' && parkedAt < 0) return;
    const { words, ...rest } = splitWords(text, parkedAt < 0 ? from : from + parkedMark.length, place.end, this.lookUp);
    const [first, ...others] = words;
    if (first === undefined) return;
    const { file, line, start, next } = place;
    const branch = this.blocks.at(-1)?.branch ?? 0;
    const statement: Statement = { file, line, start, next, words: [first, ...others], ...rest, branch };
    if (parkedAt >= 0) this.section?.parked.push({ statement, at: parkedAt });
    else this.place(statement);
  }

  private place(statement: Statement): void {
    const [{ value: keyword, start }] = statement.words;
    if (keyword.startsWith('.')) {
      this.readDirective(keyword, statement);
      this.asides.push({ statement, why: 'a directive of the preprocessor' });
    } else if (this.dropped > 0) {
      this.asides.push({ statement, why: 'not in force: the condition of its block is false' });
    } else if (sectionKeywords.has(keyword) || this.looksLikeSection(keyword, start === statement.start)) {
      this.closeSection();
      this.section = { keyword, header: statement, statements: [], parked: [], isIndented: true };
    } else if (this.section === undefined) {
      this.asides.push({ statement, why: 'it stands in no section' });
    } else {
      if (start === statement.start) this.section.isIndented = false;
      this.section.statements.push(statement);
    }
  }

  /** An unknown word at the margin after statements that are all indented opens a section of a version yet to come. */
  private looksLikeSection(keyword: string, isAtMargin: boolean): boolean {
    const open = this.section;
    if (open === undefined || !isAtMargin || !open.isIndented || open.statements.length === 0) return false;
    if (open.header.words[0].start !== open.header.start) return false;
    return /^[a-z][a-z0-9_-]*$/.test(keyword) && !(proxyKeywords.has(open.keyword) && proxyStatements.has(keyword));
  }

  private readDirective(keyword: string, statement: Statement): void {
    const open = this.blocks.at(-1);
    if (keyword === '.if') {
      const state = this.verdict(statement);
      const block: Block = { branch: 0, state: 'taken', rest: remaining('taken', state) };
      this.blocks.push(block);
      this.enterBranch(block, state);
    } else if (open !== undefined && keyword === '.elif') {
      const state = this.verdict(statement);
      this.enterBranch(open, weaker(open.rest, state));
      open.rest = remaining(open.rest, state);
    } else if (open !== undefined && keyword === '.else') {
      this.enterBranch(open, open.rest);
    } else if (keyword === '.endif') {
      if (this.blocks.pop()?.state === 'dropped') this.dropped -= 1;
    }
  }

  private enterBranch(block: Block, state: BranchState): void {
    this.dropped += (state === 'dropped' ? 1 : 0) - (block.state === 'dropped' ? 1 : 0);
    this.branches += 1;
    block.branch = this.branches;
    block.state = state;
  }

  private verdict(statement: Statement): BranchState {
    const [, ...words] = statement.words;
    const verdict = evaluateCondition(words.map((word) => word.value).join(' '), this.surroundings);
    return verdict === undefined ? 'perhaps' : verdict ? 'taken' : 'dropped';
  }

  private closeSection(): void {
    const open = this.section;
    this.section = undefined;
    if (open === undefined) return;
    const { keyword, header, statements, parked } = open;
    const words = header.words.map((word) => word.value);
    const from = proxyKeywords.has(keyword) ? words.indexOf('from', 1) : -1;
    const named = keyword === 'global' || from === 1 ? '' : (words[1] ?? '');
    this.sections.push({
      keyword,
      name: named,
      from: from < 0 ? undefined : words[from + 1],
      header,
      statements,
      parked,
    });
  }
}

const order = ['dropped', 'perhaps', 'taken'] as const;

function weaker(left: BranchState, right: BranchState): BranchState {
  return order.indexOf(left) < order.indexOf(right) ? left : right;
}

/** What is left for the branches after one of this verdict. */
function remaining(before: BranchState, verdict: BranchState): BranchState {
  return weaker(before, verdict === 'taken' ? 'dropped' : verdict === 'perhaps' ? 'perhaps' : 'taken');
}
