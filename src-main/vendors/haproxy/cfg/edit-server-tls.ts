import { AppError } from '../../../contract/errors.ts';
import { type Pool, serverTlsSchema } from '../../../contract/model.ts';
import { removeWords, setFlag, setWord } from './edit-server.ts';
import type { Editor } from './editor.ts';
import { modelOfDocument } from './model.ts';
import type { ServerLine } from './servers.ts';

type ServerTls = NonNullable<Pool['tls']>;

/** The words of a `server` line that the neutral settings stand for (manual 5.2). */
const words = ['verify', 'ca-file', 'sni', 'verifyhost', 'ssl-min-ver', 'ssl-max-ver', 'ciphers'] as const;

/**
 * Writes TLS towards a pool's members on each of its server lines; absent settings take `ssl` and its words away. Throws
 * CAPABILITY_MISSING where the lines then say something else (what a default-server says cannot be taken from a line).
 */
export function setServerTls(editor: Editor, pool: string, desired: unknown): void {
  const wanted = serverTlsSchema.optional().safeParse(desired);
  if (!wanted.success) throw new AppError('PLAN_INVALID', `The TLS settings wanted for the pool "${pool}" are none.`);
  const tls = wanted.data;
  if (tls?.verify === true && tls.caFile === undefined) {
    throw new AppError(
      'PLAN_INVALID',
      `The members of "${pool}" cannot be verified without the authority's file: give caFile too.`,
    );
  }
  for (const { name } of editor.pool(pool).lines) setLine(editor, pool, name, tls);
  const after = modelOfDocument(editor.document, { effective: true }).pools.find(({ name }) => name === pool)?.tls;
  if (isSame(after, tls)) return;
  const found = after === undefined ? 'no TLS' : JSON.stringify(after);
  throw new AppError(
    'CAPABILITY_MISSING',
    `TLS towards the members of "${pool}" cannot be written so: it would read ${found}.`,
  );
}

function setLine(editor: Editor, pool: string, name: string, tls: ServerTls | undefined): void {
  function read(): ServerLine {
    return editor.member(pool, name);
  }
  if (tls === undefined) editor.apply(removeWords(editor, read(), 'ssl', ...words));
  else {
    if (!read().own.has('ssl') && !read().inherited.has('ssl')) editor.apply(setFlag(editor, read(), 'ssl', 'no-ssl'));
    const values = valuesOf(tls, read());
    for (const word of words) {
      const value = values[word];
      const own = read().own.get(word)?.args[0]?.value;
      if (value === own || (own === undefined && value === read().inherited.get(word)?.args[0]?.value)) continue;
      editor.apply(value === undefined ? removeWords(editor, read(), word) : setWord(editor, read(), word, value));
    }
  }
}

function valuesOf(tls: ServerTls, line: ServerLine): Partial<Record<(typeof words)[number], string>> {
  const { verify, caFile, serverName, sendSni, minVersion, maxVersion, ciphers } = tls;
  const sni = line.own.get('sni')?.args[0]?.value ?? line.inherited.get('sni')?.args[0]?.value;
  const isNameless = sendSni === true && serverName === undefined;
  return {
    ...(verify === undefined ? {} : { verify: verify ? 'required' : 'none' }),
    ...(caFile === undefined ? {} : { 'ca-file': caFile }),
    ...(sendSni === true && serverName !== undefined ? { sni: `str(${serverName})` } : {}),
    // An expression that only a client fills in stays as it is.
    ...(isNameless && sni !== undefined ? { sni } : {}),
    ...(sendSni !== true && serverName !== undefined ? { verifyhost: serverName } : {}),
    ...(minVersion === undefined ? {} : { 'ssl-min-ver': `TLSv${minVersion}` }),
    ...(maxVersion === undefined ? {} : { 'ssl-max-ver': `TLSv${maxVersion}` }),
    ...(ciphers === undefined ? {} : { ciphers: ciphers.join(':') }),
  };
}

/** Both hold plain values. */
function isSame(left: ServerTls | undefined, right: ServerTls | undefined): boolean {
  function text(tls: ServerTls | undefined): string {
    return JSON.stringify(Object.entries(tls ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return (left === undefined) === (right === undefined) && text(left) === text(right);
}
