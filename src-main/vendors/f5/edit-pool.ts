import {
  algorithmSchema,
  algorithmSettings,
  type DevicePool,
  memberSchema,
  poolSchema,
  serverTlsSchema,
} from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { modeOfAlgorithm } from './algorithms.ts';
import { placeOf, settingsOfNew } from './edit-member.ts';
import { memberTlsCommands } from './edit-server-tls.ts';
import { created, deleted, gone, lacking, partOf, type Scene, type Sent, setValue } from './sent.ts';
import type { Item } from './text.ts';
import { readRaw } from './tree.ts';
import { itemOf } from './text.ts';

export function poolChange(scene: Scene, change: Change): readonly Sent[] {
  const [name = ''] = change.subject.path;
  if (change.action === 'create')
    return newPool(scene, poolSchema.extend({ members: memberSchema.array().default([]) }).parse(change.desired));
  const part = partOf(scene, `ltm pool ${name}`);
  if (change.action === 'delete') return [deleted(part)];
  const pool = scene.target.pools.find((one) => one.name === name);
  if (pool === undefined) throw gone(`pool "${name}"`);
  switch (change.key ?? '') {
    case 'algorithm':
      return setValue(part, 'load-balancing-mode', modeFor(pool), 'round-robin');
    case 'monitors':
    case 'monitorsRequired':
      return setValue(part, 'monitor', monitorRule(pool), 'none');
    case 'minActiveMembers':
      return setValue(part, 'min-active-members', String(pool.minActiveMembers ?? 0), '0');
    case 'onMemberDown':
      return setValue(part, 'service-down-action', downAction(pool), 'none');
    case 'slowStartMs':
      return setValue(part, 'slow-ramp-time', seconds(pool.slowStartMs ?? 10_000, 'a ramp'), '10');
    case 'tls': {
      const [prior, desired] = [change.prior, change.desired].map((tls) => serverTlsSchema.optional().parse(tls));
      return memberTlsCommands(scene, name, prior, desired);
    }
    default:
      throw lacking(`${change.key ?? 'this'} of a pool`);
  }
}

function modeFor({ algorithm, members }: DevicePool): string {
  if (algorithm === undefined) return 'round-robin';
  const wish = algorithmSettings(algorithmSchema.parse(algorithm));
  const mode = modeOfAlgorithm(
    wish,
    members.some(({ weight = 1 }) => weight !== 1),
  );
  if (mode === undefined)
    throw lacking(
      `the algorithm ${[wish.name, wish.per ?? [], wish.weighted === false ? 'without weights' : []].flat().join(' ')}`,
    );
  return mode;
}

/** `a and b`, `min 1 of { a b }`, `none` (tmsh reference, ltm pool, monitor). */
function monitorRule({ monitors = [], monitorsRequired }: Pick<DevicePool, 'monitors' | 'monitorsRequired'>): string {
  if (monitors.length === 0) return 'none';
  return monitorsRequired === undefined
    ? monitors.join(' and ')
    : `min ${String(monitorsRequired)} of { ${monitors.join(' ')} }`;
}

function downAction({ onMemberDown }: Pick<DevicePool, 'onMemberDown'>): string {
  return onMemberDown === undefined || onMemberDown === 'finish' ? 'none' : onMemberDown;
}

export function seconds(milliseconds: number, what: string): string {
  if (milliseconds % 1000 !== 0) throw lacking(`${what} that is no whole number of seconds`);
  return String(milliseconds / 1000);
}

const ofPool = new Set([
  'name',
  'algorithm',
  'members',
  'monitors',
  'monitorsRequired',
  'minActiveMembers',
  'onMemberDown',
  'slowStartMs',
  'native',
]);

function newPool(scene: Scene, pool: DevicePool): readonly Sent[] {
  const other = Object.keys(pool).find((key) => !ofPool.has(key));
  if (other !== undefined) throw lacking(`${other} of a pool`);
  const item: Item = { words: ['ltm', 'pool', pool.name], body: [] };
  const nodes = new Map<string, Sent>();
  const members = pool.members.map((member): string => {
    const { nodeName, address } = placeOf(scene, item, member);
    if (scene.text.find(`ltm node ${nodeName}`) === undefined)
      nodes.set(nodeName, created({ words: ['ltm', 'node', nodeName], body: [{ words: ['address', address] }] }));
    return `${member.name} { ${[`address ${address}`, ...settingsOfNew(member)].join('\n')} }`;
  });
  const settings = [
    ...(pool.algorithm === undefined ? [] : [`load-balancing-mode ${modeFor(pool)}`]),
    ...(members.length === 0 ? [] : [`members { ${members.join('\n')} }`]),
    ...(pool.minActiveMembers === undefined ? [] : [`min-active-members ${String(pool.minActiveMembers)}`]),
    ...(pool.monitors === undefined ? [] : [`monitor ${monitorRule(pool)}`]),
    ...(pool.onMemberDown === undefined ? [] : [`service-down-action ${downAction(pool)}`]),
    ...(pool.slowStartMs === undefined ? [] : [`slow-ramp-time ${seconds(pool.slowStartMs, 'a ramp')}`]),
  ];
  const text = readRaw(`ltm pool ${pool.name} {\n${settings.join('\n')}\n}`).statements[0];
  return [...nodes.values(), created(text === undefined ? item : itemOf(text))];
}
