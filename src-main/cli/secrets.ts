import { readFile } from 'node:fs/promises';
import { AppError } from '../contract/errors.ts';

/** A secret from `NAME_FILE` (a path) or `NAME` in the environment; never from an argument, which every account of the host can read. */
export async function readSecret(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const file = env[`${name}_FILE`];
  return file === undefined ? env[name] : readSecretFile(file);
}

/** The first line of a file. Throws NOT_FOUND, and INPUT_INVALID where it is empty. */
export async function readSecretFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new AppError('NOT_FOUND', `The secret's file ${path} cannot be read.`, { cause: error });
  });
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '') throw new AppError('INPUT_INVALID', `The secret's file ${path} begins with an empty line.`);
  return line;
}
