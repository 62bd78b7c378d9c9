import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { AppError } from '../contract/errors.ts';
import type { EngineConfig } from '../contract/engine-config.ts';
import { openAdmin } from './admin/server.ts';
import { fixedSections } from './config/fixed.ts';
import { loadConfig } from './config/load.ts';
import { formatProblem } from './config/problem.ts';
import { openHaproxySocket } from './haproxy-socket/server.ts';
import { openSnmpAgent } from './snmp/agent.ts';
import { Supervisor } from './supervisor/supervisor.ts';

export interface RunOptions {
  /** Default: one per core. */
  readonly workers?: number;
  readonly version: string;
  /** Gets each line of standard output (JSON, without its line end). */
  readonly write: (line: string) => void;
  /** Gets messages for people. */
  readonly warn: (text: string) => void;
}

/** Problems of a configuration file as `file:line:column: what, why, what to do`; empty = it may run. Throws NOT_FOUND. */
export async function checkEngineFile(file: string): Promise<readonly string[]> {
  return loadConfig(await read(file), file).problems.map(formatProblem);
}

/**
 * Runs the engine in the foreground until SIGTERM or SIGINT (once: connections finish; twice: at once); SIGHUP reloads.
 * The ready line is the first line written. Resolves with the exit status; throws INPUT_INVALID with every problem of the
 * file, ADDRESS_IN_USE, PERMISSION_DENIED.
 */
export async function runEngine(file: string, options: RunOptions): Promise<number> {
  const path = resolve(file);
  const workers = options.workers ?? availableParallelism();
  const config = await load(file);
  const supervisor = new Supervisor({
    workers,
    version: options.version,
    baseDirectory: dirname(path),
  });
  async function reload(): Promise<void> {
    const next = await load(file);
    for (const key of fixedSections) {
      if (JSON.stringify(next[key]) === JSON.stringify(config[key])) continue;
      throw new AppError(
        'INPUT_INVALID',
        `${file}: ${key} cannot change while the engine runs. Nothing was changed: restart it.`,
      );
    }
    await supervisor.apply(next, 'reload');
  }
  const target = { supervisor, reload };
  // The ready line is the first; what is to be known of certificates at the start comes behind it.
  const early: string[] = [];
  const stopGathering = supervisor.events.listen((event) => {
    if (event.event === 'certificate') early.push(JSON.stringify(event));
  });
  await supervisor.start(config);
  const admin = await openAdmin(supervisor.settings.admin, target).catch((error: unknown) => {
    supervisor.kill();
    throw error;
  });
  const haproxySocket = await openHaproxySocket(supervisor.settings.haproxySocket, supervisor, options.version).catch(
    (error: unknown) => {
      admin.close();
      supervisor.kill();
      throw error;
    },
  );
  const snmp = await openSnmpAgent(supervisor.settings.snmp, supervisor).catch((error: unknown) => {
    admin.close();
    haproxySocket.close();
    supervisor.kill();
    throw error;
  });
  options.write(JSON.stringify(readyLine(supervisor, admin, file)));
  stopGathering();
  for (const line of early) options.write(line);
  const stopListening = supervisor.events.listen((event) => {
    options.write(JSON.stringify(event));
  });
  await untilEnded(supervisor, reload, options.warn);
  stopListening();
  admin.close();
  haproxySocket.close();
  snmp.close();
  return 0;
}

function readyLine(supervisor: Supervisor, admin: { readonly socket: string; readonly listen: string }, file: string) {
  const listen = [...supervisor.addresses()].flatMap(([virtualServer, addresses]) =>
    addresses.map((address) => ({ virtualServer, address })),
  );
  return {
    ready: true,
    pid: process.pid,
    workers: supervisor.pids,
    file,
    listen,
    admin: {
      ...(admin.socket === '' ? {} : { socket: admin.socket }),
      ...(admin.listen === '' ? {} : { listen: admin.listen }),
    },
  };
}

function untilEnded(supervisor: Supervisor, reload: () => Promise<void>, warn: (text: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let isEnding = false;
    function onReload(): void {
      reload().catch((error: unknown) => {
        const detail = error instanceof AppError ? error.detail : String(error);
        warn(detail);
        supervisor.events.emit('reload-failed', { detail });
      });
    }
    function onEnd(): void {
      if (isEnding) {
        supervisor.kill();
        done();
        return;
      }
      isEnding = true;
      supervisor.finish().then(done, done);
    }
    function done(): void {
      process.off('SIGHUP', onReload).off('SIGTERM', onEnd).off('SIGINT', onEnd);
      resolve();
    }
    process.on('SIGHUP', onReload).on('SIGTERM', onEnd).on('SIGINT', onEnd);
  });
}

async function load(file: string): Promise<EngineConfig> {
  const loaded = loadConfig(await read(file), file);
  if (loaded.config !== undefined) return loaded.config;
  throw new AppError(
    'INPUT_INVALID',
    `The configuration was not run.\n${loaded.problems.map(formatProblem).join('\n')}`,
  );
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new AppError(
      'NOT_FOUND',
      `The file "${file}" cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      { cause: error },
    );
  });
}
