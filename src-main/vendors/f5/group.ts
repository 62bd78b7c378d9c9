import type { Statement } from './tree.ts';
import { readRaw } from './tree.ts';

/** The device group that a BIG-IP's configuration is kept alike in, and where it stands in it. */
export interface DeviceGroup {
  /** Its own name, from the root on; undefined where it does not tell. */
  readonly self: string | undefined;
  /** The group that fails over; undefined for a device by itself. */
  readonly name: string | undefined;
  /** True where a change goes to the others at once. */
  readonly isAutomatic: boolean;
  /** As `In Sync`, `Changes Pending`, `Standalone`. */
  readonly status: string;
  /** The others that have changes that are newer than ours; empty where there are none. */
  readonly newer: readonly string[];
  /** True where both sides have changes. */
  readonly isConflict: boolean;
}

/** Answers with groups of the device's own are of other things than load balancing. */
const own = /(?:^|\/)(?:device_trust_group|gtm|datasync-[\w-]+)$/;

/**
 * `show cm sync-status`, and `list cm device` with `list cm device-group`. What is to be done stands there as
 * `Recommended action: Synchronize bigip2 to group DG1` (seen in public transcripts; f5-common-python reads the same words).
 */
export function readGroup(sync: string, listing: string): DeviceGroup {
  const { statements } = readRaw(listing);
  const devices = statements.filter(({ words }) => words[1] === 'device');
  const self = devices.find((one) => textAt(one, 'self-device') === 'true')?.words[2];
  const groups = statements.filter(({ words }) => words[1] === 'device-group' && !own.test(words[2] ?? ''));
  const group = groups.find((one) => textAt(one, 'type') === 'sync-failover') ?? groups[0];
  const advice = [...sync.matchAll(/Synchronize\s+(\S+)\s+to\s+group\s+(\S+)/g)];
  const about = advice.filter(
    ([, , name = '']) => group !== undefined && baseOf(name) === baseOf(group.words[2] ?? ''),
  );
  const newer = about.map(([, device = '']) => device).filter((device) => baseOf(device) !== baseOf(self ?? ''));
  return {
    self: rooted(self),
    name: rooted(group?.words[2]),
    isAutomatic: group !== undefined && textAt(group, 'auto-sync') === 'enabled',
    status: /^\s*Status\s+(\S.*?)\s*$/m.exec(sync)?.[1] ?? 'unknown',
    newer: [...new Set(newer)],
    isConflict: /conflict/i.test(sync),
  };
}

/** What the sync status must not say when the push begins: that another unit has newer changes, or that both have. */
export function noNewerAnswer({ name, self }: DeviceGroup): string {
  if (name === undefined || self === undefined) return '';
  const [group, device] = [baseOf(name), baseOf(self)].map((text) =>
    text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
  );
  return String.raw`^(?![^]*(?:[Cc]onflict|Synchronize\s+(?!(?:\S*/)?${device ?? ''}\s)\S+\s+to\s+group\s+(?:\S*/)?${group ?? ''}(?:\s|$)))`;
}

function textAt(statement: Statement, key: string): string | undefined {
  return statement.body?.find(({ words }) => words[0] === key)?.words[1];
}

function baseOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function rooted(name: string | undefined): string | undefined {
  return name === undefined || name.startsWith('/') ? name : name.includes('/') ? `/${name}` : `/Common/${name}`;
}
