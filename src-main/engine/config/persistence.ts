import type { EngineConfig, EnginePool } from '../../contract/engine-config.ts';
import { persistenceMethods } from '../persistence/registry.ts';
import type { ConfigProblem } from './problem.ts';
import { memberName } from './settings.ts';

type Path = readonly (string | number)[];

/** Persistence that this engine cannot do with so many workers. */
export function findMissingPersistence(config: EngineConfig, workers: number): ConfigProblem[] {
  const ofServers = (config.virtualServers ?? []).flatMap((server, index) =>
    isOff(server.persistence)
      ? []
      : [
          missing(
            ['virtualServers', index, 'persistence'],
            'persistence of a virtual server (persistence)',
            'write it to each of its pools',
          ),
        ],
  );
  const ofPools = (config.pools ?? []).flatMap((pool, index) =>
    isOff(pool.persistence) ? [] : missingOf(pool, ['pools', index, 'persistence'], workers),
  );
  return [...ofServers, ...ofPools];
}

function missingOf(pool: EnginePool, path: Path, workers: number): ConfigProblem[] {
  const id = pool.persistence?.method ?? '';
  const method = persistenceMethods.get(id);
  if (method === undefined) {
    const known = [...persistenceMethods.keys()].join(', ');
    return [missing(path, `the persistence method "${id}"`, `use one of ${known}`)];
  }
  const known = new Set<string>(['method', 'name', 'native', ...method.settings]);
  const unknown = Object.keys(pool.persistence ?? {})
    .filter((key) => !known.has(key))
    .map((key) => missing([...path, key], `a setting that ${id} does not have (${key})`, 'remove the key'));
  if (!method.keepsEntries || workers === 1) return unknown;
  const remedy = 'run it with --workers 1, or use cookie-insert';
  return [...unknown, missing(path, `${id} with ${workers} workers, which do not share its entries`, remedy)];
}

function missing(path: Path, feature: string, remedy: string): ConfigProblem {
  const why = 'this version of the engine cannot do it and nothing is silently ignored';
  return { path, isKey: true, what: `CAPABILITY_MISSING: ${feature}`, why, remedy };
}

function isOff(settings: object | undefined): boolean {
  return settings === undefined || Object.keys(settings).length === 0;
}

/** Values that would make a broken or ambiguous cookie, or entries that cannot be kept. */
export function persistenceProblems(pool: EnginePool, path: Path): ConfigProblem[] {
  const settings = pool.persistence ?? {};
  const at = [...path, 'persistence'];
  const zero = (['timeoutMs', 'maxEntries'] as const).filter((key) => settings[key] === 0);
  return [
    ...zero.map((key) => wrong([...at, key], `${key} is 0`, 'no client could be held', 'write 1 or more')),
    ...(settings.method === 'cookie-insert' ? cookieProblems(pool, path) : []),
  ];
}

function cookieProblems(pool: EnginePool, path: Path): ConfigProblem[] {
  const { cookieName = 'SRV', cookie = {} } = pool.persistence ?? {};
  const at = [...path, 'persistence'];
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
  const values = (pool.members ?? []).map(
    (member) => member.cookieValue ?? member.name ?? memberName(member.address, member.port),
  );
  for (const [index, value] of values.entries()) {
    const member = [...path, 'members', index];
    // cookie-octet of RFC 6265 4.1.1
    if (!/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(value)) {
      const what = `"${value}" cannot be a cookie's value`;
      problems.push(wrong(member, what, 'RFC 6265 allows neither spaces nor ",;\\', 'write cookieValue'));
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
