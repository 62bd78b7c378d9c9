import type { MonitorStep } from '../../../contract/model.ts';
import { ownRules } from './check-method.ts';
import { type CheckKeyword, keyOfCheck, readStep } from './check-steps.ts';
import { requestPairs, stepText } from './check-words.ts';
import type { Statement } from './document.ts';
import type { Editor, Splice } from './editor.ts';
import { quoteWord, requoteWord } from './quoting.ts';
import { maskSecrets } from './secrets.ts';
import type { Setting } from './settings.ts';
import type { Word } from './words.ts';

interface Rule {
  readonly setting: Setting;
  readonly key: string;
}

/**
 * Writes the rules of a section's check: those that stay keep their bytes, wherever they stand; where one takes the place of another
 * it takes its line. New ones follow the rule before them, the first the option's line.
 */
export function setRules(
  editor: Editor,
  pool: string,
  keyword: CheckKeyword,
  steps: readonly MonitorStep[],
  option: () => Statement,
): void {
  const old = readRules(editor, pool, keyword);
  const keys = steps.map(keyOfCheck);
  let head = 0;
  while (head < old.length && head < keys.length && old[head]?.key === keys[head]) head += 1;
  let tail = 0;
  while (
    tail < Math.min(old.length, keys.length) - head &&
    old[old.length - 1 - tail]?.key === keys[keys.length - 1 - tail]
  ) {
    tail += 1;
  }
  const changed = steps.slice(head, steps.length - tail);
  const replaced = old.slice(head, old.length - tail);
  for (const extra of replaced.slice(changed.length).toReversed())
    editor.apply([editor.removeLine(extra.setting.statement)]);
  for (const [index, step] of changed.entries()) {
    const rules = readRules(editor, pool, keyword);
    const { setting } =
      index < replaced.length ? (rules[head + index] ?? { setting: undefined }) : { setting: undefined };
    if (setting === undefined) {
      const after = rules[head + index - 1]?.setting.statement ?? option();
      const text = `${keyword} ${stepText(keyword, step, editor.version)}`;
      editor.apply([editor.insertAfter(after, `${editor.indent(after)}${text}`)]);
    } else editor.apply(rewrite(editor, setting, keyword, step));
  }
}

function readRules(editor: Editor, pool: string, keyword: CheckKeyword): readonly Rule[] {
  return ownRules(editor.pool(pool).settings, keyword).map((setting) => {
    const { statement, args } = setting;
    editor.refuseBroken(statement);
    const start = statement.words[1]?.start ?? statement.words[0].end;
    const source = editor.text(statement).slice(start, statement.words.at(-1)?.end);
    return { setting, key: keyOfCheck(readStep(keyword, args, maskSecrets(source))) };
  });
}

function rewrite(editor: Editor, setting: Setting, keyword: CheckKeyword, step: MonitorStep): readonly Splice[] {
  const { statement, args } = setting;
  if (args[0] === 'send' && step.request !== undefined && step.comment === undefined && !args.includes('comment')) {
    return rewriteRequest(editor, statement, step.request);
  }
  return [replaceArguments(statement, 1, stepText(keyword, step, editor.version))];
}

/** The words of a statement from number `from` on give way to others. */
export function replaceArguments(statement: Statement, from: number, text: string): Splice {
  const before = statement.words[from - 1]?.end ?? statement.words[0].end;
  const end = statement.words.at(-1)?.end ?? before;
  return { file: statement.file, start: before, end, text: text === '' ? '' : ` ${text}` };
}

/** Keywords that stay keep their place and their quotes; new ones are added at the end. */
function rewriteRequest(
  editor: Editor,
  statement: Statement,
  request: NonNullable<MonitorStep['request']>,
): readonly Splice[] {
  const left = requestPairs(request).map((words) => [...words]);
  const text = editor.text(statement);
  const parts: string[] = [];
  for (let at = 2; at < statement.words.length; at += 2) {
    const [keyword, first, second] = [statement.words[at], statement.words[at + 1], statement.words[at + 2]];
    const isHeader = keyword?.value === 'hdr';
    if (isHeader) at += 1;
    const found = left.findIndex(
      ([name, header]) =>
        name === keyword?.value && (!isHeader || header?.toLowerCase() === first?.value.toLowerCase()),
    );
    const [pair] = found < 0 ? [] : left.splice(found, 1);
    if (pair === undefined || first === undefined) continue;
    const value = isHeader ? second : first;
    const wanted = pair.at(-1) ?? '';
    const name = isHeader ? `${text.slice(first.start, first.end)} ` : '';
    if (value !== undefined) parts.push(`${pair[0] ?? ''} ${name}${rewritten(text, value, wanted, pair)}`);
  }
  for (const [keyword = '', ...args] of left) parts.push(`${keyword} ${args.map(quoteWord).join(' ')}`);
  return [replaceArguments(statement, 2, parts.join(' '))];
}

function rewritten(text: string, value: Word, wanted: string, pair: readonly string[]): string {
  const source = text.slice(value.start, value.end);
  const isMasked = pair[0] === 'hdr' && maskSecrets(`${pair[1] ?? ''}: ${value.value}`).endsWith(wanted);
  if (value.value === wanted || isMasked || maskSecrets(value.value) === wanted) return source;
  return requoteWord(source, wanted);
}
