import type { Argument } from './arguments.ts';
import { type Item, unquote } from './block.ts';
import type { Properties, Property, Takes } from './kinds.ts';
import { cover } from './locked-key.ts';
import { notFound, syntax } from './refusal.ts';
import { portNumber } from './services.ts';

/** How names in a command become whole paths. */
export interface Resolver {
  /** The object that is changed. */
  readonly owner: string;
  /** The path of an object that is referred to. */
  readonly path: (name: string, kind: string) => string;
  /** The path of an entry of a collection: of a member that of its node, with the port behind. */
  readonly entry: (name: string, collection: string, refersTo: string | undefined) => string;
  /** A file is merged: collections stand there without a verb. */
  readonly isMerge: boolean;
}

/** The items after the arguments have been done. Throws `Refused`. */
export function withProperties(
  items: readonly Item[],
  properties: Properties,
  given: readonly Argument[],
  resolver: Resolver,
): readonly Item[] {
  let result = items;
  for (let at = 0; at < given.length;) {
    const name = given[at];
    if (typeof name !== 'string') throw syntax('unexpected argument "{"');
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined) throw syntax(`"${name}" unknown property`);
    const taken = take(name, property, result, given.slice(at + 1), resolver);
    result = taken.items;
    at += 1 + taken.length;
  }
  return result;
}

interface Taken {
  readonly items: readonly Item[];
  /** How many arguments behind the name were read. */
  readonly length: number;
}

function take(
  name: string,
  property: Property,
  items: readonly Item[],
  rest: readonly Argument[],
  resolver: Resolver,
): Taken {
  const { takes } = property;
  const [first, second] = rest;
  switch (takes.type) {
    case 'flag':
      return { items: place(without(without(items, name), takes.opposite), { words: [name] }), length: 0 };
    case 'block': {
      if (first === undefined || typeof first === 'string') throw syntax(`"${name}" must be followed by "{"`);
      const old = items.find(({ words }) => words[0] === name)?.block ?? [];
      const block = withProperties(old, takes.properties, first, resolver);
      return { items: place(without(items, name), { words: [name], block }), length: 1 };
    }
    case 'monitor':
      return takeMonitor(name, items, rest, resolver);
    case 'list':
    case 'entries':
      return takeCollection(name, takes, items, first, second, resolver);
    case 'word':
    case 'number':
      if (typeof first !== 'string') throw syntax(`"${name}" requires a value`);
      return { items: setValue(items, name, property, checkValue(name, takes, first, resolver)), length: 1 };
  }
}

function checkValue(
  name: string,
  takes: Extract<Takes, { type: 'word' | 'number' }>,
  value: string,
  resolver: Resolver,
): string {
  if (takes.type === 'number') {
    if (takes.others.includes(value)) return value;
    const isFit = /^\d+$/.test(value) && Number(value) >= takes.least && Number(value) <= takes.most;
    if (!isFit) throw syntax(`"${name}" "${value}" is not in the range ${takes.least} - ${takes.most}`);
    return String(Number(value));
  }
  if (takes.refersTo !== undefined && value !== 'none') return resolver.path(unquote(value), takes.refersTo);
  if (name === 'passphrase' && value !== 'none') return cover(unquote(value));
  const spelled = spellings[value] ?? value;
  if (takes.words.length > 0 && !takes.words.includes(spelled)) throw syntax(`"${name}" unknown value "${value}"`);
  return name === 'destination' && !value.includes('*') ? resolver.path(numericPort(value), '') : spelled;
}

/** The manual prints the mode so. */
const spellings: Readonly<Record<string, string>> = {
  'least-connections-members': 'least-connections-member',
};

function numericPort(destination: string): string {
  const [, address = destination, port = ''] = /^(.*[:.])([\w-]+)$/.exec(destination) ?? [];
  return port === '' || /^\d+$/.test(port) ? destination : `${address}${portNumber(port)}`;
}

function setValue(items: readonly Item[], name: string, { normal }: Property, value: string): readonly Item[] {
  if (value === normal || (value === 'none' && normal === undefined && !keepsNone.has(name)))
    return without(items, name);
  return place(without(items, name), { words: [name, value] });
}

/** Written even where it is none. */
const keepsNone = new Set(['recv', 'recv-disable', 'send', 'mask', 'type', 'username', 'password', 'cookie-name']);

/** `none`, `default`, `a and b`, `min 1 of { a b }`. */
function takeMonitor(name: string, items: readonly Item[], rest: readonly Argument[], resolver: Resolver): Taken {
  const [first, count, of, list] = rest;
  if (typeof first !== 'string') throw syntax(`"${name}" requires a value`);
  const rule = unquote(first).trim();
  if (rule === 'none' || rule === 'default') return { items: without(items, name), length: 1 };
  if (rule === 'min') {
    if (typeof count !== 'string' || of !== 'of' || list === undefined || typeof list === 'string') {
      throw syntax(`"${name}" requires "min <number> of { <monitor> ... }"`);
    }
    const block = list.map((one) => ({ words: [resolver.path(String(one), 'ltm monitor')] }));
    return {
      items: place(without(items, name), { words: [name, 'min', count, 'of'], block, isInline: true }),
      length: 4,
    };
  }
  const names = rule.split(/ and /);
  let length = 1;
  while (rest[length] === 'and' && typeof rest[length + 1] === 'string') {
    names.push(String(rest[length + 1]));
    length += 2;
  }
  const paths = names.map((one) => resolver.path(one.trim(), 'ltm monitor'));
  return { items: place(without(items, name), { words: [name, ...paths.join(' and ').split(' ')] }), length };
}

type Collection = Extract<Takes, { type: 'list' | 'entries' }>;

function takeCollection(
  name: string,
  takes: Collection,
  items: readonly Item[],
  first: Argument | undefined,
  second: Argument | undefined,
  resolver: Resolver,
): Taken {
  const old = items.find(({ words }) => words[0] === name)?.block ?? [];
  if (first === undefined) throw syntax(`"${name}" requires a value`);
  if (first === 'none') return { items: without(items, name), length: 1 };
  const isDirect = typeof first !== 'string';
  if (isDirect && takes.type === 'entries' && !resolver.isMerge) throw syntax('unexpected argument "{"');
  const verb = isDirect ? 'replace-all-with' : first;
  const given = isDirect ? first : second;
  if (!verbs.includes(verb) || (verb === 'modify' && takes.type === 'list'))
    throw syntax(`unexpected argument "${verb}"`);
  if (given === undefined || typeof given === 'string') throw syntax(`"${verb}" must be followed by "{"`);
  const block =
    takes.type === 'list'
      ? listAfter(old, verb, given, takes, resolver)
      : entriesAfter(old, verb, given, name, takes, resolver);
  const isInline = takes.type === 'list' && inlineLists.has(name);
  const next =
    block.length === 0
      ? without(items, name)
      : place(without(items, name), { words: [name], block, ...(isInline && { isInline }) });
  return { items: next, length: isDirect ? 1 : 2 };
}

const verbs: readonly string[] = ['add', 'delete', 'modify', 'replace-all-with'];
const inlineLists = new Set(['options', 'cert-extension-includes', 'security-log-profiles']);

function listAfter(
  old: readonly Item[],
  verb: string,
  given: readonly Argument[],
  { refersTo }: Extract<Takes, { type: 'list' }>,
  resolver: Resolver,
): readonly Item[] {
  const names = given.map((one) => {
    if (typeof one !== 'string') throw syntax('unexpected argument "{"');
    return refersTo === undefined ? one : resolver.path(one, refersTo);
  });
  const rest = verb === 'replace-all-with' ? [] : old.filter(({ words: [name = ''] }) => !names.includes(name));
  return verb === 'delete' ? rest : [...rest, ...names.map((name) => ({ words: [name] }))];
}

function entriesAfter(
  old: readonly Item[],
  verb: string,
  given: readonly Argument[],
  collection: string,
  { properties, refersTo }: Extract<Takes, { type: 'entries' }>,
  resolver: Resolver,
): readonly Item[] {
  let result = verb === 'replace-all-with' ? [] : old;
  for (let at = 0; at < given.length; at += 1) {
    const typed = given[at];
    if (typeof typed !== 'string') throw syntax('unexpected argument "{"');
    const inner = given[at + 1];
    const hasBody = inner !== undefined && typeof inner !== 'string';
    if (hasBody) at += 1;
    const isAll = typed === 'all' && verb !== 'add' && verb !== 'replace-all-with';
    const names = isAll
      ? old.map(({ words: [name = ''] }) => name)
      : [resolver.entry(unquote(typed), collection, refersTo)];
    for (const name of names)
      result = entryAfter(result, verb, name, properties, hasBody ? inner : [], resolver, collection, old);
  }
  return sorted(result, collection);
}

function entryAfter(
  entries: readonly Item[],
  verb: string,
  name: string,
  properties: Properties,
  body: readonly Argument[],
  resolver: Resolver,
  collection: string,
  before: readonly Item[],
): readonly Item[] {
  const known = entries.find(({ words }) => words[0] === name);
  const rest = entries.filter((one) => one !== known);
  if (verb === 'delete' || verb === 'modify') {
    if (known === undefined)
      throw notFound(labels[collection] ?? collection, spelledForErrors(name, collection, resolver.owner));
    if (verb === 'delete') return rest;
  }
  if (verb === 'add' && known !== undefined) throw syntax(`"${name}" may not be specified more than once`);
  const old =
    verb === 'replace-all-with' && collection === 'members' ? before.find(({ words }) => words[0] === name) : known;
  const start =
    verb === 'modify' ? (known?.block ?? []) : (old?.block ?? []).filter(({ words }) => words[0] === 'address');
  return [...rest, { words: [name], block: withProperties(start, properties, body, resolver) }];
}

const labels: Readonly<Record<string, string>> = { members: 'Pool Member', profiles: 'profile', persist: 'profile' };

/** A member is named by its pool, its node and its port: `Pool Member (/Common/web /Common/10.0.0.1 80)`. */
function spelledForErrors(name: string, collection: string, owner: string): string {
  return collection === 'members' ? `${owner} ${name.replace(/[:.](\d+)$/, ' $1')}` : name;
}

/** Members stand in the order of their names and ports, profiles in that of their names. */
function sorted(entries: readonly Item[], collection: string): readonly Item[] {
  if (collection !== 'members' && collection !== 'profiles') return entries;
  return entries.toSorted((a, b) => compareNames(a.words[0] ?? '', b.words[0] ?? ''));
}

function compareNames(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => /^(.*?)(?:[:.](\d+))?$/.exec(name));
  if (left?.[1] !== right?.[1]) return (left?.[1] ?? '') < (right?.[1] ?? '') ? -1 : 1;
  return Number(left?.[2] ?? 0) - Number(right?.[2] ?? 0);
}

export function without(items: readonly Item[], name: string): readonly Item[] {
  return items.filter(({ words }) => words[0] !== name);
}

/** In the order of the alphabet, as the device writes properties. */
export function place(items: readonly Item[], item: Item): readonly Item[] {
  const name = item.words[0] ?? '';
  const at = items.findIndex(({ words: [other = ''] }) => other > name);
  return items.toSpliced(at < 0 ? items.length : at, 0, item);
}
