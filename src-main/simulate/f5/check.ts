import { createPublicKey } from 'node:crypto';
import type { Item } from './block.ts';
import { hashOf, pemOf } from './pem.ts';
import { type Configuration, findItem, findObject, objectsOf, type TmObject, valueOf } from './configuration.ts';
import { kinds, type Properties } from './kinds.ts';
import { isLocked, openKey } from './locked-key.ts';
import { notFound, Refused } from './refusal.ts';
import { checkAddressDeleted } from './virtual-address.ts';

interface Reference {
  /** `ltm profile` stands for profiles of any type. */
  readonly kind: string;
  readonly name: string;
}

/** Throws `Refused` where what was changed does not fit the rest. */
export function checkChanged(config: Configuration, object: TmObject): void {
  for (const { kind, name } of referencesOf(object)) {
    if (objectsOf(config, kind).some((one) => one.name === name)) continue;
    if (kind === 'ltm monitor' && /^ltm (?:pool|node)$/.test(object.kind)) throw noMonitor(name);
    throw notFound(labelOf(kind), name);
  }
  if (object.kind === 'ltm virtual') checkDestination(config, object);
  if (object.kind === 'ltm rule') checkRule(object);
  if (object.kind === 'ltm profile client-ssl' || object.kind === 'ltm profile server-ssl') checkPairs(config, object);
  if (object.kind.startsWith('sys file ssl-')) {
    for (const profile of profilesOf(config, object.name)) checkPairs(config, profile);
  }
}

/** Of a pool's monitor a device says so (recording in F5Networks/f5-ansible, issue 380); that it does of a node's is from memory. */
function noMonitor(name: string): Refused {
  return new Refused(`01070022:3: The monitor template ${name} was not found.`);
}

/** Throws `Refused` where something still needs what is gone. */
export function checkDeleted(config: Configuration, gone: { readonly kind: string; readonly name: string }): void {
  if (findObject(config, gone.kind, gone.name) !== undefined) return; // made anew by the same transaction
  for (const user of config.objects) {
    const uses = referencesOf(user).some(
      ({ kind, name }) => name === gone.name && `${gone.kind} `.startsWith(`${kind} `),
    );
    if (uses) throw inUse(gone, user);
  }
  if (gone.kind === 'ltm virtual-address') checkAddressDeleted(config, gone.name);
  if (gone.kind !== 'ltm node') return;
  const pool = objectsOf(config, 'ltm pool').find(({ items }) =>
    findItem(items, 'members')?.block?.some(({ words: [name = ''] }) => name.replace(/[:.]\d+$/, '') === gone.name),
  );
  if (pool === undefined) return;
  throw new Refused(`01070110:3: Node address '${gone.name}' is referenced by a member of pool '${pool.name}'.`);
}

function inUse(gone: { readonly kind: string; readonly name: string }, user: TmObject): Refused {
  if (gone.kind.startsWith('ltm monitor ')) return new Refused(`01070083:3: Monitor ${gone.name} is in use.`);
  if (gone.kind === 'ltm snatpool')
    return new Refused(`01070320:3: Snatpool ${gone.name} is still referenced by a virtual server.`);
  const [label, by] = [labelOf(gone.kind), labelOf(user.kind)];
  return new Refused(
    `01070265:3: The ${label} (${gone.name}) cannot be deleted because it is in use by a ${by} (${user.name}).`,
  );
}

/** Of a group of kinds the last word, as in "The requested profile (/Common/x) was not found." */
function labelOf(kind: string): string {
  return kinds.find(({ id }) => id === kind)?.label ?? kind.split(' ').at(-1) ?? kind;
}

/** Every object that this one names. */
function referencesOf({ kind, items }: TmObject): readonly Reference[] {
  const properties = kinds.find(({ id }) => id === kind)?.properties;
  return properties === undefined ? [] : items.flatMap((item) => referencesOfItem(item, properties));
}

function referencesOfItem({ words, block }: Item, properties: Properties): readonly Reference[] {
  const [name = '', ...values] = words;
  const takes = Object.hasOwn(properties, name) ? properties[name]?.takes : undefined;
  switch (takes?.type) {
    case 'word': {
      const [value = ''] = values;
      return takes.refersTo === undefined || value === 'none' || value === ''
        ? []
        : [{ kind: takes.refersTo, name: value }];
    }
    case 'monitor': {
      const monitors = block?.map(({ words: [one = ''] }) => one) ?? values.filter((one) => one.startsWith('/'));
      return monitors.map((one) => ({ kind: 'ltm monitor', name: one }));
    }
    case 'list': {
      const { refersTo } = takes;
      return refersTo === undefined
        ? []
        : (block ?? []).map(({ words: [one = ''] }) => ({ kind: refersTo, name: one }));
    }
    case 'entries': {
      const inner = (block ?? []).flatMap((entry) =>
        (entry.block ?? []).flatMap((one) => referencesOfItem(one, takes.properties)),
      );
      const { refersTo } = takes;
      const own =
        refersTo === undefined ? [] : (block ?? []).map(({ words: [one = ''] }) => ({ kind: refersTo, name: one }));
      return [...own, ...inner];
    }
    case 'block':
      return (block ?? []).flatMap((one) => referencesOfItem(one, takes.properties));
    case 'flag':
    case 'number':
    case undefined:
      return [];
  }
}

/**
 * Outside its events a rule holds procedures and settings alone. The number and the frame are seen in public
 * ("01070151:3: Rule [/Common/r] error: ..."); that nothing else of Tcl is looked at is ours.
 */
function checkRule({ name, raw = '' }: TmObject): void {
  let depth = 0;
  raw.split('\n').forEach((line, at) => {
    const [word = ''] = line.trim().split(/\s+/);
    const isKnown = word === '' || word.startsWith('#') || word.startsWith('}') || topLevel.has(word);
    if (depth === 0 && !isKnown) {
      throw new Refused(
        `01070151:3: Rule [${name}] error: ${name}:${at + 1}: error: [undefined procedure: ${word}][${line.trim()}]`,
      );
    }
    const bare = line.replaceAll(/\\./g, '');
    depth += bare.split('{').length - bare.split('}').length;
  });
}

const topLevel: ReadonlySet<string> = new Set([
  'when',
  'proc',
  'timing',
  'priority',
  'partition',
  'definition-signature',
]);

function checkDestination(config: Configuration, object: TmObject): void {
  const key = destinationOf(object);
  const other = objectsOf(config, 'ltm virtual').find((one) => one.name !== object.name && destinationOf(one) === key);
  if (other === undefined) return;
  throw new Refused(
    `01070333:3: Virtual Server ${object.name} illegally shares destination address, source address, service port, ip-protocol, ` +
      `and vlan with Virtual Server ${other.name}.`,
  );
}

function destinationOf({ items }: TmObject): string {
  return ['destination', 'source', 'ip-protocol', 'mask'].map((name) => valueOf(items, name) ?? '').join(' ');
}

/** The key must be that of the certificate, where the device knows both. */
function checkPairs(config: Configuration, { name, items }: TmObject): void {
  const chains = findItem(items, 'cert-key-chain')?.block ?? [];
  for (const block of [items, ...chains.map((one) => one.block ?? [])]) {
    const [cert = '', key = ''] = [valueOf(block, 'cert'), valueOf(block, 'key')];
    checkPassphrase(config, name, key, valueOf(block, 'passphrase'));
    const [left, right] = [
      fileOf(config, 'sys file ssl-cert', cert),
      fileOf(config, 'sys file ssl-key', key, valueOf(block, 'passphrase')),
    ];
    if (left === undefined || right === undefined || left === right) continue;
    throw new Refused(`01070317:3: profile ${name}'s key(${key}) and certificate(${cert}) do not match.`);
  }
}

/** A key behind a passphrase must open with that of the profile. The number is seen in public, the words behind it are from memory. */
function checkPassphrase(config: Configuration, profile: string, key: string, passphrase: string | undefined): void {
  const object = findObject(config, 'sys file ssl-key', key);
  const pem = pemOf(object?.items ?? [], () => undefined) ?? '';
  if (!isLocked(pem) || openKey(pem, passphrase) !== undefined) return;
  throw new Refused(`01070313:3: Error reading key PEM file ${key} for profile ${profile}: bad decrypt`);
}

/** The hash of the public key, as the device keeps it beside its files. */
function fileOf(config: Configuration, kind: string, name: string, passphrase?: string): string | undefined {
  const items = findObject(config, kind, name)?.items ?? [];
  const known = valueOf(items, publicKeyOf);
  const pem = pemOf(items, () => undefined);
  if (known !== undefined || kind === 'sys file ssl-cert' || pem === undefined) return known;
  const key = openKey(pem, passphrase);
  return key === undefined ? undefined : hashOf(createPublicKey(key));
}

/** A property that no device shows: what certificate and key have in common. */
export const publicKeyOf = '-public-key';

/** Every profile that names the file. */
function profilesOf(config: Configuration, file: string): readonly TmObject[] {
  return objectsOf(config, 'ltm profile').filter((profile) => referencesOf(profile).some(({ name }) => name === file));
}
