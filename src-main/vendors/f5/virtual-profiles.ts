import type { VirtualServer } from '../../contract/model.ts';
import { lacking, partNamed, type Scene, type Sent, settingOf } from './sent.ts';
import { type Item, keyOf, lineOf } from './text.ts';
import { protocolOf } from './virtuals.ts';

/** The device's own profile of each protocol, which a new virtual server gets where no other is wished for. */
const ownProfiles = { http: ['/Common/http', '/Common/tcp'], tcp: ['/Common/tcp'], udp: ['/Common/udp'] } as const;
export type F5Protocol = keyof typeof ownProfiles;

export function protocolFor({ protocol = 'tcp' }: Pick<VirtualServer, 'protocol'>): F5Protocol {
  if (protocol === 'tls-passthrough')
    throw lacking('a protocol tls-passthrough: TLS passes through a virtual server of protocol tcp without a profile');
  return protocol;
}

/** The profiles of a new virtual server, each with the side that it is for. TLS profiles are those of `tls.profiles`. */
export function profilesOfNew(scene: Scene, { profiles, protocol, tls }: VirtualServer): readonly Item[] {
  const kind = protocolFor({ protocol });
  const wished = profiles ?? ownProfiles[kind];
  const hasHttp = protocolOf(wished, undefined) === 'http';
  if (kind !== 'http' && hasHttp) throw lacking(`a protocol ${kind} of a virtual server that has a profile for HTTP`);
  const all = kind === 'http' && !hasHttp ? ['/Common/http', ...wished] : wished;
  return [...new Set([...all, ...(tls?.profiles ?? [])])].sort().map((name) => profileOf(scene, name));
}

/** A profile as a virtual server lists it: those of TLS are for one side. */
export function profileOf(scene: Pick<Scene, 'text'>, name: string): Item {
  const side = sideOf(scene, name);
  return { words: [name], body: side === undefined ? [] : [{ words: ['context', side] }] };
}

function sideOf(scene: Pick<Scene, 'text'>, name: string): 'clientside' | 'serverside' | undefined {
  if (partNamed(scene, 'ltm profile client-ssl', name) !== undefined || /\/clientssl(-|$)/.test(name))
    return 'clientside';
  if (partNamed(scene, 'ltm profile server-ssl', name) !== undefined || /\/serverssl(-|$)/.test(name))
    return 'serverside';
  return undefined;
}

/** `profiles`: those that come and those that go, by name, so that a change of the others beside it does not undo this one. */
export function profilesCommands(
  scene: Scene,
  virtual: Item,
  now: readonly string[],
  wish: readonly string[],
): readonly Sent[] {
  const list = settingOf(virtual, 'profiles')?.body ?? [];
  const gone = list.filter(({ words: [name = ''] }) => now.includes(name) && !wish.includes(name));
  const come = wish.filter((name) => !now.includes(name)).map((name) => profileOf(scene, name));
  return [
    ...(gone.length === 0 ? [] : [changeOf(virtual, 'delete', gone)]),
    ...(come.length === 0 ? [] : [changeOf(virtual, 'add', come)]),
  ];
}

function changeOf(virtual: Item, verb: 'add' | 'delete', items: readonly Item[]): Sent {
  const of = keyOf(virtual);
  const add = `modify ${of} profiles add { ${items.map((item) => lineOf({ ...item, body: item.body ?? [] })).join(' ')} }`;
  const remove = `modify ${of} profiles delete { ${items.map(keyOf).join(' ')} }`;
  return verb === 'add' ? { command: add, inverse: remove, of } : { command: remove, inverse: add, of };
}

/** `http` or `tcp` by a profile for HTTP; where the profiles that are wished for say it already nothing more is said. */
export function protocolCommands(scene: Scene, virtual: Item, target: VirtualServer): readonly Sent[] {
  const list = (settingOf(virtual, 'profiles')?.body ?? []).map(({ words: [name = ''] }) => name);
  const kind = protocolFor(target);
  const is = protocolOf(list, settingOf(virtual, 'ip-protocol')?.words[1]);
  if (kind === 'udp' || is === 'udp')
    throw lacking('a protocol that turns to or from udp: make another virtual server');
  if (is === kind || protocolOf(target.profiles ?? [], undefined) === kind) return [];
  if (kind === 'http') return [changeOf(virtual, 'add', [profileOf(scene, '/Common/http')])];
  const gone = (settingOf(virtual, 'profiles')?.body ?? []).filter(
    ({ words: [name = ''] }) => protocolOf([name], undefined) === 'http',
  );
  return [changeOf(virtual, 'delete', gone)];
}
