import type { Change, Command, Cost, Plan } from '$contract/plan.ts';
import { missing, plural } from '../format/number.ts';
import { formatDuration } from '../format/time.ts';

const costWords: Readonly<Record<Cost, string>> = {
  none: 'nothing to do',
  runtime: 'run-time only',
  reload: 'reload, connections kept',
  restart: 'restart, connections cut',
};

const actionMarks: Readonly<Record<Change['action'], string>> = {
  create: '+',
  update: '~',
  delete: '−',
  replace: '~',
  'no-op': '=',
};

const actionWords: Readonly<Record<Change['action'], string>> = {
  create: 'new',
  update: 'changed',
  delete: 'removed',
  replace: 'replaced',
  'no-op': 'as it is',
};

const kindWords: Readonly<Record<Change['subject']['kind'], string>> = {
  virtualServer: 'virtual server',
  pool: 'pool',
  member: 'member',
  monitor: 'monitor',
  certificate: 'certificate',
  node: 'node',
  file: 'file',
};

/** Keys of the model that read better as words. */
const keyWords: Readonly<Record<string, string>> = {
  adminState: 'admin state',
  maxConnections: 'connection limit',
  slowStartMs: 'slow start',
  notAfter: 'ends',
};

const longestValue = 160;

/** A value of the model as one line of text. */
function valueWords(value: unknown): string {
  if (value === undefined || value === null) return missing;
  if (typeof value === 'string') return value.slice(0, longestValue);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'object' && !Array.isArray(value)) {
    const parts = Object.entries(value).map(([key, part]) => (part === true ? key : `${key} ${valueWords(part)}`));
    return parts
      .join(', ')
      .replace(/^name /, '')
      .slice(0, longestValue);
  }
  return JSON.stringify(value).slice(0, longestValue);
}

export const changeText = {
  title: 'Review changes',
  titleRestore: 'Review the way back',
  making: 'Making the plan: reading the device, nothing is changed',
  empty: {
    title: 'Nothing staged',
    detail: 'Change a weight, an algorithm or a member on a pool: it waits here until you have seen the commands.',
    open: 'Open the overview',
  },
  last: 'Last changes',
  changes: (count: number) => plural(count, 'change'),
  devices: (count: number) => plural(count, 'device'),
  copy: 'Copy as commands',
  copied: { title: 'The commands are copied.', detail: 'Pasted into a shell they do what the push does.' },
  discard: 'Discard',
  drop: 'Leave this one out',
  what: 'What changes',
  whatSub: 'nothing else is sent',
  cost: costWords,
  mark: actionMarks,
  action: actionWords,
  kind: kindWords,
  key: (key: string): string => keyWords[key] ?? key,
  value: valueWords,
  subject: ({ subject }: Change): string => `${kindWords[subject.kind]} ${subject.path.join(' / ')}`.slice(0, 300),
  noChange: 'The device is already as wished: there is nothing to send.',
  cannotPlan: 'No plan could be made for this device. Nothing was sent.',
  raw: 'Raw answer',
  again: 'Read again and compare',
  sentTo: (device: string) => `Sent to ${device}`,
  harmless: 'changes nothing that runs',
  toTakeBack: 'To take it back',
  toTakeBackSub: 'sent by Revert, by itself when nobody keeps it, and after a lost link',
  afterKeep: 'After Keep',
  afterKeepSub: 'sent only once it is kept',
  verifies: 'Read to verify',
  verifiesSub: 'read-only',
  nothing: 'nothing',
  hunks: 'In the files',
  hunk: (file: string) => file,
  commandsOf: (title: string) => `Commands: ${title}`,
  command: ({ shown }: Command): string => shown,
  checks: 'Before you push',
  losses: 'Lost by it',
  noLosses: 'Nothing is lost by it',
  affects: 'Also touched',
  noAffects: 'No other object is touched',
  fingerprint: (fingerprint: string) => `Made from the configuration ${fingerprint.slice(0, 12)}…`,
  fingerprintNote: 'The push stops before anything is sent if the device has changed since.',
  held: (way: string) => `The device itself holds the revert (${way})`,
  inverse: (count: number) => `${plural(count, 'step')} to take it back`,
  inverseNote: 'Every command has its inverse; shown in the middle.',
  costNote: 'What the device does for it',
  outdated: 'The staged changes are others now.',
  watch: 'Go back by itself unless kept within',
  watchOf: (ms: number) => formatDuration(ms),
  type: 'Type',
  toAllow: 'to allow',
  locked: 'Locked for reading: typing the name unlocks it for this plan alone.',
  push: (device: string) => `Push to ${device}`,
  pushing: 'Sending',
  busy: 'Another change of this device is running.',
  openPush: 'Open it',
  oneByOne: 'One device at a time: the next after this one is kept.',
  predicted: 'What it should do',
  predictedSub: 'shares that the new weights ask for',
  beam: { measured: 'share now', asked: 'asked', none: 'not measured' },
  planOf: (plan: Plan) => `plan ${plan.id}`,
} as const;
