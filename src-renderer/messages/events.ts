import type { DeviceEvent, TrapState } from '$contract/events.ts';
import { plural } from '../format/number.ts';

const refusalWords: Readonly<Record<keyof TrapState['refused'], string>> = {
  community: 'of a wrong community',
  user: 'of an unknown user, or below its level',
  digest: 'of a wrong password',
  time: 'sent again from earlier',
  unreadable: 'unreadable',
};

export const eventsText = {
  title: 'Events',
  sub: 'told by the device itself, and restarts',
  when: 'When',
  what: 'What',
  where: 'Where',
  words: { bad: 'bad', good: 'good', note: 'note' } satisfies Record<DeviceEvent['severity'], string>,
  traps: 'Traps of SNMP',
  trapsSub: 'what devices tell by themselves',
  trapsOff: 'Off. Give an address and a port, and send the devices’ traps or informs there.',
  listening: (place: string) => `Taken on ${place}`,
  place: 'Address and port (UDP)',
  placeHint: 'as 0.0.0.0:1162; empty: off',
  community: 'Community',
  communityHint: (isSet: boolean) => (isSet ? 'one is set; empty leaves it' : 'of v1 and v2c; v3 has users, below'),
  save: 'Set',
  saved: { title: 'Set.', detail: 'Devices may send there now.' },
  stopped: { title: 'Off.', detail: 'No traps are taken.' },
  engine: 'Engine id',
  users: 'Users of SNMPv3',
  none: 'none',
  addUser: 'Add a user of SNMPv3, or give one other passwords',
  user: 'Name of the user',
  auth: 'Authentication',
  authPassword: 'Its authentication password',
  priv: 'Privacy',
  privPassword: 'Its privacy password',
  userHint:
    'as it is set up on the device, which also needs the engine id where it sends traps; what is left empty is not used',
  remove: 'Remove',
  removeUser: (user: string) => `Remove the user ${user}`,
  counts: (state: TrapState) => `${plural(state.taken, 'notification')} taken of ${state.received}`,
  dropped: (count: number) => `${count} dropped: more came at once than anyone could read`,
  refused: ({ refused }: TrapState) =>
    Object.entries(refusalWords)
      .filter(([why]) => refused[why as keyof typeof refused] > 0) // keys of the table above
      .map(([why, words]) => `${refused[why as keyof typeof refused]} ${words}`),
  raw: 'Raw answer',
} as const;
