import { flags, namedLists, plainLists } from './command.ts';
import { restingTls } from './inherited-lines.ts';
import { inheritedWords, listOf, type Scene } from './sent.ts';
import { type Item, keyOf, lineOf, restOf, secretSetting } from './text.ts';

/** How a setting is said to be as it stands in one configuration or, where it is not written there, what holds then. */
export interface Side {
  readonly scene: Pick<Scene, 'text'>;
  /** The object that it is of. */
  readonly owner: Item;
  /** `ltm pool /Common/web > `. */
  readonly path: string;
}

/** Settings in braces whose form is known, beside lists of things. */
const structures = new Set(['source-address-translation', 'options', 'monitor', 'fqdn']);
/** Words that stand alone, and exclude each other: what holds where none is written comes first. */
const pairs = [
  ['enabled', 'disabled'],
  ['vlans-disabled', 'vlans-enabled'],
] as const;

/** Settings by what a command calls them: by their first word, of words that exclude each other by the first of these. */
export function bySetting(body: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(
    body.map((item) => {
      const [key = ''] = item.words;
      const pair = pairs.find((words) => item.words.length === 1 && words.some((word) => word === key));
      return [pair?.[0] ?? key, item];
    }),
  );
}

/** The words that make a setting so (`pool /Common/web`, `rules none`); undefined where they are not known. */
export function wordsFor(key: string, item: Item | undefined, side: Side): string | undefined {
  const pair = pairs.find(([rest]) => rest === key);
  if (pair !== undefined) return item?.words[0] ?? pair[0];
  const isList = namedLists.has(key) || plainLists.has(key);
  if (item === undefined) {
    const rest = isList ? 'none' : restingWords(key, side);
    return rest === undefined ? undefined : `${key} ${rest}`;
  }
  if (item.body === undefined) return item.words.length < 2 ? undefined : lineOf(item);
  if (item.body.length === 0 && isList) return `${key} none`;
  if (namedLists.has(key)) return item.words.length === 1 ? `${key} replace-all-with ${listOf(item)}` : undefined;
  return plainLists.has(key) || structures.has(key) ? lineOf(item) : undefined;
}

function restingWords(key: string, { scene, owner, path }: Side): string | undefined {
  const found = restOf(path, key) ?? inheritedWords(scene, owner, key);
  return found ?? (/^ltm profile (?:client|server)-ssl /.test(path) ? restingTls[key] : undefined);
}

/** Of what a structure lists on one side alone, the other says that it is not. */
export function structuresAlike(
  now: Item | undefined,
  then: Item | undefined,
): readonly [Item | undefined, Item | undefined] {
  const [first] = (then ?? now)?.words ?? [];
  if (first !== 'source-address-translation') return [now, then];
  const [a, b] = [now?.body ?? [], then?.body ?? []];
  return [translation(a, b), translation(b, a)];
}

function translation(own: readonly Item[], other: readonly Item[]): Item {
  const keys = [...new Set([...own, ...other].map(({ words }) => words[0] ?? ''))].sort();
  const body = keys.map((key) => own.find(({ words }) => words[0] === key) ?? { words: [key, 'none'] });
  return { words: ['source-address-translation'], body };
}

/** True where it holds what no command may say. */
export function holdsSecret(item: Item): boolean {
  const isSecret = secretSetting.test(`${keyOf(item)} `) && wordsAfter(item) !== 'none';
  return isSecret || item.words.some((word) => word.includes('$M$')) || (item.body ?? []).some(holdsSecret);
}

function wordsAfter({ words }: Item): string {
  return words.slice(1).join(' ');
}

/** What in an object cannot be said by a command: a secret, braces of an unknown form; undefined where all can. */
export function unsayable(item: Item): string | undefined {
  for (const one of item.body ?? []) {
    const [key = ''] = one.words;
    if (holdsSecret(one)) return `its ${key} holds a secret, which is not kept`;
    if (one.words.some((word) => word.includes('\n'))) return `its ${key} has more than one line`;
    if (one.body === undefined && one.words.length === 1 && !flags.has(key))
      return `what its ${key} says is not known here`;
    const isKnown = namedLists.has(key) || plainLists.has(key) || structures.has(key);
    if (one.body !== undefined && one.body.length > 0 && !isKnown)
      return `how its ${key} is said to tmsh is not known here`;
  }
  return undefined;
}
