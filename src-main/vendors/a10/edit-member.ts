import { AppError } from '../../contract/errors.ts';
import { adminStateSchema, memberSchema } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { blockOf, gone, headOf, lacking, limitOf, numberOf, type Scene, type Sent, setting, word } from './sent.ts';
import { beginsWith, findIn, type Line, wordsOf } from './text.ts';
import type { Typed } from './write.ts';

/** Members: new, gone, `priority`, `adminState`; `weight` and `maxConnections` stand on the server's port. */
export function memberChange(scene: Scene, pool: string, name: string, change: Change): readonly Sent[] {
  const group = blockOf(scene, 'slb service-group', pool, 'service group');
  if (change.action === 'create') return addMember(scene, group, change);
  const at = name.lastIndexOf(':');
  const [server, port] = [name.slice(0, at), name.slice(at + 1)];
  if (findIn(group.children, ['member', `${server}:${port}`]) !== undefined) throw old();
  const member = findIn(group.children, ['member', server, port]);
  if (member === undefined) throw gone(`member "${name}" of service group "${pool}"`);
  const of = headOf(group);
  if (change.action === 'delete') {
    const text = `member ${word(server)} ${port}`;
    // Its settings go with it; on the way back each is typed again.
    const settings = member.children.map((child): Typed => [group.text, text, child.text]);
    return [{ typed: [group.text, `no ${text}`], inverse: [[group.text, text], ...settings], of }];
  }
  switch (change.key ?? '') {
    case 'priority':
      return setting(group, [member], 'priority', numberOf(change.desired, 'priority', 1, 16), '1');
    case 'adminState':
      return [stateLine(group, [member], change.desired)];
    case 'weight':
      return onPort(scene, server, port, group, 'weight', numberOf(change.desired, 'weight', 1, 1000));
    case 'maxConnections':
      return onPort(scene, server, port, group, 'conn-limit', limitOf(change.desired));
    default:
      throw lacking(`${change.key ?? 'this'} of a member`);
  }
}

/** On the port of the server: every group that has this member gets it. */
function onPort(
  scene: Scene,
  server: string,
  port: string,
  group: Line,
  key: string,
  value: string | undefined,
): readonly Sent[] {
  const head = scene.text.find(['slb', 'server', server]);
  const protocol = wordsOf(group.text)[3] ?? 'tcp';
  const line = head && findIn(head.children, ['port', port, protocol]);
  if (head === undefined || line === undefined) throw gone(`port ${port} ${protocol} of server "${server}"`);
  return setting(head, [line], key, value, key === 'weight' ? '1' : undefined);
}

export function stateLine(block: Line, below: readonly Line[], desired: unknown): Sent {
  const inner = below.at(-1) ?? block;
  const modes = [block, ...below].map(({ text }) => text);
  const words = { enabled: 'enable', draining: 'disable-with-health-check', disabled: 'disable' };
  const wish = desired === undefined ? 'enabled' : adminStateSchema.parse(desired);
  const was =
    inner.children.findLast(({ text }) => /^(?:enable|disable|disable-with-health-check)$/.test(text))?.text ??
    'enable';
  return { typed: [...modes, words[wish]], inverse: [[...modes, was]], of: headOf(block) };
}

function addMember(scene: Scene, group: Line, change: Change): readonly Sent[] {
  const member = memberSchema.parse(change.desired);
  const { address = '', port = 0 } = member;
  const protocol = wordsOf(group.text)[3] ?? 'tcp';
  const known = scene.text.lines.find(
    (line) => beginsWith(line.text, ['slb', 'server']) && wordsOf(line.text)[3] === address,
  );
  const name = member.node ?? (known === undefined ? member.name.replace(/:\d+$/, '') : (wordsOf(known.text)[2] ?? ''));
  if (member.name !== `${name}:${String(port)}`)
    throw new AppError(
      'PLAN_INVALID',
      `An A10 names a member after its server and port: "${member.name}" would be ${name}:${String(port)}.`,
    );
  const head = scene.text.find(['slb', 'server', name]);
  const address2 = head === undefined ? address : (wordsOf(head.text)[3] ?? '');
  if (address2 !== address)
    throw new AppError(
      'PLAN_INVALID',
      `The server ${name} has the address ${address2}, not ${address}: choose another name.`,
    );
  const server = head?.text ?? `slb server ${word(name)} ${address}`;
  const ofServer = headOf({ text: server });
  const portLine = `port ${String(port)} ${protocol}`;
  const sent: Sent[] = [];
  if (head === undefined) sent.push({ typed: [server], inverse: [[`no ${ofServer}`]], of: ofServer });
  if (head === undefined || findIn(head.children, wordsOf(portLine)) === undefined)
    sent.push({ typed: [server, portLine], inverse: [[server, `no ${portLine}`]], of: ofServer });
  const there = head && findIn(head.children, wordsOf(portLine));
  const onServer: Line = { text: server, children: [] };
  const line: Line = { text: portLine, children: there?.children ?? [] };
  if (member.weight !== undefined)
    sent.push(...setting(onServer, [line], 'weight', numberOf(member.weight, 'weight', 1, 1000), '1'));
  if (member.maxConnections !== undefined)
    sent.push(...setting(onServer, [line], 'conn-limit', limitOf(member.maxConnections)));
  const text = `member ${word(name)} ${String(port)}`;
  const of = headOf(group);
  sent.push({ typed: [group.text, text], inverse: [[group.text, `no ${text}`]], of });
  const own: Line = { text, children: [] };
  if (member.priority !== undefined)
    sent.push(...setting(group, [own], 'priority', numberOf(member.priority, 'priority', 1, 16), '1'));
  if (member.adminState !== undefined && member.adminState !== 'enabled')
    sent.push(stateLine(group, [own], member.adminState));
  return sent;
}

function old(): AppError {
  return lacking('members of ACOS 2, which stand in a form of their own; from ACOS 4 on they are changed');
}
