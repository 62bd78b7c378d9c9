import type { Counters } from '../traffic.ts';
import { type Bound, groupMembersOf, servicesOf, type Vserver, vserversOf } from './bindings.ts';
import { type Configuration, findLines } from './configuration.ts';
import type { Given } from './match.ts';
import type { HealthOf } from './health.ts';
import { CommandRefused } from './refusal.ts';

/** What is seen beside the configuration: counters and states by the names of `bindings.ts` (`vserver shop`, `app?w1?80`, `old`). */
export interface Seen {
  readonly counted: (name: string) => Counters;
  readonly health: HealthOf;
}

/**
 * `stat ...`. The summary of virtual servers is that of a transcript, long names cut short included; all other layouts are from memory of
 * the device, their figures those of NITRO's statistics. Rates are not kept: they stand as 0.
 */
export function stat(given: Given, config: Configuration, seen: Seen): string {
  const [first, server, port] = given.positionals;
  const isFull = given.args.some(({ name }) => name === 'fullValues');
  switch (given.form.object) {
    case 'lb vserver':
      return statVservers(config, first, seen, isFull);
    case 'service':
      return statServices(config, first, seen, isFull);
    case 'serviceGroup':
      return statGroups(config, first, seen, isFull);
    default: {
      const member = groupMembersOf(config).find(
        (one) => one.group === first && (one.server === server || one.address === server) && String(one.port) === port,
      );
      if (member === undefined) throw new CommandRefused('No such resource', 'serverName', server ?? '');
      return statMember(member, seen, isFull);
    }
  }
}

/** `k8s-...3_svc`: the first four and the last five signs of what is longer than twelve. */
function short(name: string, isFull: boolean): string {
  return isFull || name.length <= 12 ? name : `${name.slice(0, 4)}...${name.slice(-5)}`;
}

/** Without -fullValues large numbers are cut short (manual); from when on, and how, is ours. */
function spell(count: number, isFull: boolean): string {
  const whole = Math.floor(count);
  if (isFull || whole < 1e9) return String(whole);
  return whole < 1e12 ? `${(whole / 1e9).toFixed(2)}G` : `${(whole / 1e12).toFixed(2)}T`;
}

function stateOf({ name, isEnabled }: Bound, { health }: Seen): string {
  return health(name, isEnabled);
}

/** A virtual server is up while something that is bound to it is. */
export function vserverState({ isEnabled, bound }: Vserver, health: HealthOf): string {
  if (!isEnabled) return 'OUT OF SERVICE';
  return bound.some((one) => health(one.name, one.isEnabled) === 'UP') ? 'UP' : 'DOWN';
}

function statVservers(config: Configuration, name: string | undefined, seen: Seen, isFull: boolean): string {
  const all = vserversOf(config).filter((one) => name === undefined || one.name === name);
  if (name !== undefined && all.length === 0) throw new CommandRefused('No such resource', 'vServerName', name);
  if (name === undefined) {
    const head =
      '\nVirtual Server(s) Summary\n                      vsvrIP  port     Protocol        State    Req/s   CPU-PM \n';
    const rows = all.map((one) => {
      const state = vserverState(one, seen.health);
      return `${short(one.name, isFull).padEnd(12)}${one.address.padStart(16)}${String(one.port).padStart(6)}${one.protocol.padStart(13)}${state.padStart(13)}      0/s        0\n\n`;
    });
    return `${head}${rows.join('')}`;
  }
  return all.map((one) => vserverDetails(one, seen, isFull)).join('');
}

function vserverDetails(one: Vserver, seen: Seen, isFull: boolean): string {
  const up = one.bound.filter(({ name, isEnabled }) => seen.health(name, isEnabled) === 'UP').length;
  const health = one.bound.length === 0 ? 0 : Math.round((100 * up) / one.bound.length);
  const counters = seen.counted(`vserver ${one.name}`);
  const summary =
    '\nVirtual Server Summary\n                      vsvrIP  port     Protocol        State   Health  actSvcs \n' +
    `${short(one.name, isFull).padEnd(12)}${one.address.padStart(16)}${String(one.port).padStart(6)}${one.protocol.padStart(13)}${vserverState(one, seen.health).padStart(13)}${String(health).padStart(9)}${String(up).padStart(9)}\n\n` +
    `           inactSvcs \n${short(one.name, isFull).padEnd(12)}${String(one.bound.length - up).padStart(8)}\n\n`;
  const rows = [
    ['Vserver hits', counters.total],
    ['Requests', counters.requests],
    ['Responses', counters.requests],
    ['Request bytes', counters.bitsIn / 8],
    ['Response bytes', counters.bitsOut / 8],
    ['Total Packets rcvd', counters.packetsIn],
    ['Total Packets sent', counters.packetsOut],
  ] as const;
  const gauges = [
    ['Current client connections', counters.current],
    ['Current Client Est connections', counters.current],
    ['Current server connections', counters.current],
  ] as const;
  return `${summary}Virtual Server Statistics\n${rateTable(rows, gauges, isFull)}${boundTable(one.bound, seen, isFull)}`;
}

type Rows = readonly (readonly [label: string, count: number])[];

function rateTable(rows: Rows, gauges: Rows, isFull: boolean): string {
  const head = `${''.padEnd(40)}${'Rate (/s)'.padStart(11)}${'Total'.padStart(21)}\n`;
  const lines = rows.map(
    ([label, count]) => `${label.padEnd(40)}${'0'.padStart(11)}${spell(count, isFull).padStart(21)}\n`,
  );
  const now = gauges.map(
    ([label, count]) => `${label.padEnd(40)}${'--'.padStart(11)}${spell(count, isFull).padStart(21)}\n`,
  );
  return `${head}${lines.join('')}${now.join('')}`;
}

function boundTable(bound: readonly Bound[], seen: Seen, isFull: boolean): string {
  if (bound.length === 0) return '';
  const head =
    '\nBound Service(s) Summary\n                       IP  port         Type        State     Hits   Hits/s      Req    Req/s ClntConn SvrConn\n';
  return `${head}${bound.map((one) => boundRow(one, seen, isFull)).join('')}`;
}

function boundRow(one: Bound, seen: Seen, isFull: boolean): string {
  const counters = seen.counted(one.name);
  const figures = [counters.total, 0, counters.requests, 0, counters.current, counters.current];
  const cells = figures.map((figure) => spell(figure, isFull).padStart(9)).join('');
  return `${short(one.name, isFull).padEnd(12)}${one.address.padStart(13)}${String(one.port).padStart(6)}${one.protocol.padStart(13)}${stateOf(one, seen).padStart(13)}${cells}\n`;
}

function statServices(config: Configuration, name: string | undefined, seen: Seen, isFull: boolean): string {
  const all = servicesOf(config).filter((one) => name === undefined || one.name === name);
  if (name !== undefined && all.length === 0) throw new CommandRefused('No such resource', 'serviceName', name);
  const head = `\nService(s) Summary\n                       IP  port         Type        State     Hits   Hits/s      Req    Req/s ClntConn SvrConn\n`;
  if (name === undefined) return `${head}${all.map((one) => boundRow(one, seen, isFull)).join('')}`;
  return all
    .map((one) => `\nService summary\n${summaryOf(one, seen)}${statisticsOf('Service statistics', one, seen, isFull)}`)
    .join('');
}

function summaryOf(one: Bound, seen: Seen): string {
  return `                       IP  port         Type        State\n${one.name.slice(0, 12).padEnd(12)}${one.address.padStart(13)}${String(one.port).padStart(6)}${one.protocol.padStart(13)}${stateOf(one, seen).padStart(13)}\n`;
}

function statisticsOf(title: string, one: Bound, seen: Seen, isFull: boolean): string {
  const counters = seen.counted(one.name);
  const rows = [
    ['Total number of requests', counters.requests],
    ['Total number of responses', counters.requests],
    ['Request bytes', counters.bitsIn / 8],
    ['Response bytes', counters.bitsOut / 8],
  ] as const;
  const gauges = [
    ['Current client connections', counters.current],
    ['Requests in surge queue', 0],
    ['Current server connections', counters.current],
    ['Connections in reuse pool', 0],
    ['Maximum server connections', 0],
  ] as const;
  return `\n${title}\n${rateTable(rows, gauges, isFull)}`;
}

function statGroups(config: Configuration, name: string | undefined, seen: Seen, isFull: boolean): string {
  const groups = findLines(config, 'add', 'serviceGroup').map(({ positionals: [own, type] }) => ({
    name: own?.text ?? '',
    type: type?.text ?? '',
  }));
  const all = groups.filter((one) => name === undefined || one.name === name);
  if (name !== undefined && all.length === 0) throw new CommandRefused('No such resource', 'serviceGroupName', name);
  const head = '\nServiceGroup(s) Summary\n                    State         Type\n';
  if (name === undefined) {
    const members = groupMembersOf(config);
    return `${head}${all
      .map((one) => {
        const isUp = members.some((member) => member.group === one.name && member.isEnabled);
        return `${short(one.name, isFull).padEnd(12)}${(isUp ? 'ENABLED' : 'DISABLED').padStart(13)}${one.type.padStart(13)}\n`;
      })
      .join('')}`;
  }
  return boundTable(
    groupMembersOf(config).filter(({ group }) => group === name),
    seen,
    isFull,
  ).replace('Bound Service(s) Summary', 'ServiceGroup member(s) Summary');
}

function statMember(member: Bound, seen: Seen, isFull: boolean): string {
  return `\nServicegroup Member summary\n${summaryOf(member, seen)}${statisticsOf('Servicegroup Member statistics', member, seen, isFull)}`;
}
