import type { Command } from './commands.ts';
import { subjectOf } from './objects.ts';

/**
 * What the appliance does without being told, by the kind of command that would tell it: saying it changes nothing (CLI reference, the
 * default of each option; what newer versions write out of themselves).
 */
const resting: readonly (readonly [RegExp, Readonly<Record<string, string>>])[] = [
  [/^bind (?:servicegroup|lb vserver) /, { weight: '1', state: 'ENABLED', customserverid: '"None"' }],
  [
    /^add (?:service|servicegroup) /,
    {
      ...{
        state: 'ENABLED',
        maxclient: '0',
        maxreq: '0',
        gslb: 'NONE',
        cip: 'DISABLED',
        usip: 'NO',
        useproxyport: 'YES',
      },
      ...{ sp: 'OFF', cka: 'NO', tcpb: 'NO', cmp: 'NO' },
    },
  ],
  [/^add server /, { state: 'ENABLED' }],
  [/^add lb vserver /, { state: 'ENABLED', lbmethod: 'LEASTCONNECTION', persistencetype: 'NONE', timeout: '2' }],
  [
    /^(?:add|set) lb monitor /,
    {
      ...{ lrtm: 'DISABLED', interval: '5', resptimeout: '2', retries: '3', successretries: '1', downtime: '30' },
      ...{
        secure: 'NO',
        destport: '0',
        units2: 'SEC',
        units3: 'SEC',
        units4: 'SEC',
        state: 'ENABLED',
        querytype: 'Address',
      },
    },
  ],
  [
    /^(?:add|set) ssl (?:vserver|servicegroup|service|profile) /,
    {
      ...{
        ssl3: 'DISABLED',
        tls1: 'ENABLED',
        tls11: 'ENABLED',
        tls12: 'ENABLED',
        tls13: 'DISABLED',
        clientauth: 'DISABLED',
      },
      ...{ hsts: 'DISABLED', maxage: '0', includesubdomains: 'NO', preload: 'NO', snienable: 'DISABLED' },
      ...{ ocspstapling: 'DISABLED', serverauth: 'DISABLED', sessionticket: 'DISABLED' },
    },
  ],
];
/** Idle time-outs in seconds, of the client's side and of the server's. */
const restingTimes: readonly (readonly [RegExp, readonly [string, string]])[] = [
  [/^(?:HTTP|SSL)$/i, ['180', '360']],
  [/UDP|^DNS$|RADIUS|TFTP/i, ['120', '120']],
  [/^/, ['9000', '9000']],
];
/** What TLS is made with where nobody has chosen: the appliance writes the curves into every configuration, the cipher group into few. */
const restingBind =
  /^bind ssl (?:vserver|servicegroup|service|profile) .* -(?:eccCurveName P_(?:224|256|384|521)|cipherName DEFAULT)$/i;

/** The options of a command, by their names in lower case, whose values change nothing. */
export function restingOptions(command: Pick<Command, 'words'>): Readonly<Record<string, string>> {
  const { verb, kind, rest } = subjectOf(command);
  return { ...resting.find(([pattern]) => pattern.test(`${verb} ${kind} `))?.[1], ...timesOf(verb, kind, rest) };
}

export function isRestingBind({ text }: Pick<Command, 'text'>): boolean {
  return restingBind.test(text.trim());
}

function timesOf(verb: string, kind: string, rest: readonly string[]): Readonly<Record<string, string>> {
  if (verb !== 'add' || !/^(?:service|servicegroup|[lc][bs] vserver)$/.test(kind)) return {};
  const type = rest[kind === 'service' ? 1 : 0] ?? '';
  const [client = '', server = ''] = restingTimes.find(([pattern]) => pattern.test(type))?.[1] ?? [];
  return { clttimeout: client, svrtimeout: server };
}
