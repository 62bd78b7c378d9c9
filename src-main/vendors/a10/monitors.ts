import type { Monitor } from '../../contract/model.ts';
import { type Block, Lines } from './blocks.ts';

/** `method WORD` of `health monitor` (ACOS CLI reference); all others keep their line in `native`. */
const types: Readonly<Record<string, Monitor['type']>> = {
  http: 'http',
  https: 'https',
  tcp: 'tcp',
  udp: 'udp',
  icmp: 'icmp',
  dns: 'dns',
  ldap: 'ldap',
  smtp: 'smtp',
  external: 'script',
};
const timing = new Set(['interval', 'timeout', 'retry', 'up-retry']);
const known = new Set(['method', 'override-port', 'override-ipv4', 'override-ipv6', ...timing]);

/** `health monitor NAME`: times in seconds, given on lines of their own or several on one. */
export function monitorOf(name: string, heads: readonly Block[]): Monitor {
  const lines = new Lines(heads.flatMap(({ children }) => children));
  const times = timesOf([...heads.map(({ words }) => words.slice(3)), ...lines.all.map(({ words }) => words)]);
  const [word, ...rest] = lines.rest('method') ?? [];
  const type = word === undefined ? 'other' : (types[word] ?? 'other');
  const { native: unread, ...method } = word === undefined ? { native: '' } : methodOf(type, rest);
  const port = lines.number('override-port');
  const address = lines.text('override-ipv4') ?? lines.text('override-ipv6');
  const native = {
    ...(type === 'other' && word !== undefined ? { method: [word, ...rest].join(' ') } : {}),
    ...(type !== 'other' && unread !== '' ? { method: unread } : {}),
    ...lines.others(known),
  };
  return {
    name,
    type,
    ...method,
    ...(port === undefined || port > 65_535 ? {} : { port }),
    ...(address === undefined ? {} : { address }),
    ...times,
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

/** `interval 6 timeout 2`, `retry 4`, in any order and on any line. */
function timesOf(lines: readonly (readonly string[])[]): Partial<Monitor> {
  const found: Record<string, number> = {};
  for (const words of lines) {
    if (!timing.has(words[0] ?? '')) continue;
    words.forEach((word, at) => {
      const value = Number(words[at + 1]);
      if (timing.has(word) && Number.isInteger(value) && value >= 0 && value <= 2_000_000) found[word] = value;
    });
  }
  const { interval, timeout, retry } = found;
  const rise = found['up-retry'];
  return {
    ...(interval === undefined ? {} : { intervalMs: interval * 1000 }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(rise === undefined ? {} : { rise }),
    ...(retry === undefined ? {} : { fall: retry }),
  };
}

/** The words behind `method http`: `port N`, `url METHOD PATH`, `host NAME`, `expect TEXT` or `expect response-code CODES`. */
function methodOf(
  type: Monitor['type'],
  words: readonly string[],
): Partial<Omit<Monitor, 'native'>> & { native: string } {
  const monitor: Partial<Omit<Monitor, 'native' | 'type'>> & { type?: Monitor['type'] } = {};
  const unread: string[] = [];
  const queue = [...words];
  while (queue.length > 0) {
    const word = queue.shift();
    if (word === 'port' && /^\d{1,5}$/.test(queue[0] ?? '') && Number(queue[0]) <= 65_535)
      monitor.port = Number(queue.shift());
    else if (word === 'halfopen' && type === 'tcp') monitor.type = 'tcp-half-open';
    else if (word === 'host') monitor.host = queue.shift() ?? '';
    else if (word === 'url' && /^[A-Z]+$/.test(queue[0] ?? '')) {
      monitor.method = queue.shift() ?? '';
      monitor.path = queue.shift() ?? '';
    } else if (word === 'url') monitor.path = queue.shift() ?? '';
    else if (word === 'expect') Object.assign(monitor, expectOf(type, queue));
    else if (word === 'send' && type === 'tcp') monitor.send = queue.shift() ?? '';
    else if (word === 'response' && queue[0] === 'contains' && type === 'tcp') {
      queue.shift();
      monitor.expect = queue.shift() ?? '';
    } else unread.push(word ?? '');
  }
  if (type === 'tcp' && (monitor.send ?? monitor.expect) !== undefined) monitor.type = 'tcp-send-expect';
  return { ...monitor, native: unread.join(' ') };
}

function expectOf(type: Monitor['type'], queue: string[]): Partial<Monitor> {
  const word = queue.shift() ?? '';
  if (word !== 'response-code') return type === 'tcp' ? { expect: word } : { expectBody: word };
  const codes = (queue.shift() ?? '').split(',');
  const isWhole = codes.every((code) => /^[1-5]\d\d(-[1-5]\d\d)?$/.test(code));
  return isWhole ? { expectStatus: codes } : { expect: `response-code ${codes.join(',')}` };
}
