import type { AdminState, Health } from '../../contract/model.ts';
import type { MemberSample, PoolSample, VirtualServerSample } from '../../contract/metrics.ts';
import { addressOf, counterOf, numberOf, textOf } from './cells.ts';
import type { ColumnKey, ObjectMap } from './mib.ts';
import type { Row } from './rows.ts';

/** What all kinds of objects are told by. Absent is what the device does not tell. */
export interface MibObject {
  readonly row: Row;
  readonly map: ObjectMap;
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
  readonly health?: Health;
  readonly adminState?: AdminState;
}

/** The objects of a table. A row that nothing names, a state left over from another numbering, is told only where no row has a name. */
export function objectsOf(rows: readonly Row[], map: ObjectMap): readonly MibObject[] {
  const own =
    map.kinds === undefined ? rows : rows.filter(({ cells }) => map.kinds?.includes(textOf(cells.kind) ?? ''));
  const names = new Map(own.map((row) => [row, nameOf(row, map)]));
  const hasNames = own.some((row) => names.get(row) !== undefined);
  const told = hasNames ? own.filter((row) => names.get(row) !== undefined) : own;
  return told.map((row) => ({
    row,
    map,
    name: names.get(row) ?? row.index,
    ...endpointOf(row),
    ...healthOf(row, map),
    ...adminStateOf(row, map),
  }));
}

/** Of two objects of one list with the same name (a partition that the MIB does not tell) the later one has its index beside. */
export function distinct(objects: readonly MibObject[]): readonly MibObject[] {
  const taken = new Set<string>();
  return objects.map((object) => {
    const name = taken.has(object.name) ? `${object.name}#${object.row.index}` : object.name;
    taken.add(name);
    return name === object.name ? object : { ...object, name };
  });
}

function wordOf(row: Row, key: ColumnKey): string | undefined {
  if (row.parts[key] !== undefined) return row.parts[key];
  if (key === 'address') return addressOf(row.cells.address);
  return textOf(row.cells[key]);
}

function nameOf(row: Row, map: ObjectMap): string | undefined {
  for (const pattern of map.names) {
    const words = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, key = '']) => wordOf(row, key as ColumnKey)); // names of columns
    if (words.some((word) => word === undefined)) continue;
    let at = 0;
    return pattern.replaceAll(/\{\w+\}/g, () => words[at++] ?? '');
  }
  return undefined;
}

/** `endpoint` is text as `10.0.0.1:80` or `tcp 10.0.0.1:80 wlc`. */
function endpointOf(row: Row): { address?: string; port?: number } {
  const text = textOf(row.cells.endpoint);
  const match = text === undefined ? null : /(?:\[([0-9a-f:]+)\]|((?:\d{1,3}\.){3}\d{1,3})):(\d{1,5})/i.exec(text);
  const address = match?.[1] ?? match?.[2] ?? row.parts.address ?? addressOf(row.cells.address);
  const port = match?.[3] ?? row.parts.port ?? numberOf(row.cells.port);
  const number = Number(port);
  return {
    ...(address === undefined ? {} : { address }),
    ...(port === undefined || !(number >= 0 && number <= 65_535) ? {} : { port: number }),
  };
}

function healthOf({ cells }: Row, map: ObjectMap): { health?: Health } {
  const percent = numberOf(cells.healthPercent);
  const word = stateWord(cells.health);
  const health = word === undefined ? undefined : (map.health?.[word] ?? 'unknown');
  if (health === 'up' && percent === 0) return { health: 'down' };
  return health === undefined ? {} : { health };
}

function adminStateOf({ cells }: Row, map: ObjectMap): { adminState?: AdminState } {
  // A state of the monitor that stands for an order (F5 forced down) says more than the switch.
  const ordered = map.adminState?.[`monitor ${stateWord(cells.monitorState) ?? ''}`];
  const switched = map.adminState?.[stateWord(cells.adminState) ?? ''];
  const adminState = ordered ?? switched;
  return adminState === undefined ? {} : { adminState };
}

/** Numbers as digits, words (HAProxy `UP 1/2`) by their first. */
function stateWord(cell: Row['cells'][ColumnKey]): string | undefined {
  const text = textOf(cell);
  return text === undefined ? undefined : text.trim().toUpperCase().split(/\s/, 1)[0];
}

type Counted = Pick<
  VirtualServerSample,
  'currentConnections' | 'totalConnections' | 'requests' | 'bytesIn' | 'bytesOut'
>;

function countedOf({ cells }: Row): Counted {
  return {
    ...present('currentConnections', numberOf(cells.currentConnections)),
    ...present('totalConnections', counterOf(cells.totalConnections)),
    ...present('requests', counterOf(cells.requests)),
    ...present('bytesIn', counterOf(cells.bytesIn)),
    ...present('bytesOut', counterOf(cells.bytesOut)),
  };
}

export function virtualServerSample(object: MibObject): VirtualServerSample {
  return { ...stateOf(object), ...present('protocol', protocolOf(object.row, object.map)), ...countedOf(object.row) };
}

export function memberSample(object: MibObject): MemberSample {
  const { cells } = object.row;
  const weight = numberOf(cells.weight);
  const reason = textOf(cells.reason);
  return {
    ...stateOf(object),
    ...(weight === undefined || weight < 0 ? {} : { weight }),
    ...countedOf(object.row),
    ...present('queuedRequests', numberOf(cells.queuedRequests)),
    ...(reason === undefined ? {} : { lastCheck: { result: reason } }),
  };
}

export function poolSample(object: MibObject, members: readonly MemberSample[]): PoolSample {
  const { cells } = object.row;
  const algorithm = algorithmOf(object.row, object.map);
  return {
    name: object.name,
    ...present('algorithm', algorithm?.name),
    ...present('health', object.health),
    ...present('adminState', object.adminState),
    ...present('currentConnections', numberOf(cells.currentConnections)),
    ...present('queuedRequests', numberOf(cells.queuedRequests)),
    members: [...members],
  };
}

/** The neutral name of an algorithm, the device's own word or number beside it. */
export function algorithmOf({ cells }: Row, map: ObjectMap) {
  const native = textOf(cells.algorithm);
  return native === undefined ? undefined : { name: map.algorithms?.[native] ?? ('unknown' as const), native };
}

export function protocolOf(row: Row, map: ObjectMap): string | undefined {
  const word = wordOf(row, 'protocol');
  return word === undefined ? undefined : (map.protocols?.[word] ?? word);
}

function stateOf({ name, address, port, health, adminState }: MibObject) {
  return {
    name,
    ...present('address', address),
    ...present('port', port),
    ...present('health', health),
    ...present('adminState', adminState),
  };
}

export function present<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  // A computed key widens to string; it is K by construction.
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
