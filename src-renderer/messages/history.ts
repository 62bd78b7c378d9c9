import { plural } from '../format/number.ts';

export const historyText = {
  title: (device: string) => `Versions of ${device}`,
  device: 'Device',
  waiting: 'Reading the versions',
  versions: 'Versions',
  kept: (count: number) => `${count} kept`,
  empty: {
    title: 'No versions yet',
    detail: 'A version is kept whenever the configuration is read and differs from the one before.',
  },
  current: 'as it is now',
  who: 'by',
  show: 'Show',
  files: (count: number) => plural(count, 'file'),
  none: 'Choose a version to see its files.',
  loading: 'Reading the files of this version',
  restore: 'Bring this version back…',
  restoreHint: 'Makes a plan; nothing is sent before it was reviewed.',
  isCurrent: 'This version is what the device has.',
  raw: 'Raw answer',
  again: 'Try again',
  pushed: 'by a push',
} as const;
