import { AppError } from '../../contract/errors.ts';
import {
  adminStateSchema,
  algorithmSchema,
  algorithmSettings,
  type Member,
  memberSchema,
} from '../../contract/model.ts';
import type { Change, Edit } from '../../contract/plan.ts';
import type { SourceFile } from '../vendor.ts';
import type { Surroundings } from './cfg/conditions.ts';
import { setAlgorithm } from './cfg/edit-algorithm.ts';
import { setBandwidth } from './cfg/edit-bandwidth.ts';
import { setListen } from './cfg/edit-binds.ts';
import { setServerTls } from './cfg/edit-server-tls.ts';
import { limitKeys, setLimit } from './cfg/edit-limits.ts';
import { isMonitorChange, setMonitors } from './cfg/edit-monitor.ts';
import { setPersistence } from './cfg/edit-persistence.ts';
import { setTls } from './cfg/edit-tls.ts';
import { setWatch } from './cfg/edit-watch.ts';
import { addMember, removeMember } from './cfg/edit-members.ts';
import {
  isAppended,
  removeWords,
  setAdminState,
  setDrainedWeight,
  setFlag,
  setWord,
  type WordOptions,
} from './cfg/edit-server.ts';
import { Editor } from './cfg/editor.ts';
import { readWeight } from './cfg/members.ts';
import { highestWeight, readCount } from './cfg/units.ts';
import { watchKeys } from './cfg/watch-words.ts';

export interface EditOptions {
  readonly surroundings?: Surroundings;
  /**
   * `write` (of `render`): a key that the model writes is written. `leave-out` (of a plan made from what takes effect): a value
   * equal to the inherited one is taken out again where it was appended, so that changing back gives the same bytes.
   */
  readonly inherited?: 'write' | 'leave-out';
}

/**
 * The base with the changes written in, and nothing else touched: exactly the bytes that say it differ. Knows, of pools,
 * `algorithm`, `persistence`, `slowStartMs`, `tls`, times and tries, what is watched (`passive`) and what a member that goes down or up does; of virtual servers `tls`, `listen` and `bandwidth`; of monitors everything that HAProxy's checks know, and which of a pool's members have them; of members `weight`, `adminState`, `maxConnections`, `maxQueue`, `priority` (0 and -1), `cookieValue`, new ones and removed
 * ones. A key with `desired` undefined loses its words. Throws CAPABILITY_MISSING for what haproxy.cfg or this driver cannot
 * say, PLAN_INVALID where the subject is not there or its line is broken, ALREADY_EXISTS for a name that is taken.
 */
export function editHaproxy(base: readonly SourceFile[], edit: Edit, options: EditOptions = {}): readonly SourceFile[] {
  const editor = new Editor(base, options.surroundings ?? {});
  const words: WordOptions = { leavesInheritedOut: options.inherited === 'leave-out' };
  // What a check does stands in several lines: its changes are one.
  const checks = edit.changes.filter((change) => isMonitorChange(change) && change.action !== 'no-op');
  for (const change of edit.changes) if (!checks.includes(change)) applyChange(editor, change, words);
  setMonitors(editor, checks);
  return editor.result();
}

function applyChange(editor: Editor, change: Change, options: WordOptions): void {
  const { action, subject, key, desired } = change;
  if (action === 'no-op') return;
  const [pool, name] = subject.path;
  if (subject.kind === 'pool' && action === 'update' && key === 'algorithm' && pool !== undefined) {
    setAlgorithm(editor, pool, readAlgorithmWish(pool, desired), options);
    return;
  }
  if (subject.kind === 'pool' && action === 'update' && key === 'persistence' && pool !== undefined) {
    setPersistence(editor, pool, desired);
    return;
  }
  if (subject.kind === 'pool' && action === 'update' && pool !== undefined && limitKeys.has(key ?? '')) {
    setLimit(editor, pool, key ?? '', desired);
    return;
  }
  const watch = watchKeys.find((each) => each === key);
  if (subject.kind === 'pool' && action === 'update' && pool !== undefined && watch !== undefined) {
    setWatch(editor, pool, watch, desired);
    return;
  }
  if (subject.kind === 'virtualServer' && action === 'update' && key === 'listen' && pool !== undefined) {
    setListen(editor, pool, desired);
    return;
  }
  if (subject.kind === 'virtualServer' && action === 'update' && key === 'bandwidth' && pool !== undefined) {
    setBandwidth(editor, pool, desired);
    return;
  }
  if (subject.kind === 'pool' && action === 'update' && key === 'tls' && pool !== undefined) {
    setServerTls(editor, pool, desired);
    return;
  }
  if (subject.kind === 'virtualServer' && action === 'update' && key === 'tls' && pool !== undefined) {
    setTls(editor, pool, desired);
    return;
  }
  if (subject.kind !== 'member' || pool === undefined || name === undefined) throw lacking(change);
  if (action === 'create') addMember(editor, pool, readMember(pool, name, desired));
  else if (action === 'delete') removeMember(editor, pool, name);
  else if (action === 'update' && key !== undefined) setMemberKey(editor, pool, name, change, key, options);
  else throw lacking(change);
}

function setMemberKey(
  editor: Editor,
  pool: string,
  name: string,
  change: Change,
  key: string,
  options: WordOptions,
): void {
  const { desired } = change;
  if (key === 'weight') setWeight(editor, pool, name, readWish(desired, highestWeight, pool, name, key), options);
  else if (key === 'adminState') {
    const state = adminStateSchema.optional().safeParse(desired);
    if (!state.success) throw unusable(pool, name, key, desired, 'it is none of enabled, draining, disabled');
    setAdminState(editor, pool, name, state.data, options);
  } else if (key === 'maxConnections') {
    const count = readWish(desired, Number.MAX_SAFE_INTEGER, pool, name, key);
    setOrRemove(editor, pool, name, 'maxconn', count === undefined ? undefined : String(count), options, '0');
  } else if (key === 'maxQueue') {
    const count = readWish(desired, Number.MAX_SAFE_INTEGER, pool, name, key);
    setOrRemove(editor, pool, name, 'maxqueue', count === undefined ? undefined : String(count), options, '0');
  } else if (key === 'cookieValue') {
    if (desired !== undefined && (typeof desired !== 'string' || desired === '')) {
      throw unusable(pool, name, key, desired, 'it is no text');
    }
    setOrRemove(editor, pool, name, 'cookie', desired, options, undefined);
  } else if (key === 'priority') setPriority(editor, pool, name, desired, options);
  else throw lacking(change);
}

function setWeight(editor: Editor, pool: string, name: string, weight: number | undefined, options: WordOptions): void {
  const line = editor.member(pool, name);
  if (setDrainedWeight(editor, line, weight)) return;
  if (weight !== undefined && readWeight(line.own) === weight) return;
  const inherited = readWeight(line.inherited) ?? 1;
  setOrRemove(
    editor,
    pool,
    name,
    'weight',
    weight === undefined ? undefined : String(weight),
    options,
    String(inherited),
  );
}

/** Writes a word with its value, or takes it out: where none is wanted, or where the line inherits the value anyway. */
function setOrRemove(
  editor: Editor,
  pool: string,
  name: string,
  keyword: string,
  value: string | undefined,
  options: WordOptions,
  inherited: string | undefined,
): void {
  const line = editor.member(pool, name);
  const given = line.inherited.get(keyword)?.args[0]?.value ?? inherited;
  const isGiven = options.leavesInheritedOut && value === given;
  const isRemovable = !line.own.has(keyword) || isAppended(editor, line, keyword);
  if (value === undefined || (isGiven && isRemovable)) editor.apply(removeWords(editor, line, keyword));
  else if (line.own.get(keyword)?.args[0]?.value !== value) editor.apply(setWord(editor, line, keyword, value));
  verifyWord(editor, pool, name, keyword, value === undefined || (isGiven && isRemovable) ? undefined : value);
}

/** Reads the line again: what was written must be what HAProxy will read, whatever stood around it. */
function verifyWord(editor: Editor, pool: string, name: string, keyword: string, value: string | undefined): void {
  const line = editor.member(pool, name);
  if (line.own.get(keyword)?.args[0]?.value === value) return;
  throw editor.refusal(
    'PLAN_INVALID',
    line.statement,
    `The ${keyword} of "${pool}/${name}" cannot be written on this line: other words on it would change with it.`,
  );
}

function setPriority(editor: Editor, pool: string, name: string, desired: unknown, options: WordOptions): void {
  const line = editor.member(pool, name);
  const isBackup = line.inherited.has('backup');
  if (desired === undefined) editor.apply(removeWords(editor, line, 'backup', 'no-backup'));
  else if (desired === -1 || desired === 0) {
    const isGiven = options.leavesInheritedOut && isBackup === (desired === -1);
    const hasOwn = line.own.has('backup') || line.own.has('no-backup');
    if (isGiven && (!hasOwn || isAppended(editor, line, 'backup', 'no-backup'))) {
      editor.apply(removeWords(editor, line, 'backup', 'no-backup'));
    } else
      editor.apply(
        desired === -1 ? setFlag(editor, line, 'backup', 'no-backup') : setFlag(editor, line, 'no-backup', 'backup'),
      );
  } else throw unusable(pool, name, 'priority', desired, 'HAProxy knows 0 and -1 (backup) alone');
}

function readWish(desired: unknown, most: number, pool: string, name: string, key: string): number | undefined {
  if (desired === undefined) return undefined;
  const count = typeof desired === 'number' ? readCount(String(desired), most) : undefined;
  if (count === undefined) throw unusable(pool, name, key, desired, `HAProxy takes whole numbers from 0 to ${most}`);
  return count;
}

function readAlgorithmWish(pool: string, desired: unknown): ReturnType<typeof algorithmSettings> | undefined {
  if (desired === undefined) return undefined;
  const algorithm = algorithmSchema.safeParse(desired);
  if (!algorithm.success) {
    throw new AppError('PLAN_INVALID', `The algorithm wanted for the pool "${pool}" is none: ${shown(desired)}.`);
  }
  return algorithmSettings(algorithm.data);
}

function readMember(pool: string, name: string, desired: unknown): Member {
  const member = memberSchema.safeParse(desired);
  if (!member.success || member.data.name !== name) {
    throw new AppError('PLAN_INVALID', `The member wanted as "${pool}/${name}" is none, or has another name.`);
  }
  return member.data;
}

function unusable(pool: string, name: string, key: string, desired: unknown, why: string): AppError {
  return new AppError('PLAN_INVALID', `The ${key} ${shown(desired)} cannot be written for "${pool}/${name}": ${why}.`);
}

function shown(value: unknown): string {
  return (value === undefined ? 'undefined' : JSON.stringify(value)).slice(0, 120);
}

function lacking({ action, subject, key }: Change): AppError {
  const what = `${action} ${subject.kind} "${subject.path.join('/')}"${key === undefined ? '' : `, ${key}`}`;
  const can =
    "a pool's algorithm, persistence, slow start, tls, times and retries; a virtual server's tls and addresses; monitors (checks and agents) with all that they ask and await; a member's weight, adminState, maxConnections, maxQueue, priority and cookieValue; new and removed members";
  return new AppError(
    'CAPABILITY_MISSING',
    `This cannot be written into haproxy.cfg yet: ${what}. What can be: ${can}.`,
  );
}
