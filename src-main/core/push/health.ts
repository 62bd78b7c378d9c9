import { AppError } from '../../contract/errors.ts';
import { type Clock, pause } from '../clock.ts';
import type { PoolHealth, PushTarget } from './target.ts';

/** How often health is asked for while a change waits to be kept. */
const askEveryMs = 1000;

/** Pools by name as they are before a change; empty where the device does not say, or not now: nothing is compared then. */
export async function healthBefore(target: PushTarget, signal: AbortSignal): Promise<ReadonlyMap<string, PoolHealth>> {
  return new Map((await askQuietly(target, signal)).map((pool) => [pool.pool, pool]));
}

/**
 * Fulfilled with the reason to go back as soon as a pool that had serving members before the change has none by its health checks; never
 * where that does not come. What cannot be asked is passed over: a link that is lost is somebody else's business.
 */
export async function healthLost(
  target: PushTarget,
  before: ReadonlyMap<string, PoolHealth>,
  clock: Clock,
  signal: AbortSignal,
): Promise<AppError> {
  const hadMembers = [...before.values()].some(({ serving }) => serving > 0);
  while (hadMembers && !signal.aborted) {
    const lost = (await askQuietly(target, signal)).find((pool) => isLost(pool, before.get(pool.pool)));
    if (lost !== undefined) return lossOf(lost, before.get(lost.pool)?.serving ?? 0);
    await pause(clock, askEveryMs, signal);
  }
  return new Promise(() => undefined);
}

function isLost(now: PoolHealth, was: PoolHealth | undefined): boolean {
  return was !== undefined && was.serving > 0 && now.serving === 0 && now.failing.length > 0;
}

function lossOf({ pool, failing }: PoolHealth, served: number): AppError {
  const what = `No member of pool "${pool}" passes its checks after the change (${failing.join('; ')})`;
  return new AppError('APPLY_PARTIAL', `${what}; before it ${served} served. So it goes back.`);
}

async function askQuietly(target: PushTarget, signal: AbortSignal): Promise<readonly PoolHealth[]> {
  try {
    return (await target.health?.(signal)) ?? [];
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}
