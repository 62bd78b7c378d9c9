import type { LogEntry } from '../../../contract/log.ts';
import { decodeTermination } from './termination.ts';

/** A format of log lines, made ready to take them apart. */
export interface LogFormat {
  readonly pattern: RegExp;
}

/** What `option httplog`, `httpslog` and `tcplog` write, as the manual spells them (configuration.txt 8.2.2 to 8.2.4). */
const http =
  '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r';
const https = `${http} %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc`;
const tcp = '%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq';
export const usualFormats: readonly string[] = [https, http, tcp];

/**
 * What the text of a variable looks like (8.2.6); all others are numbers. Each stops at a blank or a mark of its own and has a bound, so
 * that no line of anybody's making takes long.
 */
const name = String.raw`[^\s/]{1,256}`;
const token = String.raw`[^\s"]{0,512}?`;
const date = String.raw`[^\]\s]{1,40}(?:\s[+-]\d{4})?`;
const whole = String.raw`[+-]?\d{1,20}`;
const shapes: Readonly<Record<string, string>> = {
  ci: String.raw`[^\s"]{1,64}?`,
  t: date,
  tr: date,
  trg: date,
  trl: date,
  T: date,
  Tl: date,
  f: name,
  ft: name,
  b: name,
  s: name,
  ts: String.raw`[A-Za-z-]{2}`,
  tsc: String.raw`[A-Za-z-]{4}`,
  r: '[^"]{0,8192}',
  ...Object.fromEntries(
    'H HM HP HPO HQ HU HV ID bi fi si hrl hsl sslc sslv CC CS'.split(' ').map((each) => [each, token]),
  ),
};
const quotable = String.raw`(?:"[^"]{0,2048}"|${token})`;
const told = new Set('ci t tr f ft b s ST B Ta Tt ts tsc r'.split(' '));
const longestFormat = 4_096;

/** A format string of `log-format` (8.2.6) as a pattern for whole lines; undefined where it says nothing that is told apart. */
export function compileFormat(format: string): LogFormat | undefined {
  if (format.length > longestFormat) return undefined;
  const seen = new Set<string>();
  let source = '';
  let at = 0;
  for (const found of format.matchAll(/%(?:(%)|(?:\{([^}]*)\})?(?:([A-Za-z]+)|(\[)))/g)) {
    if (found.index < at) continue; // inside of a sample expression
    source += literal(format.slice(at, found.index));
    const [text, percent, flags = '', variable, bracket] = found;
    at = found.index + text.length;
    if (percent !== undefined) source += '%';
    else if (bracket !== undefined) {
      at = endOfExpression(format, at);
      // In quotes of the format's own, or of HAProxy's, blanks are part of it.
      source += flags.includes('+Q')
        ? '"[^"]{0,2048}"'
        : format.charAt(found.index - 1) === '"'
          ? '[^"]{0,2048}'
          : quotable;
    } else if (variable === 'hr' || variable === 'hs') {
      // Without captures nothing is written, and one blank instead of two.
      source += String.raw`(?:\{[^}]{0,2048}\}\s+)?`;
      while (format.charAt(at) === ' ') at += 1;
    } else if (variable !== undefined) source += variablePattern(variable, flags, seen);
  }
  source += literal(format.slice(at));
  const tells = ['ts', 'tsc', 'ST', 's', 'ft', 'f'].some((name) => seen.has(name));
  return tells ? { pattern: new RegExp(`^${source}$`) } : undefined;
}

function variablePattern(variable: string, flags: string, seen: Set<string>): string {
  const shape = shapes[variable] ?? whole;
  const isFirst = told.has(variable) && !seen.has(variable);
  if (isFirst) seen.add(variable);
  const value = isFirst ? `(?<${variable}>${shape})` : shape;
  return flags.includes('+Q') && variable in shapes ? `"${value}"` : value;
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`).replaceAll(/\s+/g, String.raw`\s+`);
}

/** Behind the bracket that ends `%[...]`; quotes inside of it are passed over. */
function endOfExpression(format: string, from: number): number {
  let depth = 1;
  for (let at = from; at < format.length; at += 1) {
    if (format.charAt(at) === '[') depth += 1;
    else if (format.charAt(at) === ']') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return format.length;
}

/** What a log daemon writes before HAProxy's own words, whatever its format of times. */
const header = /^.{0,120}?\bhaproxy\S{0,64}?\[\d{1,10}\]:\s/;
const longestLine = 8_192;

/** A line by the first format that it fits; else its text alone. */
export function parseLine(line: string, formats: readonly LogFormat[]): LogEntry {
  const text = line.slice(0, longestLine);
  const message = text.replace(header, '');
  for (const { pattern } of formats) {
    const groups = pattern.exec(message)?.groups;
    if (groups !== undefined) return entryOf(text, groups);
  }
  // Errors before a session there is one: `10.0.0.1:4711 [...] web/1: SSL handshake failure` (8.2.5).
  const failed = /^(\S{1,64}?):\d{1,5} \[([^\]\s]{1,40})\] ([^\s/]{1,256})\/[^\s:]{1,256}: /.exec(message);
  if (failed === null) return { text };
  const [, client = '', at = '', virtualServer = ''] = failed;
  return { text, client, at, virtualServer };
}

function entryOf(text: string, groups: Readonly<Record<string, string | undefined>>): LogEntry {
  const { ci, s, b, r, ts, tsc, ST, B, Ta, Tt, t, tr, f, ft } = groups;
  const state = decodeTermination(tsc ?? ts ?? '');
  const virtualServer = (ft ?? f)?.replace(/~$/, '');
  return {
    text,
    ...word('at', tr ?? t),
    ...word('client', ci),
    ...word('virtualServer', virtualServer),
    ...word('pool', b === virtualServer && s?.startsWith('<') === true ? undefined : b),
    ...word('member', s?.startsWith('<') === true ? undefined : s),
    ...number('status', ST),
    ...word('request', r),
    ...number('totalMs', Ta ?? Tt),
    ...number('bytesOut', B),
    ...(state === undefined ? {} : { state }),
  };
}

function word<K extends keyof LogEntry>(key: K, value: string | undefined): Partial<Record<K, string>> {
  const result: Partial<Record<K, string>> = {};
  if (value !== undefined && value !== '' && value !== '-') result[key] = value;
  return result;
}

/** -1 stands for what never came to be. */
function number<K extends keyof LogEntry>(key: K, value: string | undefined): Partial<Record<K, number>> {
  const found = Number(value?.replace('+', '') ?? Number.NaN);
  const result: Partial<Record<K, number>> = {};
  if (Number.isFinite(found) && found >= 0) result[key] = found;
  return result;
}
