import { AppError } from '../../contract/errors.ts';
import type { Change, Edit } from '../../contract/plan.ts';
import type { SourceFile } from '../vendor.ts';
import { memberChange } from './edit-member.ts';
import { monitorChange } from './edit-monitor.ts';
import { poolChange } from './edit-pool.ts';
import { virtualChange } from './edit-virtual.ts';
import { lacking, type Scene, type Sent } from './sent.ts';
import { BigipText } from './text.ts';
import { applyTmsh } from './write.ts';

/**
 * The tmsh commands of an edit in the order of one transaction, each with its inverse. Knows members (new, gone, `weight`, `priority`,
 * `maxConnections`, `adminState`, `monitors`), pools (new, gone, `algorithm`, `monitors`, `monitorsRequired`, `minActiveMembers`,
 * `onMemberDown`, `slowStartMs`, `tls`), monitors (new, gone, interval, time-out, what is sent and expected) and of virtual servers `pool`,
 * `adminState`, `connectionLimit`, `persistence`, and `tls` (`writtenTlsKeys`, profiles, certificates of the device). Throws CAPABILITY_MISSING for the rest
 * and PLAN_INVALID for a subject that is not there.
 */
export function commandsOf(text: string, edit: Edit): readonly Sent[] {
  const scene: Scene = { text: new BigipText(text), target: edit.target };
  const sent = edit.changes.filter(({ action }) => action !== 'no-op').flatMap((change) => changed(scene, change));
  // Two changes of one object may come to the same command (`monitors`, `monitorsRequired`).
  return sent.filter(({ command }, at) => sent.findIndex((other) => other.command === command) === at);
}

function changed(scene: Scene, change: Change): readonly Sent[] {
  const { subject, action, key } = change;
  const make = makers[subject.kind];
  if (make === undefined) throw lacking(`${action} ${subject.kind}${key === undefined ? '' : ` (${key})`}`);
  return make(scene, change);
}

const makers: Readonly<Partial<Record<Change['subject']['kind'], (scene: Scene, change: Change) => readonly Sent[]>>> =
  {
    member: memberChange,
    pool: poolChange,
    monitor: monitorChange,
    virtualServer: virtualChange,
  };

/** bigip.conf with the edit's commands carried out. */
export function editBigip(base: readonly SourceFile[], edit: Edit): readonly SourceFile[] {
  const [file, ...others] = base;
  if (file === undefined || others.length > 0) {
    const many = `${String(base.length)} files were given`;
    throw new AppError('PLAN_INVALID', `A BIG-IP's configuration is changed in one bigip.conf, but ${many}.`);
  }
  const text = file.bytes.toString('utf8');
  const commands = commandsOf(text, edit).map(({ command }) => command);
  return [{ path: file.path, bytes: Buffer.from(applyTmsh(text, commands).text) }];
}
