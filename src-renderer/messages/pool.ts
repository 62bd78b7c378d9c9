import type { PoolRow } from '$contract/api.ts';
import type { DevicePool, Monitor, Persistence } from '$contract/model.ts';
import type { SettingField } from '../state/algorithm-form.ts';
import type { MemberField } from '../state/member-draft.ts';
import { formatDuration } from '../format/time.ts';

const comparedWords: Readonly<Record<PoolRow['comparedBy'], string>> = {
  requests: 'requests',
  connections: 'open connections',
  bytes: 'bytes',
  none: 'requests',
};

function persistenceWords(persistence: Persistence | undefined): string {
  if (persistence === undefined) return 'none';
  const parts = [persistence.method ?? persistence.native ?? 'unknown', persistence.cookieName, persistence.key];
  return parts.filter((part) => part !== undefined).join(' ');
}

function monitorWords(monitor: Monitor): string {
  const parts = [
    monitor.intervalMs === undefined ? undefined : `every ${formatDuration(monitor.intervalMs)}`,
    monitor.fall === undefined ? undefined : `down after ${monitor.fall}`,
    monitor.path,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function queueWords(queue: DevicePool['queue']): string {
  if (queue === undefined) return 'the device’s default';
  const parts = [
    queue.limit === undefined ? undefined : `at most ${queue.limit}`,
    queue.timeoutMs === undefined ? undefined : `waits ${formatDuration(queue.timeoutMs)}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

export const poolText = {
  waiting: (device: string) => `Reading ${device}`,
  notFound: {
    title: 'There is no such pool',
    detail: (pool: string, device: string) => `${device} has no pool “${pool}”, or it was removed.`,
    open: 'Open the device',
  },
  readFailed: 'The configuration could not be read. Numbers below are live.',
  rotation: (count: number, total: number) => `${count} of ${total} in rotation`,
  serves: (servers: string) => `serves ${servers}`,
  servesNobody: 'no virtual server uses it',
  stale: (age: string) => `${age} old`,
  staleDetail: 'The last values stand.',
  nextTry: (left: string) => `Next try in ${left}.`,
  tryNow: 'Try now',
  raw: 'Raw answer',
  history: 'Versions',
  facts: 'Settings of the pool',
  algorithm: 'Algorithm',
  algorithmOf: (pool: string) => `Algorithm of ${pool}`,
  notSet: 'not written',
  settings: 'Settings…',
  changed: 'changed, not pushed',
  persistence: 'Persistence',
  persistenceWords,
  monitor: 'Monitor',
  noMonitor: 'none',
  noMonitorNote: 'members serve without a check',
  monitorWords,
  slowStart: 'Slow start',
  noSlowStart: 'off',
  queue: 'Queue',
  queued: (count: number) => `${count} waiting`,
  notTold: 'not told',
  queueWords,
  members: 'Members',
  compared: comparedWords,
  elsewhere: (compared: string) => `of ${compared} go elsewhere than the weights ask`,
  reference: 'weights are a reference here: this algorithm does not follow them alone',
  noneCompared: 'this algorithm asks for no shares',
  asOf: (time: string) => `as of ${time}`,
  locked: 'Locked for reading',
  unlock: 'Unlock…',
  lacking: (why: string) => `This device cannot be changed from here: ${why}`,
  unread: 'Editing begins when the configuration has been read.',
  add: 'Add a member…',
  state: 'State',
  member: 'Member',
  weight: 'Weight',
  weightOf: (member: string) => `Weight of ${member}`,
  share: (compared: string) => `Share of ${compared}, 1 min`,
  shareHint: 'bar is measured, mark is asked',
  shareHintReference: 'bar is measured, dashed mark is a reference',
  connections: 'Conns',
  requests: 'Req/s',
  response: { p95: 'p95 ms', p99: 'p99 ms', p50: 'p50 ms', average: 'average ms' },
  errors: 'Err %',
  failures: 'Failed/s',
  actions: 'Actions',
  outOfRotation: 'out of rotation',
  notMeasured: 'not measured',
  removed: 'will be removed',
  added: 'will be added',
  keep: 'Keep it',
  menuOf: (member: string) => `Actions for ${member}`,
  enable: 'Enable',
  drain: 'Drain: no new clients',
  disable: 'Disable: no new connections',
  remove: 'Remove from the pool',
  more: 'more',
  less: 'less',
  beam: { measured: 'share', asked: 'weight asks for', none: 'not measured' },
  why: (member: string) => `About ${member}:`,
  empty: {
    title: 'No members',
    detail:
      'A pool without members answers nobody. Add the first one: it takes traffic as soon as the change is pushed.',
    locked: 'The device is locked for reading.',
  },
  allOff: 'Every member is taken out by us.',
  allDown: 'No member answers its monitor.',
  downSince: (member: string, time: string) => `The last to go was ${member}, at ${time}.`,
  charts: {
    share: (compared: string) => `Share of ${compared}`,
    shareUnit: (seconds: number) => `% per ${seconds} s · dashed: what weights ask`,
    response: 'Response time',
    responseUnit: { p95: 'p95, ms', p99: 'p99, ms', p50: 'p50, ms', average: 'average, ms' },
    responseNone: 'this device tells none',
    connections: 'Open connections',
    connectionsUnit: 'per member · the table above is the legend',
    failed: 'Failed requests',
    failedUnit: 'per second, all members',
    failures: 'failed',
    serverErrors: '5xx',
    others: (count: number) => `others (${count})`,
    show: 'Percentile',
    picked: (count: number, total: number) => `${count} of ${total} members, the furthest from their share`,
    failedLoad: 'The history could not be read; points from now on are live.',
    retry: 'Try again',
  },
  form: {
    title: (algorithm: string) => `Settings of ${algorithm}`,
    needed: 'needed',
    none: 'the device’s default',
    cancel: 'Leave as it is',
    submit: 'Stage this algorithm',
    labels: {
      key: 'Key: name of the header, cookie or parameter, or an expression',
      hash: 'How the hash is spread over members',
      hashFunction: 'Hash function',
      avalanche: 'Mix the hash once more (avalanche)',
      boundedLoad: 'Bounded load: a factor, 1.25 is at most 25 % over the mean',
      choices: 'Choices',
      depth: 'Depth: parts of the path',
      length: 'Length: characters',
      whole: 'Whole URI with its query',
      pathOnly: 'Path alone',
      useDomainOnly: 'Domain alone',
      checkPost: 'Look into the body of a POST',
      netmask: 'Network mask',
      weighted: 'Follow weights',
      per: 'Count per',
    } as Readonly<Record<string, string>>,
    wrong: (field: SettingField | undefined) =>
      field?.kind === 'number' ? 'A number of zero or more is needed.' : 'A value is needed.',
  },
  draft: {
    title: (pool: string) => `Add a member to ${pool}`,
    name: 'Name',
    nameHint: 'address:port when left empty',
    address: 'Address',
    port: 'Port',
    weight: 'Weight',
    weightHint: (lowest: number, highest: number) => `${lowest} to ${highest}; the device’s default when left empty`,
    state: 'Begins as',
    states: { enabled: 'enabled', draining: 'draining', disabled: 'disabled' },
    cancel: 'Add nothing',
    submit: 'Stage this member',
    wrong: {
      name: 'The name is taken, or holds a space.',
      address: 'An address without spaces is needed.',
      port: 'A port from 1 to 65535 is needed.',
      weight: 'The weight is outside the range of this device.',
    } satisfies Record<MemberField, string>,
  },
} as const;
