import type { AdminState, DeviceModel, DevicePool, Member } from '../../contract/model.ts';
import { splitEndpoint } from './addresses.ts';
import { algorithmOfMode } from './algorithms.ts';
import { Settings, type Statement } from './tree.ts';

type Node = NonNullable<DeviceModel['nodes']>[number];

/** "Disabled" lets held clients come; "forced offline" (state user-down) lets nobody. */
function adminStateOf(settings: Settings): { adminState?: AdminState } {
  if (settings.text('state') === 'user-down') return { adminState: 'disabled' };
  return settings.text('session') === 'user-disabled' ? { adminState: 'draining' } : {};
}

const nodeKeys = new Set(['address', 'ratio', 'connection-limit', 'session', 'state', 'monitor', 'description']);

export function nodeOf({ words, body }: Statement): Node {
  const settings = new Settings({ body: body ?? [] });
  const native = settings.others(nodeKeys);
  const fqdn = settings.inside('fqdn').text('name');
  return {
    name: words[2] ?? '',
    address: settings.text('address') ?? fqdn ?? '',
    ...numberAs('weight', settings.number('ratio')),
    ...numberAs('maxConnections', settings.number('connection-limit')),
    ...adminStateOf(settings),
    ...monitorsOf(settings.text('monitor')),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

const memberKeys = new Set([...nodeKeys, 'priority-group']);

function memberOf({ words, body }: Statement): Member {
  const name = words[0] ?? '';
  const settings = new Settings({ body: body ?? [] });
  const { host, port } = splitEndpoint(name);
  const node = name.slice(0, name.length - (name.length - name.lastIndexOf(host)) + host.length);
  const native = settings.others(memberKeys);
  const address = settings.text('address');
  return {
    name,
    node,
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
    ...numberAs('weight', settings.number('ratio')),
    ...adminStateOf(settings),
    ...numberAs('maxConnections', settings.number('connection-limit')),
    ...numberAs('priority', settings.number('priority-group')),
    ...memberMonitors(settings.text('monitor')),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

const downActions = { none: 'finish', reset: 'reset', reselect: 'reselect', drop: 'drop' } as const;
const poolKeys = new Set([
  'load-balancing-mode',
  'members',
  'min-active-members',
  'monitor',
  'service-down-action',
  'slow-ramp-time',
  'description',
]);

export function poolOf({ words, body }: Statement): DevicePool {
  const settings = new Settings({ body: body ?? [] });
  const mode = settings.text('load-balancing-mode');
  const action = settings.text('service-down-action') ?? '';
  const ramp = settings.number('slow-ramp-time');
  const native = settings.others(poolKeys);
  return {
    name: words[2] ?? '',
    ...(mode === undefined ? {} : { algorithm: algorithmOfMode(mode) }),
    members: settings.inside('members').all.map(memberOf),
    ...monitorsOf(settings.text('monitor')),
    ...(action in downActions ? { onMemberDown: downActions[action as keyof typeof downActions] } : {}), // `in` has just said so
    ...numberAs('minActiveMembers', settings.number('min-active-members')),
    ...(ramp === undefined ? {} : { slowStartMs: ramp * 1000 }),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

/** `a and b`, `min 1 of { a b }`, `none`. */
export function monitorsOf(text: string | undefined): { monitors?: string[]; monitorsRequired?: number } {
  if (text === undefined || text === 'none' || text === 'default' || text === '') return {};
  const least = /^min (\d+) of (?:\{ )?(.*?)(?: \})?$/.exec(text);
  const names = (least?.[2] ?? text).split(/\s+/).filter((word) => word !== '' && word !== 'and');
  return { monitors: names, ...(least === null ? {} : { monitorsRequired: Number(least[1]) }) };
}

function memberMonitors(text: string | undefined): { monitors?: string[] } {
  const { monitors } = monitorsOf(text);
  return monitors === undefined ? {} : { monitors };
}

export function numberAs<K extends string>(key: K, value: number | undefined): Partial<Record<K, number>> {
  // A computed key widens to string; it is K by construction.
  return value === undefined ? {} : ({ [key]: value } as Record<K, number>);
}
