import { AppError } from '../../contract/errors.ts';
import type { CallOptions } from '../../transports/transport.ts';
import type { SourceFile } from '../vendor.ts';
import type { Surroundings } from './cfg/conditions.ts';
import { type ProcessConfig, readProcessConfig } from './discover-config.ts';
import { environmentNames } from './discover-environment.ts';
import { findReload } from './discover-reload.ts';
import { programOf, type Site } from './discover-site.ts';
import { type Host, ownershipOf } from './driver-host.ts';
import type { Rights } from './driver-facts.ts';
import { parseInfo } from './runtime.ts';

/** The site with what its files say, and what the account may do there. */
export interface Look {
  readonly site: Site;
  readonly files: readonly SourceFile[];
  readonly surroundings: Surroundings;
  readonly config: ProcessConfig;
  readonly environment: readonly string[];
  /** The socket to talk to: the address's own, else the first that the files name. */
  readonly socketPath: string | undefined;
}

/** The socket to talk to. Throws CAPABILITY_MISSING with the remedy. */
export function socketOf({ socketPath, site }: Look): string {
  if (socketPath !== undefined) return socketPath;
  throw new AppError(
    'CAPABILITY_MISSING',
    `${site.paths.join(', ')}: ${noSocket}. Or name one in the address: ?socket=PATH.`,
  );
}

const noSocket =
  'the configuration has no statistics socket: add "stats socket /run/haproxy/admin.sock mode 660 level admin" to its global section and reload';

/** Reads what surrounds the files: the version and, where the account may see it, the environment they are read in. */
export async function lookAround(
  host: Host,
  site: Site,
  files: readonly SourceFile[],
  wantedSocket: string | undefined,
  options: CallOptions,
): Promise<Look> {
  const environment = environmentNames(files);
  const { version = '' } = site;
  const values = await environmentOf(host, site, environment, options);
  const surroundings: Surroundings = {
    ...(version === '' ? {} : { version }),
    ...(values === undefined ? {} : { environment: values }),
  };
  const config = readProcessConfig(files, surroundings);
  return { site, files, surroundings, config, environment, socketPath: wantedSocket ?? config.sockets[0] };
}

async function environmentOf(
  host: Host,
  { instance }: Site,
  names: readonly string[],
  options: CallOptions,
): Promise<Record<string, string> | undefined> {
  if (instance?.root.isEnvironmentReadable !== true) return undefined;
  if (names.length === 0) return {};
  const { code, stdout } = await host.run(`cat /proc/${instance.root.pid}/environ`, options);
  if (code !== 0) return undefined;
  const wanted = new Set(names);
  const pairs = stdout
    .toString()
    .split('\0')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const);
  return Object.fromEntries(pairs.filter(([name]) => wanted.has(name)));
}

/** Tries what the account may do; nothing is changed. */
export async function findRights(host: Host, look: Look, hostName: string, options: CallOptions): Promise<Rights> {
  const { site, config } = look;
  const running = await lookAtSocket(host, look.socketPath, options);
  return {
    host: hostName,
    version: running.version ?? look.surroundings.version,
    socket: running.socket,
    reload: await findReload(host, site, config.facts, options),
    writeProblem: await writeProblemOf(host, site, options),
    checkProblem: checkProblemOf(look),
  };
}

async function lookAtSocket(
  host: Host,
  path: string | undefined,
  options: CallOptions,
): Promise<{ readonly socket: Rights['socket']; readonly version?: string }> {
  if (path === undefined) {
    return { socket: { why: noSocket } };
  }
  try {
    const text = await host.ask(path, 'show info;show cli level', options);
    const { info, end } = parseInfo(text);
    return { socket: { path, level: text.slice(end).trim() }, version: info.version };
  } catch (error) {
    const isExpected = error instanceof AppError && ['NOT_FOUND', 'CAPABILITY_MISSING'].includes(error.code);
    if (!isExpected) throw error;
    return { socket: { why: error.detail } };
  }
}

async function writeProblemOf(
  host: Host,
  { deniedDirectory }: Site,
  options: CallOptions,
): Promise<string | undefined> {
  if (deniedDirectory === undefined) return undefined;
  const who = await ownershipOf(host, deniedDirectory, options);
  return `the account may not write in ${deniedDirectory}${who}: give it the right, or let the address say sudo=1`;
}

function checkProblemOf({ site, environment }: Look): string | undefined {
  const { instance, discovery, version } = site;
  if (version === undefined) return `the account cannot run ${programOf(discovery, instance)}`;
  if (environment.length === 0 || instance === undefined || instance.root.isEnvironmentReadable) return undefined;
  const names = environment.join(', ');
  return `the configuration asks for environment variables (${names}) that the account may not see of process ${instance.root.pid}: log in as its owner, or let the address say sudo=1`;
}
