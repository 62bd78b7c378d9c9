import type { AdminState } from '../../../contract/model.ts';
import { readDrain, writeDrain } from './draining.ts';
import type { Editor, Splice } from './editor.ts';
import { requoteWord, quoteWord } from './quoting.ts';
import type { ServerLine } from './servers.ts';
import { readServerWords, type ServerWord } from './server-words.ts';

/** Says whether a value equal to the inherited one is still to be written in the member's own line. */
export interface WordOptions {
  readonly leavesInheritedOut: boolean;
}

/** The last of the line's own words among `keywords`: the one that counts. */
function lastWord(line: ServerLine, ...keywords: readonly string[]): ServerWord | undefined {
  return readServerWords(line.statement)
    .filter(({ keyword }) => keywords.includes(keyword))
    .at(-1);
}

/**
 * Splices that write `keyword value`: in place where the line has the keyword, else after its last word. `source` is how the value
 * stands in the file where it is no plain word.
 */
export function setWord(
  editor: Editor,
  line: ServerLine,
  keyword: string,
  value: string,
  source?: string,
): readonly Splice[] {
  const { statement } = line;
  const argument = lastWord(line, keyword)?.args[0];
  if (!argument) return [append(editor, line, `${keyword} ${source ?? quoteWord(value)}`)];
  refuseVariable(editor, line, keyword, argument.hasVariable);
  const old = editor.text(statement).slice(argument.start, argument.end);
  const text = source ?? requoteWord(old, value);
  return [{ file: statement.file, start: argument.start, end: argument.end, text }];
}

/** Splices that take every such word out of the line, with the blanks before it. */
export function removeWords(editor: Editor, line: ServerLine, ...keywords: readonly string[]): readonly Splice[] {
  const { statement } = line;
  return readServerWords(statement)
    .filter(({ keyword }) => keywords.includes(keyword))
    .map(({ keyword, word, args }) => {
      refuseVariable(
        editor,
        line,
        keyword,
        args.some((each) => each.hasVariable),
      );
      const before = statement.words[statement.words.indexOf(word) - 1];
      return { file: statement.file, start: before?.end ?? word.start, end: args.at(-1)?.end ?? word.end, text: '' };
    });
}

/** Splices that write a flag: over its opposite where the line has one of the two, else after the last word. */
export function setFlag(editor: Editor, line: ServerLine, flag: string, opposite: string): readonly Splice[] {
  const found = lastWord(line, flag, opposite);
  if (!found) return [append(editor, line, flag)];
  if (found.keyword === flag) return [];
  return [{ file: line.statement.file, start: found.word.start, end: found.word.end, text: flag }];
}

/** True where the word stands as an edit would have appended it: last on the line, one blank before it. */
export function isAppended(editor: Editor, line: ServerLine, ...keywords: readonly string[]): boolean {
  const words = readServerWords(line.statement);
  const last = words.at(-1);
  if (!last || !keywords.includes(last.keyword)) return false;
  if (words.filter(({ keyword }) => keywords.includes(keyword)).length > 1) return false;
  const at = line.statement.words.indexOf(last.word);
  const before = line.statement.words[at - 1];
  return [last.word, ...last.args].every((word, index, all) => {
    const previous = index === 0 ? before : all[index - 1];
    return previous !== undefined && editor.text(line.statement).slice(previous.end, word.start) === ' ';
  });
}

/** After the line's last word; before the `weight 0` that a drain has appended, which is the first to go again. */
function append(editor: Editor, line: ServerLine, text: string): Splice {
  const { file, words } = line.statement;
  const drain = readDrain(editor.text(line.statement), line.statement);
  const weight = drain && drain.weight === undefined ? readServerWords(line.statement).at(-1) : undefined;
  const last = weight?.keyword === 'weight' ? words[words.indexOf(weight.word) - 1] : words.at(-1);
  const at = (last ?? words[0]).end;
  return { file, start: at, end: at, text: ` ${text}` };
}

function refuseVariable(editor: Editor, line: ServerLine, keyword: string, hasVariable: boolean): void {
  if (!hasVariable) return;
  const why = `its ${keyword} is taken from an environment variable. Change the variable, or write a number here by hand`;
  throw editor.refusal('CAPABILITY_MISSING', line.statement, `The member "${line.name}" cannot be changed: ${why}.`);
}

/** Puts a drain on the line: `weight 0`, and what stood there in a comment at the end. */
export function startDrain(editor: Editor, pool: string, member: string): void {
  const line = editor.member(pool, member);
  const { statement } = line;
  const argument = lastWord(line, 'weight')?.args[0];
  const source = argument && editor.text(statement).slice(argument.start, argument.end);
  if (source !== undefined && /\s/.test(source)) {
    throw editor.refusal('PLAN_INVALID', statement, `The weight ${source} is no number, so no drain can keep it.`);
  }
  const weight = setWord(editor, line, 'weight', '0');
  const text = editor.text(statement);
  let end = statement.next - editor.lineBreak(statement).length;
  if (statement.commentAt < 0) end = statement.stop;
  else while (end > statement.commentAt && text.charAt(end - 1) === '\r') end -= 1;
  const isAppendedThere = weight[0]?.start === end;
  const mark = writeDrain(source);
  if (isAppendedThere) editor.apply(weight.map((splice) => ({ ...splice, text: `${splice.text}${mark}` })));
  else editor.apply([...weight, { file: statement.file, start: end, end, text: mark }]);
}

/** Takes a drain off the line: the bytes are as before it. False where there was none. */
export function endDrain(editor: Editor, pool: string, member: string): boolean {
  const line = editor.member(pool, member);
  const { statement } = line;
  const drain = readDrain(editor.text(statement), statement);
  if (!drain || line.own.get('weight')?.args[0]?.value !== '0') return false;
  const mark = { file: statement.file, start: drain.start, end: drain.end, text: '' };
  const argument = lastWord(line, 'weight')?.args[0];
  if (drain.weight === undefined) editor.apply([...removeWords(editor, line, 'weight'), mark]);
  else if (argument) {
    editor.apply([{ file: statement.file, start: argument.start, end: argument.end, text: drain.weight }, mark]);
  }
  return true;
}

/** Changes the weight that a drained line keeps in its mark. */
export function setDrainedWeight(editor: Editor, line: ServerLine, weight: number | undefined): boolean {
  const { statement } = line;
  const drain = readDrain(editor.text(statement), statement);
  if (!drain || line.own.get('weight')?.args[0]?.value !== '0') return false;
  const text = writeDrain(weight === undefined ? undefined : requoteWord(drain.weight ?? '', String(weight)));
  editor.apply([{ file: statement.file, start: drain.start, end: drain.end, text }]);
  return true;
}

/**
 * Writes the admin state. `disabled` and `enabled` are HAProxy's words; a drain is described in draining.ts. A line that was
 * drained and is enabled again reads byte for byte as before: no word is added where none is needed.
 */
export function setAdminState(
  editor: Editor,
  pool: string,
  member: string,
  desired: AdminState | undefined,
  options: WordOptions,
): void {
  const wasDrained = endDrain(editor, pool, member);
  const line = editor.member(pool, member);
  const written = lastWord(line, 'disabled', 'enabled')?.keyword;
  const inherited = line.inherited.has('disabled') ? 'disabled' : 'enabled';
  const wanted = desired === 'draining' ? 'enabled' : desired;
  const isRemovable = options.leavesInheritedOut || (desired === 'draining' && written === 'disabled');
  if (wanted === undefined) {
    editor.apply(removeWords(editor, line, 'disabled', 'enabled'));
  } else if (isRemovable && wanted === inherited && isAppended(editor, line, 'disabled', 'enabled')) {
    editor.apply(removeWords(editor, line, 'disabled', 'enabled'));
  } else {
    const isNeedless = (wasDrained || isRemovable || desired === 'draining') && wanted === (written ?? inherited);
    if (!isNeedless) editor.apply(setFlag(editor, line, wanted, wanted === 'enabled' ? 'disabled' : 'enabled'));
  }
  if (desired === 'draining') startDrain(editor, pool, member);
}
