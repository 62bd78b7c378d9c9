import type { DeviceState } from '$contract/api.ts';
import type { Route } from './route.ts';

/** A line of the palette: a place to go to, or a command; one that cannot run says why. */
export interface PaletteItem {
  readonly id: string;
  readonly group: 'go' | 'do';
  readonly icon: string;
  readonly title: string;
  readonly detail: string;
  readonly keys?: string;
  readonly blockedBy?: string;
  readonly run: () => void;
}

/** Every object of the inventory as a place to go to. */
export function placesOf(devices: readonly DeviceState[], go: (route: Route) => void): readonly PaletteItem[] {
  return devices.flatMap(({ spec, reading }) => {
    const device = spec.name;
    function place(icon: string, title: string, detail: string, route: Route): PaletteItem {
      return {
        id: JSON.stringify(route) + title,
        group: 'go',
        icon,
        title,
        detail,
        run: () => {
          go(route);
        },
      };
    }
    const model = reading?.model;
    return [
      place('device', device, `${reading?.facts.label ?? 'device'} ${spec.site ?? ''}`.trim(), {
        screen: 'device',
        device,
      }),
      ...(model?.virtualServers ?? []).map(({ name, listen }) =>
        place('server', name, `${device} ${(listen ?? []).join(' ')}`.trim(), {
          screen: 'virtual-server',
          device,
          virtualServer: name,
        }),
      ),
      ...(model?.pools ?? []).flatMap((pool) => [
        place('pool', pool.name, `pool of ${device}`, { screen: 'pool', device, pool: pool.name }),
        ...pool.members.map((member) =>
          place('member', `${pool.name} / ${member.name}`, `${member.address ?? ''} ${device}`.trim(), {
            screen: 'pool',
            device,
            pool: pool.name,
          }),
        ),
      ]),
    ];
  });
}

const longestAnswer = 40;

/**
 * The items that hold every word of the query, best first: a title that begins with it, then a word of the title that does, then the
 * title, then the detail. `>` in front leaves commands only.
 */
export function searchPalette(items: readonly PaletteItem[], query: string): readonly PaletteItem[] {
  const isCommandsOnly = query.trimStart().startsWith('>');
  const words = query
    .replace('>', ' ')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return items
    .filter(({ group }) => !isCommandsOnly || group === 'do')
    .map((item) => ({ item, score: scoreOf(item, words) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, longestAnswer)
    .map(({ item }) => item);
}

function scoreOf({ title, detail }: PaletteItem, words: readonly string[]): number {
  const name = title.toLowerCase();
  const rest = detail.toLowerCase();
  let score = 1;
  for (const word of words) {
    if (name.startsWith(word)) score += 8;
    else if (name.split(/[\s/_.:-]+/).some((part) => part.startsWith(word))) score += 5;
    else if (name.includes(word)) score += 3;
    else if (rest.includes(word)) score += 1;
    else return 0;
  }
  return score;
}
