import type { Offered } from '../../contract/api.ts';
import { type Monitor, monitorSchema } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { monitorOf } from './monitors.ts';
import { added, blockOf, lacking, made, numberOf, type Scene, type Sent, setting, unmade, word } from './sent.ts';
import { A10Text, findIn, isSaid, type Line } from './text.ts';
import { readBlocks } from './blocks.ts';

/** What a health monitor does where it does not say (public course of A10's, lab 8). */
const resting = { interval: 5, timeout: 5, retry: 3, 'up-retry': 1 };

const times = ['intervalMs', 'timeoutMs', 'rise', 'fall'];
const ofTimes = new Set(times);
const request = ['port', 'method', 'path', 'host', 'expectStatus', 'expectBody'];
const ofMethod = new Set([...request, 'type', 'send', 'expect']);

/** Health monitors that can be written, by their types in the model. */
export function offeredMonitors(): readonly Offered[] {
  return [
    { name: 'http', native: 'method http', settings: [...request, ...times] },
    { name: 'https', native: 'method https', settings: [...request, ...times] },
    { name: 'tcp', native: 'method tcp', needs: ['port'], settings: times },
    { name: 'tcp-half-open', native: 'method tcp', needs: ['port'], settings: times },
    { name: 'tcp-send-expect', native: 'method tcp', needs: ['port', 'send', 'expect'], settings: times },
    { name: 'udp', native: 'method udp', needs: ['port'], settings: times },
    { name: 'icmp', native: 'method icmp', settings: times },
  ];
}

/** `health monitor NAME` with its method and times. */
export function newMonitor(monitor: Monitor): readonly Sent[] {
  const other = Object.keys(monitor).find((key) => key !== 'name' && !ofTimes.has(key) && !ofMethod.has(key));
  if (other !== undefined) throw lacking(`${other} of a monitor`);
  const head = `health monitor ${word(monitor.name)}`;
  const block: Line = { text: head, children: [] };
  return [made(head), added(block, [], methodLine(monitor)), ...timeLines(block, monitor)];
}

export function monitorGone(scene: Scene, name: string): Sent {
  return unmade(blockOf(scene, 'health monitor', name, 'monitor'));
}

/** All that `method` says stands on one line, so any of it writes the line anew. */
export function monitorChange(scene: Scene, name: string, change: Change): readonly Sent[] {
  const block = blockOf(scene, 'health monitor', name, 'monitor');
  const { key = 'this', desired } = change;
  const text = new A10Text('');
  text.lines.push(block);
  const { native, ...now } = monitorOf(name, readBlocks(text.toString()));
  const wish = monitorSchema.parse({ ...now, [key]: desired });
  if (ofTimes.has(key)) return timeLines(block, wish);
  if (!ofMethod.has(key)) throw lacking(`${key} of a monitor`);
  if (native?.['method'] !== undefined)
    throw lacking(`${key} of the monitor "${name}", whose method says what is not known here: ${native['method']}`);
  const method = methodLine(wish);
  return setting(block, [], 'method', method.replace(/^method /, ''));
}

/** `interval` and `timeout` are said on one line (transcripts of 4.1 and 5.2). */
function timeLines(block: Line, { intervalMs, timeoutMs, rise, fall }: Monitor): readonly Sent[] {
  const interval = seconds(intervalMs, 'interval') ?? String(resting.interval);
  const timeout = seconds(timeoutMs, 'time-out') ?? String(resting.timeout);
  const isSilent = intervalMs === undefined && timeoutMs === undefined;
  const alone = findIn(block.children, ['timeout']);
  if (alone !== undefined && isSaid(alone))
    throw lacking('times of a monitor that says its time-out on a line of its own');
  return [
    ...setting(block, [], 'interval', isSilent ? undefined : `${interval} timeout ${timeout}`),
    ...setting(block, [], 'retry', numberOf(fall, 'number of failures', 1, 10), String(resting.retry)),
    ...setting(block, [], 'up-retry', numberOf(rise, 'number of passes', 1, 10), String(resting['up-retry'])),
  ];
}

function seconds(milliseconds: number | undefined, what: string): string | undefined {
  if (milliseconds === undefined) return undefined;
  return numberOf(milliseconds / 1000, `${what} in seconds`, 1, 180);
}

/** The words in the order in which ACOS lists them (transcripts: `method http port 80 expect response-code 200 host a.example url GET /`). */
function methodLine(monitor: Monitor): string {
  const { type, port } = monitor;
  const at = port === undefined ? [] : ['port', String(port)];
  if (type === 'icmp') return line('icmp', monitor, []);
  if (type === 'http' || type === 'https') return line(type, monitor, [...at, ...requestOf(monitor)]);
  if (type !== 'tcp' && type !== 'tcp-half-open' && type !== 'tcp-send-expect' && type !== 'udp')
    throw lacking(`a monitor of type ${type}`);
  if (port === undefined) throw lacking(`a monitor of type ${type} without a port: an A10 wants to be told which`);
  if (type === 'udp') return line('udp', monitor, at);
  if (type === 'tcp-half-open') return line('tcp', monitor, [...at, 'halfopen']);
  if (type === 'tcp') return line('tcp', monitor, at);
  const { send, expect } = monitor;
  if (send === undefined || expect === undefined) throw lacking('a tcp-send-expect monitor without send and expect');
  return line('tcp', monitor, [...at, 'send', word(send), 'response', 'contains', word(expect)]);
}

const taken: Readonly<Record<string, readonly string[]>> = {
  icmp: [],
  udp: ['port'],
  tcp: ['port'],
  'tcp-half-open': ['port'],
  'tcp-send-expect': ['port', 'send', 'expect'],
};

/** Throws CAPABILITY_MISSING for a key that this kind of check has no words for. */
function line(method: string, monitor: Monitor, words: readonly string[]): string {
  const keys = taken[monitor.type];
  const other = Object.keys(monitor).find(
    (key) => key !== 'type' && ofMethod.has(key) && keys?.includes(key) === false,
  );
  if (other !== undefined) throw lacking(`${other} of a monitor of type ${monitor.type}`);
  return ['method', method, ...words].join(' ');
}

function requestOf({ method, path, host, expectStatus, expectBody, send, expect }: Monitor): readonly string[] {
  if (send !== undefined || expect !== undefined) throw lacking('send and expect of an HTTP monitor');
  if (expectStatus !== undefined && expectBody !== undefined)
    throw lacking('a status and a text of one HTTP monitor: an A10 looks for one of them');
  if (method !== undefined && method !== 'GET' && method !== 'HEAD') throw lacking(`${method} of an HTTP monitor`);
  const url = path === undefined && method === undefined ? [] : ['url', method ?? 'GET', word(path ?? '/')];
  return [
    ...(expectStatus === undefined ? [] : ['expect', 'response-code', expectStatus.join(',')]),
    ...(expectBody === undefined ? [] : ['expect', word(expectBody)]),
    ...(host === undefined ? [] : ['host', word(host)]),
    ...url,
  ];
}
