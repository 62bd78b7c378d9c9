import { AppError } from '../../../contract/errors.ts';
import { virtualServerSchema } from '../../../contract/model.ts';
import { readBindAddresses } from './addresses.ts';
import type { Statement } from './document.ts';
import type { Editor } from './editor.ts';
import { modelOfDocument } from './model.ts';
import { quoteWord } from './quoting.ts';
import { nameFrontends } from './servers.ts';

/**
 * Writes where a virtual server listens. One address for another is changed in its place and keeps what else its line says; a new one
 * gets a line that says what the others say, where they all say the same; the last address of a line takes the line with it. Throws
 * CAPABILITY_MISSING where the lines differ so that nobody knows what a new one should say, PLAN_INVALID for what is no address.
 */
export function setListen(editor: Editor, name: string, desired: unknown): void {
  const wanted = virtualServerSchema.shape.listen.safeParse(desired).data ?? [];
  if (wanted.length === 0) {
    throw new AppError('PLAN_INVALID', `The virtual server "${name}" would listen nowhere: remove it instead.`);
  }
  for (const address of wanted) refuseNoAddress(name, address);
  const removed = missingIn(addressesOf(editor, name), wanted);
  const added = missingIn(wanted, addressesOf(editor, name));
  const [only] = removed;
  const [other] = added;
  if (removed.length === 1 && added.length === 1 && only !== undefined && other !== undefined) {
    rewrite(editor, name, only, other);
  } else {
    for (const address of added) addLine(editor, name, address);
    for (const address of removed) rewrite(editor, name, address, undefined);
  }
  const now = addressesOf(editor, name);
  if (missingIn(now, wanted).length + missingIn(wanted, now).length === 0) return;
  throw new AppError(
    'CAPABILITY_MISSING',
    `The addresses of "${name}" cannot be written so: it would listen on ${now.join(', ')}.`,
  );
}

function missingIn(from: readonly string[], others: readonly string[]): readonly string[] {
  return from.filter((each) => !others.includes(each));
}

function refuseNoAddress(name: string, address: string): void {
  const [, v6, v4, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\],]+)):(\d{1,5})$/.exec(address) ?? [];
  const isPort = Number(port) > 0 && Number(port) < 65_536;
  if (/^unix:\/\S+$/.test(address) || ((v6 !== undefined || v4 !== undefined) && isPort)) return;
  throw new AppError(
    'PLAN_INVALID',
    `"${name}" cannot listen on ${JSON.stringify(address)}: write host:port, *:port, [v6]:port or unix:/path.`,
  );
}

function addressesOf(editor: Editor, name: string): readonly string[] {
  const model = modelOfDocument(editor.document, { effective: true });
  return model.virtualServers.find((one) => one.name === name)?.listen ?? [];
}

function bindLines(editor: Editor, name: string): readonly Statement[] {
  const section = [...nameFrontends(editor.document.sections)].find(([, frontend]) => frontend === name)?.[0];
  if (section === undefined) throw new AppError('PLAN_INVALID', `There is no virtual server "${name}".`);
  const lines = section.statements.filter(({ words }) => words[0].value === 'bind');
  if (lines.length > 0) return lines;
  throw editor.refusal('CAPABILITY_MISSING', section.header, `"${name}" has no bind line: write its first by hand.`);
}

/** A new line after the last, with the words of the lines that are there. */
function addLine(editor: Editor, name: string, address: string): void {
  const lines = bindLines(editor, name);
  const rests = new Set(lines.map((line) => restOf(editor, line)));
  const [rest = ''] = rests;
  const last = lines.at(-1);
  if (last === undefined) return;
  editor.refuseBroken(last);
  if (rests.size > 1) {
    const why = 'its bind lines differ, so that nobody knows what a new one should say beside its address';
    throw editor.refusal(
      'CAPABILITY_MISSING',
      last,
      `"${name}" cannot get a further address: ${why}. Write it by hand.`,
    );
  }
  editor.apply([editor.insertAfter(last, `${editor.indent(last)}bind ${quoteWord(addressWord(address))}${rest}`)]);
}

/** The text of a line after its address, up to its last word: a comment is of that line alone. */
function restOf(editor: Editor, line: Statement): string {
  const [, address] = line.words;
  const last = line.words.at(-1);
  return address === undefined || last === undefined ? '' : editor.text(line).slice(address.end, last.end);
}

/** Puts another address in the place of one, or takes it away. */
function rewrite(editor: Editor, name: string, address: string, other: string | undefined): void {
  for (const line of bindLines(editor, name)) {
    const [, word] = line.words;
    if (word === undefined || !readBindAddresses(word.value).includes(address)) continue;
    editor.refuseBroken(line);
    if (word.hasVariable) {
      const why = 'its address is taken from an environment variable. Change the variable';
      throw editor.refusal('CAPABILITY_MISSING', line, `The line cannot be changed: ${why}.`);
    }
    const parts = word.value.split(',').flatMap((part) => {
      if (readBindAddresses(part)[0] !== address) return [part];
      return other === undefined ? [] : [addressWord(other)];
    });
    if (parts.length === 0) editor.apply([editor.removeLine(line)]);
    else editor.apply([{ file: line.file, start: word.start, end: word.end, text: quoteWord(parts.join(',')) }]);
    return;
  }
}

function addressWord(address: string): string {
  return address.startsWith('unix:') ? address.slice('unix:'.length) : address;
}
