import { spawn } from 'node:child_process';
import type { Verdict } from './monitor.ts';

const maxOutputBytes = 4096;

/** What is started. `env` is all of its environment. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs a program: status 0 passes, the first line of its output is the result. It is a process group of its own (where the platform
 * has them), which is killed whole when the time is over, when the engine stops, and when the program has ended and left something.
 */
export function runProgram(program: Program, timeoutMs: number, signal: AbortSignal): Promise<Verdict> {
  return new Promise((resolve) => {
    const isGroup = process.platform !== 'win32';
    const child = spawn(program.file, program.args, {
      detached: isGroup,
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
      env: program.env,
    });
    let output = Buffer.alloc(0);
    let status = 'ended';
    let isPassing = false;
    const timer = setTimeout(() => {
      finish({ isPassing: false, result: `not done within ${timeoutMs} ms, killed` });
    }, timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      if (output.length < maxOutputBytes) output = Buffer.concat([output, chunk]);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      finish({ isPassing: false, result: `${program.file} cannot be run: ${error.code ?? error.message}` });
    });
    child.on('exit', (code, killedBy) => {
      isPassing = code === 0;
      status = code === null ? `killed by ${String(killedBy)}` : `exit status ${code}`;
      killGroup();
    });
    // What it wrote may be read only now.
    child.on('close', () => {
      const line = firstLine(output);
      finish({ isPassing, result: line === '' ? status : isPassing ? line : `${status}: ${line}` });
    });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();

    function stop(): void {
      finish({ isPassing: false, result: 'stopped' });
    }
    function killGroup(): void {
      if (child.pid === undefined) return;
      try {
        if (isGroup) process.kill(-child.pid, 'SIGKILL');
        else child.kill('SIGKILL');
      } catch {
        // ESRCH: nothing of it is left.
      }
    }
    function finish(verdict: Verdict): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      killGroup();
      child.stdout.destroy();
      resolve(verdict);
    }
  });
}

function firstLine(output: Buffer): string {
  const line = output.subarray(0, 200).toString('utf8').split(/\r?\n/, 1)[0] ?? '';
  return line.replace(/\p{Cc}/gu, ' ').trim();
}
