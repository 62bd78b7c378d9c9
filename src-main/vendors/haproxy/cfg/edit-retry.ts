import { AppError } from '../../../contract/errors.ts';
import { poolSchema } from '../../../contract/model.ts';
import { replaceArguments } from './edit-check-rules.ts';
import type { Editor } from './editor.ts';
import { causes, readRetryOn, type Retry } from './retry-words.ts';

/**
 * Writes what is tried again and where: `retry-on` with the words that the model has none for kept, and `option redispatch`. Lines that
 * say so already stay as they are.
 */
export function setRetryLines(editor: Editor, pool: string, desired: unknown): void {
  const wanted = poolSchema.shape.retry.safeParse(desired);
  if (!wanted.success) throw new AppError('PLAN_INVALID', `The retry wanted for the pool "${pool}" is none.`);
  const { when = [], statuses = [], redispatch } = wanted.data ?? {};
  const now = editor.pool(pool).settings.own('retry-on').at(-1);
  const { others, ...said } = readRetryOn(now?.args ?? []);
  const isThere = String(said.when) === String(sortedCauses(when)) && String(said.statuses) === String(statuses);
  if (!isThere) {
    const words = Object.entries(causes).flatMap(([word, cause]) => (when.includes(cause) ? [word] : []));
    setWords(editor, pool, 'retry-on', [...words, ...others, ...statuses.map(String)].join(' '));
  }
  setRedispatch(editor, pool, redispatch);
}

function sortedCauses(when: NonNullable<Retry['when']>): readonly string[] {
  return Object.values(causes).filter((cause) => when.includes(cause));
}

function setWords(editor: Editor, pool: string, keyword: string, text: string): void {
  const { settings } = editor.pool(pool);
  const own = settings.own(keyword).at(-1);
  if (own !== undefined) editor.refuseBroken(own.statement);
  if (own === undefined && text !== '') insert(editor, pool, `${keyword} ${text}`);
  else if (own !== undefined)
    editor.apply([text === '' ? editor.removeLine(own.statement) : replaceArguments(own.statement, 1, text)]);
}

function setRedispatch(editor: Editor, pool: string, wanted: boolean | undefined): void {
  const own = editor.pool(pool).settings.own('option redispatch').at(-1);
  if (own !== undefined) {
    if (wanted === !own.isNegated) return;
    editor.refuseBroken(own.statement);
    editor.apply([editor.removeLine(own.statement)]);
  }
  const inherited = editor.pool(pool).settings.last('option redispatch', true);
  if (wanted === undefined || inherited?.isNegated === !wanted) return;
  insert(editor, pool, `${wanted ? '' : 'no '}option redispatch`);
}

function insert(editor: Editor, pool: string, line: string): void {
  const { section } = editor.pool(pool);
  const [first] = section.statements;
  editor.apply([editor.insertAfter(section.header, `${first === undefined ? '    ' : editor.indent(first)}${line}`)]);
}
