import type { Monitor } from '../../contract/model.ts';
import { Settings, type Statement } from './tree.ts';

const types: Readonly<Record<string, Monitor['type']>> = {
  http: 'http',
  https: 'https',
  tcp: 'tcp',
  'tcp-half-open': 'tcp-half-open',
  udp: 'udp',
  icmp: 'icmp',
  'gateway-icmp': 'icmp',
  dns: 'dns',
  mysql: 'mysql',
  postgresql: 'postgresql',
  ldap: 'ldap',
  smtp: 'smtp',
  external: 'script',
};
const known = new Set(['interval', 'timeout', 'send', 'recv', 'description']);

/** `ltm monitor TYPE NAME`. Times are whole seconds. */
export function monitorOf({ words, body }: Statement): Monitor {
  const [, , kind = '', name = ''] = words;
  const settings = new Settings({ body: body ?? [] });
  const type = types[kind] ?? 'other';
  const native = { ...(type === 'other' ? { type: kind } : {}), ...settings.others(known) };
  const interval = settings.number('interval');
  const timeout = settings.number('timeout');
  const recv = settings.text('recv');
  return {
    name,
    type,
    ...(type === 'http' || type === 'https' ? requestOf(settings.text('send')) : sendOf(settings.text('send'))),
    ...(recv === undefined || recv === '' || recv === 'none' ? {} : { expect: recv }),
    ...(interval === undefined ? {} : { intervalMs: interval * 1000 }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

function sendOf(send: string | undefined): { send?: string } {
  return send === undefined || send === '' || send === 'none' ? {} : { send };
}

/** `GET /path HTTP/1.1\r\nHost: name\r\n...` taken apart; what is no such request stays whole. */
function requestOf(send: string | undefined): Partial<Monitor> {
  const [first = '', ...rest] = (send ?? '').split('\\r\\n');
  const request = /^([A-Z]+) (\S+)(?: HTTP\/(\d\.\d))?\s*$/.exec(first);
  const lines = rest.filter((line) => line !== '');
  const headers = lines.map((line) => /^([^:\s]+):\s*(.*)$/.exec(line));
  if (request === null || headers.includes(null)) return sendOf(send);
  const [, method = '', path = '', httpVersion] = request;
  const pairs = headers.flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const]));
  const host = pairs.find(([name]) => name.toLowerCase() === 'host')?.[1];
  const others = pairs.filter(([name]) => name.toLowerCase() !== 'host');
  return {
    method,
    path,
    ...(host === undefined || host === '' ? {} : { host }),
    ...(httpVersion === undefined ? {} : { httpVersion }),
    ...(others.length === 0 ? {} : { headers: Object.fromEntries(others) }),
  };
}
