import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];

/** The path of a program that a test talks to, or undefined. */
export function findProgram(name: string): string | undefined {
  return places
    .filter((place) => place !== '')
    .map((place) => join(place, name))
    .find(isExecutable);
}

/**
 * For `describe.skipIf(isMissing('haproxy', 'sshd'))`: true where one of the programs is not installed. Under CI a missing
 * program is an error, so that a green run always means that everything ran.
 */
export function isMissing(...programs: readonly string[]): boolean {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length > 0 && process.env['CI'] !== undefined) {
    throw new Error(`Under CI every program must be there; missing: ${missing.join(', ')}`);
  }
  return missing.length > 0;
}

/**
 * HAProxy of the Debian after the one that the machine has, as `npm test` unpacks it (scripts/newer-haproxy.mjs); undefined where
 * that could not be had, which is skipped under CI too.
 */
export function newerHaproxy(): string | undefined {
  return ['/var/cache/steelyard-tests/haproxy/bin/haproxy'].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
