import type { EngineConfig, EnginePool, EngineVirtualServer } from '../../contract/engine-config.ts';
import { algorithmSettings } from '../../contract/model.ts';
import { parseListenAddress } from './listen-address.ts';
import type { ConfigProblem } from './problem.ts';

type Path = readonly (string | number)[];

/** Keys of a virtual server that mean something to HTTP alone. */
const httpKeys = ['fixedResponse', 'redirect', 'http', 'requestRate', 'cache'] as const;
const furtherKeys = { http: [], tcp: [], 'tls-passthrough': ['tls'], udp: ['tls'] } as const;
/** Parts of a request that nothing can be hashed by where there are no requests. */
const httpAlgorithms = new Set(['uri-hash', 'header-hash', 'cookie-hash', 'query-param-hash']);

/** What a virtual server that is not HTTP asks for and cannot have. */
export function findLayer4Problems(config: EngineConfig): ConfigProblem[] {
  const pools = config.pools ?? [];
  return (config.virtualServers ?? []).flatMap((server, index) => {
    const path = ['virtualServers', index];
    if ((server.protocol ?? 'http') === 'http') return [...sectionProblems(server, path), ...sniProblems(server, path)];
    const used = new Set([server.pool, ...(server.routes ?? []).map((route) => route.pool)]);
    return [
      ...sectionProblems(server, path),
      ...udpProblems(server, path),
      ...keyProblems(server, path),
      ...routeProblems(server, path),
      ...pools.flatMap((pool, at) => (used.has(pool.name) ? poolProblems(server, pool, ['pools', at]) : [])),
    ];
  });
}

function keyProblems(server: EngineVirtualServer, path: Path): ConfigProblem[] {
  const keys = [...httpKeys, ...furtherKeys[server.protocol ?? 'http']];
  return keys
    .filter((key) => server[key] !== undefined)
    .map((key) => ({
      path: [...path, key],
      isKey: true,
      what: `"${server.name}" is ${server.protocol ?? ''} and has ${key}`,
      why: 'this protocol has no such thing',
      remedy: `remove ${key}, or use another protocol`,
    }));
}

/** Sections of another protocol would be silently without effect. */
function sectionProblems(server: EngineVirtualServer, path: Path): ConfigProblem[] {
  const own = { http: 'http', tcp: 'tcp', 'tls-passthrough': 'tcp', udp: 'udp' }[server.protocol ?? 'http'];
  return (['tcp', 'udp'] as const)
    .filter((key) => key !== own && server[key] !== undefined)
    .map((key) => ({
      path: [...path, key],
      isKey: true,
      what: `"${server.name}" is ${server.protocol ?? 'http'} and has ${key}`,
      why: `its settings stand in ${own}`,
      remedy: `remove ${key}, or make it protocol: ${key}`,
    }));
}

function udpProblems(server: EngineVirtualServer, path: Path): ConfigProblem[] {
  if (server.protocol !== 'udp') return [];
  const addresses = server.listen.flatMap((text, index) => {
    const address = parseListenAddress(text);
    const isEvery = address?.kind === 'tcp' && (address.host === '0.0.0.0' || address.host === '::');
    if (address?.kind !== 'unix' && !isEvery) return [];
    const what = `"${text}" is no address for UDP`;
    const why = 'an answer must come from the very address that the client asked';
    return [{ path: [...path, 'listen', index], what, why, remedy: 'list the addresses of this machine, host:port' }];
  });
  if (server.proxyProtocol === undefined || server.proxyProtocol === 'none') return addresses;
  const what = `"${server.name}" is udp and has proxyProtocol`;
  const remedy = 'remove proxyProtocol';
  return [...addresses, { path: [...path, 'proxyProtocol'], isKey: true, what, why: 'it is for connections', remedy }];
}

/** The name of a ClientHello is there where TLS ends here; what is stored is found without it. */
function sniProblems(server: EngineVirtualServer, path: Path): ConfigProblem[] {
  const isKnown = server.tls !== undefined && server.cache === undefined;
  return (server.routes ?? []).flatMap((route, index) =>
    route.sni === undefined || isKnown
      ? []
      : [
          {
            path: [...path, 'routes', index, 'sni'],
            isKey: true,
            what: `"${server.name}" has a route by sni ${server.tls === undefined ? 'and no tls' : 'and a cache'}`,
            why:
              server.tls === undefined
                ? 'there is no ClientHello that could name it'
                : 'one answer is stored for all who ask for the same URL, whatever name their connection began with',
            remedy: 'use host',
          },
        ],
  );
}

function routeProblems(server: EngineVirtualServer, path: Path): ConfigProblem[] {
  return (server.routes ?? []).flatMap((route, index) => {
    const at = [...path, 'routes', index];
    const isBySni = server.protocol === 'tls-passthrough' && route.sni !== undefined && route.sni !== '';
    const others = Object.keys(route).filter((key) => key !== 'pool' && key !== 'sni');
    if (isBySni && others.length === 0) return [];
    const what = `a route of "${server.name}" that ${isBySni ? `looks at ${others.join(', ')}` : 'has no sni'}`;
    const remedy = 'name the pool alone, or use protocol: tls-passthrough and routes by sni';
    return [{ path: at, what, why: `${server.protocol ?? ''} sees no more than that`, remedy }];
  });
}

function poolProblems(server: EngineVirtualServer, pool: EnginePool, path: Path): ConfigProblem[] {
  const problems: ConfigProblem[] = server.protocol === 'udp' ? udpPoolProblems(server, pool, path) : [];
  const why = `"${server.name}" is ${server.protocol ?? ''} and hands to it: there are no requests to look at`;
  const { name } = algorithmSettings(pool.algorithm ?? 'round-robin');
  if (httpAlgorithms.has(name)) {
    const remedy = 'use source-ip-hash or another algorithm';
    problems.push({ path: [...path, 'algorithm'], what: `"${pool.name}" has the algorithm "${name}"`, why, remedy });
  }
  if (pool.http2 === true) {
    const remedy = 'remove http2: what clients speak passes through as it is';
    problems.push({ path: [...path, 'http2'], isKey: true, what: `"${pool.name}" has http2`, why, remedy });
  }
  return problems;
}

/** Keys of a pool that mean something to connections alone. */
function udpPoolProblems(server: EngineVirtualServer, pool: EnginePool, path: Path): ConfigProblem[] {
  const isOff = { sendProxyProtocol: 'none', tls: undefined } as const;
  return (['sendProxyProtocol', 'tls'] as const)
    .filter((key) => pool[key] !== undefined && pool[key] !== isOff[key])
    .map((key) => ({
      path: [...path, key],
      isKey: true,
      what: `"${pool.name}" has ${key}`,
      why: `"${server.name}" is udp and hands to it: there are no connections`,
      remedy: `remove ${key}`,
    }));
}
