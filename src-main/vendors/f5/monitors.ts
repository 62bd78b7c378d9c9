import type { Monitor } from '../../contract/model.ts';
import { httpRequestOf } from '../http-request.ts';
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
    ...sendOf(settings.text('send'), type === 'http' || type === 'https'),
    ...(recv === undefined || recv === '' || recv === 'none' ? {} : { expect: recv }),
    ...(interval === undefined ? {} : { intervalMs: interval * 1000 }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

function sendOf(send: string | undefined, isHttp: boolean): Partial<Monitor> {
  if (send === undefined || send === '' || send === 'none') return {};
  return isHttp ? httpRequestOf(send) : { send };
}
