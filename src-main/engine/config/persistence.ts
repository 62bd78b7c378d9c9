import type { EngineConfig, EnginePool, EngineVirtualServer } from '../../contract/engine-config.ts';
import type { Persistence } from '../../contract/model.ts';
import { compileExpression } from '../algorithms/expression.ts';
import { persistenceMethods } from '../persistence/registry.ts';
import type { ConfigProblem } from './problem.ts';
import { memberName } from './settings.ts';

type Path = readonly (string | number)[];

/** Persistence that this engine does not know. */
export function findMissingPersistence(config: EngineConfig): ConfigProblem[] {
  return persistentObjects(config).flatMap(({ settings, path }) => missingOf(settings, path));
}

interface Persistent {
  readonly settings: Persistence;
  readonly path: Path;
  /** The pools that it is for. */
  readonly pools: readonly EnginePool[];
}

function persistentObjects(config: EngineConfig): Persistent[] {
  const pools = config.pools ?? [];
  const ofPools = pools.map((pool, index) => ({
    settings: pool.persistence ?? {},
    path: ['pools', index, 'persistence'],
    pools: [pool],
  }));
  const ofServers = (config.virtualServers ?? []).map((server, index) => ({
    settings: server.persistence ?? {},
    path: ['virtualServers', index, 'persistence'],
    pools: pools.filter((pool) => isOff(pool.persistence) && reaches(server, pool, pools)),
  }));
  return [...ofPools, ...ofServers].filter(({ settings }) => !isOff(settings));
}

function missingOf(settings: Persistence, path: Path): ConfigProblem[] {
  const id = settings.method ?? '';
  const method = persistenceMethods.get(id);
  if (method === undefined) {
    const known = [...persistenceMethods.keys()].join(', ');
    return [missing(path, `the persistence method "${id}"`, `use one of ${known}`)];
  }
  const fallback = persistenceMethods.get(settings.fallback ?? '');
  if (settings.fallback !== undefined && (fallback?.kind !== 'table' || fallback.isLearned || fallback === method)) {
    const known = [...persistenceMethods.values()].filter(
      (each) => each.kind === 'table' && !each.isLearned && each !== method,
    );
    const remedy = `use one of ${known.map((each) => each.id).join(', ')}`;
    return [missing([...path, 'fallback'], `"${settings.fallback}" as the fallback of ${id}`, remedy)];
  }
  const known = new Set<string>([
    'method',
    'name',
    'native',
    'fallback',
    ...method.settings,
    ...(fallback?.settings ?? []),
  ]);
  if (known.has('expression')) known.add('key');
  return Object.keys(settings)
    .filter((key) => !known.has(key))
    .map((key) => missing([...path, key], `a setting that ${id} does not have (${key})`, 'remove the key'));
}

function missing(path: Path, feature: string, remedy: string): ConfigProblem {
  const why = 'this version of the engine cannot do it and nothing is silently ignored';
  return { path, isKey: true, what: `CAPABILITY_MISSING: ${feature}`, why, remedy };
}

function isOff(settings: object | undefined): boolean {
  return settings === undefined || Object.keys(settings).length === 0;
}

/** Values that would make a broken or ambiguous cookie, entries that cannot be kept, or keys that cannot be had. */
export function persistenceProblems(config: EngineConfig): ConfigProblem[] {
  return persistentObjects(config).flatMap((persistent) => {
    const { settings, path, pools } = persistent;
    const zero = (['timeoutMs', 'maxEntries'] as const).filter((key) => settings[key] === 0);
    const method = persistenceMethods.get(settings.method ?? '');
    return [
      ...zero.map((key) => wrong([...path, key], `${key} is 0`, 'no client could be held', 'write 1 or more')),
      ...keyProblems(persistent),
      ...protocolProblems(config, persistent),
      ...(method?.settings.includes('cookieName') === true ? cookieProblems(settings, path) : []),
      ...(method?.kind === 'cookie' ? pools.flatMap((pool) => valueProblems(pool, config, method.mode)) : []),
    ];
  });
}

/** What the method and its fallback must be given. */
function keyProblems({ settings, path }: Persistent): ConfigProblem[] {
  return [settings.method, settings.fallback].flatMap((id) => {
    const method = persistenceMethods.get(id ?? '');
    return (method?.required ?? []).flatMap((key) => {
      const value = settings[key] ?? (key === 'expression' ? settings.key : undefined);
      if (value === undefined || value === '') {
        return [wrong(path, `"${id ?? ''}" has no ${key}`, 'it would not know what to look at', `write ${key}: ...`)];
      }
      if (key !== 'expression' || typeof value !== 'string' || compileExpression(value) !== undefined) return [];
      return [wrong([...path, settings.expression === undefined ? 'key' : key], ...wrongExpression(value))];
    });
  });
}

/** What, why and remedy for text that should be an expression. */
export function wrongExpression(text: string): [string, string, string] {
  const remedy =
    'use {client} {path} {header:Name} {query:name} {cookie:name} {sni}, at least one, and text between them';
  return [`"${text}" is no expression`, 'a part of it is unknown or has no name', remedy];
}

/** A method that reads HTTP holds nobody on a connection that is only passed on; a session id needs TLS. */
function protocolProblems(config: EngineConfig, { settings, path, pools }: Persistent): ConfigProblem[] {
  const servers = (config.virtualServers ?? []).filter((server) =>
    pools.some((pool) => reaches(server, pool, config.pools ?? [])),
  );
  const isAllHttp = servers.every((server) => (server.protocol ?? 'http') === 'http');
  const method = persistenceMethods.get(settings.method ?? '');
  if (method === undefined) return [];
  const isOfConnection =
    method.kind === 'table' && method.isOfConnection({ expression: settings.expression ?? settings.key ?? '' });
  if (!isAllHttp && !isOfConnection) {
    const remedy = 'use source-ip, dest-ip, tls-session-id or an expression of {client} and {sni}';
    return [wrong(path, `${method.id} reads HTTP`, 'a virtual server that does not speak HTTP uses the pool', remedy)];
  }
  const hasIds = servers.length === 0 || servers.some((server) => server.protocol === 'tls-passthrough');
  if (method.id !== 'tls-session-id' || hasIds) return [];
  const remedy = 'use another method, or protocol: tls-passthrough on the virtual server';
  return [wrong(path, 'tls-session-id without pass-through', 'no connection has a session id', remedy)];
}

function reaches(server: EngineVirtualServer, wanted: EnginePool, pools: readonly EnginePool[]): boolean {
  const seen = new Set<string>();
  let names = [server.pool, ...(server.routes ?? []).map((route) => route.pool)];
  while (names.length > 0) {
    const found = pools.filter((pool) => names.includes(pool.name) && !seen.has(pool.name));
    if (found.includes(wanted)) return true;
    for (const pool of found) seen.add(pool.name);
    names = found.map((pool) => pool.backupPool);
  }
  return false;
}

function cookieProblems({ cookieName = 'SRV', cookie = {} }: Persistence, at: Path): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(cookieName)) {
    problems.push(wrong([...at, 'cookieName'], `"${cookieName}" is no cookie name`, 'RFC 6265', 'write a token'));
  }
  for (const key of ['path', 'domain'] as const) {
    const value = cookie[key] ?? '';
    if (/^[\x20-\x3a\x3c-\x7e]*$/.test(value)) continue;
    const why = 'a semicolon or control byte would end it';
    problems.push(wrong([...at, 'cookie', key], `"${value}" cannot stand in a cookie`, why, 'mend it'));
  }
  if (cookie.sameSite === 'None' && cookie.secure !== true) {
    const what = 'sameSite None without secure';
    problems.push(wrong([...at, 'cookie', 'sameSite'], what, 'browsers refuse such a cookie', 'add secure: true'));
  }
  return problems;
}

function valueProblems(pool: EnginePool, config: EngineConfig, mode: string): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const path = ['pools', (config.pools ?? []).indexOf(pool)];
  const values = (pool.members ?? []).map(
    (member) => member.cookieValue ?? member.name ?? memberName(member.address, member.port),
  );
  for (const [index, value] of values.entries()) {
    const member = [...path, 'members', index];
    // cookie-octet of RFC 6265 4.1.1
    if (!/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(value)) {
      const what = `"${value}" cannot be a cookie's value`;
      problems.push(wrong(member, what, 'RFC 6265 allows neither spaces nor ",;\\', 'write cookieValue'));
    } else if (mode === 'prefix' && value.includes('~')) {
      const what = `"${value}" cannot stand before "~"`;
      problems.push(wrong(member, what, 'it ends at the first one', 'write another cookieValue'));
    } else if (values.indexOf(value) !== index) {
      const what = `the cookie value "${value}" is used twice`;
      problems.push(wrong(member, what, 'the cookie names the member', 'write another cookieValue'));
    }
  }
  return problems;
}

function wrong(path: Path, what: string, why: string, remedy: string): ConfigProblem {
  return { path, what, why, remedy };
}
