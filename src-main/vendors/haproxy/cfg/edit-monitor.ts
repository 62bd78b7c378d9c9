import { AppError } from '../../../contract/errors.ts';
import { type Monitor, monitorSchema } from '../../../contract/model.ts';
import type { Change } from '../../../contract/plan.ts';
import { keyOfCheck } from './check-steps.ts';
import { setMethod } from './edit-check-method.ts';
import { agentWords, checkWords, setCheckWords, wordsBetween } from './edit-check-words.ts';
import { setLine } from './edit-limits.ts';
import type { Editor } from './editor.ts';
import { modelOfDocument } from './model.ts';

/** True for a change of a monitor, or of which monitors a pool or a member has. */
export function isMonitorChange({ subject, key }: Change): boolean {
  if (subject.kind === 'monitor') return true;
  return (subject.kind === 'pool' || subject.kind === 'member') && key === 'monitors';
}

/** A monitor's pool and kind, by its name: HAProxy's checks have none of their own. */
function partsOf(name: string): { readonly pool: string; readonly kind: 'check' | 'agent' } {
  const [, pool, kind] = /^(.+)\/(check|agent)(?:-\d+)?$/s.exec(name) ?? [];
  if (pool !== undefined && (kind === 'check' || kind === 'agent')) return { pool, kind };
  const detail = `The monitor "${name}" cannot be written into haproxy.cfg: checks have no names there. Those of a pool are POOL/check and POOL/agent.`;
  throw new AppError('CAPABILITY_MISSING', detail);
}

/**
 * Writes all changes of monitors, pool by pool: what a check does stands in the section once, how often it runs on each server line.
 * Throws CAPABILITY_MISSING where the lines then do not say what was asked for (what is inherited, checks that differ in what they
 * do), PLAN_INVALID for a wish that contradicts itself.
 */
export function setMonitors(editor: Editor, changes: readonly Change[]): void {
  const pools = new Set(
    changes.map(({ subject }) =>
      subject.kind === 'monitor' ? partsOf(subject.path[0] ?? '').pool : (subject.path[0] ?? ''),
    ),
  );
  for (const pool of pools) {
    const mine = changes.filter(({ subject }) =>
      subject.kind === 'monitor' ? partsOf(subject.path[0] ?? '').pool === pool : subject.path[0] === pool,
    );
    setPoolMonitors(editor, pool, mine);
  }
}

function setPoolMonitors(editor: Editor, pool: string, changes: readonly Change[]): void {
  editor.pool(pool); // throws where there is none
  const before = read(editor, pool);
  const monitors = wantedMonitors(before.monitors, changes);
  const wanted = before.members.map(({ name, monitors: names }) => {
    const chosen = namesFor(pool, name, names, monitors, changes);
    return { name, ...pickKinds(pool, name, chosen, monitors) };
  });
  const checks = wanted.flatMap(({ check }) => (check === undefined ? [] : [check]));
  const [first] = checks;
  const wasChecked = before.members.some(({ check }) => check !== undefined);
  if (first !== undefined) {
    const odd = checks.find((check) => methodText(check) !== methodText(first));
    if (odd !== undefined) {
      const detail = `The monitors "${first.name}" and "${odd.name}" would ask different things: all members of a HAProxy backend are asked the same. Change both alike.`;
      throw new AppError('CAPABILITY_MISSING', detail);
    }
    const now = before.members.find(({ check }) => check !== undefined)?.check;
    if (now === undefined || methodText(now) !== methodText(first)) setMethod(editor, pool, first);
    setTimeOut(editor, pool, now, first);
  } else if (wasChecked) {
    setMethod(editor, pool, { name: '', type: 'tcp' });
  }
  for (const { name, check, agent } of wanted) {
    const was = before.members.find((member) => member.name === name);
    setCheckWords(editor, pool, name, wordsBetween(checkWords(was?.check), checkWords(check)));
    setCheckWords(editor, pool, name, wordsBetween(agentWords(was?.agent), agentWords(agent)));
  }
  verify(editor, pool, wanted);
}

interface Checked {
  readonly name: string;
  readonly check: Monitor | undefined;
  readonly agent: Monitor | undefined;
}

function read(editor: Editor, pool: string) {
  const model = modelOfDocument(editor.document, {
    effective: true,
    ...(editor.version === undefined ? {} : { version: editor.version }),
  });
  const found = model.pools.find(({ name }) => name === pool);
  const monitors = new Map(model.monitors.filter(({ name }) => isOf(name, pool)).map((each) => [each.name, each]));
  const members = (found?.members ?? []).map(({ name, monitors: own = [] }) => {
    const names = [...(found?.monitors ?? []), ...own];
    return { name, monitors: names, ...pickKinds(pool, name, names, monitors) };
  });
  return { monitors, members };
}

function isOf(name: string, pool: string): boolean {
  return /^\/(check|agent)(-\d+)?$/.test(name.slice(pool.length)) && name.startsWith(pool);
}

/** The monitors as they are to be, by name. */
function wantedMonitors(
  before: ReadonlyMap<string, Monitor>,
  changes: readonly Change[],
): ReadonlyMap<string, Monitor> {
  const wishes = new Map<string, Wish>(
    [...before].map(([name, fields]) => [name, { fields, was: fields.type, asked: new Set() }]),
  );
  for (const { action, subject, key, desired } of changes) {
    const [name = ''] = subject.path;
    if (subject.kind !== 'monitor') continue;
    if (action === 'delete') wishes.delete(name);
    else if (action === 'update' && key !== undefined) {
      const now = wishes.get(name);
      if (now === undefined) throw new AppError('PLAN_INVALID', `There is no monitor "${name}".`);
      wishes.set(name, { ...now, fields: { ...now.fields, [key]: desired }, asked: new Set([...now.asked, key]) });
    } else {
      const fields = { ...(desired as Fields), name }; // checked below by the schema
      wishes.set(name, { fields, asked: new Set(Object.keys(fields)) });
    }
  }
  return new Map(
    [...wishes].map(([name, wish]) => [
      name,
      wish.asked.size === 0 ? (wish.fields as Monitor) : checkedMonitor(name, wish),
    ]), // as it was read
  );
}

type Fields = Readonly<Record<string, unknown>>;
interface Wish {
  readonly fields: Fields;
  readonly was?: Monitor['type'];
  /** Keys that the wish itself names. */
  readonly asked: ReadonlySet<string>;
}

/** Keys that say what a check does, by the types that have them. */
const request = [
  'method',
  'path',
  'host',
  'httpVersion',
  'headers',
  'send',
  'expectStatus',
  'expectBody',
  'drainStatus',
  'sendState',
  'steps',
];
const said: Readonly<Partial<Record<Monitor['type'], readonly string[]>>> = {
  http: request,
  https: request,
  'tcp-send-expect': ['send', 'expect', 'steps'],
  tcp: ['steps'],
  mysql: ['user'],
  postgresql: ['user'],
  smtp: ['method', 'host'],
  script: ['script'],
  agent: ['send'],
};
const allSaid: ReadonlySet<string> = new Set([...Object.values(said).flat(), 'database', 'service', 'query']);

/** What a wish writes where it wants nothing: an empty value, or a number that no check has. */
function isNothing(key: string, value: unknown): boolean {
  if (value === undefined || value === '' || value === false || value === 0) return true;
  return key !== 'tls' && typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Ways to say what is awaited: asking for one gives up the others. */
const alternatives: Readonly<Record<string, readonly string[]>> = {
  expectStatus: ['expectBody', 'steps'],
  expectBody: ['expectStatus', 'steps'],
  expect: ['steps'],
  steps: ['expectStatus', 'expectBody', 'expect'],
};

/** A monitor whose type changes loses what the new type has no use for, and everything that it sent and awaited. */
function checkedMonitor(name: string, { fields, was, asked }: Wish): Monitor {
  const type = fields['type'] as Monitor['type']; // checked below
  const mine = new Set(said[type] ?? []);
  const odd = [...asked].find((key) => allSaid.has(key) && !mine.has(key) && !isNothing(key, fields[key]));
  if (odd !== undefined)
    throw new AppError('PLAN_INVALID', `A monitor of type ${type}, as "${name}" is, has no ${odd}.`);
  const isNew = was !== undefined && was !== type && !(isHttp(was) && isHttp(type));
  const wishedFor = [...asked].filter((key) => !isNothing(key, fields[key]));
  const dropped = new Set(wishedFor.flatMap((key) => alternatives[key] ?? []));
  if (wishedFor.includes('steps') && type === 'tcp-send-expect') dropped.add('send');
  if (wishedFor.includes('send') && type === 'tcp-send-expect') dropped.add('steps');
  const kept = Object.entries(fields).filter(([key, value]) => {
    if (isNothing(key, value)) return false;
    if (asked.has(key)) return true;
    if (key === 'tls') return type !== 'http';
    return !allSaid.has(key) || (mine.has(key) && !isNew && !dropped.has(key));
  });
  const monitor = monitorSchema.safeParse(Object.fromEntries(kept));
  const issue = monitor.success ? undefined : monitor.error.issues[0];
  if (!monitor.success) {
    const where = (issue?.path ?? []).join('.');
    throw new AppError('PLAN_INVALID', `The monitor wanted as "${name}" is none: ${where} ${issue?.message ?? ''}.`);
  }
  const { tls } = monitor.data;
  if (type === 'http' && tls !== undefined) {
    throw new AppError('PLAN_INVALID', `"${name}" is to ask by HTTP and has TLS settings: its type is https then.`);
  }
  if (tls?.serverName !== undefined) return { ...monitor.data, tls: { ...tls, sendSni: true } };
  return type === 'https' ? { ...monitor.data, tls: tls ?? {} } : monitor.data;
}

function isHttp(type: Monitor['type']): boolean {
  return type === 'http' || type === 'https';
}

/** The names that a member is to have: its own, those of its pool, and new ones of the pool, which are its by their name. */
function namesFor(
  pool: string,
  member: string,
  now: readonly string[],
  monitors: ReadonlyMap<string, Monitor>,
  changes: readonly Change[],
): readonly string[] {
  const ofPool = changes.find(({ subject }) => subject.kind === 'pool');
  const ofMember = changes.find(({ subject }) => subject.kind === 'member' && subject.path[1] === member);
  const fresh = changes.flatMap(({ action, subject }) =>
    action === 'create' && subject.kind === 'monitor' ? [subject.path[0] ?? ''] : [],
  );
  const base =
    ofPool === undefined
      ? now
      : [
          ...listOf(ofPool.desired),
          ...(ofMember === undefined ? now.filter((name) => !listOf(ofPool.prior).includes(name)) : []),
        ];
  const own =
    ofMember === undefined
      ? base
      : [
          ...(ofPool === undefined ? now.filter((name) => !listOf(ofMember.prior).includes(name)) : base),
          ...listOf(ofMember.desired),
        ];
  const isNamed = ofPool !== undefined || ofMember !== undefined;
  const names = [...new Set([...own, ...(isNamed ? [] : fresh)])];
  const gone = new Set(
    changes.flatMap(({ action, subject }) =>
      action === 'delete' && subject.kind === 'monitor' ? [subject.path[0] ?? ''] : [],
    ),
  );
  return names.filter((name) => {
    if (monitors.has(name)) return true;
    if (gone.has(name)) return false;
    throw new AppError('PLAN_INVALID', `The pool "${pool}" is to use the monitor "${name}", which is not there.`);
  });
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

function pickKinds(
  pool: string,
  member: string,
  names: readonly string[],
  monitors: ReadonlyMap<string, Monitor>,
): Omit<Checked, 'name'> {
  const found = names.flatMap((name) => monitors.get(name) ?? []);
  const agents = found.filter(({ type }) => type === 'agent');
  const checks = found.filter(({ type }) => type !== 'agent');
  for (const { name, type } of found) {
    if (partsOf(name).kind === (type === 'agent' ? 'agent' : 'check')) continue;
    throw new AppError(
      'PLAN_INVALID',
      `A monitor of type ${type} cannot be called "${name}": agents are POOL/agent, others POOL/check.`,
    );
  }
  if (checks.length > 1 || agents.length > 1) {
    const detail = `A server of HAProxy has one check and one agent: "${pool}/${member}" would have ${names.join(', ')}.`;
    throw new AppError('CAPABILITY_MISSING', detail);
  }
  return { check: checks[0], agent: agents[0] };
}

/** Keys that stand on server lines, and the time-out, which is a line of its own. */
const lineKeys = new Set([
  'name',
  'intervalMs',
  'fastIntervalMs',
  'downIntervalMs',
  'rise',
  'fall',
  'port',
  'address',
  'tls',
  'alpn',
  'proxyProtocol',
  'viaSocks4',
  'timeoutMs',
]);

/** What a check does, as text to compare. */
function methodText(monitor: Monitor): string {
  const type = monitor.type === 'https' ? 'http' : monitor.type;
  const fields = Object.entries({ ...monitor, type, native: undefined }).filter(
    ([key, value]) => !lineKeys.has(key) && value !== undefined,
  );
  return keyOfCheck(Object.fromEntries(fields));
}

/** A whole monitor as text to compare, but for its name: HAProxy gives it one by its place. */
function textOf(monitor: Monitor | undefined): string {
  return monitor === undefined ? '' : keyOfCheck({ ...monitor, name: undefined, native: undefined });
}

function setTimeOut(editor: Editor, pool: string, now: Monitor | undefined, { timeoutMs }: Monitor): void {
  if (now?.timeoutMs === timeoutMs) return;
  const { settings } = editor.pool(pool);
  const inherited = now === undefined && timeoutMs === undefined;
  if (!inherited) setLine(editor, pool, 'timeout check', timeoutMs === undefined ? undefined : `${timeoutMs}ms`);
  else if (settings.own('timeout check').length > 0) setLine(editor, pool, 'timeout check', undefined);
}

/** Reads the result again: what was asked for must be what HAProxy will do. */
function verify(editor: Editor, pool: string, wanted: readonly Checked[]): void {
  const after = read(editor, pool);
  for (const { name, check, agent } of wanted) {
    const found = after.members.find((member) => member.name === name);
    const pairs = [
      [check, found?.check],
      [agent, found?.agent],
    ] as const;
    for (const [asked, got] of pairs) {
      if (textOf(asked) === textOf(got)) continue;
      const key = firstDifference(asked, got);
      const reads = got === undefined ? 'no monitor' : JSON.stringify(got[key as keyof Monitor]) || 'nothing';
      const detail = `The ${key} of the monitor "${asked?.name ?? got?.name ?? pool}" cannot be written so into haproxy.cfg: it would read ${reads} for "${pool}/${name}".`;
      throw new AppError('CAPABILITY_MISSING', detail);
    }
  }
}

function firstDifference(asked: Monitor | undefined, got: Monitor | undefined): string {
  const [left, right]: readonly Readonly<Record<string, unknown>>[] = [{ ...asked }, { ...got }];
  const keys = [...new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])];
  return (
    keys.find((key) => key !== 'name' && key !== 'native' && keyOfCheck(left?.[key]) !== keyOfCheck(right?.[key])) ??
    'check'
  );
}
