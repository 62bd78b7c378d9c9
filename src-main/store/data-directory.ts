import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import { AppError } from '../contract/errors.ts';

/** File of all that must not be lost, inside a data directory. */
export const mainFile = 'steelyard.db';
/** File of the samples, inside a data directory. */
export const samplesFile = 'samples.db';

/**
 * Where inventory, history and secrets live when nobody says otherwise: `$XDG_CONFIG_HOME/steelyard` (XDG Base Directory: a
 * relative value is ignored), Application Support on macOS, `%APPDATA%` on Windows. Throws INPUT_INVALID where no home is known.
 */
export function dataDirectory(env: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform): string {
  if (platform === 'win32') return win32.join(known(env, 'APPDATA'), 'Steelyard');
  if (platform === 'darwin') return posix.join(known(env, 'HOME'), 'Library', 'Application Support', 'Steelyard');
  const config = env['XDG_CONFIG_HOME'];
  const isUsable = config !== undefined && posix.isAbsolute(config);
  return posix.join(isUsable ? config : posix.join(known(env, 'HOME'), '.config'), 'steelyard');
}

function known(env: Readonly<Record<string, string | undefined>>, key: string): string {
  const value = env[key];
  if (value !== undefined && value !== '') return value;
  throw new AppError('INPUT_INVALID', `No data directory is known: ${key} is not set. Name one with --data DIR.`);
}

/**
 * Makes the directory where it is absent, and closes it to others (0700) where it is ours alone: a directory of other
 * things that somebody named keeps its mode, the files in it are closed anyway.
 */
export async function prepareDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const names = await readdir(directory);
    const isOurs = names.length === 0 || names.includes(mainFile);
    if (isOurs && ((await stat(directory)).mode & 0o077) !== 0) await chmod(directory, 0o700);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('INPUT_INVALID', `The data directory "${directory}" cannot be used: ${why}.`, { cause });
  }
}
