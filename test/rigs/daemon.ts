import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './need.ts';

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

/** Real servers of one test file: each in a data directory of its own, never as root. */
export class Daemons {
  readonly directory: string;
  readonly #children: ChildProcess[] = [];

  constructor(name: string) {
    this.directory = mkdtempSync(join(tmpdir(), `steelyard-${name}-`));
    chmodSync(this.directory, 0o777);
  }

  /** Gives files to the user that the servers run as. */
  own(...paths: readonly string[]): void {
    if (isRoot) for (const path of paths) chownSync(path, nobody, nobody);
  }

  /** Runs a program to its end; throws with what it said where it fails. */
  async run(program: string, args: readonly string[]): Promise<void> {
    const child = spawn(findProgram(program) ?? program, args, this.#options());
    let said = '';
    child.stdout.on('data', (text) => (said += String(text)));
    child.stderr.on('data', (text) => (said += String(text)));
    await once(child, 'close');
    if (child.exitCode !== 0) throw new Error(`${program}: ${said}`);
  }

  /** Runs a program again until it ends well; throws what it said last after half a minute. */
  async runUntilDone(program: string, args: readonly string[]): Promise<void> {
    for (let turn = 1; ; turn++) {
      try {
        await this.run(program, args);
        return;
      } catch (error) {
        if (turn === 300) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Starts a server and waits until `port` takes connections. */
  async start(program: string, args: readonly string[], port: number, env: NodeJS.ProcessEnv = {}): Promise<void> {
    const options = this.#options();
    const child = spawn(findProgram(program) ?? program, args, { ...options, env: { ...options.env, ...env } });
    this.#children.push(child);
    let said = '';
    child.stdout.on('data', (text) => (said = (said + String(text)).slice(-4000)));
    child.stderr.on('data', (text) => (said = (said + String(text)).slice(-4000)));
    for (let turn = 0; turn < 600; turn++) {
      if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`);
      if (await isOpen(port)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${program} does not listen: ${said}`);
  }

  /** Ends all servers and takes their data away. */
  async end(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  #options() {
    return {
      cwd: this.directory,
      stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'], // a tuple for the types of spawn
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, HOME: this.directory },
      ...(isRoot ? { uid: nobody, gid: nobody } : {}),
    };
  }
}

/** Debian keeps PostgreSQL's programs off the path, a folder for each version. */
export function postgresProgram(name: string): string | undefined {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return findProgram(name);
  return readdirSync(base)
    .map((version) => join(base, version, 'bin', name))
    .find((path) => existsSync(path));
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
