import { type Configuration, findItem, objectsOf, type TmObject, valueOf } from './configuration.ts';
import type { Item } from './block.ts';

/** What traffic goes by. */
export interface CarriedBy {
  readonly config: Configuration;
  /** A fault of the simulation's own: the server is there, its probes fail all the same. */
  readonly isBroken: (address: string, port: string) => boolean;
  /** The text of a file on the disk. */
  readonly read: (path: string) => string | undefined;
}

/** Parents of parents, where a file names them in a circle. */
const deepest = 10;

/** The object of one kind and name; a profile's or monitor's name does not tell its kind. */
export function kindOfName(config: Configuration, kind: string, name: string): TmObject | undefined {
  return name === '' ? undefined : objectsOf(config, kind).find((one) => one.kind === kind && one.name === name);
}

/** A property of a profile, monitor or persistence profile: its own, else its parent's (`defaults-from`). */
export function inherited(config: Configuration, name: string, property: string): string | undefined {
  const item = inheritedItem(config, name, property);
  return item === undefined ? undefined : item.words.slice(1).join(' ');
}

export function inheritedItem(config: Configuration, name: string, property: string): Item | undefined {
  let at = heir(config, name);
  for (let depth = 0; at !== undefined && depth < deepest; depth += 1) {
    const item = findItem(at.items, property);
    if (item !== undefined) return item;
    at = heir(config, valueOf(at.items, 'defaults-from') ?? '', at.kind);
  }
  return undefined;
}

function heir({ objects }: Configuration, name: string, kind?: string): TmObject | undefined {
  return objects.find(
    (one) =>
      one.name === name &&
      (kind === undefined ? /^ltm (profile|monitor|persistence) /.test(one.kind) : one.kind === kind),
  );
}
