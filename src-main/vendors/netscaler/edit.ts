import { AppError } from '../../contract/errors.ts';
import {
  adminStateSchema,
  algorithmSchema,
  algorithmSettings,
  type Member,
  memberSchema,
  type Persistence,
  persistenceSchema,
} from '../../contract/model.ts';
import type { Change, Edit } from '../../contract/plan.ts';
import type { SourceFile } from '../vendor.ts';
import { methodOfName } from './algorithms.ts';
import { Options, readCommands } from './commands.ts';
import { Objects, subjectOf } from './objects.ts';
import { typeOfPersistence } from './persistence.ts';
import { applyCommands, quoteWord } from './write.ts';

/** A command and what takes it back, both as the CLI reads them. `of` is what it is said to: kind (lower case) and name. */
export interface Sent {
  readonly command: string;
  readonly inverse: string;
  readonly of: { readonly kind: string; readonly name: string };
}

/**
 * The exact CLI commands of an edit, each with its inverse. Knows, of members `weight`, `adminState`, `maxConnections` (services), new ones
 * and removed ones; of pools `algorithm`; of virtual servers `persistence` and `adminState`. Throws CAPABILITY_MISSING for the rest
 * and PLAN_INVALID for a subject that is not there.
 */
export function commandsOf(text: string, edit: Edit): readonly Sent[] {
  const objects = new Objects(readCommands(text));
  return edit.changes.filter(({ action }) => action !== 'no-op').flatMap((change) => commandsOfChange(objects, change));
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

type Found = Objects<ReturnType<typeof readCommands>[number]>;

function commandsOfChange(objects: Found, change: Change): readonly Sent[] {
  const { subject, action, key } = change;
  const [first = '', member] = subject.path;
  if (subject.kind === 'virtualServer' && action === 'update') return virtualServerChange(objects, first, change);
  if (subject.kind === 'pool' && action === 'update' && key === 'algorithm')
    return algorithmChange(objects, first, change);
  if (subject.kind === 'member' && member !== undefined) {
    const pool = poolOf(objects, first);
    return pool.group === undefined
      ? serviceChange(objects, pool.virtual, member, change)
      : groupMemberChange(objects, pool.group, member, change);
  }
  throw lacking(`${action} ${subject.kind}${key === undefined ? '' : ` (${key})`}`);
}

/** `virtual server/group`, or a virtual server with services of its own, or either by itself where nothing binds it. */
function poolOf(objects: Found, name: string): { readonly virtual: string; readonly group?: string } {
  if (objects.has('lb vserver', name)) return { virtual: name };
  if (objects.has('servicegroup', name)) return { virtual: '', group: name };
  for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) {
    const [virtual, group] = [name.slice(0, at), name.slice(at + 1)];
    if (objects.has('lb vserver', virtual) && objects.has('servicegroup', group)) return { virtual, group };
  }
  throw new AppError('PLAN_INVALID', `There is no pool "${name}" on the appliance. Read it again.`);
}

function groupMemberChange(objects: Found, group: string, name: string, change: Change): readonly Sent[] {
  const of = { kind: 'servicegroup', name: group };
  const said = `serviceGroup ${quoteWord(group)}`;
  if (change.action === 'create') {
    const member = memberSchema.parse(change.desired);
    const server = serverOf(objects, member);
    const place = `${quoteWord(server.name)} ${portOf(member)}`;
    const limit = new Options(objects.of('servicegroup', group).commands).number('maxClient') ?? 0;
    if ((member.maxConnections ?? limit) !== limit) throw limitOfGroup();
    const bind = `bind ${said} ${place}${weightText(member.weight)}${stateText(member.adminState)}`;
    return [...server.sent, { command: bind, inverse: `unbind ${said} ${place}`, of }];
  }
  const bind = objects.of('servicegroup', group).binds.find((one) => {
    const [server, port] = subjectOf(one).rest;
    return server !== undefined && (port === undefined || !/^\d+$/.test(port) ? server : `${server}:${port}`) === name;
  });
  if (bind === undefined) throw gone(`member "${name}" of service group "${group}"`);
  const place = subjectOf(bind).rest.slice(0, 2).map(quoteWord).join(' ');
  if (change.action === 'delete') {
    const text = readCommands(`bind ${said} ${place}`);
    const again = [text[0]?.text ?? '', ...optionsText(bind)].join(' ');
    return [{ command: `unbind ${said} ${place}`, inverse: again, of }];
  }
  if (change.key === 'weight') {
    return [set(of, `set ${said} ${place} -weight`, weightOf(change.desired), weightOf(change.prior))];
  }
  if (change.key === 'adminState') return [stateChange(of, `${said} ${place}`, change)];
  if (change.key === 'maxConnections') throw limitOfGroup();
  throw lacking(`${change.key ?? 'this'} of a member`);
}

function serviceChange(objects: Found, virtual: string, name: string, change: Change): readonly Sent[] {
  const of = { kind: 'service', name };
  const bindings = { kind: 'lb vserver', name: virtual };
  const said = `lb vserver ${quoteWord(virtual)}`;
  if (change.action === 'create') {
    const member = memberSchema.parse(change.desired);
    const fellow = fellowOf(objects, virtual);
    const server = serverOf(objects, member);
    const add = `add service ${quoteWord(name)} ${quoteWord(server.name)} ${fellow.type} ${portOf(member)}${fellow.options}${stateText(member.adminState)}`;
    return [
      ...server.sent,
      { command: add, inverse: `rm service ${quoteWord(name)}`, of },
      {
        command: `bind ${said} ${quoteWord(name)}${weightText(member.weight)}`,
        inverse: `unbind ${said} ${quoteWord(name)}`,
        of: bindings,
      },
    ];
  }
  const bind = objects.of('lb vserver', virtual).binds.find((one) => subjectOf(one).rest[0] === name);
  if (!objects.has('service', name) || bind === undefined) throw gone(`service "${name}" of "${virtual}"`);
  if (change.action === 'delete') {
    const again = [`bind ${said} ${quoteWord(name)}`, ...optionsText(bind)].join(' ');
    return [{ command: `unbind ${said} ${quoteWord(name)}`, inverse: again, of: bindings }];
  }
  if (change.key === 'weight') {
    const [now, was] = [weightOf(change.desired), weightOf(change.prior)];
    const [command, inverse] = [now, was].map((value) => `set ${said} -weight ${value} ${quoteWord(name)}`);
    return [{ command: command ?? '', inverse: inverse ?? '', of: bindings }];
  }
  if (change.key === 'adminState') return [stateChange(of, `service ${quoteWord(name)}`, change)];
  if (change.key === 'maxConnections') {
    const [now, was] = [countOf(change.desired), countOf(change.prior)];
    return [set(of, `set service ${quoteWord(name)} -maxClient`, now, was)];
  }
  throw lacking(`${change.key ?? 'this'} of a member`);
}

/** `disable -graceFul YES` lets held connections end and has no deadline; `disable` alone cuts them. */
function stateChange(of: Sent['of'], said: string, { prior, desired }: Change): Sent {
  return { command: stateCommand(said, desired), inverse: stateCommand(said, prior), of };
}

function stateCommand(said: string, state: unknown): string {
  const wanted = state === undefined ? 'enabled' : adminStateSchema.parse(state);
  if (wanted === 'enabled') return `enable ${said}`;
  return wanted === 'draining' ? `disable ${said} -graceFul YES` : `disable ${said}`;
}

/** The method stands on the virtual server: every pool under it gets it. */
function algorithmChange(objects: Found, pool: string, { desired }: Change): readonly Sent[] {
  const { virtual } = poolOf(objects, pool);
  if (virtual === '') throw lacking(`an algorithm of "${pool}", which no virtual server binds`);
  const wish = algorithmSettings(algorithmSchema.parse(desired));
  const method = methodOfName(wish);
  if (method === undefined) throw lacking(`the algorithm ${wish.name}`);
  const now = new Options(objects.of('lb vserver', virtual).commands);
  return setOptions(virtual, now, { lbMethod: method.method, ...method.settings });
}

function virtualServerChange(objects: Found, name: string, change: Change): readonly Sent[] {
  const kind = objects.has('lb vserver', name) ? 'lb vserver' : 'cs vserver';
  if (!objects.has(kind, name)) throw gone(`virtual server "${name}"`);
  if (change.key === 'adminState') {
    if (change.desired === 'draining') throw lacking('draining a whole virtual server');
    return [stateChange({ kind, name }, `${kind} ${quoteWord(name)}`, change)];
  }
  if (change.key !== 'persistence' || kind !== 'lb vserver')
    throw lacking(`${change.key ?? 'this'} of a virtual server`);
  const now = new Options(objects.of(kind, name).commands);
  if (change.desired === undefined) return setOptions(name, now, { persistenceType: 'NONE' });
  const wish = persistenceSchema.parse(change.desired);
  const type = typeOfPersistence(wish);
  if (type === undefined) throw lacking(`persistence by ${wish.method ?? 'nothing'}`);
  return setOptions(name, now, { persistenceType: type, ...persistenceSettings(wish) });
}

function persistenceSettings(wish: Persistence): Record<string, string> {
  const { timeoutMs, ipv4Prefix, ipv6Prefix, cookieName, expression } = wish;
  if (timeoutMs !== undefined && timeoutMs % 60_000 !== 0) {
    throw lacking('a time-out of persistence that is no whole number of minutes');
  }
  return {
    ...(timeoutMs === undefined ? {} : { timeout: String(timeoutMs / 60_000) }),
    ...(ipv4Prefix === undefined ? {} : { persistMask: maskOf(ipv4Prefix) }),
    ...(ipv6Prefix === undefined ? {} : { v6persistmasklen: String(ipv6Prefix) }),
    ...(cookieName === undefined ? {} : { cookieName }),
    ...(expression === undefined ? {} : { rule: expression }),
  };
}

/** One `set` with all options; what had no value before is `unset` on the way back. */
function setOptions(virtual: string, now: Options, wanted: Readonly<Record<string, string>>): readonly Sent[] {
  const said = `lb vserver ${quoteWord(virtual)}`;
  const of = { kind: 'lb vserver', name: virtual };
  const changed = Object.entries(wanted).filter(([name, value]) => now.text(name) !== value);
  if (changed.length === 0) return [];
  const words = changed.map(([name, value]) => `-${name} ${quoteWord(value)}`).join(' ');
  const had = changed.flatMap(([name]) => {
    const value = now.text(name);
    return value === undefined ? [] : [`-${name} ${quoteWord(value)}`];
  });
  const lacked = changed.filter(([name]) => now.text(name) === undefined).map(([name]) => `-${name}`);
  const back = had.length === 0 ? `unset ${said} ${lacked.join(' ')}` : `set ${said} ${had.join(' ')}`;
  const sent: Sent[] = [{ command: `set ${said} ${words}`, inverse: back, of }];
  if (had.length > 0 && lacked.length > 0) {
    // Sent before it, and so taken back after it: nothing that the older setting needs is missing in between.
    sent.unshift({ command: `set ${said} ${had.join(' ')}`, inverse: `unset ${said} ${lacked.join(' ')}`, of });
  }
  return sent;
}

/** The server that a new member stands on: the one that it names, one with its address, or a new one. */
function serverOf(objects: Found, member: Member): { readonly name: string; readonly sent: readonly Sent[] } {
  const servers = objects.all('server');
  const address = member.address ?? '';
  const known = servers.find(({ name, commands }) => {
    return member.node === undefined ? commands.some(({ words }) => words[3] === address) : name === member.node;
  });
  if (known !== undefined) return { name: known.name, sent: [] };
  const name = member.node ?? address;
  const command = `add server ${quoteWord(name)} ${quoteWord(address)}`;
  return { name, sent: [{ command, inverse: `rm server ${quoteWord(name)}`, of: { kind: 'server', name } }] };
}

/** A new service speaks what its fellows speak, with their settings; without any, what the virtual server speaks. */
function fellowOf(objects: Found, virtual: string): { readonly type: string; readonly options: string } {
  const [fellow] = objects
    .of('lb vserver', virtual)
    .binds.map((bind) => subjectOf(bind).rest[0] ?? '')
    .filter((name) => objects.has('service', name));
  const source = fellow === undefined ? objects.of('lb vserver', virtual) : objects.of('service', fellow);
  const [add] = source.commands;
  const type = (add === undefined ? undefined : subjectOf(add).rest[fellow === undefined ? 0 : 1]) ?? 'HTTP';
  const own = new Set(['state', 'maxclient', 'comment', 'customserverid', 'hashid']);
  const options = fellow === undefined ? [] : (add?.options ?? []).filter(({ name }) => !own.has(name.toLowerCase()));
  return {
    type,
    options: optionsText({ options })
      .map((text) => ` ${text}`)
      .join(''),
  };
}

function set(of: Sent['of'], words: string, now: string, was: string): Sent {
  return { command: `${words} ${now}`, inverse: `${words} ${was}`, of };
}

function optionsText({
  options,
}: {
  readonly options: readonly { name: string; values: readonly string[] }[];
}): string[] {
  return options.map(({ name, values }) => [`-${name}`, ...values.map(quoteWord)].join(' '));
}

/** 1 to 100 (CLI reference, `bind serviceGroup`); 1 where nothing is said. */
function weightOf(value: unknown): string {
  if (value === undefined) return '1';
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 100) return String(value);
  throw lacking(`the weight ${JSON.stringify(value)}: weights are 1 to 100; drain the member instead of weight 0`);
}

function weightText(weight: number | undefined): string {
  return weight === undefined ? '' : ` -weight ${weightOf(weight)}`;
}

function stateText(state: Member['adminState']): string {
  return state === undefined || state === 'enabled' ? '' : ' -state DISABLED';
}

function countOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : '0';
}

function portOf({ port }: Member): string {
  return port === undefined ? '*' : String(port);
}

function maskOf(prefix: number): string {
  const bits = '1'.repeat(prefix).padEnd(32, '0');
  return [0, 8, 16, 24].map((at) => parseInt(bits.slice(at, at + 8), 2)).join('.');
}

function gone(what: string): AppError {
  return new AppError('PLAN_INVALID', `There is no ${what} on the appliance. Read it again.`);
}

function limitOfGroup(): AppError {
  return lacking('a connection limit of one member: it stands on the whole service group');
}

function lacking(what: string): AppError {
  return new AppError(
    'CAPABILITY_MISSING',
    `Steelyard cannot change this on a NetScaler yet: ${what}. Do it on the appliance; the next reading shows it.`,
  );
}
