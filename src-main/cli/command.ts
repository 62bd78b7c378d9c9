import type { Console, NativeTools } from '../contract/console.ts';
import type { Sample, SampleRates } from '../contract/metrics.ts';
import type { Arguments, CommandShape } from './arguments.ts';
import type { Terminal } from './terminal.ts';

export interface Command extends CommandShape {
  /** The words that choose it, as `devices add`. */
  readonly name: string;
  readonly what: string;
  /** Answers the exit status: 0 done, 1 refused or failed. Throws `UsageError` for 2 and `AppError` for 1. */
  readonly run: (given: Arguments, tools: CliTools) => Promise<number>;
}

/** What the commands are given by `cli.ts`; a test gives its own. */
export interface CliTools extends NativeTools {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where inventory, history and secrets live unless `--data` says otherwise. */
  readonly defaultDataDir: string;
  /** The built renderer, for `serve`. */
  readonly pages: string;
  readonly version: string;
  readonly openConsole: (options: { readonly dataDir: string; readonly shell: 'cli' | 'web' }) => Promise<Console>;
  /** Opens an address in the person's browser; answers at once and never fails. */
  readonly openBrowser: (url: string) => void;
  readonly sampleRates: (previous: Sample, next: Sample) => SampleRates;
  /** The balancer in the foreground until it is told to end; answers its exit status. */
  readonly runEngine: (file: string, options: { readonly workers?: number }) => Promise<number>;
  /** Each problem of a configuration of the engine as `file:line:column: what, why, what to do`. */
  readonly checkEngine: (file: string) => Promise<readonly string[]>;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly interrupted: AbortSignal;
}

export const dataOption = { data: { value: 'DIR', what: 'where inventory, history and secrets live' } } as const;
export const timeoutOption = {
  timeout: { value: 'TIME', what: 'how long the device may take, as 60s' },
} as const;
