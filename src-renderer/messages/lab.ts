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
  appliances: {
    title: 'Simulated appliances',
    sub: 'on loopback, each serves the back ends; what passes here is not proved on a device',
    phases: { off: 'off', starting: 'starting', on: 'on', failed: 'failed' },
    hint: 'Its own virtual server before the back ends, a command line by SSH and an agent by SNMP',
    reached: (listen: string, ssh: string, snmp: string, account: string) =>
      `serves ${listen}, SSH ${ssh} as ${account}, SNMP ${snmp}`,
  },
  beam: { measured: 'share', asked: 'asked', none: 'nothing answered yet' },
} as const;
