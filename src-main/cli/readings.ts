import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../contract/errors.ts';
import type { Sample } from '../contract/metrics.ts';
import type { Arguments } from './arguments.ts';
import { type CliTools, type Command, dataOption, timeoutOption } from './command.ts';
import { type Session, withConsole } from './session.ts';

export const read: Command = {
  name: 'read',
  what: "the device's configuration as model JSON",
  takes: 'DEVICE',
  options: { ...dataOption, ...timeoutOption },
  run: async (given, tools) => {
    const device = given.need(0, 'DEVICE');
    const reading = await withConsole(given, tools, ({ call }) =>
      call('devices.read', { device, ...timeoutOf(given) }),
    );
    await tools.terminal.write(`${JSON.stringify(reading.model, null, 2)}\n`);
    return 0;
  },
};

export const poll: Command = {
  name: 'poll',
  what: 'samples as JSON lines, with rates from the second on; one, unless --every or --count says more',
  takes: 'DEVICE',
  options: {
    ...dataOption,
    ...timeoutOption,
    every: { value: 'TIME', what: 'time between two samples, as 1s; goes on until interrupted' },
    count: { value: 'N', what: 'ends after so many' },
  },
  run: (given, tools) => {
    const device = given.need(0, 'DEVICE');
    const everyMs = given.durationMs('every');
    const count = given.count('count') ?? (everyMs === undefined ? 1 : Infinity);
    const take = { device, ...timeoutOf(given) };
    const rhythm = { everyMs: everyMs ?? 1000, count };
    return withConsole(given, tools, (session) => pollOn(session, tools, take, rhythm)).catch(endQuietly);
  },
};

interface Rhythm {
  readonly everyMs: number;
  readonly count: number;
}

/** A poll that failed and may be tried again is said and leaves a gap; the status then tells that one was missing. */
async function pollOn(
  session: Session,
  tools: CliTools,
  take: { device: string; timeoutMs?: number },
  { everyMs, count }: Rhythm,
): Promise<number> {
  let previous: Sample | undefined;
  let status = 0;
  const startedAt = performance.now();
  for (let taken = 1; !tools.interrupted.aborted; taken++) {
    try {
      const sample = await session.call('devices.poll', take);
      const rates = previous === undefined ? {} : { rates: tools.sampleRates(previous, sample) };
      await tools.terminal.write(`${JSON.stringify({ ...sample, ...rates })}\n`);
      previous = sample;
    } catch (error) {
      if (count === 1 || !isWorthAnotherTry(error)) throw error;
      tools.terminal.say(`steelyard: ${error.code}: ${error.detail}`);
      status = 1;
    }
    if (taken >= count) break;
    await waitUntil(startedAt, everyMs, tools.interrupted);
  }
  return status;
}

function timeoutOf(given: Arguments): { timeoutMs?: number } {
  const timeoutMs = given.durationMs('timeout');
  return timeoutMs === undefined ? {} : { timeoutMs };
}

/** To interrupt it is how polling without a count ends. */
function endQuietly(error: unknown): number {
  if (error instanceof AppError && error.code === 'CANCELLED') return 0;
  throw error;
}

function isWorthAnotherTry(error: unknown): error is AppError {
  return error instanceof AppError && error.isRetryable;
}

/** Until the next beat counted from the start, so that the time a poll takes does not add up. */
async function waitUntil(startedAt: number, everyMs: number, signal: AbortSignal): Promise<void> {
  const intoBeatMs = (performance.now() - startedAt) % everyMs;
  await sleep(everyMs - intoBeatMs, undefined, { signal }).catch(() => undefined); // interrupted: the loop looks
}
