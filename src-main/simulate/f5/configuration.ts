import { type Item, parseItems, renderItems } from './block.ts';
import { kindOf } from './kinds.ts';

/** One object of a configuration: `ltm pool /Common/web { ... }`. */
export interface TmObject {
  /** `ltm pool`, `ltm monitor http`, `sys file ssl-cert`. Of objects that the simulation does not know all words of the head. */
  readonly kind: string;
  /** The whole path; empty where there is one object of a kind alone. */
  readonly name: string;
  readonly items: readonly Item[];
  /** The body as it was loaded, of scripts, which are no blocks. */
  readonly raw?: string;
}

/** What a device holds, in the order in which it was loaded. */
export interface Configuration {
  readonly objects: readonly TmObject[];
}

const scripts = /^(ltm rule|cli script|sys icall script|sys application template|apm|asm|security|gtm rule)\b/;

/** Reads bigip.conf and the like; names without a folder are of /Common. Throws `BlockError`. */
export function parseConfiguration(text: string): Configuration {
  const lines = text.replaceAll('\r', '').split('\n');
  const objects: TmObject[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line === '' || line.startsWith('#')) continue;
    const head = /^(\S.*?)\s*\{\s*(\}?)\s*$/.exec(line);
    if (head === null) {
      const [, words = '', inner = ''] = /^(\S.*?)\s*\{(.*)\}\s*$/.exec(line) ?? [];
      if (words !== '') objects.push({ ...readHead(words), items: parseItems(inner, at + 1) });
      continue;
    }
    const [, words = '', isClosed = ''] = head;
    const end = isClosed === '' ? endOfObject(lines, at, scripts.test(words)) : at;
    const body = lines.slice(at + 1, end).join('\n');
    const isScript = scripts.test(words);
    objects.push({
      ...readHead(words),
      items: isScript ? [] : parseItems(body, at + 2),
      ...(isScript && { raw: body }),
    });
    at = end;
  }
  return { objects };
}

/** The line of the brace that closes the object: the first one that stands alone, of scripts the one that balances. */
function endOfObject(lines: readonly string[], from: number, isScript: boolean): number {
  let depth = 0;
  for (let at = from; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (!isScript && at > from && line.startsWith('}')) return at;
    if (!isScript) continue;
    const bare = line.replaceAll(/\\./g, '');
    depth += bare.split('{').length - bare.split('}').length;
    if (depth <= 0) return at;
  }
  return lines.length;
}

function readHead(head: string): Pick<TmObject, 'kind' | 'name'> {
  const words = head.match(/"[^"]*"|\S+/g) ?? [];
  const known = kindOf(words);
  if (known !== undefined) {
    const name = words[known.words.length] ?? '';
    return { kind: known.id, name: known.isSingle ? '' : inFolder(name, known.isInCommon ? '/Common' : '') };
  }
  const last = words.at(-1) ?? '';
  return last.startsWith('/') && words.length > 1
    ? { kind: words.slice(0, -1).join(' '), name: last }
    : { kind: words.join(' '), name: '' };
}

/** A path as it stands, a bare name in the folder. */
export function inFolder(name: string, folder: string): string {
  if (name.startsWith('/') || folder === '') return name;
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

export function folderOf(name: string): string {
  const at = name.lastIndexOf('/');
  return at <= 0 ? '/' : name.slice(0, at);
}

export function partitionOf(name: string): string {
  return name.split('/')[1] ?? 'Common';
}

export function renderObject({ kind, name, items, raw }: TmObject): string {
  const head = name === '' ? kind : `${kind} ${name}`;
  if (raw !== undefined) return `${head} {\n${raw}${raw === '' ? '' : '\n'}}\n`;
  return items.length === 0 ? `${head} { }\n` : `${head} {\n${renderItems(items, 1)}}\n`;
}

export function renderConfiguration({ objects }: Configuration): string {
  return objects.map(renderObject).join('');
}

export function findObject({ objects }: Configuration, kind: string, name: string): TmObject | undefined {
  return objects.find((one) => one.kind === kind && one.name === name);
}

/** All of a kind; `ltm monitor` are all monitors, of whatever type. */
export function objectsOf({ objects }: Configuration, kind: string): readonly TmObject[] {
  return objects.filter((one) => one.kind === kind || one.kind.startsWith(`${kind} `));
}

/** In place of the one of its name, else behind the last of its kind. */
export function withObject({ objects }: Configuration, changed: TmObject): Configuration {
  const at = objects.findIndex(({ kind, name }) => kind === changed.kind && name === changed.name);
  if (at >= 0) return { objects: objects.with(at, changed) };
  const last = objects.findLastIndex(({ kind }) => kind === changed.kind);
  return { objects: objects.toSpliced(last < 0 ? objects.length : last + 1, 0, changed) };
}

export function withoutObject({ objects }: Configuration, kind: string, name: string): Configuration {
  return { objects: objects.filter((one) => one.kind !== kind || one.name !== name) };
}

export function findItem(items: readonly Item[], name: string): Item | undefined {
  return items.find(({ words }) => words[0] === name);
}

/** The words behind the name, as `http and tcp` of `monitor http and tcp`. */
export function valueOf(items: readonly Item[], name: string): string | undefined {
  const item = findItem(items, name);
  return item === undefined ? undefined : item.words.slice(1).join(' ');
}
