import type { SnmpCell } from '../../transports/transport.ts';
import { addressOf, textOf } from './cells.ts';
import { notificationNames } from './notification-names.ts';

/** A notification as a transport hands it over. */
export interface NotificationParts {
  readonly oid: string;
  readonly values: readonly { readonly oid: string; readonly cell: SnmpCell }[];
}

/** What a notification points at, in the sender's own words; which objects these are is found in the device's last sample. */
export interface Pointer {
  readonly virtualServer?: string;
  readonly pool?: string;
  /** A member, or all members at an address. */
  readonly node?: string;
  /** A number, or the name of a service. */
  readonly port?: string;
  /** A name of anything (NetScaler tells no kind). */
  readonly entity?: string;
}

export interface Story {
  readonly name: string;
  readonly severity: 'bad' | 'good' | 'note';
  readonly sentence: string;
  readonly pointer: Pointer;
  readonly values: readonly { readonly name: string; readonly value: string }[];
  /** The sender says that it has started. */
  readonly isStart: boolean;
}

/** A notification in words: names by the MIBs, and what it is about. */
export function storyOf({ oid, values }: NotificationParts): Story {
  const name = nameOf(oid);
  const told = values.map(({ oid: at, cell }) => ({ name: nameOf(at), value: wordsOf(cell) }));
  const word = new Map(told.map((one) => [one.name.replace(/\.[\d.]+$/, ''), one.value]));
  const message = messages.map((key) => word.get(key)).find((text) => text !== undefined && text !== '');
  return {
    name,
    severity: severityOf(name, word),
    sentence: message ?? [name, ...told.slice(0, 6).map((one) => `${one.name} ${one.value}`)].join(', '),
    pointer: pointerOf(word, message ?? ''),
    values: told,
    isStart: starts.has(name),
  };
}

/** Objects that hold a sentence for people. */
const messages = [
  'bigipNotifyObjMsg',
  'axNotificationMsg',
  'axSyslogMsg',
  'alTrapMsg',
  'eNotificationMsg',
  'msgText',
  'bwsMessage',
  'slbVServerStateChangeDescr',
];
const starts = new Set([
  'coldStart',
  'warmStart',
  'bigipAgentStart',
  'bigipAgentRestart',
  'axSystemStart',
  'caStart',
  'nsNotifyStart',
]);

type Words = ReadonlyMap<string, string>;

function pointerOf(word: Words, message: string): Pointer {
  // F5: bigipServiceDown has node and port; the pool stands in its sentence alone, as does a virtual server.
  const member = /\bPool (\S+) member (\S+):([\w-]+)/.exec(message);
  const virtual = /\bVirtual (?:Server )?(\/\S+)/i.exec(message);
  const found = {
    virtualServer: word.get('axNotificationVirtualServer') ?? virtual?.[1] ?? word.get('vSName'),
    pool: word.get('axNotificationSLBServiceGroupName') ?? member?.[1],
    node:
      word.get('bigipNotifyObjNode') ??
      member?.[2] ??
      word.get('axNotificationSLBServer') ??
      word.get('realServerAddress') ??
      word.get('rSIp'),
    port:
      word.get('bigipNotifyObjPort') ??
      member?.[3] ??
      word.get('axNotificationSLBPort') ??
      word.get('realServerPort') ??
      word.get('rSPort'),
    entity: word.get('entityName'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, text]) => text !== undefined && text !== ''));
}

/** States that a value tells and no name. */
const stateWords: Readonly<Record<string, Readonly<Record<string, Story['severity']>>>> = {
  realServerStatus: { 1: 'good', 2: 'bad' },
  virtualServerQuorumStatus: { 1: 'good', 2: 'bad' },
  vSState: { 1: 'good', 2: 'bad' },
  rSState: { 1: 'good', 2: 'bad' },
};
/** After the name's own words: `Normal`, `Resume` and `Relieve` take back what the words before them say. */
const good = /(normal|resume|relieve|cleared|restored|recover|isgood|avail$|enabled|online)/i;
/** `Up` as a word of its own: no part of `Group`. */
const up = /[a-z]Up(?=[A-Z]|$)|(?<!ro)up$/;
const bad =
  /(down|fail|notavail|unavail|disabled|high|low$|critical|bad|dead|exceed|limit|expir|lost|offline|attack|flood|reject|mismatch|error|rate)/i;

function severityOf(name: string, word: Words): Story['severity'] {
  for (const [key, states] of Object.entries(stateWords)) {
    const state = states[word.get(key) ?? ''];
    if (state !== undefined) return state;
  }
  if (/(unavail|notavail)/i.test(name)) return 'bad';
  if (good.test(name) || up.test(name)) return 'good';
  return bad.test(name) || name === 'authenticationFailure' ? 'bad' : 'note';
}

function wordsOf(cell: SnmpCell): string {
  const text = textOf(cell) ?? '';
  if (!Buffer.isBuffer(cell.value) || isReadable(text)) return text.slice(0, 500);
  return addressOf(cell) ?? cell.value.toString('hex').slice(0, 200);
}

function isReadable(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- exactly these make bytes no text
  return !/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]/.test(text);
}

let names: ReadonlyMap<string, string> | undefined;

/** The MIB's name with the index behind it, `ifIndex.3`; a scalar's `.0` is left out. Digits where no MIB here has it. */
export function nameOf(oid: string): string {
  names ??= new Map(
    notificationNames.flatMap(([base, list]) =>
      list.split(' ').map((entry): [string, string] => {
        const [number = '', name = ''] = entry.split(':');
        return [`${base}.${number}`, name];
      }),
    ),
  );
  for (let end = oid.length; end > 0; end = oid.lastIndexOf('.', end - 1)) {
    const name = names.get(oid.slice(0, end));
    const index = oid.slice(end);
    if (name !== undefined) return index === '.0' ? name : `${name}${index}`;
  }
  return oid;
}
