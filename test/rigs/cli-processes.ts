import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  /** Fulfilled once stderr holds this text; rejects where the command ends without it. */
  readonly says: (text: string) => Promise<void>;
  readonly ended: Promise<Ended>;
}

/** The `steelyard` command as processes of its own, over one data directory. */
export interface CliProcesses {
  readonly dataDir: string;
  readonly start: (...words: readonly string[]) => RunningCommand;
  readonly run: (...words: readonly string[]) => Promise<Ended>;
  /** The same; throws with its stderr where it does not end with status 0. */
  readonly done: (...words: readonly string[]) => Promise<Ended>;
  /** `plan` for a text of YAML, or for what is to be one; whatever comes of it, and the file that the plan is in where it was made. */
  readonly wish: (device: string, desired: unknown) => Promise<{ readonly path: string; readonly ended: Ended }>;
  /** The file of a plan that brings this about. */
  readonly planFor: (device: string, desired: unknown) => Promise<string>;
  /** Starts a push (`apply FILE`, `rollback lb 3` ...) and waits until it waits to be kept. */
  readonly waiting: (device: string, ...words: readonly string[]) => Promise<RunningCommand>;
  /** Pushes; once it waits and `look` has seen it, keeps it or takes it back. Answers how `apply` ended. */
  readonly push: (
    device: string,
    plan: string,
    end: 'confirm' | 'rollback',
    look?: () => Promise<void> | void,
  ) => Promise<Ended>;
  readonly close: () => Promise<void>;
}

/** Every secret is in the environment: `password` of the accounts, and a passphrase of the data directory. */
export async function openCliProcesses(password: string): Promise<CliProcesses> {
  const dataDir = await mkdtemp(join(tmpdir(), 'steelyard-cli-'));
  const command = join(import.meta.dirname, '../../src-main/cli.ts');
  const env = {
    ...process.env,
    STEELYARD_PASSWORD: password,
    STEELYARD_PASSPHRASE: 'of this test',
    NODE_COMPILE_CACHE: join(dataDir, 'compiled'), // half the time of a command goes into its modules
  };
  let plans = 0;

  function start(...words: readonly string[]): RunningCommand {
    const child = spawn(process.execPath, [command, ...words, '--data', dataDir], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => (stdout += String(part)));
    child.stderr.on('data', (part) => (stderr += String(part)));
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (status) => {
        resolve({ status, stdout, stderr });
      });
    });
    function says(text: string): Promise<void> {
      return new Promise((resolve, reject) => {
        function look(): void {
          if (stderr.includes(text)) resolve();
        }
        child.stderr.on('data', look);
        look();
        void ended.then(() => {
          reject(new Error(`${words.join(' ')} ended without saying "${text}":\n${stderr}`));
        });
      });
    }
    return { child, stderr: () => stderr, says, ended };
  }
  async function done(...words: readonly string[]): Promise<Ended> {
    const ended = await start(...words).ended;
    if (ended.status === 0) return ended;
    throw new Error(`${words.join(' ')} ended with status ${String(ended.status)}:\n${ended.stderr}`);
  }
  async function wish(device: string, desired: unknown): ReturnType<CliProcesses['wish']> {
    plans += 1;
    const [file, path] = [`wish-${String(plans)}.yaml`, `plan-${String(plans)}.json`].map((name) =>
      join(dataDir, name),
    );
    if (file === undefined || path === undefined) throw new Error('two names make two paths');
    await writeFile(file, typeof desired === 'string' ? desired : JSON.stringify(desired)); // which is YAML
    return { path, ended: await start('plan', device, file, '--out', path).ended };
  }
  async function waiting(device: string, ...words: readonly string[]): Promise<RunningCommand> {
    const pushing = start(...words, '--yes', '--confirm-within', '120s');
    await pushing.says(`steelyard confirm ${device}`);
    return pushing;
  }
  return {
    dataDir,
    start,
    run: (...words) => start(...words).ended,
    done,
    wish,
    planFor: async (device, desired) => {
      const { path, ended } = await wish(device, desired);
      if (ended.status === 0) return path;
      throw new Error(`no plan for ${JSON.stringify(desired)}:\n${ended.stderr}`);
    },
    waiting,
    push: async (device, plan, end, look) => {
      const pushing = await waiting(device, 'apply', plan);
      try {
        await look?.();
      } finally {
        await done(end, device);
      }
      return pushing.ended;
    },
    close: () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }),
  };
}
