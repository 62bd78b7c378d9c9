import type { Monitor } from '../../../contract/model.ts';
import { wordsOf, isCheckWord } from './members.ts';
import { maskedArguments, nested, type Reading } from './reading.ts';
import { maskSecrets } from './secrets.ts';
import type { ServerLine, ServerWords } from './servers.ts';
import { mergeServerWords, type ServerWord } from './server-words.ts';
import type { Setting, Settings } from './settings.ts';
import { readCount, readTimeMs } from './units.ts';

/** Names of monitors: those of all members together, and those of single members by their number in the pool. */
export interface MonitorNames {
  readonly pool: readonly string[];
  readonly members: readonly (readonly string[])[];
}

/**
 * The health checks of a pool as monitors `POOL/check`, `POOL/check-2` ..., `POOL/agent`. What a check does stands in the
 * pool's section or its `defaults` and is always read with them: a monitor without its type would say nothing. How often it
 * runs stands on server lines. Members that are checked alike share one; where all do, the pool names it.
 */
export function readMonitors(
  reading: Reading,
  settings: Settings,
  pool: string,
  lines: readonly ServerLine[],
): MonitorNames {
  const method = lines.some((line) => hasCheck(line, 'check')) ? readMethod(reading, settings) : undefined;
  const kinds = [
    {
      keyword: 'check',
      stem: `${pool}/check`,
      build: (words: ServerWords) => ({ ...method, ...timing(words), ...target(words) }),
    },
    { keyword: 'agent-check', stem: `${pool}/agent`, build: agent },
  ];
  const shared: string[] = [];
  const single: string[][] = lines.map(() => []);
  for (const { keyword, stem, build } of kinds) {
    const names = new Map<string, string>();
    const chosen = lines.map((line) => {
      if (!hasCheck(line, keyword)) return undefined;
      const fields = build(effectiveWords(line));
      const signature = JSON.stringify(fields);
      const known = names.get(signature);
      if (known !== undefined) return known;
      const name = names.size === 0 ? stem : `${stem}-${names.size + 1}`;
      names.set(signature, name);
      reading.monitors.push({ name, type: 'tcp', ...fields });
      return name;
    });
    if (names.size === 1 && chosen.every((name) => name !== undefined)) shared.push(...names.values());
    else for (const [index, name] of chosen.entries()) if (name !== undefined) single[index]?.push(name);
  }
  return { pool: shared, members: single };
}

function effectiveWords(line: ServerLine): ServerWords {
  return mergeServerWords(line.inherited, [...line.own.values()]);
}

function hasCheck(line: ServerLine, keyword: string): boolean {
  return effectiveWords(line).has(keyword);
}

type Fields = Partial<Monitor>;

function timing(words: ServerWords): Fields {
  return {
    ...field('intervalMs', words.get('inter'), readTimeMs),
    ...field('rise', words.get('rise'), readCount),
    ...field('fall', words.get('fall'), readCount),
  };
}

/** Where the probe goes, and the check words that the model has no key for. */
function target(words: ServerWords): Fields {
  const native: Record<string, string> = {};
  for (const [keyword, { args }] of words) {
    const isRead = ['check', 'inter', 'rise', 'fall', 'port', 'addr', 'no-check'].includes(keyword);
    if (isRead || !isCheckWord(keyword) || keyword.includes('agent')) continue;
    native[keyword] = args.map((word) => word.value).join(' ');
  }
  const address = words.get('addr')?.args[0]?.value;
  return {
    ...field('port', words.get('port'), (text) => readCount(text, 65_535)),
    ...(address === undefined ? {} : { address }),
    ...nested('native', native),
  };
}

function agent(words: ServerWords): Fields {
  const address = words.get('agent-addr')?.args[0]?.value;
  const send = words.get('agent-send')?.args[0]?.value;
  return {
    type: 'agent',
    ...field('intervalMs', words.get('agent-inter'), readTimeMs),
    ...field('port', words.get('agent-port'), (text) => readCount(text, 65_535)),
    ...(address === undefined ? {} : { address }),
    ...(send === undefined ? {} : { send: maskSecrets(send) }),
  };
}

function field<K extends string>(
  key: K,
  word: ServerWord | undefined,
  read: (text: string) => number | undefined,
): Partial<Record<K, number>> {
  const value = read(word?.args[0]?.value ?? '');
  const result: Partial<Record<K, number>> = {};
  if (value !== undefined) result[key] = value;
  return result;
}

const methodOptions = [
  'httpchk',
  'tcp-check',
  'ssl-hello-chk',
  'mysql-check',
  'pgsql-check',
  'redis-check',
  'ldap-check',
  'smtpchk',
  'spop-check',
  'external-check',
  'lb-agent-chk',
] as const;
type MethodOption = (typeof methodOptions)[number];

/** What the check does: the `option` that counts (the later one wins, the section's own before its `defaults`) and its rules. */
function readMethod(reading: Reading, settings: Settings): Fields {
  const timeout = settings.last('timeout check', true);
  const timeoutMs = readTimeMs(timeout?.args[0] ?? '');
  if (timeout && timeoutMs !== undefined) reading.used.add(timeout.statement);
  const found = findMethod(settings);
  if (found) reading.used.add(found.setting.statement);
  const fields = found ? describe(reading, settings, found.option, found.setting) : { type: 'tcp' as const };
  return { ...fields, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

function findMethod(settings: Settings): { option: MethodOption; setting: Setting } | undefined {
  const own = methodOptions
    .flatMap((option) => settings.own(`option ${option}`).map((setting) => ({ option, setting })))
    .sort((a, b) => a.setting.statement.line - b.setting.statement.line)
    .at(-1);
  if (own) return own.setting.isNegated ? undefined : own;
  return settings.parent === undefined ? undefined : findMethod(settings.parent);
}

function describe(reading: Reading, settings: Settings, option: MethodOption, { args, statement }: Setting): Fields {
  const user = args[0] === 'user' && args[1] !== undefined ? { user: args[1] } : {};
  switch (option) {
    case 'httpchk':
      return readHttpCheck(reading, settings, args);
    case 'tcp-check':
      return readTcpCheck(reading, settings);
    case 'ssl-hello-chk':
      return { type: 'tls-hello' };
    case 'mysql-check':
      return { type: 'mysql', ...user };
    case 'pgsql-check':
      return { type: 'postgresql', ...user };
    case 'redis-check':
      return { type: 'redis' };
    case 'ldap-check':
      return { type: 'ldap' };
    case 'smtpchk':
      return { type: 'smtp', ...(args.length === 0 ? {} : { native: { smtpchk: args.join(' ') } }) };
    case 'external-check': {
      const command = settings.nearest('external-check', true).find((setting) => setting.args[0] === 'command');
      if (command) reading.used.add(command.statement);
      return { type: 'script', ...(command?.args[1] === undefined ? {} : { script: command.args[1] }) };
    }
    case 'spop-check':
    case 'lb-agent-chk':
      return { type: 'other', native: { option: maskedArguments(reading, statement) } };
  }
}

/** `option httpchk [METHOD] [URI [VERSION [HOST]]]` with its `http-check send` and `expect` rules (manual 4.2). */
function readHttpCheck(reading: Reading, settings: Settings, args: readonly string[]): Fields {
  const [method, path, version, ...rest] = args.length === 1 ? [undefined, args[0]] : args;
  // Before 2.2 headers were smuggled in after the version: "HTTP/1.1\r\nHost: www".
  const [plainVersion, ...smuggled] = [version, ...rest]
    .filter((word) => word !== undefined)
    .join(' ')
    .split(/\r\n|\n/);
  let fields: Fields = {
    type: 'http',
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    ...readVersion(plainVersion ?? ''),
  };
  const headers = new Map<string, string>();
  for (const line of smuggled) {
    const cut = line.indexOf(':');
    if (cut > 0) headers.set(line.slice(0, cut).trim(), line.slice(cut + 1).trim());
  }
  for (const rule of settings.nearest('http-check', true)) {
    const kind = rule.args[0];
    if (kind === 'send') fields = { ...fields, ...readSend(rule.args, headers) };
    else if (kind === 'expect') fields = { ...fields, ...readExpect(rule.args) };
    else if (kind === 'disable-on-404') fields = { ...fields, drainStatus: ['404'] };
    else continue;
    reading.used.add(rule.statement);
  }
  return { ...fields, ...readHeaders(headers) };
}

function readVersion(text: string): Fields {
  const [version, host] = text.split(' ');
  const httpVersion = /^HTTP\/(\S+)$/i.exec(version ?? '')?.[1];
  return { ...(httpVersion === undefined ? {} : { httpVersion }), ...(host === undefined ? {} : { host }) };
}

function readSend(args: readonly string[], headers: Map<string, string>): Fields {
  let fields: Fields = {};
  for (let at = 1; at < args.length; at += 2) {
    const [word, value = ''] = [args[at], args[at + 1]];
    if (word === 'meth') fields = { ...fields, method: value };
    else if (word === 'uri' || word === 'uri-lf') fields = { ...fields, path: value };
    else if (word === 'ver') fields = { ...fields, ...readVersion(value) };
    else if (word === 'body' || word === 'body-lf') fields = { ...fields, send: maskSecrets(value) };
    else if (word === 'hdr') {
      headers.set(value, args[at + 2] ?? '');
      at += 1;
    }
  }
  return fields;
}

function readHeaders(headers: ReadonlyMap<string, string>): Fields {
  const others: Record<string, string> = {};
  let host: string | undefined;
  for (const [name, value] of headers) {
    if (name.toLowerCase() === 'host') host = value;
    else others[name] = maskSecrets(`${name}: ${value}`).slice(name.length + 2);
  }
  return { ...(host === undefined ? {} : { host }), ...nested('headers', others) };
}

function readExpect(args: readonly string[]): Fields {
  const at = args.findIndex((word) =>
    ['status', 'rstatus', 'string', 'rstring', 'binary', 'rbinary', 'hdr', 'fhdr'].includes(word),
  );
  const kind = args[at];
  const isNegated = args[at - 1] === '!';
  const value = args.slice(at + 1).join(' ');
  if (kind === 'status' && !isNegated) {
    const statuses = value.split(',').map((part) => part.trim());
    if (statuses.every((status) => /^[1-5]\d\d(-[1-5]\d\d)?$/.test(status))) return { expectStatus: statuses };
  }
  if (kind === 'string' && !isNegated) return { expectBody: value };
  if (kind === 'rstring' && !isNegated) return { expectBody: `/${value}/` };
  return { native: { expect: maskSecrets(args.slice(1).join(' ')) } };
}

/** `option tcp-check`: with rules a dialogue, without any the plain connect. A plain one keeps its first send and expect. */
function readTcpCheck(reading: Reading, settings: Settings): Fields {
  const rules = settings.nearest('tcp-check', true);
  const talk = rules.filter(({ args: [kind] }) => kind?.startsWith('send') === true || kind === 'expect');
  for (const rule of rules) reading.used.add(rule.statement);
  const native = nested('native', rules.length < 2 ? {} : { 'tcp-check': dialogue(reading, rules) });
  if (talk.length === 0) return { type: 'tcp', ...native };
  const send = talk.find(({ args }) => args[0] !== 'expect')?.args[1];
  const expect = talk.find(({ args }) => args[0] === 'expect')?.args;
  const pattern = expect?.slice(
    expect.findIndex((word) => ['string', 'rstring', 'binary', 'rbinary'].includes(word)) + 1,
  );
  return {
    type: 'tcp-send-expect',
    ...(send === undefined ? {} : { send: maskSecrets(send) }),
    ...(pattern === undefined ? {} : { expect: pattern.join(' ') }),
    ...native,
  };
}

function dialogue(reading: Reading, rules: readonly Setting[]): string {
  return rules.map((rule) => maskedArguments(reading, rule.statement)).join('\n');
}

/** The words of a line for what the pool says of its members together. */
export function sharedWords(reading: Reading, line: ServerLine): ServerWords {
  return reading.isEffective ? wordsOf(line, true) : mergeServerWords(line.section, [...line.own.values()]);
}
