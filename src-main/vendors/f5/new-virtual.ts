import type { DeviceModel, VirtualServer } from '../../contract/model.ts';
import { persistenceCommands } from './edit-persistence.ts';
import { createText, gone, lacking, type Scene, type Sent } from './sent.ts';
import type { Item, Part } from './text.ts';
import { comingTo, destinationOf, isAny } from './virtual-listen.ts';
import { profilesOfNew, protocolFor } from './virtual-profiles.ts';

const known = new Set<keyof VirtualServer>([
  'name',
  'listen',
  'protocol',
  'pool',
  'tls',
  'connectionLimit',
  'persistence',
  'sourceNat',
  'profiles',
  'rules',
  'adminState',
  'native',
]);

/** What a BIG-IP has elsewhere, for those who look for it here. */
const elsewhere: Readonly<Partial<Record<keyof VirtualServer, string>>> = {
  redirect: ' (an iRule does it: rules: [/Common/_sys_https_redirect])',
  routes: ' (policies are only read)',
  http: ' (it stands in profiles)',
};

/**
 * A virtual server in one command, and before it what it needs (a profile of its own for persistence). Its address comes and goes with
 * it. Throws PLAN_INVALID for what it names and the device does not have, CAPABILITY_MISSING for what has no words.
 */
export function newVirtual(scene: Scene, wish: VirtualServer): readonly Sent[] {
  const other = (Object.keys(wish) as (keyof VirtualServer)[]).find((key) => !known.has(key));
  if (other !== undefined) throw lacking(`${other} of a virtual server${elsewhere[other] ?? ''}`);
  const { source, ...native } = wish.native ?? {};
  const [word] = Object.keys(native);
  if (word !== undefined) throw lacking(`the device’s own word "${word}" for a new virtual server`);
  const destination = destinationOf(wish);
  const item: Item = {
    words: ['ltm', 'virtual', wish.name],
    body: [
      ...setting('connection-limit', wish.connectionLimit),
      { words: ['destination', destination] },
      ...(isOff(wish) ? [{ words: ['disabled'] }] : []),
      { words: ['ip-protocol', protocolFor(wish) === 'udp' ? 'udp' : 'tcp'] },
      ...(isAny(destination) ? [{ words: ['mask', destination.includes('0.0.0.0') ? 'any' : 'any6'] }] : []),
      ...setting('pool', poolFor(scene.target, wish.pool)),
      { words: ['profiles'], body: [...profilesOfNew(scene, withTls(scene, wish))] },
      ...(wish.rules === undefined ? [] : [{ words: ['rules'], body: rulesFor(scene, wish.rules) }]),
      ...setting('source', source),
      ...(wish.sourceNat === undefined
        ? []
        : [{ words: ['source-address-translation'], body: translationFor(wish.sourceNat) }]),
    ],
  };
  const { before, after } = comingTo(scene, item);
  return [...before, ...withPersistence(scene, item, wish), ...after];
}

function setting(key: string, value: string | number | undefined): Item[] {
  return value === undefined ? [] : [{ words: [key, String(value)] }];
}

function isOff({ adminState }: VirtualServer): boolean {
  if (adminState === 'draining') throw lacking('draining a whole virtual server: disable it, or drain its members');
  return adminState === 'disabled';
}

export function poolFor({ pools }: DeviceModel, name: string | undefined): string | undefined {
  if (name !== undefined && !pools.some((pool) => pool.name === name)) throw gone(`pool "${name}"`);
  return name;
}

/** Of TLS a new virtual server names profiles; what stands in them is changed once it is there. */
function withTls({ text, target }: Scene, wish: VirtualServer): VirtualServer {
  const { profiles, ...others } = wish.tls ?? {};
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw lacking(
      `${other} of TLS of a new virtual server: name its client-ssl profile (tls.profiles), then change that`,
    );
  for (const name of profiles ?? []) {
    const isThere = target.profiles.some((one) => one.kind === 'client-ssl' && one.name === name);
    if (!isThere && text.find(`ltm profile client-ssl ${name}`) === undefined && !/\/clientssl(-|$)/.test(name))
      throw gone(`client-ssl profile "${name}"`);
  }
  return wish;
}

/** iRules that are there, in their order. Those that come with the device are not in every listing. */
export function rulesFor({ text }: Scene, names: readonly string[]): Item[] {
  return names.map((name) => {
    if (text.find(`ltm rule ${name}`) === undefined && !name.startsWith('/Common/_sys_')) throw gone(`iRule "${name}"`);
    return { words: [name] };
  });
}

/** `automap`, or the name of a pool of addresses (snatpool). */
export function translationFor(sourceNat: string): Item[] {
  if (sourceNat === 'automap') return [{ words: ['type', 'automap'] }];
  if (!sourceNat.startsWith('/'))
    throw lacking(`a source NAT "${sourceNat}": it is "automap" or the whole name of a SNAT pool`);
  return [{ words: ['pool', sourceNat] }, { words: ['type', 'snat'] }];
}

/** What persistence says of the virtual server is said as it is made. */
function withPersistence(scene: Scene, item: Item, { persistence }: VirtualServer): readonly Sent[] {
  const of = item.words.join(' ');
  const unmade: Part = { ...item, before: '', text: undefined, isProgram: false };
  const wished = persistence === undefined || Object.keys(persistence).length === 0 ? undefined : persistence;
  const sent = wished === undefined ? [] : persistenceCommands(scene, unmade, wished);
  const said = sent.filter((one) => one.of === of).map(({ command }) => command.slice(`modify ${of} `.length));
  const command = createText(item).replace(/ \}$/, `${said.map((one) => ` ${one}`).join('')} }`);
  return [...sent.filter((one) => one.of !== of), { command, inverse: `delete ${of}`, of }];
}
