import { AppError } from '../../../contract/errors.ts';
import type { AlgorithmSettings } from '../../../contract/model.ts';
import {
  findAlgorithmLines,
  haproxyAlgorithms,
  readAlgorithm,
  statementSource,
  writeBalance,
  writeHashLines,
} from './algorithm.ts';
import { parkedMark, type Statement } from './document.ts';
import type { WordOptions } from './edit-server.ts';
import type { Editor, PoolPlace, Splice } from './editor.ts';
import type { Setting } from './settings.ts';
import { quoteWord } from './quoting.ts';
import { writable } from './text.ts';
import { isBlank, splitWords } from './words.ts';

const hashKeywords = ['hash-type', 'hash-balance-factor'] as const;

/**
 * Writes a pool's algorithm into its own section: the arguments of its `balance`, `hash-type` and `hash-balance-factor` lines.
 * A line that is missing is written below the section's head, hash lines below `balance`. A line that must go and stands just
 * so is taken out; one that stands elsewhere or has a comment is kept as the comment `# steelyard: ...` and put back in place
 * when it is wanted again. Throws CAPABILITY_MISSING where HAProxy has no words for the settings.
 */
export function setAlgorithm(
  editor: Editor,
  pool: string,
  desired: AlgorithmSettings | undefined,
  options: WordOptions,
): void {
  const place = editor.pool(pool);
  for (const keyword of ['balance', ...hashKeywords]) {
    for (const { statement } of place.settings.own(keyword)) refuseUneditable(editor, pool, statement);
  }
  if (desired === undefined || (options.leavesInheritedOut && isInherited(editor, place, desired))) {
    for (const keyword of [...hashKeywords].reverse()) {
      dropLine(editor, pool, keyword, 'if it stands as written by us');
      if (ownLine(editor, pool, keyword) === undefined) unpark(editor, pool, keyword);
    }
    dropLine(editor, pool, 'balance', 'in any case');
    return;
  }
  const wanted = tidy(desired);
  const lines = linesFor(wanted);
  const hadBalance = ownLine(editor, pool, 'balance') !== undefined;
  writeLine(editor, pool, 'balance', lines.balance, true);
  for (const keyword of hashKeywords) {
    const source = lines.hash.find((line) => line.split(/[ \t]/)[0] === keyword);
    if (options.leavesInheritedOut && isGiven(editor.pool(pool), keyword, source)) continue;
    if (source !== undefined) writeLine(editor, pool, keyword, source, hadBalance);
    else if (lines.isWhole || heeds(wanted, keyword)) dropLine(editor, pool, keyword, 'in any case');
  }
  const found = algorithmOf(editor, editor.pool(pool), options.leavesInheritedOut);
  if (JSON.stringify(strip(found)) !== JSON.stringify(strip(wanted))) {
    throw new AppError('CAPABILITY_MISSING', unsayable(pool, wanted, found));
  }
}

interface WantedLines {
  readonly balance: string;
  readonly hash: readonly string[];
  /** True where `hash` names every hash line that is to stand there, also one without effect. */
  readonly isWhole: boolean;
}

/** The lines in the device's own words where `native` still says the same as the settings, else in the plainest words. */
function linesFor(wanted: AlgorithmSettings): WantedLines {
  const plain = writeHashLines(wanted);
  const native = wanted.native === undefined ? undefined : readNative(wanted.native, plain);
  if (native && JSON.stringify(strip(native.settings)) === JSON.stringify(strip(wanted))) return native.lines;
  const words = writeBalance(wanted);
  if (words === undefined) {
    const known = haproxyAlgorithms.join(', ');
    throw new AppError('CAPABILITY_MISSING', `HAProxy cannot balance by ${wanted.name}; it can by ${known}.`);
  }
  if (wanted.hash === 'maglev' || wanted.hash === 'rendezvous') {
    throw new AppError('CAPABILITY_MISSING', `HAProxy cannot hash by ${wanted.hash}; it can by ring and modulo.`);
  }
  return { balance: `balance ${words.map(quoteWord).join(' ')}`, hash: plain.map((line) => line), isWhole: false };
}

/** What a `native` text says, undefined where it is no text that could stand in a file. */
function readNative(
  native: string,
  plain: readonly string[],
): { settings: AlgorithmSettings | undefined; lines: WantedLines } | undefined {
  const [first = '', ...more] = native.split('\n').map(writable);
  const sources = [first === '' ? 'balance' : `balance ${first}`, ...more];
  for (const keyword of hashKeywords) {
    const isSaid = more.some((line) => line.startsWith(keyword));
    if (!isSaid) sources.push(...plain.filter((line) => line.startsWith(`${keyword} `)));
  }
  const text = sources.join('\n');
  const statements = sources.map((source) => asStatement(source));
  const isSound = statements.every(
    (statement, index) =>
      statement !== undefined &&
      (index === 0 ||
        (statement.words.length > 1 && hashKeywords.some((keyword) => keyword === statement.words[0].value))),
  );
  if (!isSound || text.includes('\r')) return undefined;
  function settingOf(keyword: string): Setting | undefined {
    const statement = statements.find((each) => each?.words[0].value === keyword);
    if (!statement) return undefined;
    return { statement, isNegated: false, args: statement.words.slice(1).map((word) => word.value) };
  }
  const found = {
    balance: settingOf('balance'),
    hashType: settingOf('hash-type'),
    factor: settingOf('hash-balance-factor'),
  };
  const settings = readAlgorithm(found, (statement) => sources[statements.indexOf(statement)] ?? '');
  return { settings, lines: { balance: sources[0] ?? '', hash: sources.slice(1), isWhole: true } };
}

function asStatement(source: string): Statement | undefined {
  const { words, ...rest } = splitWords(source, 0, source.length, () => undefined);
  const [first, ...others] = words;
  const isWhole = first?.start === 0 && (others.at(-1) ?? first).end === source.length && rest.commentAt < 0;
  if (first === undefined || !isWhole || rest.problem !== undefined) return undefined;
  return { file: 0, line: 1, start: 0, next: source.length, words: [first, ...others], ...rest, branch: 0 };
}

function ownLine(editor: Editor, pool: string, keyword: string): Statement | undefined {
  return editor.pool(pool).settings.own(keyword).at(-1)?.statement;
}

/**
 * Brings a line to say `source`: the words of the one that stands there, one that was parked, or a new one. Where the section
 * had no `balance` of its own, its hash lines worked on an inherited one: they are parked, not changed.
 */
function writeLine(editor: Editor, pool: string, keyword: string, source: string, mayChange: boolean): void {
  const standing = ownLine(editor, pool, keyword);
  if (standing && !mayChange) park(editor, standing);
  else if (standing && statementText(editor, standing) === source) return;
  else if (!standing) unpark(editor, pool, keyword);
  const line = ownLine(editor, pool, keyword);
  if (line) {
    editor.apply(changeWords(editor, line, source));
    return;
  }
  const place = editor.pool(pool);
  const above = keyword === 'balance' ? place.section.header : lastPlaced(editor, place, keyword);
  const below = place.section.statements[0];
  const indent = keyword === 'balance' ? (below ? editor.indent(below) : '    ') : editor.indent(above);
  editor.apply([editor.insertAfter(above, `${indent}${source}`)]);
}

/** The splices that turn a line's words into those of `source`, each word on its own where the blanks can stay. */
function changeWords(editor: Editor, line: Statement, source: string): readonly Splice[] {
  const text = editor.text(line);
  const wanted = splitWords(source, 0, source.length, () => undefined).words;
  const [, ...old] = line.words;
  const lastEnd = line.words.at(-1)?.end ?? line.words[0].end;
  const isOneSpaced = wanted.every((word, index) => index === 0 || word.start === (wanted[index - 1]?.end ?? 0) + 1);
  if (!isOneSpaced || wanted.length - 1 !== old.length) {
    const first = wanted.length < 2 ? line.words[0].end : (old[0]?.start ?? line.words[0].end);
    const head = old.length === 0 && wanted.length > 1 ? ' ' : '';
    return [
      {
        file: line.file,
        start: first,
        end: lastEnd,
        text: `${head}${source.slice(wanted[1]?.start ?? source.length)}`,
      },
    ];
  }
  return old.flatMap((word, index) => {
    const target = wanted[index + 1];
    const replacement = target ? source.slice(target.start, target.end) : '';
    return text.slice(word.start, word.end) === replacement
      ? []
      : [{ file: line.file, start: word.start, end: word.end, text: replacement }];
  });
}

/** Takes a line out of force, where there is one. */
function dropLine(
  editor: Editor,
  pool: string,
  keyword: string,
  when: 'in any case' | 'if it stands as written by us',
): void {
  for (let line = ownLine(editor, pool, keyword); line !== undefined; line = ownLine(editor, pool, keyword)) {
    if (isPlaced(editor, editor.pool(pool), line)) editor.apply([editor.removeLine(line)]);
    else if (when === 'in any case') park(editor, line);
    else return;
  }
}

function park(editor: Editor, line: Statement): void {
  const at = line.words[0].start;
  editor.apply([{ file: line.file, start: at, end: at, text: parkedMark }]);
}

/** Puts a parked line of this keyword back in force, where there is one. */
function unpark(editor: Editor, pool: string, keyword: string): void {
  const { section } = editor.pool(pool);
  const parked = section.parked.filter(({ statement }) => statement.words[0].value === keyword).at(-1);
  if (!parked || parked.statement.problem !== undefined) return;
  editor.apply([{ file: parked.statement.file, start: parked.at, end: parked.at + parkedMark.length, text: '' }]);
}

/** True for a line that stands exactly where and how `writeLine` would write a new one, so that taking it out loses nothing. */
function isPlaced(editor: Editor, place: PoolPlace, line: Statement): boolean {
  const keyword = line.words[0].value;
  const isBalance = keyword === 'balance';
  const above = isBalance ? place.section.header : lastPlaced(editor, place, keyword);
  const below = isBalance ? place.section.statements[place.section.statements.indexOf(line) + 1] : above;
  const indent = below ? editor.indent(below) : '    ';
  const source = statementText(editor, line);
  const isSpaced = /^\S+ \S/.test(source) && !isBlank(source.charCodeAt(source.length - 1));
  const isSameBreak = editor.lineBreak(line) === editor.lineBreak(above) || editor.lineBreak(line) === '';
  return (
    line.file === above.file &&
    line.start === above.next &&
    line.branch === above.branch &&
    editor.indent(line) === indent &&
    isSpaced &&
    isSameBreak &&
    editor.isBare(line)
  );
}

/** The line below which a hash line belongs: `balance`, and for the factor a `hash-type` that stands right below it. */
function lastPlaced(editor: Editor, place: PoolPlace, keyword: string): Statement {
  const balance = place.settings.own('balance').at(-1)?.statement ?? place.section.header;
  const hashType = place.settings.own('hash-type').at(-1)?.statement;
  const isBelow = keyword === 'hash-balance-factor' && hashType?.start === balance.next && editor.isBare(hashType);
  return isBelow ? hashType : balance;
}

function statementText(editor: Editor, statement: Statement): string {
  return editor.text(statement).slice(statement.words[0].start, statement.words.at(-1)?.end);
}

/** True where the section has no such line, and the one that it inherits says the same as `source`. */
function isGiven({ settings }: PoolPlace, keyword: string, source: string | undefined): boolean {
  const inherited = settings.parent?.last(keyword, true);
  return (
    settings.own(keyword).length === 0 &&
    source !== undefined &&
    source === [keyword, ...(inherited?.args ?? [])].join(' ')
  );
}

function algorithmOf(editor: Editor, { settings }: PoolPlace, isInherited: boolean): AlgorithmSettings | undefined {
  return readAlgorithm(findAlgorithmLines(settings, isInherited), (statement) =>
    statementSource(editor.text(statement), statement),
  );
}

/** True where the pool would run the wanted algorithm without lines of its own, and those it has can be taken out. */
function isInherited(editor: Editor, { settings, section }: PoolPlace, wanted: AlgorithmSettings): boolean {
  const { parent } = settings;
  if (parent === undefined) return false;
  const own = ['balance', ...hashKeywords].flatMap((keyword) => settings.own(keyword));
  const place = { name: '', section, settings, lines: [] };
  if (!own.every(({ statement }) => isPlaced(editor, place, statement))) return false;
  const inherited = readAlgorithm(findAlgorithmLines(parent, true), (statement) =>
    statementSource(editor.text(statement), statement),
  );
  return JSON.stringify(strip(inherited)) === JSON.stringify(strip(tidy(wanted)));
}

/** One spelling for each wish: HAProxy's `random(2)` has its own neutral name. */
function tidy(settings: AlgorithmSettings): AlgorithmSettings {
  const { choices, ...rest } = settings;
  if (settings.name !== 'random' || choices === undefined || choices > 2) return settings;
  return { ...rest, name: choices === 2 ? 'random-two-choices' : 'random' };
}

/** The settings without the device's own words and without what says nothing, their keys in one order. */
function strip(settings: AlgorithmSettings | undefined): readonly (readonly [string, unknown])[] {
  return Object.entries(settings ?? {})
    .filter(([key, value]) => key !== 'native' && value !== undefined && (value !== false || key === 'weighted'))
    .filter(([key, value]) => !(key === 'weighted' && value === true) && !(key === 'per' && value === 'member'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Whether a line of this keyword has an effect on the algorithm. */
function heeds(settings: AlgorithmSettings, keyword: (typeof hashKeywords)[number]): boolean {
  const isHash = settings.name.endsWith('-hash');
  return keyword === 'hash-type' ? isHash : settings.hash === 'ring' || settings.name.startsWith('random');
}

function refuseUneditable(editor: Editor, pool: string, statement: Statement): void {
  editor.refuseBroken(statement);
  if (!statement.words.some((word) => word.hasVariable)) return;
  const why = 'it is taken from an environment variable. Change the variable, or write the algorithm here by hand';
  throw editor.refusal(
    'CAPABILITY_MISSING',
    statement,
    `The algorithm of the pool "${pool}" cannot be changed: ${why}.`,
  );
}

function unsayable(pool: string, wanted: AlgorithmSettings, found: AlgorithmSettings | undefined): string {
  const shown = new Set(strip(found).map((entry) => JSON.stringify(entry)));
  const lost = strip(wanted)
    .filter((entry) => !shown.has(JSON.stringify(entry)))
    .map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const what = lost.length > 0 ? lost.join(', ') : 'these settings together';
  return `HAProxy has no words for ${what} of the algorithm ${wanted.name}, wanted for the pool "${pool}".`;
}
