import type { CfgDocument, Section, Statement } from './document.ts';
import { mergeServerWords, readServerWords, type ServerWord } from './server-words.ts';
import type { Settings } from './settings.ts';
import { readCount } from './units.ts';

export type ServerWords = ReadonlyMap<string, ServerWord>;

/** A `server` or `server-template` line of a pool, with the layers its words come from. */
export interface ServerLine {
  /** Unique in the pool: a name that HAProxy would refuse as taken gets `#2`, `#3` ... */
  readonly name: string;
  readonly statement: Statement;
  readonly own: ServerWords;
  /** Of the `default-server` lines of the same section above it. */
  readonly section: ServerWords;
  /** Those, on top of the ones of its `defaults`. */
  readonly inherited: ServerWords;
  /** The text of the address. */
  readonly address: string;
  /** For a member of a `server-template` line: `PREFIX RANGE`. */
  readonly template: string | undefined;
}

const none: ServerWords = new Map();
const mostOfOneTemplate = 4_096;

/** The server lines of a section; `room.templateRoom` bounds what templates bring. Lines without name or address are left out. */
export function readServerLines(settings: Settings, room: { templateRoom: number }): readonly ServerLine[] {
  const lines: ServerLine[] = [];
  const name = nameOnce();
  const given = settings.parent === undefined ? none : defaultServerWords(settings.parent);
  let section = none;
  let inherited = given;
  for (const statement of settings.section.statements) {
    const keyword = statement.words[0].value;
    if (keyword === 'default-server') {
      const words = readServerWords(statement);
      section = mergeServerWords(section, words);
      inherited = mergeServerWords(inherited, words);
    } else if (keyword === 'server' || keyword === 'server-template') {
      const own = mergeServerWords(none, readServerWords(statement));
      const from = own.get('from')?.args[0]?.value;
      const layers = from === undefined ? { section, inherited } : { section: none, inherited: none };
      for (const server of expand(statement, room))
        lines.push({ ...server, name: name(server.name), statement, own, ...layers });
    }
  }
  return lines;
}

/** What `default-server` lines of a `defaults` section and those before it give. */
export function defaultServerWords(defaults: Settings): ServerWords {
  const base = defaults.parent === undefined ? none : defaultServerWords(defaults.parent);
  return mergeServerWords(
    base,
    defaults.own('default-server').flatMap((setting) => readServerWords(setting.statement)),
  );
}

/** Names for a list in which each may stand once: the second `a` is called `a#2`. */
export function nameOnce(): (name: string) => string {
  const counts = new Map<string, number>();
  return (name) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  };
}

interface Named {
  readonly name: string;
  readonly address: string;
  readonly template: string | undefined;
}

function expand(statement: Statement, room: { templateRoom: number }): readonly Named[] {
  const [keyword, first, second, third] = statement.words.map((word) => word.value);
  if (first === undefined || !isName(first)) return [];
  if (keyword === 'server') return [{ name: first, address: second ?? '', template: undefined }];
  const [, lowText = '', highText] = /^(\d+)(?:-(\d+))?$/.exec(second ?? '') ?? [];
  const low = highText === undefined ? 1 : readCount(lowText);
  const high = readCount(highText ?? lowText);
  if (low === undefined || high === undefined || high < low) return [];
  const count = Math.min(high - low + 1, mostOfOneTemplate, room.templateRoom);
  room.templateRoom -= count;
  const template = `${first} ${second ?? ''}`;
  return Array.from({ length: count }, (_, index) => ({
    name: `${first}${low + index}`,
    address: third ?? '',
    template,
  }));
}

/** A name that the model can carry. */
export function isName(text: string): boolean {
  return text !== '' && text.length <= 1_000;
}

/** The proxies of a document that are pools (`backend`, `listen`), under the names that the model gives them. */
export function namePools(sections: readonly Section[]): ReadonlyMap<Section, string> {
  return nameSections(sections, ['backend', 'listen']);
}

/** The proxies that are virtual servers (`frontend`, `listen`), under the names that the model gives them. */
export function nameFrontends(sections: readonly Section[]): ReadonlyMap<Section, string> {
  return nameSections(sections, ['frontend', 'listen']);
}

function nameSections(sections: readonly Section[], keywords: readonly string[]): ReadonlyMap<Section, string> {
  const name = nameOnce();
  const found = sections.filter((section) => keywords.includes(section.keyword) && isName(section.name));
  return new Map(found.map((section) => [section, name(section.name)]));
}

/** The text of the file that a statement stands in. */
export function textOf(document: CfgDocument, statement: Statement): string {
  return document.files[statement.file]?.text ?? '';
}
