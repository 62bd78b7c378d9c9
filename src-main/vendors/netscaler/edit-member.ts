import { adminStateSchema, type Member, memberSchema } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { Options } from './commands.ts';
import { bindMonitors, monitorNames } from './edit-monitor.ts';
import { subjectOf } from './objects.ts';
import { gone, lacking, optionsText, refused, type Scene, type Sent, setOptions } from './sent.ts';
import { quoteWord } from './write.ts';

/** A member of a service group: a server and a port that are bound to it. */
export function groupMemberChange(
  scene: Scene,
  group: string,
  pool: string,
  name: string,
  change: Change,
): readonly Sent[] {
  const of = { kind: 'servicegroup', name: group };
  const said = `serviceGroup ${quoteWord(group)}`;
  if (change.action === 'create') return newGroupMember(scene, group, pool, memberSchema.parse(change.desired));
  const bind = scene.objects.of('servicegroup', group).binds.find((one) => {
    const [server, port] = subjectOf(one).rest;
    return server !== undefined && (port === undefined || !/^\d+$/.test(port) ? server : `${server}:${port}`) === name;
  });
  if (bind === undefined) throw gone(`member "${name}" of service group "${group}"`);
  const place = subjectOf(bind).rest.slice(0, 2).map(quoteWord).join(' ');
  if (change.action === 'delete') {
    const again = [`bind ${said} ${place}`, ...optionsText(bind)].join(' ');
    return [{ command: `unbind ${said} ${place}`, inverse: again, of }];
  }
  if (change.key === 'weight') {
    return [set(of, `set ${said} ${place} -weight`, weightOf(change.desired), weightOf(change.prior))];
  }
  if (change.key === 'adminState') return [stateChange(of, `${said} ${place}`, change)];
  if (change.key === 'maxConnections') return groupLimit(scene, group, pool);
  if (change.key === 'monitors') {
    throw refused(
      `Monitors of a service group watch all its members: name them in the pool "${pool}", not in "${name}".`,
    );
  }
  throw lacking(`${change.key ?? 'this'} of a member`);
}

/** `bind serviceGroup G SERVER PORT`, and the server where there is none yet. */
export function newGroupMember(scene: Scene, group: string, pool: string, member: Member): readonly Sent[] {
  const { objects, edit } = scene;
  const said = `serviceGroup ${quoteWord(group)}`;
  const limit = new Options(objects.of('servicegroup', group).commands).number('maxClient') ?? 0;
  const target = edit.target.pools.find(({ name }) => name === pool);
  const isOfAll = target?.members.every(({ maxConnections = limit }) => maxConnections === member.maxConnections);
  if ((member.maxConnections ?? limit) !== limit && isOfAll !== true) throw limitOfGroup(group);
  // A member of a group is called after its server and port.
  const server = serverOf(scene, member, member.name.replace(/:(?:\d+|\*)$/, ''));
  const place = `${quoteWord(server.name)} ${portOf(member)}`;
  const bind = `bind ${said} ${place}${weightText(member.weight)}${stateText(member.adminState)}`;
  return [
    ...server.sent,
    { command: bind, inverse: `unbind ${said} ${place}`, of: { kind: 'servicegroup', name: group } },
  ];
}

/** `-maxClient` of a group is the limit of each of its members. */
function groupLimit({ objects, edit }: Scene, group: string, pool: string): readonly Sent[] {
  const members = edit.target.pools.find(({ name }) => name === pool)?.members ?? [];
  const [limit, ...others] = [...new Set(members.map(({ maxConnections = 0 }) => maxConnections))];
  if (limit === undefined || others.length > 0) throw limitOfGroup(group);
  const target = { said: `serviceGroup ${quoteWord(group)}`, of: { kind: 'servicegroup', name: group } };
  return setOptions(target, new Options(objects.of('servicegroup', group).commands), { maxClient: [String(limit)] });
}

function limitOfGroup(group: string): Error {
  return refused(
    `A connection limit of one member cannot be set on a NetScaler: it stands on the whole service group. Give all members of "${group}" the same one.`,
  );
}

/** A member that is a service of its own. */
export function serviceChange(scene: Scene, virtual: string, name: string, change: Change): readonly Sent[] {
  const { objects } = scene;
  const of = { kind: 'service', name };
  const bindings = { kind: 'lb vserver', name: virtual };
  const said = `lb vserver ${quoteWord(virtual)}`;
  if (change.action === 'create') return newService(scene, virtual, name, memberSchema.parse(change.desired));
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
  if (change.key === 'monitors') {
    return bindMonitors(scene, 'service', name, monitorNames(change.prior), monitorNames(change.desired));
  }
  throw lacking(`${change.key ?? 'this'} of a member`);
}

function newService(scene: Scene, virtual: string, name: string, member: Member): readonly Sent[] {
  const said = `lb vserver ${quoteWord(virtual)}`;
  const fellow = fellowOf(scene, virtual);
  const server = serverOf(scene, member);
  const limit = member.maxConnections === undefined ? '' : ` -maxClient ${String(member.maxConnections)}`;
  const place = `${quoteWord(server.name)} ${fellow.type} ${portOf(member)}`;
  const add = `add service ${quoteWord(name)} ${place}${limit}${fellow.options}${stateText(member.adminState)}`;
  return [
    ...server.sent,
    { command: add, inverse: `rm service ${quoteWord(name)}`, of: { kind: 'service', name } },
    ...bindMonitors(scene, 'service', name, [], member.monitors ?? []),
    {
      command: `bind ${said} ${quoteWord(name)}${weightText(member.weight)}`,
      inverse: `unbind ${said} ${quoteWord(name)}`,
      of: { kind: 'lb vserver', name: virtual },
    },
  ];
}

/** `disable -graceFul YES` lets held connections end and has no deadline; `disable` alone cuts them. */
export function stateChange(of: Sent['of'], said: string, { prior, desired }: Pick<Change, 'prior' | 'desired'>): Sent {
  return { command: stateCommand(said, desired), inverse: stateCommand(said, prior), of };
}

function stateCommand(said: string, state: unknown): string {
  const wanted = state === undefined ? 'enabled' : adminStateSchema.parse(state);
  if (wanted === 'enabled') return `enable ${said}`;
  return wanted === 'draining' ? `disable ${said} -graceFul YES` : `disable ${said}`;
}

/** The server that a new member stands on: the one that it names, one with its address, or a new one. */
function serverOf(
  { objects }: Scene,
  member: Member,
  called = member.address,
): { readonly name: string; readonly sent: readonly Sent[] } {
  const servers = objects.all('server');
  const address = member.address ?? '';
  const known = servers.find(({ name, commands }) => {
    return member.node === undefined ? commands.some(({ words }) => words[3] === address) : name === member.node;
  });
  if (known !== undefined) return { name: known.name, sent: [] };
  const name = member.node ?? called ?? address;
  const command = `add server ${quoteWord(name)} ${quoteWord(address)}`;
  return { name, sent: [{ command, inverse: `rm server ${quoteWord(name)}`, of: { kind: 'server', name } }] };
}

/** A new service speaks what its fellows speak, with their settings; without any, what the virtual server speaks. */
function fellowOf({ objects }: Scene, virtual: string): { readonly type: string; readonly options: string } {
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
