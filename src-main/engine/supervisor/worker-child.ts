import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { entryBeside } from '../../entry.ts';
import type { ToSupervisor } from '../messages.ts';
import { runAsNode } from '../run-as-node.ts';

/** A worker's process before it is told which worker it is. */
export interface WorkerChild {
  readonly child: ChildProcess;
  /** Resolves when it can be asked; never where it ends before. */
  readonly started: Promise<void>;
}

export function forkWorker(): WorkerChild {
  const child = fork(fileURLToPath(entryBeside(import.meta.url, '../worker')), [], {
    serialization: 'advanced',
    execArgv: [], // not what a debugger or test runner gave this process
    // Standard output belongs to the supervisor's JSON lines.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: runAsNode(),
  });
  child.on('error', () => undefined); // 'exit' follows, or the caller's time-out
  const started = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if ((message as ToSupervisor).type === 'started') resolve(); // the channel carries what worker.entry.ts sends
    });
  });
  return { child, started };
}

/** So long after the start, or after it was taken, a spare is made: the workers come first. */
const makeSpareAfterMs = 5000;

/** One process that has loaded everything and waits: a worker that is killed is back as soon as the spare has its tables. */
export class SpareWorker {
  #spare: WorkerChild | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Has one made, by and by. */
  prepare(): void {
    if (this.#isClosed || this.#spare !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#make();
    }, makeSpareAfterMs).unref();
  }

  /** The spare, its successor under way; undefined = there is none. */
  take(): WorkerChild | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    this.prepare();
    return spare;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#spare?.child.kill('SIGKILL');
    this.#spare = undefined;
  }

  #make(): void {
    const spare = forkWorker();
    this.#spare = spare;
    spare.child.on('exit', () => {
      if (this.#spare !== spare) return;
      this.#spare = undefined;
      this.prepare();
    });
  }
}
