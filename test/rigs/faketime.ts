import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const shared = '/dev/shm';
const oldMs = 600_000;

/**
 * The environment of a process whose wall clock is what this file says: `+3600` in it, and the process lives an hour later from then on.
 * The machine's own clock is left alone; intervals (CLOCK_MONOTONIC) stay true, as where a person sets a clock.
 */
export function clockFrom(file: string): Readonly<Record<string, string>> {
  removeLeftovers();
  return {
    // ld.so(8) puts the machine's own directory in the place of $LIB.
    LD_PRELOAD: '/usr/$LIB/faketime/libfaketime.so.1',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

/** libfaketime shares memory under the id of its process and leaves it there; a later process of that id then ends at once. */
function removeLeftovers(): void {
  for (const name of existsSync(shared) ? readdirSync(shared) : []) {
    const pid = /^(?:sem\.faketime_sem|faketime_shm)_(\d+)$/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const path = join(shared, name);
    try {
      // Children of a process that has ended may still use it: of those of another test that runs now, none is as old.
      if (Date.now() - statSync(path).mtimeMs > oldMs) rmSync(path);
    } catch {
      // Gone meanwhile, or another account's, whose it stays.
    }
  }
}
