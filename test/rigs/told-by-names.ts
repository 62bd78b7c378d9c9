import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordings } from './recordings.ts';

/**
 * What a recording holds, read apart from the program: columns by their names in the vendors' MIBs (the private data's table of names
 * and numbers), values by regular expressions. Nothing of the program's own data files is used.
 */

/** A field and the column that holds it, the first of several that has a value in the row; `words` where it is a state. */
type Column = string | readonly string[];
interface Told {
  readonly kind: 'virtualServers' | 'pools' | 'members';
  /** Which rows there are. */
  readonly rows: string;
  /** The name, made of fields of the row; of members with the pool before it. */
  readonly name: (row: RowReader) => string;
  readonly columns: Readonly<Record<string, Column>>;
  readonly words?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A row of a recording by the index that its cells have in common. */
export interface RowReader {
  readonly index: string;
  readonly text: (column: Column) => string | undefined;
  /** Names in the index, each with its length before it, then what is left, number by number. */
  readonly words: (count: number) => readonly string[];
  /** The value of a column of another row. */
  readonly at: (column: string, index: string) => string | undefined;
}
export type ToldObject = Readonly<Record<string, string>>;

export function toldObjects(
  text: string,
  told: readonly Told[],
): Readonly<Record<Told['kind'], ReadonlyMap<string, ToldObject>>> {
  const cells = cellsOf(text);
  const kinds = { virtualServers: new Map(), pools: new Map(), members: new Map() } as Record<
    Told['kind'],
    Map<string, ToldObject>
  >; // filled below
  for (const one of told) {
    for (const index of columnOf(cells, one.rows).keys()) {
      const row = reader(cells, index);
      const name = one.name(row);
      if (name === '') continue;
      const fields = Object.entries(one.columns).flatMap(([field, column]) => {
        const value = row.text(column);
        // Masked walks have words where addresses stood, and Kemp says whose slave a service is.
        if (value === undefined || (field === 'address' && !/^([\d.]+|[0-9a-f:]+)(%\d+)?$/.test(value))) return [];
        const words = one.words?.[field];
        const told = words === undefined ? value : (words[value.split(/\s/, 1)[0] ?? ''] ?? words['*']);
        return told === undefined ? [] : [[field, told] as const];
      });
      kinds[one.kind].set(name, Object.fromEntries(fields));
    }
  }
  return kinds;
}

type Cells = ReadonlyMap<string, string>;

let numbers: ReadonlyMap<string, readonly string[]> | undefined;

/** The OIDs that have a name in some MIB. */
function oidsNamed(name: string): readonly string[] {
  numbers ??= readNumbers();
  if (/^\d/.test(name)) return [name];
  const found = numbers.get(name);
  if (found === undefined) throw new Error(`No MIB names "${name}".`);
  return found;
}

function readNumbers(): ReadonlyMap<string, readonly string[]> {
  const [file] = recordings('mibs', 'oid-name-map.tsv');
  const lines = file === undefined ? [] : file.bytes.toString('latin1').split('\n');
  const found = new Map<string, string[]>();
  for (const line of lines) {
    const [oid = '', name = ''] = line.split('\t');
    const list = found.get(name) ?? [];
    found.set(name, list);
    list.push(oid);
  }
  return found;
}

function cellsOf(text: string): Cells {
  const cells = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const recorded = /^([\d.]+)\|(\d+)(x?)\|(.*)$/.exec(line);
    if (recorded !== null) {
      const [, oid = '', , isHex, value = ''] = recorded;
      cells.set(oid, isHex === 'x' ? ofBytes(Buffer.from(value, 'hex')) : value);
      continue;
    }
    const walked = /^(?:iso|\.?1)\.([\d.]+) = ([A-Za-z0-9-]+): (.*)$/.exec(line);
    if (walked === null) continue;
    const [, oid = '', type, value = ''] = walked;
    cells.set(
      `1.${oid}`,
      type === 'Hex-STRING'
        ? ofBytes(Buffer.from(value.replaceAll(/\s/g, ''), 'hex'))
        : value.replace(/^"(.*)"$/, '$1'),
    );
  }
  return cells;
}

/** Readable text, else an address in 4 or 16 bytes (a zone of 4 behind it), else hexadecimal. */
function ofBytes(bytes: Buffer): string {
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return bytes.toString('latin1');
  const zone = bytes.length === 8 ? bytes.readUInt32BE(4) : bytes.length === 20 ? bytes.readUInt32BE(16) : 0;
  const tail = zone === 0 || zone === 65_535 ? '' : `%${zone}`;
  if (bytes.length === 4 || bytes.length === 8) return `${[...bytes.subarray(0, 4)].join('.')}${tail}`;
  if (bytes.length !== 16 && bytes.length !== 20) return bytes.toString('hex');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16)).join(':');
  return `${new URL(`http://[${groups}]/`).hostname.slice(1, -1)}${tail}`; // the URL shortens as RFC 5952 says
}

function columnOf(cells: Cells, name: string): Cells {
  const found = new Map<string, string>();
  for (const oid of oidsNamed(name)) {
    for (const [at, value] of cells) if (at.startsWith(`${oid}.`)) found.set(at.slice(oid.length + 1), value);
  }
  return found;
}

function reader(cells: Cells, index: string): RowReader {
  function at(column: string, row: string): string | undefined {
    return oidsNamed(column)
      .map((oid) => cells.get(`${oid}.${row}`))
      .find((value) => value !== undefined && value !== '');
  }
  return {
    index,
    at,
    text: (column) =>
      (typeof column === 'string' ? [column] : column)
        .map((one) => at(one, index))
        .find((value) => value !== undefined),
    words: (count) => {
      const left = index.split('.').map(Number);
      return Array.from({ length: count }, () => {
        const length = left.shift() ?? 0;
        return String.fromCharCode(...left.splice(0, length));
      }).concat(left.map(String));
    },
  };
}

/** The text of a recording by its path below `snmp/`. */
export function recordingText(path: string): string {
  const [file] = recordings('snmp', path.slice(path.lastIndexOf('/') + 1)).filter((one) => one.path === path);
  return file?.bytes.toString('latin1') ?? '';
}

export const docsFile = join(import.meta.dirname, '../../docs/appliances-recordings.md');
export function docsText(): string {
  return readFileSync(docsFile, 'utf8');
}
