import { AppError } from '../../contract/errors.ts';
import { monitorSchema, type Pool, poolSchema, type VirtualServer, virtualServerSchema } from '../../contract/model.ts';
import type { Change, Edit } from '../../contract/plan.ts';
import type { SourceFile } from '../vendor.ts';
import { memberChange } from './edit-member.ts';
import { monitorChange, monitorGone, newMonitor } from './edit-monitor.ts';
import { newPool, poolChange, poolGone } from './edit-pool.ts';
import { newVirtual, virtualChange, virtualGone } from './edit-virtual.ts';
import { changesOf, type Part, partsOf } from './partitions.ts';
import { lacking, type PartSent, type Scene, type Sent } from './sent.ts';
import { A10Text } from './text.ts';
import { applied, typeInto } from './write.ts';

/**
 * The lines of an edit, each with its inverse. Knows members, pools, monitors and virtual ports, new, gone and changed; what of them
 * stands in `edit-*.ts`. Throws CAPABILITY_MISSING for the rest and PLAN_INVALID for a subject that is not there, or that something
 * else still needs.
 */
export function linesOfEdit(parts: readonly Part[], edit: Edit): readonly PartSent[] {
  const partitions = parts.map(({ partition }) => partition).filter((name) => name !== '');
  const wished = edit.changes.filter(({ action }) => action !== 'no-op');
  return parts.flatMap(({ partition, text }) => {
    const scene: Scene = { text: new A10Text(text) };
    const changes = changesOf({ ...edit, changes: wished }, partition, partitions);
    return changes
      .flatMap(singly)
      .flatMap((change) => said(scene, change).map((sent): PartSent => ({ ...sent, partition })));
  });
}

/** The running-configs with the edit's lines typed. */
export function editA10(base: readonly SourceFile[], edit: Edit): readonly SourceFile[] {
  const parts = partsOf(base);
  if (parts.length === 0 || new Set(parts.map(({ partition }) => partition)).size < parts.length)
    throw new AppError(
      'PLAN_INVALID',
      `An A10's configuration is one running-config for each partition, but ${String(base.length)} files were given.`,
    );
  const after = applied(parts, linesOfEdit(parts, edit));
  return base.map(({ path }, at) => ({ path, bytes: Buffer.from(after[at]?.text ?? '') }));
}

/** Each line is made for the configuration that those before it have left. */
function said(scene: Scene, change: Change): readonly Sent[] {
  const sent = changed(scene, change);
  for (const { typed } of sent) {
    if (typeInto(scene.text, typed)) continue;
    const line = typed.join(' / ');
    throw new AppError('PLAN_INVALID', `The device would refuse "${line}": something else there still needs it.`);
  }
  return sent;
}

/** A new object with all that it has, as the object and a change for each of its keys. */
function singly(change: Change): readonly Change[] {
  const { action, subject, desired } = change;
  if (action !== 'create') return [change];
  if (subject.kind === 'pool') {
    const { name, protocol, members = [], ...keys } = poolSchema.parse(desired);
    const bare: Pool = { name, ...(protocol === undefined ? {} : { protocol }) };
    const each = members.map((member): Change => {
      return { action, subject: { kind: 'member', path: [name, member.name] }, desired: member };
    });
    return [{ ...change, desired: bare }, ...updatesOf(change, keys), ...each];
  }
  if (subject.kind === 'virtualServer') {
    const { name, listen, protocol, ...keys } = virtualServerSchema.parse(desired);
    const bare: VirtualServer = {
      name,
      ...(listen === undefined ? {} : { listen }),
      ...(protocol === undefined ? {} : { protocol }),
      ...(keys.tls === undefined ? {} : { tls: keys.tls }),
      ...(keys.adminState === undefined ? {} : { adminState: keys.adminState }),
    };
    return [{ ...change, desired: bare }, ...updatesOf(change, keys)];
  }
  return [change];
}

function updatesOf({ subject }: Change, keys: object): readonly Change[] {
  return Object.entries(keys)
    .filter(([key, value]) => value !== undefined && key !== 'native')
    .map(([key, value]: [string, unknown]): Change => ({ action: 'update', subject, key, desired: value }));
}

function changed(scene: Scene, change: Change): readonly Sent[] {
  const { subject, action, key, desired } = change;
  const [name = '', member = ''] = subject.path;
  if (subject.kind === 'member') return memberChange(scene, name, member, change);
  if (subject.kind === 'pool') {
    if (action === 'create') return [newPool(poolSchema.parse(desired))];
    return action === 'delete' ? [poolGone(scene, name)] : poolChange(scene, name, change);
  }
  if (subject.kind === 'virtualServer') {
    if (action === 'create') return newVirtual(scene, virtualServerSchema.parse(desired));
    return action === 'delete' ? [virtualGone(scene, name)] : virtualChange(scene, name, change);
  }
  if (subject.kind === 'monitor') {
    if (action === 'create') return newMonitor(monitorSchema.parse(desired));
    return action === 'delete' ? [monitorGone(scene, name)] : monitorChange(scene, name, change);
  }
  throw lacking(`${action} ${subject.kind}${key === undefined ? '' : ` (${key})`}`);
}
