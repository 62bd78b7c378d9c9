import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../contract/errors.ts';
import type { LogEntry, LogPage } from '../contract/log.ts';
import { type CliTools, type Command, dataOption } from './command.ts';
import { type Session, withPatientConsole } from './session.ts';

export const log: Command = {
  name: 'log',
  what: 'what a device has logged of late, with how each session ended in words; --follow goes on until interrupted',
  takes: 'DEVICE',
  options: {
    ...dataOption,
    follow: { what: 'says what comes until interrupted' },
    lines: { value: 'N', what: 'so many of the last lines; 20 unless told' },
    json: { what: 'an entry a line as JSON' },
    failed: { what: 'only sessions that did not end as they should' },
  },
  run: (given, tools) => {
    const device = given.need(0, 'DEVICE');
    const count = given.count('lines') ?? 20;
    const shape = given.has('json') ? (entry: LogEntry) => JSON.stringify(entry) : sentence;
    async function say(entries: readonly LogEntry[]): Promise<void> {
      const chosen = given.has('failed') ? entries.filter(({ state }) => state?.isNormal === false) : entries;
      for (const entry of chosen) await tools.terminal.write(`${shape(entry)}\n`);
    }
    return withPatientConsole(given, tools, async (session) => {
      const first = await session.call('log.read', { device });
      tools.terminal.say(`From ${first.source}:`);
      await say(first.entries.slice(-count));
      if (given.has('follow')) await follow(session, tools, device, first, say);
      return 0;
    });
  },
};

const everyMs = 1000;

async function follow(
  session: Session,
  tools: CliTools,
  device: string,
  first: LogPage,
  say: (entries: readonly LogEntry[]) => Promise<void>,
): Promise<void> {
  let page = first;
  while (await hasSlept(tools.interrupted)) {
    try {
      page = await session.call('log.read', { device, after: page.cursor });
      await say(page.entries);
    } catch (error) {
      if (!(error instanceof AppError) || !error.isRetryable) throw error;
      tools.terminal.say(`${error.code}: ${error.detail} Tried again.`);
    }
  }
}

/** False where an interrupt came first. */
function hasSlept(interrupted: AbortSignal): Promise<boolean> {
  return sleep(everyMs, true, { signal: interrupted }).catch(() => false);
}

/** The line as it stands, and below it what its code means where something went wrong. */
function sentence({ text, state }: LogEntry): string {
  if (state === undefined || state.isNormal) return text;
  return `${text}\n    ${state.code}: ${state.words.join(' ')}`;
}
