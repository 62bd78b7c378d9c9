import type { Health } from '../../contract/model.ts';
import type { MemberSample, PoolSample, Sample } from '../../contract/metrics.ts';
import { portOf } from './addresses.ts';
import { asConfiguration } from './text.ts';
import { readTree, Settings, type Statement } from './tree.ts';

/** `show ltm pool members` and `show ltm virtual`, from the root, in the form for machines; `raw` keeps counters whole. */
export const statisticsCommands = [
  'cd /',
  'show ltm pool recursive members field-fmt raw',
  'show ltm virtual recursive field-fmt raw',
  'show cm failover-status',
  'show cm traffic-group',
];

/** `Status  ACTIVE`: a standby counts only what it sees itself, which is not the traffic of the group. */
export function failoverOf(text: string): string | undefined {
  return /^Status\s+(ACTIVE|STANDBY|OFFLINE|FORCED-OFFLINE)\s*$/im.exec(text)?.[1]?.toLowerCase();
}

const units: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18, Z: 1e21, Y: 1e24 };

/** `7.8M` as 7800000, `1234` as it is; undefined where it is no count. Bits of an abbreviated count are rounded by the device. */
export function countOf(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGTPEZY])?$/.exec(text ?? '');
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (match[2] === undefined ? 1 : (units[match[2]] ?? 1)));
}

/** Availability as the device says it, with the colour that its pages have. */
const healthOf: Readonly<Record<string, Health>> = {
  available: 'up',
  offline: 'down',
  unavailable: 'limited',
  unknown: 'unmonitored',
  'status-unknown': 'unmonitored',
};

export function samplesOf(text: string): Pick<Sample, 'pools' | 'virtualServers'> {
  const statements = readTree(asConfiguration(text));
  function named(kind: string): readonly Statement[] {
    return statements.filter(({ words }) => words[0] === 'ltm' && words[1] === kind);
  }
  return { pools: named('pool').map(poolOf), virtualServers: named('virtual').map(virtualOf) };
}

function poolOf({ words, body = [] }: Statement): PoolSample {
  const settings = new Settings({ body });
  const members = settings.inside('members').all.map(memberOf);
  return {
    name: words[2] ?? '',
    ...stateOf(settings),
    ...gaugeOf('currentConnections', settings.text('serverside.cur-conns')),
    members,
  };
}

function memberOf({ words, body = [] }: Statement): MemberSample {
  const settings = new Settings({ body });
  const reason = settings.text('status.status-reason');
  const address = settings.text('addr');
  const port = portOf(settings.text('port') ?? '');
  return {
    name: words[0] ?? '',
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
    ...stateOf(settings),
    ...sessionOf(settings),
    ...gaugeOf('currentConnections', settings.text('serverside.cur-conns')),
    ...counterOf('totalConnections', settings.text('serverside.tot-conns')),
    ...counterOf('requests', settings.text('tot-requests')),
    // Bits of what goes to the member and of what comes from it.
    ...counterOf('bytesIn', settings.text('serverside.bits-in'), 8),
    ...counterOf('bytesOut', settings.text('serverside.bits-out'), 8),
    ...(reason === undefined ? {} : { lastCheck: { result: reason } }),
  };
}

function virtualOf({ words, body = [] }: Statement) {
  const settings = new Settings({ body });
  return {
    name: words[2] ?? '',
    ...stateOf(settings),
    ...(settings.text('status.enabled-state') === 'disabled' ? { adminState: 'disabled' as const } : {}),
    ...gaugeOf('currentConnections', settings.text('clientside.cur-conns')),
    ...counterOf('totalConnections', settings.text('clientside.tot-conns')),
    ...counterOf('requests', settings.text('tot-requests')),
    ...counterOf('bytesIn', settings.text('clientside.bits-in'), 8),
    ...counterOf('bytesOut', settings.text('clientside.bits-out'), 8),
  };
}

function stateOf(settings: Settings): { health?: Health } {
  const health = healthOf[settings.text('status.availability-state') ?? ''];
  return health === undefined ? {} : { health };
}

/** `monitor-status` tells a member that is forced offline from one that is only disabled. */
function sessionOf(settings: Settings): Pick<MemberSample, 'adminState'> {
  const session = settings.text('session-status');
  if (session === undefined) return {};
  if (!session.includes('user-disabled') && settings.text('monitor-status') !== 'user-down')
    return { adminState: 'enabled' };
  return {
    adminState: /forced|user-down/.test(`${session} ${settings.text('monitor-status') ?? ''}`)
      ? 'disabled'
      : 'draining',
  };
}

function gaugeOf<K extends string>(key: K, text: string | undefined): Partial<Record<K, number>> {
  const count = countOf(text);
  // A computed key widens to string; it is K by construction.
  return count === undefined ? {} : ({ [key]: count } as Record<K, number>);
}

function counterOf<K extends string>(key: K, text: string | undefined, per = 1): Partial<Record<K, string>> {
  const count = countOf(text);
  // As above.
  return count === undefined ? {} : ({ [key]: BigInt(Math.floor(count / per)).toString() } as Record<K, string>);
}
