import type { CallOptions, SnmpColumn, SnmpSession } from '../../transports/transport.ts';
import { textOf } from './cells.ts';
import { type ColumnKey, columnKeys, type ObjectMap } from './mib.ts';
import { type KnownParts, type Row, rowsOf } from './rows.ts';

/** What moves by itself, and what tells who may serve: read at each poll. Everything else is configuration, and read seldom. */
const moving: ReadonlySet<ColumnKey> = new Set<ColumnKey>([
  'weight',
  'health',
  'healthPercent',
  'adminState',
  'monitorState',
  'currentConnections',
  'totalConnections',
  'queuedRequests',
  'requests',
  'bytesIn',
  'bytesOut',
  'average',
]);
/** A change of one of these is a reason to ask for the reason. */
const states: ReadonlySet<ColumnKey> = new Set<ColumnKey>(['health', 'healthPercent', 'adminState', 'monitorState']);
/** So old a name or an address becomes, where no row has come or gone; where rows have bare numbers, one may be given anew. */
const keptMs = 300_000;
const keptByNumberMs = 60_000;

/** One column may stand for two keys: a state is health and order. */
interface Column {
  readonly keys: readonly ColumnKey[];
  readonly oid: string;
  cells: SnmpColumn;
}
interface Kept {
  readonly columns: readonly Column[];
  readonly parts: KnownParts;
  readonly atMs: number;
}

/**
 * The rows of one kind of object, whose names, addresses and ports are read once and then kept for five minutes, or until a row comes or
 * goes: a poll asks for what moves alone, all tables of the kind in one walk. A column that the box lacks is asked for as seldom. Words
 * (why a member is down) are read when a state has changed.
 */
export class KeptRows {
  readonly #session: SnmpSession;
  readonly #map: ObjectMap;
  readonly #nowMs: () => number;
  #kept: Kept | undefined;

  constructor(session: SnmpSession, map: ObjectMap, nowMs: () => number) {
    this.#session = session;
    this.#map = map;
    this.#nowMs = nowMs;
  }

  /** All columns anew. */
  async all(options: CallOptions): Promise<readonly Row[]> {
    const columns = columnsOf(this.#map);
    await this.#read(columns, options);
    this.#kept = { columns, parts: new Map(), atMs: this.#nowMs() };
    return this.#rows(this.#kept);
  }

  /** What moves, with what is known of the rest. */
  async polled(options: CallOptions): Promise<readonly Row[]> {
    const kept = this.#fresh();
    if (kept === undefined) return this.all(options);
    const before = stateOf(kept.columns);
    const wanted = kept.columns.filter((column) => column.cells.size > 0 && isOf(column, moving));
    // A table that was empty may fill: its first moving column is the cheapest way to know.
    const probes = wanted.length > 0 ? wanted : kept.columns.slice(0, 1);
    const sizes = probes.map(({ cells }) => cells);
    await this.#read(probes, options);
    if (!probes.every(({ cells }, at) => hasSameRows(cells, sizes[at]))) return this.all(options);
    const words = kept.columns.filter(({ keys, cells }) => keys.includes('reason') && cells.size > 0);
    if (words.length > 0 && stateOf(kept.columns) !== before) await this.#read(words, options);
    return this.#rows(kept);
  }

  /** As they were read of late: for what moves in nothing that is polled. */
  async seldom(options: CallOptions): Promise<readonly Row[]> {
    const kept = this.#fresh();
    return kept === undefined ? this.all(options) : this.#rows(kept);
  }

  #fresh(): Kept | undefined {
    const mostMs = this.#map.index.length === 0 ? keptByNumberMs : keptMs;
    return this.#kept !== undefined && this.#nowMs() - this.#kept.atMs < mostMs ? this.#kept : undefined;
  }

  async #read(columns: readonly Column[], options: CallOptions): Promise<void> {
    const found = await this.#session.walk(
      columns.map(({ oid }) => oid),
      options,
    );
    for (const [at, column] of columns.entries()) column.cells = found[at] ?? new Map();
  }

  #rows({ columns, parts }: Kept): readonly Row[] {
    return rowsOf(
      columns.flatMap(({ keys, cells }) => keys.map((key) => [key, cells] as const)),
      this.#map,
      parts,
    );
  }
}

function columnsOf(map: ObjectMap): readonly Column[] {
  return map.tables.flatMap(({ entry, columns }) => {
    const keysOf = new Map<number, ColumnKey[]>();
    for (const key of columnKeys) {
      const number = columns[key];
      if (number !== undefined) keysOf.set(number, [...(keysOf.get(number) ?? []), key]);
    }
    return [...keysOf].map(([number, keys]) => ({ keys, oid: `${entry}.${number}`, cells: new Map() }));
  });
}

function isOf({ keys }: Column, some: ReadonlySet<ColumnKey>): boolean {
  return keys.some((key) => some.has(key));
}

function hasSameRows(now: SnmpColumn, before: SnmpColumn | undefined): boolean {
  if (now.size !== before?.size) return false;
  for (const index of now.keys()) if (!before.has(index)) return false;
  return true;
}

function stateOf(columns: readonly Column[]): string {
  return columns
    .filter((column) => isOf(column, states))
    .map(({ cells }) => [...cells.values()].map((cell) => textOf(cell) ?? '').join(','))
    .join('|');
}
