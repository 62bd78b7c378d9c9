import type { Unwritable } from '../../contract/api.ts';
import type { DeviceModel } from '../../contract/model.ts';

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
  return [...ofGroups, ...ofContent];
}
