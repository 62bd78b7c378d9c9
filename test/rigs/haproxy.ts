import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Accounts } from './accounts.ts';
import { findProgram } from './need.ts';
import { mountDisk, type SmallDisk } from './small-disk.ts';
import { freePort } from './free-port.ts';

/**
 * How HAProxy is run: `master-cli` = -W with -S, `master` = -W alone (reload by signal), `daemon` = -D without a master,
 * `foreground` = neither (as in a container).
 */
export type HaproxyShape = 'master-cli' | 'master' | 'daemon' | 'foreground';

export interface HaproxyOptions {
  readonly shape?: HaproxyShape;
  /** Sections after `global`, `defaults` and `frontend web`, which hands to `backend app`. */
  readonly sections: string;
  /** Sockets, files and directory are opened to them as the recipe says; words given here besides win. */
  readonly accounts?: Accounts | undefined;
  /** The account that pushes runs it too, as where HAProxy is started without root: signals and its environment are its own. */
  readonly isPushersOwn?: boolean;
  /** Further lines of `global`. */
  readonly global?: string;
  /** Words after `stats socket PATH`; default `mode 600 level admin`. */
  readonly socketWords?: string;
  /** Words after `stats socket .../read.sock`; without them there is no such socket. */
  readonly readSocketWords?: string;
  /** Words after the master's socket, as `,mode,660,group,G`. */
  readonly masterWords?: string;
  /** Default true: `-p` in the arguments. */
  readonly hasPidFile?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Files loaded after the main one, by name. */
  readonly more?: Readonly<Record<string, string>>;
  /** Files in `conf.d`, which is loaded as a directory after the main file. */
  readonly directory?: Readonly<Record<string, string>>;
  /** Another HAProxy than the one of this machine. */
  readonly program?: string;
  /** The configuration's directory is a file system of its own of this size (needs root). */
  readonly diskKibibytes?: number;
}

/** A real HAProxy on loopback in a directory of its own; `close` ends every process of it, old workers too. */
export interface Haproxy {
  readonly directory: string;
  /** The directory's own file system, where one was asked for. */
  readonly disk: SmallDisk | undefined;
  readonly configFile: string;
  readonly socket: string;
  readonly masterSocket: string;
  readonly pidFile: string;
  /** Where `frontend web` listens on 127.0.0.1. */
  readonly port: number;
  /** Master, workers, old workers: all that run now. */
  readonly pids: () => readonly number[];
  /** What another hand does: the master process, which is ours by its id, starts a new worker. */
  readonly reload: () => void;
  /** What an administrator does who finds it ended: the same command again. Waits until it answers. */
  readonly restart: () => Promise<void>;
  readonly readConfig: () => string;
  /** One command to the stats socket, the answer as it comes. */
  readonly ask: (command: string) => Promise<string>;
  /** Id of the process that answers on the stats socket. */
  readonly answeringPid: () => Promise<number>;
  readonly close: () => Promise<void>;
}

export async function startHaproxy(given: HaproxyOptions): Promise<Haproxy> {
  const options = { ...given.accounts?.words, ...given };
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-haproxy-'));
  const disk = options.diskKibibytes === undefined ? undefined : mountDisk(directory, options.diskKibibytes);
  chmodSync(directory, 0o755);
  const socket = join(directory, 'admin.sock');
  const masterSocket = join(directory, 'master.sock');
  const pidFile = join(directory, 'haproxy.pid');
  const configFile = join(directory, 'haproxy.cfg');
  const port = await freePort();
  writeFileSync(configFile, configText(port, socket, options), { mode: 0o644 });
  const more = Object.entries(options.more ?? {}).map(([name, text]) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  });
  if (options.directory) {
    mkdirSync(join(directory, 'conf.d'));
    for (const [name, text] of Object.entries(options.directory)) writeFileSync(join(directory, 'conf.d', name), text);
    more.push(join(directory, 'conf.d'));
  }
  const named = Object.keys(options.more ?? {}).map((name) => join(directory, name));
  options.accounts?.own(directory, [configFile, ...named]);
  const before = options.isPushersOwn === true ? (options.accounts?.asPusher ?? []) : [];
  const shape = options.shape ?? 'master-cli';
  const args = [
    ...(shape.startsWith('master') ? ['-W'] : []),
    ...(shape === 'master-cli' ? ['-S', `${masterSocket}${options.masterWords ?? ''}`] : []),
    ...(shape === 'daemon' ? ['-D'] : []),
    ...(options.hasPidFile === false ? [] : ['-p', pidFile]),
    ...[configFile, ...more].flatMap((file) => ['-f', file]),
  ];
  let log = '';
  function launch() {
    const [program = '', ...words] = [...before, options.program ?? findProgram('haproxy') ?? 'haproxy', ...args];
    const started = spawn(program, words, {
      cwd: directory,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    started.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    return started;
  }
  let child = launch();
  async function untilAnswers(): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const answer = await rig.ask('show info').catch(() => '');
      if (answer.includes('Pid: ')) return;
      if (tries === 200 || (child.exitCode ?? 0) !== 0) {
        await rig.close();
        throw new Error(`haproxy did not start: ${log}`);
      }
      await sleep(50);
    }
  }

  const rig: Haproxy = {
    directory,
    disk,
    configFile,
    socket,
    masterSocket,
    pidFile,
    port,
    pids: () => pidsOf(directory),
    reload: () => child.kill('SIGUSR2'),
    restart: () => {
      child = launch();
      return untilAnswers();
    },
    readConfig: () => readFileSync(configFile, 'utf8'),
    ask: (command) => ask(socket, command),
    answeringPid: async () => Number(/^Pid: (\d+)$/m.exec(await ask(socket, 'show info'))?.[1]),
    close: async () => {
      while (pidsOf(directory).length > 0) {
        for (const pid of pidsOf(directory)) kill(pid);
        await sleep(10);
      }
      child.stderr.destroy();
      disk?.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await untilAnswers();
  return rig;
}

function configText(port: number, socket: string, options: HaproxyOptions): string {
  return `global
    stats socket ${socket} ${options.socketWords ?? 'mode 600 level admin'}
${options.readSocketWords === undefined ? '' : `    stats socket ${socket.replace(/[^/]*$/, 'read.sock')} ${options.readSocketWords}\n`}    stats timeout 2m
${options.global ?? ''}
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s

frontend web
    bind 127.0.0.1:${port}
    default_backend app

${options.sections}`;
}

/** Every process whose command line names this directory. */
function pidsOf(directory: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => isHaproxyIn(pid, directory)).map(Number);
}

function isHaproxyIn(pid: string, directory: string): boolean {
  try {
    const isHaproxy = readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('haproxy');
    return isHaproxy && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
  } catch {
    return false; // it ended meanwhile
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return; // it ended meanwhile
  }
}

function ask(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let text = '';
    connection.on('data', (chunk) => (text += chunk.toString()));
    connection.on('error', reject);
    connection.on('close', () => {
      resolve(text);
    });
    connection.end(`${command}\n`);
  });
}
