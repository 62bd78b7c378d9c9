import type { CarriedMonitor } from '../carried.ts';
import { type ConfigLine, findArgument, isSame } from './config-line.ts';
import { type Configuration, findLines } from './configuration.ts';

/** Those bound to a service or group that can be carried out here; others always succeed. Without any the device probes by TCP (tcp-default). */
export function monitorsFor(config: Configuration, owner: ConfigLine): readonly CarriedMonitor[] {
  if (findArgument(owner, 'healthMonitor') === 'NO') return [];
  const [name = ''] = owner.positionals.map(({ text }) => text);
  const names = findLines(config, 'bind', owner.object, name).flatMap((line) => {
    const isOff = findArgument(line, 'monState') === 'DISABLED';
    return isOff ? [] : (findArgument(line, 'monitorName') ?? []);
  });
  return names.length === 0
    ? [{ type: 'tcp', ...timingOf(undefined) }]
    : names.flatMap((one) => monitorOf(config, one));
}

/** Built-in monitors are named as their types. */
function monitorOf(config: Configuration, name: string): readonly CarriedMonitor[] {
  const [line] = findLines(config, 'add', 'lb monitor', name);
  const type = (line?.positionals[1]?.text ?? name).toUpperCase().replace(/-DEFAULT$/, '');
  if (line !== undefined && findArgument(line, 'reverse') === 'YES') return [];
  const timing = timingOf(line);
  const isSecure = (line !== undefined && findArgument(line, 'secure') === 'YES') || type.startsWith('HTTPS');
  const ask = { ...timing, type: isSecure ? 'https' : 'http' } as const;
  switch (type.replace('HTTPS', 'HTTP')) {
    case 'TCP':
      return [{ type: isSecure ? 'tls-hello' : 'tcp', ...timing }];
    case 'HTTP': {
      const codes = line?.args.find((one) => isSame(one.name, 'respCode'))?.values.map(({ text }) => text) ?? ['200'];
      return [{ ...ask, ...requestOf(line, argumentOf(line, 'httpRequest') ?? 'HEAD /'), expectStatus: codes }];
    }
    case 'HTTP-ECV': {
      const body = argumentOf(line, 'recv') ?? '';
      return [
        {
          ...ask,
          ...requestOf(line, argumentOf(line, 'send') ?? 'GET /'),
          expectStatus: ['100-599'],
          expectBody: body,
        },
      ];
    }
    case 'TCP-ECV':
      return [
        {
          ...timing,
          type: 'tcp-send-expect',
          send: argumentOf(line, 'send') ?? '',
          expect: argumentOf(line, 'recv') ?? '',
        },
      ];
    default:
      return [];
  }
}

/** Normal values of the manual, "lb monitor": every 5 s, 2 s for an answer, three failures, one success. */
function timingOf(
  line: ConfigLine | undefined,
): Pick<CarriedMonitor, 'intervalMs' | 'timeoutMs' | 'rise' | 'fall' | 'port'> {
  const port = Number(argumentOf(line, 'destPort') ?? 0);
  return {
    intervalMs: Math.max(20, msOf(line, 'interval') ?? 5000),
    timeoutMs: msOf(line, 'resptimeout') ?? 2000,
    rise: Number(argumentOf(line, 'successRetries') ?? 1),
    fall: Number(argumentOf(line, 'retries') ?? 3),
    ...(port > 0 && { port }),
  };
}

/** `-interval 5`, `-interval 500 MSEC`, `-interval 1 MIN`. */
function msOf(line: ConfigLine | undefined, name: string): number | undefined {
  const [value, unit = 'SEC'] = line?.args.find((one) => isSame(one.name, name))?.values.map(({ text }) => text) ?? [];
  const factor = { MSEC: 1, SEC: 1000, MIN: 60_000 }[unit.toUpperCase()] ?? 1000;
  return value === undefined ? undefined : Number(value) * factor;
}

function argumentOf(line: ConfigLine | undefined, name: string): string | undefined {
  return line === undefined ? undefined : findArgument(line, name);
}

function requestOf(line: ConfigLine | undefined, request: string): Pick<CarriedMonitor, 'method' | 'path' | 'host'> {
  const [method = 'GET', path = '/'] = request.split(' ');
  const [, host] = /Host: *([^\s\\]+)/i.exec(argumentOf(line, 'customHeaders') ?? '') ?? [];
  return { method, path, ...(host !== undefined && { host }) };
}
