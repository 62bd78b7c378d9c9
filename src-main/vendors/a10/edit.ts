import { AppError } from '../../contract/errors.ts';
import {
  adminStateSchema,
  algorithmSchema,
  algorithmSettings,
  memberSchema,
  persistenceSchema,
} from '../../contract/model.ts';
import type { Change, Edit } from '../../contract/plan.ts';
import type { SourceFile } from '../vendor.ts';
import { methodOfAlgorithm } from './algorithms.ts';
import { persistenceLines } from './edit-persistence.ts';
import { changesOf, type Part, partsOf } from './partitions.ts';
import { gone, headOf, lacking, type PartSent, type Scene, type Sent, setting, word } from './sent.ts';
import { A10Text, beginsWith, findIn, type Line, wordsOf } from './text.ts';
import { applied, type Typed } from './write.ts';

/**
 * The lines of an edit, each with its inverse. Knows members (new, gone, `weight` and `maxConnections` on the server's port, `priority`,
 * `adminState`), pools (`algorithm`, `monitors`, `minActiveMembers`) and of virtual ports `adminState`, `pool`, `connectionLimit`,
 * `persistence`. Throws CAPABILITY_MISSING for the rest and PLAN_INVALID for a subject that is not there.
 */
export function linesOfEdit(parts: readonly Part[], edit: Edit): readonly PartSent[] {
  const partitions = parts.map(({ partition }) => partition).filter((name) => name !== '');
  const wished = edit.changes.filter(({ action }) => action !== 'no-op');
  return parts.flatMap(({ partition, text }) => {
    const scene: Scene = { text: new A10Text(text) };
    const changes = changesOf({ ...edit, changes: wished }, partition, partitions);
    return changes.flatMap((change) => changed(scene, change).map((sent): PartSent => ({ ...sent, partition })));
  });
}

/** The running-configs with the edit's lines typed. */
export function editA10(base: readonly SourceFile[], edit: Edit): readonly SourceFile[] {
  const parts = partsOf(base);
  if (parts.length === 0 || new Set(parts.map(({ partition }) => partition)).size < parts.length)
    throw new AppError(
      'PLAN_INVALID',
      `An A10's configuration is one running-config for each partition, but ${String(base.length)} files were given.`,
    );
  const after = applied(parts, linesOfEdit(parts, edit));
  return base.map(({ path }, at) => ({ path, bytes: Buffer.from(after[at]?.text ?? '') }));
}

function changed(scene: Scene, change: Change): readonly Sent[] {
  const { subject, action, key } = change;
  const [name = '', member = ''] = subject.path;
  if (subject.kind === 'member') return memberChange(scene, name, member, change);
  if (subject.kind === 'pool' && action === 'update') return poolChange(scene, name, change);
  if (subject.kind === 'virtualServer' && action === 'update') return virtualChange(scene, name, change);
  throw lacking(`${action} ${subject.kind}${key === undefined ? '' : ` (${key})`}`);
}

function groupOf({ text }: Scene, name: string): Line {
  const group = text.find(['slb', 'service-group', name]);
  if (group === undefined) throw gone(`service group "${name}"`);
  return group;
}

function memberChange(scene: Scene, pool: string, name: string, change: Change): readonly Sent[] {
  const group = groupOf(scene, pool);
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

function stateLine(block: Line, below: readonly Line[], desired: unknown): Sent {
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
  const ofServer = `slb server ${name}`;
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

function poolChange(scene: Scene, name: string, change: Change): readonly Sent[] {
  const group = groupOf(scene, name);
  switch (change.key ?? '') {
    case 'algorithm': {
      const wish =
        change.desired === undefined
          ? { name: 'round-robin' as const }
          : algorithmSettings(algorithmSchema.parse(change.desired));
      const method = methodOfAlgorithm(wish);
      if (method === undefined) throw lacking(`the algorithm ${wish.name}`);
      return setting(group, [], 'method', method, 'round-robin');
    }
    case 'monitors': {
      const [monitor, ...others] = memberSchema.shape.monitors.parse(change.desired) ?? [];
      if (others.length > 0) throw lacking('more than one monitor of a service group');
      return setting(group, [], 'health-check', monitor);
    }
    case 'minActiveMembers':
      return setting(group, [], 'min-active-member', numberOf(orNone(change.desired), 'number', 1, 1024));
    default:
      throw lacking(`${change.key ?? 'this'} of a service group`);
  }
}

/** A virtual server of the model is a port of one of the device: `NAME:PORT`. */
function virtualChange(scene: Scene, name: string, change: Change): readonly Sent[] {
  const [, server = '', number = ''] = /^(.*):(\d+)$/.exec(name) ?? [];
  const block = scene.text.find(['slb', 'virtual-server', server]);
  const port = block && findIn(block.children, ['port', number]);
  if (block === undefined || port === undefined) throw gone(`virtual port "${name}"`);
  switch (change.key ?? '') {
    case 'adminState': {
      if (change.desired === 'draining')
        throw lacking('draining a whole virtual port: disable it, or drain its members');
      if (block.children.some(({ text }) => text === 'disable'))
        throw lacking(`the state of "${name}", whose whole virtual server is disabled`);
      return [stateLine(block, [port], change.desired)];
    }
    case 'pool':
      return setting(
        block,
        [port],
        'service-group',
        typeof change.desired === 'string' ? word(change.desired) : undefined,
      );
    case 'connectionLimit':
      return setting(block, [port], 'conn-limit', limitOf(change.desired));
    case 'persistence':
      return persistenceLines(
        scene,
        block,
        port,
        change.desired === undefined ? undefined : persistenceSchema.parse(change.desired),
      );
    default:
      throw lacking(`${change.key ?? 'this'} of a virtual port`);
  }
}

function limitOf(value: unknown): string | undefined {
  return numberOf(orNone(value), 'limit', 1, 64_000_000);
}

/** 0 is how the model says that there is no limit. */
function orNone(value: unknown): unknown {
  return value === 0 ? undefined : value;
}

function numberOf(value: unknown, what: string, lowest: number, highest: number): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= lowest && value <= highest) return String(value);
  throw lacking(`the ${what} ${JSON.stringify(value)}: it is ${String(lowest)} to ${String(highest)}`);
}

function old(): AppError {
  return lacking('members of ACOS 2, which stand in a form of their own; from ACOS 4 on they are changed');
}
