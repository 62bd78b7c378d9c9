import { withBuiltin, isBuiltin } from './builtin.ts';
import {
  findItem,
  type Configuration,
  findObject,
  objectsOf,
  parseConfiguration,
  partitionOf,
  renderConfiguration,
  renderObject,
  type TmObject,
  valueOf,
  withObject,
} from './configuration.ts';
import { type Files, makeFiles } from '../files.ts';
import { flowsOf } from './flows.ts';
import { type DeviceGroup, groupNameOf, isShared, makeDeviceGroup } from './group.ts';
import type { Probe } from './health.ts';
import { withPaths } from './paths.ts';
import { Refused } from './refusal.ts';
import { withAddresses } from './virtual-address.ts';
import { carriedTraffic, type CarriedView } from '../carrier.ts';
import { startTraffic, type Traffic } from '../traffic.ts';

/** One BIG-IP: what it runs, what it has saved, its disk, its counters and its place in a group. */
export interface Appliance {
  readonly hostname: string;
  /** `15.1.8.2`. */
  readonly version: string;
  readonly files: Files;
  readonly traffic: Traffic;
  readonly probe: Probe;
  /** Whether the probes of an address and port fail by `setHealth`, whatever stands there. */
  readonly isBroken: (address: string, port: string) => boolean;
  readonly group: DeviceGroup;
  readonly now: () => Date;
  readonly startedAt: () => Date;
  readonly isActive: () => boolean;
  readonly become: (role: 'active' | 'standby') => void;
  readonly config: () => Configuration;
  readonly change: (next: Configuration) => void;
  /** Writes the files of /config. Throws `Refused` where the disk is full. */
  readonly save: () => readonly string[];
  /** Running is what was saved. */
  readonly reload: () => void;
  readonly running: () => string;
  readonly saved: () => string;
  /** From now on the probes of an address and port fail, or do not. */
  readonly setHealth: (address: string, port: string | number, isUp: boolean) => void;
  /** Restarted: what was not saved is gone, counters begin at 0. */
  readonly reboot: () => void;
}

export interface ApplianceOptions {
  /** The text of bigip.conf, with bigip_base.conf before or behind it where devices and groups matter. */
  readonly config: string;
  /** The text beside another unit's, which it is to share. */
  readonly group?: DeviceGroup;
  readonly role?: 'active' | 'standby';
  readonly now?: () => Date;
  /** Pretended connections a second to each virtual server; none unless told. */
  readonly connectionsPerSecond?: number;
  /** What is counted of real traffic. */
  readonly carried?: CarriedView;
}

export function makeAppliance(options: ApplianceOptions): Appliance {
  const now = options.now ?? ((): Date => new Date());
  let startedAt = now();
  const loaded = withPaths(parseConfiguration(options.config));
  const failing = failingIn(loaded);
  const version = versionOf(options.config);
  let running = withDevice(withAddresses(withBuiltin(withoutStates(loaded))), version);
  let saved = running;
  let isActive = (options.role ?? 'active') === 'active';
  const hostname = hostnameOf(running);
  const group = options.group ?? makeDeviceGroup(groupNameOf(running) ?? 'device_trust_group');
  const files = makeFiles();
  const { carried } = options;
  const traffic = carriedTraffic(startTraffic(options.connectionsPerSecond ?? 0, startedAt), carried);
  const since = new Map(failing.map((key) => [key, startedAt]));

  function probe(address: string, port: string, member = ''): Date | undefined {
    return since.get(`${address}:${port}`) ?? carried?.failedSince(member);
  }
  function tick(): void {
    traffic.advance(flowsOf(running, probe), now());
  }
  function writeFiles(): readonly string[] {
    const written = filesOf(running, version);
    for (const [path, text] of written) files.write(path, text);
    return written.map(([path]) => path);
  }
  const unit = {
    name: hostname,
    isActive: () => isActive,
    config: () => running,
    receive: (next: Configuration) => {
      tick();
      running = next;
    },
  };
  group.join(unit);
  writeFiles();
  return {
    hostname,
    version,
    files,
    traffic,
    probe,
    isBroken: (address, port) => since.has(`${address}:${port}`),
    group,
    now,
    startedAt: () => startedAt,
    isActive: () => isActive,
    become: (role) => {
      isActive = role === 'active';
    },
    config: () => {
      tick();
      return running;
    },
    change: (next) => {
      tick();
      const isForAll = sharedText(next) !== sharedText(running);
      running = next;
      if (isForAll) group.changed(hostname);
    },
    save: () => {
      const paths = writeFiles();
      saved = running;
      return paths;
    },
    reload: () => {
      running = saved;
    },
    running: () => renderSaved(running),
    saved: () => renderSaved(saved),
    setHealth: (address, port, isUp) => {
      tick();
      if (isUp) since.delete(`${address}:${port}`);
      else since.set(`${address}:${port}`, now());
    },
    reboot: () => {
      running = saved;
      startedAt = now();
      traffic.reset();
    },
  };
}

function sharedText({ objects }: Configuration): string {
  return renderConfiguration({ objects: objects.filter(isShared) });
}

/** `#TMSH-VERSION: 15.1.8.2` stands first in every file of the device's. */
function versionOf(text: string): string {
  return /^#TMSH-VERSION: ([\d.]+)/m.exec(text)?.[1] ?? '15.1.10';
}

function hostnameOf(config: Configuration): string {
  const global = findObject(config, 'sys global-settings', '');
  const own = objectsOf(config, 'cm device').find(({ items }) => valueOf(items, 'self-device') === 'true');
  return valueOf(global?.items ?? [], 'hostname') ?? valueOf(own?.items ?? [], 'hostname') ?? 'bigip1.example.com';
}

/** A device always knows itself. */
function withDevice(config: Configuration, version: string): Configuration {
  if (objectsOf(config, 'cm device').length > 0) return config;
  const hostname = hostnameOf(config);
  const values = [
    ['build', '0.0.5'],
    ['edition', 'Final'],
    ['failover-state', 'active'],
    ['hostname', hostname],
    ['management-ip', '192.0.2.10'],
    ['marketing-name', '"BIG-IP Virtual Edition"'],
    ['platform-id', 'Z100'],
    ['product', 'BIG-IP'],
    ['self-device', 'true'],
    ['time-zone', 'UTC'],
    ['version', version],
  ];
  const device = { kind: 'cm device', name: `/Common/${hostname}`, items: values.map((words) => ({ words })) };
  return withObject(config, device);
}

/** States that a recording of `list` shows are no settings. */
function withoutStates({ objects }: Configuration): Configuration {
  return {
    objects: objects.map((object) => {
      if (object.kind === 'ltm node') return { ...object, items: withoutState(object.items) };
      if (object.kind === 'ltm virtual')
        return { ...object, items: object.items.filter(({ words }) => words[0] !== 'vs-index') };
      if (object.kind !== 'ltm pool') return object;
      return {
        ...object,
        items: object.items.map((item) =>
          item.words[0] === 'members' && item.block !== undefined
            ? { ...item, block: item.block.map((member) => ({ ...member, block: withoutState(member.block ?? []) })) }
            : item,
        ),
      };
    }),
  };
}

function withoutState(items: TmObject['items']): TmObject['items'] {
  return items.filter(({ words: [name, value = ''] }) => {
    if (name === 'session') return value.startsWith('user-disabled');
    return name !== 'state' || value === 'user-down';
  });
}

/** What a recording shows as down is down here too. */
function failingIn(config: Configuration): readonly string[] {
  return objectsOf(config, 'ltm pool').flatMap(({ items }) =>
    (findItem(items, 'members')?.block ?? [])
      .filter(({ block = [] }) => valueOf(block, 'state') === 'down')
      .map(
        ({ words: [name = ''], block = [] }) =>
          `${valueOf(block, 'address') ?? ''}:${/[:.](\d+)$/.exec(name)?.[1] ?? ''}`,
      ),
  );
}

function renderSaved({ objects }: Configuration): string {
  return renderConfiguration({
    objects: objects.map(withoutSecrets).filter((object) => !isBuiltin(object, renderObject(object))),
  });
}

function withoutSecrets(object: TmObject): TmObject {
  return { ...object, items: object.items.filter(({ words: [name = ''] }) => !name.startsWith('-')) };
}

/** Base settings, and a file for each partition. */
function filesOf({ objects }: Configuration, version: string): readonly (readonly [path: string, text: string])[] {
  const base = objects.filter(({ kind }) => /^(net|cm|auth|sys|cli)\b/.test(kind) && !kind.startsWith('sys file'));
  const rest = objects.filter((object) => !base.includes(object));
  const partitions = new Set(rest.map(({ name }) => (name.startsWith('/') ? partitionOf(name) : 'Common')));
  const head = `#TMSH-VERSION: ${version}\n\n`;
  function textOf(list: readonly TmObject[]): string {
    return head + renderSaved({ objects: list });
  }
  return [
    ['/config/bigip.conf', textOf(rest.filter(({ name }) => !name.startsWith('/') || partitionOf(name) === 'Common'))],
    ['/config/bigip_base.conf', textOf(base)],
    ['/config/bigip_user.conf', head],
    ...[...partitions]
      .filter((partition) => partition !== 'Common')
      .map(
        (partition) =>
          [
            `/config/partitions/${partition}/bigip.conf`,
            textOf(rest.filter(({ name }) => partitionOf(name) === partition)),
          ] as const,
      ),
  ];
}

/** Throws where another role may not do what a command does. */
export function checkRole(role: string, user: string, verb: string, object: string): void {
  const isChange = ['create', 'modify', 'delete', 'install', 'load', 'save', 'run', 'reset-stats'].includes(verb);
  if (!isChange || role === 'admin' || role === 'resource-admin' || role === 'manager' || object.startsWith('cli '))
    return;
  if (role === 'operator' && verb === 'modify' && /^ltm (pool|node|virtual)/.test(object)) return;
  throw new Refused(`01070822:3: Access Denied: user (${user}) does not have ${verb} access to object (${object})`);
}
