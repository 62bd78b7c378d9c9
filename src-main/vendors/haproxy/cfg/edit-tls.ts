import { AppError } from '../../../contract/errors.ts';
import { type ClientTls, clientTlsSchema } from '../../../contract/model.ts';
import { bindFlags } from './binds.ts';
import { lineWords, setLineWord } from './edit-lines.ts';
import type { Editor } from './editor.ts';
import { modelOfDocument } from './model.ts';
import { nameFrontends } from './servers.ts';

type TlsKey = Exclude<keyof ClientTls, 'certificates'>;

/** The words of a `bind` line for each key (manual 5.1), and how its value is written. */
const words: readonly {
  readonly key: TlsKey;
  readonly keyword: string;
  readonly text: (value: never) => string;
}[] = [
  { key: 'minVersion', keyword: 'ssl-min-ver', text: versionText },
  { key: 'maxVersion', keyword: 'ssl-max-ver', text: versionText },
  { key: 'ciphers', keyword: 'ciphers', text: (value: readonly string[]) => value.join(':') },
  { key: 'cipherSuites', keyword: 'ciphersuites', text: (value: readonly string[]) => value.join(':') },
  { key: 'groups', keyword: 'curves', text: (value: readonly string[]) => value.join(':') },
  { key: 'alpn', keyword: 'alpn', text: (value: readonly string[]) => value.join(',') },
  { key: 'clientAuth', keyword: 'verify', text: (value: string) => value },
  { key: 'caFile', keyword: 'ca-file', text: (value: string) => value },
  { key: 'crlFile', keyword: 'crl-file', text: (value: string) => value },
];

/** Keys that `setTls` writes. */
export const writableTlsKeys: readonly TlsKey[] = words.map(({ key }) => key);

/**
 * Writes a virtual server's TLS settings on each of its `bind` lines that speak TLS: only the keys that change. Throws
 * CAPABILITY_MISSING where what the lines then say is not what was asked for (certificates, a line that differs from another).
 */
export function setTls(editor: Editor, name: string, desired: unknown): void {
  const wanted = clientTlsSchema.optional().safeParse(desired);
  if (!wanted.success) throw new AppError('PLAN_INVALID', `The TLS settings wanted for "${name}" are none.`);
  const now = tlsOf(editor, name);
  for (const { key, keyword, text } of words) {
    const value = wanted.data?.[key];
    if (isSame(now[key], value)) continue;
    // Each text takes the value of its own key.
    const source = value === undefined ? undefined : text(value as never);
    if (source === '') throw new AppError('PLAN_INVALID', `The ${key} of "${name}" would be empty.`);
    for (const line of tlsLines(editor, name)) {
      editor.refuseBroken(line);
      editor.apply(setLineWord(editor, line, lineWords(line, 2, bindFlags), keyword, source));
    }
  }
  const after = tlsOf(editor, name);
  const keys = Object.keys({ ...after, ...wanted.data }) as (keyof ClientTls)[]; // keys of the schema
  const left = keys.filter((key) => !isSame(after[key], wanted.data?.[key]));
  if (left.length === 0) return;
  const can = writableTlsKeys.join(', ');
  throw new AppError(
    'CAPABILITY_MISSING',
    `The TLS settings of "${name}" cannot be written so on its bind lines: ${left.join(', ')}. What can be: ${can}.`,
  );
}

function versionText(version: string): string {
  if (!/^1\.[0-3]$/.test(version))
    throw new AppError('PLAN_INVALID', `TLS ${version} is no version that HAProxy names.`);
  return `TLSv${version}`;
}

/** Applying changes the document, so the lines are those that stand there now and by turns. */
function* tlsLines(editor: Editor, name: string) {
  const count = bindLines(editor, name).length;
  for (let at = 0; at < count; at += 1) {
    const line = bindLines(editor, name)[at];
    if (line !== undefined) yield line;
  }
}

function bindLines(editor: Editor, name: string) {
  const section = [...nameFrontends(editor.document.sections)].find(([, frontend]) => frontend === name)?.[0];
  if (section === undefined) throw new AppError('PLAN_INVALID', `There is no virtual server "${name}".`);
  const binds = section.statements.filter((statement) => statement.words[0].value === 'bind');
  const tls = binds.filter((statement) => lineWords(statement, 2, bindFlags).some(({ keyword }) => keyword === 'ssl'));
  if (tls.length > 0) return tls;
  const detail = `The virtual server "${name}" has no bind line with "ssl": give it a certificate first.`;
  throw new AppError('CAPABILITY_MISSING', detail);
}

function tlsOf(editor: Editor, name: string): ClientTls {
  const model = modelOfDocument(editor.document, { effective: true });
  return model.virtualServers.find((one) => one.name === name)?.tls ?? {};
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
