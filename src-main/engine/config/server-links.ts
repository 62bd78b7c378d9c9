import { isIP } from 'node:net';
import type { EngineConfig, EngineVirtualServer } from '../../contract/engine-config.ts';
import type { ConfigProblem } from './problem.ts';

/** What a virtual server says of other virtual servers, and of the address that its members see. */
export function findServerLinkProblems(config: EngineConfig): ConfigProblem[] {
  const servers = config.virtualServers ?? [];
  return servers.flatMap((server, index) => [
    ...backupProblems(servers, server, ['virtualServers', index, 'backupVirtualServer']),
    ...sourceProblems(server, ['virtualServers', index, 'sourceNat']),
  ]);
}

function backupProblems(
  servers: readonly EngineVirtualServer[],
  server: EngineVirtualServer,
  path: ConfigProblem['path'],
): ConfigProblem[] {
  const { backupVirtualServer: name } = server;
  if (name === undefined) return [];
  const byName = new Map(servers.map((each) => [each.name, each]));
  const backup = byName.get(name);
  if (backup === undefined) {
    const what = `there is no virtual server "${name}"`;
    return [{ path, what, why: 'it is used here', remedy: `name one of ${[...byName.keys()].join(', ')}` }];
  }
  const [protocol, other] = [server.protocol ?? 'http', backup.protocol ?? 'http'];
  if (protocol !== other) {
    const what = `"${server.name}" is ${protocol} and its backup "${name}" is ${other}`;
    return [{ path, what, why: 'one cannot take what comes to the other', remedy: 'name one of the same protocol' }];
  }
  const seen = new Set([server.name]);
  for (let next = backup; !seen.has(next.name);) {
    seen.add(next.name);
    const after = byName.get(next.backupVirtualServer ?? '');
    if (after === undefined) return [];
    next = after;
  }
  const what = `the backups of "${server.name}" form a circle`;
  return [{ path, what, why: 'a request could never leave it', remedy: 'end the chain' }];
}

/** A device that forwards packets may keep the client's address; whoever opens a connection of its own has another. */
function sourceProblems({ name, sourceNat }: EngineVirtualServer, path: ConfigProblem['path']): ConfigProblem[] {
  if (sourceNat === undefined || sourceNat === 'automap' || isIP(sourceNat) !== 0) return [];
  return [
    {
      path,
      isKey: true,
      what: `CAPABILITY_MISSING: source NAT "${sourceNat}" of "${name}" (sourceNat)`,
      why: 'a balancer that opens connections of its own to members comes from an address of its own, and has no pools of them',
      remedy:
        'write automap or one address of this machine; forwardedFor and sendProxyProtocol tell members who the client is',
    },
  ];
}
