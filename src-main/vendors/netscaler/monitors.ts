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
  'respcode httprequest send recv interval resptimeout retries successretries destport destip secure query database username sqlquery scriptname units3 units4 units2'.split(
    ' ',
  ),
);

/** `add lb monitor NAME TYPE`, with what later `set` commands changed. Times are seconds unless `-units3`, `-units4` say otherwise. */
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
  const native = {
    ...(type === 'other' || word.endsWith('-ECV') ? { type: word } : {}),
    ...options.others(known),
  };
  return {
    name,
    type: isHttp && isOn(options.text('secure')) ? 'https' : type,
    ...(send === undefined || send === '' ? {} : isHttp ? httpRequestOf(send) : { send }),
    ...(codes.length === 0 || type === 'dns' ? {} : { expectStatus: codes }),
    ...(expect === undefined ? {} : isHttp ? { expectBody: expect } : { expect }),
    ...textAs('query', options.text('sqlQuery') ?? options.text('query')),
    ...textAs('database', options.text('database')),
    ...textAs('user', options.text('userName')),
    ...textAs('script', options.text('scriptName')),
    ...textAs('address', options.text('destIP')),
    ...portOf(options.number('destPort')),
    ...timeAs('intervalMs', options.number('interval'), options.text('units3')),
    ...timeAs('timeoutMs', options.number('resptimeout'), options.text('units4')),
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

function timeAs<K extends string>(key: K, value: number | undefined, unit: string | undefined) {
  const found = value === undefined ? undefined : value * (unitMs[(unit ?? 'SEC').toUpperCase()] ?? 1000);
  return countAs(key, found === undefined || found > 2_147_483_647 ? undefined : found);
}
