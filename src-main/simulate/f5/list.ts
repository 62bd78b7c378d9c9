import { type Item, renderInline, renderItems } from './block.ts';
import { type Configuration, findItem, folderOf, partitionOf, type TmObject } from './configuration.ts';
import { membersOf, nodeStatus, type Probe } from './health.ts';
import { kindOf, type Properties } from './kinds.ts';
import { place } from './properties.ts';
import { notFound, Refused } from './refusal.ts';
import { portName } from './services.ts';

/** What a `list` asks for. */
export interface ListRequest {
  /** `ltm pool`, `ltm`, or nothing for all. */
  readonly kind: string;
  readonly names: readonly string[];
  /** These properties alone. */
  readonly only: readonly string[];
  readonly isAllProperties: boolean;
  readonly isOneLine: boolean;
  readonly isRecursive: boolean;
  readonly folder: string;
}

/** Every object that is asked for, as text. */
export function list(config: Configuration, request: ListRequest, probe: Probe): readonly string[] {
  return chosen(config, request).map((object) => {
    const items = shownItems(config, object, request, probe);
    const head = [object.kind, relative(object.name, request.folder)].filter((word) => word !== '').join(' ');
    if (object.raw !== undefined) return `${head} {\n${object.raw}${object.raw === '' ? '' : '\n'}}\n`;
    if (items.length === 0) return `${head} { }\n`;
    return request.isOneLine
      ? `${head} { ${items.map(renderInline).join(' ')} }\n`
      : `${head} {\n${renderItems(items, 1)}}\n`;
  });
}

function chosen(config: Configuration, { kind, names, folder, isRecursive }: ListRequest): readonly TmObject[] {
  const ofKind = config.objects.filter((one) => kind === '' || one.kind === kind || one.kind.startsWith(`${kind} `));
  if (names.length > 0) return names.flatMap((name) => byName(ofKind, kind, name, folder));
  return ofKind.filter(({ name }) => {
    if (!name.startsWith('/')) return true;
    return isRecursive ? folder === '/' || name.startsWith(`${folder}/`) : folderOf(name) === folder;
  });
}

function byName(objects: readonly TmObject[], kind: string, name: string, folder: string): readonly TmObject[] {
  if (name.includes('*')) {
    const pattern = new RegExp(`^${absolute(name, folder).split('*').map(escapeText).join('[^/]*')}$`);
    return objects.filter((one) => pattern.test(one.name));
  }
  const found = objects.filter(
    (one) => one.name === absolute(name, folder) || (!one.name.startsWith('/') && one.name === name),
  );
  const label = kindOf(kind.split(' '))?.label;
  if (found.length > 0) return found;
  if (label === undefined) throw new Refused(`Syntax Error: unexpected argument "${name}"`);
  throw notFound(label, absolute(name, folder));
}

function escapeText(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

function absolute(name: string, folder: string): string {
  if (name.startsWith('/')) return name;
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

/** `/Common/web` is `web` in /Common and `Common/web` in /. */
export function relative(name: string, folder: string): string {
  const prefix = folder === '/' ? '/' : `${folder}/`;
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

function shownItems(config: Configuration, object: TmObject, request: ListRequest, probe: Probe): readonly Item[] {
  const properties = kindOf(object.kind.split(' '))?.properties ?? {};
  let { items } = object;
  items = items.filter(({ words: [name = ''] }) => !name.startsWith('-'));
  if (object.kind === 'ltm pool') items = withMemberStates(config, object, items, probe);
  if (object.kind === 'ltm node') items = withNodeState(object, items, probe);
  if (object.kind === 'ltm virtual') items = place(items, { words: ['vs-index', String(indexOf(config, object))] });
  if (hasPartition(object)) items = place(items, { words: ['partition', partitionOf(object.name)] });
  if (request.isAllProperties) items = withNormals(items, properties);
  if (request.only.length > 0) items = onlyThese(items, request.only, properties);
  return items.map((item) => shown(item, request.folder));
}

function indexOf({ objects }: Configuration, virtual: TmObject): number {
  return objects.filter(({ kind }) => kind === 'ltm virtual').findIndex(({ name }) => name === virtual.name) + 2;
}

/** The partition is shown where it is not /Common. */
function hasPartition({ name }: TmObject): boolean {
  return name.startsWith('/') && partitionOf(name) !== 'Common' && name.split('/').length > 2;
}

/** Monitored members say so: `session monitor-enabled`, `state up`. */
function withMemberStates(
  config: Configuration,
  pool: TmObject,
  items: readonly Item[],
  probe: Probe,
): readonly Item[] {
  const members = membersOf(config, pool, probe);
  return items.map((item) => {
    if (item.words[0] !== 'members') return item;
    const block = (item.block ?? []).map((entry) => {
      const state = members.find(({ name }) => name === entry.words[0]);
      if (state === undefined) return entry;
      return { ...entry, block: withState(entry.block ?? [], state.monitorStatus) };
    });
    return { ...item, block };
  });
}

function withNodeState(node: TmObject, items: readonly Item[], probe: Probe): readonly Item[] {
  return withState(items, nodeStatus(node, probe).monitorStatus);
}

function withState(items: readonly Item[], status: string): readonly Item[] {
  if (status !== 'up' && status !== 'down') return items;
  const withSession =
    findItem(items, 'session') === undefined ? place(items, { words: ['session', 'monitor-enabled'] }) : items;
  return findItem(withSession, 'state') === undefined ? place(withSession, { words: ['state', status] }) : withSession;
}

function withNormals(items: readonly Item[], properties: Properties): readonly Item[] {
  let all = items;
  for (const [name, { normal, takes }] of Object.entries(properties)) {
    if (findItem(all, name) !== undefined) continue;
    if (normal !== undefined) all = place(all, { words: [name, normal] });
    else if (takes.type === 'flag' && isUnset(name, takes.opposite, all)) all = place(all, { words: [name] });
  }
  return all.map((item) => {
    const takes = properties[item.words[0] ?? '']?.takes;
    if (takes?.type !== 'entries' || item.block === undefined) return item;
    return {
      ...item,
      block: item.block.map((entry) => ({ ...entry, block: withNormals(entry.block ?? [], takes.properties) })),
    };
  });
}

/** `enabled` and `vlans-disabled` stand where their opposites do not. */
function isUnset(name: string, opposite: string, items: readonly Item[]): boolean {
  return (name === 'enabled' || name === 'vlans-disabled') && findItem(items, opposite) === undefined;
}

/** Asked for by name, a property is shown even where it was never set. */
function onlyThese(items: readonly Item[], only: readonly string[], properties: Properties): readonly Item[] {
  return [...new Set(only)].toSorted().flatMap((name) => {
    const item = findItem(items, name);
    if (item !== undefined) return [item];
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined && name !== 'partition' && name !== 'vs-index')
      throw new Refused(`Syntax Error: "${name}" unknown property`);
    if (name === 'partition') return [{ words: ['partition', 'Common'] }];
    return property?.normal === undefined ? [] : [{ words: [name, property.normal] }];
  });
}

/** Names relative to the folder, ports by the names of their services. */
function shown({ words, block, isInline }: Item, folder: string): Item {
  const [name = '', ...values] = words;
  const own = verbatim.has(name) ? values : values.map((word) => relative(word, folder));
  const spelled = name === 'destination' ? own.map(withServiceName) : own;
  const inner = name === 'members' ? block?.map(spellMember) : block;
  return {
    words: [relative(name, folder), ...spelled],
    ...(inner !== undefined && { block: inner.map((one) => shown(one, folder)) }),
    ...(isInline === true && { isInline }),
  };
}

const verbatim = new Set([
  'send',
  'recv',
  'recv-disable',
  'description',
  'cache-path',
  'source-path',
  'issuer',
  'subject',
]);

function spellMember(member: Item): Item {
  const [name = '', ...rest] = member.words;
  return { ...member, words: [withServiceName(name), ...rest] };
}

export function withServiceName(text: string): string {
  const [, address = text, port = ''] = /^(.*[:.])(\d+)$/.exec(text) ?? [];
  const isPlainIpv4 = /^[\d.]+$/.test(text.replace(/^.*\//, ''));
  if (port === '' || isPlainIpv4 || address.startsWith('*')) return text;
  return `${address}${portName(port)}`;
}
