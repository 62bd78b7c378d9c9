import { canonical, type Config, fieldsList, isFields, objectName } from './config.ts';

const memberDefaults = { weight: 1, adminState: 'enabled', maxConnections: 0 } as const;
export type PatchKey = keyof typeof memberDefaults;

export function isPatchKey(key: string | undefined): key is PatchKey {
  return key !== undefined && key in memberDefaults;
}

/** What a member's key says, written or not. */
export function memberValue(member: Config, key: PatchKey): unknown {
  return member[key] ?? memberDefaults[key];
}

/**
 * The text that a fingerprint is taken of. A member's weight, admin state and limit count the same whether they are written or left
 * to their defaults: a PATCH always writes them, so that a change and its inverse end where they began.
 */
export function fingerprintText(config: Config): string {
  return canonical(comparable(config));
}

function comparable(config: Config): Config {
  if (config['pools'] === undefined) return config;
  return {
    ...config,
    pools: fieldsList(config['pools']).map((pool) => ({
      ...pool,
      ...(pool['members'] === undefined ? {} : { members: fieldsList(pool['members']).map(withoutDefaults) }),
    })),
  };
}

function withoutDefaults(member: Config): Config {
  return Object.fromEntries(
    Object.entries(member).filter(([key, value]) => !isPatchKey(key) || value !== memberDefaults[key]),
  );
}

/** Where a configuration is not as wanted, in words: `pools/app/members/a/weight is 1 instead of 3`. */
export function findDifferences(wanted: Config, found: Config): string[] {
  return compare('', comparable(wanted), comparable(found));
}

function compare(path: string, wanted: unknown, found: unknown): string[] {
  if (canonical(wanted) === canonical(found)) return [];
  if (isFields(wanted) && isFields(found)) {
    const keys = new Set([...Object.keys(wanted), ...Object.keys(found)]);
    return [...keys].flatMap((key) => compare(path === '' ? key : `${path}/${key}`, wanted[key], found[key]));
  }
  const [wantedByName, foundByName] = [byName(wanted), byName(found)];
  if (wantedByName && foundByName) {
    const inner = compare(path, wantedByName, foundByName);
    return inner.length > 0 ? inner : [`${path} stands in another order`];
  }
  return [`${path} is ${shown(found)} instead of ${shown(wanted)}`];
}

function byName(value: unknown): Config | undefined {
  const items = fieldsList(value);
  if (!Array.isArray(value) || items.length !== value.length || items.length === 0) return undefined;
  return Object.fromEntries(items.map((item) => [objectName(item), item]));
}

function shown(value: unknown): string {
  if (value === undefined) return 'not there';
  const text = canonical(value);
  return text.length > 80 ? `${text.slice(0, 80)} ...` : text;
}
