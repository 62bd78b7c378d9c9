import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceEvent } from '../contract/events.ts';
import { type CliTools, type Command, dataOption } from './command.ts';
import { type Session, withPatientConsole } from './session.ts';

export const events: Command = {
  name: 'events',
  what: 'what devices told by themselves (traps and informs of SNMP) and restarts that were noticed; --follow goes on',
  takes: '[DEVICE]',
  options: {
    ...dataOption,
    follow: { what: 'says what comes until interrupted' },
    lines: { value: 'N', what: 'so many of the last; 20 unless told' },
    json: { what: 'an event a line as JSON' },
  },
  run: (given, tools) => {
    const [device] = given.rest;
    const about = device === undefined ? {} : { device };
    const limit = given.count('lines') ?? 20;
    const shape = given.has('json') ? (event: DeviceEvent) => JSON.stringify(event) : eventLine;
    return withPatientConsole(given, tools, async (session) => {
      let last = 0;
      async function say(found: readonly DeviceEvent[]): Promise<void> {
        for (const event of found.toReversed().filter(({ id }) => id > last)) {
          last = event.id;
          await tools.terminal.write(`${shape(event)}\n`);
        }
      }
      await say(await session.call('events.list', { ...about, limit }));
      if (given.has('follow')) await follow(session, tools, about, say);
      return 0;
    });
  },
};

const everyMs = 1000;
const most = 1000;

async function follow(
  { call }: Session,
  { interrupted }: CliTools,
  about: { readonly device?: string },
  say: (found: readonly DeviceEvent[]) => Promise<void>,
): Promise<void> {
  while (await sleep(everyMs, true, { signal: interrupted }).catch(() => false)) {
    await say(await call('events.list', { ...about, limit: most }));
  }
}

const marks = { bad: '-', good: '+', note: ' ' } as const;

function eventLine({ at, device, from, severity, name, sentence, objects }: DeviceEvent): string {
  const where = objects.map(({ virtualServer, pool, member }) =>
    [virtualServer, pool, member].filter((part) => part !== undefined).join('/'),
  );
  const who = [device ?? from ?? '', ...where.slice(0, 3)].join(' ');
  return `${at} ${marks[severity]} ${who}: ${sentence.startsWith(name) ? '' : `${name}: `}${sentence.replaceAll(/[\r\n\t]+/g, ' ')}`;
}
