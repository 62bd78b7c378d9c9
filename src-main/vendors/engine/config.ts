import type { DeviceFacts } from '../../contract/api.ts';
import { AppError } from '../../contract/errors.ts';
import { type Algorithm, type AlgorithmName, algorithmSettings, type Persistence } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';

/** The engine's configuration as plain data: the model written down, plus sections of the engine's own. */
export type Config = Readonly<Record<string, unknown>>;

type Kind = Change['subject']['kind'];
const sections: Partial<Record<Kind, string>> = {
  virtualServer: 'virtualServers',
  pool: 'pools',
  member: 'pools',
  monitor: 'monitors',
  node: 'nodes',
};

/** Algorithms that the engine runs (its registry). */
export const engineAlgorithms: readonly AlgorithmName[] = [
  'round-robin',
  'static-round-robin',
  'least-connections',
  'least-requests',
  'least-response-time',
  'dynamic-ratio',
  'least-bandwidth',
  'least-sessions',
  'random',
  'random-two-choices',
  'first-available',
  'source-ip-hash',
  'source-ip-port-hash',
  'dest-ip-hash',
  'uri-hash',
  'host-hash',
  'header-hash',
  'cookie-hash',
  'query-param-hash',
  'expression-hash',
];

/** What the engine can hold clients by. */
export const engineMethods: readonly NonNullable<Persistence['method']>[] = [
  'cookie-insert',
  'cookie-rewrite',
  'cookie-prefix',
  'cookie-learn',
  'source-ip',
  'dest-ip',
  'tls-session-id',
  'header',
  'query-param',
  'expression',
];

const tableSettings = ['timeoutMs', 'maxEntries'];
const networkSettings = ['ipv4Prefix', 'ipv6Prefix', ...tableSettings];
/** Settings of a method that a form asks for; the cookie of cookie-insert has more, which stay as they are. */
const methodSettings: Readonly<Partial<Record<NonNullable<Persistence['method']>, readonly string[]>>> = {
  'cookie-insert': ['cookieName'],
  'cookie-rewrite': ['cookieName'],
  'cookie-prefix': ['cookieName'],
  'cookie-learn': ['cookieName', ...tableSettings],
  'source-ip': networkSettings,
  'dest-ip': networkSettings,
  'tls-session-id': tableSettings,
  header: tableSettings,
  'query-param': tableSettings,
  expression: tableSettings,
};
const keyedMethods: readonly string[] = ['header', 'query-param', 'expression'];

/** What a form may offer: each way to hold clients with the settings that the engine takes (engine/persistence/). */
export function offeredMethods(): NonNullable<DeviceFacts['persistence']> {
  return engineMethods.map((name) => ({
    name,
    native: name,
    ...(keyedMethods.includes(name) ? { needs: [name === 'expression' ? 'expression' : 'key'] } : {}),
    settings: methodSettings[name] ?? [],
  }));
}

const keyedHashes: readonly AlgorithmName[] = ['header-hash', 'cookie-hash', 'query-param-hash', 'expression-hash'];

/** What a form may offer: each algorithm with the settings that the engine takes (engine/algorithms/). */
export function offeredAlgorithms(): DeviceFacts['algorithms'] {
  return engineAlgorithms.map((name) => {
    const needs = keyedHashes.includes(name) ? { needs: ['key'] } : {};
    const settings = [
      ...(name.endsWith('-hash') ? ['hash', 'boundedLoad'] : []),
      ...(name.startsWith('random') ? ['choices'] : []),
    ];
    return { name, native: name, ...needs, ...(settings.length === 0 ? {} : { settings }) };
  });
}

/** The configuration's list that holds objects of this kind; CAPABILITY_MISSING where the engine has no such objects. */
export function sectionOf(change: Change): string {
  const section = sections[change.subject.kind];
  if (section !== undefined) return section;
  throw new AppError(
    'CAPABILITY_MISSING',
    `The engine's configuration has no ${change.subject.kind} objects (${change.subject.path.join('/')}): certificates are named by file under virtualServers, tls.`,
  );
}

/** What is written for a wished value: without the words that only describe a reading. CAPABILITY_MISSING for what the engine cannot run. */
export function writableValue(key: string | undefined, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (key === 'algorithm') return writableAlgorithm(value as Algorithm); // the model's schema has checked it
  if (key === 'persistence') return writablePersistence(value as Persistence); // as above
  if (!isFields(value) || key !== undefined) return value;
  const whole: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    if (name === 'native' || part === undefined) continue;
    whole[name] = name === 'members' && Array.isArray(part) ? part.map(withoutNative) : writableValue(name, part);
  }
  return whole;
}

function withoutNative(member: unknown): unknown {
  return writableValue(undefined, member);
}

function writableAlgorithm(algorithm: Algorithm): Algorithm {
  const settings = { ...algorithmSettings(algorithm) };
  if (!engineAlgorithms.includes(settings.name)) {
    throw new AppError(
      'CAPABILITY_MISSING',
      `The engine has no algorithm "${settings.name}". It has ${engineAlgorithms.join(', ')}.`,
    );
  }
  delete settings.native;
  delete settings.weighted;
  delete settings.per;
  return Object.keys(settings).length === 1 ? settings.name : settings;
}

function writablePersistence(persistence: Persistence): Persistence {
  const { method } = persistence;
  if (method === undefined || engineMethods.includes(method)) {
    const settings = { ...persistence };
    delete settings.native;
    delete settings.name;
    return settings;
  }
  throw new AppError(
    'CAPABILITY_MISSING',
    `The engine cannot hold clients by "${method}". It has ${engineMethods.join(', ')}.`,
  );
}

/** The configuration with one change made. Throws PLAN_INVALID where its subject is not there, or is there already. */
export function applyChange(config: Config, change: Change): Config {
  const section = sectionOf(change);
  const [name = '', member] = change.subject.path;
  if (change.subject.kind !== 'member') return { ...config, [section]: changeList(config[section], name, change) };
  const pools = changeNamed(config[section], name, change, (pool) => ({
    ...pool,
    members: changeList(pool['members'], member ?? '', change),
  }));
  return { ...config, [section]: pools };
}

function changeList(list: unknown, name: string, change: Change): readonly unknown[] {
  const items = fieldsList(list);
  const value = writableValue(change.key, change.desired);
  switch (change.action) {
    case 'create':
      if (items.some((item) => objectName(item) === name)) throw missing(change, 'is there already');
      return [...items, value];
    case 'delete':
      if (!items.some((item) => objectName(item) === name)) throw missing(change, 'is not there');
      return items.filter((item) => objectName(item) !== name);
    case 'replace':
      return changeNamed(items, name, change, () => value as Fields); // whole objects of the model are maps
    case 'update':
      return changeNamed(items, name, change, (item) => setField(item, change.key ?? '', value));
    case 'no-op':
      return items;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function changeNamed(list: unknown, name: string, change: Change, edit: (item: Fields) => Fields): Fields[] {
  const items = fieldsList(list);
  if (!items.some((item) => objectName(item) === name)) throw missing(change, 'is not there');
  return items.map((item) => (objectName(item) === name ? edit(item) : item));
}

function setField(item: Fields, key: string, value: unknown): Fields {
  const { [key]: before, ...rest } = item;
  if (value === undefined) return rest;
  return before === undefined ? { ...item, [key]: value } : { ...item, [key]: value };
}

/** An object's name; a member without one is called address:port, an IPv6 address in brackets. */
export function objectName(item: Fields): string {
  const { name, address, port } = item;
  if (typeof name === 'string') return name;
  const host = String(address);
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

export function missing(change: Change, what: string): AppError {
  const { kind, path } = change.subject;
  return new AppError('PLAN_INVALID', `The ${kind} "${path.join('/')}" ${what} in the engine's configuration.`);
}

export function fieldsList(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON with sorted keys and without undefined: equal configurations have equal text, however they were written. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isFields(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
