import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ServedConsole {
  /** The printed link, good for one use. */
  readonly link: string;
  readonly origin: string;
  readonly dataDir: string;
  readonly close: () => Promise<void>;
}

const root = join(import.meta.dirname, '../..');
const command = join(root, 'out/main/cli.js');

/** Runs the built `steelyard serve` on data of its own (or on `dataDir`, which is then left); `npm run build` must have been run. */
export async function startServed(words: readonly string[] = [], dataDir?: string): Promise<ServedConsole> {
  if (!existsSync(command)) throw new Error(`${command} is missing: npm run build`);
  const data = dataDir ?? (await mkdtemp(join(tmpdir(), 'steelyard-served-')));
  const child = spawn(process.execPath, [command, 'serve', '--no-open', '--data', data, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (part) => (stderr += String(part)));
  const lines = createInterface({ input: child.stdout });
  const [link] = (await Promise.race([once(lines, 'line'), ended(child, () => stderr)])) as [string]; // 'line' brings a string
  return {
    link,
    origin: new URL(link).origin,
    dataDir: data,
    close: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      if (dataDir === undefined) await rm(data, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function ended(child: ChildProcess, stderr: () => string): Promise<never> {
  const [code] = (await once(child, 'close')) as [number | null]; // what 'close' brings first
  throw new Error(`serve ended with ${code ?? 'a signal'}: ${stderr()}`);
}
