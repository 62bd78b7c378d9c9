import type { FindAnswer, FoundKind, Standing } from '$contract/find.ts';
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

const iconOfKind: Readonly<Record<FoundKind, string>> = {
  device: 'device',
  'virtual-server': 'server',
  pool: 'pool',
  member: 'member',
  node: 'member',
  certificate: 'lock',
  monitor: 'read',
  profile: 'rows',
  text: 'menu',
};

/** The words that the palette puts beside what was found; `age` of what was searched, where the device does not answer. */
export interface FoundWords {
  readonly kinds: Readonly<Record<FoundKind, string>>;
  readonly standing: (standing: Standing, asOf: string | undefined) => string;
}

/** What the console found, best first, as places to go to. */
export function foundItems(
  { found, behind }: FindAnswer,
  words: FoundWords,
  go: (route: Route) => void,
): readonly PaletteItem[] {
  const asOf = new Map(behind.map((each) => [each.device, each.asOf]));
  return found.map(({ kind, device, name, pool, matched, standing, place }, at) => {
    const parts = [
      kind === 'device' ? '' : device,
      matched.field === 'name' ? words.kinds[kind] : `${words.kinds[kind]} · ${matched.text}`,
      standing === 'live' ? '' : words.standing(standing, asOf.get(device)),
    ];
    return {
      id: `found ${String(at)} ${JSON.stringify([kind, device, pool, name])}`,
      group: 'go',
      icon: iconOfKind[kind],
      title: pool === undefined ? name : `${pool} / ${name}`,
      detail: parts.filter((part) => part !== '').join(' · '),
      run: () => {
        go(place);
      },
    };
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
