import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { NativeFile } from '../contract/console.ts';
import { AppError } from '../contract/errors.ts';

/**
 * The bytes of files, and of all files under directories in the order of their names (hidden ones left out). What cannot be read is
 * said; throws NOT_FOUND where nothing can.
 */
export async function readNative(paths: readonly string[], say: (message: string) => void): Promise<NativeFile[]> {
  const files: NativeFile[] = [];
  for (const path of paths) {
    for (const file of await listUnder(path)) {
      try {
        files.push({ path: file, bytes: await readFile(file) });
      } catch (error) {
        say(
          `steelyard: ${file} cannot be read and is left out: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
  if (files.length === 0) throw new AppError('NOT_FOUND', `Nothing can be read at ${paths.join(', ')}.`);
  return files;
}

/** Writes files under their own names into a directory, which is made where it is missing. */
export async function writeNative(directory: string, files: readonly NativeFile[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const { path, bytes } of files) await writeFile(join(directory, basename(path)), bytes);
}

async function listUnder(path: string): Promise<string[]> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false, // reading it will say why
  );
  if (!isDirectory) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
