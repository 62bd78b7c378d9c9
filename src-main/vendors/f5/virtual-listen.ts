import { AppError } from '../../contract/errors.ts';
import type { VirtualServer } from '../../contract/model.ts';
import { lacking, type Scene, type Sent, wordsOf } from './sent.ts';
import { splitEndpoint } from './addresses.ts';
import { type Item, keyOf, type Part } from './text.ts';
import { addressOf, isKept, isUsed, keeping, leaving } from './virtual-address.ts';

/** `/Common/10.0.0.1:80`, `/Common/2001:db8::1.80`: one address and port, in the partition of the virtual server. */
export function destinationOf({ name, listen = [] }: Pick<VirtualServer, 'name' | 'listen'>): string {
  const [place = '', ...more] = listen;
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%\d+)?)\]|([0-9.]+(?:%\d+)?)):(\d{1,5})$/.exec(place);
  if (more.length > 0) throw lacking('a virtual server on several addresses: make one for each');
  if (!/^\/[^/]+\/./.test(name))
    throw new AppError(
      'PLAN_INVALID',
      `A BIG-IP names a virtual server from the partition on: "${name}" would be /Common/${name}.`,
    );
  const [, v6, v4, port] = match ?? [];
  if (port === undefined || Number(port) > 65_535) {
    const said = place === '' ? 'nothing' : `"${place}"`;
    throw new AppError(
      'PLAN_INVALID',
      `A virtual server of a BIG-IP listens on an address and a port, as 192.0.2.1:443 or [2001:db8::1]:443, not on ${said}.`,
    );
  }
  const folder = `/${name.split('/')[1] ?? ''}/`;
  return v6 === undefined ? `${folder}${v4 ?? ''}:${port}` : `${folder}${v6}.${port}`;
}

/** What is said before and after a new virtual server comes to an address that is there and unused: it would go with it again. */
export function comingTo(
  scene: Scene,
  virtual: Item,
): { readonly before: readonly Sent[]; readonly after: readonly Sent[] } {
  const address = addressOf(scene.text, virtual);
  if (address === undefined || isKept(address) || isUsed(scene.text, address)) return { before: [], after: [] };
  return { before: [keeping(address, true)], after: [keeping(address, false)] };
}

/** The same where one goes. An address that another virtual server of the wish takes stays. */
export function goingFrom(scene: Scene, virtual: Part): ReturnType<typeof leaving> {
  const { host } = splitEndpoint(wordsOf(virtual, 'destination') ?? '');
  const name = virtual.words.at(-1);
  const isTaken = scene.target.virtualServers.some(
    (other) =>
      other.name !== name && other.listen?.some((place) => splitEndpoint(destinationLike(place)).host === host),
  );
  return isTaken ? { before: [], after: [] } : leaving(scene.text, virtual);
}

function destinationLike(place: string): string {
  return place.replace(/^\[(.*)\]:/, '$1.');
}

/** Another address or port. Its family stays: masks and sources are of one. */
export function listenCommands(scene: Scene, virtual: Part, wish: VirtualServer): readonly Sent[] {
  const of = keyOf(virtual);
  const was = wordsOf(virtual, 'destination');
  if (was === undefined || was.includes('{')) throw lacking('the address of a virtual server that has none of its own');
  const to = destinationOf(wish);
  if (to === was) return [];
  if (isV6(to) !== isV6(was) || isAny(to) !== isAny(was))
    throw lacking('an address of another family or of another mask: make another virtual server');
  const moved: Item = { words: virtual.words, body: [{ words: ['destination', to] }] };
  const isSamePlace = splitEndpoint(to).host === splitEndpoint(was).host;
  const from = isSamePlace ? { before: [], after: [] } : goingFrom(scene, virtual);
  const there = isSamePlace ? { before: [], after: [] } : comingTo(scene, moved);
  const change = { command: `modify ${of} destination ${to}`, inverse: `modify ${of} destination ${was}`, of };
  return [...from.before, ...there.before, change, ...there.after, ...from.after];
}

function isV6(destination: string): boolean {
  return splitEndpoint(destination).host.includes(':');
}

/** Its mask is `any`. */
export function isAny(destination: string): boolean {
  return /^(?:0\.0\.0\.0|::|any6?)(?:%\d+)?$/.test(splitEndpoint(destination).host);
}
