import { AppError } from '../../../contract/errors.ts';
import { setLineWord } from './edit-lines.ts';
import { setWord, removeWords } from './edit-server.ts';
import type { Editor } from './editor.ts';
import { modelOfDocument } from './model.ts';
import { quoteWord } from './quoting.ts';
import type { Setting } from './settings.ts';

/** Words of server lines for the keys that say how often a check runs. */
const timing: Readonly<Record<string, { readonly keyword: string; readonly unit: string }>> = {
  intervalMs: { keyword: 'inter', unit: 'ms' },
  rise: { keyword: 'rise', unit: '' },
  fall: { keyword: 'fall', unit: '' },
};

/**
 * Changes one key of the check that all members of a pool share (`POOL/check`): path, method, expectStatus, expectBody, intervalMs,
 * rise, fall. Throws CAPABILITY_MISSING for others, and where the section does not write the check itself.
 */
export function setMonitorKey(editor: Editor, name: string, key: string, desired: unknown): void {
  const pool = /^(.*)\/check$/s.exec(name)?.[1];
  if (pool === undefined) throw lacking(name, key, 'only the one check that all members of a pool share can be');
  const way = timing[key];
  if (way !== undefined) setTiming(editor, pool, way.keyword, desired, way.unit);
  else if (key === 'path' || key === 'method') setRequest(editor, pool, name, key, desired);
  else if (key === 'expectStatus' || key === 'expectBody') setExpect(editor, pool, name, key, desired);
  else throw lacking(name, key, 'path, method, expectStatus, expectBody, intervalMs, rise and fall can be');
  const after = modelOfDocument(editor.document, { effective: true }).monitors.find((one) => one.name === name);
  const found: unknown = after?.[key as keyof typeof after]; // any key may be asked for; an unknown one is undefined
  if (JSON.stringify(found) === JSON.stringify(desired)) return;
  throw lacking(name, key, `it would read ${found === undefined ? 'nothing' : JSON.stringify(found)}`);
}

function setTiming(editor: Editor, pool: string, keyword: string, desired: unknown, unit: string): void {
  if (desired !== undefined && !(Number.isInteger(desired) && Number(desired) > 0)) {
    throw new AppError('PLAN_INVALID', `The ${keyword} of the checks of "${pool}" must be a whole number above 0.`);
  }
  for (const { name } of editor.pool(pool).lines) {
    const line = editor.member(pool, name);
    editor.apply(
      desired === undefined
        ? removeWords(editor, line, keyword)
        : setWord(editor, line, keyword, `${Number(desired)}${unit}`),
    );
  }
}

/** The `http-check send` rule where it says the same, else the arguments of `option httpchk`. */
function setRequest(editor: Editor, pool: string, name: string, key: 'path' | 'method', desired: unknown): void {
  if (typeof desired !== 'string' || desired === '' || /\s/.test(desired)) {
    throw new AppError('PLAN_INVALID', `The ${key} of "${name}" must be a word.`);
  }
  const { settings } = editor.pool(pool);
  const option = settings.own('option httpchk').at(-1);
  if (option === undefined) throw lacking(name, key, `the section of "${pool}" has no "option httpchk" of its own`);
  const send = settings.own('http-check').findLast(({ args }) => args[0] === 'send');
  const keyword = key === 'path' ? 'uri' : 'meth';
  if (send?.args.includes(keyword) === true || (send !== undefined && option.args.length === 0)) {
    const words = pairsOf(send);
    editor.apply(setLineWord(editor, send.statement, words, keyword, desired));
    return;
  }
  const [method, path, ...rest] = option.args.length === 1 ? ['OPTIONS', ...option.args] : option.args;
  const next = key === 'path' ? [method ?? 'GET', desired, ...rest] : [desired, path ?? '/', ...rest];
  const { words, file } = option.statement;
  const head = words[option.isNegated ? 2 : 1];
  const start = head?.end ?? words[0].end;
  const text = next.map((word) => ` ${quoteWord(word)}`).join('');
  editor.apply([{ file, start, end: words.at(-1)?.end ?? start, text }]);
}

function pairsOf({ statement }: Setting) {
  const pairs: Parameters<typeof setLineWord>[2][number][] = [];
  for (let at = 2; at < statement.words.length; at += 1) {
    const word = statement.words[at];
    if (word === undefined) break;
    if (word.value === 'hdr') at += 1;
    at += 1;
    pairs.push({ keyword: word.value, word, argument: statement.words[at] });
  }
  return pairs;
}

function setExpect(editor: Editor, pool: string, name: string, key: string, desired: unknown): void {
  const { settings } = editor.pool(pool);
  const rule = settings.own('http-check').findLast(({ args }) => args[0] === 'expect');
  const source = desired === undefined ? undefined : expectText(name, key, desired);
  if (rule !== undefined) {
    if (source === undefined) editor.apply([editor.removeLine(rule.statement)]);
    else {
      const [, expect] = rule.statement.words;
      const start = expect?.end ?? rule.statement.words[0].end;
      const end = rule.statement.words.at(-1)?.end ?? start;
      editor.apply([{ file: rule.statement.file, start, end, text: ` ${source}` }]);
    }
    return;
  }
  if (source === undefined) return;
  const option = settings.own('option httpchk').at(-1);
  if (option === undefined) throw lacking(name, key, `the section of "${pool}" has no "option httpchk" of its own`);
  const below = settings.own('http-check').at(-1) ?? option;
  editor.apply([editor.insertAfter(below.statement, `${editor.indent(option.statement)}http-check expect ${source}`)]);
}

function expectText(name: string, key: string, desired: unknown): string {
  if (key === 'expectStatus' && Array.isArray(desired) && desired.length > 0)
    return `status ${desired.map(String).join(',')}`;
  if (key === 'expectBody' && typeof desired === 'string' && desired !== '') {
    const pattern = /^\/(.*)\/$/s.exec(desired)?.[1];
    return pattern === undefined ? `string ${quoteWord(desired)}` : `rstring ${quoteWord(pattern)}`;
  }
  throw new AppError('PLAN_INVALID', `The ${key} wanted for "${name}" is none.`);
}

function lacking(name: string, key: string, why: string): AppError {
  return new AppError(
    'CAPABILITY_MISSING',
    `The ${key} of the monitor "${name}" cannot be written into haproxy.cfg: ${why}.`,
  );
}
