import { type ConfigLine, findArgument } from './config-line.ts';
import { type Configuration, findLines, renderConfiguration } from './configuration.ts';
import { groupMembersOf, servicesOf, vserversOf } from './bindings.ts';
import type { Health, HealthOf } from './health.ts';
import type { Given } from './match.ts';
import { showMonitors } from './monitors.ts';
import { CommandRefused } from './refusal.ts';
import { showSsl } from './show-ssl.ts';
import { vserverState } from './stat.ts';

/** A pair's half, or an appliance alone. */
export type HaRole = 'standalone' | 'primary' | 'secondary';

export interface Shown {
  readonly running: Configuration;
  readonly saved: Configuration;
  readonly role: HaRole;
  readonly now: Date;
  readonly health: HealthOf;
}

/** The answer to a `show`, without its ` Done`. Layouts are those of public transcripts (README.md names them). */
export function show(given: Given, shown: Shown): string {
  const { running, saved, role, now, health } = shown;
  const {
    form,
    positionals: [name],
  } = given;
  if (form.object.startsWith('ssl ')) return showSsl(given, running, now);
  switch (form.object) {
    case 'ns runningConfig':
      return renderConfiguration(running);
    case 'lb monitor':
      return showMonitors(running, name);
    case 'ns config':
      return showConfig(shown);
    case 'ns savedConfig':
    case 'ns ns.conf':
      return renderConfiguration(saved);
    case 'ns version':
      return `\tNetScaler ${versionOf(running)}.nc, Date: Nov 23 2022, 04:42:36   (64-bit)\n`;
    case 'ha node':
      return showHaNode(role);
    default:
      return showObjects(running, health, form.object, name);
  }
}

function versionOf({ lines }: Configuration): string {
  const [, release = 'NS13.1', build = '37.38'] = /^#(NS[\d.]+) Build ([\d.]+)/.exec(lines[0]?.text ?? '') ?? [];
  return `${release}: Build ${build}`;
}

/** The layout is from memory of the device; whether something is not saved is NITRO's `configchanged`. */
function showConfig({ running, saved, role }: Shown): string {
  const isChanged = renderConfiguration(running) !== renderConfiguration(saved);
  const [line] = findLines(running, 'set', 'ns config');
  const rows = [
    `NetScaler IP: ${(line === undefined ? undefined : findArgument(line, 'IPAddress')) ?? '192.0.2.10'}  (mask: ${(line === undefined ? undefined : findArgument(line, 'netmask')) ?? '255.255.255.0'})`,
    `Number of MappedIP(s): 0`,
    `Node: ${role === 'standalone' ? 'Standalone' : role === 'primary' ? 'Primary' : 'Secondary'}`,
    `Config Changed since Last Saved Config: ${isChanged ? 'TRUE' : 'FALSE'}`,
  ];
  return rows.map((row) => `\t${row}\n`).join('');
}

function showHaNode(role: HaRole): string {
  const own = role === 'secondary' ? 'Secondary' : 'Primary';
  const peer = role === 'secondary' ? 'Primary' : 'Secondary';
  const first = showNode(0, '192.0.2.10 (ns1)', own);
  return role === 'standalone' ? first : `${first}${showNode(1, '192.0.2.11', peer)}`;
}

function showNode(id: number, address: string, state: string): string {
  const rows = [
    `Node ID:      ${id}`,
    `IP:\t${address}`,
    'Node State: UP',
    `Master State: ${state}`,
    'Fail-Safe Mode: OFF',
    'INC State: DISABLED',
    'Sync State: ENABLED',
    'Propagation: ENABLED',
    'Enabled Interfaces : 0/1',
    'Disabled Interfaces : None',
    'HA MON ON Interfaces : None',
    'Interfaces on which heartbeats are not seen : None',
    'Interfaces causing Partial Failure: None',
    'SSL Card Status: NOT PRESENT',
  ];
  return `${id + 1})\t${rows.join('\n\t')}\n`;
}

function showObjects(config: Configuration, health: HealthOf, object: string, name: string | undefined): string {
  const lines = findLines(config, 'add', object, ...(name === undefined ? [] : [name]));
  if (name !== undefined && lines.length === 0) throw new CommandRefused('No such resource', `${object} name`, name);
  return lines
    .map((line, index) => {
      const rows = showOne(config, health, line);
      const head = name === undefined ? `${index + 1})\t` : '\t';
      return `${head}${rows.join('\n\t')}\n${name === undefined ? '' : showBound(config, health, line)}`;
    })
    .join('');
}

function showOne(config: Configuration, health: HealthOf, line: ConfigLine): readonly string[] {
  const [name = '', second = '', third = '', port = ''] = line.positionals.map(({ text }) => text);
  const state = stateOf(line);
  switch (line.object.toLowerCase()) {
    case 'server':
      return [`Name:             ${name}      State:${state}`, `IPAddress:   ${second}`];
    case 'service':
      return [
        `${name} (${addressOf(config, second)}:${port}) - ${third}`,
        `State: ${serviceHealth(config, health, name)}`,
      ];
    case 'servicegroup':
      return [
        `${name} - ${second}`,
        `State: ${state}\tEffective State: ${effectiveState(config, health, name)}\tMonitor Threshold : 0`,
        `Max Conn: ${findArgument(line, 'maxClient') ?? '0'}\tMax Req: ${findArgument(line, 'maxReq') ?? '0'}\tMax Bandwidth: 0 kbits`,
      ];
    default:
      return showVserver(config, health, line, [name, second, third, port]);
  }
}

/** The lines of a transcript of a VPX of 2021, without the times of state changes, which are not kept. */
function showVserver(
  config: Configuration,
  health: HealthOf,
  line: ConfigLine,
  words: readonly string[],
): readonly string[] {
  const [name = '', type = '', address = '', port = ''] = words;
  const [vserver] = vserversOf(config).filter((one) => one.name === name);
  const state = vserver === undefined ? 'DOWN' : vserverState(vserver, health);
  const up = vserver?.bound.filter((one) => health(one.name, one.isEnabled) === 'UP').length ?? 0;
  return [
    `${name} (${address}:${port}) - ${type}\tType: ADDRESS `,
    `State: ${state}`,
    `Effective State: ${state}  ARP:DISABLED`,
    `Client Idle Timeout: ${findArgument(line, 'cltTimeout') ?? '180'} sec`,
    'Down state flush: ENABLED',
    'Disable Primary Vserver On Down : DISABLED',
    'Appflow logging: ENABLED',
    'Port Rewrite : DISABLED',
    `No. of Bound Services :  ${vserver?.bound.length ?? 0} (Total) \t ${up} (Active)`,
    `Configured Method: ${findArgument(line, 'lbMethod') ?? 'LEASTCONNECTION'}\tBackupMethod: ROUNDROBIN`,
    'Mode: IP',
    `Persistence: ${findArgument(line, 'persistenceType') ?? 'NONE'}`,
  ];
}

function membersOf(config: Configuration, group: string): readonly ConfigLine[] {
  return findLines(config, 'bind', 'serviceGroup', group).filter(({ positionals }) => positionals.length > 1);
}

/** Members of a group, services and groups of a virtual server (this from memory), and the monitors of both kinds of services. */
function showBound(config: Configuration, health: HealthOf, line: ConfigLine): string {
  const [name = ''] = line.positionals.map(({ text }) => text);
  switch (line.object.toLowerCase()) {
    case 'servicegroup':
      return showMembers(config, health, name);
    case 'service':
      return monitorsShown(config, 'service', name, serviceHealth(config, health, name));
    case 'lb vserver':
      return showTargets(config, health, name);
    default:
      return '';
  }
}

function showTargets(config: Configuration, health: HealthOf, name: string): string {
  const bound = vserversOf(config).find((one) => one.name === name)?.bound ?? [];
  const groups = [...new Set(bound.map(({ group }) => group).filter((group) => group !== ''))];
  const heads = groups.map((group, index) => `${index + 1})\tGroup Name: ${group}\n\n`);
  const rows = bound.map((one, index) => {
    const label = one.group === '' ? one.name : one.group;
    return `\t${index + 1}) ${label} (${one.address}: ${one.port}) - ${one.protocol} State: ${health(one.name, one.isEnabled)}\tWeight: ${one.weight}\n`;
  });
  return `${heads.length === 0 ? '' : `\nBound Service Groups:\n${heads.join('')}`}${rows.join('')}`;
}

function showMembers(config: Configuration, health: HealthOf, group: string): string {
  const rows = membersOf(config, group).map((member, index) => {
    const [, server = '', port = ''] = member.positionals.map(({ text }) => text);
    const id = (findArgument(member, 'CustomServerID') ?? 'None').replaceAll('"', '');
    const state = memberHealth(config, health, group, server, port);
    const head = [
      `\n\t${index + 1})    ${addressOf(config, server)}:${port}\tState: ${state}`,
      `Server Name: ${server}\tServer ID: ${id}\tWeight: ${findArgument(member, 'weight') ?? '1'}\n`,
    ];
    return `${head.join('\t')}${monitorsShown(config, 'serviceGroup', group, state)}`;
  });
  return rows.length === 0 ? '' : `\n${rows.join('')}`;
}

/** As a transcript has them of a member; what is not probed has its `tcp-default`. */
function monitorsShown(config: Configuration, object: string, name: string, state: Health): string {
  const names = findLines(config, 'bind', object, name).flatMap((line) => findArgument(line, 'monitorName') ?? []);
  return (names.length === 0 ? ['tcp-default'] : names)
    .map((monitor) => {
      return `\n\t\tMonitor Name: ${monitor} \tState: ${state === 'DOWN' ? 'DOWN' : 'UP'}\tPassive: 0\n\t\tProbes: 0\tFailed [Total: 0 Current: 0]\n\t\tLast response: ${state === 'DOWN' ? 'Failure - Probe failed.' : 'Success - Probe succeeded.'}\n\t\tResponse Time: 0 millisec\n`;
    })
    .join('');
}

function addressOf(config: Configuration, server: string): string {
  return findLines(config, 'add', 'server', server)[0]?.positionals[1]?.text ?? server;
}

function stateOf(line: ConfigLine): string {
  return findArgument(line, 'state') ?? 'ENABLED';
}

function memberHealth(config: Configuration, health: HealthOf, group: string, server: string, port: string): Health {
  const name = `${group}?${server}?${port}`;
  return health(name, groupMembersOf(config).find((one) => one.name === name)?.isEnabled ?? true);
}

function serviceHealth(config: Configuration, health: HealthOf, name: string): Health {
  return health(name, servicesOf(config).find((one) => one.name === name)?.isEnabled ?? true);
}

/** By the manual: all in one state give that state, some up give PARTIAL-UP. */
function effectiveState(config: Configuration, health: HealthOf, group: string): string {
  const members = groupMembersOf(config).filter((one) => one.group === group);
  const states = new Set(members.map((one) => health(one.name, one.isEnabled)));
  if (states.has('UP')) return states.size > 1 ? 'PARTIAL-UP' : 'UP';
  const [only = 'DOWN'] = states;
  return states.size > 1 ? 'DOWN' : only;
}
