import type { Monitor, MonitorStep } from '../../../contract/model.ts';
import { type CheckMethod, checkSwitches, findMethod, switchLines } from './check-method.ts';
import { keysOfRequest, mergeRequests, readOptionRequest } from './check-request.ts';
import { type CheckKeyword, readStep } from './check-steps.ts';
import { wordsOf, isCheckWord } from './members.ts';
import { maskedArguments, nested, type Reading } from './reading.ts';
import { maskSecrets } from './secrets.ts';
import { escapeSent } from './sent-text.ts';
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
      build: (words: ServerWords) => ({ ...method, ...timing(words), ...target(words, method?.type) }),
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

export type Fields = Partial<Monitor>;

function timing(words: ServerWords): Fields {
  return {
    ...field('intervalMs', words.get('inter'), readTimeMs),
    ...field('fastIntervalMs', words.get('fastinter'), readTimeMs),
    ...field('downIntervalMs', words.get('downinter'), readTimeMs),
    ...field('rise', words.get('rise'), readCount),
    ...field('fall', words.get('fall'), readCount),
  };
}

/** Words whose values are keys of a monitor. */
const modelled = new Set(
  (
    'check no-check inter fastinter downinter rise fall port addr check-ssl no-check-ssl check-alpn ' +
    'check-send-proxy no-check-send-proxy check-via-socks4'
  ).split(' '),
);

/** Where the probe goes and how it begins, and the check words that the model has no key for. */
function target(words: ServerWords, type: Monitor['type'] | undefined): Fields {
  const native: Record<string, string> = {};
  const isSecure = words.has('check-ssl');
  for (const [keyword, { args }] of words) {
    const isName = keyword === 'check-sni' && isSecure;
    if (isName || modelled.has(keyword) || !isCheckWord(keyword) || keyword.includes('agent')) continue;
    native[keyword] = args.map((word) => word.value).join(' ');
  }
  const address = words.get('addr')?.args[0]?.value;
  const name = words.get('check-sni')?.args[0]?.value;
  const alpn = words.get('check-alpn')?.args[0]?.value;
  const tls = { ...(name === undefined ? {} : { serverName: name, sendSni: true }) };
  return {
    ...(isSecure && type === 'http' ? { type: 'https' as const } : {}),
    ...field('port', words.get('port'), (text) => readCount(text, 65_535)),
    ...(address === undefined ? {} : { address }),
    ...(isSecure ? { tls } : {}),
    ...(alpn === undefined ? {} : { alpn: alpn.split(',') }),
    ...(words.has('check-send-proxy') ? { proxyProtocol: true } : {}),
    ...(words.has('check-via-socks4') ? { viaSocks4: true } : {}),
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
    ...(send === undefined ? {} : { send: maskSecrets(escapeSent(send)) }),
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

/** What the check does, and the time it may take: what stands in the pool's section and its `defaults`. */
export function readMethod(reading: Reading, settings: Settings): Fields {
  const timeout = settings.last('timeout check', true);
  const timeoutMs = readTimeMs(timeout?.args[0] ?? '');
  if (timeout && timeoutMs !== undefined) reading.used.add(timeout.statement);
  const method = findMethod(settings, reading.version);
  if (method) reading.used.add(method.setting.statement);
  const fields = method ? describe(reading, settings, method) : { type: 'tcp' as const };
  return { ...fields, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

function describe(reading: Reading, settings: Settings, method: CheckMethod): Fields {
  const { args, statement } = method.setting;
  const user = args[0] === 'user' && args[1] !== undefined ? { user: args[1] } : {};
  switch (method.option) {
    case 'httpchk':
      return readHttpCheck(reading, settings, method);
    case 'tcp-check':
      return readTcpCheck(reading, method);
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
      return {
        type: 'smtp',
        ...(args[0] === undefined || args[1] === undefined ? {} : { method: args[0], host: args[1] }),
      };
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

/** `option httpchk` with its rules: one request and what it awaits, or a dialogue of several steps. */
function readHttpCheck(reading: Reading, settings: Settings, method: CheckMethod): Fields {
  const [drain, state] = checkSwitches.map((name) => switchLines(settings, name));
  for (const { statement } of [...(drain ?? []), ...(state ?? [])]) reading.used.add(statement);
  const switches: Fields = {
    ...(drain?.length ? { drainStatus: ['404'] } : {}),
    ...(state?.length ? { sendState: true } : {}),
  };
  const asked = method.hasOptionRequest ? readOptionRequest(method.setting.args) : {};
  const steps = readSteps(reading, 'http-check', method.rules);
  const [first, second, ...more] = steps[0]?.request === undefined ? [undefined, ...steps] : steps;
  const isAsked = method.hasOptionRequest || first !== undefined;
  const isSimple = isAsked && more.length === 0 && isPlainRequest(first) && isPlainAnswer(second);
  if (!isSimple) return { type: 'http', ...keysOfRequest(asked), steps, ...switches };
  return {
    type: 'http',
    ...keysOfRequest(mergeRequests(asked, first?.request ?? {})),
    ...answerOf(second),
    ...switches,
  };
}

function isPlainRequest(step: MonitorStep | undefined): boolean {
  return step?.comment === undefined;
}

/** What keys of a monitor say: a status or a body that is awaited, and nothing besides. */
function isPlainAnswer(step: MonitorStep | undefined): boolean {
  if (step === undefined) return true;
  const keys = Object.keys(step);
  return keys.length === 1 && ['expectStatus', 'expectBody', 'expect'].includes(keys[0] ?? '');
}

function answerOf(step: MonitorStep = {}): Fields {
  const { expectStatus, expectBody, expect } = step;
  return {
    ...(expectStatus === undefined ? {} : { expectStatus }),
    ...(expectBody === undefined ? {} : { expectBody }),
    ...(expect === undefined ? {} : { expect }),
  };
}

/** `option tcp-check`: without rules the plain connect, with one question and answer those, else a dialogue. */
function readTcpCheck(reading: Reading, method: CheckMethod): Fields {
  const steps = readSteps(reading, 'tcp-check', method.rules);
  const rest = isPlainConnect(steps[0]) ? steps.slice(1) : steps;
  if (rest.length === 0) return { type: 'tcp' };
  const [first, second, ...more] = rest[0]?.send === undefined ? [undefined, ...rest] : rest;
  const isSimple = more.length === 0 && isPlainRequest(first) && isPlainAnswer(second);
  if (isSimple)
    return { type: 'tcp-send-expect', ...(first?.send === undefined ? {} : { send: first.send }), ...answerOf(second) };
  const isTalk = steps.some(({ send, expect, native }) => send ?? expect ?? native?.match(/^(?:send|expect)/));
  return { type: isTalk ? 'tcp-send-expect' : 'tcp', steps };
}

/** A first `connect` that says nothing, as HAProxy adds it where none stands. */
export function isPlainConnect(step: MonitorStep | undefined): boolean {
  return step?.connect !== undefined && step.comment === undefined && Object.keys(step.connect).length === 0;
}

/** Rules as steps. One in HAProxy's own words is listed besides with its line. */
export function readSteps(reading: Reading, keyword: CheckKeyword, rules: readonly Setting[]): MonitorStep[] {
  return rules.map(({ args, statement }) => {
    const step = readStep(keyword, args, maskedArguments(reading, statement));
    if (step.native === undefined) reading.used.add(statement);
    else reading.whys.set(statement, 'a step of a check that the model keeps by its words alone');
    return step;
  });
}

/** The words of a line for what the pool says of its members together. */
export function sharedWords(reading: Reading, line: ServerLine): ServerWords {
  return reading.isEffective ? wordsOf(line, true) : mergeServerWords(line.section, [...line.own.values()]);
}
