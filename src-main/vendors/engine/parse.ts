import { type Document, isMap, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { AppError } from '../../contract/errors.ts';
import {
  type DeviceModel,
  type DevicePool,
  memberSchema,
  monitorSchema,
  nodeSchema,
  poolSchema,
  type Unmodelled,
  virtualServerSchema,
} from '../../contract/model.ts';
import type { SourceFile } from '../vendor.ts';
import { objectName } from './config.ts';
import { findPair, nameOf, pairsOf } from './splice.ts';

/** Secrets of the engine's file: the group is what must not be seen. */
export const secretPatterns: readonly RegExp[] = [
  /(?<=["']?(?:token|community|password)["']?\s*:\s*)(?:"[^"]*"|'[^']*'|[^\s,}#]+)/g,
];

/**
 * The engine's configuration text (YAML, and so JSON as well) as the model. Reads on past what is wrong: a value that the model
 * cannot hold goes to `unmodelled` with its lines, and its object is still listed. NOT_FOUND only without any file.
 */
export function parseFiles(files: readonly SourceFile[]): DeviceModel {
  if (files.length === 0) throw new AppError('NOT_FOUND', 'No configuration file was given.');
  const models = files.map(parseFile);
  return {
    virtualServers: models.flatMap((model) => model.virtualServers),
    pools: models.flatMap((model) => model.pools),
    monitors: models.flatMap((model) => model.monitors),
    nodes: models.flatMap((model) => model.nodes ?? []),
    profiles: [],
    certificates: [],
    unmodelled: models.flatMap((model) => model.unmodelled),
  };
}

/** What this reader asks of a schema of the contract. */
interface Rule<T> {
  readonly safeParse: (value: unknown) => { success: true; data: T } | { success: false; error: Refusal };
}
interface ObjectRule<T> extends Rule<T> {
  readonly shape: Readonly<Record<string, Rule<unknown> | undefined>>;
}
interface Refusal {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

interface Reader {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  readonly document: Document;
  readonly unmodelled: Unmodelled[];
}

function parseFile({ path, bytes }: SourceFile): DeviceModel {
  const lines = new LineCounter();
  const text = bytes.toString('utf8');
  const document = parseDocument(text, { keepSourceTokens: true, lineCounter: lines });
  const reader: Reader = { file: path, text, lines, document, unmodelled: [] };
  for (const error of document.errors) note(reader, error.pos, error.message);
  const model = { virtualServers: [], pools: [], monitors: [], nodes: [], profiles: [], certificates: [] };
  const root = document.contents;
  if (root === null) return { ...model, unmodelled: reader.unmodelled };
  if (!isMap(root)) {
    note(reader, placeOf(root), 'it is not a map of sections');
    return { ...model, unmodelled: reader.unmodelled };
  }
  for (const pair of pairsOf(root)) {
    if (known.has(nameOf(pair.key) ?? '')) continue;
    note(reader, [placeOf(pair.key)[0], placeOf(pair.value ?? pair.key)[1]], 'the model has no place for this section');
  }
  return {
    ...model,
    virtualServers: readList(reader, root, 'virtualServers', virtualServerSchema),
    pools: readPools(reader, root),
    monitors: readList(reader, root, 'monitors', monitorSchema),
    nodes: readList(reader, root, 'nodes', nodeSchema),
    unmodelled: reader.unmodelled,
  };
}

const known = new Set(['version', 'virtualServers', 'pools', 'monitors', 'nodes']);

function readPools(reader: Reader, root: YAMLMap): DevicePool[] {
  return itemsOf(reader, root, 'pools').flatMap((map) => {
    const members = readList(reader, map, 'members', memberSchema);
    return readObject(reader, map, poolSchema, ['members']).map((pool) => ({ ...pool, members }));
  });
}

function readList<T>(reader: Reader, parent: YAMLMap, key: string, schema: ObjectRule<T>): T[] {
  return itemsOf(reader, parent, key).flatMap((map) => readObject(reader, map, schema, []));
}

function itemsOf(reader: Reader, parent: YAMLMap, key: string): YAMLMap[] {
  const pair = findPair(parent, key);
  if (!pair?.value) return [];
  if (!isSeq(pair.value)) {
    note(reader, placeOf(pair.value), `${key} is not a list`);
    return [];
  }
  return pair.value.items.flatMap((item) => {
    if (isMap(item)) return [item];
    note(reader, placeOf(item as Node), `an item of ${key} is not a map`); // parsed documents hold nodes
    return [];
  });
}

/** One object by the keys that the model knows and whose values it can hold; the rest is noted. No name, no object. */
function readObject<T>(reader: Reader, map: YAMLMap, schema: ObjectRule<T>, elsewhere: readonly string[]): T[] {
  const fields: Record<string, unknown> = {};
  for (const pair of pairsOf(map)) {
    const key = nameOf(pair.key) ?? '';
    if (elsewhere.includes(key)) continue;
    const place: Place = [placeOf(pair.key)[0], placeOf(pair.value ?? pair.key)[1]];
    const rule = schema.shape[key];
    const value = rule?.safeParse(pair.value ? toValue(reader, pair.value) : null);
    if (value?.success === true) fields[key] = value.data;
    else note(reader, place, value ? explain(key, value.error) : `"${key}" is not a key that the model knows here`);
  }
  if ('address' in fields && 'port' in fields && !('name' in fields)) fields['name'] = objectName(fields);
  const whole = schema.safeParse(fields);
  if (whole.success) return [whole.data];
  note(reader, placeOf(map), explain('the object', whole.error));
  return [];
}

function toValue(reader: Reader, node: Node): unknown {
  try {
    return node.toJS(reader.document);
  } catch {
    return undefined; // aliases without anchor or without end: the schema refuses the value, and it is noted
  }
}

function explain(what: string, error: Refusal): string {
  const [issue] = error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  return `${what}${path === '' ? '' : `, ${path}`}: ${issue?.message ?? 'not valid'}`;
}

type Place = readonly [number, number];

function placeOf(node: Node): Place {
  return [node.range?.[0] ?? 0, node.range?.[1] ?? 0];
}

function note(reader: Reader, [start, end]: Place, why: string): void {
  const last = Math.max(start, reader.text.slice(0, end).trimEnd().length - 1);
  const text = secretPatterns.reduce((now, pattern) => now.replace(pattern, '***'), reader.text.slice(start, last + 1));
  const line = reader.lines.linePos(start).line;
  reader.unmodelled.push({ file: reader.file, line, endLine: reader.lines.linePos(last).line, text, why });
}
