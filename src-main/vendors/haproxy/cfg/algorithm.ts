import { type AlgorithmName, type AlgorithmSettings, algorithmNameSchema } from '../../../contract/model.ts';
import type { Statement } from './document.ts';
import { type Setting, type Settings, wordAfter } from './settings.ts';
import { readable } from './text.ts';
import { readCount } from './units.ts';

/** The statements that say how a pool balances; each is the one that counts of its keyword. */
export interface AlgorithmLines {
  readonly balance: Setting | undefined;
  readonly hashType: Setting | undefined;
  readonly factor: Setting | undefined;
}

export function findAlgorithmLines(settings: Settings, isInherited: boolean): AlgorithmLines {
  return {
    balance: settings.last('balance', isInherited),
    hashType: settings.last('hash-type', isInherited),
    factor: settings.last('hash-balance-factor', isInherited),
  };
}

const plainNames: Readonly<Record<string, AlgorithmName>> = {
  roundrobin: 'round-robin',
  'static-rr': 'static-round-robin',
  leastconn: 'least-connections',
  first: 'first-available',
  source: 'source-ip-hash',
};

/**
 * The algorithm of a pool from its `balance`, `hash-type` and `hash-balance-factor` (manual 4.2; vocabulary 5.1), undefined
 * without a `balance`. `native` is the text of the `balance` arguments; on further lines it keeps what of the other two
 * statements the settings do not say: their odd spacing, or that they stand there without effect.
 */
export function readAlgorithm(
  lines: AlgorithmLines,
  sourceOf: (statement: Statement) => string,
): AlgorithmSettings | undefined {
  const { balance, hashType, factor } = lines;
  if (!balance) return undefined;
  const settings = { ...readBalance(balance.args), ...pickHash(lines) };
  const left: string[] = [];
  for (const setting of [hashType, factor]) {
    if (!setting) continue;
    const source = sourceOf(setting.statement);
    if (source !== writeHashLines(settings).find((line) => line.split(' ')[0] === setting.statement.words[0].value)) {
      left.push(source);
    }
  }
  return { ...settings, native: [argumentsOf(sourceOf(balance.statement)), ...left].join('\n') };
}

function argumentsOf(source: string): string {
  return source.replace(/^\S+[ \t\v\f]*/, '');
}

/** The source of a statement from its first word to its last, as a person reads it. */
export function statementSource(text: string, statement: Statement): string {
  return readable(text.slice(statement.words[0].start, statement.words.at(-1)?.end));
}

/** The neutral name and its settings for the arguments of `balance`. */
function readBalance(args: readonly string[]): AlgorithmSettings {
  const [word = '', ...rest] = args;
  const [, base = word, argument] = /^([a-z-]+)(?:\((.*)\))?$/s.exec(word) ?? [];
  const plain = plainNames[base];
  if (plain !== undefined && argument === undefined) return { name: plain };
  if (base === 'random') return readRandom(argument);
  if (base === 'uri') return { name: 'uri-hash', ...readUriOptions(rest) };
  if (base === 'url_param' && rest[0] !== undefined) {
    return { name: 'query-param-hash', key: rest[0], ...(rest.includes('check_post') ? { checkPost: true } : {}) };
  }
  if (base === 'hdr' && argument !== undefined) return readHeader(argument, rest);
  if (base === 'rdp-cookie') return { name: 'rdp-cookie-hash', ...(argument === undefined ? {} : { key: argument }) };
  if (base === 'hash' && rest[0] !== undefined) return readExpression(rest.join(' '));
  return { name: 'unknown' };
}

function readRandom(argument: string | undefined): AlgorithmSettings {
  const draws = argument === undefined || argument === '' ? 2 : readCount(argument, 100);
  if (draws === undefined || draws === 0) return { name: 'unknown' };
  if (draws === 2) return { name: 'random-two-choices' };
  return draws === 1 ? { name: 'random' } : { name: 'random', choices: draws };
}

function readUriOptions(words: readonly string[]): Partial<AlgorithmSettings> {
  const depth = readCount(wordAfter(words, 'depth') ?? '');
  const length = readCount(wordAfter(words, 'len') ?? '');
  return {
    ...(depth !== undefined ? { depth } : {}),
    ...(length !== undefined ? { length } : {}),
    ...(words.includes('whole') ? { whole: true } : {}),
    ...(words.includes('path-only') ? { pathOnly: true } : {}),
  };
}

function readHeader(header: string, rest: readonly string[]): AlgorithmSettings {
  const domain = rest.includes('use_domain_only') ? { useDomainOnly: true } : {};
  return header.toLowerCase() === 'host'
    ? { name: 'host-hash', ...domain }
    : { name: 'header-hash', key: header, ...domain };
}

function readExpression(expression: string): AlgorithmSettings {
  if (expression === 'src') return { name: 'source-ip-hash' };
  if (expression === 'dst') return { name: 'dest-ip-hash' };
  const cookie = /^req\.cook\(([^(),]+)\)$/.exec(expression)?.[1];
  return cookie === undefined ? { name: 'expression-hash', key: expression } : { name: 'cookie-hash', key: cookie };
}

/** What `hash-type` and `hash-balance-factor` say, as far as the algorithm heeds it. */
function pickHash({ balance, hashType, factor }: AlgorithmLines): Partial<AlgorithmSettings> {
  const { name } = readBalance(balance?.args ?? []);
  const isHash = name.endsWith('-hash');
  const method = isHash ? hashType?.args[0] : undefined;
  const percent = readCount(factor?.args[0] ?? '', 1_000_000) ?? 0;
  const isBounded = percent >= 100 && (name.startsWith('random') || method === 'consistent');
  return {
    ...(method === 'consistent' || method === 'map-based' ? readHashType(hashType?.args ?? []) : {}),
    ...(isBounded ? { boundedLoad: percent / 100 } : {}),
  };
}

function readHashType(args: readonly string[]): Partial<AlgorithmSettings> {
  const [method, ...rest] = args;
  const hashFunction = rest.find((word) => word !== 'avalanche');
  return {
    hash: method === 'consistent' ? 'ring' : 'modulo',
    ...(hashFunction === undefined ? {} : { hashFunction }),
    ...(rest.includes('avalanche') ? { avalanche: true } : {}),
  };
}

const natives = new Map<AlgorithmName, string>([
  ...Object.entries(plainNames).map(([native, name]) => [name, native] as const),
  ['random', 'random(1)'],
  ['random-two-choices', 'random'],
  ['dest-ip-hash', 'hash dst'],
]);

/** The arguments of `balance` for these settings, undefined where HAProxy has no words for the algorithm. */
export function writeBalance(settings: AlgorithmSettings): readonly string[] | undefined {
  const { name, key, depth, length } = settings;
  const domain = settings.useDomainOnly === true ? ['use_domain_only'] : [];
  if (name === 'random' && settings.choices !== undefined) return [`random(${settings.choices})`];
  if (name === 'uri-hash') {
    const whole = settings.whole === true ? ['whole'] : [];
    const sized = [
      ...(length === undefined ? [] : ['len', `${length}`]),
      ...(depth === undefined ? [] : ['depth', `${depth}`]),
    ];
    return ['uri', ...whole, ...sized, ...(settings.pathOnly === true ? ['path-only'] : [])];
  }
  if (name === 'host-hash') return ['hdr(host)', ...domain];
  if (name === 'rdp-cookie-hash') return [key === undefined ? 'rdp-cookie' : `rdp-cookie(${key})`];
  if (key !== undefined) {
    if (name === 'header-hash') return [`hdr(${key})`, ...domain];
    if (name === 'query-param-hash') return ['url_param', key, ...(settings.checkPost === true ? ['check_post'] : [])];
    if (name === 'cookie-hash') return ['hash', `req.cook(${key})`];
    if (name === 'expression-hash') return ['hash', key];
  }
  return natives.get(name)?.split(' ');
}

/** The `hash-type` and `hash-balance-factor` statements that these settings ask for. */
export function writeHashLines(settings: AlgorithmSettings): readonly string[] {
  const { hash, hashFunction, avalanche, boundedLoad } = settings;
  const lines: string[] = [];
  if (hash !== undefined) {
    const words = ['hash-type', hash === 'ring' ? 'consistent' : 'map-based'];
    if (hashFunction !== undefined) words.push(hashFunction);
    if (avalanche === true) words.push('avalanche');
    lines.push(words.join(' '));
  }
  if (boundedLoad !== undefined) lines.push(`hash-balance-factor ${Math.round(boundedLoad * 100)}`);
  return lines;
}

/** Algorithms that HAProxy can run: what a form may offer. */
export const haproxyAlgorithms: readonly AlgorithmName[] = algorithmNameSchema.options.filter(
  (name) => writeBalance({ name, key: 'x' }) !== undefined,
);

/** Keys of its settings that HAProxy has words for (manual 4.2 `balance`, `hash-type`, `hash-balance-factor`). */
export function settingsOfAlgorithm(name: AlgorithmName): readonly string[] {
  const bounded = name === 'random' || name === 'random-two-choices' ? ['boundedLoad'] : [];
  const hashed = name.endsWith('-hash') ? ['hash', 'hashFunction', 'avalanche', 'boundedLoad'] : [];
  return [...(ownSettings[name] ?? []), ...hashed, ...bounded];
}

const ownSettings: Partial<Record<AlgorithmName, readonly string[]>> = {
  random: ['choices'],
  'uri-hash': ['whole', 'length', 'depth', 'pathOnly'],
  'host-hash': ['useDomainOnly'],
  'header-hash': ['key', 'useDomainOnly'],
  'query-param-hash': ['key', 'checkPost'],
  'cookie-hash': ['key'],
  'expression-hash': ['key'],
  'rdp-cookie-hash': ['key'],
};

/** How HAProxy spreads a hash: `consistent` and `map-based`. */
export const haproxyHashes: readonly string[] = ['ring', 'modulo'];
export const haproxyHashFunctions: readonly string[] = ['sdbm', 'djb2', 'wt6', 'crc32'];

/** True where a weight changed at run time takes no effect but 0 and 100 % (manual 4.2 `balance`, `hash-type`). */
export function isStaticAlgorithm(settings: AlgorithmSettings): boolean {
  const isRing = settings.hash === 'ring';
  return (
    ['static-round-robin', 'first-available'].includes(settings.name) || (settings.name.endsWith('-hash') && !isRing)
  );
}
