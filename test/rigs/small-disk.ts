import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './need.ts';
import { onSuddenEnd } from './watchdog.ts';

/** A file system of its own over a directory that is there already; `close` takes it away again. */
export interface SmallDisk {
  /** Writes until not one byte more fits; whatever is written afterwards fails with ENOSPC. */
  readonly fill: () => void;
  readonly free: () => void;
  readonly close: () => void;
}

/** False without root or, as in some containers, without the right to mount. */
export function canMountDisks(): boolean {
  if (userInfo().uid !== 0 || findProgram('mount') === undefined) return false;
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-mount-'));
  try {
    mountDisk(directory, 64).close();
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(directory);
  }
}

/** `mode`: of the root of the new file system. */
export function mountDisk(directory: string, kibibytes: number, mode = 0o755): SmallDisk {
  const options = `size=${kibibytes}k,mode=${mode.toString(8)}`;
  run('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', directory);
  const watchdog = onSuddenEnd(`umount -l ${directory}`);
  const ballast = join(directory, '.ballast');
  return {
    fill: () => {
      const file = openSync(ballast, 'a');
      try {
        for (let size = 65_536; size >= 1;) {
          try {
            writeSync(file, Buffer.alloc(size));
          } catch {
            size = Math.floor(size / 2); // ENOSPC: smaller pieces may still fit
          }
        }
      } finally {
        closeSync(file);
      }
    },
    free: () => {
      rmSync(ballast, { force: true });
    },
    close: () => {
      watchdog.disarm();
      if (existsSync(directory)) run('umount', '-l', directory);
    },
  };
}

function run(program: string, ...words: readonly string[]): void {
  execFileSync(findProgram(program) ?? program, words, { stdio: 'ignore' });
}
