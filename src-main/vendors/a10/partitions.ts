import { AppError } from '../../contract/errors.ts';
import type { DeviceModel, Monitor, Pool, VirtualServer } from '../../contract/model.ts';
import type { Change, Edit } from '../../contract/plan.ts';
import type { SourceFile } from '../vendor.ts';
import { beginsWith, isSaid, A10Text, wordsOf } from './text.ts';

/** What one partition runs. Its name is `''` where it is the shared one: names of objects there carry none. */
export interface Part {
  readonly partition: string;
  readonly text: string;
}

const plainPath = 'running-config';

export function pathOf(partition: string): string {
  return partition === '' ? plainPath : `${plainPath}@${partition}`;
}

/** The partition whose running-config a file is; any other name is that of a shared one. */
export function partitionOf(path: string): string {
  return path.startsWith(`${plainPath}@`) ? path.slice(plainPath.length + 1) : '';
}

export function partsOf(files: readonly SourceFile[]): readonly Part[] {
  return files.map(({ path, bytes }) => ({ partition: partitionOf(path), text: bytes.toString('utf8') }));
}

/**
 * The partitions of a device: `partition NAME id N application-type adc` in the shared running-config (public transcripts of 4.1.1 and
 * 5.2.1), and the rows of `show partition` below its line of dashes.
 */
export function partitionsIn(running: string, listed: string): readonly string[] {
  const written = new A10Text(running).lines
    .filter((line) => isSaid(line) && beginsWith(line.text, ['partition']))
    .map(({ text }) => wordsOf(text)[1] ?? '');
  const rows = /\n\s*-{5,}[-\s]*\n([^]*)$/.exec(`\n${listed}`)?.[1] ?? '';
  const shown = rows.split('\n').map((row) => /^(\w[\w.-]*)\s+\S/.exec(row)?.[1] ?? '');
  return [...new Set([...written, ...shown])].filter((name) => name !== '' && name !== 'shared');
}

/** `PARTITION/NAME` of an object; its own name in the shared partition. */
export function fullName(partition: string, name: string): string {
  return partition === '' ? name : `${partition}/${name}`;
}

type Rename = (name: string) => string;

/** The model of one partition with its objects named as the whole device names them. */
export function named(model: DeviceModel, partition: string): DeviceModel {
  if (partition === '') return model;
  function rename(name: string): string {
    return fullName(partition, name);
  }
  return {
    ...model,
    virtualServers: model.virtualServers.map((one) => renamedVirtual(one, rename)),
    pools: model.pools.map((pool) => ({
      ...renamedPool(pool, rename),
      members: pool.members.map((member) => renamedMember(member, rename)),
    })),
    monitors: model.monitors.map((one) => ({ ...one, name: rename(one.name) })),
    nodes: (model.nodes ?? []).map((node) => ({
      ...withMonitors(node, rename),
      name: rename(node.name),
      ...(node.ports === undefined ? {} : { ports: node.ports.map((port) => withMonitors(port, rename)) }),
    })),
    profiles: model.profiles.map((one) => ({ ...one, name: rename(one.name) })),
    certificates: model.certificates.map((one) => ({ ...one, name: rename(one.name) })),
  };
}

export function merged(models: readonly DeviceModel[]): DeviceModel {
  return {
    virtualServers: models.flatMap((one) => one.virtualServers),
    pools: models.flatMap((one) => one.pools),
    monitors: models.flatMap((one) => one.monitors),
    nodes: models.flatMap((one) => one.nodes ?? []),
    profiles: models.flatMap((one) => one.profiles),
    certificates: models.flatMap((one) => one.certificates),
    unmodelled: models.flatMap((one) => one.unmodelled),
  };
}

function withMonitors<T extends { readonly monitors?: string[] | undefined }>(one: T, rename: Rename): T {
  return one.monitors === undefined ? one : { ...one, monitors: one.monitors.map(rename) };
}

function renamedMember<T extends NonNullable<Pool['members']>[number]>(member: T, rename: Rename): T {
  const { name, node } = member;
  return {
    ...withMonitors(member, rename),
    name: rename(name),
    ...(node === undefined ? {} : { node: rename(node) }),
  };
}

function renamedPool<T extends Pool>(pool: T, rename: Rename): T {
  return { ...withMonitors(pool, rename), name: rename(pool.name) };
}

function renamedTls(tls: NonNullable<VirtualServer['tls']>, rename: Rename): NonNullable<VirtualServer['tls']> {
  const { profiles, certificates } = tls;
  return {
    ...tls,
    ...(profiles === undefined ? {} : { profiles: profiles.map(rename) }),
    ...(certificates === undefined
      ? {}
      : {
          certificates: certificates.map((one) => (one.name === undefined ? one : { ...one, name: rename(one.name) })),
        }),
  };
}

function renamedPersistence(
  persistence: NonNullable<VirtualServer['persistence']>,
  rename: Rename,
): NonNullable<VirtualServer['persistence']> {
  return persistence.name === undefined ? persistence : { ...persistence, name: rename(persistence.name) };
}

function renamedVirtual(one: VirtualServer, rename: Rename): VirtualServer {
  const { name, pool, tls, persistence, profiles } = one;
  return {
    ...one,
    name: rename(name),
    ...(pool === undefined ? {} : { pool: rename(pool) }),
    ...(tls === undefined ? {} : { tls: renamedTls(tls, rename) }),
    ...(persistence === undefined ? {} : { persistence: renamedPersistence(persistence, rename) }),
    ...(profiles === undefined ? {} : { profiles: profiles.map(rename) }),
  };
}

/** The changes of one partition, in the words of that partition. Throws PLAN_INVALID for a name that leads into another one. */
export function changesOf(edit: Edit, partition: string, partitions: readonly string[]): readonly Change[] {
  function holderOf(name: string): string {
    const [first = ''] = name.split('/');
    return first !== name && partitions.includes(first) ? first : '';
  }
  function rename(name: string): string {
    if (holderOf(name) === partition) return partition === '' ? name : name.slice(partition.length + 1);
    const where = partition === '' ? 'the shared partition' : `partition "${partition}"`;
    const how = partition === '' ? `without a partition before it` : `as "${partition}/NAME"`;
    throw new AppError('PLAN_INVALID', `"${name}" does not stand in ${where}: name what stands there ${how}.`);
  }
  return edit.changes
    .filter(({ subject }) => holderOf(subject.path[0] ?? '') === partition)
    .map((change) => (partition === '' && partitions.length === 0 ? change : inWordsOf(change, rename)));
}

function inWordsOf(change: Change, rename: Rename): Change {
  const { subject, key, prior, desired } = change;
  return {
    ...change,
    subject: { ...subject, path: subject.path.map(rename) },
    ...('prior' in change ? { prior: valueIn(subject.kind, key, prior, rename) } : {}),
    ...('desired' in change ? { desired: valueIn(subject.kind, key, desired, rename) } : {}),
  };
}

/** The values are those of a checked wish or reading: each kind of subject, and each key, has the shape that its schema says. */
function valueIn(kind: Change['subject']['kind'], key: string | undefined, value: unknown, rename: Rename): unknown {
  if (value === undefined) return value;
  if (key === undefined) {
    if (kind === 'virtualServer') return renamedVirtual(value as VirtualServer, rename);
    if (kind === 'member') return renamedMember(value as NonNullable<Pool['members']>[number], rename);
    if (kind === 'monitor') return { ...(value as Monitor), name: rename((value as Monitor).name) };
    if (kind !== 'pool') return value;
    const pool = renamedPool(value as Pool, rename);
    return pool.members === undefined
      ? pool
      : { ...pool, members: pool.members.map((one) => renamedMember(one, rename)) };
  }
  if (key === 'pool' && typeof value === 'string') return rename(value);
  if (key === 'monitors' || key === 'profiles') return (value as string[]).map(rename);
  if (key === 'tls' && kind === 'virtualServer') return renamedTls(value as NonNullable<VirtualServer['tls']>, rename);
  if (key === 'persistence') return renamedPersistence(value as NonNullable<VirtualServer['persistence']>, rename);
  return value;
}
