import type { Flow } from '../traffic.ts';
import { findStatement, type Statement, statementsOf, wordsOf } from './tree.ts';

/** Whether the probes of an address and port succeed; whoever simulates the servers behind decides. */
export type Probe = (address: string, port: string) => boolean;
export type State = 'Up' | 'Down' | 'Disabled';

export interface Server {
  readonly name: string;
  readonly address: string;
  readonly state: State;
  readonly ports: readonly ServerPort[];
}
export interface ServerPort {
  readonly port: string;
  readonly protocol: string;
  readonly state: State;
  readonly weight: number;
}
export interface GroupMember {
  readonly server: string;
  readonly port: string;
  readonly priority: number;
  readonly state: State;
  readonly weight: number;
}
export interface Group {
  readonly name: string;
  readonly protocol: string;
  readonly method: string;
  readonly state: 'All Up' | 'Functional Up' | 'Down';
  readonly members: readonly GroupMember[];
}
export interface VirtualServer {
  readonly name: string;
  readonly address: string;
  readonly state: 'All Up' | 'Functional Up' | 'Down' | 'Disabled';
  readonly ports: readonly VirtualPort[];
}
export interface VirtualPort {
  readonly port: string;
  readonly protocol: string;
  readonly group: string;
  readonly isEnabled: boolean;
  readonly state: Group['state'] | 'Disabled';
}

type Statements = readonly Statement[];

export function serversOf(config: Statements, probe: Probe): readonly Server[] {
  return statementsOf(config, 'slb server').map((server) => {
    const [, , name = '', address = ''] = wordsOf(server.text);
    const isOff = findStatement(server.children, 'disable') !== undefined;
    const ports = statementsOf(server.children, 'port').map((one) => {
      const [, port = '', protocol = 'tcp'] = wordsOf(one.text);
      const isPortOff = findStatement(one.children, 'disable') !== undefined;
      const state: State = isPortOff ? 'Disabled' : isOff || !probe(address, port) ? 'Down' : 'Up';
      return { port, protocol, state, weight: numberOf(one.children, 'weight', 1) };
    });
    const isUp = ports.length === 0 || ports.some((one) => one.state === 'Up');
    return { name, address, state: isOff ? 'Disabled' : isUp ? 'Up' : 'Down', ports };
  });
}

function numberOf(children: Statements, word: string, normal: number): number {
  return Number(wordsOf(findStatement(children, word)?.text ?? '')[1] ?? normal);
}

export function groupsOf(config: Statements, probe: Probe): readonly Group[] {
  const servers = serversOf(config, probe);
  return statementsOf(config, 'slb service-group').map((group) => {
    const [, , name = '', protocol = 'tcp'] = wordsOf(group.text);
    const members = statementsOf(group.children, 'member').map((one) => memberOf(one, servers, protocol));
    const up = members.filter(({ state }) => state === 'Up').length;
    const method = wordsOf(findStatement(group.children, 'method')?.text ?? '')[1] ?? 'round-robin';
    return {
      name,
      protocol,
      method,
      members,
      state: up === 0 ? 'Down' : up === members.length ? 'All Up' : 'Functional Up',
    };
  });
}

function memberOf(member: Statement, servers: readonly Server[], protocol: string): GroupMember {
  const [, server = '', port = ''] = wordsOf(member.text);
  const own = servers.find(({ name }) => name === server);
  const at = own?.ports.find((one) => one.port === port && one.protocol === protocol);
  const isOff = ['disable', 'disable-with-health-check'].some((word) =>
    member.children.some(({ text }) => text === word),
  );
  const state: State = isOff || own?.state === 'Disabled' ? 'Disabled' : (at?.state ?? 'Down');
  return { server, port, priority: numberOf(member.children, 'priority', 1), state, weight: at?.weight ?? 1 };
}

export function virtualServersOf(config: Statements, probe: Probe): readonly VirtualServer[] {
  const groups = groupsOf(config, probe);
  return statementsOf(config, 'slb virtual-server').map((virtual) => {
    const [, , name = '', address = ''] = wordsOf(virtual.text);
    const isOff = virtual.children.some(({ text }) => text === 'disable');
    const ports = statementsOf(virtual.children, 'port').map((one): VirtualPort => {
      const [, port = '', protocol = ''] = wordsOf(one.text);
      const group = wordsOf(findStatement(one.children, 'service-group')?.text ?? '')[1] ?? '';
      const isEnabled = !isOff && !one.children.some(({ text }) => text === 'disable');
      const state = groups.find((each) => each.name === group)?.state ?? 'Down';
      return { port, protocol, group, isEnabled, state: isEnabled ? state : 'Disabled' };
    });
    return { name, address, ports, state: isOff ? 'Disabled' : worst(ports) };
  });
}

function worst(ports: readonly VirtualPort[]): VirtualServer['state'] {
  if (ports.length > 0 && ports.every(({ state }) => state === 'All Up')) return 'All Up';
  return ports.some(({ state }) => state === 'All Up' || state === 'Functional Up') ? 'Functional Up' : 'Down';
}

/** What counters are kept of: names of traffic, the partition before each. */
export function vportName(partition: string, virtual: string, port: string, protocol: string): string {
  return `${partition} v ${virtual}:${port}/${protocol}`;
}
export function memberName(partition: string, group: string, server: string, port: string): string {
  return `${partition} m ${group} ${server}:${port}`;
}

/** Where connections go now: members of the highest priority that are up, by weight where the method is one of weights. */
export function flowsOf(config: Statements, probe: Probe, partition: string): readonly Flow[] {
  const groups = groupsOf(config, probe);
  return virtualServersOf(config, probe).flatMap(({ name, ports }) =>
    ports.flatMap(({ port, protocol, group: groupName, isEnabled }) => {
      const group = groups.find((one) => one.name === groupName);
      const up = group?.members.filter(({ state }) => state === 'Up') ?? [];
      if (group === undefined || !isEnabled || up.length === 0) return [];
      const highest = Math.max(...up.map(({ priority }) => priority));
      const serving = up.filter(({ priority }) => priority === highest);
      const sum = serving.reduce((all, one) => all + weightIn(group, one), 0);
      const members = serving.map((one) => ({
        name: memberName(partition, group.name, one.server, one.port),
        share: weightIn(group, one) / sum,
      }));
      return [{ name: vportName(partition, name, port, protocol), members }];
    }),
  );
}

function weightIn({ method }: Group, { weight }: GroupMember): number {
  return method.includes('weighted') ? weight : 1;
}
