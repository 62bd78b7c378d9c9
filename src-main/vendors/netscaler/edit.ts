import { AppError } from '../../contract/errors.ts';
import type { Change, Edit } from '../../contract/plan.ts';
import type { SourceFile } from '../vendor.ts';
import { readCommands } from './commands.ts';
import { monitorChange } from './edit-monitor.ts';
import { memberChange, poolChange } from './edit-pool.ts';
import { virtualChange } from './edit-virtual.ts';
import { Objects } from './objects.ts';
import { lacking, type Scene, type Sent } from './sent.ts';
import { applyCommands } from './write.ts';

/**
 * The exact CLI commands of an edit, each with its inverse, in the order in which they are sent: each is made for the configuration as
 * those before leave it. Throws CAPABILITY_MISSING for what has no commands here and PLAN_INVALID for a subject that is not there.
 */
export function commandsOf(text: string, edit: Edit): readonly Sent[] {
  const sent: Sent[] = [];
  const said = new Set<string>();
  let [now, scene] = [text, sceneOf(text, edit)];
  for (const change of edit.changes) {
    // A group under two virtual servers is two pools, and what happens to its member in both happens once.
    const what = onceOf(change, edit);
    if (said.has(what)) continue;
    said.add(what);
    // Two changes may come to the same command (the limit of each member of a group).
    const made = (change.action === 'no-op' ? [] : commandsOfChange(scene, change)).filter(
      ({ command }) => !sent.some((other) => other.command === command),
    );
    sent.push(...made);
    // Weights and states of members, of which there may be hundreds, say nothing that another command is made from.
    if (made.length === 0 || (change.subject.kind === 'member' && change.action === 'update')) continue;
    now = applyCommands(
      now,
      made.map(({ command }) => command),
    );
    scene = sceneOf(now, edit);
  }
  return sent;
}

/** Two changes with the same words are one command of the appliance. */
function onceOf({ subject, action, key, desired }: Change, { target }: Edit): string {
  const [name = '', member = ''] = subject.path;
  const group = target.pools.find((pool) => pool.name === name)?.native?.['serviceGroup'];
  return JSON.stringify(
    subject.kind !== 'member' || group === undefined
      ? [subject, action, key]
      : ['member of', group, member, action, key, desired ?? null],
  );
}

function sceneOf(text: string, edit: Edit): Scene {
  return { objects: new Objects(readCommands(text)), edit };
}

/** ns.conf with the edit's commands carried out. */
export function editNetscaler(base: readonly SourceFile[], edit: Edit): readonly SourceFile[] {
  const [file, ...others] = base;
  if (file === undefined || others.length > 0) {
    throw new AppError(
      'PLAN_INVALID',
      `A configuration of a NetScaler is one ns.conf, but ${base.length} files were given.`,
    );
  }
  const text = file.bytes.toString('utf8');
  const commands = commandsOf(text, edit).map(({ command }) => command);
  return [{ path: file.path, bytes: Buffer.from(applyCommands(text, commands)) }];
}

const makers: Readonly<Partial<Record<Change['subject']['kind'], (scene: Scene, change: Change) => readonly Sent[]>>> =
  {
    member: memberChange,
    pool: poolChange,
    monitor: monitorChange,
    virtualServer: virtualChange,
  };

function commandsOfChange(scene: Scene, change: Change): readonly Sent[] {
  const { subject, action, key } = change;
  const make = makers[subject.kind];
  if (make === undefined) throw lacking(`${action} ${subject.kind}${key === undefined ? '' : ` (${key})`}`);
  return make(scene, change);
}
