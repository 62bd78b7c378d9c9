import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AppError, type Outcome } from '../contract/errors.ts';

/** A process of the lab. Its channel is its life: it ends when this process does, however that comes about. */
export interface Child {
  readonly pid: number | undefined;
  /** Sends an order and waits for its answer. Throws what the child answers, TIMED_OUT, SESSION_CLOSED (the child is gone). */
  readonly ask: (order: unknown, timeoutMs: number) => Promise<unknown>;
  /** Fulfilled with how it ended, and the last words on its standard error. */
  readonly ended: Promise<string>;
  /** Asks it to end, and after a while makes it. */
  readonly stop: () => Promise<void>;
}

const graceMs = 5000;
const mostErrorBytes = 4096;

/** Starts a Node process from the file of an entry, with arguments that hold no secret. */
export function openChild(name: string, file: URL, args: readonly string[]): Child {
  const child = fork(fileURLToPath(file), args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [], // not what a debugger or test runner gave this process
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  const words = tailOf(child);
  const waiting = new Map<number, (outcome: Outcome<unknown>) => void>();
  let lastId = 0;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(`${name} could not be started: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      const how = signal === null ? `with status ${code ?? 0}` : `by ${signal}`;
      resolve(`${name} ended ${how}${words() === '' ? '' : `: ${words()}`}`);
    });
  });
  void ended.then((how) => {
    const problem = new AppError('SESSION_CLOSED', `${how}.`).toProblem();
    for (const answer of waiting.values()) answer({ ok: false, problem });
  });
  child.on('message', (message) => {
    const { id, outcome } = message as { id: number; outcome: Outcome<unknown> }; // our own entries answer in this form
    waiting.get(id)?.(outcome);
  });
  return {
    pid: child.pid,
    ask: async (order, timeoutMs) => {
      const id = ++lastId;
      const timer = setTimeout(() => {
        const detail = `${name} did not answer within ${timeoutMs} ms.`;
        waiting.get(id)?.({ ok: false, problem: new AppError('TIMED_OUT', detail).toProblem() });
      }, timeoutMs);
      try {
        const outcome = await new Promise<Outcome<unknown>>((resolve) => {
          waiting.set(id, resolve);
          if (child.connected)
            child.send({ id, order }, () => undefined); // a broken channel shows as its end
          else resolve({ ok: false, problem: new AppError('SESSION_CLOSED', `${name} is gone.`).toProblem() });
        });
        if (outcome.ok) return outcome.value;
        throw new AppError(outcome.problem.code, outcome.problem.detail);
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function tailOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    text = (text + piece).slice(-mostErrorBytes);
  });
  return () => text.trim();
}
