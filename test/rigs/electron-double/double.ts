import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Asks } from './run.ts';

export interface ElectronDouble {
  readonly ask: <K extends keyof Asks>(ask: K, ...words: Parameters<Asks[K]>) => Promise<Awaited<ReturnType<Asks[K]>>>;
  /** The exit code, once the shell has ended. */
  readonly ended: Promise<number | null>;
  readonly stderr: () => string;
  readonly kill: () => void;
}

const root = join(import.meta.dirname, '../../..');
export const builtMain = join(root, 'out/main/main.js');

/** Starts the built shell on a double of Electron's modules; `npm run build` must have been run. */
export function startDouble(
  switches: readonly string[],
  env: NodeJS.ProcessEnv = {},
  main = builtMain,
): ElectronDouble {
  if (!existsSync(main)) throw new Error(`${main} is missing: npm run build`);
  const child = fork(join(import.meta.dirname, 'run.ts'), [main, ...switches], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  let stderr = '';
  child.stderr?.on('data', (data) => (stderr += String(data)));
  return {
    ask: openAsking(child, () => stderr),
    ended: new Promise((resolve) => child.on('exit', resolve)),
    stderr: () => stderr,
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

function openAsking(child: ChildProcess, stderr: () => string): ElectronDouble['ask'] {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
    const answer = waiting.get(id);
    waiting.delete(id);
    if (error === undefined)
      answer?.resolve(value as never); // typed by the ask it answers
    else answer?.reject(new Error(error));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`The shell ended. ${stderr()}`));
  });
  return (ask, ...words) =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      child.send({ id: lastId, ask, words });
    });
}
