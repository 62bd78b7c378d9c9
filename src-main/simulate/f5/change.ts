import { isIP } from 'node:net';
import type { Argument } from './arguments.ts';
import type { Item } from './block.ts';
import { checkChanged, checkDeleted } from './check.ts';
import {
  type Configuration,
  findItem,
  findObject,
  inFolder,
  objectsOf,
  partitionOf,
  type TmObject,
  valueOf,
  withObject,
  withoutObject,
} from './configuration.ts';
import { type Kind, kinds } from './kinds.ts';
import { place, type Resolver, withProperties, without } from './properties.ts';
import { alreadyExists, notFound, Refused, syntax } from './refusal.ts';
import { portNumber } from './services.ts';
import { addressPathOf, completeAddress, withAddressOf, withoutFreed } from './virtual-address.ts';

/** One command that changes objects, taken apart. */
export interface ChangeCommand {
  readonly verb: 'create' | 'modify' | 'delete';
  readonly kind: Kind;
  /** As typed; `all` for every one in the folder. Empty where there is one of the kind alone. */
  readonly names: readonly string[];
  readonly properties: readonly Argument[];
  /** The body of a script, in place of properties. */
  readonly raw?: string;
}

export interface ChangeContext {
  readonly folder: string;
  readonly now: Date;
  /** 14.1 and later keep the times of virtual servers. */
  readonly keepsTimes: boolean;
  readonly isMerge?: boolean;
}

/** What one command did, before it has been checked as a whole. */
interface Draft {
  readonly config: Configuration;
  readonly changed: readonly TmObject[];
  readonly deleted: readonly { readonly kind: string; readonly name: string }[];
  /** Virtual addresses of virtual servers that were deleted. */
  readonly freed: readonly string[];
}

/** The configuration after all the commands, or none of them: throws `Refused` in the device's words. */
export function change(
  before: Configuration,
  commands: readonly ChangeCommand[],
  context: ChangeContext,
): Configuration {
  let draft: Draft = { config: before, changed: [], deleted: [], freed: [] };
  for (const command of commands) draft = runOne(draft, command, context);
  for (const { kind, name } of draft.changed) {
    const object = findObject(draft.config, kind, name);
    if (object !== undefined) checkChanged(draft.config, object);
  }
  for (const gone of draft.deleted) checkDeleted(draft.config, gone);
  return draft.freed.reduce(withoutFreed, draft.config);
}

function runOne(draft: Draft, command: ChangeCommand, context: ChangeContext): Draft {
  const { kind } = command;
  if (kind.isSingle) return changeOne(draft, command, '', context);
  if (command.names.length === 0) throw syntax('one or more configuration identifiers must be provided');
  if (command.names.length === 1 && command.names[0] === 'all' && command.verb !== 'create') {
    const all = objectsOf(draft.config, kind.id).filter(({ name }) => inFolder(nameIn(name), context.folder) === name);
    return all.reduce((sum, { name }) => changeOne(sum, command, name, context), draft);
  }
  return command.names.reduce(
    (sum, name) => changeOne(sum, command, pathOf(draft.config, command, name, context), context),
    draft,
  );
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function pathOf(config: Configuration, { kind, verb }: ChangeCommand, name: string, { folder }: ChangeContext): string {
  if (!kind.isInCommon) return name;
  const path = inFolder(name, folder);
  if (verb !== 'create' || hasFolder(config, path)) return path;
  throw new Refused(`01070734:3: Configuration error: Can't associate ${kind.label} (${path}) folder does not exist`);
}

function hasFolder(config: Configuration, path: string): boolean {
  const folder = path.slice(0, path.lastIndexOf('/'));
  if (folder === '/Common') return true;
  const isPartition =
    folder.split('/').length === 2 && findObject(config, 'auth partition', folder.slice(1)) !== undefined;
  return isPartition || findObject(config, 'sys folder', folder) !== undefined || hasObjectsIn(config, folder);
}

function hasObjectsIn({ objects }: Configuration, folder: string): boolean {
  return objects.some(({ name }) => name.startsWith(`${folder}/`));
}

function changeOne(draft: Draft, command: ChangeCommand, name: string, context: ChangeContext): Draft {
  const { kind, verb, properties } = command;
  const known = findObject(draft.config, kind.id, name);
  if (verb === 'delete') {
    if (known === undefined) throw notFound(kind.label, name);
    return {
      ...draft,
      config: withoutObject(draft.config, kind.id, name),
      deleted: [...draft.deleted, { kind: kind.id, name }],
      freed: kind.id === 'ltm virtual' ? [...draft.freed, addressPathOf(known) ?? ''] : draft.freed,
    };
  }
  // a virtual server that stands before it in a file has made its address already
  const isMade = context.isMerge === true && kind.id === 'ltm virtual-address';
  if (verb === 'create' && known !== undefined && !isMade) throw alreadyExists(kind.label, name, partitionOf(name));
  if (verb === 'modify' && known === undefined && !kind.isSingle) throw notFound(kind.label, name);
  if (command.raw !== undefined) {
    const script = { kind: kind.id, name, items: [], raw: command.raw };
    return { ...draft, config: withObject(draft.config, script), changed: [...draft.changed, script] };
  }
  if (verb === 'modify' && properties.length === 0) throw syntax('one or more properties must be specified');
  const resolver = resolverIn(draft.config, name, context);
  const items = withProperties(known?.items ?? [], kind.properties, properties, resolver);
  const object = complete({ kind: kind.id, name, items }, known, context);
  return addSideObjects(
    { ...draft, config: withObject(draft.config, object), changed: [...draft.changed, object] },
    object,
  );
}

function resolverIn(config: Configuration, owner: string, { folder, isMerge = false }: ChangeContext): Resolver {
  function path(name: string, kind: string): string {
    const own = inFolder(name, folder);
    if (name.startsWith('/') || kind === '') return own;
    const isThere = objectsOf(config, kind).some((one) => one.name === own);
    return isThere
      ? own
      : inFolder(name, objectsOf(config, kind).some((one) => one.name === `/Common/${name}`) ? '/Common' : folder);
  }
  return {
    owner,
    path,
    isMerge,
    entry: (name, collection, refersTo) => {
      if (collection === 'members') return memberName(config, name, `/${partitionOf(owner)}`);
      return refersTo === undefined ? name : path(name, refersTo);
    },
  };
}

/** `web:http` is `/Common/web:80`; of IPv6 addresses the port stands behind a dot. */
function memberName(config: Configuration, typed: string, partition: string): string {
  const [, node = typed, mark = ':', port = ''] = /^(.*)([:.])([\w*-]+)$/.exec(typed) ?? [];
  if (port === '') throw syntax(`"${typed}" is not a valid pool member, a port is missing`);
  const own = inFolder(node, partition);
  const isCommon =
    findObject(config, 'ltm node', own) === undefined &&
    findObject(config, 'ltm node', `/Common/${node}`) !== undefined;
  return `${node.startsWith('/') || !isCommon ? own : `/Common/${node}`}${mark}${portNumber(port)}`;
}

/** What the device writes by itself on what is new or changed. */
function complete(object: TmObject, known: TmObject | undefined, context: ChangeContext): TmObject {
  let { items } = object;
  if (object.kind === 'ltm virtual') {
    const destination = valueOf(items, 'destination') ?? '';
    if (destination === '')
      throw new Refused(`01070734:3: Configuration error: Virtual Server (${object.name}) must have a destination`);
    const isV6 = destination.replace(/^.*\//, '').split(':').length > 2;
    items = add(items, 'mask', isV6 ? 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' : '255.255.255.255');
    items = add(items, 'source', isV6 ? '::/0' : '0.0.0.0/0');
    items = add(add(items, 'translate-address', 'enabled'), 'translate-port', 'enabled');
    if (findItem(items, 'profiles') === undefined) {
      items = place(items, { words: ['profiles'], block: [{ words: ['/Common/fastL4'], block: [] }] });
    }
    items = without(items, 'enabled');
    if (context.keepsTimes) {
      items = add(items, 'creation-time', stampOf(context.now));
      items = place(without(items, 'last-modified-time'), { words: ['last-modified-time', stampOf(context.now)] });
    }
  }
  if (object.kind === 'ltm node' && known === undefined && findItem(items, 'fqdn') === undefined) {
    const name = nameIn(object.name).replace(/%\d+$/, '');
    if (isIP(name) > 0) items = add(items, 'address', nameIn(object.name));
    if (findItem(items, 'address') === undefined)
      throw new Refused(`01070734:3: Configuration error: Node (${object.name}) must have an address`);
  }
  if (object.kind === 'ltm virtual-address') return completeAddress(object, known);
  const parent = parents[object.kind];
  if (known === undefined && parent !== undefined && nameIn(object.name) !== parent)
    items = add(items, 'defaults-from', `/Common/${parent}`);
  return { ...object, items };
}

function add(items: readonly Item[], name: string, value: string): readonly Item[] {
  return findItem(items, name) === undefined ? place(items, { words: [name, value] }) : items;
}

/** The profile or monitor that a new one inherits from unless it is told. */
const parents: Readonly<Record<string, string>> = {
  'ltm monitor http': 'http',
  'ltm monitor https': 'https',
  'ltm monitor tcp': 'tcp',
  'ltm monitor udp': 'udp',
  'ltm monitor tcp-half-open': 'tcp_half_open',
  'ltm monitor gateway-icmp': 'gateway_icmp',
  'ltm persistence cookie': 'cookie',
  'ltm persistence source-addr': 'source_addr',
  'ltm persistence dest-addr': 'dest_addr',
  'ltm persistence ssl': 'ssl',
  'ltm persistence hash': 'hash',
  'ltm persistence universal': 'universal',
  'ltm profile client-ssl': 'clientssl',
  'ltm profile server-ssl': 'serverssl',
  'ltm profile http': 'http',
  'ltm profile tcp': 'tcp',
  'ltm profile one-connect': 'oneconnect',
};

/** `2020-09-17:08:50:22`, as recordings of 15.1 have it. */
export function stampOf(time: Date): string {
  return time.toISOString().slice(0, 19).replace('T', ':');
}

/** A member brings its node, a virtual server its virtual address. */
function addSideObjects(draft: Draft, object: TmObject): Draft {
  if (object.kind === 'ltm pool') return addNodes(draft, object);
  return object.kind === 'ltm virtual' ? { ...draft, config: withAddressOf(draft.config, object) } : draft;
}

function addNodes(draft: Draft, pool: TmObject): Draft {
  let { config } = draft;
  const members = (findItem(pool.items, 'members')?.block ?? []).map((member) => {
    const node = (member.words[0] ?? '').replace(/[:.]\d+$/, '');
    const known = findObject(config, 'ltm node', node);
    const block = member.block ?? [];
    if (findItem(block, 'fqdn') !== undefined) return member;
    const given = valueOf(block, 'address');
    const address = given ?? (known === undefined ? nameIn(node) : valueOf(known.items, 'address')) ?? '';
    if (known === undefined) {
      if (isIP(address.replace(/%\d+$/, '')) === 0) throw notFound('Node', node);
      config = withObject(config, { kind: 'ltm node', name: node, items: [{ words: ['address', address] }] });
    }
    return given === undefined ? { ...member, block: place(block, { words: ['address', address] }) } : member;
  });
  if (members.length === 0) return { ...draft, config };
  const items = place(without(pool.items, 'members'), { words: ['members'], block: members });
  return { ...draft, config: withObject(config, { ...pool, items }) };
}

/** The commands that a file to be merged stands for. */
export function mergeCommands(
  config: Configuration,
  file: Configuration,
  toProperties: (items: readonly Item[]) => readonly Argument[],
): readonly ChangeCommand[] {
  return file.objects.map(({ kind: id, name, items, raw }) => {
    const kind = kinds.find((one) => one.id === id);
    if (kind === undefined) throw syntax(`"${id}" unknown component`);
    const verb = kind.isSingle || findObject(config, id, name) !== undefined ? 'modify' : 'create';
    const names = name === '' ? [] : [name];
    return { verb, kind, names, properties: toProperties(items), ...(raw !== undefined && { raw }) };
  });
}
