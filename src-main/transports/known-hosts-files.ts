import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../contract/errors.ts';
import { type HostName, type KnownHostLine, parseKnownHosts, renderKnownHost } from './known-hosts.ts';

/** Which known_hosts files count. All are read; `own` alone is written. */
export interface KnownHostsFiles {
  readonly own: string;
  readonly others: readonly string[];
}

/** Reads all files. One that is not there holds nothing; one that cannot be read is told in `unread`, for it may hold a verdict. */
export function readKnownHosts(files: KnownHostsFiles): {
  readonly lines: readonly KnownHostLine[];
  readonly unread: readonly string[];
} {
  const lines: KnownHostLine[] = [];
  const unread: string[] = [];
  for (const file of [files.own, ...files.others]) {
    try {
      lines.push(...parseKnownHosts(file, readFileSync(file, 'utf8')));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') unread.push(`${file} (${codeOf(error)})`);
    }
  }
  return { lines, unread };
}

/**
 * Adds a key to a known_hosts file, by one appending write, so that a second process that adds at the same moment loses
 * nothing either. Makes the file (0600) and its folder (0700) where they are missing.
 */
export function addKnownHost(file: string, name: HostName, key: Buffer): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const descriptor = openSync(file, 'a+', 0o600);
    try {
      const isMidLine = !/(^|\n)$/.test(readFileSync(descriptor, 'utf8'));
      writeSync(descriptor, `${isMidLine ? '\n' : ''}${renderKnownHost(name, key)}`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw new AppError('INTERNAL', `The accepted host key could not be written to ${file} (${codeOf(cause)}).`, {
      cause,
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
