import type { Configuration, TmObject } from './configuration.ts';
import { findObject, objectsOf, valueOf } from './configuration.ts';
import { type Member, membersOf, nodeStatus, poolStatus, type Probe, virtualStatus } from './health.ts';
import { relative } from './list.ts';
import { portNumber } from './services.ts';
import { type Counters, spellCount, sumOf, type Traffic } from '../traffic.ts';

/** What the device knows of itself while it runs. */
export interface Running {
  readonly config: Configuration;
  readonly probe: Probe;
  readonly traffic: Traffic;
}

export interface ShowOptions {
  readonly folder: string;
  readonly isFieldFormat: boolean;
  readonly isRaw: boolean;
  readonly hasMembers: boolean;
}

type Fields = readonly (readonly [name: string, value: string | number])[];

export function showPool(running: Running, pool: TmObject, options: ShowOptions): string {
  const members = membersOf(running.config, pool, running.probe);
  const counted = members.map(({ name }) => running.traffic.of(`${pool.name} ${name}`));
  const status = poolStatus(members);
  const name = relative(pool.name, options.folder);
  const all = sumOf(counted);
  if (options.isFieldFormat) {
    const own: Fields = [
      ['active-member-cnt', members.filter(({ isServing }) => isServing).length],
      ['available-member-cnt', members.filter(({ availability }) => availability === 'available').length],
      ...queueFields('connq-all'),
      ...queueFields('connq'),
      ['cur-sessions', 0],
      ['member-cnt', members.length],
      ['min-active-members', valueOf(pool.items, 'min-active-members') ?? 0],
      ['monitor-rule', monitorRuleOf(pool)],
      ['name', name],
      ...trafficFields('serverside', all, options.isRaw),
      ...statusFields(status),
      ['tot-requests', spellCount(all.requests, options.isRaw)],
    ];
    const blocks = members.map((member, at) => memberBlock(pool, member, counted[at] ?? all, options)).join('');
    const inner = options.hasMembers ? `    members {\n${blocks}    }\n` : '';
    const split = own.findIndex(([field]) => field > 'members');
    return `ltm pool ${name} {\n${lines(own.slice(0, split), 4)}${inner}${lines(own.slice(split), 4)}}\n`;
  }
  const head = `${rule(`Ltm::Pool: ${name}`)}${statusLines(status, '')}`;
  const monitor = `  Monitor          : ${relative(monitorRuleOf(pool), options.folder)}\n  Minimum Active Members : ${
    valueOf(pool.items, 'min-active-members') ?? 0
  }\n  Current Active Members : ${members.filter(({ isServing }) => isServing).length}\n`;
  const own = `${head}${monitor}${trafficTable(all, options.isRaw)}`;
  return `${own}${options.hasMembers ? members.map((member, at) => memberTable(pool, member, counted[at] ?? all, options)).join('') : ''}\n`;
}

function monitorRuleOf({ items }: TmObject): string {
  const item = items.find(({ words }) => words[0] === 'monitor');
  if (item === undefined) return 'none';
  return [...item.words.slice(1), ...(item.block ?? []).map(({ words: [one = ''] }) => one)].join(' ');
}

function memberBlock(pool: TmObject, member: Member, counted: Counters, { folder, isRaw }: ShowOptions): string {
  const fields: Fields = [
    ['addr', member.address],
    ...queueFields('connq'),
    ['cur-sessions', 0],
    ['monitor-rule', member.monitorRule],
    ['monitor-status', member.monitorStatus],
    ['node-name', relative(member.node, folder)],
    ['pool-name', relative(pool.name, folder)],
    ['port', member.port],
    ...trafficFields('serverside', counted, isRaw),
    ['session-status', member.session],
    ...statusFields(member),
    ['tot-requests', spellCount(counted.requests, isRaw)],
  ];
  return `        ${relative(member.name, folder)} {\n${lines(fields, 12)}        }\n`;
}

function memberTable(pool: TmObject, member: Member, counted: Counters, { folder, isRaw }: ShowOptions): string {
  const head = `Ltm::Pool Member: ${relative(member.name, folder)}`;
  const body = [
    ...statusLines(member, '').split('\n'),
    `  Monitor      : ${member.monitorRule}`,
    `  Monitor Status : ${member.monitorStatus}`,
    `  Session Status : ${member.session}`,
    `  Pool Name    : ${relative(pool.name, folder)}`,
    `  IP Address   : ${member.address}`,
    ...trafficTable(counted, isRaw).split('\n'),
  ];
  return `  ${'-'.repeat(64)}\n  | ${head}\n  ${'-'.repeat(64)}\n${body
    .filter((line) => line !== '')
    .map((line) => `  | ${line}\n`)
    .join('')}`;
}

export function showNode(running: Running, node: TmObject, options: ShowOptions): string {
  const status = nodeStatus(node, running.probe);
  const name = relative(node.name, options.folder);
  const counted = sumOf(
    objectsOf(running.config, 'ltm pool').flatMap((pool) =>
      membersOf(running.config, pool, running.probe)
        .filter((member) => member.node === node.name)
        .map((member) => running.traffic.of(`${pool.name} ${member.name}`)),
    ),
  );
  if (!options.isFieldFormat) {
    return `${rule(`Ltm::Node: ${name} (${valueOf(node.items, 'address') ?? 'any6'})`)}${statusLines(status, '')}${trafficTable(counted, options.isRaw)}\n`;
  }
  const fields: Fields = [
    ['addr', valueOf(node.items, 'address') ?? 'any6'],
    ['cur-sessions', 0],
    ['monitor-rule', monitorRuleOf(node)],
    ['monitor-status', status.monitorStatus],
    ['name', name],
    ...trafficFields('serverside', counted, options.isRaw),
    ['session-status', status.session],
    ...statusFields(status),
    ['tot-requests', spellCount(counted.requests, options.isRaw)],
  ];
  return `ltm node ${name} {\n${lines(fields, 4)}}\n`;
}

export function showVirtual(running: Running, virtual: TmObject, options: ShowOptions): string {
  const status = virtualStatus(running.config, virtual, running.probe);
  const counted = running.traffic.of(virtual.name);
  const name = relative(virtual.name, options.folder);
  const destination = (valueOf(virtual.items, 'destination') ?? '')
    .replace(/^.*\//, '')
    .replace(/([:.])([a-z][\w-]*)$/, (_all, mark: string, port: string) => `${mark}${portNumber(port)}`);
  const pool = findObject(running.config, 'ltm pool', valueOf(virtual.items, 'pool') ?? '');
  const own = options.isFieldFormat
    ? `ltm virtual ${name} {\n${lines(virtualFields(name, destination, status, counted, options.isRaw), 4)}}\n`
    : virtualTable(name, destination, status, counted, options.isRaw);
  const isNested = options.hasMembers && pool !== undefined && !options.isFieldFormat;
  return isNested ? `${own}${showPool(running, pool, options)}` : own;
}

function virtualFields(
  name: string,
  destination: string,
  status: Parameters<typeof statusFields>[0],
  counted: Counters,
  isRaw: boolean,
): Fields {
  const quiet: Counters = {
    ...counted,
    bitsIn: 0,
    bitsOut: 0,
    current: 0,
    most: 0,
    packetsIn: 0,
    packetsOut: 0,
    total: 0,
  };
  return [
    ...killedFields('clientside', counted, isRaw),
    ['cmp-enable-mode', 'all-cpus'],
    ['cmp-enabled', 'enabled'],
    ['cs-max-conn-dur', 0],
    ['cs-mean-conn-dur', 0],
    ['cs-min-conn-dur', 0],
    ['destination', destination],
    ...killedFields('ephemeral', quiet, isRaw),
    ['five-min-avg-usage-ratio', 0],
    ['five-sec-avg-usage-ratio', 0],
    ['name', name],
    ['one-min-avg-usage-ratio', 0],
    ...statusFields(status),
    ['syncookie-status', 'not-activated'],
    ['tot-requests', spellCount(counted.requests, isRaw)],
  ];
}

function killedFields(side: string, counted: Counters, isRaw: boolean): Fields {
  const more: Fields = [
    [`${side}.evicted-conns`, 0],
    [`${side}.slow-killed`, 0],
  ];
  return [...trafficFields(side, counted, isRaw), ...more].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function trafficFields(side: string, counted: Counters, isRaw: boolean): Fields {
  return [
    [`${side}.bits-in`, spellCount(counted.bitsIn, isRaw)],
    [`${side}.bits-out`, spellCount(counted.bitsOut, isRaw)],
    [`${side}.cur-conns`, spellCount(counted.current, isRaw)],
    [`${side}.max-conns`, spellCount(counted.most, isRaw)],
    [`${side}.pkts-in`, spellCount(counted.packetsIn, isRaw)],
    [`${side}.pkts-out`, spellCount(counted.packetsOut, isRaw)],
    [`${side}.tot-conns`, spellCount(counted.total, isRaw)],
  ];
}

function queueFields(name: string): Fields {
  return ['age-edm', 'age-ema', 'age-head', 'age-max', 'depth', 'serviced'].map((field) => [`${name}.${field}`, 0]);
}

function statusFields({
  availability,
  isEnabled,
  reason,
}: {
  availability: string;
  isEnabled: boolean;
  reason: string;
}): Fields {
  return [
    ['status.availability-state', availability],
    ['status.enabled-state', isEnabled ? 'enabled' : 'disabled'],
    ['status.status-reason', reason],
  ];
}

function lines(fields: Fields, depth: number): string {
  return fields.map(([name, value]) => `${' '.repeat(depth)}${name} ${value}\n`).join('');
}

/** A heading between two rules, after an empty line. */
export function rule(title: string): string {
  const bar = '-'.repeat(Math.max(66, title.length));
  return `\n${bar}\n${title.padEnd(31)}\n${bar}\n`;
}

function statusLines(
  { availability, isEnabled, reason }: { availability: string; isEnabled: boolean; reason: string },
  indent: string,
): string {
  return `${indent}Status\n${indent}  Availability     : ${availability.padEnd(10)}\n${indent}  State            : ${(isEnabled
    ? 'enabled'
    : 'disabled'
  ).padEnd(10)}\n${indent}  Reason           : ${reason}\n`;
}

function trafficTable(counted: Counters, isRaw: boolean): string {
  const rows: Fields = [
    ['Bits In', counted.bitsIn],
    ['Bits Out', counted.bitsOut],
    ['Packets In', counted.packetsIn],
    ['Packets Out', counted.packetsOut],
    ['Current Connections', counted.current],
    ['Maximum Connections', counted.most],
    ['Total Connections', counted.total],
    ['Total Requests', counted.requests],
  ];
  const body = rows
    .map(([name, value]) => `  ${name.padEnd(24)}${spellCount(Number(value), isRaw).padStart(9)}\n`)
    .join('');
  return `\n${'Traffic'.padEnd(25)}ServerSide\n${body}`;
}

function virtualTable(
  name: string,
  destination: string,
  status: Parameters<typeof statusLines>[0],
  counted: Counters,
  isRaw: boolean,
): string {
  const rows: readonly (readonly [string, number | '-', number | '-', number | '-'])[] = [
    ['Bits In', counted.bitsIn, 0, '-'],
    ['Bits Out', counted.bitsOut, 0, '-'],
    ['Packets In', counted.packetsIn, 0, '-'],
    ['Packets Out', counted.packetsOut, 0, '-'],
    ['Current Connections', counted.current, 0, '-'],
    ['Maximum Connections', counted.most, 0, '-'],
    ['Total Connections', counted.total, 0, '-'],
    ['Evicted Connections', 0, 0, '-'],
    ['Slow Connections Killed', 0, 0, '-'],
    ['Min Conn Duration/msec', '-', '-', 0],
    ['Max Conn Duration/msec', '-', '-', 0],
    ['Mean Conn Duration/msec', '-', '-', 0],
    ['Total Requests', '-', '-', counted.requests],
  ];
  const cells = rows.map(([label, ...values]) => {
    const [client = '', ephemeral = '', general = ''] = values.map((one) =>
      one === '-' ? '-' : spellCount(one, isRaw),
    );
    return `  ${label.padEnd(32)}${client.padStart(12)}${ephemeral.padStart(11)}${general.padStart(9)}\n`;
  });
  const cmp = `  CMP              : enabled   \n  CMP Mode         : all-cpus  \n  Destination      : ${destination}\n`;
  return `${rule(`Ltm::Virtual Server: ${name}`)}${statusLines(status, '')}${cmp}\n${'Traffic'.padEnd(36)}ClientSide  Ephemeral  General\n${cells.join('')}`;
}
