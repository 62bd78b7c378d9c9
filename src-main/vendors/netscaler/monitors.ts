import type { Monitor } from '../../contract/model.ts';
import { httpRequestOf } from '../http-request.ts';
import { Options } from './commands.ts';
import type { NamedCommands } from './objects.ts';

/** Types of `add lb monitor` (ADC CLI reference); all others keep their word in `native`. */
const types: Readonly<Record<string, Monitor['type']>> = {
  HTTP: 'http',
  'HTTP-ECV': 'http',
  TCP: 'tcp',
  'TCP-ECV': 'tcp-send-expect',
  'UDP-ECV': 'udp',
  PING: 'icmp',
  DNS: 'dns',
  MYSQL: 'mysql',
  LDAP: 'ldap',
  SMTP: 'smtp',
  USER: 'script',
};

const known = new Set(
  'respcode httprequest send recv interval resptimeout downtime retries successretries destport destip secure query database username sqlquery scriptname units3 units4 units2'.split(
    ' ',
  ),
);

/** `add lb monitor NAME TYPE`, with what later `set` commands changed. Times are seconds unless a unit says otherwise. */
export function monitorOf({ name, commands }: NamedCommands): Monitor {
  const word = (commands.find(({ words }) => words[0] === 'add')?.words[4] ?? '').toUpperCase();
  const options = new Options(commands);
  const type = types[word] ?? 'other';
  const isHttp = type === 'http';
  const send = options.text('httpRequest') ?? options.text('send');
  const expect = options.text('recv');
  const codes = (options.text('respCode') ?? '')
    .split(/[\s,]+/)
    .filter((code) => /^[1-5]\d\d(-[1-5]\d\d)?$/.test(code));
  const headers = isHttp ? headersOf(options.text('customHeaders')) : undefined;
  const others = options.others(headers === undefined ? known : new Set([...known, 'customheaders']));
  const native = { ...(type === 'other' || word.endsWith('-ECV') ? { type: word } : {}), ...others };
  return {
    name,
    type: isHttp && isOn(options.text('secure')) ? 'https' : type,
    ...(send === undefined || send === '' ? {} : isHttp ? httpRequestOf(send) : { send }),
    ...headers,
    ...(codes.length === 0 || type === 'dns' ? {} : { expectStatus: codes }),
    ...(expect === undefined ? {} : isHttp ? { expectBody: expect } : { expect }),
    ...textAs('query', options.text('sqlQuery') ?? options.text('query')),
    ...textAs('database', options.text('database')),
    ...textAs('user', options.text('userName')),
    ...textAs('script', options.text('scriptName')),
    ...textAs('address', options.text('destIP')),
    ...portOf(options.number('destPort')),
    ...timeAs('intervalMs', options, 'interval', 'units3'),
    ...timeAs('timeoutMs', options, 'resptimeout', 'units4'),
    ...timeAs('downIntervalMs', options, 'downTime', 'units2'),
    ...countAs('rise', options.number('successRetries')),
    ...countAs('fall', options.number('retries')),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

function isOn(word: string | undefined): boolean {
  return word !== undefined && /^(?:yes|enabled|on)$/i.test(word);
}

function textAs<K extends string>(key: K, text: string | undefined): Partial<Record<K, string>> {
  // A computed key widens to string; it is K by construction.
  return text === undefined ? {} : ({ [key]: text } as Record<K, string>);
}

function countAs<K extends string>(key: K, value: number | undefined): Partial<Record<K, number>> {
  // A computed key widens to string; it is K by construction.
  return value === undefined ? {} : ({ [key]: value } as Record<K, number>);
}

function portOf(value: number | undefined): { port?: number } {
  return value === undefined || value === 0 || value > 65_535 ? {} : { port: value };
}

const unitMs: Readonly<Record<string, number>> = { MSEC: 1, SEC: 1000, MIN: 60_000 };

/** `-interval 2 MIN`; NITRO and older files have the unit in an option of its own. */
function timeAs<K extends string>(key: K, options: Options, name: string, units: string) {
  const [count = '', beside] = options.values(name) ?? [];
  const unit = (beside ?? options.text(units) ?? 'SEC').toUpperCase();
  const found = /^\d+$/.test(count) ? Number(count) * (unitMs[unit] ?? 1000) : undefined;
  return countAs(key, found === undefined || found > 2_147_483_647 ? undefined : found);
}

/** `-customHeaders "Host: a\r\nB: c\r\n"`; undefined where it is anything else. */
function headersOf(text: string | undefined): Pick<Monitor, 'host' | 'headers'> | undefined {
  if (text === undefined) return undefined;
  const { host, headers } = httpRequestOf(`GET /\\r\\n${text}`);
  return host === undefined && headers === undefined
    ? undefined
    : { ...(host === undefined ? {} : { host }), ...(headers === undefined ? {} : { headers }) };
}
