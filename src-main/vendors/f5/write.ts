import { namedLists, plainLists, readTmsh } from './command.ts';
import { BigipText, type Item, keyOf, type Part } from './text.ts';
import { addressNameOf, addressOf, isKept, isUsed as isAddressUsed, listensOn } from './virtual-address.ts';

/**
 * The configuration as the device would hold it after these tmsh commands, each by itself: `create`, `delete` and `modify`, as the tmsh
 * reference has them (ltm pool, node, virtual, monitor, persistence, profile client-ssl). What the device would refuse (an object
 * that is there already, is not there, or is in use) changes nothing, and is answered as its place in the list.
 */
export function applyTmsh(
  text: string,
  commands: readonly string[],
): { readonly text: string; readonly refused: readonly number[] } {
  const config = new BigipText(text);
  const refused = commands.flatMap((command, at) => (apply(config, command) ? [] : [at]));
  return { text: config.toString(), refused };
}

/** One transaction: all of it or nothing (tmsh reference, cli transaction). */
export function applyTransaction(text: string, commands: readonly string[]): string {
  const done = applyTmsh(text, commands);
  return done.refused.length === 0 ? done.text : text;
}

function apply(config: BigipText, command: string): boolean {
  const said = readTmsh(command);
  if (said === undefined) return false;
  const { verb, object, settings } = said;
  const part = config.find(object.join(' '));
  if (verb === 'create') {
    if (part !== undefined) return false;
    config.insert({ words: [...object], body: settings.map(withoutVerb) });
    addAddress(config, config.find(object.join(' ')));
    return true;
  }
  if (part === undefined) return false;
  if (verb === 'delete') return remove(config, part);
  const [name, address] = [addressNameOf(part), addressOf(config, part)];
  const isDone = verb === 'modify' && settings.every((setting) => modify(part, setting));
  if (addressNameOf(part) !== name) {
    addAddress(config, part);
    dropAddress(config, address);
  }
  return isDone;
}

/** A virtual server brings an address of its own where there is none; the device fills in what it is. */
function addAddress(config: BigipText, virtual: Part | undefined): void {
  const name = virtual && addressNameOf(virtual);
  if (name === undefined || virtual === undefined || addressOf(config, virtual) !== undefined) return;
  config.insert({ words: ['ltm', 'virtual-address', name], body: [] });
}

/** With the last virtual server its address goes, unless it was told to stay (`auto-delete`). */
function dropAddress(config: BigipText, address: Part | undefined): void {
  if (address !== undefined && !isKept(address) && !isAddressUsed(config, address)) config.remove(address);
}

/** `members add { ... }` of a new object is its `members { ... }`. */
function withoutVerb(item: Item): Item {
  const [key = '', verb] = item.words;
  const isList = item.body !== undefined && (verb === 'add' || verb === 'replace-all-with');
  return isList ? { ...item, words: [key] } : item;
}

/** An object that another one names cannot go. */
function remove(config: BigipText, part: Part): boolean {
  const isUsed = config.parts.some((other) => uses(other, part));
  if (isUsed) return false;
  const address = addressOf(config, part);
  config.remove(part);
  dropAddress(config, address);
  return true;
}

/** Whether an object could not be without another: it names it, has a member on that node, or listens on that address. */
function uses(one: Part, other: Part): boolean {
  const name = other.words.at(-1) ?? '';
  const kind = other.words[1];
  if (one === other || one.isProgram) return false;
  if (kind === 'node' && one.words[1] !== 'pool') return false;
  if (kind === 'virtual-address') return listensOn(one, other);
  return (one.body ?? []).some((item) => names(item, name, kind === 'node'));
}

function names(item: Item, name: string, isNode: boolean): boolean {
  const isHere = item.words.some(
    (word) => word === name || (isNode && /^[.:][^/]*$/.test(word.slice(name.length)) && word.startsWith(name)),
  );
  return isHere || (item.body ?? []).some((inner) => names(inner, name, isNode));
}

function modify(part: Part, { words, body }: Item): boolean {
  const [key = '', verb] = words;
  const own = (part.body ??= []);
  const at = own.findIndex((item) => item.words[0] === key);
  const before = own[at];
  let after: Item | undefined;
  if (verb === 'none' && (namedLists.has(key) || plainLists.has(key))) after = undefined;
  else if (body !== undefined && isChangeOfList(verb)) {
    const list = changed(before?.body ?? [], verb, body);
    if (list === undefined) return false;
    after = list.length === 0 && verb === 'delete' ? undefined : { words: [key], body: list };
  } else if (body === undefined && words.length === 1) return stand(part, key);
  else after = { words: [...words], ...(body === undefined ? {} : { body }) };
  put(own, at, after);
  part.text = undefined;
  return true;
}

function isChangeOfList(verb: string | undefined): verb is 'add' | 'delete' | 'modify' | 'replace-all-with' {
  return verb === 'add' || verb === 'delete' || verb === 'modify' || verb === 'replace-all-with';
}

function changed(
  list: readonly Item[],
  verb: 'add' | 'delete' | 'modify' | 'replace-all-with',
  items: readonly Item[],
): Item[] | undefined {
  if (verb === 'replace-all-with') return [...items];
  const known = new Set(list.map(keyOf));
  if (items.some((item) => known.has(keyOf(item)) !== (verb !== 'add'))) return undefined;
  if (verb === 'add') return inOrder([...list, ...items]);
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  if (verb === 'delete') return list.filter((item) => !byKey.has(keyOf(item)));
  return list.map((item) => {
    const change = byKey.get(keyOf(item));
    if (change === undefined) return item;
    const body = [...(item.body ?? [])];
    for (const setting of change.body ?? []) set(body, setting);
    return { ...item, body };
  });
}

function set(body: Item[], setting: Item): void {
  const at = body.findIndex((item) => item.words[0] === setting.words[0]);
  const words = keyOf(setting);
  put(body, at, words === 'session user-enabled' || words === 'state user-up' ? undefined : setting);
}

function put(body: Item[], at: number, item: Item | undefined): void {
  if (at !== -1 && item !== undefined) body[at] = item;
  else if (at !== -1) body.splice(at, 1);
  else if (item !== undefined) body.splice(0, body.length, ...inOrder([...body, item]));
}

/** tmsh lists settings and members by name. */
function inOrder(items: Item[]): Item[] {
  return items.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Of words that stand alone those that exclude each other; what holds where none is written comes first. */
const opposites: readonly (readonly string[])[] = [
  ['enabled', 'disabled'],
  ['vlans-disabled', 'vlans-enabled'],
];

function stand(part: Part, key: string): boolean {
  const own = (part.body ??= []);
  const pair = opposites.find((words) => words.includes(key)) ?? ['', key];
  const at = own.findIndex((item) => item.words.length === 1 && pair.includes(item.words[0] ?? ''));
  put(own, at, key === pair[0] ? undefined : { words: [key] });
  part.text = undefined;
  return true;
}
