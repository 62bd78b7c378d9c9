import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onSuddenEnd } from './watchdog.ts';

export interface Agent {
  readonly socket: string;
  readonly add: (keyFile: string) => void;
  readonly close: () => Promise<void>;
}

/** Starts a real ssh-agent whose socket is in the given directory. */
export async function startAgent(directory: string): Promise<Agent> {
  const socket = join(directory, 'agent.sock');
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  const watchdog = onSuddenEnd(`kill ${child.pid ?? 0}`);
  for (let tries = 0; !existsSync(socket); tries += 1) {
    if (tries > 500) throw new Error('ssh-agent did not start');
    await sleep(10);
  }
  return {
    socket,
    add: (keyFile) => {
      execFileSync('ssh-add', ['-q', keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
    },
    close: async () => {
      watchdog.disarm();
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}
