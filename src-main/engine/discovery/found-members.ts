import type { AdminState } from '../../contract/model.ts';
import type { MemberSettings } from '../config/settings.ts';
import { memberName, stricter } from '../config/settings.ts';
import type { DnsRecord } from './dns-records.ts';

/** One address that DNS named for a member of the configuration. Of `a` only the address is told. */
export interface FoundAddress {
  readonly address: string;
  readonly service: DnsRecord | undefined;
}

/** A priority of SRV (0 serves first) turned round: in the model the highest group does. */
const firstPriority = 65_535;
const maxWeight = 256;

/**
 * The members that stand for one `discover` entry: `<its name>@<address:port>`, in the order of their names, with its
 * settings. SRV gives port, priority and weight, scaled to what the model has.
 */
export function foundMembers(
  entry: MemberSettings,
  found: readonly FoundAddress[],
  nodes: ReadonlyMap<string, AdminState>,
): MemberSettings[] {
  const heaviest = Math.max(0, ...found.map(({ service }) => service?.weight ?? 0));
  const members = new Map<string, MemberSettings>();
  for (const { address, service } of found) {
    const port = service?.port ?? entry.port;
    const name = `${entry.name}@${memberName(address, port)}`;
    // Two targets may have one address.
    if (members.has(name)) continue;
    members.set(name, {
      ...entry,
      name,
      address,
      port,
      discover: undefined,
      adminState: stricter(entry.adminState, nodes.get(address) ?? 'enabled'),
      cookieValue: entry.cookieValue === entry.name ? name : `${entry.cookieValue}@${memberName(address, port)}`,
      ...(service === undefined
        ? {}
        : {
            weight: entry.weight === 0 ? 0 : scaled(service.weight, heaviest),
            priority: Math.max(0, firstPriority - service.priority),
          }),
    });
  }
  return [...members.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** RFC 2782: weight 0 among others means seldom, not never; where all are 0 they are alike. */
function scaled(weight: number, heaviest: number): number {
  if (heaviest <= maxWeight) return Math.max(1, weight);
  return Math.max(1, Math.round((weight * maxWeight) / heaviest));
}
