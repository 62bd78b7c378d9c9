import type { Item } from './text.ts';

/** A word as it stands there, or what stands in braces. */
type Token = string | readonly Token[];

/** A tmsh command on one line: its verb, the words of its kind, its object's name, and its settings. */
export interface TmshCommand {
  readonly verb: string;
  readonly object: readonly string[];
  readonly settings: readonly Item[];
}

const listVerbs = new Set(['add', 'delete', 'modify', 'replace-all-with']);
/** Settings that hold things by name, each with settings of its own. */
export const namedLists: ReadonlySet<string> = new Set([
  'members',
  'profiles',
  'persist',
  'cert-key-chain',
  'policies',
  'metadata',
  'vlans',
  'records',
  'clone-pools',
  'security-log-profiles',
]);
/** Names alone, in their order and without a verb (tmsh reference, ltm virtual). */
export const plainLists: ReadonlySet<string> = new Set(['rules', 'related-rules']);
/** Words that stand alone. */
export const flags: ReadonlySet<string> = new Set([
  'enabled',
  'disabled',
  'internal',
  'vlans-enabled',
  'vlans-disabled',
  'l2-forward',
  'ip-forward',
  'reject',
]);

const ofTwoWords = new Set(['node', 'policy', 'pool', 'rule', 'snatpool', 'virtual', 'virtual-address']);

/** How many words name an object's kind (`ltm monitor http` three, `ltm pool` two); of other kinds up to a name from the root. */
function kindLength(words: readonly Token[]): number {
  if (['profile', 'monitor', 'persistence', 'file'].includes(wordOf(words[1]))) return 3;
  const named = words.findIndex((word) => wordOf(word).startsWith('/'));
  return ofTwoWords.has(wordOf(words[1])) || named < 2 || named > 4 ? 2 : named;
}

export function readTmsh(text: string): TmshCommand | undefined {
  const [verb, ...rest] = tokensOf(text);
  if (typeof verb !== 'string') return undefined;
  const length = kindLength(rest) + 1;
  const object = rest.slice(0, length).map(wordOf);
  const [first, ...others] = rest.slice(length);
  // What is made or changed may stand in braces as a whole.
  const said = typeof first === 'object' && others.length === 0 ? first : rest.slice(length);
  return { verb, object, settings: settingsOf(said) };
}

function wordOf(token: Token | undefined): string {
  return typeof token === 'string' ? token : '';
}

/** Words, quoted words with their quotes, and nested braces. */
function tokensOf(text: string): readonly Token[] {
  const stack: Token[][] = [[]];
  for (const [word] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]|[^\s{}"]+/g)) {
    if (word === '{') stack.push([]);
    else if (word === '}') {
      const inner = stack.pop() ?? [];
      stack.at(-1)?.push(inner);
    } else stack.at(-1)?.push(word);
  }
  return stack[0] ?? [];
}

/** `key value`, `key { ... }`, `key verb { ... }`, flags, and the monitors of a pool (`a and b`, `min 1 of { a b }`). */
function settingsOf(tokens: readonly Token[]): Item[] {
  const found: Item[] = [];
  let at = 0;
  function next(): Token | undefined {
    return tokens[at++];
  }
  while (at < tokens.length) {
    const key = next();
    if (typeof key !== 'string') continue;
    const ahead = tokens[at];
    if (flags.has(key) && typeof ahead !== 'object') found.push({ words: [key] });
    else if (typeof ahead === 'object') {
      at += 1;
      found.push({ words: [key], body: bodyOf(key, ahead) });
    } else if (ahead !== undefined && listVerbs.has(ahead) && typeof tokens[at + 1] === 'object') {
      const list = tokens[at + 1];
      at += 2;
      found.push({ words: [key, ahead], body: bodyOf(key, typeof list === 'object' ? list : []) });
    } else if (key === 'monitor') {
      const words = [key, wordOf(next())];
      while (words[1] === 'min' ? typeof tokens[at] === 'string' && words.length < 4 : tokens[at] === 'and') {
        words.push(wordOf(next()), ...(words[1] === 'min' ? [] : [wordOf(next())]));
      }
      const list = tokens[at];
      if (typeof list === 'object') at += 1;
      found.push({ words, ...(typeof list === 'object' ? { body: [{ words: list.map(wordOf) }] } : {}) });
    } else found.push({ words: [key, wordOf(next())] });
  }
  return found;
}

function bodyOf(key: string, tokens: readonly Token[]): Item[] {
  if (plainLists.has(key)) return tokens.map((token) => ({ words: [wordOf(token)] }));
  if (!namedLists.has(key)) return key === 'options' ? [{ words: tokens.map(wordOf) }] : settingsOf(tokens);
  return tokens.flatMap((token, at): Item[] => {
    if (typeof token !== 'string') return [];
    const inner = tokens[at + 1];
    return [{ words: [token], ...(typeof inner === 'object' ? { body: settingsOf(inner) } : {}) }];
  });
}
