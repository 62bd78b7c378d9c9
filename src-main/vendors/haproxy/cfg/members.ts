import type { Member } from '../../../contract/model.ts';
import { readServerAddress } from './addresses.ts';
import { readDrain, weightOfSource } from './draining.ts';
import type { Reading } from './reading.ts';
import { maskSecrets } from './secrets.ts';
import { type ServerLine, type ServerWords, textOf } from './servers.ts';
import { mergeServerWords, type ServerWord } from './server-words.ts';
import { highestWeight, readCount } from './units.ts';

/** Words that say how a server is checked: the model's monitors hold them. */
const checkWords = new Set(
  (
    'check no-check inter fastinter downinter rise fall port addr check-ssl no-check-ssl check-sni check-alpn check-proto ' +
    'check-send-proxy no-check-send-proxy check-via-socks4 check-sni-auto no-check-sni-auto check-reuse-pool ' +
    'no-check-reuse-pool check-pool-conn-name healthcheck agent-check no-agent-check agent-addr agent-inter agent-port agent-send'
  ).split(' '),
);
const modelled = new Set(['weight', 'disabled', 'enabled', 'maxconn', 'maxqueue', 'backup', 'no-backup', 'cookie']);

/** True for a word that says how the server is checked. */
export function isCheckWord(keyword: string): boolean {
  return checkWords.has(keyword);
}

/** The words that count for a server: its own, and what it inherits where `isEffective`. */
export function wordsOf(line: ServerLine, isEffective: boolean): ServerWords {
  return isEffective ? mergeServerWords(line.inherited, [...line.own.values()]) : line.own;
}

/** A member of the model. `hoisted` are the words that the pool says for all of its members together. */
export function readMember(reading: Reading, line: ServerLine, hoisted: ReadonlySet<string>): Member {
  const words = wordsOf(line, reading.isEffective);
  const { address, port } = readServerAddress(line.address);
  return {
    name: line.name,
    ...(address === '' ? {} : { address: maskSecrets(address) }),
    ...(port === undefined ? {} : { port }),
    ...readState(reading, line, words),
    ...count('maxConnections', words.get('maxconn'), Number.MAX_SAFE_INTEGER),
    ...count('maxQueue', words.get('maxqueue'), Number.MAX_SAFE_INTEGER),
    ...readPriority(reading, words),
    ...readCookieValue(words),
    ...(line.template === undefined ? {} : { discover: 'a' as const }),
    ...readNative(line, words, hoisted),
  };
}

/** The weight and the admin state, with the mark of a drain read back. */
function readState(reading: Reading, line: ServerLine, words: ServerWords): Pick<Member, 'weight' | 'adminState'> {
  const drain = readDrain(textOf(reading.document, line.statement), line.statement);
  const isDrained = drain !== undefined && line.own.get('weight')?.args[0]?.value === '0';
  const own = isDrained ? weightOfSource(drain.weight) : readWeight(words);
  const inherited = isDrained && own === undefined && reading.isEffective ? readWeight(line.inherited) : own;
  const weight = inherited ?? (reading.isEffective && (isDrained || !words.has('weight')) ? 1 : undefined);
  const adminState = words.has('disabled')
    ? ('disabled' as const)
    : isDrained
      ? ('draining' as const)
      : words.has('enabled') || reading.isEffective
        ? ('enabled' as const)
        : undefined;
  return { ...(weight === undefined ? {} : { weight }), ...(adminState === undefined ? {} : { adminState }) };
}

/** The weight in these words; undefined where there is none, or none that HAProxy takes. */
export function readWeight(words: ServerWords): number | undefined {
  return readCount(words.get('weight')?.args[0]?.value ?? '', highestWeight);
}

function readPriority(reading: Reading, words: ServerWords): Pick<Member, 'priority'> {
  if (words.has('backup')) return { priority: -1 };
  return words.has('no-backup') && !reading.isEffective ? { priority: 0 } : {};
}

function readCookieValue(words: ServerWords): Pick<Member, 'cookieValue'> {
  const value = words.get('cookie')?.args[0]?.value;
  return value === undefined ? {} : { cookieValue: value };
}

function count<K extends string>(key: K, word: ServerWord | undefined, most: number): Partial<Record<K, number>> {
  const value = readCount(word?.args[0]?.value ?? '', most);
  const result: Partial<Record<K, number>> = {};
  if (value !== undefined) result[key] = value;
  return result;
}

/** The words that the model has no key for, under their keyword. */
function readNative(line: ServerLine, words: ServerWords, hoisted: ReadonlySet<string>): Pick<Member, 'native'> {
  const native: Record<string, string> = {};
  if (line.template !== undefined) native['server-template'] = line.template;
  if (line.name !== line.statement.words[1]?.value && line.template === undefined) {
    native['duplicate of'] = line.statement.words[1]?.value ?? '';
  }
  for (const [keyword, { args }] of words) {
    const text = args.map((word) => word.value).join(' ');
    const isRead =
      hoisted.has(keyword) || isCheckWord(keyword) || (modelled.has(keyword) && !isUnreadable(keyword, text));
    if (!isRead) native[keyword] = maskSecrets(`${keyword} ${text}`).slice(keyword.length + 1);
  }
  return Object.keys(native).length === 0 ? {} : { native };
}

/** A number that the model could not take, such as one that hangs on an environment variable. */
function isUnreadable(keyword: string, text: string): boolean {
  if (keyword === 'weight') return readCount(text, highestWeight) === undefined;
  return (keyword === 'maxconn' || keyword === 'maxqueue') && readCount(text) === undefined;
}
