import type { EngineConfig, EngineMonitor, EnginePool, EngineVirtualServer } from '../../contract/engine-config.ts';
import { algorithmSettings } from '../../contract/model.ts';
import { compileExpression } from '../algorithms/expression.ts';
import { algorithms } from '../algorithms/registry.ts';
import { readQuestion } from '../monitors/dns-message.ts';
import { bytesOf, patternOf } from '../monitors/expectation.ts';
import { findLayer4Problems } from './l4.ts';
import { findMemberProblems } from './members.ts';
import { isLoopback, parseListenAddress } from './listen-address.ts';
import type { ConfigProblem } from './problem.ts';
import { persistenceProblems, wrongExpression } from './persistence.ts';
import { memberName } from './settings.ts';
import { findServerLinkProblems } from './server-links.ts';
import { snmpProblems } from './snmp.ts';
import { findTlsProblems } from './tls.ts';

type Path = readonly (string | number)[];

/** What the schema cannot see: duplicate names, dangling references, addresses and expressions that do not parse. */
export function findBrokenReferences(config: EngineConfig): ConfigProblem[] {
  const pools = config.pools ?? [];
  const monitorNames = new Set((config.monitors ?? []).map((monitor) => monitor.name));
  const poolNames = new Set(pools.map((pool) => pool.name));
  return [
    ...duplicates(['virtualServers'], names(config.virtualServers)),
    ...duplicates(['pools'], names(pools)),
    ...duplicates(['monitors'], names(config.monitors)),
    ...duplicates(['nodes'], names(config.nodes)),
    ...(config.virtualServers ?? []).flatMap((server, index) =>
      virtualServerProblems(server, ['virtualServers', index], poolNames),
    ),
    ...findLayer4Problems(config),
    ...findServerLinkProblems(config),
    ...findMemberProblems(config),
    ...sharedAddresses(config.virtualServers ?? []),
    ...pools.flatMap((pool, index) => [
      ...duplicates(
        ['pools', index, 'members'],
        (pool.members ?? []).map((member) => member.name ?? memberName(member.address, member.port)),
      ),
      ...(pool.monitors ?? []).flatMap((name, at) =>
        dangling(['pools', index, 'monitors', at], name, monitorNames, 'monitor'),
      ),
      ...(pool.members ?? []).flatMap((member, m) =>
        (member.monitors ?? []).flatMap((name, at) =>
          dangling(['pools', index, 'members', m, 'monitors', at], name, monitorNames, 'monitor'),
        ),
      ),
      ...missingSettings(pool, ['pools', index, 'algorithm']),
      ...(pool.backupPool === undefined ? [] : backupProblems(config, index, poolNames)),
    ]),
    ...(config.monitors ?? []).flatMap((monitor, index) => [
      ...monitorProblems(monitor, ['monitors', index]),
      ...programProblems(monitor, ['monitors', index], config.scripts ?? {}),
    ]),
    ...findTlsProblems(config),
    ...persistenceProblems(config),
    ...adminProblems(config.admin ?? {}),
    ...logProblems(config.log),
    ...snmpProblems(config.snmp),
  ];
}

/** A hash of a header needs the header's name. */
function missingSettings(pool: EnginePool, path: Path): ConfigProblem[] {
  const settings = algorithmSettings(pool.algorithm ?? 'round-robin');
  if (settings.name === 'expression-hash' && settings.key !== undefined && !compileExpression(settings.key)) {
    const [what, why, remedy] = wrongExpression(settings.key);
    return [{ path: [...path, 'key'], what, why, remedy }];
  }
  const required = algorithms.get(settings.name)?.required ?? [];
  return required
    .filter((key) => settings[key] === undefined)
    .map((key) => ({
      path,
      what: `"${settings.name}" has no ${key}`,
      why: 'it would not know what to hash',
      remedy: `write { name: ${settings.name}, ${key}: ... }`,
    }));
}

function names(objects: readonly { readonly name: string }[] | undefined): string[] {
  return (objects ?? []).map((object) => object.name);
}

function duplicates(path: Path, list: readonly string[]): ConfigProblem[] {
  const kind = String(path.at(-1)).replace(/s$/, '');
  return list.flatMap((name, index) =>
    list.indexOf(name) === index
      ? []
      : [
          {
            path: [...path, index, 'name'],
            what: `the name "${name}" stands twice`,
            why: `a ${kind} is found by its name`,
            remedy: 'give one of them another name',
          },
        ],
  );
}

function dangling(path: Path, name: string, known: ReadonlySet<string>, kind: string): ConfigProblem[] {
  if (known.has(name)) return [];
  const list = [...known].join(', ');
  const remedy = list === '' ? `add the ${kind}` : `name one of ${list}`;
  return [{ path, what: `there is no ${kind} "${name}"`, why: 'it is used here', remedy }];
}

function virtualServerProblems(server: EngineVirtualServer, path: Path, pools: ReadonlySet<string>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const targets = [server.pool, server.fixedResponse, server.redirect].filter((target) => target !== undefined);
  if (targets.length !== 1) {
    const what = targets.length === 0 ? `"${server.name}" has no target` : `"${server.name}" has several targets`;
    problems.push({
      path,
      what,
      why: 'requests that no route takes go there',
      remedy: 'write one of pool, fixedResponse, redirect',
    });
  }
  if ((server.cache?.diskPath ?? '') !== '' && (server.cache?.diskMaxBytes ?? 0) === 0) {
    problems.push({
      path: [...path, 'cache', 'diskPath'],
      what: 'cache.diskPath has no diskMaxBytes',
      why: 'nothing would be kept there',
      remedy: 'write how many bytes the files may take',
    });
  }
  if (server.pool !== undefined) problems.push(...dangling([...path, 'pool'], server.pool, pools, 'pool'));
  for (const [index, text] of server.listen.entries()) {
    if (parseListenAddress(text) === undefined) {
      const remedy = 'write host:port, [v6]:port or unix:/path';
      problems.push({
        path: [...path, 'listen', index],
        what: `"${text}" is no address`,
        why: 'nothing can listen there',
        remedy,
      });
    }
  }
  for (const [index, route] of (server.routes ?? []).entries()) {
    problems.push(...dangling([...path, 'routes', index, 'pool'], route.pool, pools, 'pool'));
    if (route.pathRegex !== undefined && !isRegex(route.pathRegex)) {
      const at = [...path, 'routes', index, 'pathRegex'];
      problems.push({
        path: at,
        what: `"${route.pathRegex}" is no regular expression`,
        why: 'it does not compile',
        remedy: 'mend it',
      });
    }
  }
  return problems;
}

/** Expressions and escapes are read when a probe runs: what is wrong in them is said before. */
function monitorProblems(monitor: EngineMonitor, path: Path): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const key of ['expect', 'expectBody'] as const) {
    const pattern = patternOf(monitor[key] ?? '');
    if (pattern === undefined || isRegex(pattern)) continue;
    const what = `"${pattern}" is no regular expression`;
    problems.push({ path: [...path, key], what, why: 'it does not compile', remedy: 'mend it' });
  }
  for (const key of ['send', 'expect'] as const) {
    const text = monitor[key] ?? '';
    if (
      (monitor.type !== 'tcp-send-expect' && monitor.type !== 'udp' && monitor.type !== 'agent') ||
      patternOf(text) !== undefined ||
      bytesOf(text) !== undefined
    )
      continue;
    const what = `"${text}" has an escape that is none`;
    const remedy = 'use \\r \\n \\t \\0 \\xHH, and \\\\ for a backslash';
    problems.push({ path: [...path, key], what, why: 'other escapes have no meaning here', remedy });
  }
  if (monitor.type === 'dns' && monitor.query !== undefined && readQuestion(monitor.query) === undefined) {
    const what = `"${monitor.query}" is no question`;
    const remedy = 'write a name, or a name and a type: example.com AAAA';
    problems.push({ path: [...path, 'query'], what, why: 'nothing can be asked', remedy });
  }
  return problems;
}

/** The engine starts no program that its file does not name. */
function programProblems(
  monitor: EngineMonitor,
  path: Path,
  scripts: Readonly<Record<string, string>>,
): ConfigProblem[] {
  const { type, script } = monitor;
  if (type === 'icmp' && scripts['ping'] === undefined) {
    const what = 'an icmp monitor needs scripts.ping';
    const why = 'the engine starts no program that its file does not name';
    return [
      {
        path: [...path, 'type'],
        what,
        why,
        remedy: "write scripts: { ping: /usr/bin/ping }, the path of this system's ping",
      },
    ];
  }
  if (type !== 'script' || (script !== undefined && Object.hasOwn(scripts, script))) return [];
  const what = script === undefined ? 'a script monitor needs script' : `there is no script "${script}"`;
  const remedy = 'name a command of scripts';
  return [{ path: [...path, script === undefined ? 'type' : 'script'], what, why: 'it would run nothing', remedy }];
}

function isRegex(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false; // the constructor's only way to say that the expression is wrong
  }
}

function sharedAddresses(servers: readonly EngineVirtualServer[]): ConfigProblem[] {
  const owners = new Map<string, string>();
  return servers.flatMap((server, index) =>
    server.listen.flatMap((text, at) => {
      const key = `${server.protocol === 'udp' ? 'udp' : 'tcp'} ${text}`;
      const owner = owners.get(key);
      if (owner === undefined || text.endsWith(':0')) {
        owners.set(key, server.name);
        return [];
      }
      const why = `"${owner}" listens there already`;
      return [
        {
          path: ['virtualServers', index, 'listen', at],
          what: `"${text}" is taken`,
          why,
          remedy: 'use another address or port',
        },
      ];
    }),
  );
}

function backupProblems(config: EngineConfig, index: number, pools: ReadonlySet<string>): ConfigProblem[] {
  const byName = new Map((config.pools ?? []).map((pool) => [pool.name, pool]));
  const pool = config.pools?.[index];
  const path = ['pools', index, 'backupPool'];
  const missing = dangling(path, pool?.backupPool ?? '', pools, 'pool');
  if (missing.length > 0) return missing;
  const seen = new Set([pool?.name]);
  for (let next = pool?.backupPool; next !== undefined; next = byName.get(next)?.backupPool) {
    if (seen.has(next)) {
      return [
        {
          path,
          what: `the backup pools of "${pool?.name ?? ''}" form a circle`,
          why: 'a request could never leave it',
          remedy: 'end the chain',
        },
      ];
    }
    seen.add(next);
  }
  return [];
}

function logProblems(log: EngineConfig['log']): ConfigProblem[] {
  if (log?.access !== 'json' || (log.file ?? '') !== '') return [];
  const why = 'standard output belongs to the events';
  return [{ path: ['log', 'access'], what: 'the access log has no file', why, remedy: 'write log.file' }];
}

function adminProblems(admin: NonNullable<EngineConfig['admin']>): ConfigProblem[] {
  if (admin.listen === undefined) return [];
  const path = ['admin', 'listen'];
  const address = parseListenAddress(admin.listen);
  if (address === undefined || address.kind === 'unix') {
    return [
      {
        path,
        what: `"${admin.listen}" is no host:port`,
        why: 'nothing can listen there',
        remedy: 'write 127.0.0.1:9900; a Unix socket goes to admin.socket',
      },
    ];
  }
  if (!isLoopback(address)) {
    return [
      {
        path,
        what: `"${admin.listen}" is not loopback`,
        why: 'the admin interface can change everything and speaks clear text',
        remedy: 'listen on 127.0.0.1 or [::1]',
      },
    ];
  }
  if (admin.token === undefined) {
    return [
      {
        path,
        what: 'admin.listen has no token',
        why: 'any program and any web page on this machine could change the engine',
        remedy: 'write admin.token',
      },
    ];
  }
  return [];
}
