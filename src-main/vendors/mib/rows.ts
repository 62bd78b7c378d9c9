import type { SnmpCell, SnmpColumn } from '../../transports/transport.ts';
import { addressOfBytes, textOf } from './cells.ts';
import type { ColumnKey, IndexPart, ObjectMap } from './mib.ts';

/** One row: what its columns and its index say, the index winning where both name the object. */
export interface Row {
  readonly index: string;
  readonly cells: Readonly<Partial<Record<ColumnKey, SnmpCell>>>;
  readonly parts: Readonly<Partial<Record<ColumnKey, string>>>;
}

/** Rows with what other tables say of the object of that name. */
export function withDetails(rows: readonly Row[], details: readonly Row[]): readonly Row[] {
  if (details.length === 0) return rows;
  const byName = new Map<string, Row['cells']>();
  for (const { cells, parts } of details) {
    const name = parts.name ?? textOf(cells.name);
    if (name !== undefined) byName.set(name, { ...cells, ...byName.get(name) });
  }
  return rows.map((row) => {
    const { cells, parts } = row;
    const name = parts.node ?? textOf(cells.node) ?? parts.name ?? textOf(cells.name);
    const more = name === undefined ? undefined : byName.get(name);
    return more === undefined ? row : { ...row, cells: { ...more, ...cells } };
  });
}

/** What indexes say, so that one that stays is taken apart once. */
export type KnownParts = Map<string, Row['parts']>;

/** Joined by their index; where two columns have the same key the first with a value wins. */
export function rowsOf(
  columns: readonly (readonly [ColumnKey, SnmpColumn | undefined])[],
  map: ObjectMap,
  known: KnownParts = new Map(),
): readonly Row[] {
  const rows = new Map<string, Partial<Record<ColumnKey, SnmpCell>>>();
  for (const [key, column] of columns) {
    for (const [index, cell] of column ?? []) {
      const row = rows.get(index) ?? {};
      rows.set(index, row);
      row[key] ??= cell;
    }
  }
  return [...rows].map(([index, cells]) => {
    const parts = known.get(index) ?? takeApart(index, map.index);
    known.set(index, parts);
    return { index, cells, parts };
  });
}

function takeApart(index: string, ways: readonly (readonly IndexPart[])[]): Row['parts'] {
  const numbers = index.split('.').map(Number);
  for (const way of ways) {
    const parts = partsOf(numbers, way);
    if (parts !== undefined) return parts;
  }
  return {};
}

function partsOf(
  numbers: readonly number[],
  way: readonly IndexPart[],
): Partial<Record<ColumnKey, string>> | undefined {
  const parts: Partial<Record<ColumnKey, string>> = {};
  let at = 0;
  function octets(length: number): Uint8Array | undefined {
    const bytes = numbers.slice(at, at + length);
    at += length;
    return bytes.length === length && bytes.every((byte) => byte < 256) ? Uint8Array.from(bytes) : undefined;
  }
  for (const [key, kind] of way) {
    if (kind === 'type-and-address') at += 1;
    const isCounted = kind === 'string' || kind === 'octets' || kind === 'type-and-address';
    const length = kind === 'ipv4' ? 4 : kind === 'rest' ? numbers.length - at : isCounted ? (numbers[at++] ?? -1) : 1;
    if (kind === 'integer') {
      const number = numbers[at++];
      if (number === undefined) return undefined;
      parts[key] = String(number);
      continue;
    }
    const bytes = length < 0 ? undefined : octets(length);
    if (bytes === undefined) return undefined;
    const isText = kind === 'string' || kind === 'rest';
    const text = isText ? Buffer.from(bytes).toString('utf8') : addressOfBytes(bytes);
    if (text === undefined || (isText && text === '')) return undefined;
    parts[key] = text;
  }
  return at === numbers.length ? parts : undefined;
}
