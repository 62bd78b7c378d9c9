import { spawn } from 'node:child_process';

/**
 * Runs a shell command if this process ends before `disarm`, however it ends: a small shell waits at the other end of a pipe. Rigs
 * use it so that a test run that is killed leaves no server and no user behind.
 */
export function onSuddenEnd(command: string): { readonly disarm: () => void } {
  const child = spawn('sh', ['-c', `read -r word; [ "$word" = disarm ] || { ${command}; }`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C in the terminal must not take the watchdog with it.
    detached: true,
  });
  child.unref();
  child.stdin.on('error', () => undefined); // it has ended, so there is nothing to disarm
  return {
    disarm: () => {
      child.stdin.end('disarm\n');
    },
  };
}
