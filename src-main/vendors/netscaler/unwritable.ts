import type { Unwritable, WritablePath } from '../../contract/api.ts';
import type { DeviceModel } from '../../contract/model.ts';

/** What of a virtual server's TLS is written here. */
export const tlsPaths: readonly WritablePath[] = [
  'virtualServer.tls.minVersion',
  'virtualServer.tls.maxVersion',
  'virtualServer.tls.ciphers',
  'virtualServer.tls.clientAuth',
  'virtualServer.tls.caFile',
  'virtualServer.tls.hsts',
  'virtualServer.tls.ocspStapling',
];

/** What one object does not take though others of its kind do, with the place where it stands instead. */
export function unwritableOf({ pools, virtualServers }: DeviceModel): readonly Unwritable[] {
  const ofGroups = pools.flatMap(({ name, native }): Unwritable[] => {
    const group = native?.['serviceGroup'];
    const monitors = 'Services have monitors of their own here, each its own; change them on the device.';
    if (group === undefined) return [{ path: 'pool.monitors', pool: name, why: monitors }];
    const limit = `A limit stands on the whole service group ${group} here (-maxClient), not on one of its members.`;
    const isBound = virtualServers.some((server) => name === `${server.name}/${group}`);
    const method = 'The method stands on a virtual server here, and none has this service group.';
    return [
      { path: 'member.maxConnections', pool: name, why: limit },
      ...(isBound ? [] : [{ path: 'pool.algorithm' as const, pool: name, why: method }]),
    ];
  });
  const ofContent = virtualServers
    .filter(({ native }) => native?.['kind'] !== 'lb vserver')
    .map(({ name }): Unwritable => {
      const why = 'A virtual server of content switching holds no clients: those that it sends them to do.';
      return { path: 'virtualServer.persistence', virtualServer: name, why };
    });
  const why = 'This virtual server is of a type without TLS, and its type cannot be changed here.';
  const ofClear = virtualServers
    .filter(({ tls }) => tls === undefined)
    .flatMap(({ name }) => tlsPaths.map((path): Unwritable => ({ path, virtualServer: name, why })));
  return [...ofGroups, ...ofContent, ...ofClear];
}
