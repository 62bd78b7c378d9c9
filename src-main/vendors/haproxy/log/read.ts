import { AppError } from '../../../contract/errors.ts';
import type { LogPage } from '../../../contract/log.ts';
import type { CallOptions } from '../../../transports/transport.ts';
import { readDocument } from '../cfg/document.ts';
import { type Host, ownershipOf } from '../driver-host.ts';
import type { Look } from '../driver-rights.ts';
import { quote } from '../driver-shell.ts';
import { compileFormat, type LogFormat, parseLine, usualFormats } from './format.ts';

/** Where packages have HAProxy's lines written: Debian's rsyslog rule, and what others name it. */
const usualFiles = ['/var/log/haproxy.log', '/var/log/haproxy/haproxy.log', '/var/log/haproxy-traffic.log'];
const firstBytes = 65_536;
const mostBytes = 262_144;
const mostEntries = 500;

type Cursor =
  | { readonly kind: 'file'; readonly path: string; readonly inode: string; readonly offset: number }
  | { readonly kind: 'journal'; readonly cursor: string };

/** The formats that the configuration writes in, its own ones first. */
export function formatsOf({ files, surroundings }: Look): readonly LogFormat[] {
  const own = readDocument(files, surroundings).sections.flatMap(({ statements }) =>
    statements.filter(({ words }) => words[0].value === 'log-format').map(({ words }) => words[1]?.value ?? ''),
  );
  return [...new Set([...own, ...usualFormats])].map(compileFormat).filter((format) => format !== undefined);
}

/**
 * What HAProxy has logged since a page, or of late: from the file that `wanted` names, else a usual one, else the journal. Throws
 * CAPABILITY_MISSING where the account may not read it, NOT_FOUND where there is none.
 */
export async function readLog(
  host: Host,
  formats: readonly LogFormat[],
  wanted: string | undefined,
  after: string | undefined,
  options: CallOptions,
): Promise<LogPage> {
  const known = after === undefined ? await findLog(host, wanted, options) : parseCursor(after);
  const { lines, cursor } =
    known.kind === 'file' ? await readFrom(host, known, options) : await readJournal(host, known.cursor, options);
  return {
    source: cursor.kind === 'file' ? cursor.path : 'the journal (journalctl -t haproxy)',
    cursor: cursorText(cursor),
    entries: lines.slice(-mostEntries).map((line) => parseLine(line, formats)),
  };
}

/** `file INODE OFFSET PATH` or `journal CURSOR`. */
function parseCursor(text: string): Cursor {
  const [, inode, offset, path] = /^file (\d+) (\d+) (\/[^\n\0]*)$/.exec(text) ?? [];
  if (inode !== undefined && path !== undefined) return { kind: 'file', path, inode, offset: Number(offset) };
  const [, cursor] = /^journal ([\w=;:+/.-]+)$/.exec(text) ?? [];
  if (cursor !== undefined) return { kind: 'journal', cursor };
  throw new AppError('INPUT_INVALID', 'The place in the log to go on from is none that was given out.');
}

function cursorText(cursor: Cursor): string {
  if (cursor.kind === 'journal') return `journal ${cursor.cursor}`;
  return `file ${cursor.inode} ${cursor.offset} ${cursor.path}`;
}

async function findLog(host: Host, wanted: string | undefined, options: CallOptions): Promise<Cursor> {
  const files = wanted === undefined ? usualFiles : [wanted];
  const script = `for f in ${files.map(quote).join(' ')}; do
if [ -r "$f" ]; then printf 'file %s\\n' "$f"; exit; elif [ -e "$f" ]; then printf 'denied %s\\n' "$f"; fi
done
journalctl -q -t haproxy -n 1 --no-pager 2>/dev/null | grep -q . && echo journal; :`;
  const found = (await host.output(script, options)).toString().split('\n');
  const file = found.find((line) => line.startsWith('file '))?.slice('file '.length);
  if (file !== undefined) return { kind: 'file', path: file, inode: '', offset: 0 };
  if (wanted === undefined && found.includes('journal')) return { kind: 'journal', cursor: 'none' };
  const denied = found.find((line) => line.startsWith('denied '))?.slice('denied '.length);
  if (denied !== undefined) {
    const who = await ownershipOf(host, denied, options);
    const remedy = 'put it into the group that may (on Debian: adm), or let the address say sudo=1';
    throw new AppError('CAPABILITY_MISSING', `The account may not read ${denied}${who}: ${remedy}.`);
  }
  const where =
    wanted === undefined ? `${usualFiles.join(', ')} and the journal hold nothing of HAProxy` : `there is no ${wanted}`;
  throw new AppError('NOT_FOUND', `No log was found: ${where}. Name its file in the address: ?log=PATH.`);
}

/** A file that was rotated is read to its end as `.1`, then the new one from its beginning. */
async function readFrom(host: Host, { path, inode, offset }: Extract<Cursor, { kind: 'file' }>, options: CallOptions) {
  const script = `f=${quote(path)}; i=${quote(inode)}; o=${offset}
set -- $(stat -L -c '%i %s' -- "$f") || exit 1
if [ -z "$i" ]; then o=$(($2 > ${firstBytes} ? $2 - ${firstBytes} : 0)); i=$1; fi
if [ "$i" != "$1" ]; then
  if [ "$(stat -L -c %i -- "$f.1" 2>/dev/null)" = "$i" ]; then printf 'rest\\n'; tail -c +$((o + 1)) -- "$f.1" | head -c ${mostBytes}; printf '\\n'; fi
  o=0
elif [ "$2" -lt "$o" ]; then o=0; fi
printf 'from %s %s\\n' "$1" "$o"; tail -c +$((o + 1)) -- "$f" | head -c ${mostBytes}`;
  const bytes = await host.output(script, options);
  const text = bytes.toString('latin1');
  const head = /(?:^|\n)from (\d+) (\d+)\n/.exec(text);
  if (head === null) throw new AppError('OUTPUT_UNPARSED', `${path} could not be read.`, { raw: text.slice(0, 200) });
  const [mark, newInode = '', from = '0'] = head;
  const body = bytes.subarray(head.index + mark.length);
  const whole = body.subarray(0, body.lastIndexOf(0x0a) + 1);
  const isCut = inode === '' && from !== '0';
  const rest = text.startsWith('rest\n') ? linesOf(bytes.subarray('rest\n'.length, head.index)) : [];
  return {
    lines: [...rest, ...linesOf(whole).slice(isCut ? 1 : 0)],
    cursor: { kind: 'file', path, inode: newInode, offset: Number(from) + whole.length } satisfies Cursor,
  };
}

async function readJournal(host: Host, after: string, options: CallOptions) {
  const from = after === 'none' ? '-n 200' : `--after-cursor=${quote(after)}`;
  const script = `journalctl -q -t haproxy -o short-iso --no-pager --show-cursor ${from}`;
  const lines = linesOf(await host.output(script, options));
  const cursor = lines.find((line) => line.startsWith('-- cursor: '))?.slice('-- cursor: '.length) ?? after;
  return {
    lines: lines.filter((line) => !line.startsWith('-- ')),
    cursor: { kind: 'journal', cursor } satisfies Cursor,
  };
}

function linesOf(bytes: Buffer): readonly string[] {
  return bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}
