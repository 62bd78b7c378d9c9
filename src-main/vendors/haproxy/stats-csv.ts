import { AppError } from '../../contract/errors.ts';

/** One row of `show stat`: the value under a column's name, or undefined where the column is not there or its field is empty. */
export type StatRow = (column: string) => string | undefined;

const neededColumns = ['pxname', 'svname', 'status', 'type'];
const longestQuote = 200;

/**
 * Reads the CSV of `show stat` (management.txt 9.1): columns are found by the header's names, never by position, as each release adds
 * some; a field in quotes may hold commas, doubled quotes and line ends. Ends at the first empty line outside quotes, which HAProxy
 * sends only after a whole answer. Throws OUTPUT_UNPARSED with the first line that does not fit.
 *
 * `text` begins at or before the header; lines before it must be blank.
 */
export function parseStatCsv(text: string): { readonly rows: readonly StatRow[]; readonly end: number } {
  const start = skipBlank(text);
  if (!text.startsWith('# ', start)) throw unparsed('has no header line "# pxname,..."', lineAt(text, start));
  const header = readRecord(text, start + 2);
  const columns = new Map(header.fields.map((name, index) => [name, index]));
  const missing = neededColumns.filter((name) => !columns.has(name));
  if (missing.length > 0) throw unparsed(`has no column ${missing.join(', ')}`, lineAt(text, start));

  const rows: StatRow[] = [];
  let at = header.end;
  while (at < text.length && text[at] !== '\n') {
    const { fields, end } = readRecord(text, at);
    if (fields.length !== header.fields.length) {
      const counts = `${fields.length} fields under ${header.fields.length} columns`;
      throw unparsed(`has a row of ${counts}`, lineAt(text, at));
    }
    rows.push(rowOf(fields, columns));
    at = end;
  }
  if (at >= text.length) throw unparsed('was cut short: the empty line that ends it is missing', lastLine(text));
  return { rows, end: at + 1 };
}

function rowOf(fields: readonly string[], columns: ReadonlyMap<string, number>): StatRow {
  return (column) => {
    const index = columns.get(column);
    const value = index === undefined ? undefined : fields[index];
    return value === '' ? undefined : value;
  };
}

function readRecord(text: string, start: number): { readonly fields: readonly string[]; readonly end: number } {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    const field = text[at] === '"' ? readQuoted(text, at) : readPlain(text, at);
    fields.push(field.value);
    at = field.end;
    if (text[at] === ',') {
      at += 1;
      continue;
    }
    if (text[at] === '\n') return { fields, end: at + 1 };
    if (at >= text.length) throw unparsed('was cut short in the middle of a line', lineAt(text, start));
    throw unparsed('has text after a closing quote', lineAt(text, start));
  }
}

function readPlain(text: string, start: number): { readonly value: string; readonly end: number } {
  let end = start;
  while (end < text.length && text[end] !== ',' && text[end] !== '\n') end += 1;
  return { value: text.slice(start, end), end };
}

function readQuoted(text: string, start: number): { readonly value: string; readonly end: number } {
  let value = '';
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) throw unparsed('was cut short inside quotes', lineAt(text, start));
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    from = quote + 2;
  }
}

function skipBlank(text: string): number {
  let at = 0;
  while (text[at] === '\n') at += 1;
  return at;
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, Math.min(end < 0 ? text.length : end, start + longestQuote));
}

function lastLine(text: string): string {
  const trimmed = text.trimEnd();
  return lineAt(trimmed, trimmed.lastIndexOf('\n') + 1);
}

function unparsed(what: string, line: string): AppError {
  return new AppError(
    'OUTPUT_UNPARSED',
    `The answer to "show stat" ${what}. Its first line that does not fit stands beside.`,
    {
      raw: line,
    },
  );
}
