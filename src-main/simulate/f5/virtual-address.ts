import type { Item } from './block.ts';
import {
  type Configuration,
  findItem,
  findObject,
  inFolder,
  objectsOf,
  partitionOf,
  type TmObject,
  valueOf,
  withObject,
  withoutObject,
} from './configuration.ts';
import { place, without } from './properties.ts';
import { Refused } from './refusal.ts';

/**
 * The virtual address of a virtual server: the manual of the Ansible module bigip_virtual_address (made by itself and named by its address;
 * deleted with the last virtual server unless `auto-delete` is false; address never changed after it is set).
 */
const kind = 'ltm virtual-address';

/** `/Common/192.0.2.100` of a destination. Undefined where a virtual server has none. */
export function addressPathOf({ name, items }: TmObject): string | undefined {
  const destination = valueOf(items, 'destination') ?? '';
  return destination === '' ? undefined : inFolder(destination.replace(/[:.][\w*-]+$/, ''), `/${partitionOf(name)}`);
}

/** With the address of the virtual server, made where it is not there yet. */
export function withAddressOf(config: Configuration, virtual: TmObject): Configuration {
  const path = addressPathOf(virtual);
  if (path === undefined || findObject(config, kind, path) !== undefined) return config;
  const mask = valueOf(virtual.items, 'mask');
  const items = mask === undefined ? [] : [{ words: ['mask', mask] }];
  return withObject(config, completeAddress({ kind, name: path, items }, undefined));
}

/** With the addresses of all virtual servers, as a device has made them when it has loaded. */
export function withAddresses(config: Configuration): Configuration {
  return objectsOf(config, 'ltm virtual').reduce(withAddressOf, config);
}

/** Without the address, where no virtual server is left on it and it goes by itself. */
export function withoutFreed(config: Configuration, path: string): Configuration {
  const address = findObject(config, kind, path);
  const isKept = address === undefined || valueOf(address.items, 'auto-delete') === 'false';
  return isKept || userOf(config, path) !== undefined ? config : withoutObject(config, kind, path);
}

function userOf(config: Configuration, path: string): TmObject | undefined {
  return objectsOf(config, 'ltm virtual').find((virtual) => addressPathOf(virtual) === path);
}

/** Throws `Refused` where a virtual server is still on the address (words seen in public: F5Networks/k8s-bigip-ctlr, issue 939). */
export function checkAddressDeleted(config: Configuration, path: string): void {
  if (userOf(config, path) === undefined) return;
  throw new Refused(`01070344:3: Cannot delete referenced virtual address ${path}.`);
}

/**
 * What the device writes by itself on a virtual address. A network answers neither ARP nor pings (transcript in F5Networks/f5-ansible, issue
 * 751). Throws `Refused` where the address would change (words: F5Networks/f5-appsvcs-extension, issue 383) or is missing (ours).
 */
export function completeAddress(object: TmObject, known: TmObject | undefined): TmObject {
  const own = object.name.slice(object.name.lastIndexOf('/') + 1);
  const address = valueOf(object.items, 'address') ?? own;
  const before = known === undefined ? undefined : valueOf(known.items, 'address');
  if (before !== undefined && before !== address) {
    throw new Refused(
      `0107176a:3: Invalid Virtual Address modification. An address change from ${before} to ${address} is not supported`,
    );
  }
  if (!/^(any6?|[\d.]+|[\da-f:.]*:[\da-f:.]*)(%\d+)?$/i.test(address))
    throw new Refused(`01070734:3: Configuration error: Virtual Address (${object.name}) must have an address`);
  const wide = address.includes(':') ? 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' : '255.255.255.255';
  let items = add(add(object.items, 'address', address), 'mask', wide);
  const isNetwork = valueOf(items, 'mask') !== wide;
  if (known === undefined && isNetwork) items = add(items, 'icmp-echo', 'disabled');
  items = add(items, 'arp', known === undefined && isNetwork ? 'disabled' : 'enabled');
  return { ...object, items: add(items, 'traffic-group', '/Common/traffic-group-1') };
}

function add(items: readonly Item[], name: string, value: string): readonly Item[] {
  return findItem(items, name) === undefined ? place(without(items, name), { words: [name, value] }) : items;
}
