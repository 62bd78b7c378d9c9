import { AppError } from '../../contract/errors.ts';
import type { Pool } from '../../contract/model.ts';
import { methodOptions } from './algorithms.ts';
import { Options } from './commands.ts';
import { newGroupMember } from './edit-member.ts';
import { bindMonitors } from './edit-monitor.ts';
import { newServerTls } from './edit-server-tls.ts';
import { subjectOf } from './objects.ts';
import { addText, lacking, optionsText, refused, refuseTaken, type Scene, type Sent, setOptions } from './sent.ts';
import { quoteWord } from './write.ts';

const keys = new Set('name members monitors algorithm protocol tls responseTimeoutMs adminState native'.split(' '));

/**
 * A new pool is a service group, bound to the virtual server that its name begins with (`VSERVER/GROUP`): one that is there is bound
 * here, a new one when it is made. A group that is there already is bound to one virtual server more.
 */
export function newPool(scene: Scene, pool: Pool): readonly Sent[] {
  const { virtual, group } = placeOf(scene, pool.name);
  const other = Object.keys(pool).find((key) => !keys.has(key));
  if (other !== undefined) throw lacking(`${other} of a new pool`);
  const made = scene.objects.has('servicegroup', group) ? shared(pool, group) : newGroup(scene, pool, virtual, group);
  if (!scene.objects.has('lb vserver', virtual)) return made;
  const of = { kind: 'lb vserver', name: virtual };
  const said = `lb vserver ${quoteWord(virtual)}`;
  const now = new Options(scene.objects.of('lb vserver', virtual).commands);
  const method = pool.algorithm === undefined ? [] : setOptions({ said, of }, now, methodOptions(pool.algorithm));
  const bind = `${said} ${quoteWord(group)}`;
  return [...made, ...method, { command: `bind ${bind}`, inverse: `unbind ${bind}`, of }];
}

/** The virtual server and the group that a new pool's name says; the group alone where it is to be bound to none. */
function placeOf({ objects, edit }: Scene, name: string): { readonly virtual: string; readonly group: string } {
  for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) {
    const virtual = name.slice(0, at);
    const isThere =
      objects.has('lb vserver', virtual) || edit.target.virtualServers.some((one) => one.name === virtual);
    if (isThere) return { virtual, group: name.slice(at + 1) };
  }
  if (objects.has('lb vserver', name) || edit.target.virtualServers.some((one) => one.name === name)) {
    throw refused(
      `A new pool is a service group, and the name of one under a virtual server is "${name}/GROUP": call it so.`,
    );
  }
  return { virtual: '', group: name };
}

function shared(pool: Pool, group: string): readonly Sent[] {
  const own = Object.keys(pool).find((key) => !['name', 'algorithm', 'native'].includes(key));
  if (own === undefined) return [];
  throw new AppError(
    'PLAN_INVALID',
    `There is a service group "${group}" already. To bind it to one virtual server more, name the pool "${pool.name}" without its ${own}; else choose another name.`,
  );
}

function newGroup(scene: Scene, pool: Pool, virtual: string, group: string): readonly Sent[] {
  refuseTaken(scene, 'service', group, 'a service');
  const { members = [], monitors = [], adminState, responseTimeoutMs } = pool;
  const limits = [...new Set(members.map(({ maxConnections = 0 }) => maxConnections))];
  if (limits.length > 1) {
    throw refused(
      `A connection limit stands on the whole service group "${group}": give all its members the same one.`,
    );
  }
  if (responseTimeoutMs !== undefined && responseTimeoutMs % 1000 !== 0)
    throw lacking('a time-out that is no whole second');
  const options = [
    ...(limits[0] === undefined || limits[0] === 0 ? [] : [`-maxClient ${String(limits[0])}`]),
    ...(responseTimeoutMs === undefined ? [] : [`-svrTimeout ${String(responseTimeoutMs / 1000)}`]),
    ...(adminState === undefined || adminState === 'enabled' ? [] : ['-state DISABLED']),
  ];
  const said = `serviceGroup ${quoteWord(group)}`;
  const add = ['add', said, typeOf(scene, pool, virtual), ...options].join(' ');
  const servers = new Set<string>();
  const bound = members.flatMap((member) => {
    // Two members on one new server make it once.
    return newGroupMember(scene, group, pool.name, member).filter(({ command, of }) => {
      const isAgain = of.kind === 'server' && servers.has(command);
      servers.add(command);
      return !isAgain;
    });
  });
  return [
    { command: add, inverse: `rm ${said}`, of: { kind: 'servicegroup', name: group } },
    ...newServerTls(group, pool.tls),
    ...bound,
    ...bindMonitors(scene, 'serviceGroup', group, [], monitors),
  ];
}

/** A group speaks with its members what its virtual server hands on. */
function typeOf({ objects }: Scene, { protocol, tls }: Pool, virtual: string): string {
  const front = objects
    .of('lb vserver', virtual)
    .commands.map(subjectOf)
    .find(({ verb }) => verb === 'add')?.rest[0];
  const isHttp = front === undefined ? protocol === undefined || protocol === 'http' : /^(?:HTTP|SSL)$/i.test(front);
  if (protocol === 'udp') return 'UDP';
  if (isHttp && protocol !== 'tcp') return tls === undefined ? 'HTTP' : 'SSL';
  if (tls !== undefined) return 'SSL_TCP';
  return front === undefined || /^(?:HTTP|SSL|SSL_TCP)$/i.test(front) ? 'TCP' : front;
}

/** The group goes with its last binding; its servers stay. */
export function removePool(
  { objects }: Scene,
  name: string,
  virtual: string,
  group: string | undefined,
): readonly Sent[] {
  if (group === undefined) {
    throw refused(
      `"${name}" is made of services: take its members out one by one, and remove the services that nothing needs on the appliance.`,
    );
  }
  const holders = objects
    .all('lb vserver')
    .filter(({ binds }) => binds.some((bind) => subjectOf(bind).rest[0] === group))
    .map((one) => one.name);
  const sent: Sent[] = holders
    .filter((holder) => holder === virtual)
    .map((holder) => {
      const both = `lb vserver ${quoteWord(holder)} ${quoteWord(group)}`;
      return { command: `unbind ${both}`, inverse: `bind ${both}`, of: { kind: 'lb vserver', name: holder } };
    });
  if (holders.some((holder) => holder !== virtual)) return sent;
  return [...sent, ...removeGroup(objects, group)];
}

function removeGroup(objects: Scene['objects'], group: string): readonly Sent[] {
  const of = { kind: 'servicegroup', name: group };
  const said = `serviceGroup ${quoteWord(group)}`;
  const { commands, binds } = objects.of('servicegroup', group);
  const unbound = binds.map((bind): Sent => {
    const monitor = new Options([bind]).text('monitorName');
    const place = subjectOf(bind).rest.map(quoteWord).join(' ');
    const what = monitor === undefined ? place : `-monitorName ${quoteWord(monitor)}`;
    const again = ['bind', said, ...(place === '' ? [] : [place]), ...optionsText(bind)].join(' ');
    return { command: `unbind ${said} ${what}`, inverse: again, of };
  });
  // Backwards, so that the way back binds them in their old order.
  return [
    ...unbound.toReversed(),
    ...removedTls(objects, group),
    { command: `rm ${said}`, inverse: addText(commands), of },
  ];
}

/** What TLS settings a group takes along. */
function removedTls(objects: Scene['objects'], group: string): readonly Sent[] {
  const of = { kind: 'ssl servicegroup', name: group };
  const said = `ssl serviceGroup ${quoteWord(group)}`;
  const { commands, binds } = objects.of('ssl servicegroup', group);
  const bound = binds
    .filter((bind) => !new Options([bind]).has('eccCurveName')) // these come and go with it
    .map((bind): Sent => {
      const words = optionsText(bind).join(' ');
      return { command: `unbind ${said} ${words}`, inverse: `bind ${said} ${words}`, of };
    });
  const set = commands.flatMap(({ options }) => options);
  if (set.length === 0) return bound;
  const unset = `unset ${said} ${set.map(({ name }) => `-${name}`).join(' ')}`;
  return [...bound, { command: unset, inverse: `set ${said} ${optionsText({ options: set }).join(' ')}`, of }];
}
