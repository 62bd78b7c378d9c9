import { type ConfigLine, findArgument } from './config-line.ts';
import { type Configuration, findLines, renderConfiguration } from './configuration.ts';
import { groupMembersOf, servicesOf, vserversOf } from './bindings.ts';
import type { Health, HealthOf } from './health.ts';
import type { Given } from './match.ts';
import { CommandRefused } from './refusal.ts';
import { showSsl } from './show-ssl.ts';

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
      return `${head}${rows.join('\n\t')}\n${name === undefined ? '' : showMembers(config, health, line)}`;
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
      return [
        `${name} (${third}:${port}) - ${second}\tType: ADDRESS`,
        `State: ${vserverHealth(config, health, name)}`,
        `Configured Method: ${findArgument(line, 'lbMethod') ?? 'LEASTCONNECTION'}\tBackupMethod: ROUNDROBIN`,
        'Mode: IP',
        `Persistence: ${findArgument(line, 'persistenceType') ?? 'NONE'}`,
      ];
  }
}

function membersOf(config: Configuration, group: string): readonly ConfigLine[] {
  return findLines(config, 'bind', 'serviceGroup', group).filter(({ positionals }) => positionals.length > 1);
}

function showMembers(config: Configuration, health: HealthOf, line: ConfigLine): string {
  if (line.object.toLowerCase() !== 'servicegroup') return '';
  const group = line.positionals[0]?.text ?? '';
  const rows = membersOf(config, group).map((member, index) => {
    const [, server = '', port = ''] = member.positionals.map(({ text }) => text);
    const id = (findArgument(member, 'CustomServerID') ?? 'None').replaceAll('"', '');
    return [
      `\n\t${index + 1})    ${addressOf(config, server)}:${port}\tState: ${memberHealth(config, health, group, server, port)}`,
      `Server Name: ${server}\tServer ID: ${id}\tWeight: ${findArgument(member, 'weight') ?? '1'}\n`,
    ].join('\t');
  });
  return rows.length === 0 ? '' : `\n${rows.join('')}`;
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

/** Down where something is bound and all of it is down. */
function vserverHealth(config: Configuration, health: HealthOf, name: string): Health {
  const vserver = vserversOf(config).find((one) => one.name === name);
  if (vserver?.isEnabled === false) return 'OUT OF SERVICE';
  const states = (vserver?.bound ?? []).map((one) => health(one.name, one.isEnabled));
  return states.length > 0 && states.every((state) => state === 'DOWN') ? 'DOWN' : 'UP';
}

/** By the manual: all in one state give that state, some up give PARTIAL-UP. */
function effectiveState(config: Configuration, health: HealthOf, group: string): string {
  const members = groupMembersOf(config).filter((one) => one.group === group);
  const states = new Set(members.map((one) => health(one.name, one.isEnabled)));
  if (states.has('UP')) return states.size > 1 ? 'PARTIAL-UP' : 'UP';
  const [only = 'DOWN'] = states;
  return states.size > 1 ? 'DOWN' : only;
}
