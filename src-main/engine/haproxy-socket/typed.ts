/**
 * The typed and JSON forms of `show stat` and `show info` (management.txt 9.3, "typed"): each value with its place, and with what it is:
 * origin (Metric, Status, Key, Config, Product), nature (Age, average, Counter, Duration, Gauge, Limit, Name, Output) and scope (Process,
 * Service), then its type.
 */

export type Format = 'csv' | 'typed' | 'json';
export type Value = string | number;

/** A value where HAProxy 2.6 has it. */
export interface Field {
  readonly place: number;
  readonly name: string;
  readonly value: Value;
}

/** What stands before a field in the typed form of `show stat`. */
export interface RowHead {
  readonly kind: 'Frontend' | 'Backend' | 'Server';
  readonly proxy: number;
  readonly id: number;
}

/** As HAProxy 2.6 was seen to write them; `MCP:u64` is what most are. */
const traits: Readonly<Record<string, readonly string[]>> = {
  'KNS:str': ['pxname', 'svname'],
  'SGP:str': ['status'],
  'MGP:u32': ['qcur', 'scur', 'CurrConns', 'Stopping', 'Listeners', 'DroppedLogs'],
  'MGP:u64': ['TotalBytesOut'],
  'CLP:u32': ['slim'],
  'MaP:u32': ['weight', 'uweight', 'rtime'],
  'SGP:u32': ['act', 'bck', 'Pid'],
  'MAP:u32': ['lastchg'],
  'KGP:u32': ['pid', 'Process_num'],
  'KGS:u32': ['iid', 'sid'],
  'CGS:u32': ['type', 'check_rise', 'check_fall', 'Nbthread', 'Nbproc'],
  'CGS:str': ['addr', 'mode', 'algo'],
  'CNS:str': ['cookie'],
  'MOP:str': ['check_status', 'check_desc', 'last_chk'],
  'MOP:u32': ['check_code'],
  'MDP:u64': ['check_duration'],
  'POS:str': ['Name', 'Version'],
  'MDP:str': ['Uptime'],
  'MDP:u32': ['Uptime_sec', 'Start_time_sec'],
  'MCP:u32': ['CumConns', 'CumReq'],
};
const traitOf: ReadonlyMap<string, string> = new Map(
  Object.entries(traits).flatMap(([trait, names]) => names.map((name) => [name, trait] as const)),
);
/** Of a backend these are sums that change, of a server its role. */
const sums = new Set(['act', 'bck']);

/** Places of `show info` in HAProxy 2.6. */
const infoPlaces: Readonly<Record<string, number>> = {
  Name: 0,
  Version: 1,
  Nbthread: 3,
  Nbproc: 4,
  Process_num: 5,
  Pid: 6,
  Uptime: 7,
  Uptime_sec: 8,
  CurrConns: 17,
  CumConns: 18,
  CumReq: 19,
  Stopping: 52,
  Listeners: 55,
  DroppedLogs: 58,
  TotalBytesOut: 61,
  Start_time_sec: 70,
};

/** `F.2.0.4.scur.1:MGP:u32:0`, a line for each field of each row. */
export function typedRow({ kind, proxy, id }: RowHead, fields: readonly Field[]): string {
  return fields
    .map(
      ({ place, name, value }) => `${kind.charAt(0)}.${proxy}.${id}.${place}.${name}.1:${trait(kind, name)}:${value}\n`,
    )
    .join('');
}

/** The rows as one line, an array of arrays. */
export function jsonRows(rows: readonly { readonly head: RowHead; readonly fields: readonly Field[] }[]): string {
  const lists = rows.map(({ head: { kind, proxy, id }, fields }) =>
    fields.map((field) => ({ objType: kind, proxyId: proxy, id, ...jsonField(kind, field) })),
  );
  return `${JSON.stringify(lists)}\n`;
}

/** `show info` in this form. */
export function renderInfo(values: Readonly<Record<string, Value>>, format: Format): string {
  const fields = Object.entries(values).map(([name, value]) => ({ name, value, place: infoPlaces[name] ?? 0 }));
  if (format === 'json') return `${JSON.stringify(fields.map((field) => jsonField('', field)))}\n`;
  return fields
    .map(({ place, name, value }) =>
      format === 'typed' ? `${place}.${name}.1:${trait('', name)}:${value}\n` : `${name}: ${value}\n`,
    )
    .join('');
}

function trait(kind: string, name: string): string {
  return kind === 'Backend' && sums.has(name) ? 'MGP:u32' : (traitOf.get(name) ?? 'MCP:u64');
}

const origins: Readonly<Record<string, string>> = { M: 'Metric', S: 'Status', K: 'Key', C: 'Config', P: 'Product' };
const natures: Readonly<Record<string, string>> = {
  A: 'Age',
  a: 'Avg',
  C: 'Counter',
  D: 'Duration',
  G: 'Gauge',
  L: 'Limit',
  N: 'Name',
  O: 'Output',
};

function jsonField(kind: string, { place, name, value }: Field) {
  const [tags = '', type = ''] = trait(kind, name).split(':');
  return {
    field: { pos: place, name },
    processNum: 1,
    tags: {
      origin: origins[tags.charAt(0)],
      nature: natures[tags.charAt(1)],
      scope: tags.charAt(2) === 'P' ? 'Process' : 'Service',
    },
    value: { type, value },
  };
}
