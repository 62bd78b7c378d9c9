import type { DeviceFacts } from '../../../contract/api.ts';
import { AppError } from '../../../contract/errors.ts';
import { type Persistence, persistenceSchema } from '../../../contract/model.ts';
import { setWord } from './edit-server.ts';
import type { Editor } from './editor.ts';
import { modelOfDocument } from './model.ts';
import { quoteWord } from './quoting.ts';

/** What `setPersistence` can write, with the settings that each takes. */
export const writableMethods: NonNullable<DeviceFacts['persistence']> = [
  {
    name: 'cookie-insert',
    native: 'cookie NAME insert indirect nocache',
    needs: ['cookieName'],
    settings: ['timeoutMs'],
  },
  { name: 'source-ip', native: 'stick on src', settings: ['timeoutMs', 'maxEntries'] },
];

/**
 * Switches a pool's persistence: `cookie NAME insert indirect nocache` with a cookie for each member, a stick table by source
 * address, or none. The lines go below the section's head. Throws CAPABILITY_MISSING for another method, and where the lines then
 * do not say what was asked for (what is inherited from `defaults`, say).
 */
export function setPersistence(editor: Editor, pool: string, desired: unknown): void {
  const wanted = persistenceSchema.optional().safeParse(desired);
  if (!wanted.success) throw new AppError('PLAN_INVALID', `The persistence wanted for the pool "${pool}" is none.`);
  const { method, ...settings } = wanted.data ?? {};
  const lines = method === undefined ? [] : linesFor(pool, { method, ...settings });
  refuseOtherSticks(editor, pool, method);
  removeOwn(editor, pool, 'cookie');
  if (sticks(editor, pool).length > 0) for (const keyword of ['stick', 'stick-table']) removeOwn(editor, pool, keyword);
  for (const line of lines.toReversed()) {
    const { section } = editor.pool(pool);
    const [first] = section.statements;
    const indent = first === undefined ? '    ' : editor.indent(first);
    editor.apply([editor.insertAfter(section.header, `${indent}${line}`)]);
  }
  if (method === 'cookie-insert') giveCookies(editor, pool);
  const model = modelOfDocument(editor.document, { effective: true });
  const after = model.pools.find(({ name }) => name === pool)?.persistence;
  if (isSame(method === undefined ? undefined : wanted.data, after)) return;
  const detail = `The persistence of the pool "${pool}" cannot be written so: it would read ${JSON.stringify(after) || 'none'}.`;
  throw new AppError('CAPABILITY_MISSING', detail);
}

function linesFor(pool: string, { method, cookieName, cookie, timeoutMs, maxEntries }: Persistence): readonly string[] {
  if (method === 'cookie-insert') {
    if (cookieName === undefined) throw new AppError('PLAN_INVALID', `The cookie of the pool "${pool}" has no name.`);
    if (timeoutMs !== undefined && timeoutMs % 1000 !== 0) {
      throw new AppError('PLAN_INVALID', `A cookie lasts whole seconds in HAProxy, not ${timeoutMs} ms.`);
    }
    const words = [
      'cookie',
      quoteWord(cookieName),
      'insert indirect nocache',
      ...(cookie?.httpOnly === true ? ['httponly'] : []),
      ...(cookie?.secure === true ? ['secure'] : []),
      ...(cookie?.domain ? [`domain ${quoteWord(cookie.domain)}`] : []),
      ...(cookie?.sameSite ? [`attr SameSite=${cookie.sameSite}`] : []),
      ...(timeoutMs === undefined ? [] : [`maxidle ${timeoutMs / 1000}`]),
    ];
    return [words.join(' ')];
  }
  if (method === 'source-ip') {
    const expire = timeoutMs === undefined ? '' : ` expire ${timeoutMs}ms`;
    return [`stick-table type ip size ${maxEntries ?? 100_000}${expire}`, 'stick on src'];
  }
  const detail = `HAProxy's lines for ${method ?? 'this method'} cannot be written yet; cookie-insert and source-ip can.`;
  throw new AppError('CAPABILITY_MISSING', detail);
}

function sticks(editor: Editor, pool: string) {
  return editor.pool(pool).settings.own('stick');
}

/** A table may count requests too, and a rule may do more than to hold by address: such lines are nobody's to take out. */
function refuseOtherSticks(editor: Editor, pool: string, method: Persistence['method']): void {
  const { section, settings } = editor.pool(pool);
  const rules = sticks(editor, pool);
  const [table, ...tables] = settings.own('stick-table');
  if (rules.length === 0 && (table === undefined || method !== 'source-ip')) return;
  const isPlain = rules.every(({ args }) => args.join(' ') === 'on src');
  const isTableOurs = table?.args.includes('store') !== true;
  const isUsed = section.statements.some((statement) =>
    statement.words.some(({ value }) => /track-sc|sc\d?_/.test(value)),
  );
  if (rules.length > 0 && isPlain && isTableOurs && tables.length === 0 && !isUsed) return;
  const statement = rules[0]?.statement ?? table?.statement ?? section.header;
  const detail = `The persistence of the pool "${pool}" cannot be switched: its stick lines do more than to hold clients by address. Change them by hand.`;
  throw editor.refusal('CAPABILITY_MISSING', statement, detail);
}

function removeOwn(editor: Editor, pool: string, keyword: string): void {
  for (;;) {
    const found = editor.pool(pool).settings.own(keyword).at(-1);
    if (found === undefined) return;
    editor.refuseBroken(found.statement);
    editor.apply([editor.removeLine(found.statement)]);
  }
}

/** A member without a cookie of its own would hold nobody. */
function giveCookies(editor: Editor, pool: string): void {
  for (const { name } of editor.pool(pool).lines) {
    const line = editor.member(pool, name);
    if (line.own.has('cookie') || line.inherited.has('cookie')) continue;
    editor.apply(setWord(editor, line, 'cookie', name));
  }
}

/** What was asked for is there; HAProxy's own words, and what it adds where nothing was asked, do not count. */
function isSame(wanted: Persistence | undefined, found: Persistence | undefined): boolean {
  if (wanted === undefined || found === undefined) return wanted === found;
  return (Object.keys(wanted) as (keyof Persistence)[]) // keys of the schema
    .filter((key) => key !== 'native')
    .every((key) => textOf(wanted[key]) === textOf(found[key]));
}

/** What is off, or empty, needs no word. */
function textOf(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, each]) => each !== false && each !== '' && each !== undefined);
  return entries.length === 0 ? '' : JSON.stringify(Object.fromEntries(entries.toSorted()));
}
