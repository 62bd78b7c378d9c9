import { type Monitor, monitorSchema } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { seconds } from './edit-pool.ts';
import {
  created,
  deleted,
  gone,
  inheritedWords,
  lacking,
  partNamed,
  phraseFor,
  type Scene,
  type Sent,
  setValue,
} from './sent.ts';
import type { Item } from './text.ts';

/** Kinds that can be made anew, each with the device's own monitor that it comes from. */
const kinds: Readonly<Partial<Record<Monitor['type'], readonly [string, string]>>> = {
  http: ['http', '/Common/http'],
  https: ['https', '/Common/https'],
  tcp: ['tcp', '/Common/tcp'],
  'tcp-half-open': ['tcp-half-open', '/Common/tcp_half_open'],
  udp: ['udp', '/Common/udp'],
  icmp: ['gateway-icmp', '/Common/gateway_icmp'],
};
const ofRequest = new Set(['method', 'path', 'host', 'httpVersion', 'headers', 'send']);

export function monitorChange(scene: Scene, change: Change): readonly Sent[] {
  const [name = ''] = change.subject.path;
  if (change.action === 'create') return [created(newMonitor(monitorSchema.parse(change.desired)))];
  const part = partNamed(scene, 'ltm monitor', name);
  const monitor = scene.target.monitors.find((one) => one.name === name);
  if (part === undefined) throw gone(`monitor "${name}"`);
  if (change.action === 'delete') return [deleted(part)];
  if (monitor === undefined) throw gone(`monitor "${name}"`);
  const { key = 'this' } = change;
  const word = ofRequest.has(key) ? 'send' : words[key];
  if (word === undefined) throw lacking(`${key} of a monitor`);
  const rest = inheritedWords(scene, part, word);
  if (rest === undefined && (word === 'interval' || word === 'timeout'))
    throw lacking(`${key} of monitor "${name}", which has it from a monitor that is not listed`);
  return setValue(part, word, valueOf(word, monitor), rest ?? 'none');
}

const words: Readonly<Record<string, string>> = { intervalMs: 'interval', timeoutMs: 'timeout', expect: 'recv' };

function valueOf(word: string, monitor: Monitor): string {
  if (word === 'interval') return seconds(monitor.intervalMs ?? 5000, 'an interval');
  if (word === 'timeout') return seconds(monitor.timeoutMs ?? 16_000, 'a time-out');
  if (word === 'recv')
    return monitor.expect === undefined || monitor.expect === '' ? 'none' : phraseFor(monitor.expect);
  const request = sendText(monitor);
  return request === undefined ? 'none' : phraseFor(request);
}

/** The request as the device sends it; undefined where it sends none. */
function sendText({ method, path, host, httpVersion, headers, send }: Monitor): string | undefined {
  if (path === undefined) return send;
  const version = httpVersion ?? (host === undefined ? undefined : '1.1');
  const fields = [...(host === undefined ? [] : [['Host', host] as const]), ...Object.entries(headers ?? {})];
  if (version === '1.1' && host === undefined) fields.unshift(['Host', '']);
  const first = [method ?? 'GET', path, ...(version === undefined ? [] : [`HTTP/${version}`])].join(' ');
  const lines = [first, ...fields.map(([field, value]) => `${field}: ${value}`)];
  return `${lines.join(String.raw`\r\n`)}${fields.length === 0 ? String.raw`\r\n` : String.raw`\r\n\r\n`}`;
}

const ofMonitor = new Set(['name', 'type', 'intervalMs', 'timeoutMs', 'expect', 'native', ...ofRequest]);

function newMonitor(monitor: Monitor): Item {
  const kind = kinds[monitor.type];
  if (kind === undefined) throw lacking(`a new monitor of type ${monitor.type}`);
  const other = Object.keys(monitor).find((key) => !ofMonitor.has(key));
  if (other !== undefined) throw lacking(`${other} of a monitor`);
  const send = sendText(monitor);
  const body = [
    ['defaults-from', kind[1]],
    ['interval', valueOf('interval', monitor)],
    ...(monitor.expect === undefined ? [] : [['recv', valueOf('recv', monitor)]]),
    ...(send === undefined ? [] : [['send', phraseFor(send)]]),
    ['timeout', valueOf('timeout', monitor)],
  ];
  return { words: ['ltm', 'monitor', kind[0], monitor.name], body: body.map((words) => ({ words })) };
}
