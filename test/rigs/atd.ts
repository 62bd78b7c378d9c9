import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './need.ts';
import { onSuddenEnd } from './watchdog.ts';

const pidFile = '/run/atd.pid';

/** Debian's atd in the foreground, or the machine's own where one runs. There is one for the whole machine, so one test file alone may use this. */
export async function startAtd(): Promise<{ readonly close: () => Promise<void> }> {
  if (isAlive()) return { close: () => Promise.resolve() };
  const child = spawn(findProgram('atd') ?? 'atd', ['-f'], { stdio: 'ignore' });
  const watchdog = onSuddenEnd(`kill ${child.pid ?? 0}`);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  for (let tries = 0; !isAlive(); tries += 1) {
    if (tries === 200 || child.exitCode !== null) throw new Error('atd did not start');
    await sleep(50);
  }
  return {
    close: async () => {
      watchdog.disarm();
      child.kill('SIGTERM');
      await gone;
    },
  };
}

function isAlive(): boolean {
  return existsSync(pidFile) && existsSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}/cmdline`);
}
