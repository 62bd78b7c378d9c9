import { AppError } from '../../../contract/errors.ts';
import type { DevicePool } from '../../../contract/model.ts';
import { keyOfCheck } from './check-steps.ts';
import { setRetryLines } from './edit-retry.ts';
import { removeWords, setWord } from './edit-server.ts';
import type { Editor } from './editor.ts';
import { modelOfDocument } from './model.ts';
import { highestCount, readCount } from './units.ts';

/** Lines of a backend for keys of one number: where it stands in the wish, its keyword, its unit. */
const lines: readonly {
  readonly key: keyof DevicePool;
  readonly inner?: string;
  readonly keyword: string;
  readonly unit: string;
}[] = [
  { key: 'connectTimeoutMs', keyword: 'timeout connect', unit: 'ms' },
  { key: 'responseTimeoutMs', keyword: 'timeout server', unit: 'ms' },
  { key: 'queue', inner: 'timeoutMs', keyword: 'timeout queue', unit: 'ms' },
  { key: 'retry', inner: 'attempts', keyword: 'retries', unit: '' },
];

/** Keys that this writes. */
export const limitKeys: ReadonlySet<string> = new Set([...lines.map(({ key }) => key), 'slowStartMs']);

/**
 * Writes a pool's slow start (on its server lines), times, or number of tries. Throws CAPABILITY_MISSING where the lines then say
 * something else than was asked for (a further key of `queue` or `retry`, what is inherited).
 */
export function setLimit(editor: Editor, pool: string, key: string, desired: unknown): void {
  const line = lines.find((each) => each.key === key);
  if (line === undefined) setSlowStart(editor, pool, desired);
  else {
    const inner = line.inner === undefined ? desired : fieldOf(desired, line.inner);
    setLine(editor, pool, line.keyword, numberText(pool, key, inner, line.unit));
    if (key === 'retry') setRetryLines(editor, pool, desired);
  }
  const after = modelOfDocument(editor.document, { effective: true }).pools.find(({ name }) => name === pool);
  const found: unknown = after?.[key as keyof DevicePool]; // one of limitKeys
  if (keyOfCheck(found) === keyOfCheck(desired)) return;
  const shown = found === undefined ? 'nothing' : JSON.stringify(found);
  throw new AppError(
    'CAPABILITY_MISSING',
    `The ${key} of the pool "${pool}" cannot be written so: it would read ${shown}.`,
  );
}

function setSlowStart(editor: Editor, pool: string, desired: unknown): void {
  const text = numberText(pool, 'slowStartMs', desired, 'ms');
  for (const { name } of editor.pool(pool).lines) {
    const line = editor.member(pool, name);
    editor.apply(
      text === undefined ? removeWords(editor, line, 'slowstart') : setWord(editor, line, 'slowstart', text),
    );
  }
}

/** A line of one value: in place where the section has it, else below its head; undefined takes it out. */
export function setLine(editor: Editor, pool: string, keyword: string, text: string | undefined): void {
  const { section, settings } = editor.pool(pool);
  const found = settings.own(keyword).at(-1);
  if (found === undefined) {
    if (text === undefined) return;
    const [first] = section.statements;
    const indent = first === undefined ? '    ' : editor.indent(first);
    editor.apply([editor.insertAfter(section.header, `${indent}${keyword} ${text}`)]);
    return;
  }
  const { statement } = found;
  editor.refuseBroken(statement);
  const value = statement.words.at(-1);
  if (text === undefined) editor.apply([editor.removeLine(statement)]);
  else if (value !== undefined && !value.hasVariable && found.args.length === 1) {
    editor.apply([{ file: statement.file, start: value.start, end: value.end, text }]);
  } else
    throw editor.refusal('CAPABILITY_MISSING', statement, `The line cannot be changed: its value is no plain number.`);
}

function numberText(pool: string, key: string, value: unknown, unit: string): string | undefined {
  if (value === undefined) return undefined;
  const isCount = typeof value === 'number' && readCount(String(value), highestCount) !== undefined;
  if (isCount) return `${value}${unit}`;
  throw new AppError('PLAN_INVALID', `The ${key} wanted for the pool "${pool}" is no whole number that HAProxy takes.`);
}

function fieldOf(value: unknown, key: string): unknown {
  if (value === undefined) return undefined;
  // Checked to be an object; its values stay unknown.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : Number.NaN;
}
