import type { DevicePool, Member, Pool } from '../../../contract/model.ts';
import { findAlgorithmLines, readAlgorithm } from './algorithm.ts';
import { compareVersions } from './conditions.ts';
import { readMember } from './members.ts';
import { readMonitors, sharedWords } from './monitors.ts';
import { readPersistence } from './persistence.ts';
import { maskedArguments, nested, type Reading, sourceOf, takeOption, takeSetting, takeValue } from './reading.ts';
import { readRetryOn } from './retry-words.ts';
import { readServerLines, type ServerLine, type ServerWords } from './servers.ts';
import type { Settings } from './settings.ts';
import { readServerTls, serverTlsWords } from './server-tls.ts';
import { readCount, readTimeMs } from './units.ts';
import { readWatch, watchWords } from './watch-words.ts';

/** A `backend`, or the back half of a `listen`, as a pool of the model. */
export function readPool(reading: Reading, settings: Settings, name: string): DevicePool {
  const lines = readServerLines(settings, reading);
  for (const line of lines) reading.used.add(line.statement);
  const shared = shareWords(reading, lines);
  const monitors = readMonitors(reading, settings, name, lines);
  if (reading.isEffective && lines.length > 0) useDefaultServers(reading, settings);
  for (const setting of reading.isEffective ? [] : settings.own('default-server')) {
    reading.whys.set(setting.statement, 'servers below inherit it; where the model has it, it shows there in effect');
  }
  const members = lines.map((line, index) => ({
    ...readMember(reading, line, shared.hoisted),
    ...monitorsOf(monitors.members[index] ?? []),
  }));
  return {
    name,
    ...readPoolAlgorithm(reading, settings, lines),
    members,
    ...monitorsOf(monitors.pool),
    ...persistenceOf(reading, settings),
    ...shared.fields,
    ...readLimits(reading, settings),
    ...readMode(reading, settings),
    ...readNative(reading, settings),
  };
}

function useDefaultServers(reading: Reading, settings: Settings): void {
  for (let at: Settings | undefined = settings; at !== undefined; at = at.parent) {
    for (const { statement } of at.own('default-server')) reading.used.add(statement);
  }
}

function monitorsOf(names: readonly string[]): Pick<Member, 'monitors'> {
  return names.length === 0 ? {} : { monitors: [...names] };
}

function persistenceOf(reading: Reading, settings: Settings): Pick<Pool, 'persistence'> {
  const persistence = readPersistence(reading, settings);
  return persistence === undefined ? {} : { persistence };
}

/** Without a `balance` HAProxy takes round robin, from 3.3 on `random`: said only of what takes effect, on a known version. */
function readPoolAlgorithm(
  reading: Reading,
  settings: Settings,
  lines: readonly ServerLine[],
): Pick<Pool, 'algorithm'> {
  const found = findAlgorithmLines(settings, reading.isEffective);
  const algorithm = readAlgorithm(found, (statement) => sourceOf(reading, statement));
  if (algorithm !== undefined) {
    for (const keyword of ['balance', 'hash-type', 'hash-balance-factor']) takeSetting(reading, settings, keyword);
    if (algorithm.native !== '') return { algorithm };
  }
  const written = algorithm === undefined ? {} : { algorithm }; // a bare `balance` says that HAProxy's default holds
  if (!reading.isEffective || reading.version === undefined || lines.length === 0) return written;
  const age = compareVersions(reading.version, '3.3-dev8');
  if (age === undefined) return written;
  return { algorithm: { name: age >= 0 ? 'random-two-choices' : 'round-robin' } };
}

interface Shared {
  readonly fields: Pick<Pool, 'tls' | 'sendProxyProtocol' | 'slowStartMs' | 'passive' | 'onMemberDown' | 'onMemberUp'>;
  readonly hoisted: ReadonlySet<string>;
}

/** What all server lines of a pool say alike stands at the pool: TLS towards them, the PROXY protocol, slow start. */
function shareWords(reading: Reading, lines: readonly ServerLine[]): Shared {
  const all = lines.map((line) => sharedWords(reading, line));
  const [first] = all;
  if (first === undefined) return { fields: {}, hoisted: new Set() };
  const hoisted = new Set<string>();
  let fields: Shared['fields'] = {};
  const tlsWords = [...first.keys()].filter((keyword) => serverTlsWords.has(keyword));
  if (first.has('ssl') && isAlike(all, (words) => keysText(words, (keyword) => serverTlsWords.has(keyword)))) {
    const { tls, read } = readServerTls(first);
    fields = { ...fields, tls };
    for (const keyword of tlsWords) if (read.has(keyword)) hoisted.add(keyword);
  }
  if (isAlike(all, (words) => `${words.has('send-proxy')} ${words.has('send-proxy-v2')}`)) {
    const version = first.has('send-proxy-v2')
      ? ('v2' as const)
      : first.has('send-proxy')
        ? ('v1' as const)
        : undefined;
    if (version !== undefined) fields = { ...fields, sendProxyProtocol: version };
    hoisted.add('send-proxy').add('send-proxy-v2');
  }
  const slowStartMs = readTimeMs(first.get('slowstart')?.args[0]?.value ?? '');
  if (slowStartMs !== undefined && isAlike(all, (words) => words.get('slowstart')?.args[0]?.value ?? '')) {
    fields = { ...fields, slowStartMs };
    hoisted.add('slowstart');
  }
  if (isAlike(all, (words) => keysText(words, (keyword) => watchWords.has(keyword)))) {
    const watched = readWatch(first);
    fields = { ...fields, ...watched.fields };
    for (const keyword of watched.read) hoisted.add(keyword);
  }
  return { fields, hoisted };
}

function isAlike(all: readonly ServerWords[], describe: (words: ServerWords) => string): boolean {
  return new Set(all.map(describe)).size === 1;
}

/** The words chosen by `isWanted`, with their arguments, as one text to compare. */
export function keysText(words: ServerWords, isWanted: (keyword: string) => boolean): string {
  const chosen = [...words].filter(([keyword]) => isWanted(keyword));
  return JSON.stringify(chosen.map(([keyword, { args }]) => [keyword, ...args.map((word) => word.value)]).sort());
}

function readLimits(reading: Reading, settings: Settings): Omit<Partial<Pool>, 'members'> {
  return {
    ...takeValue(reading, settings, 'timeout connect', 'connectTimeoutMs', readTimeMs),
    ...takeValue(reading, settings, 'timeout server', 'responseTimeoutMs', readTimeMs),
    ...nested('queue', takeValue(reading, settings, 'timeout queue', 'timeoutMs', readTimeMs)),
    ...nested('retry', readRetry(reading, settings)),
    ...takeValue(reading, settings, 'source', 'sourceAddress', (text) => (text === '' ? undefined : text)),
  };
}

function readRetry(reading: Reading, settings: Settings): NonNullable<Pool['retry']> {
  const attempts = takeValue(reading, settings, 'retries', 'attempts', (text) => readCount(text));
  const { when, statuses } = readRetryOn(takeSetting(reading, settings, 'retry-on')?.args ?? []);
  const redispatch = takeOption(reading, settings, 'option redispatch');
  return {
    ...attempts,
    ...(when.length > 0 ? { when: [...when] } : {}),
    ...(statuses.length > 0 ? { statuses: [...statuses] } : {}),
    ...(redispatch === undefined ? {} : { redispatch }),
  };
}

function readMode(reading: Reading, settings: Settings): Pick<Pool, 'protocol' | 'adminState'> {
  const mode = settings.last('mode', reading.isEffective);
  const isDisabled = readDisabled(reading, settings);
  const protocol = mode?.args[0] === 'http' || mode?.args[0] === 'tcp' ? mode.args[0] : undefined;
  if (protocol !== undefined) takeSetting(reading, settings, 'mode');
  return { ...(protocol === undefined ? {} : { protocol }), ...isDisabled };
}

/** `disabled` and `enabled` of a whole proxy: the later one of the nearest section that has one. */
export function readDisabled(reading: Reading, settings: Settings): { adminState?: 'enabled' | 'disabled' } {
  for (let at: Settings | undefined = settings; at !== undefined; at = reading.isEffective ? at.parent : undefined) {
    const found = [...at.own('disabled'), ...at.own('enabled')].sort((a, b) => a.statement.line - b.statement.line);
    const last = found.at(-1);
    for (const setting of found) reading.used.add(setting.statement);
    if (last) return { adminState: last.statement.words[0].value === 'disabled' ? 'disabled' : 'enabled' };
  }
  return reading.isEffective ? { adminState: 'enabled' } : {};
}

const nativeKeywords = ['fullconn', 'http-reuse', 'hash-preserve-affinity', 'retry-on'];
const nativeOptions = ['option allbackups', 'option persist', 'option abortonclose'];

function readNative(reading: Reading, settings: Settings): Pick<Pool, 'native'> {
  const native: Record<string, string> = {};
  for (const keyword of nativeKeywords) {
    const setting = takeSetting(reading, settings, keyword);
    if (setting) native[keyword] = maskedArguments(reading, setting.statement);
  }
  for (const keyword of nativeOptions) {
    const isOn = takeOption(reading, settings, keyword);
    if (isOn !== undefined) native[keyword] = isOn ? 'on' : 'off';
  }
  return nested('native', native);
}
