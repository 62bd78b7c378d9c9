import {
  type Configuration,
  findItem,
  objectsOf,
  partitionOf,
  type TmObject,
  valueOf,
  withObject,
} from './configuration.ts';

/** One unit as the others of its device group see it. */
export interface Unit {
  readonly name: string;
  readonly isActive: () => boolean;
  readonly config: () => Configuration;
  /** Takes the place of what the group shares. */
  readonly receive: (config: Configuration) => void;
}

export interface SyncStatus {
  readonly color: string;
  readonly status: string;
  readonly mode: string;
  readonly summary: string;
  readonly details: readonly string[];
}

/** A sync-failover group: who changed since the last synchronisation, and what that makes of its status. */
export interface DeviceGroup {
  readonly name: string;
  readonly join: (unit: Unit) => void;
  readonly units: () => readonly Unit[];
  /** A unit changed what the group shares. */
  readonly changed: (unit: string) => void;
  /** The unit's configuration goes to all others. */
  readonly syncFrom: (unit: string) => void;
  readonly status: (unit: string) => SyncStatus;
}

/** With `isAutomatic` (auto-sync of the group) every change goes to the others at once. */
export function makeDeviceGroup(
  name: string,
  { isAutomatic = false }: { readonly isAutomatic?: boolean } = {},
): DeviceGroup {
  const units: Unit[] = [];
  const dirty = new Set<string>();

  function statusOf(own: string): SyncStatus {
    const peers = units.filter((unit) => unit.name !== own).map((unit) => `${unit.name}: connected`);
    const mode = 'high-availability';
    if (units.length < 2) return { color: 'green', status: 'Standalone', mode: 'standalone', summary: '', details: [] };
    const [first = '', second] = [...dirty];
    if (first === '') {
      const summary = 'All devices in the device group are in sync';
      const groups = [name, 'device_trust_group'].map((group) => `${group} (In Sync): ${summary}`);
      return { color: 'green', status: 'In Sync', mode, summary, details: [...peers, ...groups] };
    }
    const other = units.find((unit) => unit.name !== first)?.name ?? '';
    const summary =
      second === undefined
        ? `There are changes on ${first} that are not on ${other}`
        : `There is a possible change conflict between ${first} and ${second}.`;
    const details = [
      ...peers,
      `${name} (Changes Pending): ${summary}`,
      ` - Recommended action: Synchronize ${first} to group ${name}`,
    ];
    return { color: 'yellow', status: 'Changes Pending', mode, summary, details };
  }
  function syncFrom(unit: string): void {
    const source = units.find((one) => one.name === unit);
    if (source === undefined) return;
    for (const target of units) if (target !== source) target.receive(shared(target.config(), source.config()));
    dirty.clear();
  }
  return {
    name,
    join: (unit) => {
      units.push(unit);
    },
    units: () => units,
    changed: (unit) => {
      if (isAutomatic) syncFrom(unit);
      else if (units.length > 1) dirty.add(unit);
    },
    syncFrom,
    status: statusOf,
  };
}

/** What a group shares of a configuration: traffic, files and partitions. What is of one unit alone (addresses, devices) stays. */
export function isShared({ kind }: Pick<TmObject, 'kind'>): boolean {
  return /^(ltm|sys file|sys folder|auth partition)\b/.test(kind);
}

function shared(own: Configuration, from: Configuration): Configuration {
  const kept = { objects: own.objects.filter((object) => !isShared(object)) };
  return from.objects.filter(isShared).reduce<Configuration>(withObject, kept);
}

/** The name of the sync-failover group that a configuration tells of; undefined for a unit alone. */
export function groupNameOf(config: Configuration): string | undefined {
  const group = objectsOf(config, 'cm device-group').find(
    ({ items }) => valueOf(items, 'type') === 'sync-failover' && (findItem(items, 'devices')?.block ?? []).length > 1,
  );
  return group === undefined || partitionOf(group.name) !== 'Common' ? undefined : group.name.replace(/^.*\//, '');
}
