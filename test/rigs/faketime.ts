import { execFileSync } from 'node:child_process';
import { findProgram } from './need.ts';

/**
 * The environment of a process whose wall clock is what this file says: `+3600` in it, and the process lives an hour later from then on.
 * The machine's own clock is left alone; intervals (CLOCK_MONOTONIC) stay true, as where a person sets a clock.
 */
export function clockFrom(file: string): Readonly<Record<string, string>> {
  const told = execFileSync(findProgram('faketime') ?? 'faketime', ['-f', '+0', 'env']).toString();
  return {
    LD_PRELOAD: /^LD_PRELOAD=(.*)$/m.exec(told)?.[1] ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
