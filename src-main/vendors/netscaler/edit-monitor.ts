import { AppError } from '../../contract/errors.ts';
import { type Monitor, monitorSchema, poolSchema } from '../../contract/model.ts';
import type { Change } from '../../contract/plan.ts';
import { maskWith } from '../mask.ts';
import { Options } from './commands.ts';
import { subjectOf } from './objects.ts';
import { netscalerSecrets } from './parse.ts';
import {
  addText,
  gone,
  lacking,
  optionsText,
  optionText,
  refused,
  refuseTaken,
  type Scene,
  type Sent,
  setOptions,
  type Wanted,
} from './sent.ts';
import { quoteWord } from './write.ts';

/** Monitors that the appliance brings along; they cannot be removed, and what is bound to nothing else has one of them. */
const builtIn = new Set(
  'arp nd6 ping tcp http tcp-ecv http-ecv udp-ecv dns ftp tcps https tcps-ecv https-ecv ping-default tcp-default ldns-ping ldns-tcp ldns-dns xdm xnc mqtt stasecure sta'.split(
    ' ',
  ),
);

/** Types of new monitors, by the words of `add lb monitor`. */
const words: Readonly<Partial<Record<Monitor['type'], string>>> = {
  http: 'HTTP',
  https: 'HTTP',
  tcp: 'TCP',
  'tcp-send-expect': 'TCP-ECV',
  udp: 'UDP-ECV',
  icmp: 'PING',
  dns: 'DNS',
};

/** A monitor new, gone, or changed: all changed keys in one `set`, because a time-out has to stay below its interval. */
export function monitorChange(scene: Scene, change: Change): readonly Sent[] {
  const [name = ''] = change.subject.path;
  if (change.action === 'create') return newMonitor(scene, monitorSchema.parse(change.desired));
  if (!scene.objects.has('lb monitor', name)) {
    if (builtIn.has(name))
      throw refused(`"${name}" is a monitor of the appliance's own and is not changed. Make one beside it.`);
    throw gone(`monitor "${name}"`);
  }
  if (change.action === 'delete') return removeMonitor(scene, name);
  const changes = scene.edit.changes.filter(({ subject, action }) => {
    return subject.kind === 'monitor' && subject.path[0] === name && action === 'update';
  });
  const monitor = scene.edit.target.monitors.find((one) => one.name === name);
  if (changes[0] !== change || monitor === undefined) return [];
  return changeMonitor(
    scene,
    monitor,
    changes.map(({ key = 'this' }) => key),
  );
}

function newMonitor(scene: Scene, monitor: Monitor): readonly Sent[] {
  const { name } = monitor;
  refuseTaken(scene, 'lb monitor', name, 'a monitor');
  if (builtIn.has(name))
    throw refused(`"${name}" is the name of a monitor that the appliance brings along. Choose another.`);
  const word = monitor.expectBody === undefined ? words[monitor.type] : isHttp(monitor) ? 'HTTP-ECV' : undefined;
  if (word === undefined)
    throw lacking(`a new monitor of type ${monitor.type}; it can be ${Object.keys(words).join(', ')}`);
  const keys = Object.keys(monitor).filter((key) => key !== 'name' && key !== 'native');
  if (isHttp(monitor)) keys.push('path');
  const wanted = Object.entries(wantedOf(word, monitor, keys, new Options([])));
  const options = wanted.flatMap(([option, values]) => (values === undefined ? [] : [optionText(option, values)]));
  const said = `lb monitor ${quoteWord(name)} ${word}`;
  return [{ command: [`add ${said}`, ...options].join(' '), inverse: `rm ${said}`, of: { kind: 'lb monitor', name } }];
}

function removeMonitor({ objects }: Scene, name: string): readonly Sent[] {
  const holders = ['servicegroup', 'service'].flatMap((kind) =>
    objects.all(kind).filter(({ binds }) => binds.some((bind) => new Options([bind]).text('monitorName') === name)),
  );
  const { commands, binds } = objects.of('lb monitor', name);
  if (holders.length > 0 || binds.length > 0) {
    const who =
      holders.length > 0 ? holders.map((one) => one.name).join(', ') : binds.map((one) => one.text).join(', ');
    throw new AppError('PLAN_INVALID', `The monitor "${name}" still watches ${who}. Take it out there first.`);
  }
  const again = addText(commands);
  if (maskWith(netscalerSecrets, again) !== again) {
    throw refused(
      `The monitor "${name}" holds a secret, so that it could not be put back. Remove it on the appliance.`,
    );
  }
  const of = { kind: 'lb monitor', name };
  return [{ command: `rm lb monitor ${quoteWord(name)} ${wordOf(commands)}`, inverse: again, of }];
}

function wordOf(commands: Parameters<typeof addText>[0]): string {
  return commands.map(subjectOf).find(({ verb }) => verb === 'add')?.rest[0] ?? '';
}

function changeMonitor({ objects }: Scene, monitor: Monitor, keys: readonly string[]): readonly Sent[] {
  const { commands } = objects.of('lb monitor', monitor.name);
  const word = wordOf(commands);
  const now = new Options(commands);
  const said = `lb monitor ${quoteWord(monitor.name)} ${word}`;
  return setOptions({ said, of: { kind: 'lb monitor', name: monitor.name } }, now, wantedOf(word, monitor, keys, now));
}

function isHttp({ type }: Monitor): boolean {
  return type === 'http' || type === 'https';
}

const ofRequest = new Set(['method', 'path']);
const ofHeaders = new Set(['host', 'headers']);

/** The options that keys of a monitor stand in. */
function wantedOf(word: string, monitor: Monitor, keys: readonly string[], now: Options): Wanted {
  const wanted: Record<string, readonly string[] | undefined> = {};
  for (const key of keys) Object.assign(wanted, optionOf(word.toUpperCase(), monitor, key, now));
  return wanted;
}

function optionOf(word: string, monitor: Monitor, key: string, now: Options): Wanted {
  if (key === 'type') return typeOption(word, monitor, now);
  const isEcv = word === 'HTTP-ECV';
  if (ofRequest.has(key) && (word === 'HTTP' || isEcv)) {
    const request = `${monitor.method ?? 'GET'} ${monitor.path ?? '/'}`;
    return { [isEcv ? 'send' : 'httpRequest']: [request] };
  }
  if (ofHeaders.has(key) && (word === 'HTTP' || isEcv)) return { customHeaders: headersOf(monitor) };
  if (key === 'expectStatus' && word === 'HTTP') return { respCode: monitor.expectStatus };
  if (key === 'expectBody' && isEcv) return { recv: bodyOf(monitor) };
  if (key === 'send' && /^(?:TCP|UDP)-ECV$/.test(word)) return { send: one(monitor.send) };
  if (key === 'expect' && /^(?:TCP|UDP)-ECV$/.test(word)) return { recv: one(monitor.expect) };
  if (key === 'query' && word === 'DNS')
    return { query: one(monitor.query), ...(now.has('queryType') ? {} : { queryType: ['Address'] }) };
  if (key === 'address') return { destIP: one(monitor.address) };
  if (key === 'port' && word !== 'PING') return { destPort: one(monitor.port) };
  if (key === 'rise') return { successRetries: one(monitor.rise) };
  if (key === 'fall') return { retries: one(monitor.fall) };
  const time = times[key];
  if (time !== undefined) return { [time.option]: timeOf(monitor[time.key], time, now) };
  throw lacking(`${key} of a monitor of type ${word}`);
}

/** `-secure` is all of a type that can be changed. */
function typeOption(word: string, monitor: Monitor, now: Options): Wanted {
  const isOne = isHttp(monitor) ? /^HTTP(?:-ECV)?$/.test(word) : words[monitor.type] === word;
  if (!isOne)
    throw refused(`The type of the monitor "${monitor.name}" cannot be changed: make another and bind that one.`);
  if (monitor.type === 'https') return { secure: ['YES'] };
  return now.has('secure') ? { secure: ['NO'] } : {};
}

function one(value: string | number | undefined): readonly string[] | undefined {
  return value === undefined || value === '' ? undefined : [String(value)];
}

/** Lines end as the two characters that the CLI takes for the end of a line. */
function headersOf({ host, headers }: Monitor): readonly string[] | undefined {
  const fields = [
    ...(host === undefined || host === '' ? [] : [['Host', host] as const]),
    ...Object.entries(headers ?? {}),
  ];
  return fields.length === 0
    ? undefined
    : [fields.map(([name, value]) => `${name}: ${value}${String.raw`\r\n`}`).join('')];
}

function bodyOf({ expectBody }: Monitor): readonly string[] | undefined {
  if (/^\/.*\/$/.test(expectBody ?? ''))
    throw lacking('a pattern in expectBody: the appliance looks for the text itself');
  return one(expectBody);
}

interface Time {
  readonly key: 'intervalMs' | 'timeoutMs' | 'downIntervalMs';
  readonly option: string;
  readonly units: string;
}
const times: Readonly<Record<string, Time | undefined>> = {
  intervalMs: { key: 'intervalMs', option: 'interval', units: 'units3' },
  timeoutMs: { key: 'timeoutMs', option: 'resptimeout', units: 'units4' },
  downIntervalMs: { key: 'downIntervalMs', option: 'downTime', units: 'units2' },
};
const unitMs: Readonly<Record<string, number>> = { MSEC: 1, SEC: 1000, MIN: 60_000 };

/** The unit of a time cannot be changed after the monitor was made (CLI reference, `add lb monitor`, units). */
function timeOf(wish: number | undefined, { option, units }: Time, now: Options): readonly string[] | undefined {
  if (wish === undefined) return undefined;
  const [, beside] = now.values(option) ?? [];
  const had = beside ?? now.text(units) ?? (now.has(option) ? 'SEC' : undefined);
  const unit = (had ?? (wish % 1000 === 0 ? 'SEC' : 'MSEC')).toUpperCase();
  const value = wish / (unitMs[unit] ?? 1000);
  if (!Number.isInteger(value) || value < 1) {
    throw refused(
      `-${option} of this monitor counts in ${unit}, and that cannot be changed: ${String(wish)} ms is no whole number of them. Make another monitor.`,
    );
  }
  return beside !== undefined || (had === undefined && unit !== 'SEC') ? [String(value), unit] : [String(value)];
}

/**
 * A pool's monitors: the new ones bound, then the others taken out, so that something watches all the time. What another pool of the
 * same group has done already is not done again.
 */
export function bindMonitors(
  { objects, edit }: Scene,
  kind: 'serviceGroup' | 'service',
  name: string,
  prior: readonly string[],
  wish: readonly string[],
): readonly Sent[] {
  const of = { kind: kind.toLowerCase(), name };
  const said = `${kind} ${quoteWord(name)}`;
  const { binds } = objects.of(of.kind, name);
  function bindOf(monitor: string) {
    return binds.find((bind) => new Options([bind]).text('monitorName') === monitor);
  }
  const added = wish
    .filter((monitor) => !prior.includes(monitor) && bindOf(monitor) === undefined)
    .map((monitor): Sent => {
      const isMade = edit.target.monitors.some((other) => other.name === monitor);
      if (!isMade && !builtIn.has(monitor)) throw gone(`monitor "${monitor}"`);
      const words = `-monitorName ${quoteWord(monitor)}`;
      return { command: `bind ${said} ${words}`, inverse: `unbind ${said} ${words}`, of };
    });
  const taken = prior
    .filter((monitor) => !wish.includes(monitor))
    .flatMap((monitor): readonly Sent[] => {
      const words = `-monitorName ${quoteWord(monitor)}`;
      const bind = bindOf(monitor);
      const again = bind === undefined ? '' : [`bind ${said}`, ...optionsText(bind)].join(' ');
      if (bind !== undefined) return [{ command: `unbind ${said} ${words}`, inverse: again, of }];
      return unbindOld(objects, monitor, name);
    });
  return [...added, ...taken];
}

/** `bind lb monitor M S`, as up to version 9. */
function unbindOld(objects: Scene['objects'], monitor: string, service: string): readonly Sent[] {
  const old = objects.of('lb monitor', monitor).binds.find((bind) => subjectOf(bind).rest[0] === service);
  if (old === undefined) return [];
  const both = `lb monitor ${quoteWord(monitor)} ${quoteWord(service)}`;
  const inverse = [`bind ${both}`, ...optionsText(old)].join(' ');
  return [{ command: `unbind ${both}`, inverse, of: { kind: 'lb monitor', name: monitor } }];
}

/** The names in a change of `monitors`. */
export function monitorNames(value: unknown): readonly string[] {
  return poolSchema.shape.monitors.parse(value) ?? [];
}
