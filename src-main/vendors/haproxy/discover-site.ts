import { AppError } from '../../contract/errors.ts';
import type { CallOptions } from '../../transports/transport.ts';
import type { SourceFile } from '../vendor.ts';
import { discover, type Discovery, type Instance } from './discover.ts';
import { type Host, ownershipOf } from './driver-host.ts';
import { quote } from './driver-shell.ts';

/** Where packages put it. */
const usualConfig = '/etc/haproxy/haproxy.cfg';

/** One HAProxy on the host and the files that it is started with, in their order. */
export interface Site {
  readonly discovery: Discovery;
  /** Absent where none runs with the configuration that the address names. */
  readonly instance: Instance | undefined;
  /** Absolute paths in load order; a directory of the command line stands as the files in it. */
  readonly paths: readonly string[];
  /** What the program says of itself (`haproxy -v`), undefined where it could not be run. */
  readonly version: string | undefined;
  /** A directory of the configuration that the account may not write in. */
  readonly deniedDirectory: string | undefined;
}

/** Finds the HAProxy that `config` names, or the only one. Throws INPUT_INVALID (several), NOT_FOUND (none), OUTPUT_UNPARSED. */
export async function findSite(host: Host, config: string | undefined, options: CallOptions): Promise<Site> {
  const { discovery, instance } = await findInstance(host, config, options);
  const given = instance === undefined ? [config ?? usualConfig] : configPaths(instance);
  return { discovery, instance, ...(await survey(host, given, programOf(discovery, instance), options)) };
}

export async function findInstance(
  host: Host,
  config: string | undefined,
  options: CallOptions,
): Promise<Pick<Site, 'discovery' | 'instance'>> {
  const discovery = await discover(host, options);
  return { discovery, instance: chooseInstance(discovery.instances, config) };
}

/** The program that runs, or the one that would. */
export function programOf(discovery: Discovery, instance: Instance | undefined): string {
  return instance?.exe ?? discovery.programs['haproxy'] ?? 'haproxy';
}

export async function readSite(host: Host, site: Site, options: CallOptions): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const path of site.paths) files.push({ path, bytes: await readOne(host, path, options) });
  return files;
}

async function readOne(host: Host, path: string, options: CallOptions): Promise<Buffer> {
  try {
    return await host.readFile(path, options);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'PERMISSION_DENIED') throw error;
    const remedy = 'give it read access to the file and its directory, or let the address say sudo=1';
    const who = await ownershipOf(host, path, options);
    throw new AppError('CAPABILITY_MISSING', `The account may not read the configuration ${path}${who}: ${remedy}.`, {
      cause: error,
    });
  }
}

/** The instance started with the named file; without a name the only one, or the one with the usual file. */
export function chooseInstance(instances: readonly Instance[], config: string | undefined): Instance | undefined {
  const wanted = config ?? usualConfig;
  const named = instances.filter((one) => configPaths(one).some((path) => path === wanted || isIn(wanted, path)));
  if (named.length > 0 || config !== undefined) return named[0];
  if (instances.length < 2) return instances[0];
  const found = instances
    .map((one) => configPaths(one).join(' '))
    .toSorted()
    .join('; ');
  throw new AppError(
    'INPUT_INVALID',
    `Several HAProxies run on the host: ${found}. Name one by its file in the address: ?config=PATH.`,
  );
}

/** Absolute paths of the command line's files and directories. */
export function configPaths({ root, args }: Instance): readonly string[] {
  return args.files.map((file) => absolutePath(file, root.directory));
}

export function absolutePath(path: string, directory: string | undefined): string {
  if (path.startsWith('/') || directory === undefined) return path;
  return `${directory === '/' ? '' : directory}/${path.replace(/^(\.\/+)+/, '')}`;
}

function isIn(path: string, directory: string): boolean {
  const within = path.startsWith(`${directory.replace(/\/+$/, '')}/`)
    ? path.slice(directory.replace(/\/+$/, '').length + 1)
    : '';
  return within !== '' && !within.includes('/') && within.endsWith('.cfg');
}

/**
 * One look at the files and the program. HAProxy loads a directory's `*.cfg` in the order of their bytes, hidden ones left out
 * (management.txt 3, `-f`). A rename needs the right to write in the directory, not to the file.
 */
async function survey(
  host: Host,
  given: readonly string[],
  program: string,
  options: CallOptions,
): Promise<Pick<Site, 'paths' | 'version' | 'deniedDirectory'>> {
  const words = given.map((path) => quote(path)).join(' ');
  const script = `LC_ALL=C; export LC_ALL
one() { printf 'file %s\\0' "$1"; d=$(dirname -- "$(readlink -f -- "$1")"); [ -w "$d" ] || printf 'denied %s\\0' "$d"; }
for p in ${words}; do
  if [ -d "$p" ]; then for f in "\${p%/}"/*.cfg; do if [ -f "$f" ]; then one "$f"; fi; done; else one "$p"; fi
done
v=$(${quote(program)} -v 2>/dev/null) && printf 'version %s\\0' "$v"
:`;
  const records = (await host.output(script, options)).toString().split('\0');
  const paths = valuesOf(records, 'file ');
  if (paths.length === 0) throw new AppError('NOT_FOUND', `No configuration file stands in ${given.join(', ')}.`);
  const [said] = valuesOf(records, 'version ');
  const [deniedDirectory] = valuesOf(records, 'denied ');
  return { paths, version: said === undefined ? undefined : versionIn(said), deniedDirectory };
}

function valuesOf(records: readonly string[], key: string): readonly string[] {
  return records.filter((record) => record.startsWith(key)).map((record) => record.slice(key.length));
}

/** 'HAProxy version 2.6.12-1+deb12u4 2026/10/17 - ...', before 2.4 'HA-Proxy version ...'. */
function versionIn(text: string): string {
  return /^HA-?Proxy version (\S+)/m.exec(text)?.[1] ?? '';
}
