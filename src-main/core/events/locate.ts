import type { EventObject } from '../../contract/events.ts';
import type { Sample } from '../../contract/metrics.ts';

/** What a notification points at, in the sender's words (a part of `vendors/mib/notifications.ts`). */
export interface Pointed {
  readonly virtualServer?: string;
  readonly pool?: string;
  readonly node?: string;
  readonly port?: string;
  readonly entity?: string;
}

/** Objects of a device that are meant: names whole or without the partition before them, addresses, ports by number or service. */
export function locate(
  pointed: Pointed,
  { virtualServers, pools }: Pick<Sample, 'virtualServers' | 'pools'>,
): readonly EventObject[] {
  const { node, pool, entity } = pointed;
  const port = portOf(pointed.port);
  const name = pointed.virtualServer ?? entity;
  const servers = virtualServers
    .filter((one) => name !== undefined && (isSame(one.name, name) || isSame(one.name.replace(/:\d+$/, ''), name)))
    .map((one) => ({ virtualServer: one.name }));
  const members = pools
    .filter((one) => pool === undefined || isSame(one.name, pool))
    .flatMap((one) =>
      one.members
        .filter((member) => {
          if (entity !== undefined && isEntity(entity, one.name, member.name)) return true;
          if (node === undefined) return false;
          const isPort = port === undefined || member.port === undefined || member.port === port;
          return (
            isPort &&
            (member.address === plain(node) || isSame(member.name, node) || isSame(withoutPort(member.name), node))
          );
        })
        .map((member) => ({ pool: one.name, member: member.name })),
    );
  const own = pools.filter(
    (one) => members.length === 0 && [pool, entity].some((word) => word !== undefined && isSame(one.name, word)),
  );
  return [...servers, ...members, ...own.map((one) => ({ pool: one.name }))];
}

/** NetScaler names a member of a group `group?server?port`. */
function isEntity(entity: string, pool: string, member: string): boolean {
  const [group = '', server = '', port = ''] = entity.split('?');
  if (server === '') return isSame(member, entity);
  return isSame(pool, group) && (isSame(member, server) || isSame(member, `${server}:${port}`));
}

/** Two partitions may have an object of one name each. */
function isSame(name: string, word: string): boolean {
  return name === word || ((!name.includes('/') || !word.includes('/')) && plain(name) === plain(word));
}

function withoutPort(name: string): string {
  return name.replace(/:\d+$/, '');
}

/** Without the partition: `/Common/web` is `web`. */
function plain(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** Services that balancers name where others give the number (`/etc/services`). */
const services: Readonly<Record<string, number>> = {
  ftp: 21,
  ssh: 22,
  smtp: 25,
  domain: 53,
  http: 80,
  webcache: 8080,
  pop3: 110,
  ldap: 389,
  https: 443,
  ldaps: 636,
  mysql: 3306,
  postgresql: 5432,
};

function portOf(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  if (/^\d{1,5}$/.test(word)) return Number(word);
  return services[word];
}
