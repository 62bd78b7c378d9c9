import { AppError } from '../../contract/errors.ts';
import {
  type Algorithm,
  algorithmSettings,
  type Desired,
  type DeviceModel,
  type Member,
} from '../../contract/model.ts';
import type { Change, Edit } from '../../contract/plan.ts';

/**
 * How much of the truth a wish holds. `merge`: what it does not name stays. `named`: the objects that it names are whole, a key
 * absent there goes (`steelyard render`). `exact`: the lists that it has are whole, an object absent there goes as well.
 */
export type DiffMode = 'merge' | 'named' | 'exact';

type Fields = Readonly<Record<string, unknown>>;
interface Named {
  readonly name: string;
  readonly absent?: true | undefined;
}
type Kind = Change['subject']['kind'];
type ListKey = 'virtualServers' | 'pools' | 'monitors' | 'certificates';
const kinds = {
  monitors: 'monitor',
  certificates: 'certificate',
  pools: 'pool',
  virtualServers: 'virtualServer',
} as const satisfies Record<ListKey, Kind>;

/** Keys that describe what was read and are nobody's wish. */
const descriptive = new Set(['native', 'absent', 'name']);

/**
 * What has to change for a model to become what is desired, in the order in which it can be done: things that others refer to are
 * made first and removed last. Throws INPUT_INVALID for a wish that contradicts itself or leaves an object incomplete.
 */
export function diffModel(model: DeviceModel, desired: Desired, mode: DiffMode): Edit {
  const made: Change[] = [];
  const removed: Change[] = [];
  const target: Record<ListKey, unknown[]> = { virtualServers: [], pools: [], monitors: [], certificates: [] };
  for (const list of Object.keys(kinds) as ListKey[]) {
    const wishes = desired[list];
    target[list] = wishes ? diffList(kinds[list], [], model[list], wishes, mode, made, removed) : [...model[list]];
  }
  // The lists hold what `model` and the checked wish hold, key by key.
  return { changes: [...made, ...removed.reverse()], target: { ...model, ...target } as DeviceModel };
}

function diffList(
  kind: Kind,
  path: readonly string[],
  current: readonly Named[],
  wishes: readonly Named[],
  mode: DiffMode,
  made: Change[],
  removed: Change[],
): Named[] {
  const byName = new Map(current.map((object) => [object.name, object]));
  const wished = new Map<string, Named>();
  for (const wish of wishes) {
    if (wished.has(wish.name)) throw invalid(`${kind} "${[...path, wish.name].join('/')}" is named twice`);
    wished.set(wish.name, wish);
  }
  const result: Named[] = [];
  for (const object of current) {
    const wish = wished.get(object.name);
    const goes = wish ? wish.absent === true : mode === 'exact';
    if (goes) removed.push(change('delete', kind, [...path, object.name], undefined, object, undefined));
    else if (wish) result.push(diffObject(kind, path, object, wish, mode, made, removed));
    else result.push(object);
  }
  for (const wish of wishes) {
    if (byName.has(wish.name) || wish.absent === true) continue;
    const whole = withoutAbsent(wish);
    requireWhole(kind, path, whole);
    made.push(change('create', kind, [...path, wish.name], undefined, undefined, whole));
    result.push(whole);
  }
  return result;
}

function diffObject(
  kind: Kind,
  path: readonly string[],
  object: Named,
  wish: Named,
  mode: DiffMode,
  made: Change[],
  removed: Change[],
): Named {
  const now = object as unknown as Fields; // a checked object of the model, read by key
  const then = wish as unknown as Fields;
  const result: Record<string, unknown> = { ...now };
  const here = [...path, object.name];
  const keys = mode === 'merge' ? Object.keys(then) : [...new Set([...Object.keys(now), ...Object.keys(then)])];
  for (const key of keys) {
    if (descriptive.has(key)) continue;
    if (kind === 'pool' && key === 'members') {
      const members = diffList(
        'member',
        here,
        list(now['members']),
        list(then['members']),
        memberMode(mode, then),
        made,
        removed,
      );
      result['members'] = members;
      continue;
    }
    const desired =
      mode === 'merge' || key === 'tls' ? mergeKey(key, mode === 'merge' ? now[key] : undefined, then[key]) : then[key];
    if (isSame(key, now[key], desired)) continue;
    made.push(change('update', kind, here, key, now[key], desired));
    if (desired === undefined) Reflect.deleteProperty(result, key);
    else result[key] = desired;
  }
  return result as unknown as Named; // the same keys with checked values
}

/** A pool named whole has all its members in its list; a pool named without `members` says nothing about them. */
function memberMode(mode: DiffMode, wish: Fields): DiffMode {
  if (wish['members'] === undefined) return 'merge';
  return mode === 'named' ? 'exact' : mode;
}

/** Of routes and TLS settings, what the wish does not name stays; every other key is wished for whole. */
function mergeKey(key: string, now: unknown, then: unknown): unknown {
  if (key === 'routes') return mergeRoutes(now, then);
  // A persistence or a queue without anything in it is the wish for none.
  if ((key === 'persistence' || key === 'queue') && Object.keys(then ?? {}).length === 0) return undefined;
  if (key !== 'tls' || typeof then !== 'object' || then === null) return then;
  const { absent, exact, ...settings } = then as Fields; // an object of the checked wish
  if (absent === true) return undefined;
  return exact === true || typeof now !== 'object' ? settings : { ...now, ...settings };
}

function mergeRoutes(now: unknown, then: unknown): unknown {
  const wished = new Map(fieldsOf(then).map((route) => [condition(route), route]));
  const kept = fieldsOf(now).map((route) => {
    const wish = wished.get(condition(route));
    wished.delete(condition(route));
    return wish ?? route;
  });
  return [...kept, ...wished.values()];
}

/** What makes two routes the same: everything but where they lead. */
function condition(route: Fields): string {
  return canonical({ ...route, pool: undefined });
}

function isSame(key: string, now: unknown, then: unknown): boolean {
  if (key === 'algorithm' && now !== undefined && then !== undefined) {
    // Both passed the model's schema.
    const [is, wish] = [algorithmSettings(now as Algorithm), algorithmSettings(then as Algorithm)];
    // How weights count and what is counted (member or node) is a wish only where it says so.
    const isOther =
      (wish.weighted ?? is.weighted ?? true) !== (is.weighted ?? true) ||
      (wish.per ?? is.per ?? 'member') !== (is.per ?? 'member');
    return !isOther && canonical(comparable(is)) === canonical(comparable(wish));
  }
  return canonical(now) === canonical(then);
}

function comparable(algorithm: Algorithm): Fields {
  return { ...algorithmSettings(algorithm), native: undefined, weighted: undefined, per: undefined };
}

/** JSON with sorted keys and without undefined: equal values have equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function requireWhole(kind: Kind, path: readonly string[], object: Named): void {
  if (kind !== 'member') return;
  const member = object as Member; // a wish for a member, checked by the contract's schema
  if (member.address === undefined || member.port === undefined) {
    throw invalid(`the new member "${[...path, member.name].join('/')}" needs an address and a port`);
  }
}

function change(
  action: Change['action'],
  kind: Kind,
  path: string[],
  key: string | undefined,
  prior: unknown,
  desired: unknown,
): Change {
  return { action, subject: { kind, path }, ...(key === undefined ? {} : { key }), prior, desired };
}

function withoutAbsent(wish: Named): Named {
  const whole = { ...wish };
  delete whole.absent;
  return whole;
}

function list(value: unknown): readonly Named[] {
  return Array.isArray(value) ? (value as Named[]) : []; // a list of the checked model
}

function fieldsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : []; // a list of the checked model
}

function invalid(what: string): AppError {
  return new AppError('INPUT_INVALID', `The wish cannot be planned: ${what}. Nothing was sent.`);
}
