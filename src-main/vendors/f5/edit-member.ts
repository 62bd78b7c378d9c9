import { AppError } from '../../contract/errors.ts';
import { type AdminState, adminStateSchema, type Member, memberSchema } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { splitEndpoint } from './addresses.ts';
import { created, gone, lacking, partOf, type Scene, type Sent, settingOf, wordsOf } from './sent.ts';
import { type Item, keyOf, lineOf } from './text.ts';

/** Changes of a pool's member. A ratio is 1 to 65535; state and session are set together, as the device's own pages do. */
export function memberChange(scene: Scene, change: Change): readonly Sent[] {
  const [poolName = '', name = ''] = change.subject.path;
  const pool = partOf(scene, `ltm pool ${poolName}`);
  const member = settingOf(pool, 'members')?.body?.find(({ words }) => words[0] === name);
  if (change.action === 'create') return added(scene, pool, memberSchema.parse(change.desired));
  if (member === undefined) throw gone(`member "${name}" of pool "${poolName}"`);
  if (change.action === 'delete') {
    const of = keyOf(pool);
    const back = `modify ${of} members add { ${lineOf({ ...member, body: member.body ?? [] })} }`;
    return [{ command: `modify ${of} members delete { ${name} }`, inverse: back, of }];
  }
  const [now, was] = settingsOf(change, member);
  if (now === was) return [];
  const said = `modify ${keyOf(pool)} members modify { ${name}`;
  return [{ command: `${said} { ${now} } }`, inverse: `${said} { ${was} } }`, of: keyOf(pool) }];
}

/** The settings as they shall be, and as they were; what was not written has the device's own value. */
function settingsOf({ key, desired }: Change, member: Item): readonly [string, string] {
  function pair(word: string, value: string, rest: string): readonly [string, string] {
    return [`${word} ${value}`, `${word} ${wordsOf(member, word) ?? rest}`];
  }
  switch (key ?? '') {
    case 'weight':
      return pair('ratio', ratioOf(desired), '1');
    case 'priority':
      return pair('priority-group', countOf(desired, 'priority', 65_535), '0');
    case 'maxConnections':
      return pair('connection-limit', countOf(desired, 'connection limit', 4_294_967_295), '0');
    case 'adminState':
      return [stateText(desired === undefined ? 'enabled' : adminStateSchema.parse(desired)), stateOf(member)];
    case 'monitors':
      return pair('monitor', monitorText(desired), 'default');
    default:
      throw lacking(`${key ?? 'this'} of a member`);
  }
}

/** "Disabled" lets held clients come, "forced offline" lets nobody (K13310). */
export function stateText(state: AdminState): string {
  if (state === 'enabled') return 'session user-enabled state user-up';
  return `session user-disabled state ${state === 'draining' ? 'user-up' : 'user-down'}`;
}

/** The same of a member as it is written. */
export function stateOf(member: Item): string {
  const session = wordsOf(member, 'session') === 'user-disabled' ? 'user-disabled' : 'user-enabled';
  const state = wordsOf(member, 'state') === 'user-down' ? 'user-down' : 'user-up';
  return `session ${session} state ${state}`;
}

function added(scene: Scene, pool: Item, member: Member): readonly Sent[] {
  const { nodeName, address } = placeOf(scene, pool, member);
  const has = scene.text.find(`ltm node ${nodeName}`);
  const node =
    has === undefined ? [created({ words: ['ltm', 'node', nodeName], body: [{ words: ['address', address] }] })] : [];
  const of = keyOf(pool);
  const body = [`address ${address}`, ...settingsOfNew(member)].join(' ');
  const add = {
    command: `modify ${of} members add { ${member.name} { ${body} } }`,
    inverse: `modify ${of} members delete { ${member.name} }`,
    of,
  };
  return [...node, add];
}

/** The settings of a new member that are not the device's own, in its words. */
export function settingsOfNew(member: Member): readonly string[] {
  const { weight, priority, maxConnections, adminState, monitors } = member;
  return [
    ...(weight === undefined ? [] : [`ratio ${ratioOf(weight)}`]),
    ...(priority === undefined ? [] : [`priority-group ${countOf(priority, 'priority', 65_535)}`]),
    ...(maxConnections === undefined ? [] : [`connection-limit ${String(maxConnections)}`]),
    ...(monitors === undefined ? [] : [`monitor ${monitorText(monitors)}`]),
    ...(adminState === undefined || adminState === 'enabled' ? [] : [stateText(adminState)]),
  ];
}

/** A member is named after its node and its port; the node is made where no node has that name. */
export function placeOf(
  scene: Scene,
  pool: Item,
  member: Member,
): { readonly nodeName: string; readonly address: string } {
  const folder = (pool.words.at(-1) ?? '').replace(/[^/]+$/, '');
  const { host, port } = splitEndpoint(member.name);
  const nodeName = member.name.slice(0, member.name.lastIndexOf(host) + host.length);
  const { address = '', port: wanted } = member;
  if (!nodeName.startsWith('/') || port === undefined || port !== wanted) {
    const example = `${folder}${address}${address.includes(':') ? '.' : ':'}${String(wanted ?? 80)}`;
    throw new AppError(
      'PLAN_INVALID',
      `A BIG-IP names a member after its node and port, from the partition on: "${member.name}" would be ${example}.`,
    );
  }
  const node = scene.text.find(`ltm node ${nodeName}`);
  const known = node && wordsOf(node, 'address');
  if (known !== undefined && known !== address) {
    throw new AppError(
      'PLAN_INVALID',
      `The node ${nodeName} has the address ${known}, not ${address}: choose another name.`,
    );
  }
  return { nodeName, address };
}

export function ratioOf(value: unknown): string {
  if (value === undefined) return '1';
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535) return String(value);
  throw lacking(`the weight ${JSON.stringify(value)}: ratios are 1 to 65535; drain the member instead of weight 0`);
}

function countOf(value: unknown, what: string, most: number): string {
  if (value === undefined) return '0';
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return String(value);
  throw lacking(`the ${what} ${JSON.stringify(value)}: it is 0 to ${String(most)}`);
}

function monitorText(value: unknown): string {
  if (value === undefined) return 'default';
  const names = memberSchema.shape.monitors.parse(value) ?? [];
  return names.length === 0 ? 'none' : names.join(' and ');
}
