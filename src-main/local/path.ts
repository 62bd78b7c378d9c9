import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { AppError } from '../contract/errors.ts';

/** `sun_path` of unix(7) holds 108 bytes with the final zero; 104 on macOS. */
const mostPathBytes = process.platform === 'linux' ? 107 : 103;

/** Where the owner of a data directory listens for commands: a socket in it, a named pipe on Windows. Throws INPUT_INVALID where the path is too long for one. */
export function localPath(dataDir: string): string {
  const directory = resolve(dataDir);
  if (process.platform === 'win32') {
    return `\\\\.\\pipe\\steelyard-${createHash('sha256').update(directory.toLowerCase()).digest('hex').slice(0, 32)}`;
  }
  const path = join(directory, 'console.sock');
  if (Buffer.byteLength(path) <= mostPathBytes) return path;
  throw new AppError(
    'INPUT_INVALID',
    `The path of the data directory ${directory} is too long for a socket in it (${mostPathBytes - 13} bytes at most). Choose another with --data.`,
  );
}
