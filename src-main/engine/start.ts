import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { AppError } from '../contract/errors.ts';
import { entryBeside } from '../entry.ts';
import { runAsNode } from './run-as-node.ts';

const readySchema = z.object({
  ready: z.literal(true),
  pid: z.number(),
  workers: z.array(z.number()),
  listen: z.array(z.object({ virtualServer: z.string(), address: z.string() })),
  admin: z.object({ socket: z.string().optional(), listen: z.string().optional() }),
});

/** What the engine says when it is ready: process ids, where each virtual server listens, where its admin interface is. */
export type EngineReady = z.infer<typeof readySchema>;

/** An engine that runs as a child process. */
export interface EngineProcess {
  readonly ready: EngineReady;
  /** Resolves with the exit status when it has ended, however that came. */
  readonly ended: Promise<number | null>;
  /** SIGHUP: reads its file again. */
  readonly reload: () => void;
  /** Finishes connections and ends; at once after `graceMs`. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

export interface StartOptions {
  /** The YAML (or JSON) configuration file. */
  readonly file: string;
  readonly workers?: number;
  readonly version?: string;
  readonly readyTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Each JSON line after the ready line. */
  readonly onEvent?: (event: Readonly<Record<string, unknown>>) => void;
}

/**
 * Starts an engine in a process of its own and waits until it listens. It ends with us. Throws INPUT_INVALID with what
 * the engine said, or TIMED_OUT, CANCELLED; nothing is left running then.
 */
export async function startEngine(options: StartOptions): Promise<EngineProcess> {
  const child = fork(
    fileURLToPath(entryBeside(import.meta.url, 'engine')),
    [options.file, String(options.workers ?? 0), options.version ?? ''],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [], // not what a debugger or test runner gave this process
      env: runAsNode(),
    },
  );
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-16_384);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => {
      resolve(null);
    });
    child.on('exit', (code) => {
      resolve(code);
    });
  });
  try {
    const ready = await untilReady(options, ended, () => said, child.stdout);
    return {
      ready,
      ended,
      reload: () => child.kill('SIGHUP'),
      stop: async (graceMs = 5000) => {
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGTERM'), graceMs);
        const last = setTimeout(() => child.kill('SIGKILL'), graceMs + 2000);
        await ended;
        clearTimeout(timer);
        clearTimeout(last);
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function untilReady(
  options: StartOptions,
  ended: Promise<number | null>,
  said: () => string,
  stdout: NodeJS.ReadableStream | null,
): Promise<EngineReady> {
  const { readyTimeoutMs = 20_000, signal } = options;
  return new Promise((resolve, reject) => {
    if (stdout === null) throw new AppError('INTERNAL', 'The engine has no standard output.');
    const timer = setTimeout(() => {
      reject(new AppError('TIMED_OUT', `The engine was not ready within ${readyTimeoutMs} ms. It said: ${said()}`));
    }, readyTimeoutMs);
    function onAbort(): void {
      reject(new AppError('CANCELLED', 'The start of the engine was cancelled.'));
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    void ended.then(() => {
      reject(new AppError('INPUT_INVALID', `The engine did not start: ${said().trim()}`));
    });
    createInterface({ input: stdout }).on('line', (line) => {
      const value: unknown = JSON.parse(line);
      const ready = readySchema.safeParse(value);
      if (ready.success) {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        resolve(ready.data);
      } else if (typeof value === 'object' && value !== null) options.onEvent?.({ ...value });
    });
    void ended.then(() => {
      clearTimeout(timer);
    });
  });
}
