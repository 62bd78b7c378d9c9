import type { DeviceModel, Unmodelled } from '../../contract/model.ts';
import { maskWith } from '../mask.ts';
import type { SourceFile } from '../vendor.ts';
import { type Command, Options, readCommands } from './commands.ts';
import { monitorOf } from './monitors.ts';
import { type NamedCommands, Objects, subjectOf } from './objects.ts';
import { nodeOf, poolsOf } from './pools.ts';
import { csVirtualServer, lbVirtualServer } from './virtuals.ts';

/** Secrets of an ns.conf; the first group of each is what stays before them. */
export const netscalerSecrets: readonly RegExp[] = [
  /(\s-\w*(?:password|passwd|passcrypt|passplain|passphrase|secret|radkey|community|authkey|privkey|psk)\s+)(?:"(?:[^"\\]|\\[^])*"|\S+)/gi,
  /(^(?:add|set) system user \S+ )[^-\s]\S*/gim,
  /(^add snmp (?:community|user) )\S+/gim,
  /((?:password|passwd|secret|token)=)[^;&"\s]+/gi,
];

interface Placed extends Command {
  readonly file: string;
}

/**
 * ns.conf (NetScaler ADC 10.5 to 14.1) as the model: `lb vserver` and `cs vserver` are virtual servers, services and service groups pools
 * with members, `server` nodes. What has no place in it is kept with its lines. Secrets are masked before anything is read.
 */
export function parseNetscaler(files: readonly SourceFile[]): DeviceModel {
  const commands = files.flatMap(({ path, bytes }): Placed[] =>
    readCommands(maskWith(netscalerSecrets, bytes.toString('utf8'))).map((command) => ({ ...command, file: path })),
  );
  const objects = new Objects(commands);
  const profileKinds = objects.kinds.filter((kind) => kind.endsWith('profile'));
  return {
    virtualServers: [
      ...objects.all('cs vserver').map((one) => csVirtualServer(one, objects)),
      ...objects.all('lb vserver').map((one) => lbVirtualServer(one, objects)),
    ],
    pools: poolsOf(objects),
    monitors: objects.all('lb monitor').map(monitorOf),
    nodes: objects.all('server').map(nodeOf),
    profiles: profileKinds.flatMap((kind) => objects.all(kind).map((one) => profileOf(kind, one))),
    certificates: objects.all('ssl certkey').map((one) => certificateOf(one, objects)),
    unmodelled: commands.filter((command) => !isModelled(command, objects)).map(unmodelledOf),
  };
}

function profileOf(kind: string, { name, commands }: NamedCommands): DeviceModel['profiles'][number] {
  return { name, kind, native: new Options(commands).others(new Set()) };
}

/** `add ssl certKey NAME -cert FILE -key FILE`, and the issuer that a `link` names. */
function certificateOf(
  { name, commands }: NamedCommands,
  objects: Objects<Command>,
): DeviceModel['certificates'][number] {
  const options = new Options(commands);
  const file = options.text('cert');
  const issuer = objects.links.map(subjectOf).find((link) => link.kind === 'ssl certkey' && link.name === name)
    ?.rest[0];
  const native = { ...options.others(new Set(['cert'])), ...(issuer === undefined ? {} : { link: issuer }) };
  return {
    name,
    ...(file === undefined ? {} : { file }),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

/** Kinds that are read in full; of the others only what the reading of a virtual server takes in. */
const whole = new Set(['server', 'service', 'servicegroup', 'lb vserver', 'cs vserver', 'lb monitor', 'ssl certkey']);
const parts: Readonly<Record<string, readonly string[]>> = {
  'ssl vserver': ['lb vserver', 'cs vserver'],
  'ssl service': ['service'],
  'ssl servicegroup': ['servicegroup'],
  'cs policy': ['cs policy'],
  'cs action': ['cs action'],
};
const verbs = new Set(['add', 'set', 'bind', 'enable', 'disable', 'link']);

function isModelled(command: Command, objects: Objects<Command>): boolean {
  const { verb, kind, name } = subjectOf(command);
  if (!verbs.has(verb) || name === '') return false;
  const owners = whole.has(kind) ? [kind] : (parts[kind] ?? (kind.endsWith('profile') ? [kind] : []));
  if (!owners.some((owner) => objects.has(owner, name))) return false;
  return !kind.endsWith('profile') || verb !== 'bind' || kind === 'ssl profile';
}

function unmodelledOf({ file, line, endLine, text }: Placed): Unmodelled {
  return { file, line, endLine, text, why: 'the model has no place for it' };
}
