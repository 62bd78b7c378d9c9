import type { CarriedMonitor } from '../carried.ts';
import { type Item, unquote } from './block.ts';
import { inherited } from './carried-inherited.ts';
import { type Configuration, objectsOf } from './configuration.ts';
import { portNumber } from './services.ts';

/** Those of a rule, as `/Common/http and /Common/tcp`, that can be carried out here; others always succeed. */
export function monitorsFor(config: Configuration, rule: Item | undefined): readonly CarriedMonitor[] {
  const names = rule?.block?.map(({ words: [one = ''] }) => one) ?? rule?.words.slice(1) ?? [];
  return names.flatMap((name) => {
    const kind = objectsOf(config, 'ltm monitor').find((one) => one.name === name)?.kind ?? '';
    return monitorOf(config, kind.replace('ltm monitor ', ''), name);
  });
}

/** A monitor that has no success for `timeout` seconds marks down, and its first success up (tmsh Reference, ltm monitor http). */
function monitorOf(config: Configuration, kind: string, name: string): readonly CarriedMonitor[] {
  const interval = Number(inherited(config, name, 'interval') ?? 5);
  const timeout = Number(inherited(config, name, 'timeout') ?? 16);
  const timing = {
    intervalMs: interval * 1000,
    timeoutMs: Math.min(interval, timeout) * 1000,
    rise: 1,
    fall: Math.max(1, Math.ceil(timeout / interval)),
    ...targetOf(inherited(config, name, 'destination') ?? '*:*'),
  };
  const send = textOf(inherited(config, name, 'send'));
  const recv = textOf(inherited(config, name, 'recv'));
  if (kind === 'tcp-half-open') return [{ type: 'tcp-half-open', ...timing }];
  if (kind === 'tcp' && send === '' && recv === '') return [{ type: 'tcp', ...timing }];
  if (kind === 'tcp') return [{ type: 'tcp-send-expect', ...timing, send, expect: patternOf(recv) }];
  if (kind === 'http')
    return [{ type: 'tcp-send-expect', ...timing, send: wholeRequest(send), expect: patternOf(recv) }];
  if (kind === 'https') return [{ type: 'https', ...timing, ...requestOf(send), ...answerOf(recv) }];
  return [];
}

/** `*:8080` and `*.8080` name a port, `127.0.0.1:8080` an address too. */
function targetOf(destination: string): Pick<CarriedMonitor, 'address' | 'port'> {
  const [, address = '*', port = '*'] = /^(.*)[:.]([\w*-]+)$/.exec(destination) ?? [];
  const number = Number(portNumber(port));
  return {
    ...(address !== '*' && address !== '*%0' && { address }),
    ...(number > 0 && { port: number }),
  };
}

function textOf(value = 'none'): string {
  const text = unquote(value);
  return text === 'none' ? '' : text;
}

/** The device ends a request of HTTP/1.0 and 1.1 by an empty line where the string does not (K2167). */
function wholeRequest(send: string): string {
  if (!/ HTTP\/1\.[01]/.test(send)) return send;
  return `${send.replace(/(\\r\\n)+$/, '')}\\r\\n\\r\\n`;
}

/** `recv` is a regular expression that is looked for in all that is answered, head and body. */
function patternOf(recv: string): string {
  if (recv === '') return '';
  try {
    return `/${new RegExp(recv, 's').source}/`;
  } catch {
    return recv; // no regular expression of JavaScript's: as it stands
  }
}

function requestOf(send: string): Pick<CarriedMonitor, 'method' | 'path' | 'host'> {
  const [, method = 'GET', path = '/'] = /^([A-Z]+) (\/\S*?)(?=\s|\\r|\\n|$)/.exec(send) ?? [];
  const [, host] = /\\r\\nHost: *(.*?)(?=\\r|$)/i.exec(send) ?? [];
  return { method, path, ...(host !== undefined && host !== '' && { host }) };
}

function answerOf(recv: string): Pick<CarriedMonitor, 'expectStatus' | 'expectBody'> {
  const [, status] = /^(?:HTTP\/1\S* )?([1-5]\d\d)(?: \w+)?$/.exec(recv) ?? [];
  if (status !== undefined) return { expectStatus: [status] };
  return { expectStatus: ['100-599'], ...(recv !== '' && { expectBody: patternOf(recv) }) };
}
