import type { ServedTls } from '../served-tls.ts';
import { carriedTraffic, type CarriedView } from '../carrier.ts';
import { startTraffic, type Traffic } from '../traffic.ts';
import { flowsOf, type Probe } from './health.ts';
import { emptyPki, type Pki } from './pki.ts';
import { Refused } from './refusal.ts';
import { servedTls } from './tls.ts';
import { parseStatements, renderStatements, type Statement } from './tree.ts';

export type Statements = readonly Statement[];

/** One Thunder: what it runs and what it has saved, by partition, and how it stands in a pair. */
export interface Device {
  /** `4.1.4-GR1, build 78 (Jan-18-2019,16:02)`. */
  readonly version: string;
  readonly hostname: () => string;
  readonly partitions: () => readonly string[];
  readonly config: (partition: string) => Statements;
  readonly change: (partition: string, next: Statements) => void;
  readonly startup: (partition: string) => Statements;
  readonly write: (partitions: readonly string[]) => void;
  readonly isModified: () => boolean;
  /** When the running configuration was changed last, and when it was saved. */
  readonly updatedAt: () => Date;
  readonly savedAt: () => Date;
  readonly now: () => Date;
  readonly startedAt: () => Date;
  /** Undefined where VRRP-A is off. */
  readonly role: () => Role | undefined;
  readonly become: (role: Role) => void;
  /** Undefined where aVCS is off. */
  readonly vcs: Vcs | undefined;
  readonly isLicensed: boolean;
  readonly probe: Probe;
  /** Whether the probes of an address and port fail by `setHealth`, whatever stands there. */
  readonly isBroken: (address: string, port: string) => boolean;
  readonly traffic: Traffic;
  readonly setHealth: (address: string, port: string | number, isUp: boolean) => void;
  /** Certificates and keys of a partition. */
  readonly pki: (partition: string) => Pki;
  /** What clients of a port of a virtual server meet by TLS; undefined where it speaks none. */
  readonly tls: (partition: string, virtual: string, port: string) => ServedTls | undefined;
  /** From now on the disk takes nothing more, or does again. */
  readonly fill: (isFull: boolean) => void;
  readonly reboot: () => void;
  readonly running: () => string;
  readonly saved: () => string;
}
export type Role = 'Active' | 'Standby' | 'ForcedStandby';

/** The place in a virtual chassis of two devices. */
export interface Vcs {
  readonly role: 'vMaster' | 'vBlade';
  readonly chassis: number;
  readonly device: 1 | 2;
}

export interface DeviceOptions {
  /** The shared partition, as `show running-config` prints it. */
  readonly config: string;
  /** Those of the other partitions, by name. */
  readonly partitions?: Readonly<Record<string, string>>;
  readonly role?: Role;
  readonly vcs?: Vcs;
  /** Without one the prompt says NOLICENSE. Default true. */
  readonly isLicensed?: boolean;
  readonly now?: () => Date;
  /** Pretended connections a second to each port of a virtual server; none unless told. */
  readonly connectionsPerSecond?: number;
  /** What is counted of real traffic. */
  readonly carried?: CarriedView;
}

export const shared = 'shared';

export function makeDevice(options: DeviceOptions): Device {
  const now = options.now ?? ((): Date => new Date());
  let startedAt = now();
  let updatedAt = startedAt;
  let savedAt = startedAt;
  let role = options.role;
  const texts = { [shared]: options.config, ...options.partitions };
  let running = new Map(Object.entries(texts).map(([name, text]) => [name, parseStatements(text)]));
  let startup = new Map(running);
  const down = new Set<string>();
  const shelves = new Map<string, Pki>();
  let isFull = false;

  function pki(partition: string): Pki {
    const own = shelves.get(partition) ?? emptyPki();
    shelves.set(partition, own);
    return own;
  }
  const { carried } = options;
  const traffic = carriedTraffic(startTraffic(options.connectionsPerSecond ?? 0, startedAt), carried);

  function probe(address: string, port: string): boolean {
    return !down.has(`${address}:${port}`) && carried?.failedAt(address, port) === undefined;
  }
  function tick(): void {
    traffic.advance(
      [...running].flatMap(([name, config]) => flowsOf(config, probe, name)),
      now(),
    );
  }
  function textOf(all: ReadonlyMap<string, Statements>): string {
    return [...all]
      .map(([name, config]) => `${name === shared ? '' : `! partition ${name}\n`}${renderStatements(config)}`)
      .join('');
  }
  return {
    version:
      /version (\S+, build \d+ \([^)]*\))/.exec(options.config)?.[1] ?? '4.1.4-GR1, build 78 (Jan-18-2019,16:02)',
    hostname: () =>
      /^hostname (\S+)/.exec(
        (running.get(shared) ?? []).find(({ text }) => text.startsWith('hostname '))?.text ?? '',
      )?.[1] ?? 'vThunder',
    partitions: () => [...running.keys()],
    config: (partition) => {
      tick();
      return running.get(partition) ?? [];
    },
    change: (partition, next) => {
      tick();
      running.set(partition, next);
      updatedAt = now();
      if (partition !== shared) return;
      // A partition is made and unmade by its line in the shared one.
      const named = next.flatMap(({ text }) => /^partition (\S+) id/.exec(text)?.[1] ?? []);
      for (const name of named) if (!running.has(name)) running.set(name, []);
      const all = [...running].filter(
        ([name]) => name === shared || named.includes(name) || options.partitions?.[name] !== undefined,
      );
      running = new Map(all);
    },
    startup: (partition) => startup.get(partition) ?? [],
    write: (partitions) => {
      // The words are ours.
      if (isFull) throw new Refused('Write configuration failed: No space left on device');
      for (const name of partitions) startup.set(name, running.get(name) ?? []);
      savedAt = now();
    },
    isModified: () => textOf(running) !== textOf(startup),
    updatedAt: () => updatedAt,
    savedAt: () => savedAt,
    now,
    startedAt: () => startedAt,
    role: () => role ?? (hasVrrpA(running.get(shared) ?? []) ? 'Active' : undefined),
    become: (next) => {
      role = next;
    },
    vcs: options.vcs,
    isLicensed: options.isLicensed ?? true,
    probe,
    isBroken: (address, port) => down.has(`${address}:${port}`),
    traffic,
    setHealth: (address, port, isUp) => {
      tick();
      if (isUp) down.delete(`${address}:${port}`);
      else down.add(`${address}:${port}`);
    },
    pki,
    tls: (partition, virtual, port) => servedTls(running.get(partition) ?? [], pki(partition), virtual, port),
    fill: (next) => {
      isFull = next;
    },
    reboot: () => {
      running = new Map(startup);
      startup = new Map(startup);
      startedAt = now();
      traffic.reset();
    },
    running: () => textOf(running),
    saved: () => textOf(startup),
  };
}

/** `enable` in `vrrp-a common`; a device that was told no part is the active one then. */
function hasVrrpA(config: Statements): boolean {
  const common = config.find(({ text }) => text === 'vrrp-a common');
  return common?.children.some(({ text }) => text === 'enable') === true;
}
