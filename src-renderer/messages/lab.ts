import { plural } from '../format/number.ts';

export const labText = {
  title: 'Lab',
  local: 'on this computer',
  waiting: 'Asking the lab',
  stopped: {
    title: 'The lab is stopped',
    detail:
      'Starting it runs an engine, four sample back ends of unequal speed and light steady traffic, all on loopback addresses of this computer.',
    start: 'Start the lab',
    starting: 'Starting',
  },
  stop: 'Stop the lab',
  stopping: 'Stopping',
  open: 'Open its device',
  raw: 'Raw answer',
  engine: 'Engine',
  running: 'running',
  listens: (listen: string) => `serves ${listen}`,
  requests: (value: string) => `${value} requests a second`,
  backends: 'Sample back ends',
  backendsSub: (count: number) => `${plural(count, 'process', 'processes')}, each counts what it answers`,
  name: 'Back end',
  address: 'Address',
  latency: 'Latency ms',
  answered: 'Requests answered',
  share: 'Share of all answers',
  beam: { measured: 'share', asked: 'asked', none: 'nothing answered yet' },
} as const;
