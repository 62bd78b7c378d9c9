import { splitEndpoint } from './addresses.ts';
import { deleted, type Sent, wordsOf } from './sent.ts';
import { type BigipText, type Item, keyOf, type Part } from './text.ts';

/** The name that the device gives to the address of a virtual server: `/Common/10.0.0.1` of `destination /Common/10.0.0.1:80`. */
export function addressNameOf(virtual: Item): string | undefined {
  if (!keyOf(virtual).startsWith('ltm virtual ')) return undefined;
  const destination = wordsOf(virtual, 'destination');
  if (destination?.startsWith('/') !== true) return undefined;
  const { host } = splitEndpoint(destination);
  return `${destination.slice(0, destination.lastIndexOf('/') + 1)}${host}`;
}

/** Whether a virtual server listens on an address object: by its name, or by its address in one partition (names can be chosen). */
export function listensOn(virtual: Item, address: Item): boolean {
  const name = addressNameOf(virtual);
  const own = address.words.at(-1) ?? '';
  if (name === undefined || !keyOf(address).startsWith('ltm virtual-address ')) return false;
  const host = name.slice(name.lastIndexOf('/') + 1);
  const has = wordsOf(address, 'address');
  return (
    own === name || (partitionOf(own) === partitionOf(name) && (has === host || (has === 'any' && any.test(host))))
  );
}

const any = /^(?:any6?|0\.0\.0\.0|::)(?:%\d+)?$/;

function partitionOf(name: string): string {
  return name.split('/')[1] ?? '';
}

/** The address object of a virtual server, where the configuration lists it. */
export function addressOf(text: BigipText, virtual: Item): Part | undefined {
  const name = addressNameOf(virtual);
  if (name === undefined) return undefined;
  return text.find(`ltm virtual-address ${name}`) ?? text.parts.find((part) => listensOn(virtual, part));
}

/** `auto-delete false` keeps it when the last of its virtual servers goes (tmsh reference, ltm virtual-address). */
export function isKept(address: Item): boolean {
  return wordsOf(address, 'auto-delete') === 'false';
}

export function isUsed(text: BigipText, address: Part, except?: Item): boolean {
  return text.parts.some((part) => part !== except && listensOn(part, address));
}

/** An address told to stay (`isFirst`: as the first thing), and what takes that back. */
export function keeping(address: Item, isFirst: boolean): Sent {
  const of = keyOf(address);
  const [stays, goes] = ['false', 'true'].map((value) => `modify ${of} auto-delete ${value}`) as [string, string]; // two are mapped
  return isFirst ? { command: stays, inverse: goes, of } : { command: goes, inverse: stays, of };
}

/** As it is while it is told to stay. */
export function kept(address: Item): Item {
  const others = (address.body ?? []).filter(({ words }) => words[0] !== 'auto-delete');
  return { words: address.words, body: [...others, { words: ['auto-delete', 'false'] }] };
}

/**
 * What is said before and after a virtual server leaves its address. Left alone the device would take the address away with its last
 * virtual server, and the way back would make it anew without its traffic group: so it is told to stay, and goes by a command of its own.
 */
export function leaving(
  text: BigipText,
  virtual: Part,
): { readonly before: readonly Sent[]; readonly after: readonly Sent[] } {
  const address = addressOf(text, virtual);
  if (address === undefined || isKept(address) || isUsed(text, address, virtual)) return { before: [], after: [] };
  return { before: [keeping(address, true)], after: [deleted(kept(address))] };
}
