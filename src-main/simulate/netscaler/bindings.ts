import type { Flow } from '../traffic.ts';
import { type ConfigLine, findArgument } from './config-line.ts';
import { type Configuration, findLines } from './configuration.ts';

/** One server and port that a virtual server sends to: a member of a group, or a service of its own. */
export interface Bound {
  /** `app?w1?80` of a member, the name of a service. */
  readonly name: string;
  /** Empty of a service. */
  readonly group: string;
  readonly server: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
  readonly weight: number;
  readonly isEnabled: boolean;
}

export interface Vserver {
  readonly name: string;
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly isEnabled: boolean;
  readonly method: string;
  readonly persistence: string;
  readonly bound: readonly Bound[];
}

export function vserversOf(config: Configuration): readonly Vserver[] {
  return findLines(config, 'add', 'lb vserver').map((line) => {
    const [name = '', protocol = '', address = '0.0.0.0', port = '0'] = textsOf(line);
    const bindings = findLines(config, 'bind', 'lb vserver', name);
    return {
      name,
      protocol,
      address,
      port: Number(port),
      isEnabled: isEnabled(line),
      method: findArgument(line, 'lbMethod') ?? 'LEASTCONNECTION',
      persistence: findArgument(line, 'persistenceType') ?? 'NONE',
      bound: bindings.flatMap((binding) => boundTo(config, binding)),
    };
  });
}

/** The members of every group. */
export function groupMembersOf(config: Configuration): readonly Bound[] {
  return findLines(config, 'add', 'serviceGroup').flatMap((line) => membersOf(config, line));
}

/** Services outside groups. */
export function servicesOf(config: Configuration): readonly Bound[] {
  return findLines(config, 'add', 'service').map((line) => serviceOf(config, line, 1));
}

/** The weight of a member stands on its own binding, that of a service on the virtual server's. */
function boundTo(config: Configuration, binding: ConfigLine): readonly Bound[] {
  const [, target = ''] = textsOf(binding);
  const weight = Number(findArgument(binding, 'weight') ?? 1);
  const groups = findLines(config, 'add', 'serviceGroup', target).flatMap((line) => membersOf(config, line));
  return [...groups, ...findLines(config, 'add', 'service', target).map((line) => serviceOf(config, line, weight))];
}

function serviceOf(config: Configuration, line: ConfigLine, weight: number): Bound {
  const [name = '', server = '', protocol = '', port = '0'] = textsOf(line);
  const [address, isServerOn] = serverOf(config, server);
  const isOn = isServerOn && isEnabled(line);
  return { name, group: '', server, address, port: Number(port), protocol, weight, isEnabled: isOn };
}

function membersOf(config: Configuration, group: ConfigLine): readonly Bound[] {
  const [name = '', protocol = ''] = textsOf(group);
  return findLines(config, 'bind', 'serviceGroup', name).flatMap((line) => {
    const [, server = '', port = ''] = textsOf(line);
    if (port === '') return [];
    const [address, isServerOn] = serverOf(config, server);
    return [
      {
        name: `${name}?${server}?${port}`,
        group: name,
        server,
        address,
        port: Number(port),
        protocol,
        weight: Number(findArgument(line, 'weight') ?? 1),
        isEnabled: isServerOn && isEnabled(group) && isEnabled(line),
      },
    ];
  });
}

function serverOf(config: Configuration, name: string): readonly [address: string, isEnabled: boolean] {
  const [line] = findLines(config, 'add', 'server', name);
  return [line === undefined ? name : (textsOf(line)[1] ?? name), line === undefined || isEnabled(line)];
}

function isEnabled(line: ConfigLine): boolean {
  return findArgument(line, 'state') !== 'DISABLED';
}

function textsOf({ positionals }: ConfigLine): readonly string[] {
  return positionals.map(({ text }) => text);
}

/** Where connections go: by weight to all that is enabled. */
export function flowsOf(config: Configuration): readonly Flow[] {
  return vserversOf(config).flatMap(({ name, isEnabled: isOn, bound }) => {
    const serving = bound.filter((one) => one.isEnabled);
    if (!isOn || serving.length === 0) return [];
    const sum = serving.reduce((all, { weight }) => all + weight, 0);
    return [{ name: `vserver ${name}`, members: serving.map((one) => ({ name: one.name, share: one.weight / sum })) }];
  });
}
