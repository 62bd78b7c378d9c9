import { assigned, mergeSetLine } from './assign.ts';
import { type ConfigLine, findArgument, isSame, makeLine } from './config-line.ts';
import { type Configuration, findLines, insertLine, removeLines, replaceLine } from './configuration.ts';
import type { Given } from './match.ts';
import { CommandRefused } from './refusal.ts';
import { toWord } from './words.ts';

/** Types of monitors (manual, "lb monitor", type). */
const types =
  'PING TCP HTTP TCP-ECV HTTP-ECV UDP-ECV DNS FTP LDNS-PING LDNS-TCP LDNS-DNS RADIUS USER HTTP-INLINE SIP-UDP SIP-TCP LOAD FTP-EXTENDED SMTP SNMP NNTP MYSQL MYSQL-ECV MSSQL-ECV ORACLE-ECV LDAP POP3 CITRIX-XML-SERVICE CITRIX-WEB-INTERFACE DNS-TCP RTSP ARP CITRIX-AG CITRIX-AAC-LOGINPAGE CITRIX-AAC-LAS CITRIX-XD-DDC ND6 CITRIX-WI-EXTENDED DIAMETER RADIUS_ACCOUNTING STOREFRONT APPC SMPP CITRIX-XNC-ECV CITRIX-XDM'.split(
    ' ',
  );

/** Monitors that are there by themselves, and their types (from memory of `show lb monitor`). */
export const builtinMonitors: Readonly<Record<string, string>> = {
  'ping-default': 'PING',
  'tcp-default': 'TCP',
  nd6: 'ND6',
  arp: 'ARP',
  ping: 'PING',
  tcp: 'TCP',
  http: 'HTTP',
  'tcp-ecv': 'TCP-ECV',
  'http-ecv': 'HTTP-ECV',
  'udp-ecv': 'UDP-ECV',
  dns: 'DNS',
  ftp: 'FTP',
  tcps: 'TCP',
  https: 'HTTP',
  'tcps-ecv': 'TCP-ECV',
  'https-ecv': 'HTTP-ECV',
  'ldns-ping': 'LDNS-PING',
  'ldns-tcp': 'LDNS-TCP',
  'ldns-dns': 'LDNS-DNS',
  'http-inline': 'HTTP-INLINE',
};

/** Values that are not written where they are the default (manual). */
const unwritten: Readonly<Record<string, string>> = {
  action: 'DOWN',
  interval: '5',
  resptimeout: '2',
  retries: '3',
  failureRetries: '0',
  alertRetries: '0',
  successRetries: '1',
  downTime: '30',
  destPort: '0',
  state: 'ENABLED',
  reverse: 'NO',
  transparent: 'NO',
  ipTunnel: 'NO',
  tos: 'NO',
  secure: 'NO',
  snmpVersion: 'V1',
};

/** What a new one of its type is written with by itself, as public configurations have it. */
function written(type: string): readonly { readonly name: string; readonly values: readonly string[] }[] {
  const lrtm = { name: 'LRTM', values: ['DISABLED'] };
  return type === 'HTTP' || type === 'HTTP-INLINE'
    ? [{ name: 'respCode', values: ['200'] }, { name: 'httpRequest', values: ['HEAD /'] }, lrtm]
    : [lrtm];
}

/** What arguments are for (manual, "Applicable to ..."); others take any type. */
const only: Readonly<Record<string, RegExp>> = {
  httpRequest: /^HTTP(-INLINE)?$/,
  respCode: /^(HTTP|HTTP-INLINE|RADIUS|SIP-\w+|RTSP|DNS)$/,
  customHeaders: /^HTTP/,
  send: /-ECV$/,
  recv: /-ECV$|^(DNS|HTTP)$/,
  query: /^(DNS|DNS-TCP|LDNS-DNS)$/,
  queryType: /^(DNS|DNS-TCP|LDNS-DNS)$/,
  scriptName: /^(USER|SMTP|FTP-EXTENDED|MYSQL|LDAP|POP3|NNTP|SNMP|CITRIX-.*|STOREFRONT)$/,
  rtspRequest: /^RTSP$/,
  action: /^HTTP-INLINE$/,
  snmpOID: /^(SNMP|LOAD)$/,
};

/** Commands on monitors. Throws `CommandRefused`. */
export function changeMonitor(config: Configuration, given: Given): Configuration {
  const [name = '', typed = ''] = given.positionals;
  const type = types.find((one) => isSame(one, typed));
  if (type === undefined) throw new CommandRefused('Invalid argument value', 'type', typed);
  const [own] = findLines(config, 'add', 'lb monitor', name);
  if (given.form.verb === 'add') {
    if (own !== undefined || Object.hasOwn(builtinMonitors, name)) {
      throw new CommandRefused('Resource already exists', 'monitorName', name);
    }
    checkArguments(given, type);
    const start = makeLine({ verb: 'add', object: 'lb monitor', positionals: [name, type].map(toWord), args: [] });
    const args = [
      ...written(type).filter((one) => !given.args.some(({ name: set }) => set === one.name)),
      ...given.args,
    ];
    const line = assigned(start, { ...given, args }, unwritten);
    checkTimes(line);
    return insertLine(config, line);
  }
  const known = own?.positionals[1]?.text ?? (Object.hasOwn(builtinMonitors, name) ? builtinMonitors[name] : undefined);
  if (known === undefined || !isSame(known, type)) throw new CommandRefused('No such resource', 'monitorName', name);
  if (given.form.verb === 'rm') return removeMonitor(config, own, name);
  checkArguments(given, type);
  if (own === undefined) return mergeSetLine(config, { ...given, positionals: [name, type] }, unwritten);
  const changed = withDefaults(assigned(own, given, unwritten), given, type);
  checkTimes(changed);
  return replaceLine(config, own, changed);
}

/** What is unset and always written is written with its default again. */
function withDefaults(line: ConfigLine, given: Given, type: string): ConfigLine {
  if (given.form.verb !== 'unset') return line;
  const back = written(type).filter(({ name }) => given.args.some((one) => one.name === name));
  return assigned(line, { ...given, form: { ...given.form, verb: 'set' }, args: back }, {});
}

function checkArguments({ args, form }: Given, type: string): void {
  for (const { name } of args) {
    const fits = Object.hasOwn(only, name) ? only[name] : undefined;
    if (fits === undefined || fits.test(type) || form.verb === 'unset') continue;
    throw new CommandRefused('Argument pre-requisite missing', name, `type==${type}`);
  }
}

/** The manual: the interval must be greater than the time-out of an answer. The words are ours. */
function checkTimes(line: ConfigLine): void {
  if (msOf(line, 'interval', 5) > msOf(line, 'resptimeout', 2)) return;
  throw new CommandRefused('Response timeout must be less than the interval', 'resptimeout');
}

function msOf(line: ConfigLine, name: string, normal: number): number {
  const [value, unit] = line.args.find((one) => isSame(one.name, name))?.values ?? [];
  const factor = { MSEC: 1, MIN: 60_000 }[unit?.text.toUpperCase() ?? ''] ?? 1000;
  return Number(value?.text ?? normal) * factor;
}

function removeMonitor(config: Configuration, own: ConfigLine | undefined, name: string): Configuration {
  // The words for both are ours.
  if (own === undefined) throw new CommandRefused('Operation not permitted');
  const isBound = config.lines.some((line) => line.verb === 'bind' && findArgument(line, 'monitorName') === name);
  if (isBound) throw new CommandRefused('Resource in use', 'monitorName', name);
  return removeLines(config, [own]);
}

/** Throws where a service or group is to be bound to a monitor that is not there. */
export function needMonitor(config: Configuration, name: string): void {
  if (Object.hasOwn(builtinMonitors, name) || findLines(config, 'add', 'lb monitor', name).length > 0) return;
  throw new CommandRefused('No such resource', 'monitorName', name);
}

/** `show lb monitor`: the layout is from memory of the device. */
export function showMonitors(config: Configuration, name: string | undefined): string {
  const own = findLines(config, 'add', 'lb monitor').map((line) => ({
    name: line.positionals[0]?.text ?? '',
    type: line.positionals[1]?.text ?? '',
    line,
  }));
  const builtin = Object.entries(builtinMonitors).map(([known, type]) => ({
    name: known,
    type,
    line: findLines(config, 'set', 'lb monitor', known)[0],
  }));
  const all = [...builtin, ...own].filter((one) => name === undefined || one.name === name);
  if (all.length === 0) throw new CommandRefused('No such resource', 'monitorName', name ?? '');
  return all
    .map((one, index) => `${headOf(one, index)}${name === undefined ? '' : detailsOf(one.type, one.line)}`)
    .join('');
}

interface Shown {
  readonly name: string;
  readonly type: string;
  readonly line: ConfigLine | undefined;
}

function headOf({ name, type, line }: Shown, index: number): string {
  const state = (line === undefined ? undefined : findArgument(line, 'state')) ?? 'ENABLED';
  return `${index + 1})   Name.......:${name.padStart(14)}   Type......:${type.padStart(11)}   State....:${state.padStart(10)}\n`;
}

function detailsOf(type: string, line: ConfigLine | undefined): string {
  function of(name: string, normal: string): string {
    return (line === undefined ? undefined : findArgument(line, name)) ?? normal;
  }
  function timeOf(name: string, normal: string): string {
    const values = line?.args.find((one) => isSame(one.name, name))?.values.map(({ text }) => text) ?? [normal];
    return `${values[0] ?? normal} ${{ MSEC: 'msec', MIN: 'min' }[values[1] ?? ''] ?? 'sec'}`;
  }
  const standard = [
    [
      `Interval.........:${timeOf('interval', '5').padStart(14)}`,
      `Retries...........:${of('retries', '3').padStart(13)}`,
    ],
    [
      `Response timeout.:${timeOf('resptimeout', '2').padStart(14)}`,
      `Down time.........:${timeOf('downTime', '30').padStart(13)}`,
    ],
    [
      `Reverse..........:${of('reverse', 'NO').padStart(14)}`,
      `Transparent.......:${of('transparent', 'NO').padStart(13)}`,
    ],
    [
      `Secure...........:${of('secure', 'NO').padStart(14)}`,
      `LRTM..............:${of('LRTM', 'DISABLED').padStart(13)}`,
    ],
    [`Destination IP...:  ${of('destIP', 'Bound service')}`],
    [`Destination port.:  ${of('destPort', 'Bound service')}`],
  ];
  const special = [
    ['HTTP request', 'httpRequest'],
    ['Custom headers', 'customHeaders'],
    ['Send string', 'send'],
    ['Recv string', 'recv'],
    ['Query', 'query'],
    ['Script Name', 'scriptName'],
  ].flatMap(([label = '', name = '']) => {
    const value = line === undefined && name === 'httpRequest' && type === 'HTTP' ? 'HEAD /' : of(name, '');
    return value === '' ? [] : [`         ${label.padEnd(17, '.')}:"${value}"\n`];
  });
  const codes =
    line?.args.find((one) => one.name === 'respCode')?.values.map(({ text }) => text) ??
    (type === 'HTTP' ? ['200'] : []);
  const answers = codes.length === 0 ? [] : ['         Response codes...:\n', `             ${codes.join(' ')}\n`];
  return `     Standard parameters:\n${standard.map((row) => `         ${row.join('   ')}\n`).join('')}     Special parameters:\n${[...special, ...answers].join('')}`;
}
