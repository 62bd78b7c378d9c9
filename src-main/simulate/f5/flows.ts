import type { Flow } from '../traffic.ts';
import { type Configuration, findObject, objectsOf, valueOf } from './configuration.ts';
import { type Member, membersOf, type Probe } from './health.ts';

/** Where connections go now: members of the highest priority group that has any, by ratio where the mode is one of ratios. */
export function flowsOf(config: Configuration, probe: Probe): readonly Flow[] {
  return objectsOf(config, 'ltm virtual').flatMap((virtual) => {
    const pool = findObject(config, 'ltm pool', valueOf(virtual.items, 'pool') ?? '');
    const isOff = virtual.items.some(({ words }) => words[0] === 'disabled');
    if (pool === undefined || isOff) return [];
    const serving = servingOf(membersOf(config, pool, probe));
    if (serving.length === 0) return [];
    const isByRatio = (valueOf(pool.items, 'load-balancing-mode') ?? '').startsWith('ratio');
    const sum = serving.reduce((all, { ratio }) => all + (isByRatio ? ratio : 1), 0);
    const members = serving.map(({ name, ratio }) => ({
      name: `${pool.name} ${name}`,
      share: (isByRatio ? ratio : 1) / sum,
    }));
    return [{ name: virtual.name, members }];
  });
}

function servingOf(members: readonly Member[]): readonly Member[] {
  const serving = members.filter(({ isServing }) => isServing);
  const highest = Math.max(...serving.map(({ priority }) => priority));
  return serving.filter(({ priority }) => priority === highest);
}
