import { portOf } from './addresses.ts';
import { isProgram, readRaw, type Statement } from './tree.ts';

/** A statement that can be changed. Its words keep their quotes, so that what is written is what was read. */
export interface Item {
  words: string[];
  body?: Item[];
}

/** An object of a configuration: as it was read, until it is changed. */
export interface Part extends Item {
  /** What stands before it, line ends and comments included. */
  before: string;
  /** As read; undefined once it was changed. */
  text: string | undefined;
  readonly isProgram: boolean;
}

/** A configuration that keeps every byte of what is not changed. */
export class BigipText {
  readonly parts: Part[];
  #rest: string;

  constructor(text: string) {
    const { statements, rest } = readRaw(text);
    this.parts = statements.map((one) => ({
      ...itemOf(one),
      before: one.before,
      text: one.text,
      isProgram: isProgram(one),
    }));
    this.#rest = rest;
  }

  toString(): string {
    return this.parts.map((part) => part.before + (part.text ?? textOf(part))).join('') + this.#rest;
  }

  /** An object by its words up to the name: `ltm pool /Common/web`. */
  find(key: string): Part | undefined {
    return this.parts.find((part) => keyOf(part) === key);
  }

  /** Behind the last of its kind, else at the end. */
  insert(item: Item): void {
    const kind = item.words.slice(0, -1).join(' ');
    const last = this.parts.findLastIndex(({ words }) => words.slice(0, -1).join(' ') === kind);
    const part: Part = { ...item, before: '\n', text: undefined, isProgram: false };
    if (last !== -1) this.parts.splice(last + 1, 0, part);
    else {
      const isEnded = this.#rest.startsWith('\n') || this.parts.length === 0;
      this.parts.push({ ...part, before: isEnded && this.parts.length === 0 ? '' : '\n' });
      if (this.#rest === '') this.#rest = '\n';
    }
  }

  remove(part: Part): void {
    const at = this.parts.indexOf(part);
    const next = this.parts[at + 1];
    // The line end between two objects stays one; a comment before the one that goes stays too.
    if (next !== undefined) next.before = part.before.trim() === '' ? part.before : `${part.before}${next.before}`;
    else this.#rest = part.before.trim() === '' ? this.#rest : `${part.before}${this.#rest}`;
    this.parts.splice(at, 1);
  }
}

export function itemOf({ words, body }: Statement): Item {
  return { words: [...words], ...(body === undefined ? {} : { body: body.map(itemOf) }) };
}

export function keyOf({ words }: Pick<Item, 'words'>): string {
  return words.join(' ');
}

/** As tmsh lists it: four spaces a level. */
export function textOf({ words, body }: Item, indent = ''): string {
  const head = `${indent}${words.join(' ')}`;
  if (body === undefined) return head;
  if (body.length === 0) return `${head} { }`;
  return `${head} {\n${body.map((one) => textOf(one, `${indent}    `)).join('\n')}\n${indent}}`;
}

/** On one line, as a command has it. */
export function lineOf({ words, body }: Item): string {
  const head = words.join(' ');
  if (body === undefined) return head;
  return body.length === 0 ? `${head} { }` : `${head} { ${body.map(lineOf).join(' ')} }`;
}

/** What changes by itself. */
const idle = /^(?:creation-time|last-modified-time|vs-index|checksum|create-time|last-update-time|updated-by) /;
/** What no plan, log or picture may hold: it is never compared, and never written. */
export const secretSetting = /^(?:passphrase|password|secret|auth-password|privacy-password|encrypted-password) /;
/** What holds where nothing is said (tmsh reference, ltm pool, node, virtual and monitor), by the object's kind. */
const resting: readonly (readonly [RegExp, ReadonlySet<string>])[] = [
  [
    /^ltm pool \S+ > members > /,
    new Set([
      'ratio 1',
      'priority-group 0',
      'connection-limit 0',
      'monitor default',
      'dynamic-ratio 1',
      'rate-limit disabled',
    ]),
  ],
  [
    /^ltm pool \S+ > /,
    new Set([
      'load-balancing-mode round-robin',
      'min-active-members 0',
      'slow-ramp-time 10',
      'service-down-action none',
      'monitor none',
    ]),
  ],
  [
    /^ltm node \S+ > /,
    new Set(['ratio 1', 'connection-limit 0', 'monitor default', 'dynamic-ratio 1', 'rate-limit disabled']),
  ],
  [
    /^ltm virtual \S+ > $/,
    new Set([
      'enabled',
      'connection-limit 0',
      'translate-address enabled',
      'translate-port enabled',
      'pool none',
      'persist none',
      'fallback-persistence none',
      'source 0.0.0.0/0',
      'mirror disabled',
      'source-port preserve',
      'auto-lasthop default',
      'last-hop-pool none',
      'rate-class none',
      'rate-limit disabled',
      'rules none',
      'vlans-disabled',
      'serverssl-use-sni disabled',
      'service-down-immediate-action none',
      'address-status yes',
      'nat64 disabled',
    ]),
  ],
  [/^ltm virtual \S+ > source-address-translation > $/, new Set(['pool none', 'type none'])],
  [
    /^ltm virtual-address \S+ > /,
    new Set([
      'arp enabled',
      'auto-delete true',
      'connection-limit 0',
      'enabled yes',
      'icmp-echo enabled',
      'inherited-traffic-group false',
      'route-advertisement disabled',
      'server-scope any',
      'spanning disabled',
    ]),
  ],
  [
    /^ltm profile client-ssl \S+ > cert-key-chain > \S+ > /,
    new Set(['chain none', 'app-service none', 'usage SERVER']),
  ],
  [/^ltm profile server-ssl \S+ > /, new Set(['cert none', 'key none', 'chain none'])],
  [
    /^ltm monitor /,
    new Set([
      'adaptive disabled',
      'destination *:*',
      'ip-dscp 0',
      'recv none',
      'recv-disable none',
      'time-until-up 0',
      'send none',
    ]),
  ],
];

/**
 * An object as lines, a path each (`ltm pool /Common/web > members > /Common/a:80 > ratio 3`), in no order but that of iRules: the one
 * form by which two are compared. Without what says what holds anyway, what a monitor found, and times.
 */
export function linesOf(item: Item & { readonly text?: string | undefined }): readonly string[] {
  const head = keyOf(item);
  if (item.body === undefined) return [head];
  if (isProgram(item)) return [item.text ?? textOf(item)];
  const said = item.body.filter((one) => !isDerived(one, item));
  return [head, ...said.flatMap((one) => linesBelow(one, `${head} > `))].sort();
}

/**
 * A client-ssl profile repeats its first certificate as `cert`, `key` and `chain` (from 11.5 on), and one that inherits its
 * certificates repeats those of its parent: both follow by themselves.
 */
export function isDerived({ words: [key = ''] }: Item, { words, body = [] }: Item): boolean {
  if (words[2] !== 'client-ssl' || !/^(?:cert|key|chain|cert-key-chain)$/.test(key)) return false;
  const isInherited = body.some((one) => keyOf(one) === 'inherit-certkeychain true');
  return isInherited || (key !== 'cert-key-chain' && body.some((one) => one.words[0] === 'cert-key-chain'));
}

function linesBelow(item: Item, path: string): string[] {
  const words = keyOf(item);
  if (isIdle(words, path)) return [];
  const here = path + words;
  const isOrdered = words === 'rules';
  const inner = (item.body ?? []).flatMap((one, at) =>
    linesBelow(one, `${here} > ${isOrdered ? `${String(at)} ` : ''}`),
  );
  return inner.length === 0 && words === 'source-address-translation' ? [] : [here, ...inner];
}

function isIdle(words: string, path: string): boolean {
  if (idle.test(`${words} `) || secretSetting.test(words) || isFound(words, path)) return true;
  if (words === 'description none' || words === 'app-service none') return true;
  return resting.find(([kind]) => kind.test(path))?.[1].has(words) ?? false;
}

/** `session monitor-enabled` and `state up` are what a monitor found; what a person said is user-disabled and user-down. */
function isFound(words: string, path: string): boolean {
  return /^ltm (?:node|pool) /.test(path) && /^(?:session (?!user-disabled)|state (?!user-down))/.test(words);
}

/** What a setting is where it is not written, by the path of its object (`ltm pool /Common/web > `); undefined where that is not known. */
export function restOf(path: string, key: string): string | undefined {
  const words = resting.find(([kind]) => kind.test(path))?.[1] ?? new Set();
  const found = [...words].find((one) => one.startsWith(`${key} `));
  return found?.slice(key.length + 1) ?? rests[key];
}

const rests: Readonly<Record<string, string>> = {
  'app-service': 'none',
  description: 'none',
  session: 'user-enabled',
  state: 'user-up',
};

/** What the device writes by itself: when a thing was made or changed. */
export function isOfDevice(item: Item): boolean {
  return idle.test(`${keyOf(item)} `);
}

const texts = new Set(['description', 'send', 'recv', 'recv-disable', 'cookie-name', 'location', 'values', 'content']);

/**
 * What `cd /; list ... recursive` answers, as bigip.conf writes it: names from the root with their slash, ports as numbers where the
 * service is known, without what a monitor found. `auth partition` objects name the partitions, and go.
 */
export function asConfiguration(listing: string): string {
  const { statements } = readRaw(listing);
  const objects = statements.filter(({ words }) => words[0] !== 'auth');
  const partitions = partitionsOf(statements);

  function rooted(word: string): string {
    const at = word.indexOf('/');
    return at > 0 && partitions.has(word.slice(0, at)) ? `/${word}` : word;
  }
  function settled(item: Item, path: string): Item[] {
    const said = keyOf(item);
    if (isFound(said, path) || idle.test(`${said} `)) return [];
    const isText = texts.has(item.words[0] ?? '');
    const words = isText ? item.words : item.words.map(rooted);
    const hasPort = path.endsWith(' > members > ') || words[0] === 'destination';
    const named = hasPort ? words.map(numbered) : words;
    const inner = item.body?.flatMap((one) => settled(one, `${path}${keyOf({ words: named })} > `));
    return [{ words: named, ...(inner === undefined ? {} : { body: inner }) }];
  }
  const told = objects.map((one) => {
    const words = [...one.words.slice(0, -1), rooted(one.words.at(-1) ?? '')];
    if (isProgram(one)) return one.text.replace(one.words.join(' '), words.join(' '));
    const body = itemOf(one).body?.flatMap((inner) => settled(inner, `${words.join(' ')} > `));
    return textOf({ words, ...(body === undefined ? {} : { body }) });
  });
  return told.length === 0 ? '' : `${told.join('\n')}\n`;
}

/** By the list of them, and by the folders that names begin with. */
function partitionsOf(statements: readonly Statement[]): ReadonlySet<string> {
  const names = statements.map(({ words }) => bare(words.at(-1) ?? ''));
  const listed = statements.flatMap(({ words }, at) => (words[0] === 'auth' ? [names[at] ?? ''] : []));
  const begun = names.filter((name) => name.includes('/')).map((name) => name.slice(0, name.indexOf('/')));
  return new Set(['Common', ...listed, ...begun]);
}

function bare(name: string): string {
  return name.startsWith('/') ? name.slice(1) : name;
}

/** `/Common/web:http` as `/Common/web:80`; behind an IPv6 address the port stands after a dot. */
function numbered(word: string): string {
  const isV6 = (word.match(/:/g) ?? []).length > 1;
  const at = word.lastIndexOf(isV6 ? '.' : ':');
  const port = at === -1 ? undefined : portOf(word.slice(at + 1));
  return port === undefined || /[.:]any$/.test(word) ? word : `${word.slice(0, at + 1)}${String(port)}`;
}
