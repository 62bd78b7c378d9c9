import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** A program that runs pinned to cores, until `stop`. */
export interface Pinned {
  readonly pid: number;
  readonly hasEnded: () => boolean;
  /** The end of what it wrote to standard error. */
  readonly said: () => string;
  readonly stop: () => Promise<void>;
}

/** `cores` is a list of taskset(1), as `0` or `2,3`. */
export function startPinned(
  cores: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Pinned {
  const child = spawn('taskset', ['-c', cores, program, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096);
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    function onEnd(): void {
      hasEnded = true;
      resolve();
    }
    child.on('error', onEnd);
    child.on('exit', onEnd);
  });
  return { pid: child.pid ?? 0, hasEnded: () => hasEnded, said: () => said.trim(), stop: () => end(child, ended) };
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
  await ended;
  clearTimeout(timer);
}

/** Waits until something listens there. Throws what the program said where it has ended instead. */
export async function untilListening(port: number, program: Pinned): Promise<void> {
  for (let tries = 0; tries < 300 && !program.hasEnded(); tries++) {
    if (await isListening(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(program.said() === '' ? `nothing listens on port ${port}` : program.said());
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

/** Processor time of a process and its descendants in ms, from the scheduler's own accounting. */
export function cpuMs(pid: number): number {
  let nanoseconds = 0;
  for (const each of family(pid)) {
    for (const thread of list(`/proc/${each}/task`)) {
      nanoseconds += Number(read(`/proc/${each}/task/${thread}/schedstat`).split(' ')[0] ?? 0);
    }
  }
  return nanoseconds / 1e6;
}

/** Resident memory of a process and its descendants. */
export function residentKib(pid: number): number {
  return family(pid).reduce(
    (sum, each) => sum + Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${each}/status`))?.[1] ?? 0),
    0,
  );
}

function family(pid: number): number[] {
  const children = list(`/proc/${pid}/task`).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`)
      .split(' ')
      .filter((text) => text.trim() !== '')
      .map(Number),
  );
  return [pid, ...children.flatMap(family)];
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // it ended between two looks
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended between two looks
  }
}
