import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../contract/errors.ts';
import { createClosedFile, isBusy } from './database.ts';

const tries = 50;
const pauseMs = 20;

/**
 * Makes this process the one owner of a data directory until `release` or its end. Throws STORE_BUSY that names the owner's process id.
 *
 * The lock is that of an exclusive transaction on `owner.lock`, which the system drops when the process dies: it can neither be
 * stale nor be taken by two. `owner.json` is for people and for those who seek the owner's socket, and is written after the lock is held;
 * so a lock held beside a dead owner's id means an owner about to write its own, and is asked again.
 */
export async function ownDirectory(directory: string): Promise<{ readonly release: () => void }> {
  const lockPath = join(directory, 'owner.lock');
  createClosedFile(lockPath);
  for (let attempt = 1; ; attempt += 1) {
    const lock = tryLock(lockPath);
    if (lock) {
      await writeOwner(directory);
      return {
        release: () => {
          lock.close();
        },
      };
    }
    const pid = await ownerPid(directory);
    if (pid !== undefined || attempt >= tries) throw busy(directory, pid);
    await sleep(pauseMs);
  }
}

function tryLock(path: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(path);
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

async function writeOwner(directory: string): Promise<void> {
  const path = join(directory, 'owner.json');
  await writeFile(`${path}.new`, `${JSON.stringify({ pid: process.pid })}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Process id of a living owner; absent where none has been written yet or that process is gone. */
async function ownerPid(directory: string): Promise<number | undefined> {
  const text = await readFile(join(directory, 'owner.json'), 'utf8').catch(() => ''); // not written yet
  const pid = Number(/"pid":(\d+)/.exec(text)?.[1] ?? 0);
  return pid > 0 && isAlive(pid) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and is another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function busy(directory: string, pid: number | undefined): AppError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new AppError(
    'STORE_BUSY',
    `The data directory "${directory}" is in use by ${who}. Nothing was read or written. End that process, or name another directory with --data DIR.`,
  );
}
